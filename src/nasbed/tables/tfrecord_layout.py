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
