"""Parts of a large pickle, each read by itself.

A pickle writes what occurs in several places once, and afterwards gives the number under which it was remembered. So a
part can only be read with what it borrows from the parts before it. All of that is gathered first, which is little:
names of keys and of types. Afterwards the parts can be read in any order and by several processes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.core.compiled import unlocked_kernel
from nasbed.core.errors import CorruptFile
from nasbed.readers import pickle_layout as layout
from nasbed.readers.pickle_layout import after, little_endian
from nasbed.readers.pickle_opcodes import place_of
from nasbed.readers.pickles import RestrictedUnpickler

_ONE_BYTE = 256


class Lent(NamedTuple):
    """What parts of a pickle borrow from others.

    Attributes:
        numbers: Under which each thing is remembered in the pickle, in order, ``(k,)``.
        objects: The things, by the number under which each part remembers them.
    """

    numbers: NDArray[np.int64]
    objects: dict[int, Any]


class Parts:
    """Reads parts of a pickle.

    Args:
        data: A pickle of protocol 2 or 3 that was walked through.
        lent: What they borrow.
        opener: Gives what reads some bytes as a pickle.
    """

    def __init__(self, data: NDArray[np.uint8], lent: Lent, opener: Callable[[bytes], RestrictedUnpickler]) -> None:
        self.data, self.lent, self.opener = data, lent, opener
        numbers = [number.to_bytes(4, "little") for number in lent.objects]
        # What is lent has its own number for a name, under which it is remembered at once.
        self._head = b"\x80\x02" + b"".join(b"J" + number + b"Qr" + number + b"0" for number in numbers) + b"("

    def read(self, start: int, stop: int) -> tuple[Any, ...]:
        """Give the objects that a part of the pickle puts on the stack.

        Raises:
            CorruptFile: When it names what is not allowed, or is no part.
        """
        found: tuple[Any, ...] = self.reader(start, stop).read()
        return found

    def reader(self, start: int, stop: int) -> RestrictedUnpickler:
        """Give what reads a part."""
        part = self.data[start:stop].copy()
        _renumber(part, self.lent.numbers)
        unpickler = self.opener(self._head + part.tobytes() + b"t.")
        unpickler.lent = self.lent.objects
        return unpickler


def lend(
    data: NDArray[np.uint8],
    parts: NDArray[np.int64],
    remembered: int,
    name: str,
    opener: Callable[[bytes], RestrictedUnpickler],
) -> Lent:
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
    home = np.full(remembered, -1, np.int32)
    taken = np.zeros(remembered, np.bool_)
    if not _find_homes(data, parts, home, taken):
        raise CorruptFile(f"{name}: its parts do not remember things as those of one pickle do; get the file anew")
    numbers = np.flatnonzero(taken)
    places = np.where(numbers < _ONE_BYTE, numbers, _ONE_BYTE + np.arange(len(numbers)))
    lent = Lent(numbers, {})
    for lender in np.unique(home[numbers]).tolist():
        unpickler = Parts(data, lent, opener).reader(*parts[lender].tolist())
        unpickler.read()
        memory = unpickler.memo.copy()
        lent.objects.update((place, memory[place]) for place in places[home[numbers] == lender].tolist())
    return lent


@unlocked_kernel
def _find_homes(data: Any, parts: Any, home: Any, taken: Any) -> Any:
    """Note which part puts what into memory, and what another takes from there; false when that does not fit."""
    for part in range(len(parts)):
        at, stop = parts[part]
        while at < stop:
            code = data[at]
            is_put, is_get = layout.ACT[code] == layout.PUT, layout.ACT[code] == layout.GET
            if code == layout.MEMOIZE or code == layout.FRAME or (layout.LINES[code] and (is_put or is_get)):
                return False  # of other protocols, whose parts cannot be read alone
            if is_put or is_get:
                number = place_of(data, code, at + 1, stop, 0)
                if is_put:
                    if home[number] != -1:
                        return False
                    home[number] = part
                elif number >= len(home) or home[number] == -1:
                    return False
                taken[number] |= home[number] != part
            at = after(data, code, at + 1, stop)
    return True


@unlocked_kernel
def _renumber(part: Any, numbers: Any) -> None:
    """Let what a part remembers have low numbers: first what can be borrowed, then the others that are its own.

    Numbers that fit into one byte stay as they are.
    """
    lowest = np.int64(-1)
    at, stop = 0, len(part)
    while at < stop:
        code = part[at]
        if code in (layout.LONG_BINPUT, layout.LONG_BINGET):
            number = np.int64(little_endian(part, at + 1, 4))
            if number >= _ONE_BYTE:
                if code == layout.LONG_BINPUT and lowest < 0:
                    lowest = number
                place = np.searchsorted(numbers, number)
                if place == len(numbers) or numbers[place] != number:
                    place = len(numbers) + number - lowest
                for i in range(4):
                    part[at + 1 + i] = (_ONE_BYTE + place >> (8 * i)) & 255
        at = after(part, code, at + 1, stop)
