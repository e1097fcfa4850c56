"""The architectures of a table: which one each row is, which row an architecture has, and which columns there are.

Modules of NAS-Bench-101 are found by their published hash as well, and drawn as they were given.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile, InvalidArchitecture, NotInTable, UnknownName
from nasbed.core.graph import Graph
from nasbed.core.printing import Printed
from nasbed.core.records import Archs
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.tables.column import Column, Measure, Rows
from nasbed.tables.companions import Beside, find_companions
from nasbed.tables.encoding import Encoding
from nasbed.tables.file import ColumnFile

_FEW = 32
"""So many modules are found by hash before compiled code and the space's index are worth loading."""


class Architectures(Printed):
    """Rows of a table, found by architecture, number, key or hash, and its columns, those beside it included.

    Args:
        file: The table's file.
    """

    def __init__(self, file: ColumnFile) -> None:
        self.file = file
        self._found_by_hash = 0
        self.path, self.metadata, self.checksum = file.path, file.metadata, file.checksum
        self.provenance: dict[str, Any] = file.metadata["provenance"]
        self.continues: bool = file.metadata.get("continues", False)
        """Whether a short training is the beginning of a longer one: the epochs of one recipe are its budgets."""
        self.by_key: bool = file.metadata.get("by_key", False)
        """Whether a row stands for all architectures with its ``key``."""

    def __len__(self) -> int:
        return len(self.file)

    @cached_property
    def beside(self) -> Beside:
        """What lies beside the table, or should."""
        return find_companions(self.file)

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The columns of results that can be read, by name; the table's own first, then those beside it."""
        files: dict[Any, ColumnFile] = {None: self.file, **self.beside.companions}
        found: dict[str, Column] = {}
        for name, about in self.metadata["columns"].items():
            if about.get("beside") in files:
                found[name] = self._column(files[about.get("beside")], name, about)
        for companion in self.beside.companions.values():
            for name, about in companion.columns.items():
                if name not in found:
                    found[name] = self._column(companion, name, about)
        return found

    def _column(self, file: ColumnFile, name: str, about: dict[str, Any]) -> Column:
        """Return a column of a file by what is said of it."""
        measure, encoding = Measure.of(about), Encoding(**about["encoding"])
        shape = (len(self), *(measure.shape[:-1] if encoding.level else measure.shape))
        load = partial(file.thawed, name, encoding, shape) if about.get("cold") else partial(file.stored, name, shape)
        return Column(name, measure, encoding, load, about.get("whole", False))

    @cached_property
    def measures(self) -> dict[str, Measure]:
        """What each column that can be read holds, by the column's name; those of texts left out."""
        return {name: column.measure for name, column in self.columns.items() if column.encoding.kind != "text"}

    @property
    def attached(self) -> tuple[str, ...]:
        """The names of the columns that were put beside the table after it was made."""
        return tuple(name for name in self.columns if name not in self.metadata["columns"])

    @property
    def missing(self) -> dict[str, str]:
        """Columns that the table was written with and that cannot be read, with the reason: their file is not there."""
        own = self.metadata["columns"].items()
        return {name: self.beside.faults[about["beside"]] for name, about in own if name not in self.columns}

    def column(self, name: str) -> Column:
        """Return a column of results.

        Raises:
            NotInTable: When a file beside the table that has it, or may have it, is missing or damaged.
            UnknownName: When there is none of that name.
        """
        if name in self.columns:
            return self.columns[name]
        if self.beside.faults:
            reason = self.missing.get(name) or "; ".join(self.beside.faults.values())
            raise NotInTable(
                f"{name} of {self.path.name} cannot be read: {reason}. Put the file that was written with the table "
                "beside it again, or make the table anew"
            )
        raise UnknownName("column of the table", name, self.columns)

    # ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────

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
    def answered(self) -> Archs:
        """Every architecture that has a row, ``(n, decisions)``: more than rows where these stand for keys."""
        if not self.by_key:
            return self.archs
        everything = self.space.enumerate()
        return everything[self.places(everything) >= 0]

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
        return Modules(self)

    def rows(self, archs: Archs) -> NDArray[np.int64]:
        """Find the row of each architecture, ``(n, decisions)`` → ``(n,)``.

        Raises:
            NotInTable: When an architecture is not valid or the table does not have it.
        """
        rows = self.places(archs)
        if len(rows) and rows.min() < 0:
            lost = int(np.argmin(rows))
            which = f"architecture {lost} of {len(archs)}"
            if not self.space.valid(archs[lost : lost + 1])[0]:
                raise NotInTable(f"{which} is not valid: {archs[lost].tolist()}")
            raise NotInTable(f"{which} is not in the table: {self.space.format(archs[lost])}")
        return rows

    def places(self, archs: Archs) -> NDArray[np.int64]:
        """Find the row of each architecture, ``(n, decisions)`` → ``(n,)``; −1 for what is not valid or not there."""
        if "hash" in self.file and self._found_by_hash + len(archs) <= _FEW:
            self._found_by_hash += len(archs)
            return self.modules.rows(archs)
        if self.by_key or not self.space.is_enumerable:
            keys, order = self._sorted_keys
            wanted = self.space.key(archs)
            place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
            return np.where((keys[place] == wanted) & self.space.valid(archs), order[place], -1)
        return self.rows_of(self.space.index(archs))

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
        alone = given.dtype == np.int8 and given.shape == (self.space.decisions,)  # numbers are wider
        if given.ndim == 2 or alone or given.dtype.kind == "U":
            return self.rows(self.space.read(rows))
        if given.ndim != 1 or given.dtype.kind not in "iu":
            raise BadSetting(
                "rows are architectures, (n, decisions), one of them, texts, or numbers, (n,); not "
                f"{given.dtype} {given.shape}"
            )
        if len(given) and not (given.min() >= 0 and given.max() < len(self)):
            raise NotInTable(f"{self.path.name} has the rows 0 to {len(self) - 1}; one asked for is none of them")
        return given


class Modules(Printed):
    """The modules of a table's rows.

    Args:
        table: The table.
    """

    def __init__(self, table: Architectures) -> None:
        self.table, self.file = table, table.file
        self.space: Any = table.space
        self._hashes = table.file.stored("hash")
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
    def trainings(self) -> tuple[tuple[int, ...], int]:
        """The budgets, and how many repeats each has, of trainings in the form of NAS-Bench-101.

        Raises:
            BadSetting: When the table has none.
        """
        for measure in self.table.measures.values():
            if measure.axes == ("recipe", "seed"):
                return tuple(map(int, measure.recipes)), len(measure.seeds)
        raise BadSetting(
            f"{self.table.path.name} has no trainings in the form of NAS-Bench-101, with repeats of each budget"
        )

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
        raise NotInTable(f"{self.table.path.name} has no module with the hash {digest}")

    def rows(self, archs: Archs) -> NDArray[np.int64]:
        """Find rows one by one, without anything compiled, ``(n,)``; −1 for what is not there or not valid."""
        rows = np.full(len(archs), -1, np.int64)
        for i, arch in enumerate(archs):
            with suppress(InvalidArchitecture, NotInTable):
                rows[i] = self.row_of(self.space.module_hash(arch))
        return rows

    def graph(self, row: int) -> Graph:
        """Return a module with the vertices that it was given with, pruned or not."""
        arch, count, most = self.table.archs[row], int(self.vertices[row]), self.space.vertices
        places = [*range(count - 1), most - 1]
        matrix = [
            [int(arch[a + b * (b - 1) // 2]) if a < b else 0 for b in places]  # the space's order of edges
            for a in places
        ]
        inner = arch[self.space.edge_count :][: count - 2].tolist()
        return Graph(tuple(map(tuple, matrix)), ("input", *(self.space.operations[op] for op in inner), "output"))

    def verify(self) -> None:
        """See that hashes, classes and orders fit the modules.

        Raises:
            CorruptFile: Saying which row does not.
        """
        archs = self.table.archs
        fitting: dict[str, tuple[NDArray[Any], NDArray[Any]]] = {"hash": (self.hashes, self.space.hashes(archs))}
        if self.classes is not None:
            fitting["class"] = self.classes, self.space.index(archs)
        for name, (written, expected) in fitting.items():
            same = (written == expected).reshape(len(written), -1).all(axis=1)
            if not same.all():
                row = int(np.argmin(same))
                raise CorruptFile(f"{self.table.path}: the {name} of row {row} does not fit its module")
        ordered = self._digests if self.by_hash is None else self._digests[self.by_hash]
        rising = ordered[1:] > ordered[:-1]
        if not rising.all():
            raise CorruptFile(f"{self.table.path}: the hashes do not ascend at number {int(np.argmin(rising)) + 1}")
