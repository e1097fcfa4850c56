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

import numpy as np
from numpy.typing import NDArray

from nasbed.core.pickle_opcodes import ONE_BYTE, borrowed, renumbered
from nasbed.core.pickles import Lender, RestrictedUnpickler

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
