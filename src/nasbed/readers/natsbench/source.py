"""Published results, wherever they lie."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from nasbed.readers.natsbench.trainings import Published


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
