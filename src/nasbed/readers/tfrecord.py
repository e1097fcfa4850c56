"""Records of the usual layout, read in bulk: framing checked, and taken apart into arrays.

A record is JSON around base64 around a protocol buffer (see record.py). Nearly all have one layout down to the byte;
that layout alone is known to the compiled loops. Whatever differs is left to the plain code.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.compiled import unlocked_kernel
from nasbed.readers.names import MEASURES, POINTS
from nasbed.readers.pickle_layout import little_endian

COMPLETE, INCOMPLETE, BAD_LENGTH, BAD_DATA = 0, 1, 2, 3
VERTICES_AT_MOST = 11
VALUES = len(POINTS) * len(MEASURES) + 1
"""Doubles of a record: current_epoch and the rest at three points in time, then total_time."""

_POINTS, _MEASURES = len(POINTS), len(MEASURES)
_LINE = 76  # characters of base64 between two line ends
_BYTES = 57  # that they stand for
_MESSAGE_AT_MOST = 256
_QUOTE, _BACKSLASH, _COMMA, _LETTER_N, _ZERO, _PAD, _END = b'"\\,n0=]'
_INPUT, _OUTPUT, _BEGIN, _HASH_END, _NEXT = (
    np.frombuffer(text, np.uint8) for text in (b"input", b"output", b'["', b'", ', b', "')
)
_POLYNOMIAL = 0x82F63B78  # Castagnoli's, reflected
_MASK_DELTA = np.uint32(0xA282EAD8)


def _inverse(alphabet: bytes) -> NDArray[np.uint8]:
    """Give the value of each character of an alphabet, 255 of any other."""
    values = np.full(256, 255, np.uint8)
    values[list(alphabet)] = np.arange(len(alphabet))
    return values


_FROM_HEX = _inverse(b"0123456789abcdef")
_FROM_BASE64 = _inverse(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_INVALID = np.uint32(1 << 31)
_QUADS = np.array(
    [np.where(_FROM_BASE64 == 255, _INVALID, np.uint32(_FROM_BASE64) << shift) for shift in (18, 12, 6, 0)], np.uint32
)
"""What each of four characters adds to the 24 bits that they stand for, ``(4, 256)``; the highest bit if nothing."""


def _crc_tables() -> NDArray[np.uint32]:
    """Make the tables of slicing by eight, ``(8, 256)``: what a byte does to the checksum k bytes later."""
    first = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        first = np.where(first & 1, first >> 1 ^ np.uint32(_POLYNOMIAL), first >> 1).astype(np.uint32)
    tables = [first]
    for _ in range(7):
        tables.append(tables[-1] >> 8 ^ first[tables[-1] & 0xFF])
    return np.array(tables, np.uint32)


_CRC = _crc_tables()


@unlocked_kernel
def masked_crc(data: Any, start: Any, stop: Any) -> Any:
    """Give the CRC-32C of some bytes, masked as TFRecord masks it."""
    crc = np.uint64(0xFFFFFFFF)
    at = start
    while at + 8 <= stop:
        word, mixed = little_endian(data, at, 8), np.uint32(0)
        for i in range(8):
            mixed ^= _CRC[7 - i, (word ^ crc if i < 4 else word) >> np.uint64(8 * i) & np.uint64(255)]
        crc = np.uint64(mixed)
        at += 8
    while at < stop:
        crc = crc >> np.uint64(8) ^ np.uint64(_CRC[0, (crc ^ data[at]) & np.uint64(255)])
        at += 1
    crc ^= np.uint64(0xFFFFFFFF)
    return np.uint32(np.uint32(crc >> np.uint64(15) | crc << np.uint64(17)) + _MASK_DELTA)


def framed(text: bytes) -> bytes:
    """Put length and checksums around a record."""
    length = len(text).to_bytes(8, "little")
    crcs = [int(masked_crc(np.frombuffer(part, np.uint8), 0, len(part))) for part in (length, text)]
    return length + crcs[0].to_bytes(4, "little") + text + crcs[1].to_bytes(4, "little")


@unlocked_kernel
def read_records(data: Any, start: Any, stop: Any, names: Any, records: Any, modules: Any) -> Any:
    """Check the framing of records and take those apart that have the usual layout.

    Args:
        data: Bytes of the file.
        start: Where the first record begins.
        stop: Where the bytes end.
        names: The operations' names as bytes, one behind the other, and where each ends.
        records: What is written of each record. Where its JSON begins and ends, ``(records, 2)``; whether it has the
            usual layout, ``(records,)``, without which the following is not written; its epochs; the bits of its
            doubles, ``(VALUES, records)`` uint64; the number of its module.
        modules: What is written of each module, which records that follow each other share. Its hash, ``(records,
            16)``; its vertices; its edges x→y in bit ``x + y(y−1)/2``; its operations, −1 beyond the last,
            ``(records, interior)``; its trainable parameters.

    Returns:
        How many records, how many modules, where the next record begins, and why it ended: ``COMPLETE`` when all is
        full, ``INCOMPLETE`` when bytes are lacking, or the checksum that is wrong.
    """
    places, usual, epochs, values, module = records
    parameters = modules[4]
    message = np.zeros(_MESSAGE_AT_MOST, np.uint8)
    earlier = np.zeros(3, np.int64)  # where hash, matrix and base64 begin in the record that the latest module is of
    none: Any = np.int64(0)
    count, known, at = none, none, none + start  # records, modules
    while count < len(usual):
        if at + 12 > stop:
            return count, known, at, INCOMPLETE
        if masked_crc(data, at, at + 8) != np.uint32(little_endian(data, at + 8, 4)):
            return count, known, at, BAD_LENGTH
        length = little_endian(data, at, 8)
        if length > np.uint64(1 << 40) or at + np.int64(length) + 16 > stop:
            return count, known, at, INCOMPLETE
        first, last = at + 12, at + 12 + np.int64(length)
        if masked_crc(data, first, last) != np.uint32(little_endian(data, last, 4)):
            return count, known, at, BAD_DATA
        places[count, 0], places[count, 1] = first, last
        number, matrix = _read_epochs(data, first, last)
        again, found = _is_repeated(data, first + 2, matrix, last, earlier), none - 1
        metrics = matrix + earlier[2] - earlier[1]
        if not again:
            metrics = _read_module(data, first, matrix, last, names, modules, known)
        if metrics > 0:
            found = _read_message(message, _read_base64(data, metrics, last, message), values, count)
        usual[count] = found >= 0
        if found >= 0:
            epochs[count] = number
            if again and parameters[known - 1] != found:
                again = _read_module(data, first, matrix, last, names, modules, known) < 0
            if not again:
                parameters[known], earlier[0], earlier[1], earlier[2] = found, first + 2, matrix, metrics
                known += 1
            module[count] = known - 1
        count += 1
        at = last + 4
    return count, known, at, COMPLETE


@unlocked_kernel
def _read_epochs(data: Any, at: Any, stop: Any) -> Any:
    """Read ``["<32 characters>", <epochs>, "``; give the epochs, and where the matrix begins or 0."""
    epochs, none = np.int64(0), np.int64(0)
    begin, at = at, at + 37
    if at + 7 > stop or not (_same(data[begin : begin + 2], _BEGIN) and _same(data[at - 3 : at], _HASH_END)):
        return epochs, none
    while at < min(stop, begin + 46) and _ZERO + (epochs == 0) <= data[at] <= 57:
        epochs = epochs * 10 + data[at] - _ZERO
        at += 1
    return epochs, at + 3 if epochs and at + 3 <= stop and _same(data[at : at + 3], _NEXT) else none


@unlocked_kernel
def _is_repeated(data: Any, module: Any, matrix: Any, stop: Any, earlier: Any) -> Any:
    """Say whether hash, matrix and operations are those of an earlier record, byte for byte."""
    size = earlier[2] - earlier[1]
    return (
        min(size, matrix) > 0
        and matrix + size <= stop
        and _same(data[module : module + 32], data[earlier[0] : earlier[0] + 32])
        and _same(data[matrix : matrix + size], data[earlier[1] : earlier[2]])
    )


@unlocked_kernel
def _same(one: Any, other: Any) -> Any:
    """Say whether these are the same bytes; told of slices, the compiler makes vector instructions of it."""
    if len(one) != len(other):
        return False
    found = np.uint8(0)
    for i in range(len(one)):
        found |= one[i] ^ other[i]
    return found == 0


@unlocked_kernel
def _read_module(data: Any, first: Any, matrix: Any, stop: Any, names: Any, modules: Any, slot: Any) -> Any:
    """Read hash, ``<matrix>", "<operations>", "`` into a module's slot; give where the base64 begins, or 0."""
    hashes, vertices, masks, labels, _ = modules
    text, ends = names
    wrong = np.int64(0)
    if matrix == 0:
        return wrong
    for i in range(16):
        high, low = _FROM_HEX[data[first + 2 + 2 * i]], _FROM_HEX[data[first + 3 + 2 * i]]
        if high == 255 or low == 255:
            return wrong
        hashes[slot, i] = high << 4 | low
    at = matrix
    end = _end_of_text(data, at, stop)
    side = np.int64(2)
    while side * side < end - at:
        side += 1
    if (
        side * side != end - at
        or side > VERTICES_AT_MOST
        or end + 4 > stop
        or not _same(data[end + 1 : end + 4], _NEXT)
    ):
        return wrong
    vertices[slot], masks[slot], labels[slot] = side, 0, -1
    for x in range(side):
        for y in range(side):
            character = data[at + x * side + y]
            if character == _ZERO + 1 and x < y:
                masks[slot] |= np.uint64(1) << np.uint64(x + y * (y - 1) // 2)
            elif character != _ZERO:
                return wrong
    at = end + 4
    for v in range(side):
        end = _end_of_text(data, at, stop)
        if end + 4 > stop or data[end] != (_QUOTE if v == side - 1 else _COMMA):
            return wrong
        fine = _same(data[at:end], _INPUT) if v == 0 else v == side - 1 and _same(data[at:end], _OUTPUT)
        for i in range(len(ends) if 0 < v < side - 1 else 0):
            if _same(data[at:end], text[ends[i - 1] if i else 0 : ends[i]]):
                labels[slot, v - 1], fine = i, True
                break
        if not fine:
            return wrong
        at = end + 1
    return at + 3 if _same(data[at : at + 3], _NEXT) else wrong


@unlocked_kernel
def _end_of_text(data: Any, at: Any, stop: Any) -> Any:
    """Give the place of the next quote or comma."""
    while at < stop and data[at] != _QUOTE and data[at] != _COMMA:
        at += 1
    return at


@unlocked_kernel
def _read_base64(data: Any, at: Any, stop: Any, message: Any) -> Any:
    r"""Decode base64 with ``\n`` every 76 characters and at the end, up to the final ``"]``; give its length, or −1.

    Only what encoding the message again would give is taken.
    """
    end = stop - 2
    none: Any = np.int64(0)
    size, padding = none, none
    if end < at + 6 or data[end] != _QUOTE or data[end + 1] != _END:
        return -1
    while at < end:
        count = min(end - at - 2, _LINE)
        break_at = at + count
        if count <= 0 or count % 4 or data[break_at] != _BACKSLASH or data[break_at + 1] != _LETTER_N:
            return -1
        if size + _BYTES > len(message):
            return -1
        if break_at + 2 == end and data[break_at - 1] == _PAD:
            padding = 2 if data[break_at - 2] == _PAD else 1
        text, found = data[at:break_at], message[size : size + _BYTES]
        faults = np.uint32(0)
        for i in range(count // 4 - (padding > 0)):
            faults |= _read_quad(text, found, i, none)
        if padding:
            faults |= _read_quad(text, found, count // 4 - 1, padding)
        if faults & _INVALID:
            return -1
        at = break_at + 2
        size += count // 4 * 3 - padding
    return size


@unlocked_kernel
def _read_quad(text: Any, found: Any, i: Any, padding: Any) -> Any:
    """Decode four characters, the last of which may be padding; return what has the highest bit if they are none."""
    word = _QUADS[0, text[4 * i]] | _QUADS[1, text[4 * i + 1]]
    if padding < 2:
        word |= _QUADS[2, text[4 * i + 2]]
    if padding < 1:
        word |= _QUADS[3, text[4 * i + 3]]
    for j in range(3):
        found[3 * i + j] = np.uint8(word >> np.uint32(16 - 8 * j) & np.uint32(255))
    if padding and word & np.uint32(255 if padding == 1 else 65535):
        return _INVALID
    return word


@unlocked_kernel
def _read_message(message: Any, size: Any, values: Any, record: Any) -> Any:
    """Read three evaluations and the total time; give the parameters, or −1 if that is not all there is, in order."""
    wrong = np.int64(-1)
    if size < _POINTS * (2 + 9 * _MEASURES) + 2 + 9:
        return wrong
    at = np.int64(0)
    for point in range(_POINTS):
        if message[at] != 0x0A or message[at + 1] != 9 * _MEASURES:
            return wrong
        at += 2
        for measure in range(_MEASURES):
            if message[at] != (measure + 1) << 3 | 1:
                return wrong
            values[_MEASURES * point + measure, record] = little_endian(message, at + 1, 8)
            at += 9
    if message[at] != 0x10:
        return wrong
    at += 1
    count, shift = np.int64(0), np.int64(0)
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
    values[VALUES - 1, record] = little_endian(message, at + 1, 8)
    return count


@unlocked_kernel
def number_repeats(groups: Any, counts: Any) -> Any:
    """Number the members of each group from 0 in their order, ``(n,)``; ``counts``, zero, ends as their numbers."""
    numbers = np.empty(len(groups), np.int32)
    for i in range(len(groups)):
        numbers[i] = counts[groups[i]]
        counts[groups[i]] += 1
    return numbers
