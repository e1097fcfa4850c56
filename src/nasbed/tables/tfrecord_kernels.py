"""The hot loops of the published file: checksums, and records of the usual layout, read and written.

A record is JSON around base64 around a protocol buffer (see record.py). Nearly all have one layout down to the byte;
that layout alone is known here. Whatever differs is left to the plain code.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

COMPLETE, INCOMPLETE, BAD_LENGTH, BAD_DATA = 0, 1, 2, 3
POINTS, MEASURES = 3, 5
VALUES = POINTS * MEASURES + 1
"""Doubles of a record: current_epoch and the rest at three points in time, then total_time."""

VERTICES_AT_MOST = 11
_POLYNOMIAL = 0x82F63B78  # Castagnoli's, reflected
_MASK_DELTA = np.uint32(0xA282EAD8)
_LINE = 76
_MESSAGE_AT_MOST = 256
_QUOTE, _BACKSLASH, _COMMA, _SPACE, _N, _ZERO, _PAD = 34, 92, 44, 32, 110, 48, 61


def _crc_tables() -> NDArray[np.uint32]:
    """Make the tables of slicing by eight, ``(8, 256)``: what a byte does to the checksum k bytes later."""
    first = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        first = np.where(first & 1, first >> 1 ^ np.uint32(_POLYNOMIAL), first >> 1).astype(np.uint32)
    tables = [first]
    for _ in range(7):
        tables.append(tables[-1] >> 8 ^ first[tables[-1] & 0xFF])
    return np.array(tables, np.uint32)


def _inverse(alphabet: bytes) -> NDArray[np.uint8]:
    """Give the value of each character of an alphabet, 255 of any other."""
    values = np.full(256, 255, np.uint8)
    values[np.frombuffer(alphabet, np.uint8)] = np.arange(len(alphabet))
    return values


_CRC = _crc_tables()
_BASE64 = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", np.uint8)
_FROM_BASE64 = _inverse(_BASE64.tobytes())
_INVALID = np.uint32(1 << 31)
_QUADS = np.array(
    [np.where(_FROM_BASE64 == 255, _INVALID, np.uint32(_FROM_BASE64) << shift) for shift in (18, 12, 6, 0)], np.uint32
)
"""What each of four characters adds to the 24 bits that they stand for, ``(4, 256)``; the highest bit if nothing."""
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
_FROM_HEX = _inverse(_HEX.tobytes())
_INPUT = np.frombuffer(b"input", np.uint8)
_OUTPUT = np.frombuffer(b"output", np.uint8)


@numba.njit(cache=True, nogil=True)
def masked_crc(data: Any, start: Any, stop: Any) -> Any:
    """Give the CRC-32C of some bytes, masked as TFRecord masks it."""
    crc = np.uint32(0xFFFFFFFF)
    at = start
    while at + 8 <= stop:
        crc ^= (
            np.uint32(data[at])
            | np.uint32(data[at + 1]) << np.uint32(8)
            | np.uint32(data[at + 2]) << np.uint32(16)
            | np.uint32(data[at + 3]) << np.uint32(24)
        )
        crc = np.uint32(
            _CRC[7, crc & np.uint32(0xFF)]
            ^ _CRC[6, (crc >> np.uint32(8)) & np.uint32(0xFF)]
            ^ _CRC[5, (crc >> np.uint32(16)) & np.uint32(0xFF)]
            ^ _CRC[4, crc >> np.uint32(24)]
            ^ _CRC[3, data[at + 4]]
            ^ _CRC[2, data[at + 5]]
            ^ _CRC[1, data[at + 6]]
            ^ _CRC[0, data[at + 7]]
        )
        at += 8
    while at < stop:
        crc = np.uint32(crc >> np.uint32(8)) ^ _CRC[0, (crc ^ np.uint32(data[at])) & np.uint32(0xFF)]
        at += 1
    crc = np.uint32(crc ^ np.uint32(0xFFFFFFFF))
    return np.uint32(np.uint32(crc >> np.uint32(15) | crc << np.uint32(17)) + _MASK_DELTA)


@numba.njit(cache=True, nogil=True)
def _number(data: Any, at: Any, width: int) -> Any:
    """Read a little-endian number."""
    value = np.uint64(0)
    for i in range(width):
        value |= np.uint64(data[at + i]) << np.uint64(8 * i)
    return value


@numba.njit(cache=True, nogil=True)
def _put_number(out: Any, at: Any, value: Any, width: int) -> Any:
    """Write a little-endian number; give where it ends."""
    for i in range(width):
        out[at + i] = np.uint8(np.uint64(value) >> np.uint64(8 * i) & np.uint64(0xFF))
    return at + width


@numba.njit(cache=True, nogil=True)
def _same(data: Any, at: Any, stop: Any, text: Any) -> Any:
    """Say whether the bytes from ``at`` to ``stop`` are a text."""
    if stop - at != len(text):
        return False
    same: Any = True
    for i in range(len(text)):
        same &= data[at + i] == text[i]
    return same


@numba.njit(cache=True, nogil=True)
def read_records(
    data: Any,
    start: Any,
    stop: Any,
    names: Any,
    name_ends: Any,
    places: Any,
    usual: Any,
    epochs: Any,
    values: Any,
    module: Any,
    hashes: Any,
    vertices: Any,
    masks: Any,
    labels: Any,
    parameters: Any,
) -> Any:
    """Check the framing of records and take those apart that have the usual layout.

    Args:
        data: Bytes of the file.
        start: Where the first record begins.
        stop: Where the bytes end.
        names: The operations' names, one behind the other, as bytes.
        name_ends: Where each name ends.
        places: Where the JSON of each record begins and ends, ``(records, 2)``; written, as are all that follow.
        usual: Whether a record has the usual layout, ``(records,)``; of others the following is not written.
        epochs: ``(records,)``.
        values: The bits of its doubles, ``(VALUES, records)`` uint64.
        module: The number of its module among those below, ``(records,)``.
        hashes: Of each module, ``(records, 16)``. Records that follow each other share a module.
        vertices: Its vertices.
        masks: Its edges x→y in bit ``x + y(y−1)/2``.
        labels: Its operations, −1 beyond the last, ``(records, interior)``.
        parameters: Its trainable parameters.

    Returns:
        How many records, how many modules, where the next record begins, and why it ended: ``COMPLETE`` when all is
        full, ``INCOMPLETE`` when bytes are lacking, or the checksum that is wrong.
    """
    message = np.zeros(_MESSAGE_AT_MOST, np.uint8)
    earlier = np.full(3, -1, np.int64)  # where hash, matrix and base64 begin in the record that the latest module is of
    count: Any = 0
    modules: Any = 0
    at = start
    while count < len(usual):
        if at + 12 > stop:
            return count, modules, at, INCOMPLETE
        if masked_crc(data, at, at + 8) != np.uint32(_number(data, at + 8, 4)):
            return count, modules, at, BAD_LENGTH
        length = _number(data, at, 8)
        if length > np.uint64(1 << 40) or at + np.int64(length) + 16 > stop:
            return count, modules, at, INCOMPLETE
        first, last = at + 12, at + 12 + np.int64(length)
        if masked_crc(data, first, last) != np.uint32(_number(data, last, 4)):
            return count, modules, at, BAD_DATA
        places[count, 0], places[count, 1] = first, last
        number, matrix = _read_epochs(data, first, last)
        again: Any = matrix > 0 and _is_repeated(data, first + 2, matrix, last, earlier)
        if again:
            metrics = matrix + earlier[2] - earlier[1]
        else:
            metrics = _read_module(
                data, first, matrix, last, names, name_ends, hashes, vertices, masks, labels, modules
            )
        found = np.int64(-1)
        if metrics > 0:
            found = _read_message(message, _read_base64(data, metrics, last, message), values, count)
        usual[count] = found >= 0
        if found >= 0:
            epochs[count] = number
            if again and parameters[modules - 1] != found:
                _read_module(data, first, matrix, last, names, name_ends, hashes, vertices, masks, labels, modules)
                again = False
            if not again:
                parameters[modules] = found
                modules += 1
                earlier[0], earlier[1], earlier[2] = first + 2, matrix, metrics
            module[count] = modules - 1
        count += 1
        at = last + 4
    return count, modules, at, COMPLETE


@numba.njit(cache=True, nogil=True)
def _read_epochs(data: Any, at: Any, stop: Any) -> Any:
    """Read ``["<32 characters>", <epochs>, "``; give the epochs, and where the matrix begins or 0."""
    if at + 44 > stop or data[at] != 91 or data[at + 1] != _QUOTE:
        return 0, 0
    at += 34
    if data[at] != _QUOTE or data[at + 1] != _COMMA or data[at + 2] != _SPACE or data[at + 3] == _ZERO:
        return 0, 0
    at += 3
    epochs: Any = 0
    digits: Any = 0
    while at < stop and digits < 9 and _ZERO <= data[at] <= 57:
        epochs = epochs * 10 + data[at] - _ZERO
        at += 1
        digits += 1
    if at + 3 > stop or epochs == 0 or data[at] != _COMMA or data[at + 1] != _SPACE or data[at + 2] != _QUOTE:
        return 0, 0
    return np.int64(epochs), np.int64(at + 3)


@numba.njit(cache=True, nogil=True)
def _is_repeated(data: Any, module: Any, matrix: Any, stop: Any, earlier: Any) -> Any:
    """Say whether hash, matrix and operations are those of an earlier record, byte for byte."""
    size = earlier[2] - earlier[1]
    if size <= 0 or matrix + size > stop:
        return False
    return _differences(data[module : module + 32], data[earlier[0] : earlier[0] + 32]) == 0 and (
        _differences(data[matrix : matrix + size], data[earlier[1] : earlier[2]]) == 0
    )


@numba.njit(cache=True, nogil=True)
def _differences(one: Any, other: Any) -> Any:
    """Give the bits in which any of the bytes differ; told of slices, the compiler makes vector instructions of it."""
    found = np.uint8(0)
    for i in range(len(one)):
        found |= one[i] ^ other[i]
    return found


@numba.njit(cache=True, nogil=True)
def _read_module(
    data: Any,
    first: Any,
    matrix: Any,
    stop: Any,
    names: Any,
    name_ends: Any,
    hashes: Any,
    vertices: Any,
    masks: Any,
    labels: Any,
    slot: Any,
) -> Any:
    """Read hash, ``<matrix>", "<operations>", "`` into a module's slot; give where the base64 begins, or 0."""
    wrong = np.int64(0)
    if matrix == 0:
        return wrong
    at = first + 2
    for i in range(16):
        high, low = _FROM_HEX[data[at + 2 * i]], _FROM_HEX[data[at + 2 * i + 1]]
        if high == 255 or low == 255:
            return wrong
        hashes[slot, i] = high << 4 | low
    at = end = matrix
    while end < stop and data[end] != _QUOTE:
        end += 1
    side: Any = 2
    while side * side < end - at:
        side += 1
    if side * side != end - at or side > VERTICES_AT_MOST:
        return wrong
    mask = np.uint64(0)
    for x in range(side):
        for y in range(side):
            character = data[at + x * side + y]
            if character == _ZERO + 1 and x < y:
                mask |= np.uint64(1) << np.uint64(x + y * (y - 1) // 2)
            elif character != _ZERO:
                return wrong
    vertices[slot], masks[slot] = side, mask
    at = end
    if at + 4 > stop or data[at + 1] != _COMMA or data[at + 2] != _SPACE or data[at + 3] != _QUOTE:
        return wrong
    at += 4
    for i in range(labels.shape[1]):
        labels[slot, i] = -1
    for v in range(side):
        end = at
        while end < stop and data[end] != _COMMA and data[end] != _QUOTE:
            end += 1
        if end + 4 > stop or data[end] != (_QUOTE if v == side - 1 else _COMMA):
            return wrong
        if v == 0:
            fine: Any = _same(data, at, end, _INPUT)
        elif v == side - 1:
            fine = _same(data, at, end, _OUTPUT)
        else:
            fine = False
            for i in range(len(name_ends)):
                begin = name_ends[i - 1] if i else 0
                if _same(data, at, end, names[begin : name_ends[i]]):
                    labels[slot, v - 1] = i
                    fine = True
                    break
        if not fine:
            return wrong
        at = end + 1
    if data[at] != _COMMA or data[at + 1] != _SPACE or data[at + 2] != _QUOTE:
        return wrong
    return np.int64(at + 3)


@numba.njit(cache=True, nogil=True)
def _read_base64(data: Any, at: Any, stop: Any, message: Any) -> Any:
    r"""Decode base64 with ``\n`` every 76 characters and at the end, up to the final ``"]``; give its length, or −1.

    Only what encoding the message again would give is taken.
    """
    size: Any = 0
    line: Any = 0
    padding: Any = 0
    while at + _LINE + 2 < stop and size + _LINE * 3 // 4 <= len(message):
        text, found = data[at : at + _LINE], message[size : size + _LINE * 3 // 4]
        faults = np.uint32(0)
        for i in range(_LINE // 4):
            word = (
                _QUADS[0, text[4 * i]]
                | _QUADS[1, text[4 * i + 1]]
                | _QUADS[2, text[4 * i + 2]]
                | _QUADS[3, text[4 * i + 3]]
            )
            faults |= word
            found[3 * i] = np.uint8(word >> np.uint32(16) & np.uint32(255))
            found[3 * i + 1] = np.uint8(word >> np.uint32(8) & np.uint32(255))
            found[3 * i + 2] = np.uint8(word & np.uint32(255))
        if faults & _INVALID or data[at + _LINE] != _BACKSLASH or data[at + _LINE + 1] != _N:
            break  # not a whole line
        at += _LINE + 2
        size += _LINE * 3 // 4
    while at + 2 < stop:
        if data[at] == _BACKSLASH:
            if data[at + 1] != _N or not (line == _LINE or (data[at + 2] == _QUOTE and line > 0)):
                return -1
            at += 2
            line = 0
            continue
        if data[at] == _QUOTE or padding or line == _LINE or at + 6 > stop or size + 3 > len(message):
            break
        a, b = np.uint32(_FROM_BASE64[data[at]]), np.uint32(_FROM_BASE64[data[at + 1]])
        c, d = np.uint32(_FROM_BASE64[data[at + 2]]), np.uint32(_FROM_BASE64[data[at + 3]])
        if d == 255 and data[at + 3] == _PAD:
            d, padding = np.uint32(0), 1
            if c == 255 and data[at + 2] == _PAD:
                c, padding = np.uint32(0), 2
        if a == 255 or b == 255 or c == 255 or d == 255:
            return -1
        word = a << np.uint32(18) | b << np.uint32(12) | c << np.uint32(6) | d
        message[size] = np.uint8(word >> np.uint32(16) & np.uint32(255))
        message[size + 1] = np.uint8(word >> np.uint32(8) & np.uint32(255))
        message[size + 2] = np.uint8(word & np.uint32(255))
        for i in range(padding):
            if message[size + 2 - i]:
                return -1
        size += 3 - padding
        at += 4
        line += 4
    if at + 2 != stop or line or data[at] != _QUOTE or data[at + 1] != 93:
        return -1
    return size


@numba.njit(cache=True, nogil=True)
def _read_message(message: Any, size: Any, values: Any, record: Any) -> Any:
    """Read three evaluations and the total time; give the parameters, or −1 if that is not all there is, in order."""
    wrong = np.int64(-1)
    if size < POINTS * (2 + 9 * MEASURES) + 2 + 9:
        return wrong
    at: Any = 0
    for point in range(POINTS):
        if message[at] != 0x0A or message[at + 1] != 9 * MEASURES:
            return wrong
        at += 2
        for measure in range(MEASURES):
            if message[at] != (measure + 1) << 3 | 1:
                return wrong
            values[MEASURES * point + measure, record] = _number(message, at + 1, 8)
            at += 9
    if message[at] != 0x10:
        return wrong
    at += 1
    count: Any = 0
    shift: Any = 0
    while message[at] >= 128 and shift < 28:
        count |= np.int64(message[at] & 127) << shift
        shift += 7
        at += 1
    if message[at] >= 8 if shift == 28 else (message[at] == 0 and shift > 0):
        return wrong  # negative, or longer than it need be
    count |= np.int64(message[at]) << shift
    at += 1
    if at + 9 != size or message[at] != 0x19:
        return wrong
    values[VALUES - 1, record] = _number(message, at + 1, 8)
    return count


@numba.njit(cache=True, nogil=True)
def number_repeats(groups: Any, counts: Any) -> Any:
    """Number the members of each group from 0 in their order, ``(n,)``; ``counts``, zero, ends as their numbers."""
    numbers = np.empty(len(groups), np.int32)
    for i in range(len(groups)):
        numbers[i] = counts[groups[i]]
        counts[groups[i]] += 1
    return numbers


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
    message = np.zeros(_MESSAGE_AT_MOST, np.uint8)
    start: Any = 0
    for record in range(len(rows)):
        row = rows[record]
        at = start + 12
        out[at], out[at + 1] = 91, _QUOTE
        at += 2
        for i in range(16):
            out[at], out[at + 1] = _HEX[hashes[row, i] >> 4], _HEX[hashes[row, i] & 15]
            at += 2
        out[at], out[at + 1], out[at + 2] = _QUOTE, _COMMA, _SPACE
        at = _put_decimal(out, at + 3, epochs[record])
        out[at], out[at + 1], out[at + 2] = _COMMA, _SPACE, _QUOTE
        at += 3
        count = np.int64(vertices[row])
        for x in range(count):
            for y in range(count):
                place = most_vertices - 1 if y == count - 1 else y
                there = x < y and archs[row, x + place * (place - 1) // 2] != 0
                out[at] = _ZERO + 1 if there else _ZERO
                at += 1
        out[at], out[at + 1], out[at + 2], out[at + 3] = _QUOTE, _COMMA, _SPACE, _QUOTE
        at = _put_text(out, at + 4, _INPUT)
        for v in range(count - 2):
            out[at] = _COMMA
            label = archs[row, most_vertices * (most_vertices - 1) // 2 + v]
            begin = name_ends[label - 1] if label else 0
            at = _put_text(out, at + 1, names[begin : name_ends[label]])
        out[at] = _COMMA
        at = _put_text(out, at + 1, _OUTPUT)
        out[at], out[at + 1], out[at + 2], out[at + 3] = _QUOTE, _COMMA, _SPACE, _QUOTE
        size = _write_message(message, values[record], np.int64(parameters[row]))
        at = _put_base64(out, at + 4, message, size)
        out[at], out[at + 1] = _QUOTE, 93
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
        out[at] = _ZERO + value // unit % 10
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
            out[at + j] = _BASE64[word >> np.uint32(18 - 6 * j) & np.uint32(63)] if j <= left else _PAD
        at += 4
        line += 4
        if line == _LINE or i + 3 >= size:
            out[at], out[at + 1] = _BACKSLASH, _N
            at += 2
            line = 0
    return at
