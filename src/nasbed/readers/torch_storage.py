"""Files that ``torch.save`` wrote, read without PyTorch and without running anything.

There are two forms. Since PyTorch 1.6 it is a zip archive that compresses nothing: a pickle of the object,
``data.pkl``, beside one record for the numbers of each storage. Before that it was five pickles, the fourth of which is
the object, followed by the storages. In both, the pickle names a storage by a persistent id. A tensor becomes a NumPy
array that cannot be written to and that lies in the file, which is mapped into memory.

Reference: https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

from __future__ import annotations

import math
import mmap
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import CorruptFile
from nasbed.core.printing import Printed
from nasbed.readers.pickle_opcodes import walk
from nasbed.readers.pickles import Callee, RestrictedUnpickler, is_size, shown

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_LOCAL_HEADER = 30
_BFLOAT16 = "bfloat16"
_KINDS = {
    "Double": "<f8",
    "Float": "<f4",
    "Half": "<f2",
    "BFloat16": _BFLOAT16,
    "Long": "<i8",
    "Int": "<i4",
    "Short": "<i2",
    "Char": "i1",
    "Byte": "u1",
    "Bool": "?",
    "ComplexFloat": "<c8",
    "ComplexDouble": "<c16",
}
"""What a storage is of, by the first part of its class's name."""
_DTYPES = (
    f"float64 float32 float16 {_BFLOAT16} int64 int32 int16 int8 uint8 uint16 uint32 uint64 complex64 complex128 bool"
).split()
_REPEATED_AT_MOST = 1 << 16
"""Numbers of a tensor that is larger than its storage, as one is that was expanded."""


@dataclass(frozen=True)
class TorchFile(Printed):
    """A file that ``torch.save`` wrote, open to be read as a whole or in parts.

    Attributes:
        path: The file.
        data: All its bytes, mapped, ``(bytes,)``.
        pickle: Those of the object's pickle.
        records: Where the numbers of each storage begin and end, by its key.
        widened: Storages of ``bfloat16``, each made once, however often it is asked for.
    """

    path: Path
    data: NDArray[np.uint8]
    pickle: NDArray[np.uint8]
    records: Mapping[str, tuple[int, int]]
    widened: dict[str, NDArray[Any]] = field(default_factory=dict)

    def read(self) -> Any:
        """Give the whole object.

        Raises:
            CorruptFile: When its pickle is not whole or names anything that is not allowed, or a storage is not there.
        """
        walk(self.pickle, str(self.path))
        return self.unpickler(self.pickle.tobytes()).read()

    def unpickler(self, written: bytes) -> TorchUnpickler:
        """Give what reads a pickle that names storages of this file."""
        return TorchUnpickler(written, str(self.path), self.storage)

    def storage(self, key: str, kind: str, count: int) -> NDArray[Any]:
        """Give the numbers of a storage, ``(count,)``; those of ``bfloat16``, which NumPy lacks, as ``float32``."""
        if key not in self.records:
            raise CorruptFile(f"{self.path} has no storage {key!r}, which its object is made of; get the file anew")
        start, stop = self.records[key]
        numbers = self.data[start:stop]
        if kind == "raw":
            return numbers
        size = _width(kind)
        if count < 0 or count * size > len(numbers):
            raise CorruptFile(
                f"{self.path}: storage {key!r} should have {count:,} numbers of {kind}, but has {len(numbers):,} bytes"
            )
        if kind != _BFLOAT16:
            return numbers[: count * size].view(kind)
        if key not in self.widened:
            self.widened[key] = _wide(numbers[: len(numbers) // 2 * 2])
        return self.widened[key][:count]


def open_torch(path: Path, *, verify: bool = True) -> TorchFile:
    """Open a file of either form, without reading its object.

    Args:
        path: The file.
        verify: Whether to hold the records of a zip archive against their checksums, at a second for a gigabyte or two.

    Raises:
        CorruptFile: When it is of neither, cut off, damaged, or written on a machine of the other byte order.
    """
    if not path.is_file():
        raise CorruptFile(f"{path} is no file")
    with path.open("rb") as file:
        try:
            data = np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
        except ValueError:
            raise CorruptFile(f"{path} is empty; get the file anew") from None
    return _open_zip(path, data, verify) if bytes(data[:2]) == b"PK" else _open_legacy(path, data)


def read_torch(path: Path) -> Any:
    """Give the object that ``torch.save`` wrote, with arrays for its tensors.

    Raises:
        CorruptFile: When the file is none, not whole, or names anything that is not allowed.
    """
    return open_torch(path).read()


class TorchUnpickler(RestrictedUnpickler):
    """Reads the pickle of an object that has tensors in it.

    Args:
        written: The pickle.
        name: What errors call it.
        storage: What gives the numbers of a storage, asked for its key, kind and how many there should be.
    """

    def __init__(self, written: bytes, name: str, storage: Callable[[str, str, int], NDArray[Any]]) -> None:
        super().__init__(written, name, also=_ALLOWED)
        self.storage = storage

    def persistent_load(self, pid: Any) -> Any:
        """Give the storage that a persistent id names."""
        if type(pid) is int:
            return super().persistent_load(pid)
        if not isinstance(pid, tuple) or len(pid) not in (5, 6) or pid[0] != "storage":
            what = pid[0] if isinstance(pid, tuple) and pid else pid
            raise CorruptFile(f"{self.name} wants {shown(what)}, which is not a storage of numbers; it was not read")
        named, key, _, count = pid[1:5]
        if not isinstance(named, Callee) or not isinstance(key, str) or type(count) is not int:
            raise CorruptFile(f"{self.name} names a storage in a way in which PyTorch does not: {shown(pid)}")
        numbers = self.storage(key, _kind_named(named), count)
        return numbers if len(pid) == 5 or pid[5] is None else _part(numbers, *pid[5])


def _open_zip(path: Path, data: NDArray[np.uint8], verify: bool) -> TorchFile:
    """Open a file of the newer form."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise CorruptFile(f"{path} is not a whole zip archive ({error}); get the file anew") from None
    places: dict[str, tuple[int, int]] = {}
    behind = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        _, _, name = entry.filename.partition("/")
        if name in places:
            raise CorruptFile(f"{path} has two records called {entry.filename}; PyTorch writes each once")
        places[name] = start, stop = _place(path, data, entry)
        if entry.header_offset < behind:
            raise CorruptFile(f"{path}: {entry.filename} overlaps another record, as PyTorch writes none")
        behind = stop
        if verify and zlib.crc32(data[start:stop].data) != entry.CRC:
            raise CorruptFile(f"{path} is damaged: {entry.filename} does not have its checksum; get the file anew")
    if "constants.pkl" in places:
        raise CorruptFile(f"{path} is a program (TorchScript); a file of data was expected")
    if "data.pkl" not in places:
        raise CorruptFile(f"{path} is a zip archive, but none that torch.save wrote; a file of data was expected")
    order = data[slice(*places["byteorder"])].tobytes() if "byteorder" in places else b"little"
    if order != b"little":
        raise CorruptFile(
            f"{path} was written on a machine of {order.decode('latin1')!r} byte order; only 'little' is read"
        )
    records = {name.removeprefix("data/"): place for name, place in places.items() if name.startswith("data/")}
    return TorchFile(path, data, data[slice(*places["data.pkl"])], records)


def _place(path: Path, data: NDArray[np.uint8], entry: zipfile.ZipInfo) -> tuple[int, int]:
    """Give where a record's bytes begin and end."""
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size or entry.flag_bits & 1:
        raise CorruptFile(f"{path}: {entry.filename} is compressed or encrypted, which PyTorch does not do")
    header = data[entry.header_offset : entry.header_offset + _LOCAL_HEADER].tobytes()
    if len(header) < _LOCAL_HEADER or header[:4] != b"PK\3\4":
        raise CorruptFile(f"{path}: {entry.filename} is not where the archive says; get the file anew")
    start = entry.header_offset + _LOCAL_HEADER + sum(int.from_bytes(header[i : i + 2], "little") for i in (26, 28))
    if start + entry.file_size > len(data):
        raise CorruptFile(f"{path} ends within {entry.filename}; get the file anew")
    return start, start + entry.file_size


def _open_legacy(path: Path, data: NDArray[np.uint8]) -> TorchFile:
    """Open a file of the older form."""
    foreign = CorruptFile(f"{path} is none of the files that torch.save writes")
    if not len(data) or data[0] != 0x80:
        raise foreign
    magic, at = _next(path, data, 0)
    if type(magic) is not int or magic != _MAGIC:
        raise foreign
    protocol, at = _next(path, data, at)
    system, start = _next(path, data, at)
    if type(protocol) is not int or protocol != _PROTOCOL or not isinstance(system, dict):
        raise CorruptFile(f"{path} is of protocol {shown(protocol)} of torch.save; {_PROTOCOL} is known")
    if system.get("little_endian") is not True:
        raise CorruptFile(f"{path} was written on a machine of 'big' byte order; only 'little' is read")
    stop = walk(data, str(path), start).stop
    keys, at = _next(path, data, stop)
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys) or len(set(keys)) != len(keys):
        raise CorruptFile(f"{path}: its list of storages is no list of different names; get the file anew")
    widths: dict[str, int] = {}

    def anywhere(key: str, kind: str, count: int) -> NDArray[Any]:
        """Note how wide a storage's numbers are, and return other ones: it is not known yet where its own lie."""
        widths[key] = _width(kind)
        known = "<f2" if kind == _BFLOAT16 else kind
        return TorchFile(path, data, data[start:stop], {key: (0, len(data))}).storage(key, known, count)

    if keys:
        TorchUnpickler(data[start:stop].tobytes(), str(path), anywhere).read()
    records: dict[str, tuple[int, int]] = {}
    for key in keys:  # a storage begins with how many numbers it has, and the object says of what size
        count = int.from_bytes(data[at : at + 8].tobytes(), "little", signed=True)
        begin = at + 8
        at = begin + count * widths.get(key, 1)
        if count < 0 or at > len(data) or begin > len(data):
            raise CorruptFile(f"{path} ends within storage {key!r} or is damaged there; get the file anew")
        records[key] = (begin, at)
    return TorchFile(path, data, data[start:stop], records)


def _next(path: Path, data: NDArray[np.uint8], at: int) -> tuple[Any, int]:
    """Read the pickle that begins at a place; give what it holds and where it ends."""
    stop = walk(data, str(path), at).stop
    return RestrictedUnpickler(data[at:stop].tobytes(), str(path)).read(), stop


def _width(kind: str) -> int:
    """Return the bytes of a number."""
    return np.dtype({"raw": "u1", _BFLOAT16: "u2"}.get(kind, kind)).itemsize


def _wide(numbers: NDArray[np.uint8]) -> NDArray[Any]:
    """Return bytes that are numbers of ``bfloat16`` as ``float32``."""
    wide = (numbers.view("<u2").astype("<u4") << 16).view("<f4")
    wide.flags.writeable = False
    return wide


def _kind_named(named: Any) -> str:
    """Return the kind of numbers that a pickle names."""
    kind = named() if isinstance(named, Callee) and isinstance(named.called, partial) else None
    if not isinstance(kind, str):
        raise ValueError("a storage or a tensor in it is of no kind of numbers")
    return kind


def _part(numbers: NDArray[Any], _: Any, offset: Any, count: Any) -> NDArray[Any]:
    """Give the part of a storage that another storage is."""
    if not (type(offset) is int and type(count) is int and 0 <= offset <= offset + count <= len(numbers)):
        raise ValueError("a storage in it is a part of one that is smaller")
    return numbers[offset : offset + count]


def _tensor(storage: Any, offset: Any, size: Any, stride: Any, *about: Any) -> NDArray[Any]:
    """Lay a tensor over its storage."""
    if not isinstance(storage, np.ndarray) or not isinstance(size, tuple) or not isinstance(stride, tuple):
        raise ValueError("a tensor in it has no storage, size or stride")
    if not all(type(number) is int and number >= 0 for number in (offset, *size, *stride)):
        raise ValueError("a tensor in it has a size or a stride below 0")
    if len(size) != len(stride) or not is_size(size):
        raise ValueError(f"a tensor in it has {len(size)} sizes and {len(stride)} strides, or none of its many numbers")
    if any(isinstance(one, dict) and (one.get("conj") or one.get("neg")) for one in about):
        raise ValueError("a tensor in it is stored as the conjugate or the negative of another; store it resolved")
    if 0 in size:
        return np.broadcast_to(np.zeros((), storage.dtype), size)
    if offset + sum((side - 1) * step for side, step in zip(size, stride, strict=True)) >= len(storage):
        raise ValueError("a tensor in it is larger than its storage")
    if math.prod(size) > max(len(storage), _REPEATED_AT_MOST):
        raise ValueError("a tensor in it repeats the numbers of its storage too often")
    width = storage.dtype.itemsize
    return np.lib.stride_tricks.as_strided(
        storage[offset:], size, tuple(step * width for step in stride), writeable=False
    )


def _tensor_of_bytes(storage: Any, offset: Any, size: Any, stride: Any, _: Any, __: Any, kind: Any, *about: Any) -> Any:
    """Lay a tensor over bytes, as PyTorch writes it for kinds that came after it had named storages by their kind."""
    if not isinstance(storage, np.ndarray) or storage.dtype != np.uint8:
        raise ValueError("a tensor in it has no storage of bytes")
    named = _kind_named(kind)
    if named in ("raw", _BFLOAT16):
        raise ValueError("a tensor in it is laid over bytes, though PyTorch has storages of its kind")
    width = np.dtype(named).itemsize
    return _tensor(storage[: len(storage) // width * width].view(named), offset, size, stride, *about)


def _first(value: Any, *_: Any) -> Any:
    """Give a parameter's numbers, or the kind of a device."""
    return value


def _size(sides: Any = ()) -> tuple[Any, ...]:
    """Give a ``torch.Size``."""
    if type(sides) not in (list, tuple) or not is_size(tuple(sides)):
        raise ValueError("a size in it is none")
    return tuple(sides)


_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _tensor_of_bytes,
    ("torch._utils", "_rebuild_parameter"): _first,
    ("torch", "Size"): _size,
    ("torch", "device"): _first,
    ("torch.storage", "UntypedStorage"): partial(str, "raw"),
    **{("torch", f"{name}Storage"): partial(str, kind) for name, kind in _KINDS.items()},
    **{("torch", kind): partial(str, kind) for kind in _DTYPES},
}
