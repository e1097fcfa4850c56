"""Records of the usual layout, written: the way back of ``tfrecord_reading``, to the byte."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from nasbed.readers.tfrecord_layout import (
    BACKSLASH,
    BASE64,
    COMMA,
    HEX,
    INPUT,
    LETTER_N,
    LINE,
    MEASURES,
    MESSAGE_AT_MOST,
    OUTPUT,
    PAD,
    POINTS,
    QUOTE,
    SPACE,
    VALUES,
    ZERO,
    masked_crc,
)


@numba.njit(cache=True, nogil=True)
def write_records(
    out: Any,
    rows: Any,
    epochs: Any,
    values: Any,
    hashes: Any,
    archs: Any,
    vertices: Any,
    most_vertices: int,
    parameters: Any,
    names: Any,
    name_ends: Any,
) -> Any:
    """Write records of the usual layout; give where they end.

    Args:
        out: Room for the bytes.
        rows: The row of each record's module in the arrays below, ``(records,)``.
        epochs: ``(records,)``.
        values: The bits of its doubles, ``(records, VALUES)`` uint64.
        hashes: Of each row, ``(n, 16)``.
        archs: The module of each row, ``(n, decisions)``.
        vertices: How many vertices it has, ``(n,)``.
        most_vertices: How many vertices a row of ``archs`` has room for.
        parameters: Of each row, not negative, ``(n,)``.
        names: The operations' names as they stand in JSON, one behind the other, as bytes.
        name_ends: Where each name ends.
    """
    message = np.zeros(MESSAGE_AT_MOST, np.uint8)
    start: Any = 0
    for record in range(len(rows)):
        row = rows[record]
        at = start + 12
        out[at], out[at + 1] = 91, QUOTE
        at += 2
        for i in range(16):
            out[at], out[at + 1] = HEX[hashes[row, i] >> 4], HEX[hashes[row, i] & 15]
            at += 2
        out[at], out[at + 1], out[at + 2] = QUOTE, COMMA, SPACE
        at = _put_decimal(out, at + 3, epochs[record])
        out[at], out[at + 1], out[at + 2] = COMMA, SPACE, QUOTE
        at += 3
        count = np.int64(vertices[row])
        for x in range(count):
            for y in range(count):
                place = most_vertices - 1 if y == count - 1 else y
                there = x < y and archs[row, x + place * (place - 1) // 2] != 0
                out[at] = ZERO + 1 if there else ZERO
                at += 1
        out[at], out[at + 1], out[at + 2], out[at + 3] = QUOTE, COMMA, SPACE, QUOTE
        at = _put_text(out, at + 4, INPUT)
        for v in range(count - 2):
            out[at] = COMMA
            label = archs[row, most_vertices * (most_vertices - 1) // 2 + v]
            begin = name_ends[label - 1] if label else 0
            at = _put_text(out, at + 1, names[begin : name_ends[label]])
        out[at] = COMMA
        at = _put_text(out, at + 1, OUTPUT)
        out[at], out[at + 1], out[at + 2], out[at + 3] = QUOTE, COMMA, SPACE, QUOTE
        size = _write_message(message, values[record], np.int64(parameters[row]))
        at = _put_base64(out, at + 4, message, size)
        out[at], out[at + 1] = QUOTE, 93
        at += 2
        _put_number(out, start, np.uint64(at - start - 12), 8)
        _put_number(out, start + 8, np.uint64(masked_crc(out, start, start + 8)), 4)
        start = _put_number(out, at, np.uint64(masked_crc(out, start + 12, at)), 4)
    return start


@numba.njit(cache=True, nogil=True)
def _put_text(out: Any, at: Any, text: Any) -> Any:
    for i in range(len(text)):
        out[at + i] = text[i]
    return at + len(text)


@numba.njit(cache=True, nogil=True)
def _put_decimal(out: Any, at: Any, value: Any) -> Any:
    unit: Any = 1
    while value // unit >= 10:
        unit *= 10
    while unit:
        out[at] = ZERO + value // unit % 10
        at += 1
        unit //= 10
    return at


@numba.njit(cache=True, nogil=True)
def _write_message(message: Any, values: Any, parameters: Any) -> Any:
    """Undo ``_read_message``; give the length."""
    at: Any = 0
    for point in range(POINTS):
        message[at], message[at + 1] = 0x0A, 9 * MEASURES
        at += 2
        for measure in range(MEASURES):
            message[at] = (measure + 1) << 3 | 1
            at = _put_number(message, at + 1, values[MEASURES * point + measure], 8)
    message[at] = 0x10
    at += 1
    while parameters >= 128:
        message[at] = parameters & 127 | 128
        parameters >>= 7
        at += 1
    message[at] = parameters
    message[at + 1] = 0x19
    return _put_number(message, at + 2, values[VALUES - 1], 8)


@numba.njit(cache=True, nogil=True)
def _put_base64(out: Any, at: Any, message: Any, size: Any) -> Any:
    """Undo ``_read_base64``; give where it ends."""
    line: Any = 0
    for i in range(0, size, 3):
        left = min(size - i, 3)
        word = np.uint32(message[i]) << np.uint32(16)
        if left > 1:
            word |= np.uint32(message[i + 1]) << np.uint32(8)
        if left > 2:
            word |= np.uint32(message[i + 2])
        for j in range(4):
            out[at + j] = BASE64[word >> np.uint32(18 - 6 * j) & np.uint32(63)] if j <= left else PAD
        at += 4
        line += 4
        if line == LINE or i + 3 >= size:
            out[at], out[at + 1] = BACKSLASH, LETTER_N
            at += 2
            line = 0
    return at


@numba.njit(cache=True, nogil=True)
def _put_number(out: Any, at: Any, value: Any, width: int) -> Any:
    """Write a little-endian number; give where it ends."""
    for i in range(width):
        out[at + i] = np.uint8(np.uint64(value) >> np.uint64(8 * i) & np.uint64(0xFF))
    return at + width
