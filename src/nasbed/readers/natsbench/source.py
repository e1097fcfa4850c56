"""Published results, wherever they lie, and of which of the two spaces they are."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any, Self

from nasbed.core.errors import CorruptFile
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.readers.natsbench.trainings import Published

_SPACES = {
    "83abc799e45cf34e9d2163654668ab998b9a54d01c39e72ca1f71f2cdf356d84": "nasbench201",
    "8b99b4c0aabe959924c6fb36c0ee4a3f79362343e36b7752b90deee9409b492f": "natssize",
}
"""By the SHA-256 of its architectures in the official order, a line each."""


@dataclass(frozen=True, eq=False)
class Source(ABC):
    """Results of some architectures of a space, read one by one, in no promised order.

    Attributes:
        path: The folder or file.
        name: What people call it: the folder's or file's own name.
        space: ``nasbench201`` or ``natssize``.
        archs: The strings of all architectures of the space in the official order, with or without results here.
        items: The index of each architecture that is to be read, and where its results are.
    """

    path: Path
    name: str
    space: str
    archs: tuple[str, ...]
    items: tuple[tuple[int, Any], ...]

    def __len__(self) -> int:
        """How many architectures have results here."""
        return len(self.items)

    @abstractmethod
    def __iter__(self) -> Iterator[Published]:
        """Read them one by one.

        Raises:
            CorruptFile: When a file is cut off, foreign, contradicts the index or wants to call anything.
        """

    def parts(self, count: int) -> Sequence[Self]:
        """Divide it into at most ``count`` of about one size, which can be pickled, to be read by as many processes."""
        size = -(-len(self) // count)
        return [replace(self, items=self.items[start : start + size]) for start in range(0, len(self), size)]

    @abstractmethod
    def checksums(self) -> dict[str, str]:
        """SHA-256 of what it is read from, by file name, for the provenance of a table."""


def space_of(archs: Any, name: str) -> str:
    """Give the name of the space of which these are all architectures, in the official order.

    Raises:
        CorruptFile: When they are of none, not all, or in another order.
    """
    if not isinstance(archs, list) or not archs or not all(isinstance(arch, str) for arch in archs):
        raise CorruptFile(f"{name}: its list of architectures is no list of strings")
    known = _SPACES.get(hashlib.sha256("\n".join(archs).encode("utf-8", "surrogatepass")).hexdigest())
    if known:
        return known
    for known in _SPACES.values():
        space: Space = spaces.make(known, {})
        official = [space.format(arch) for arch in space.enumerate()]
        if archs[0] in official:
            pairs = enumerate(zip_longest(archs, official))
            place, (found, wanted) = next((place, pair) for place, pair in pairs if pair[0] != pair[1])
            raise CorruptFile(
                f"{name}: it lists {len(archs):,} architectures, of which number {place} is {found!r:.100}; of the "
                f"{len(official):,} of {known} it is {wanted!r}; get it anew"
            )
    raise CorruptFile(f"{name}: {archs[0]!r:.100} is no architecture of {' or '.join(_SPACES.values())}; get it anew")
