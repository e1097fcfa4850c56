"""A file of columns: one Arrow record batch, mapped, which notices when it is damaged.

Any Arrow reader maps it. Its metadata are JSON under ``nasbed``, checksums of its bytes under ``nasbed.blocks``, and a
seal under ``nasbed.seal``. A *block* is 64 KiB of what lies between Arrow's description at the beginning and its
footer; each has a CRC-32, which is compared when a number in it is first read. The seal is the SHA-256 of everything
else in the file, those checksums included, and is compared when the file is opened. So opening takes milliseconds,
columns that are not read cost nothing, and no changed bit is ever returned as a number. Columns that are seldom read
are *cold*: compressed, in the first row of the column ``cold``, in the order of the metadata.

Files of nasbed 0.1 are read as well; they are compared with their checksum as a whole when they are opened.
"""

from __future__ import annotations

import hashlib
import json
import math
import mmap
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile, NasbedError
from nasbed.tables.encoding import Encoding, decompress

FORMAT = 3
"""Of version 0.1 are 1 and 2; see ``companions.open_columns``."""

MARK = b"nasbed-seal-3:"
BLANK = MARK + b"0" * 64
_SEAL = re.compile(re.escape(MARK) + b"([0-9a-f]{64})")
SHIFT = 16
"""A block is ``2 ** SHIFT`` bytes."""

METADATA, BLOCKS, SEAL = b"nasbed", b"nasbed.blocks", b"nasbed.seal"
COLD = "cold"
Block = bytes | memoryview
_FEW, _LOOKS = 64, 512
"""So many rows have their blocks compared one by one, so many times; then all of the column has, once and for all."""

_DO = "put a whole copy in its place, or make it again"
_OLD_BLANK = b"the checksum of this file computed with these words in its place"
_MAGIC = b"ARROW1"
_HEAD, _TAIL = 16, 10  # bytes before the schema's message, and behind the footer
_DTYPES = {"float": "<f4", "double": "<f8", "uint16": "<u2", "int8": "<i1", "int32": "<i4", "int64": "<i8"}


class NotColumns(CorruptFile):
    """A whole Arrow file that some other program wrote."""


@dataclass(eq=False)
class Body:
    """The bytes between description and footer, compared with their checksums block by block, each once.

    Attributes:
        path: The file, for errors.
        data: The bytes.
        sums: The CRC-32 of each block, in eight hexadecimal digits; none of files of version 0.1.
        seen: A byte for each, 1 once the block was compared.
    """

    path: Path
    data: memoryview
    sums: bytes
    seen: bytearray

    def check(self, start: int, stop: int) -> None:
        """Compare the blocks that hold some bytes with their checksums.

        Raises:
            CorruptFile: When one differs.
        """
        block, last = start >> SHIFT, -(-stop >> SHIFT)
        while (block := self.seen.find(0, block, last)) >= 0:
            if _checksum(self.data, block) != self.sums[8 * block : 8 * block + 8]:
                raise CorruptFile(
                    f"{self.path} is damaged: its bytes from {block << SHIFT:,} on are not what was written; {_DO}"
                )
            self.seen[block] = 1


_NO_FILE = Body(Path(), memoryview(b""), b"", bytearray())


@dataclass(eq=False)
class Stored:
    """An array as it lies in a file, or one that was made of what was compared.

    Attributes:
        array: A view of the mapped file.
        body: What compares it with its checksums.
        start: Where it begins, in bytes of the body.
        looks: How often single rows were compared; less than 0 once all are.
    """

    array: NDArray[Any]
    body: Body = _NO_FILE
    start: int = 0
    looks: int = 0

    def whole(self) -> NDArray[Any]:
        """Give the array, compared as a whole."""
        if self.looks >= 0:
            self.part(0, len(self.array))
            self.looks = -1
        return self.array

    def part(self, start: int, stop: int) -> NDArray[Any]:
        """Give the rows from one to another, compared."""
        found = self.array[start:stop]
        first = self.start + start * self.array.strides[0]
        self.body.check(first, first + found.nbytes)
        return found

    def see(self, rows: Sequence[int] | NDArray[np.integer[Any]]) -> None:
        """Compare some rows, ``(n,)``; where many are asked for, or often, all of them, once and for all."""
        if self.looks >= _LOOKS or len(rows) > _FEW:
            self.whole()
        elif self.looks >= 0:
            self.looks += 1
            for row in map(int, rows):
                self.part(row, row + 1)

    def rows(self, rows: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """Give some rows, compared, of the shape of their numbers."""
        if self.looks >= 0:
            self.see(rows.reshape(-1))
        return self.array.take(rows, axis=0)


@dataclass(frozen=True, eq=False)
class ColumnFile:
    """An open file.

    Attributes:
        path: Where it is.
        batch: Its record batch.
        metadata: The JSON under ``nasbed`` in its schema.
        checksum: Stands for everything in the file.
        body: The bytes of its columns.
        origin: The address of the first of them.
    """

    path: Path
    batch: pa.RecordBatch
    metadata: dict[str, Any]
    checksum: str
    body: Body
    origin: int

    @classmethod
    def open(cls, path: Path) -> ColumnFile:
        """Map a file and compare its description with the seal.

        Raises:
            BadSetting: When there is no such file.
            CorruptFile: When it is no file of columns, is damaged or has been cut off, or was made by a later version.
        """
        data = _mapped(path)
        start, stop = _body_of(data, path)
        seal, written = _digest_of_rest(data[:start] + data[stop:])
        if written and written != [seal.encode()] * 2:
            raise CorruptFile(f"{path} is damaged: its description is not what was written; {_DO}")
        try:
            buffer = pa.py_buffer(data)
            reader = pa.ipc.open_file(pa.BufferReader(buffer))
            about = reader.schema.metadata or {}
            if METADATA not in about:
                raise NotColumns(f"{path} is an Arrow file, but not a table of nasbed's")
            if not written:
                _check_whole(path, data, about.get(SEAL, b""))
                seal = hashlib.sha256(about[METADATA]).hexdigest()
            sums, metadata = about.get(BLOCKS, b""), json.loads(about[METADATA])
            body = Body(path, memoryview(data)[start:stop], sums, bytearray(len(sums) // 8))
            if (made := metadata["format"]) > FORMAT:
                raise NasbedError(f"{path} has format {made}, this nasbed reads up to {FORMAT}; upgrade nasbed")
            batch = reader.get_batch(0)
        except (pa.ArrowException, OSError, UnicodeDecodeError, KeyError) as error:
            raise CorruptFile(f"{path} is not a table, or is damaged: {error}".split("\n")[0]) from None
        return cls(path, batch, metadata, seal, body, buffer.address + start)

    def __len__(self) -> int:
        return int(self.batch.num_rows)

    def __contains__(self, name: str) -> bool:
        return name in self.batch.schema.names

    @property
    def columns(self) -> dict[str, dict[str, Any]]:
        """What the metadata say of each column of results that lies in this file."""
        return {name: about for name, about in self.metadata["columns"].items() if not about.get("beside")}

    def stored(self, name: str, expected: tuple[int, ...] | None = None) -> Stored:
        """Look at a column of the mapped file as an array; by its buffer, for pyarrow's own way imports pandas.

        Raises:
            CorruptFile: When it is not of the shape that is expected.
        """
        found, shape = self.batch.column(name), [len(self)]
        if isinstance(found.type, pa.FixedShapeTensorType):
            shape += found.type.shape
            found = found.storage.values
        elif pa.types.is_fixed_size_binary(found.type):
            shape.append(found.type.byte_width)
        if expected not in (None, tuple(shape)):
            raise CorruptFile(f"{self.path}: the column {name} is of the shape {tuple(shape)}, not {expected}")
        buffer = found.buffers()[1]
        array = np.frombuffer(buffer, _DTYPES.get(str(found.type), "u1"), math.prod(shape)).reshape(shape)
        return Stored(array, self.body, buffer.address - self.origin)

    def array(self, name: str) -> NDArray[Any]:
        """Give a column that is not cold, compared with its checksums as a whole."""
        return self.stored(name).whole()

    def thawed(self, name: str, encoding: Encoding, shape: tuple[int, ...]) -> Stored:
        """Decompress a cold column."""
        block = self.blocks()[name]
        try:
            return Stored(decompress(block, encoding, shape))
        except (pa.ArrowException, OSError, ValueError):
            raise CorruptFile(f"{self.path}: the column {name} cannot be decompressed") from None

    def blocks(self) -> dict[str, Block]:
        """Look at the compressed bytes of each cold column."""
        cold = [name for name, about in self.columns.items() if about.get("cold")]
        if not cold:
            return {}
        column = self.batch.column(COLD)
        for buffer in filter(None, column.buffers()):
            start = buffer.address - self.origin
            self.body.check(start, start + buffer.size)
        blocks = [memoryview(block.as_buffer()) for block in column[0].values]
        return dict(zip(cold, blocks, strict=True))

    def arrays(self) -> dict[str, pa.Array]:
        """Give the columns of the batch that are not cold, to be written again."""
        self.verify()
        return {name: self.batch.column(name) for name in self.batch.schema.names if name != COLD}

    def verify(self) -> None:
        """Compare every byte with its checksum; raise a CorruptFile that says where they differ."""
        self.body.check(0, len(self.body.data))


def write_columns(
    path: Path, columns: Mapping[str, pa.Array], blocks: Mapping[str, Block], metadata: Mapping[str, Any]
) -> None:
    """Write a file.

    Args:
        path: The file.
        columns: What is mapped.
        blocks: What is cold; without other columns the file has a single row.
        metadata: What is said of it, JSON-able.
    """
    arrays = dict(columns)
    if blocks:
        arrays[COLD] = _cold_column(list(map(bytes, blocks.values())), max(map(len, columns.values()), default=1))
    batch = pa.RecordBatch.from_arrays(list(arrays.values()), names=list(arrays))
    count = -(-(pa.ipc.get_record_batch_size(batch) + 64) >> SHIFT)  # with the mark that ends the batches
    empty = b"\xfe" * (8 * count)  # which JSON has nowhere
    text = json.dumps({**metadata, "format": FORMAT}).encode()
    schema = batch.schema.with_metadata({METADATA: text, BLOCKS: empty, SEAL: BLANK})
    with pa.ipc.new_file(str(path), schema) as writer:
        writer.write_batch(batch.replace_schema_metadata(schema.metadata))
    with path.open("rb+") as file, mmap.mmap(file.fileno(), 0) as data:
        start, stop = _body_of(data, path)
        with memoryview(data) as view, view[start:stop] as body:
            sums = b"".join(_checksum(body, block) for block in range(-(-len(body) >> SHIFT)))
        head, tail = (part.replace(empty, sums.ljust(len(empty), b"-")) for part in (data[:start], data[stop:]))
        seal, _ = _digest_of_rest(head + tail)
        data[:start], data[stop:] = (part.replace(BLANK, MARK + seal.encode()) for part in (head, tail))


def _checksum(body: memoryview, block: int) -> bytes:
    return b"%08x" % zlib.crc32(body[block << SHIFT : (block + 1) << SHIFT])


def _cold_column(blocks: list[bytes], rows: int) -> pa.Array:
    """Make a column of lists of blocks, all of them in the first row; by buffers, for pa.array imports pandas."""
    ends = np.array([0, *accumulate(map(len, blocks))], np.int32)
    content = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(blocks))]
    found = pa.Array.from_buffers(pa.binary(), len(blocks), content)
    lists = np.array([0, *[len(blocks)] * rows], np.int32)
    return pa.Array.from_buffers(pa.list_(pa.binary()), rows, [None, pa.py_buffer(lists)], children=[found])


def _mapped(path: Path) -> mmap.mmap:
    """Map a file's bytes.

    Raises:
        BadSetting: When it is not there or may not be read.
        CorruptFile: When it is empty.
    """
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise BadSetting(f"there is no file {path} that can be read: {error.strerror}") from None
    except ValueError:
        raise CorruptFile(f"{path} is empty; it should be a table") from None


def _body_of(data: mmap.mmap, path: Path) -> tuple[int, int]:
    """Give where the columns begin and where the footer does.

    Raises:
        CorruptFile: When the file is no Arrow file, or has been cut off.
    """
    size = len(data)
    if size > _HEAD + _TAIL and data[:6] == _MAGIC and data[-6:] == _MAGIC:
        batch = _HEAD + int.from_bytes(data[12:16], "little")
        start = batch + 8 + int.from_bytes(data[batch + 4 : batch + 8], "little")
        stop = size - _TAIL - int.from_bytes(data[size - _TAIL : size - 6], "little")
        if _HEAD < batch < start <= stop < size:
            return start, stop
    raise CorruptFile(f"{path} is not a table, or is damaged or has been cut off: it is no whole Arrow file")


def _digest_of_rest(rest: bytes) -> tuple[str, list[bytes]]:
    """Hash what lies before and behind the body, with blanks for the seals; give these, too."""
    parts = _SEAL.split(rest)
    return hashlib.sha256(BLANK.join(parts[::2])).hexdigest(), parts[1::2]


def _check_whole(path: Path, data: mmap.mmap, seal: bytes) -> None:
    """Compare a file of version 0.1 with its checksum, the SHA-256 of the file with ``_OLD_BLANK`` in its places.

    Raises:
        CorruptFile: When they differ, or there is none.
    """
    if len(seal) == len(_OLD_BLANK):
        blank = data[:].replace(seal, _OLD_BLANK) + _OLD_BLANK  # it ended with those words, too
        if hashlib.sha256(blank).hexdigest().encode() == seal:
            return
    raise CorruptFile(f"{path} is damaged: it is not what was written; {_DO}")
