"""Parts of a large pickle, each read by itself.

A pickle writes what occurs in several places once, and afterwards gives the number under which it was remembered. So a
part can only be read with what it borrows from the parts before it. All of that is gathered first, which is little:
names of keys and of types. Afterwards the parts can be read in any order and by several processes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import CorruptFile
from nasbed.readers.pickle_layout import after, little_endian
from nasbed.readers.pickles import Lender, RestrictedUnpickler

ONE_BYTE = 256
_PUT, _BINPUT, _LONG_BINPUT, _MEMOIZE = ord("p"), ord("q"), ord("r"), 0x94
_GET, _BINGET, _LONG_BINGET, _FRAME = ord("g"), ord("h"), ord("j"), 0x95

Opener = Callable[[bytes], RestrictedUnpickler]
"""Gives what reads some bytes as a pickle."""


@dataclass(frozen=True, eq=False)
class Lent:
    """What parts of a pickle borrow from others.

    Attributes:
        numbers: Under which each thing is remembered in the pickle, in order, ``(k,)``.
        objects: The things; while they are being gathered, the first of them.
    """

    numbers: NDArray[np.int64]
    objects: tuple[Any, ...]

    @cached_property
    def lender(self) -> Lender:
        """What lends them."""
        places = np.where(self.numbers < ONE_BYTE, self.numbers, ONE_BYTE + np.arange(len(self.numbers)))
        return Lender(dict(zip(places.tolist(), self.objects, strict=False)))

    def read(self, data: NDArray[np.uint8], start: int, stop: int, opener: Opener) -> tuple[Any, ...]:
        """Give the objects that a part of the pickle puts on the stack.

        Raises:
            CorruptFile: When it names what is not allowed, or is no part.
        """
        found: tuple[Any, ...] = self.reader(renumbered(data, start, stop, self.numbers)[0], opener).read()
        return found

    def reader(self, part: NDArray[np.uint8], opener: Opener) -> RestrictedUnpickler:
        """Give what reads a renumbered part."""
        unpickler = opener(b"\x80\x02(" + part.tobytes() + b"t.")
        unpickler.borrow(self.lender)
        return unpickler

    def __reduce__(self) -> tuple[Any, ...]:
        return Lent, (self.numbers, self.objects)


def lend(data: NDArray[np.uint8], parts: NDArray[np.int64], remembered: int, name: str, opener: Opener) -> Lent:
    """Gather what parts of a pickle borrow from each other, by reading those that lend something.

    Args:
        data: A pickle of protocol 2 or 3 that was walked through.
        parts: Where each begins and ends, in order, ``(n, 2)``.
        remembered: How many numbers the pickle's memory has.
        name: What errors call it.
        opener: What reads bytes as a pickle.

    Raises:
        CorruptFile: When they name what is not allowed, or do not fit together.
    """
    numbers, homes = borrowed(data, parts, remembered, name)
    objects: list[Any] = []
    for home in np.unique(homes).tolist():
        start, stop = parts[home].tolist()
        part, less = renumbered(data, start, stop, numbers)
        unpickler = Lent(numbers, tuple(objects)).reader(part, opener)
        unpickler.read()
        memory = unpickler.memo.copy()
        own = numbers[homes == home]
        objects.extend(memory[number] for number in np.where(own < ONE_BYTE, own, own - less).tolist())
    return Lent(numbers, tuple(objects))


def borrowed(
    data: NDArray[np.uint8], parts: NDArray[np.int64], remembered: int, name: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find what parts of a pickle take from what earlier parts of it remember.

    Args:
        data: A pickle that was walked through.
        parts: Where each begins and ends, in order, ``(n, 2)``.
        remembered: How many numbers its memory has.
        name: What errors call it.

    Returns:
        The numbers under which something is taken from another part, in order, and which part that is, ``(k,)``.

    Raises:
        CorruptFile: When one takes what is in no earlier part, or two put something under the same number.
    """
    home = np.full(remembered, -1, np.int32)
    taken = np.zeros(remembered, np.bool_)
    if not _find_homes(data, parts, home, taken):
        raise CorruptFile(f"{name}: its parts do not remember things as those of one pickle do; get the file anew")
    numbers = np.flatnonzero(taken)
    homes = home[numbers].astype(np.int64)
    if (np.diff(homes) < 0).any():
        raise CorruptFile(f"{name}: its parts do not number things in their order; get the file anew")
    return numbers, homes


def renumbered(
    data: NDArray[np.uint8], start: int, stop: int, numbers: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], int]:
    """Copy a part of a pickle so that what it remembers has low numbers, first what it borrows, then what is its own.

    Numbers that fit into one byte stay as they are; the others follow.

    Args:
        data: A pickle.
        start: Where the part begins.
        stop: Where it ends.
        numbers: Of what can be borrowed, in order, ``(k,)``.

    Returns:
        The copy, and by how much its own numbers became less.
    """
    part = data[start:stop].copy()
    return part, int(_renumber(part, numbers))


@numba.njit(cache=True, nogil=True)
def _find_homes(data: Any, parts: Any, home: Any, taken: Any) -> Any:
    """Note which part puts what into memory, and what another takes from there; false when that does not fit."""
    for part in range(len(parts)):
        at, stop = parts[part]
        while at < stop:
            code = data[at]
            if code in (_PUT, _GET, _MEMOIZE, _FRAME):
                return False  # of other protocols, whose parts cannot be read alone
            if code in (_BINPUT, _LONG_BINPUT):
                number = np.int64(little_endian(data, at + 1, 1 if code == _BINPUT else 4))
                if home[number] != -1:
                    return False
                home[number] = part
            elif code in (_BINGET, _LONG_BINGET):
                number = np.int64(little_endian(data, at + 1, 1 if code == _BINGET else 4))
                if number >= len(home) or home[number] == -1:
                    return False
                taken[number] |= home[number] != part
            at = after(data, code, at + 1, stop)
    return True


@numba.njit(cache=True, nogil=True)
def _renumber(part: Any, numbers: Any) -> Any:
    """Change the numbers of four bytes; give how much lower those became under which the part remembers something."""
    lowest = np.int64(-1)
    at, stop = 0, len(part)
    while at < stop:
        code = part[at]
        if code in (_LONG_BINPUT, _LONG_BINGET):
            number = np.int64(little_endian(part, at + 1, 4))
            if number >= ONE_BYTE:
                rank = np.searchsorted(numbers, number)
                if code == _LONG_BINPUT and lowest < 0:
                    lowest = number
                own = code == _LONG_BINPUT or (lowest >= 0 and number >= lowest)
                number = ONE_BYTE + (len(numbers) + number - lowest if own else rank)
                for i in range(4):
                    part[at + 1 + i] = (number >> (8 * i)) & 255
        at = after(part, code, at + 1, stop)
    return lowest - ONE_BYTE - len(numbers) if lowest >= 0 else 0
