"""A table of trained architectures: a memory-mapped Arrow file and, if it is large, a companion.

The file is Arrow IPC, uncompressed, with a single record batch, so that any Arrow reader maps it. It has a row a
module:

* ``hash``: the published MD5 digest, 16 bytes;
* ``arch``: the module as it was given, unpruned if it was, as a row of its space, and ``vertices``, how many it had;
* ``trainable_parameters``; ``class``, the space's number of the module, where the space numbers its modules; and
  ``by_hash``, the rows in ascending order of hash, unless they are in that order already;
* the results, fixed-shape tensors ``(budgets, repeats)``, stored as ``encoding`` has it.

The metadata, of which ``column_file`` tells, have all else: space, budgets, repeats, provenance, and the columns with
their checksums. Columns that no query reads are compressed, and kept in this file while they are small, else beside it,
as ``companion`` has it.
"""

from __future__ import annotations

import shutil
import struct
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile, NotInTable, UnknownName
from nasbed.core.files import replacing
from nasbed.core.graph import Graph
from nasbed.core.records import Archs
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.tables.column import Column
from nasbed.tables.column_file import ColumnFile
from nasbed.tables.companion import companion_path, copy_companions, find_companions

MODULE_COLUMNS = ("hash", "arch", "vertices", "trainable_parameters", "class", "by_hash")
_DIGEST = struct.Struct(">QQ")
_PROBES = 8
"""How often a hash is looked for where it should be; about five find it. Halving bounds what uneven hashes cost."""


class Table:
    """What was measured; see the module's text for the file. Values are read from the mapped file when asked for.

    Args:
        file: The open file.
    """

    def __init__(self, file: ColumnFile) -> None:
        self.file = file
        self.path, self.metadata = file.path, file.metadata
        self.budgets: tuple[int, ...] = tuple(self.metadata["budgets"])
        self.repeats: int = self.metadata["repeats"]
        self.provenance: dict[str, Any] = self.metadata["provenance"]
        self._columns: dict[str, Column] = {}

    @classmethod
    def open(cls, path: str | Path) -> Table:
        """Map a table file.

        Raises:
            BadSetting: When there is no such file.
            CorruptFile: When it is no table, has been cut off, or was made by a later version.
        """
        path = Path(path).expanduser()
        if not path.is_file():
            raise BadSetting(f"there is no file {path}")
        file = ColumnFile.open(path)
        if "room" in file.metadata:
            whole = f"{path.stem.removesuffix('.' + file.metadata['room'])}.arrow"
            raise BadSetting(f"{path} is what lies beside a table; open {whole}")
        if "budgets" not in file.metadata:
            raise BadSetting(f"{path} is a table of another kind; nasbed.table opens tables of every kind")
        table = cls(file)
        file.check(MODULE_COLUMNS[:4], (len(file),), (len(file), len(table.budgets), table.repeats))
        return table

    def __len__(self) -> int:
        return len(self.file)

    def __repr__(self) -> str:
        return f"Table({str(self.path)!r}: {len(self)} × {len(self.budgets)} budgets × {self.repeats} repeats)"

    # ── modules ───────────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def space(self) -> Space:
        """The space of the architectures."""
        settings = {k: tuple(v) if isinstance(v, list) else v for k, v in self.metadata["space"]["settings"].items()}
        made: Space = spaces.make(self.metadata["space"]["name"], settings)
        return made

    @cached_property
    def hashes(self) -> NDArray[np.uint8]:
        """The published digest of each module, ``(n, 16)``."""
        return self.file.array("hash")

    @cached_property
    def archs(self) -> Archs:
        """Each module as it was given, ``(n, decisions)``; fewer vertices leave places without edges."""
        return self.file.array("arch")

    @cached_property
    def vertices(self) -> NDArray[np.int8]:
        """How many vertices each module was given with, ``(n,)``."""
        return self.file.array("vertices")

    @cached_property
    def trainable_parameters(self) -> NDArray[np.integer[Any]]:
        """How many parameters the network of each module has, ``(n,)``."""
        return self.file.array("trainable_parameters")

    @cached_property
    def classes(self) -> NDArray[np.int32] | None:
        """The space's number of each module, ``(n,)``; None when the space does not number its modules."""
        return self.file.array("class") if "class" in self.file else None

    @cached_property
    def by_hash(self) -> NDArray[np.integer[Any]] | None:
        """The rows in ascending order of hash, ``(n,)``; None when they are in that order."""
        return self.file.array("by_hash") if "by_hash" in self.file else None

    def row_of_hash(self, digest: str) -> int:
        """Find the row of a module by its hash in hexadecimal.

        Raises:
            NotInTable: When the table does not have it.
        """
        try:
            wanted = _DIGEST.unpack(bytes.fromhex(digest))
        except (ValueError, TypeError, struct.error):
            raise NotInTable(f"{digest!r} is not a hash: 32 hexadecimal digits") from None
        digests, order = self._digests_and_order
        low, high = 0, len(digests) // 16
        density = high  # of 2⁶⁴: digests are spread evenly, so the distance to one says how many rows away it is
        place, probes = wanted[0] * density >> 64, 0
        while low < high:
            row: int = place if order is None else order[place]
            found = _DIGEST.unpack_from(digests, 16 * row)
            if found == wanted:
                return row
            if found < wanted:
                low = place + 1
            else:
                high = place
            probes += 1
            if probes < _PROBES:
                place += (wanted[0] - found[0]) * density >> 64
                place = low if place < low else high - 1 if place >= high else place
            else:
                place = (low + high) // 2
        raise NotInTable(f"{self.path.name} has no module with the hash {digest}")

    def row_of(self, arch: Archs) -> int:
        """Find the row of one architecture, ``(decisions,)``, by its hash, without anything compiled.

        Raises:
            InvalidArchitecture: When it is not valid.
            NotInTable: When the table does not have it.
        """
        space: Any = self.space
        return self.row_of_hash(space.module_hash(arch))

    @cached_property
    def _digests_and_order(self) -> tuple[memoryview, memoryview | None]:
        return self.hashes.reshape(-1).data, None if self.by_hash is None else self.by_hash.data

    def graph(self, row: int) -> Graph:
        """Give a module with the vertices that it was given with, pruned or not."""
        arch, count, most = self.archs[row], int(self.vertices[row]), self._most_vertices
        places = [*range(count - 1), most - 1]
        matrix = [
            [int(arch[a + b * (b - 1) // 2]) if a < b else 0 for b in places]  # the space's order of edges
            for a in places
        ]
        names = self.metadata["space"]["settings"]["operations"]
        inner = arch[most * (most - 1) // 2 :][: count - 2].tolist()
        return Graph(tuple(map(tuple, matrix)), ("input", *(names[op] for op in inner), "output"))

    @cached_property
    def _most_vertices(self) -> int:
        most: int = self.metadata["space"]["settings"]["vertices"]
        return most

    # ── results ───────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns of results that can be read, those beside the table included."""
        return tuple(self._files)

    @property
    def missing(self) -> dict[str, str]:
        """Columns that the table was written with and that cannot be read, with the reason: their file is not there."""
        described = self.metadata["columns"].items()
        return {name: self._faults[about["beside"]] for name, about in described if name not in self._files}

    @property
    def companions(self) -> dict[str, ColumnFile]:
        """The files that lie beside the table and belong to it, by room."""
        return self._found[0]

    def column(self, name: str) -> Column:
        """Give a column of results.

        Raises:
            NotInTable: When the file beside the table that should have it is missing.
            UnknownName: When there is none of that name.
        """
        if name not in self._columns:
            self._columns[name] = self._file(name).column(name, self.shape(name))
        return self._columns[name]

    def shape(self, name: str) -> tuple[int, ...]:
        """Give the shape of a column's values."""
        scalar = self._file(name).metadata["columns"][name]["scalar"]
        return (len(self),) if scalar else (len(self), len(self.budgets), self.repeats)

    def _file(self, name: str) -> ColumnFile:
        """Give the file that has a column; what lies beside is looked for only when it is needed."""
        if name in self.file.columns:
            return self.file
        if name in self.missing:
            raise NotInTable(
                f"{name} of {self.path.name} cannot be read: {self.missing[name]}. Put the file that was written with "
                "the table beside it again, or make the table anew"
            )
        if name not in self._files:
            raise UnknownName("column of the table", name, self.columns)
        return self._files[name]

    @cached_property
    def _files(self) -> dict[str, ColumnFile]:
        """The file of each column, the table's own columns first, in the order that they were written in."""
        files = {}
        for name, about in self.metadata["columns"].items():
            room = about.get("beside")
            if room is None or room in self.companions:
                files[name] = self.file if room is None else self.companions[room]
        for companion in self.companions.values():
            files |= {name: companion for name in companion.columns if name not in self.metadata["columns"]}
        return files

    @property
    def _faults(self) -> dict[str, str]:
        return self._found[1]

    @cached_property
    def _found(self) -> tuple[dict[str, ColumnFile], dict[str, str]]:
        return find_companions(self.file)

    def there(self) -> NDArray[np.bool_]:
        """Say which trainings the table has, ``(n, budgets, repeats)``: those with any number that is not NaN."""
        found = np.zeros((len(self), len(self.budgets), self.repeats), bool)
        for name in self.columns:
            column = self.column(name)
            if len(self.shape(name)) == 3 and column.encoding.kind != "text":
                found |= ~np.isnan(column.values())
                if found.all():
                    break
        return found

    # ── the file ──────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def checksum(self) -> str:
        """The SHA-256 of everything that the table was written with: of metadata that have the columns' checksums."""
        return self.file.checksum

    def describe(self) -> dict[str, Any]:
        """Give provenance, checksum, splits, warnings and sizes."""
        described = {name: self.column(name).description for name in self.columns}
        return {
            "path": str(self.path),
            "space": dict(self.space.describe()),
            "modules": len(self),
            "budgets": list(self.budgets),
            "repeats": self.repeats,
            "columns": {name: asdict(description) for name, description in described.items()},
            "splits": sorted({description.split for description in described.values() if description.split}),
            "warnings": self.provenance.get("warnings", []),
            "provenance": self.provenance,
            "checksum": self.checksum,
            "bytes": self.path.stat().st_size,
            "beside": {file.path.name: file.path.stat().st_size for file in self.companions.values()},
            "missing": self.missing,
        }

    def copy(self, path: str | Path) -> Table:
        """Copy the table and what lies beside it, the table last; give the copy.

        Raises:
            BadSetting: When it cannot be written there.
        """
        path = Path(path).expanduser()
        copy_companions(self.companions, path)
        with replacing(path) as part:
            shutil.copyfile(self.path, part)
        return Table.open(path)

    def verify(self) -> None:
        """See that the files are to the bit what was written, and that hashes, classes and orders fit the modules.

        A companion that is not there is no damage; ``missing`` tells of it.

        Raises:
            CorruptFile: Saying which column differs, if it is one.
        """
        self.file.verify()
        for room, fault in self._faults.items():
            if companion_path(self.path, room).exists():
                raise CorruptFile(fault)
        for companion in self.companions.values():
            companion.verify()
        space: Any = self.space
        self._compare("hash", self.hashes, space.hashes(self.archs))
        if self.classes is not None:
            self._compare("class", self.classes, self.space.index(self.archs))
        ordered = self.hashes if self.by_hash is None else self.hashes[self.by_hash]
        words = ordered.view(">u8").reshape(-1, 2)
        rising = (words[1:, 0] > words[:-1, 0]) | ((words[1:, 0] == words[:-1, 0]) & (words[1:, 1] > words[:-1, 1]))
        if not rising.all():
            raise CorruptFile(f"{self.path}: the hashes do not ascend at number {int(np.argmin(rising)) + 1}")
        for name in self.columns:
            if self.column(name).cold:
                _ = self.column(name).stored

    def _compare(self, name: str, written: NDArray[Any], expected: NDArray[Any]) -> None:
        same = (written == expected).reshape(len(self), -1).all(axis=1)
        if not same.all():
            raise CorruptFile(f"{self.path}: the {name} of row {int(np.argmin(same))} does not fit its module")
