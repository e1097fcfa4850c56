"""The instructions of pickles: where each ends, what it takes and gives, what it makes and what that may cost."""

from __future__ import annotations

import pickletools
from typing import Any

import numba
import numpy as np

WHOLE, CUT, UNKNOWN, MEMO, STACK, DEEP, MANY, DIGITS_WRONG, AGAIN, LARGE, MEMORY, KEYS = range(12)
WHY = {
    CUT: "it ends early",
    UNKNOWN: "it has an instruction that no data file needs",
    MEMO: "it remembers something under a number that it cannot have come to, or takes what it does not remember",
    STACK: "it takes what it has not put there",
    DEEP: "it is nested too deeply",
    MANY: "it gathers too many items at once",
    DIGITS_WRONG: "it has a number with more digits than a measurement has",
    AGAIN: "something in it holds itself, or is changed after it was used",
    LARGE: "it repeats itself more often than a file of its size has reason to",
    MEMORY: "it would take more memory than a file of its size has reason to",
    KEYS: "it hashes what is large, or very many things that are neither texts nor small whole numbers",
}
NESTED_AT_MOST, MARKED_AT_MOST, GATHERED_AT_MOST = 100, 256, 1 << 20
REPEATED = (1 << 17, 2)
"""Things, and eighths of a text's bytes, that a pickle may be when written out: so many, and so many for each byte."""
MEMORY_TAKEN = (1 << 27, 12)
"""Bytes that what a pickle makes may take, likewise: published files take about six for each of theirs."""
HASHED_AT_MOST = 256
"""Things in a key; and keys of one dictionary or set other than texts and small numbers: their hashes can be chosen."""

LINE = -1  # an argument that is a line of text; the others that are negative are those of `pickletools`
TWO_LINES = -6

NOTHING, LEAF, NUMBER, OPEN, GET, PUT, DROP, FIXED, KEYED, FROZEN, CALL = range(11)
ADD, ADD_PAIRS, ADD_KEYS = range(11, 14)
"""What an instruction does; see ``ACTS``."""
ACTS = {
    LEAF: b"N\x88\x89IJKMSTUVX\x8c\x8dBC\x8e",  # puts something of no parts on the stack, whose hash is its own
    NUMBER: b"L\x8a\x8bFGc)",  # one whose hash an author can choose
    OPEN: b"]}\x8f\x96",  # an empty container
    GET: b"ghj",
    PUT: b"pqr\x94",
    FIXED: b"t\x85\x86\x87l\x93",  # makes something of what is on the stack
    KEYED: b"d",
    FROZEN: b"\x91",
    CALL: b"R\x81\x92oiPQ",
    ADD: b"aeb",  # changes what is below on the stack
    ADD_PAIRS: b"su",
    ADD_KEYS: b"\x90",
    DROP: b"01",
    NOTHING: b"(\x80\x95.",
}
COSTS = {LEAF: 72, NUMBER: 48, OPEN: 80, GET: 16, PUT: 16, FIXED: 72, KEYED: 240, FROZEN: 240, CALL: 240}
"""Bytes of memory that what each makes takes at most, beside its text and its parts."""
PART = {FIXED: 8, KEYED: 40, FROZEN: 80, CALL: 8, ADD: 16, ADD_PAIRS: 40, ADD_KEYS: 80}
"""And so many more for each part."""

WIDTH = np.full(256, -9, np.int64)
TAKES = np.zeros(256, np.int64)
GIVES = np.zeros(256, np.int64)
TO_MARK = np.zeros(256, np.bool_)
ACT = np.full(256, -1, np.int64)
COST = np.zeros(256, np.int64)
COST_OF_PART = np.zeros(256, np.int64)
for _opcode in pickletools.opcodes:
    _code, _before = ord(_opcode.code), [kind.name for kind in _opcode.stack_before]
    WIDTH[_code] = 0 if _opcode.arg is None else _opcode.arg.n
    if _opcode.arg is not None and _opcode.arg.name == "stringnl_noescape_pair":
        WIDTH[_code] = TWO_LINES
    TO_MARK[_code] = "mark" in _before
    TAKES[_code] = _before.index("mark") if "mark" in _before else len(_before)
    GIVES[_code] = sum(kind.name != "mark" for kind in _opcode.stack_after)
for _act, _codes in ACTS.items():
    ACT[list(_codes)] = _act
    COST[list(_codes)], COST_OF_PART[list(_codes)] = COSTS.get(_act, 0), PART.get(_act, 0)
COST[0x8F] = 240  # an empty set
DIGITS = np.full(256, 1 << 62, np.int64)
DIGITS[list(b"ILF\x8a\x8b")] = 64, 64, 64, 17, 20
"""Bytes of an instruction's argument, if it is a number."""

MARK, POP, STOP, FRAME, BUILD = ord("("), ord("0"), ord("."), 0x95, ord("b")
LIST = ord("l")
PUT_LINE, BINPUT, LONG_BINPUT, MEMOIZE = ord("p"), ord("q"), ord("r"), 0x94
GET_LINE, BINGET, LONG_BINGET = ord("g"), ord("h"), ord("j")
INT = ord("I")
SHORT_LINE, SHORT_TEXT = 11, 256  # a line of digits whose number hashes to itself; a text whose width does not matter

BEGIN, SIZE, DEPTH, KIND, CHOSEN, KEY_COUNT, PLACE = range(7)
"""What is noted of a thing on the stack: where it began in the file; how many things it is, written out; how
deep it is; its kind; how many things in it have hashes that can be chosen; how many such keys it has; where
it is remembered."""
PLAIN, CHOSEN_HASH, CONTAINER, MADE = range(4)
NOWHERE, TAKEN = -1, -2  # places of what is not remembered, and of what was taken from memory and must not change
SIZE_BITS, UNFINISHED = 20, 1 << 31
OUTERMOST = -1  # where the outermost dictionary begins
SOME = np.array([0, 4, 64, 1 << 40])
"""To which of these numbers that of hashes is rounded up where something is remembered."""
CALLED_PER_THING, BUILT_PER_THING = 48, 16  # bytes that a call may copy of what it is given


@numba.njit(cache=True, nogil=True)
def little_endian(data: Any, at: Any, width: Any) -> Any:
    """Read a little-endian number."""
    value = np.uint64(0)
    for i in range(width):
        value |= np.uint64(data[at + i]) << np.uint64(8 * i)
    return value


@numba.njit(cache=True, nogil=True)
def _after_line(data: Any, at: Any, stop: Any) -> Any:
    """Give the place after the next end of a line; beyond ``stop`` where there is none."""
    while at < stop and data[at] != 10:
        at += 1
    return at + 1


@numba.njit(cache=True, nogil=True)
def after(data: Any, code: Any, at: Any, stop: Any) -> Any:
    """Give the place after an instruction's argument, which begins at ``at``; beyond ``stop`` where it is not whole."""
    width = WIDTH[code]
    if width >= 0:
        return at + width
    if width == LINE:
        return _after_line(data, at, stop)
    if width == TWO_LINES:
        return _after_line(data, _after_line(data, at, stop), stop)
    size = 1 if width == -2 else (8 if width == -5 else 4)
    if at + size > stop:
        return stop + 1
    length = little_endian(data, at, size)
    if length > np.uint64(stop - at - size):
        return stop + 1
    return at + size + np.int64(length)
