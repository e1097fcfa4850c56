"""Records of the usual layout, read: framing checked, and taken apart into arrays."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from nasbed.readers.tfrecord_layout import (
    COMMA,
    HEX,
    INPUT,
    MEASURES,
    MESSAGE_AT_MOST,
    OUTPUT,
    POINTS,
    QUOTE,
    SPACE,
    VALUES,
    ZERO,
    inverse,
    masked_crc,
    read_base64,
)

COMPLETE, INCOMPLETE, BAD_LENGTH, BAD_DATA = 0, 1, 2, 3
VERTICES_AT_MOST = 11


_FROM_HEX = inverse(HEX.tobytes())


@numba.njit(cache=True, nogil=True)
def _number(data: Any, at: Any, width: int) -> Any:
    """Read a little-endian number."""
    value = np.uint64(0)
    for i in range(width):
        value |= np.uint64(data[at + i]) << np.uint64(8 * i)
    return value


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
    message = np.zeros(MESSAGE_AT_MOST, np.uint8)
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
            found = _read_message(message, read_base64(data, metrics, last, message), values, count)
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
    if at + 44 > stop or data[at] != 91 or data[at + 1] != QUOTE:
        return 0, 0
    at += 34
    if data[at] != QUOTE or data[at + 1] != COMMA or data[at + 2] != SPACE or data[at + 3] == ZERO:
        return 0, 0
    at += 3
    epochs: Any = 0
    digits: Any = 0
    while at < stop and digits < 9 and ZERO <= data[at] <= 57:
        epochs = epochs * 10 + data[at] - ZERO
        at += 1
        digits += 1
    if at + 3 > stop or epochs == 0 or data[at] != COMMA or data[at + 1] != SPACE or data[at + 2] != QUOTE:
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
    while end < stop and data[end] != QUOTE:
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
            if character == ZERO + 1 and x < y:
                mask |= np.uint64(1) << np.uint64(x + y * (y - 1) // 2)
            elif character != ZERO:
                return wrong
    vertices[slot], masks[slot] = side, mask
    at = end
    if at + 4 > stop or data[at + 1] != COMMA or data[at + 2] != SPACE or data[at + 3] != QUOTE:
        return wrong
    at += 4
    for i in range(labels.shape[1]):
        labels[slot, i] = -1
    for v in range(side):
        end = at
        while end < stop and data[end] != COMMA and data[end] != QUOTE:
            end += 1
        if end + 4 > stop or data[end] != (QUOTE if v == side - 1 else COMMA):
            return wrong
        if v == 0:
            fine: Any = _same(data, at, end, INPUT)
        elif v == side - 1:
            fine = _same(data, at, end, OUTPUT)
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
    if data[at] != COMMA or data[at + 1] != SPACE or data[at + 2] != QUOTE:
        return wrong
    return np.int64(at + 3)


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
