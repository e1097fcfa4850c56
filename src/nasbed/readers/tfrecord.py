"""Records of the usual layout, read in bulk: framing checked, and taken apart into arrays.

A record is JSON around base64 around a protocol buffer (see record.py). Nearly all have one layout down to the byte;
that layout alone, with as many parameters as published networks have, is known to the compiled loops. Whatever differs
is left to the plain code.
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
_EVALUATION = 2 + 9 * _MEASURES  # bytes
_LONGEST = _POINTS * _EVALUATION + 15  # bytes of a message that three lines of base64 can stand for
_QUADS_OF_LINES = 19, 19, 14
_METRICS = 4 * sum(_QUADS_OF_LINES) + 2 * len(_QUADS_OF_LINES) + 2
"""Characters of these lines, the ends of lines among them, with what ends a record."""
_QUOTE, _COMMA, _ZERO = b'",0'
_BEGIN, _HASH_END, _MATRIX, _INPUT, _OUTPUT, _LINE_END, _END = (
    np.frombuffer(text, np.uint8) for text in (b'["', b'", ', b', "', b'", "input,', b'output", "', b"\\n", b'"]')
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
_QUADS[[2, 3], ord("=")] = 1 << 25, 1 << 24
"""What each of four characters adds to the 24 bits that they stand for, ``(4, 256)``: a bit beyond them if nothing."""


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
def whole_records(data: Any, start: Any, stop: Any) -> Any:
    """Give where the last whole record ends, going by lengths alone; ``stop`` where the checksum of one is wrong."""
    at: Any = np.int64(0) + start
    while at + 12 <= stop:
        if masked_crc(data, at, at + 8) != np.uint32(little_endian(data, at + 8, 4)):
            return np.int64(0) + stop
        length = little_endian(data, at, 8)
        if length > np.uint64(1 << 40) or at + np.int64(length) + 16 > stop:
            break
        at += np.int64(length) + 16
    return at


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
    message = np.zeros(_LONGEST, np.uint8)
    earlier = np.zeros(3, np.int64)  # where the record that the latest module is of begins, its matrix and its base64
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
        metrics = last - _METRICS
        epochs[count], matrix = _read_epochs(data, first, metrics)
        again = (
            _same(data[matrix:metrics], data[earlier[1] : earlier[2]])
            and known > 0
            and _same(data[first : first + 36], data[earlier[0] : earlier[0] + 36])
        )
        found = none - 1
        if matrix > 0 and (again or _read_module(data, first, matrix, metrics, names, modules, known)):
            found = _read_message(message, _read_base64(data, metrics, message), values, count)
        usual[count] = found >= 0 and (not again or found == parameters[known - 1])
        if usual[count]:
            if not again:
                parameters[known], earlier[0], earlier[1], earlier[2] = found, first, matrix, metrics
                known += 1
            module[count] = known - 1
        count += 1
        at = last + 4
    return count, known, at, COMPLETE


@unlocked_kernel
def _read_epochs(data: Any, first: Any, stop: Any) -> Any:
    """Read ``["<32 characters>", <epochs>, "``; give the epochs, and where the matrix begins or 0."""
    epochs, at = np.int64(0), first + 37
    while at < min(stop, first + 46) and _ZERO + (epochs == 0) <= data[at] <= 57:
        epochs = epochs * 10 + data[at] - _ZERO
        at += 1
    fine = (
        at + 3 <= stop
        and epochs > 0
        and _same(data[first : first + 2], _BEGIN)
        and _same(data[first + 34 : first + 37], _HASH_END)
        and _same(data[at : at + 3], _MATRIX)
    )
    return epochs, at + 3 if fine else np.int64(0)


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
    """Read hash, ``<matrix>", "<operations>", "`` into a module's slot; say whether they are that."""
    hashes, vertices, masks, labels, _ = modules
    text, ends = names
    for i in range(16):
        high, low = _FROM_HEX[data[first + 2 + 2 * i]], _FROM_HEX[data[first + 3 + 2 * i]]
        if high == 255 or low == 255:
            return False
        hashes[slot, i] = high << 4 | low
    end, output = _end_of_text(data, matrix, stop), stop - len(_OUTPUT)
    side = np.int64(2)
    while side * side < end - matrix:
        side += 1
    at = end + len(_INPUT)
    if (
        side * side != end - matrix
        or side > VERTICES_AT_MOST
        or not _same(data[end:at], _INPUT)
        or not _same(data[output:stop], _OUTPUT)
    ):
        return False
    vertices[slot], masks[slot], labels[slot] = side, 0, -1
    for x in range(side):
        for y in range(side):
            character = data[matrix + x * side + y]
            if character == _ZERO + 1 and x < y:
                masks[slot] |= np.uint64(1) << np.uint64(x + y * (y - 1) // 2)
            elif character != _ZERO:
                return False
    for v in range(side - 2):
        end = _end_of_text(data, at, stop)
        for i in range(len(ends)):
            if _same(data[at:end], text[ends[i - 1] if i else 0 : ends[i]]):
                labels[slot, v] = i
                break
        if labels[slot, v] < 0 or data[end] != _COMMA:
            return False
        at = end + 1
    return at == output


@unlocked_kernel
def _end_of_text(data: Any, at: Any, stop: Any) -> Any:
    """Give the place of the next quote or comma."""
    while at < stop and data[at] != _QUOTE and data[at] != _COMMA:
        at += 1
    return at


@unlocked_kernel
def _read_base64(data: Any, at: Any, message: Any) -> Any:
    r"""Decode three lines of base64 with ``\n`` behind each, up to the final ``"]``; give the bytes, or 0 if it is not.

    Only what encoding the message again would give is taken, and the lengths of which published messages are.
    """
    begin, fine = np.int64(0), True
    faults, last = np.uint32(0), np.uint32(0)
    for quads in _QUADS_OF_LINES:
        text, found = data[at : at + 4 * quads], message[begin : begin + 3 * quads]
        for i in range(quads):
            faults |= last
            last = np.uint32(0)
            for j in range(4):
                last |= _QUADS[j, text[4 * i + j]]
            for j in range(3):
                found[3 * i + j] = np.uint8(last >> np.uint32(16 - 8 * j) & np.uint32(255))
        at += 4 * quads + 2
        begin += 3 * quads
        fine &= _same(data[at - 2 : at], _LINE_END)
    padding = np.int64(last >> np.uint32(24))  # a bit for each sign of it
    size = _LONGEST - 1 - (padding == 3)
    fine &= faults >> np.uint32(24) == 0 and (padding == 1 or padding == 3) and _same(data[at : at + 2], _END)
    return size if fine and not message[size:].any() else 0


@unlocked_kernel
def _read_message(message: Any, size: Any, values: Any, record: Any) -> Any:
    """Read three evaluations and the total time; give the parameters, or −1 if that is not all there is, in order."""
    at, count, byte = np.int64(0), np.int64(0), np.uint8(0)
    fine = size > 0
    for point in range(_POINTS):
        fine &= message[at] == 0x0A and message[at + 1] == 9 * _MEASURES
        for measure in range(_MEASURES):
            place = at + 2 + 9 * measure
            fine &= message[place] == (measure + 1) << 3 | 1
            values[_MEASURES * point + measure, record] = little_endian(message, place + 1, 8)
        at += _EVALUATION
    total = size - 9
    for i in range(at + 1, total):
        byte = message[i]
        fine &= (byte < 128) == (i == total - 1)
        count |= np.int64(byte & 127) << 7 * (i - at - 1)
    fine &= message[at] == 0x10 and byte > 0 and message[total] == 0x19
    values[VALUES - 1, record] = little_endian(message, total + 1, 8)
    return count if fine else np.int64(-1)


@unlocked_kernel
def number_repeats(groups: Any, counts: Any) -> Any:
    """Number the members of each group from 0 in their order, ``(n,)``; ``counts``, zero, ends as their numbers."""
    numbers = np.empty(len(groups), np.int32)
    for i in range(len(groups)):
        numbers[i] = counts[groups[i]]
        counts[groups[i]] += 1
    return numbers
