"""What a file of PyTorch says of tensors, laid over the numbers of their storages."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.readers.pickles import Callee, is_size

BFLOAT16 = "bfloat16"
_KINDS = {
    "Double": "<f8",
    "Float": "<f4",
    "Half": "<f2",
    "BFloat16": BFLOAT16,
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
    f"float64 float32 float16 {BFLOAT16} int64 int32 int16 int8 uint8 uint16 uint32 uint64 complex64 complex128 bool"
).split()
_REPEATED_AT_MOST = 1 << 16
"""Numbers of a tensor that is larger than its storage, as one is that was expanded."""


def kind_named(named: Any) -> str:
    """Return the kind of numbers that a pickle names."""
    kind = named() if isinstance(named, Callee) and isinstance(named.called, partial) else None
    if not isinstance(kind, str):
        raise ValueError("a storage or a tensor in it is of no kind of numbers")
    return kind


def part(numbers: NDArray[Any], _: Any, offset: Any, count: Any) -> NDArray[Any]:
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
    named = kind_named(kind)
    if named in ("raw", BFLOAT16):
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


ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
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
