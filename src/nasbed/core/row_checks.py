"""Rows of a space: how wide they are, what their decisions may be, and how rows that somebody gives are checked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.core.errors import InvalidArchitecture, NotListed, in_a_line
from nasbed.core.meaning import Configured
from nasbed.core.records import Archs
from nasbed.core.rows import as_int8


class Rows(Configured, ABC):
    """What a space says of its rows before anything is known of what they mean."""

    name: str
    """What it is called; of its class, the registry's name."""

    @property
    @abstractmethod
    def cardinalities(self) -> NDArray[np.int64]:
        """How many values each decision has, shape ``(decisions,)``."""

    @property
    def size(self) -> int | None:
        """How many architectures there are, exactly; None where that is not known."""
        return None

    @property
    def is_enumerable(self) -> bool:
        """Whether ``index`` numbers all ``size`` architectures, and ``enumerate`` lists them: where they are few."""
        return self.size is not None

    @property
    def decisions(self) -> int:
        """How many integers make an architecture."""
        return len(self.cardinalities)

    @abstractmethod
    def valid(self, archs: Archs) -> NDArray[np.bool_]:
        """Say which rows are architectures of this space; ``(n, decisions)`` → ``(n,)``."""

    @abstractmethod
    def parse(self, text: str) -> Archs:
        """Read one architecture, ``(decisions,)``, from the text that ``format`` or a publication gives it.

        Raises:
            InvalidArchitecture: When the text does not name an architecture of this space.
        """

    def read(self, given: ArrayLike | str | Sequence[str]) -> Archs:
        """Return rows, ``(n, decisions)``, as a person may give them: rows, one row, a text or several texts.

        Raises:
            InvalidArchitecture: For anything else.
        """
        if isinstance(given, np.ndarray) and given.ndim == 2:
            return given
        several: Sequence[Any] = given if isinstance(given, list | tuple) and given else [given]
        if all(isinstance(one, str) for one in several):
            return np.stack([self.parse(one) for one in several])
        return self.checked(np.atleast_2d(np.asarray(given)))

    def text(self, given: str) -> str:
        """Return what ``parse`` is given, if it is text; else raise InvalidArchitecture."""
        if isinstance(given, str):
            return given
        said = f"{self.name} reads an architecture from text, such as it formats"
        raise InvalidArchitecture(f"{said}, not {in_a_line(given)}")

    def checked(self, archs: ArrayLike, count: int | None = None) -> Archs:
        """Give rows as vectorised and compiled code reads them: int8, ``(n, decisions)``, one after the other.

        Args:
            archs: The rows.
            count: How many there must be; None for any number.

        Raises:
            InvalidArchitecture: When they have another shape, or numbers that int8 does not hold.
        """
        # Of what is read-only a copy is given, too, or all that is compiled would be compiled for it once more.
        is_ready = isinstance(archs, np.ndarray) and archs.dtype == np.int8 and archs.flags.carray
        rows: Archs = np.asarray(archs) if is_ready else as_int8(archs)
        if rows.ndim != 2 or rows.shape[1] != self.decisions or count not in (None, len(rows)):
            wanted = f"({'n' if count is None else count}, {self.decisions})"
            raise InvalidArchitecture(f"rows of this space have shape {wanted}, not {rows.shape}")
        return rows

    def check_valid(self, archs: Archs) -> None:
        """See that rows, ``(n, decisions)``, are architectures of the space.

        Raises:
            InvalidArchitecture: When one is not, or they have another width.
        """
        valid = self.valid(self.checked(archs))
        if not valid.all():
            wrong = int(np.argmin(valid))
            raise InvalidArchitecture(f"architecture {wrong} of {len(archs)} is not valid: {archs[wrong].tolist()}")

    def checked_indices(self, indices: ArrayLike) -> NDArray[np.int64]:
        """Give indices as int64, ``(n,)``.

        Raises:
            InvalidArchitecture: When they are not whole numbers from 0 to ``size`` − 1.
        """
        if not self.is_enumerable or self.size is None:
            raise NotListed(f"the space {self.name} does not number its architectures; use key")
        found = np.asarray(indices)
        if found.ndim != 1 or (found.dtype.kind not in "iu" and found.size):
            raise InvalidArchitecture(f"indices are whole numbers of shape (n,), not {found.dtype} of {found.shape}")
        outside = (found < 0) | (found >= self.size)
        if outside.any():
            raise InvalidArchitecture(
                f"the space {self.name} numbers its architectures 0 to {self.size - 1}; {found[outside][0]} is not one"
            )
        return found.astype(np.int64)
