"""Protocol buffers, as they are on the wire: what little of them records and examples take.

Reference: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

VARINT, DOUBLE, BYTES, FLOAT = 0, 1, 2, 5
"""The wire types: a number, eight bytes, as many bytes as are said, four bytes."""

_SIZES = {DOUBLE: 8, FLOAT: 4}


def fields(message: bytes, whose: str = "it") -> Iterator[tuple[int, int, Any]]:
    """Go through a message: the number of each field, its wire type, and its value: a number, or bytes.

    Raises:
        ValueError: When it is no message, saying so of what is named.
    """
    at = 0
    while at < len(message):
        tag, at = read_varint(message, at, whose)
        field, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, at = read_varint(message, at, whose)
            yield field, kind, value
            continue
        if kind == BYTES:
            size, at = read_varint(message, at, whose)
        elif kind in _SIZES:
            size = _SIZES[kind]
        else:
            raise ValueError(f"{whose} has a field {field} of the unexpected wire type {kind}")
        if at + size > len(message):
            raise ValueError(f"{whose} is cut off")
        yield field, kind, message[at : at + size]
        at += size


def read_varint(message: bytes, at: int, whose: str = "it") -> tuple[int, int]:
    """Give the number at a place, and the place behind it; raises as ``fields`` does."""
    value = 0
    for shift in range(0, 70, 7):
        if at == len(message):
            raise ValueError(f"{whose} is cut off")
        value |= (message[at] & 127) << shift
        at += 1
        if message[at - 1] < 128:
            return value, at
    raise ValueError(f"{whose} has a number of more than ten bytes")


def format_varint(value: int) -> bytes:
    """Write a number that is not negative."""
    encoded = bytearray()
    while value >= 128:
        encoded.append(value & 127 | 128)
        value >>= 7
    return bytes([*encoded, value])


def delimited(field: int, content: bytes) -> bytes:
    """Write a field of bytes: a text, or a message in a message."""
    return bytes([field << 3 | BYTES]) + format_varint(len(content)) + content
