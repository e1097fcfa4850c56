"""The instructions of pickles: where each ends, what it takes and gives, what it makes and what that may cost."""

from __future__ import annotations

import pickletools
from typing import Any

import numpy as np

from nasbed.core.compiled import unlocked_kernel

WHOLE, CUT, UNKNOWN, MEMO, STACK, DEEP, MANY, DIGITS_WRONG, AGAIN, LARGE, MEMORY, KEYS, ROOM = range(13)
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

PLAIN, CHOSEN_HASH, CONTAINER, MADE = range(4)
"""Kinds of things: plain ones have a hash of their own, containers can change, and what a call made is anything."""
NOTHING, LEAF, OPEN, GET, PUT, DROP, MAKE, CALL, ADD, ADD_PAIRS = range(10)
"""What instructions do: put something without parts on the stack (an empty container is open), take it from memory,
remember it, drop it, make it of what is on the stack, by a call or without, or add that to what lies below."""
_RULES = (
    (NOTHING, b"(\x80\x95.", PLAIN, 0, 0, 0, 0),
    (LEAF, b"N\x88\x89IJKMSTUVX\x8c\x8dBC\x8e", PLAIN, 72, 0, 0, 0),
    (LEAF, b"L\x8a\x8bFGc)", CHOSEN_HASH, 48, 0, 0, 0),
    (OPEN, b"]}\x96", CONTAINER, 80, 0, 0, 0),
    (OPEN, b"\x8f", CONTAINER, 240, 0, 0, 0),
    (GET, b"ghj", PLAIN, 16, 0, 0, 0),
    (PUT, b"pqr\x94", PLAIN, 16, 0, 0, 0),
    (DROP, b"01", PLAIN, 0, 0, 0, 0),
    (MAKE, b"t\x85\x86\x87\x93", CHOSEN_HASH, 72, 8, 0, 0),
    (MAKE, b"l", CONTAINER, 72, 8, 0, 0),
    (MAKE, b"d", CONTAINER, 240, 40, 0, 2),
    (MAKE, b"\x91", CHOSEN_HASH, 240, 80, 0, 1),
    (CALL, b"R\x81\x92oiPQ", MADE, 288, 8, 48, 0),
    (ADD, b"ae", PLAIN, 0, 16, 0, 0),
    (ADD, b"b", PLAIN, 0, 16, 16, 0),
    (ADD, b"\x90", PLAIN, 0, 80, 0, 1),
    (ADD_PAIRS, b"su", PLAIN, 0, 40, 0, 2),
)
"""Of each instruction what it does; the kind of what it makes; the bytes of memory that it takes at most, beside the
text; so many more for each part, and for each thing in it; which of its parts are keys: none, all, every second."""
_TABLE = np.full((6, 256), -1, np.int64)
for _act, _codes, *_rest in _RULES:
    _TABLE[:, list(_codes)] = np.array([[_act], *([number] for number in _rest)])
ACT, KIND, COST, COST_OF_PART, COST_OF_THING, KEY_STEP = _TABLE

LINES, WIDTH, LENGTH, TAKES, GIVES, TO_MARK = np.zeros((6, 256), np.int64)
"""Of each instruction the lines of its argument; otherwise the bytes, among them so many that say how many more come;
how many things it takes from the stack, beside those behind a mark, and puts there; whether it takes a mark."""
for _opcode in pickletools.opcodes:
    _code, _before = ord(_opcode.code), [kind.name for kind in _opcode.stack_before]
    _argument, _width = ("", 0) if _opcode.arg is None else (_opcode.arg.name, _opcode.arg.n)
    LINES[_code] = 0 if _width != pickletools.UP_TO_NEWLINE else 1 + _argument.endswith("pair")
    LENGTH[_code] = {-2: 1, -3: 4, -4: 4, -5: 8}.get(_width, 0)
    WIDTH[_code] = _width if _width > 0 else LENGTH[_code]
    TO_MARK[_code] = "mark" in _before
    TAKES[_code] = _before.index("mark") if TO_MARK[_code] else len(_before)
    GIVES[_code] = sum(kind.name != "mark" for kind in _opcode.stack_after)
DIGITS = np.full(256, 1 << 62, np.int64)
DIGITS[list(b"ILF\x8a\x8b")] = 64, 64, 64, 17, 20
"""Bytes of an instruction's argument, if it is a number."""

MARK, POP, STOP, FRAME, INT, MEMOIZE, LONG_BINPUT, LONG_BINGET = b"(0.\x95I\x94rj"
SHORT_LINE, SHORT_TEXT = 11, 256  # a line of digits whose number hashes to itself; a text whose width does not matter

BEGIN, SIZE, DEPTH, SORT, CHOSEN, KEY_COUNT, PLACE = range(7)
"""What is noted of a thing on the stack: where it began in the file; how many things it is, written out; how
deep it is; its kind; how many things in it have hashes that can be chosen; how many such keys it has; where
it is remembered."""
NOWHERE, TAKEN = -1, -2  # places of what is not remembered, and of what was taken from memory and must not change
SIZE_BITS, UNFINISHED = 20, 1 << 31
OUTERMOST = -1  # where the outermost dictionary begins
SOME = np.array([0, 4, 64, 1 << 40])
"""To which of these numbers that of hashes is rounded up where something is remembered."""


@unlocked_kernel
def little_endian(data: Any, at: Any, width: Any) -> Any:
    """Read a little-endian number."""
    value = np.uint64(0)
    for i in range(width):
        value |= np.uint64(data[at + i]) << np.uint64(8 * i)
    return value


@unlocked_kernel
def after(data: Any, code: Any, at: Any, stop: Any) -> Any:
    """Give the place after an instruction's argument, which begins at ``at``; beyond ``stop`` where it is not whole."""
    for _ in range(LINES[code]):
        while at < stop and data[at] != 10:
            at += 1
        at += 1
    at += WIDTH[code]
    if LENGTH[code] == 0 or at > stop:
        return at
    length = little_endian(data, at - LENGTH[code], LENGTH[code])
    return stop + 1 if length > np.uint64(stop - at) else at + np.int64(length)
