"""A table of trained architectures: one memory-mapped Arrow file.

The file is Arrow IPC, uncompressed, with a single record batch, so that any Arrow reader maps it. It has a row a
module:

* ``hash``: the published MD5 digest, 16 bytes;
* ``arch``: the module as it was given, unpruned if it was, as a row of its space, and ``vertices``, how many it had;
* ``trainable_parameters``; ``class``, the space's number of the module, where the space numbers its modules; and
  ``by_hash``, the rows in ascending order of hash, unless they are in that order already;
* the results, fixed-shape tensors ``(budgets, repeats)``, stored as ``encoding`` has it;
* ``cold``: in the first row, a compressed block for each column that no query reads, in the order of the metadata.

The schema's metadata has all else, as JSON under ``nasbed``: version of the format, space, budgets, repeats,
provenance, columns and their checksums; ``nasbed.sha256`` is the checksum of that text, which so stands for everything
in the table, and ``nasbed.seal`` the checksum of the file.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile, NasbedError, NotInTable, UnknownName
from nasbed.core.graph import Graph
from nasbed.core.records import Archs
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.tables.column import Column, Description
from nasbed.tables.encoding import Encoding, decompress, decompress_texts
from nasbed.tables.seal import is_sealed

FORMAT = 1
METADATA, METADATA_CHECKSUM, SEAL = b"nasbed", b"nasbed.sha256", b"nasbed.seal"
MODULE_COLUMNS = ("hash", "arch", "vertices", "trainable_parameters", "class", "by_hash")
_DTYPES = {"float": "<f4", "double": "<f8", "uint16": "<u2", "int8": "<i1", "int32": "<i4", "int64": "<i8"}
_DIGEST = struct.Struct(">QQ")
_PROBES = 8
"""How often a hash is looked for where it should be; about five find it. Halving bounds what uneven hashes cost."""


class Table:
    """What was measured; see the module's text for the file. Values are read from the mapped file when asked for.

    Args:
        path: The file.
        batch: Its record batch.
        metadata: The JSON under ``nasbed`` in its schema.
    """

    def __init__(self, path: Path, batch: pa.RecordBatch, metadata: dict[str, Any]) -> None:
        self.path = path
        self.batch = batch
        self.metadata = metadata
        self.budgets: tuple[int, ...] = tuple(metadata["budgets"])
        self.repeats: int = metadata["repeats"]
        self.provenance: dict[str, Any] = metadata["provenance"]
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
        try:
            reader = pa.ipc.open_file(pa.memory_map(str(path)))
            batch = reader.get_batch(0) if reader.num_record_batches == 1 else None
            metadata = _read_metadata(path, reader.schema.metadata or {})
            names = set(batch.schema.names) if batch is not None else set()
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise CorruptFile(f"{path} is not a table, or has been cut off: {error}".split("\n")[0]) from None
        missing = {*MODULE_COLUMNS[:4], "cold"} - names
        if missing:
            raise CorruptFile(f"{path} lacks the columns {', '.join(sorted(missing))}")
        table = cls(path, batch, metadata)
        for name, about in metadata["columns"].items():
            if not about["cold"] and _shape_in(batch, name) != table.shape(name):
                raise CorruptFile(
                    f"{path}: the column {name} is not of the shape {table.shape(name)} that it should have"
                )
        return table

    def __len__(self) -> int:
        rows: int = self.batch.num_rows
        return rows

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
        return self._array("hash")

    @cached_property
    def archs(self) -> Archs:
        """Each module as it was given, ``(n, decisions)``; fewer vertices leave places without edges."""
        return self._array("arch")

    @cached_property
    def vertices(self) -> NDArray[np.int8]:
        """How many vertices each module was given with, ``(n,)``."""
        return self._array("vertices")

    @cached_property
    def trainable_parameters(self) -> NDArray[np.integer[Any]]:
        """How many parameters the network of each module has, ``(n,)``."""
        return self._array("trainable_parameters")

    @cached_property
    def classes(self) -> NDArray[np.int32] | None:
        """The space's number of each module, ``(n,)``; None when the space does not number its modules."""
        return self._array("class") if "class" in self.batch.schema.names else None

    @cached_property
    def by_hash(self) -> NDArray[np.integer[Any]] | None:
        """The rows in ascending order of hash, ``(n,)``; None when they are in that order."""
        return self._array("by_hash") if "by_hash" in self.batch.schema.names else None

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
        """The names of the columns of results."""
        return tuple(self.metadata["columns"])

    def column(self, name: str) -> Column:
        """Give a column of results.

        Raises:
            UnknownName: When there is none of that name.
        """
        if name not in self._columns:
            if name not in self.metadata["columns"]:
                raise UnknownName("column of the table", name, self.columns)
            self._columns[name] = self._make_column(name, self.metadata["columns"][name])
        return self._columns[name]

    def _make_column(self, name: str, about: Mapping[str, Any]) -> Column:
        encoding = Encoding(**about["encoding"])
        cold = about["cold"]
        load = (lambda: self._thaw(name, encoding)) if cold else (lambda: self._array(name))
        return Column(name, Description(about["unit"], about["split"], about["meaning"]), encoding, cold, load)

    def _array(self, name: str) -> NDArray[Any]:
        """Look at a column of the mapped file as an array; by its buffer, for pyarrow's own way imports pandas."""
        found = self.batch.column(name)
        shape: tuple[int, ...] = (len(self),)
        if pa.types.is_fixed_size_binary(found.type):
            return np.frombuffer(found.buffers()[1], np.uint8, len(self) * 16).reshape(-1, 16)
        if isinstance(found.type, pa.FixedShapeTensorType):
            shape += tuple(found.type.shape)
            found = found.storage.values
        return np.frombuffer(found.buffers()[1], _DTYPES[str(found.type)], math.prod(shape)).reshape(shape)

    def _thaw(self, name: str, encoding: Encoding) -> NDArray[Any]:
        """Decompress a cold column."""
        block = self.cold_blocks()[name]
        shape = self.shape(name)
        try:
            if encoding.kind == "text":
                return decompress_texts(block).reshape(shape)
            return decompress(block, encoding.dtype, int(np.prod(shape))).reshape(shape)
        except (pa.ArrowException, OSError, ValueError):
            raise CorruptFile(f"{self.path}: the column {name} cannot be decompressed") from None

    def shape(self, name: str) -> tuple[int, ...]:
        """Give the shape of a column's values."""
        scalar = self.metadata["columns"][name]["scalar"]
        return (len(self),) if scalar else (len(self), len(self.budgets), self.repeats)

    def cold_blocks(self) -> dict[str, bytes]:
        """Give the compressed bytes of each cold column."""
        column = self.batch.column("cold")
        try:
            column.validate(full=True)  # pyarrow trusts the offsets that it slices by
            return dict(zip(self._cold_names, column[0].as_py(), strict=True))
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise CorruptFile(f"{self.path}: the compressed columns cannot be found: {error}") from None

    @property
    def _cold_names(self) -> list[str]:
        return [name for name, about in self.metadata["columns"].items() if about["cold"]]

    def there(self) -> NDArray[np.bool_]:
        """Say which trainings the table has, ``(n, budgets, repeats)``: those with any number that is not NaN."""
        found = np.zeros((len(self), len(self.budgets), self.repeats), bool)
        for name in self.columns:
            if len(self.shape(name)) == 3 and self.metadata["columns"][name]["encoding"]["kind"] != "text":
                found |= ~np.isnan(self.column(name).values())
                if found.all():
                    break
        return found

    # ── the file ──────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def checksum(self) -> str:
        """The SHA-256 of everything in the table: of the metadata, which has the checksums of the columns."""
        digest: str = self.batch.schema.metadata[METADATA_CHECKSUM].decode()
        return digest

    def describe(self) -> dict[str, Any]:
        """Give provenance, checksum, splits, warnings and sizes."""
        return {
            "path": str(self.path),
            "space": dict(self.space.describe()),
            "modules": len(self),
            "budgets": list(self.budgets),
            "repeats": self.repeats,
            "columns": {
                name: {key: about[key] for key in ("unit", "split", "meaning")}
                for name, about in self.metadata["columns"].items()
            },
            "splits": sorted({about["split"] for about in self.metadata["columns"].values() if about["split"]}),
            "warnings": self.provenance.get("warnings", []),
            "provenance": self.provenance,
            "checksum": self.checksum,
            "bytes": self.path.stat().st_size,
        }

    def verify(self) -> None:
        """See that the file is to the bit what was written, and that hashes, classes and orders fit the modules.

        Raises:
            CorruptFile: Saying which column differs, if it is one.
        """
        if not is_sealed(self.path, self.batch.schema.metadata.get(SEAL, b"")):
            raise CorruptFile(f"{self.path}: {self._damage()} is not what was written")
        space: Any = self.space
        self._compare("hash", self.hashes, space.hashes(self.archs))
        if self.classes is not None:
            self._compare("class", self.classes, self.space.index(self.archs))
        ordered = self.hashes if self.by_hash is None else self.hashes[self.by_hash]
        words = ordered.view(">u8").reshape(-1, 2)
        rising = (words[1:, 0] > words[:-1, 0]) | ((words[1:, 0] == words[:-1, 0]) & (words[1:, 1] > words[:-1, 1]))
        if not rising.all():
            raise CorruptFile(f"{self.path}: the hashes do not ascend at number {int(np.argmin(rising)) + 1}")
        for name in self._cold_names:
            _ = self.column(name).stored

    def _damage(self) -> str:
        """Say what in the file differs from its checksum."""
        try:
            for name, found in checksums(self.batch, self.cold_blocks()):
                if found != self.metadata["checksums"].get(name):
                    return f"the column {name}"
        except (
            CorruptFile,
            pa.ArrowException,
            AttributeError,
            TypeError,
            ValueError,
        ):  # not even the description of the columns is whole
            pass
        return "what lies around the columns"

    def _compare(self, name: str, written: NDArray[Any], expected: NDArray[Any]) -> None:
        same = (written == expected).reshape(len(self), -1).all(axis=1)
        if not same.all():
            raise CorruptFile(f"{self.path}: the {name} of row {int(np.argmin(same))} does not fit its module")


def _shape_in(batch: pa.RecordBatch, name: str) -> tuple[int, ...] | None:
    """Give the shape of a column of the file, None when there is no such column."""
    if name not in batch.schema.names:
        return None
    kind = batch.schema.field(name).type
    return (batch.num_rows, *(kind.shape if isinstance(kind, pa.FixedShapeTensorType) else ()))


def checksums(batch: pa.RecordBatch, cold: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Give the SHA-256 of the bytes of each column, and of each cold block."""
    for name in batch.schema.names:
        if name == "cold":
            continue
        column = batch.column(name)
        values = column.storage.values if isinstance(column.type, pa.FixedShapeTensorType) else column
        yield name, hashlib.sha256(values.buffers()[1][: _size(values)]).hexdigest()
    for name, block in cold.items():
        yield name, hashlib.sha256(block).hexdigest()


def _size(values: pa.Array) -> int:
    """Give the bytes of an array of numbers, without padding."""
    bits: int = values.type.bit_width
    return len(values) * bits // 8


def _read_metadata(path: Path, metadata: Mapping[bytes, bytes]) -> dict[str, Any]:
    """Check and parse the schema's metadata."""
    text = metadata.get(METADATA)
    if text is None:
        raise CorruptFile(f"{path} is an Arrow file, but not a table of nasbed's")
    if hashlib.sha256(text).hexdigest().encode() != metadata.get(METADATA_CHECKSUM):
        raise CorruptFile(f"{path}: the metadata are not what was written")
    found: dict[str, Any] = json.loads(text)
    if found["format"] > FORMAT:
        raise NasbedError(f"{path} has format {found['format']}, this nasbed reads up to {FORMAT}; upgrade nasbed")
    return found
