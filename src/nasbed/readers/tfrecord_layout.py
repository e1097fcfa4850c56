"""The usual layout of a published record, in characters and numbers, and its checksum.

A record is JSON around base64 around a protocol buffer (see record.py). Nearly all have one layout down to the byte;
that layout alone is known to the compiled loops. Whatever differs is left to the plain code.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

POINTS, MEASURES = 3, 5
VALUES = POINTS * MEASURES + 1
"""Doubles of a record: current_epoch and the rest at three points in time, then total_time."""

LINE = 76
"""Characters of base64 between two line ends."""

MESSAGE_AT_MOST = 256
QUOTE, BACKSLASH, COMMA, SPACE, LETTER_N, ZERO, PAD = b'"\\, n0='
BASE64 = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", np.uint8)
HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
INPUT = np.frombuffer(b"input", np.uint8)
OUTPUT = np.frombuffer(b"output", np.uint8)
_POLYNOMIAL = 0x82F63B78  # Castagnoli's, reflected
_MASK_DELTA = np.uint32(0xA282EAD8)


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


def inverse(alphabet: bytes) -> NDArray[np.uint8]:
    """Give the value of each character of an alphabet, 255 of any other."""
    values = np.full(256, 255, np.uint8)
    values[np.frombuffer(alphabet, np.uint8)] = np.arange(len(alphabet))
    return values


_FROM_BASE64 = inverse(BASE64.tobytes())
_INVALID = np.uint32(1 << 31)
_QUADS = np.array(
    [np.where(_FROM_BASE64 == 255, _INVALID, np.uint32(_FROM_BASE64) << shift) for shift in (18, 12, 6, 0)], np.uint32
)
"""What each of four characters adds to the 24 bits that they stand for, ``(4, 256)``; the highest bit if nothing."""


@numba.njit(cache=True, nogil=True)
def read_base64(data: Any, at: Any, stop: Any, message: Any) -> Any:
    r"""Decode base64 with ``\n`` every 76 characters and at the end, up to the final ``"]``; give its length, or −1.

    Only what encoding the message again would give is taken.
    """
    size: Any = 0
    line: Any = 0
    padding: Any = 0
    while at + LINE + 2 < stop and size + LINE * 3 // 4 <= len(message):
        text, found = data[at : at + LINE], message[size : size + LINE * 3 // 4]
        faults = np.uint32(0)
        for i in range(LINE // 4):
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
        if faults & _INVALID or data[at + LINE] != BACKSLASH or data[at + LINE + 1] != LETTER_N:
            break  # not a whole line
        at += LINE + 2
        size += LINE * 3 // 4
    while at + 2 < stop:
        if data[at] == BACKSLASH:
            if data[at + 1] != LETTER_N or not (line == LINE or (data[at + 2] == QUOTE and line > 0)):
                return -1
            at += 2
            line = 0
            continue
        if data[at] == QUOTE or padding or line == LINE or at + 6 > stop or size + 3 > len(message):
            break
        a, b = np.uint32(_FROM_BASE64[data[at]]), np.uint32(_FROM_BASE64[data[at + 1]])
        c, d = np.uint32(_FROM_BASE64[data[at + 2]]), np.uint32(_FROM_BASE64[data[at + 3]])
        if d == 255 and data[at + 3] == PAD:
            d, padding = np.uint32(0), 1
            if c == 255 and data[at + 2] == PAD:
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
    if at + 2 != stop or line or data[at] != QUOTE or data[at + 1] != 93:
        return -1
    return size
