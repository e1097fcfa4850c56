"""Examples: TFRecord files of ``tf.train.Example``, named lists of bytes or numbers, without TensorFlow.

``Example{ Features features = 1 }``, ``Features{ map<string, Feature> feature = 1 }``, ``Feature{ BytesList = 1 |
FloatList = 2 | Int64List = 3 }``, each of which has its values in field 1.
Reference: https://github.com/tensorflow/tensorflow, ``core/example/example.proto`` and ``core/example/feature.proto``
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from nasbed.core.errors import CorruptFile
from nasbed.readers.protobuf import BYTES, VARINT, delimited, fields, format_varint, read_varint

Features = dict[str, list[Any]]
"""Of each feature its values, bytes or numbers; floats are left out."""

_BYTES_LIST, _INT64_LIST = 1, 3
_HEAD, _TAIL = 12, 4  # bytes around a record: its length and checksum, the checksum of the content


def read_examples(content: bytes, name: str) -> Iterator[Features]:
    """Go through the examples of a file.

    Args:
        content: The file's bytes.
        name: What errors call it.

    Raises:
        CorruptFile: When a checksum is wrong, the file ends within a record, or a record is no example.
    """
    for number, record in enumerate(_records(content, name)):
        try:
            yield _features(record)
        except (ValueError, TypeError) as error:
            raise CorruptFile(f"record {number} of {name} is not a tf.train.Example: {error}") from None


def example_record(features: Mapping[str, bytes | int]) -> bytes:
    """Write an example with one value a feature as a record of a file; numbers are not negative."""
    entries = b""
    for name, value in features.items():
        if isinstance(value, bytes):
            feature = delimited(_BYTES_LIST, delimited(1, value))
        else:
            feature = delimited(_INT64_LIST, delimited(1, format_varint(value)))
        entries += delimited(1, delimited(1, name.encode()) + delimited(2, feature))
    from nasbed.readers.tfrecord import framed  # which imports numba

    return framed(delimited(1, entries))


def _records(content: bytes, name: str) -> Iterator[bytes]:
    """Go through the records of a file, each checked before it is given."""
    from nasbed.readers.tfrecord import masked_crc  # which imports numba

    data, at = np.frombuffer(content, np.uint8), 0
    while at < len(content):
        if at + _HEAD > len(content) or masked_crc(data, at, at + 8) != _number(content, at + 8, 4):
            raise CorruptFile(f"{name} is damaged at byte {at:,}, or is no TFRecord file; get it anew")
        first, last = at + _HEAD, at + _HEAD + _number(content, at, 8)
        if last + _TAIL > len(content) or masked_crc(data, first, last) != _number(content, last, _TAIL):
            raise CorruptFile(f"{name} is damaged or cut off in the record at byte {at:,}; get it anew")
        yield content[first:last]
        at = last + _TAIL


def _number(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(content[at : at + size], "little")


def _features(record: bytes) -> Features:
    """Read an example.

    Raises:
        ValueError, TypeError: When it is none.
    """
    found: Features = {}
    for features in _messages(record, 1):
        for entry in _messages(features, 1):
            (name,), (feature,) = _messages(entry, 1), _messages(entry, 2)
            for kind, _, values in fields(feature):
                if kind in (_BYTES_LIST, _INT64_LIST):
                    found[name.decode()] = _messages(values, 1) if kind == _BYTES_LIST else _integers(values)
    return found


def _messages(message: Any, wanted: int) -> list[bytes]:
    """Give the values of a field of bytes."""
    return [value for field, kind, value in fields(message) if (field, kind) == (wanted, BYTES)]


def _integers(message: Any) -> list[int]:
    """Give the values of a list of numbers, packed or one after another; negative ones as the 64 bits have them."""
    found: list[int] = []
    for _, kind, value in fields(message):
        if kind == VARINT:
            found.append(value)
            continue
        at = 0
        while at < len(value):
            number, at = read_varint(value, at)
            found.append(number)
    return found
