"""A file of columns: one Arrow record batch, mapped, whose metadata say what it holds and what its bytes were.

The metadata are JSON under ``nasbed``; ``nasbed.sha256`` is the checksum of that text, which has the checksums of the
columns and so stands for everything in the file, and ``nasbed.seal`` the checksum of the file. Columns that no query
reads are *cold*: compressed blocks, in the order of the metadata, in the first row of the column ``cold``.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nasbed.core.errors import CorruptFile, NasbedError
from nasbed.tables.column import Column, Description
from nasbed.tables.encoding import Encoding, decompress, decompress_texts
from nasbed.tables.seal import BLANK, is_sealed, seal

FORMAT = 2
"""The first one had the column ``cold`` in every table, and nothing beside it."""

METADATA, METADATA_CHECKSUM, SEAL = b"nasbed", b"nasbed.sha256", b"nasbed.seal"
COLD = "cold"
Block = bytes | memoryview
_DTYPES = {"float": "<f4", "double": "<f8", "uint16": "<u2", "int8": "<i1", "int32": "<i4", "int64": "<i8"}


class NotColumns(CorruptFile):
    """A whole Arrow file that some other program wrote."""


@dataclass(frozen=True, eq=False)
class ColumnFile:
    """An open file.

    Attributes:
        path: Where it is.
        batch: Its record batch.
        metadata: The JSON under ``nasbed`` in its schema.
    """

    path: Path
    batch: pa.RecordBatch
    metadata: dict[str, Any]

    @classmethod
    def open(cls, path: Path) -> ColumnFile:
        """Map a file.

        Raises:
            CorruptFile: When it is no file of columns, has been cut off, or was made by a later version.
        """
        try:
            reader = pa.ipc.open_file(pa.memory_map(str(path)))
            metadata = _read_metadata(path, reader.schema.metadata or {})
            if reader.num_record_batches != 1:
                raise CorruptFile(f"{path} has {reader.num_record_batches} record batches; it should have one")
            batch = reader.get_batch(0)
            _ = batch.schema.names
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise CorruptFile(f"{path} is not a table, or has been cut off: {error}".split("\n")[0]) from None
        return cls(path, batch, metadata)

    def __len__(self) -> int:
        rows: int = self.batch.num_rows
        return rows

    def __contains__(self, name: str) -> bool:
        return name in self.batch.schema.names

    def check(self, needed: Iterable[str], scalar: tuple[int, ...], tensor: tuple[int, ...]) -> None:
        """See that the file has what its metadata promise.

        Args:
            needed: Columns that must be there.
            scalar: The shape of columns of results with one number a row.
            tensor: The shape of all others.

        Raises:
            CorruptFile: When a column is not there, or not of its shape.
        """
        missing = {*needed, *([COLD] if self._cold else [])} - set(self.batch.schema.names)
        if missing:
            raise CorruptFile(f"{self.path} lacks the columns {', '.join(sorted(missing))}")
        for name, about in self.columns.items():
            shape = scalar if about["scalar"] else tensor
            if not about["cold"] and self._shape(name) != shape:
                raise CorruptFile(f"{self.path}: the column {name} is not of the shape {shape} that it should have")

    @property
    def checksum(self) -> str:
        """The SHA-256 of everything in the file: of the metadata, which has the checksums of the columns."""
        digest: str = self.batch.schema.metadata[METADATA_CHECKSUM].decode()
        return digest

    @property
    def columns(self) -> dict[str, dict[str, Any]]:
        """What the metadata say of each column of results that lies in this file."""
        return {name: about for name, about in self.metadata["columns"].items() if not about.get("beside")}

    @property
    def _cold(self) -> list[str]:
        return [name for name, about in self.columns.items() if about["cold"]]

    def column(self, name: str, shape: tuple[int, ...]) -> Column:
        """Give a column of results of a shape."""
        about = self.metadata["columns"][name]
        encoding = Encoding(**about["encoding"])
        load = (lambda: self._thaw(name, encoding, shape)) if about["cold"] else (lambda: self.array(name))
        description = Description(about["unit"], about["split"], about["meaning"])
        return Column(name, description, encoding, about["cold"], load, about.get("whole", False))

    def _shape(self, name: str) -> tuple[int, ...] | None:
        """Give the shape of a column that is not cold, None when there is no such column."""
        if name not in self.batch.schema.names:
            return None
        kind = self.batch.schema.field(name).type
        return (len(self), *(kind.shape if isinstance(kind, pa.FixedShapeTensorType) else ()))

    def array(self, name: str) -> NDArray[Any]:
        """Look at a column of the mapped file as an array; by its buffer, for pyarrow's own way imports pandas."""
        found, rows = self.batch.column(name), len(self)
        shape: tuple[int, ...] = (rows,)
        if pa.types.is_fixed_size_binary(found.type):
            return np.frombuffer(found.buffers()[1], np.uint8, rows * 16).reshape(-1, 16)
        if isinstance(found.type, pa.FixedShapeTensorType):
            shape += tuple(found.type.shape)
            found = found.storage.values
        return np.frombuffer(found.buffers()[1], _DTYPES[str(found.type)], math.prod(shape)).reshape(shape)

    def _thaw(self, name: str, encoding: Encoding, shape: tuple[int, ...]) -> NDArray[Any]:
        """Decompress a cold column."""
        block = self.blocks()[name]
        try:
            if encoding.kind == "text":
                return decompress_texts(block).reshape(shape)
            return decompress(block, encoding.dtype, math.prod(shape)).reshape(shape)
        except (pa.ArrowException, OSError, ValueError):
            raise CorruptFile(f"{self.path}: the column {name} cannot be decompressed") from None

    def blocks(self) -> dict[str, Block]:
        """Look at the compressed bytes of each cold column."""
        if not self._cold:
            return {}
        column = self.batch.column(COLD)
        try:
            column.validate(full=True)  # pyarrow trusts the offsets that it slices by
            blocks = [memoryview(block.as_buffer()) for block in column[0].values]
            return dict(zip(self._cold, blocks, strict=True))
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise CorruptFile(f"{self.path}: the compressed columns cannot be found: {error}") from None

    def arrays(self) -> dict[str, pa.Array]:
        """Give the columns of the batch that are not cold, to be written again."""
        return {name: self.batch.column(name) for name in self.batch.schema.names if name != COLD}

    def verify(self) -> None:
        """See that the file is to the bit what was written, and that cold columns can be decompressed.

        Raises:
            CorruptFile: Saying which column differs, if it is one.
        """
        if not is_sealed(self.path, self.batch.schema.metadata.get(SEAL, b"")):
            raise CorruptFile(f"{self.path}: {self._damage()} is not what was written")

    def _damage(self) -> str:
        """Say what in the file differs from its checksum."""
        try:
            self.batch.validate()  # pyarrow trusts the lengths that it reads
            for name, found in checksums(self.arrays(), self.blocks()):
                if found != self.metadata["checksums"].get(name):
                    return f"the column {name}"
        except (CorruptFile, pa.ArrowException, AttributeError, LookupError, TypeError, ValueError):
            pass  # not even the description of the columns is whole
        return "what lies around the columns"


def write_columns(
    path: Path, columns: Mapping[str, pa.Array], blocks: Mapping[str, Block], metadata: Mapping[str, Any]
) -> dict[str, str]:
    """Write a file; give the checksums of its columns.

    Args:
        path: The file.
        columns: What is mapped.
        blocks: What is cold; without other columns the file has a single row.
        metadata: What is said of it. Checksums in it, of columns that lie elsewhere, are kept.
    """
    arrays = dict(columns)
    if blocks:
        ends = np.full(max(map(len, columns.values()), default=1) + 1, len(blocks), np.int32)
        ends[0] = 0
        arrays[COLD] = pa.ListArray.from_arrays(ends, pa.array(list(map(bytes, blocks.values())), pa.binary()))
    batch = pa.RecordBatch.from_arrays(list(arrays.values()), names=list(arrays))
    found = dict(checksums(columns, blocks))
    described = {**metadata, "format": FORMAT, "checksums": {**metadata.get("checksums", {}), **found}}
    text = json.dumps(described).encode()
    checksum = hashlib.sha256(text).hexdigest().encode()
    schema = batch.schema.with_metadata({METADATA: text, METADATA_CHECKSUM: checksum, SEAL: BLANK})
    with pa.ipc.new_file(str(path), schema) as writer:
        writer.write_batch(batch.replace_schema_metadata(schema.metadata))
    seal(path)
    return found


def arrow_column(values: NDArray[Any]) -> pa.Array:
    """Make a column of numbers, or of tensors of one shape, without copying."""
    flat = pa.array(np.ascontiguousarray(values).reshape(-1))
    if values.ndim == 1:
        return flat
    shape = values.shape[1:]
    tensors = pa.FixedSizeListArray.from_arrays(flat, math.prod(shape))
    return pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(flat.type, shape), tensors)


def checksums(columns: Mapping[str, pa.Array], blocks: Mapping[str, Block]) -> Iterator[tuple[str, str]]:
    """Give the SHA-256 of the bytes of each column, and of each cold block."""
    for name, column in columns.items():
        values = column.storage.values if isinstance(column.type, pa.FixedShapeTensorType) else column
        yield name, hashlib.sha256(values.buffers()[1][: _size(values)]).hexdigest()
    for name, block in blocks.items():
        yield name, hashlib.sha256(block).hexdigest()


def _size(values: pa.Array) -> int:
    """Give the bytes of an array of numbers, without padding."""
    bits: int = values.type.bit_width
    return len(values) * bits // 8


def _read_metadata(path: Path, metadata: Mapping[bytes, bytes]) -> dict[str, Any]:
    """Check and parse the schema's metadata."""
    text = metadata.get(METADATA)
    if text is None:
        raise NotColumns(f"{path} is an Arrow file, but not a table of nasbed's")
    if hashlib.sha256(text).hexdigest().encode() != metadata.get(METADATA_CHECKSUM):
        raise CorruptFile(f"{path}: the metadata are not what was written")
    found: dict[str, Any] = json.loads(text)
    if found["format"] > FORMAT:
        raise NasbedError(f"{path} has format {found['format']}, this nasbed reads up to {FORMAT}; upgrade nasbed")
    return found
