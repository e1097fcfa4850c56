"""The architectures of a table: which one each row is, and which row an architecture has.

Modules of NAS-Bench-101 are found by their published hash as well, and drawn as they were given.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile, InvalidArchitecture, NotInTable
from nasbed.core.graph import Graph
from nasbed.core.records import Archs
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.tables.column import Measure, Rows
from nasbed.tables.columns import TableFile
from nasbed.tables.file import ColumnFile

_FEW = 32
"""So many modules are found by hash before compiled code and the space's index are worth loading."""


class Architectures(TableFile):
    """Rows of a table, found by architecture, number, key or hash.

    Args:
        file: The table's file.
    """

    _found_by_hash = 0

    @cached_property
    def space(self) -> Space:
        """The space of which the architectures are, all or some."""
        settings = {k: tuple(v) if isinstance(v, list) else v for k, v in self.metadata["space"]["settings"].items()}
        made: Space = spaces.make(self.metadata["space"]["name"], settings)
        return made

    @property
    def complete(self) -> bool:
        """Whether every architecture of the space has a row, or every ``key`` does where rows stand for keys."""
        known = self.metadata.get("complete")
        return len(self) == self.space.size if known is None else bool(known)

    @cached_property
    def archs(self) -> Archs:
        """The architecture of each row, ``(n, decisions)``; of a module as it was given."""
        return self.file.array("arch") if "arch" in self.file else self.space.archs_of(self.indices.astype(np.int64))

    @cached_property
    def indices(self) -> NDArray[np.int64]:
        """The space's number of each row, ``(n,)``."""
        name = next((name for name in ("index", "class") if name in self.file), None)
        found = self.space.index(self.archs) if name is None else self.file.array(name)
        return np.asarray(found, np.int64)

    @cached_property
    def modules(self) -> Modules:
        """What only modules of NAS-Bench-101 have: hashes, and graphs as they were given.

        Raises:
            BadSetting: When these are none.
        """
        if "hash" not in self.file:
            raise BadSetting(f"{self.path.name} has architectures of {self.space.name}, which have no published hashes")
        return Modules(self.file, self.metadata["space"]["settings"], self.measures)

    def rows(self, archs: Archs) -> NDArray[np.int64]:
        """Find the row of each architecture, ``(n, decisions)`` → ``(n,)``.

        Raises:
            NotInTable: When an architecture is not valid or the table does not have it.
        """
        rows = self.places(archs)
        if len(rows) and rows.min() < 0:
            lost = int(np.argmin(rows))
            why = "is not in the table" if self.space.valid(archs[lost : lost + 1])[0] else "is not valid"
            raise NotInTable(f"architecture {lost} of {len(archs)} {why}: {archs[lost].tolist()}")
        return rows

    def places(self, archs: Archs) -> NDArray[np.int64]:
        """Find the row of each architecture, ``(n, decisions)`` → ``(n,)``; −1 for what is not valid or not there."""
        if "hash" in self.file and self._found_by_hash + len(archs) <= _FEW:
            self._found_by_hash += len(archs)
            return self.modules.rows(archs, self.space)
        if self.by_key or self.space.size is None:
            keys, order = self._sorted_keys
            wanted = self.space.key(archs)
            place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
            return np.where((keys[place] == wanted) & self.space.valid(archs), order[place], -1)
        rows = self.space.index(archs)
        return rows if self.row_of_index is None else self.row_of_index.take(rows)  # of −1, the last

    @cached_property
    def row_of_index(self) -> NDArray[np.int64] | None:
        """The row of each number of the space, −1 where there is none and at the end; None where they are the same."""
        if self.complete and "index" in self.file:
            return None
        rows = np.full(int(self.space.size or 0) + 1, -1)
        rows[self.indices] = np.arange(len(self))
        return rows

    @cached_property
    def _sorted_keys(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        return np.unique(self.space.key(self.archs), return_index=True)

    def rows_of(self, indices: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """Find rows by the architectures' numbers in the space, ``(n,)``; −1 for what is not there."""
        inside = (np.asarray(indices) >= 0) & (np.asarray(indices) < int(self.space.size or 0))
        there = self.row_of_index
        return np.where(inside, indices if there is None else there.take(np.where(inside, indices, -1)), -1)

    def _numbered(self, rows: Any) -> Rows | None:
        """Give row numbers for architectures, row numbers or None."""
        if rows is None:
            return None
        given = np.asarray(rows)
        if given.ndim == 2:
            return self.rows(given)
        if given.ndim != 1 or given.dtype.kind not in "iu":
            raise BadSetting(
                f"rows are architectures, (n, decisions), or numbers, (n,); not {given.dtype} {given.shape}"
            )
        if len(given) and not (given.min() >= 0 and given.max() < len(self)):
            raise NotInTable(f"{self.path.name} has the rows 0 to {len(self) - 1}; one asked for is none of them")
        return given


class Modules:
    """The modules of a table's rows.

    Args:
        file: The table's file.
        settings: Of its space.
        measures: What its columns hold.
    """

    def __init__(self, file: ColumnFile, settings: dict[str, Any], measures: Mapping[str, Measure]) -> None:
        self.file, self.settings, self._measures = file, settings, measures
        self._hashes = file.stored("hash")
        self._digests = self._hashes.array.view("S16").reshape(-1)

    @cached_property
    def hashes(self) -> NDArray[np.uint8]:
        """The published digest of each module, ``(n, 16)``."""
        return self._hashes.whole()

    @cached_property
    def vertices(self) -> NDArray[np.int8]:
        """How many vertices each module was given with, ``(n,)``."""
        return self.file.array("vertices")

    @cached_property
    def classes(self) -> NDArray[np.int32] | None:
        """The space's number of each module, ``(n,)``; None when the space does not number its modules."""
        return self.file.array("class") if "class" in self.file else None

    @cached_property
    def by_hash(self) -> NDArray[np.intp] | None:
        """The rows in ascending order of hash, ``(n,)``; None when they are in that order."""
        return self.file.array("by_hash").astype(np.intp) if "by_hash" in self.file else None

    @cached_property
    def archs(self) -> Archs:
        """Each module as it was given, ``(n, decisions)``; fewer vertices leave places without edges."""
        return self.file.array("arch")

    @cached_property
    def trainings(self) -> tuple[tuple[int, ...], int]:
        """The budgets, and how many repeats each has, of trainings in the form of NAS-Bench-101.

        Raises:
            BadSetting: When the table has none.
        """
        for measure in self._measures.values():
            if measure.axes == ("recipe", "seed"):
                return tuple(map(int, measure.recipes)), len(measure.seeds)
        raise BadSetting(
            f"{self.file.path.name} has no trainings in the form of NAS-Bench-101, with repeats of each budget"
        )

    @cached_property
    def trainable_parameters(self) -> NDArray[np.integer[Any]]:
        """How many parameters the network of each module has, ``(n,)``."""
        return self.file.array("trainable_parameters")

    def row_of(self, digest: str) -> int:
        """Find the row of a module by its hash in hexadecimal.

        Raises:
            NotInTable: When the table does not have it.
        """
        try:
            wanted = bytes.fromhex(digest)
        except (ValueError, TypeError):
            wanted = b""
        if len(wanted) != self._digests.itemsize:
            raise NotInTable(f"{digest!r} is not a hash: 32 hexadecimal digits")
        order = self.by_hash
        place = int(self._digests.searchsorted(wanted, sorter=order))
        if place < len(self._digests):
            row = place if order is None else int(order[place])
            self._hashes.see((row,))
            if self._hashes.array[row].tobytes() == wanted:
                return row
        _ = self.hashes  # a damaged one would lead astray
        raise NotInTable(f"{self.file.path.name} has no module with the hash {digest}")

    def rows(self, archs: Archs, space: Any) -> NDArray[np.int64]:
        """Find rows one by one, without anything compiled, ``(n,)``; −1 for what is not there or not valid."""
        rows = np.full(len(archs), -1, np.int64)
        for i, arch in enumerate(archs):
            with suppress(InvalidArchitecture, NotInTable):
                rows[i] = self.row_of(space.module_hash(arch))
        return rows

    def graph(self, row: int) -> Graph:
        """Return a module with the vertices that it was given with, pruned or not."""
        most = int(self.settings["vertices"])
        arch, count = self.archs[row], int(self.vertices[row])
        places = [*range(count - 1), most - 1]
        matrix = [
            [int(arch[a + b * (b - 1) // 2]) if a < b else 0 for b in places]  # the space's order of edges
            for a in places
        ]
        inner = arch[most * (most - 1) // 2 :][: count - 2].tolist()
        return Graph(tuple(map(tuple, matrix)), ("input", *(self.settings["operations"][op] for op in inner), "output"))

    def verify(self, space: Space) -> None:
        """See that hashes, classes and orders fit the modules.

        Raises:
            CorruptFile: Saying which row does not.
        """
        hashing: Any = space
        self._compare("hash", self.hashes, hashing.hashes(self.archs))
        if self.classes is not None:
            self._compare("class", self.classes, space.index(self.archs))
        ordered = self._digests if self.by_hash is None else self._digests[self.by_hash]
        rising = ordered[1:] > ordered[:-1]
        if not rising.all():
            raise CorruptFile(f"{self.file.path}: the hashes do not ascend at number {int(np.argmin(rising)) + 1}")

    def _compare(self, name: str, written: NDArray[Any], expected: NDArray[Any]) -> None:
        same = (written == expected).reshape(len(written), -1).all(axis=1)
        if not same.all():
            raise CorruptFile(f"{self.file.path}: the {name} of row {int(np.argmin(same))} does not fit its module")
