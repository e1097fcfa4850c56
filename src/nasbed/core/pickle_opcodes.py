"""The instructions of pickles, walked through without following one of them.

A walk finds what is cut off or no pickle at all, and what would make Python's own reader take memory for things that
are nowhere in the file. It finds where a pickle ends, and where in it each item of its outermost dictionary lies, so
that a file of gigabytes can be read item by item.
"""

from __future__ import annotations

import pickletools
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import CorruptFile

_WHOLE, _CUT, _UNKNOWN, _MEMO, _STACK, _DEEP, _MANY = range(7)
_WHY = {
    _CUT: "it ends early",
    _UNKNOWN: "it has an instruction that no pickle has",
    _MEMO: "it remembers something under a number that it cannot have come to",
    _STACK: "it takes what it has not put there",
    _DEEP: "it is nested too deeply",
    _MANY: "it gathers too many items at once",
}
_NESTED_AT_MOST, _GATHERED_AT_MOST = 10_000, 1 << 20
_LINE = -1  # an argument that is a line of text; the others that are negative are those of `pickletools`
_TWO_LINES = -6

_WIDTH = np.full(256, -9, np.int64)
_TAKES = np.zeros(256, np.int64)
_GIVES = np.zeros(256, np.int64)
_TO_MARK = np.zeros(256, np.bool_)
for _opcode in pickletools.opcodes:
    _code, _before = ord(_opcode.code), [kind.name for kind in _opcode.stack_before]
    _WIDTH[_code] = 0 if _opcode.arg is None else _opcode.arg.n
    if _opcode.arg is not None and _opcode.arg.name == "stringnl_noescape_pair":
        _WIDTH[_code] = _TWO_LINES
    _TO_MARK[_code] = "mark" in _before
    _TAKES[_code] = _before.index("mark") if "mark" in _before else len(_before)
    _GIVES[_code] = sum(kind.name != "mark" for kind in _opcode.stack_after)

_MARK, _POP, _STOP = ord("("), ord("0"), ord(".")
_SETITEM, _SETITEMS = ord("s"), ord("u")
_PUT, _BINPUT, _LONG_BINPUT, _MEMOIZE = ord("p"), ord("q"), ord("r"), 0x94
_GET, _BINGET, _LONG_BINGET = ord("g"), ord("h"), ord("j")
_FRAME = 0x95
ONE_BYTE = 256


class Walk(NamedTuple):
    """What a walk found.

    Attributes:
        stop: Where the pickle ends, the byte after its last.
        items: Where each key of the outermost dictionary begins, where its value does, and where that ends, ``(n, 3)``.
        remembered: One more than the highest number under which something is remembered.
    """

    stop: int
    items: NDArray[np.int64]
    remembered: int


def walk(data: NDArray[np.uint8], name: str, start: int = 0, stop: int | None = None) -> Walk:
    """Walk through a pickle, or through a part of one that makes one object.

    Args:
        data: Bytes, the pickle's and perhaps more, ``(bytes,)``.
        name: What errors call it.
        start: Where to begin.
        stop: Where to end; without it, at the end of the pickle.

    Raises:
        CorruptFile: When it is not whole, or no pickle.
    """
    room = 1 << 12
    while True:
        items = np.zeros((room, 3), np.int64)
        status, at, count, remembered = _walk(data, start, len(data) if stop is None else stop, stop is None, items)
        if status != _WHOLE:
            raise CorruptFile(f"{name} is not a whole pickle (byte {at:,}: {_WHY[status]}); get the file anew")
        if count <= room:
            return Walk(at, items[:count], remembered)
        room = count


def borrowed(
    data: NDArray[np.uint8], parts: NDArray[np.int64], remembered: int, name: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find what parts of a pickle take from what earlier parts of it remember.

    Args:
        data: A pickle that was walked through.
        parts: Where each begins and ends, in order, ``(n, 2)``.
        remembered: How many numbers its memory has.
        name: What errors call it.

    Returns:
        The numbers under which something is taken from another part, in order, and which part that is, ``(k,)``.

    Raises:
        CorruptFile: When one takes what is in no earlier part, or two put something under the same number.
    """
    home = np.full(remembered, -1, np.int32)
    taken = np.zeros(remembered, np.bool_)
    if not _find_homes(data, parts, home, taken):
        raise CorruptFile(f"{name}: its parts do not remember things as those of one pickle do; get the file anew")
    numbers = np.flatnonzero(taken)
    homes = home[numbers].astype(np.int64)
    if (np.diff(homes) < 0).any():
        raise CorruptFile(f"{name}: its parts do not number things in their order; get the file anew")
    return numbers, homes


def renumbered(
    data: NDArray[np.uint8], start: int, stop: int, numbers: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], int]:
    """Copy a part of a pickle so that what it remembers has low numbers, first what it borrows, then what is its own.

    Numbers that fit into one byte stay as they are; the others follow.

    Args:
        data: A pickle.
        start: Where the part begins.
        stop: Where it ends.
        numbers: Of what can be borrowed, in order, ``(k,)``.

    Returns:
        The copy, and by how much its own numbers became less.
    """
    part = data[start:stop].copy()
    return part, int(_renumber(part, numbers))


@numba.njit(cache=True, nogil=True)
def _number(data: Any, at: Any, width: Any) -> Any:
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
def _after(data: Any, code: Any, at: Any, stop: Any) -> Any:
    """Give the place after an instruction's argument, which begins at ``at``; beyond ``stop`` where it is not whole."""
    width = _WIDTH[code]
    if width >= 0:
        return at + width
    if width == _LINE:
        return _after_line(data, at, stop)
    if width == _TWO_LINES:
        return _after_line(data, _after_line(data, at, stop), stop)
    size = 1 if width == -2 else (8 if width == -5 else 4)
    if at + size > stop:
        return stop + 1
    length = _number(data, at, size)
    if length > np.uint64(stop - at - size):
        return stop + 1
    return at + size + np.int64(length)


@numba.njit(cache=True, nogil=True)
def _decimal(data: Any, at: Any, stop: Any) -> Any:
    """Read the digits of a line; −1 where they are not a number."""
    value = np.int64(0)
    while at < stop and data[at] != 10:
        digit = np.int64(data[at]) - 48
        if digit < 0 or digit > 9 or value > 1 << 50:
            return np.int64(-1)
        value = value * 10 + digit
        at += 1
    return value


@numba.njit(cache=True, nogil=True)
def _put(data: Any, code: Any, at: Any, stop: Any, remembered: Any) -> Any:
    """Give the number under which an instruction remembers the last object; −2 if it does not, −1 if it has none."""
    if code == _MEMOIZE:
        return np.int64(remembered)
    if code == _PUT:
        return _decimal(data, at, stop)
    if code in (_BINPUT, _LONG_BINPUT):
        return np.int64(_number(data, at, 1 if code == _BINPUT else 4))
    return np.int64(-2)


@numba.njit(cache=True, nogil=True)
def _walk(data: Any, start: Any, stop: Any, to_end: Any, items: Any) -> Any:
    """Walk; give how it ended, where, the number of items (perhaps more than there was room for) and of memories."""
    marks = np.zeros(_NESTED_AT_MOST, np.int64)
    marked_at = np.zeros(_NESTED_AT_MOST, np.int64)
    begins = np.zeros(_GATHERED_AT_MOST, np.int64)  # where what lies at each depth of the stack began
    depth, marked, count, remembered, steps = 0, 0, 0, 0, 0
    at = start
    while at < stop:
        here = at
        code = data[at]
        width = _WIDTH[code]
        if width == -9:
            return _UNKNOWN, here, count, remembered
        at = _after(data, code, at + 1, stop)
        if at > stop:
            return _CUT, stop, count, remembered
        steps += 1
        floor = marks[marked - 1] if marked else 0
        if code == _MARK:
            if marked == _NESTED_AT_MOST:
                return _DEEP, here, count, remembered
            marks[marked] = depth
            marked_at[marked] = here
            marked += 1
            continue
        before = depth
        if _TO_MARK[code]:
            if not marked:
                return _STACK, here, count, remembered
            marked -= 1
            depth = floor - _TAKES[code]
            if not _TAKES[code] and depth < _GATHERED_AT_MOST:
                begins[depth] = marked_at[marked]
            floor = marks[marked - 1] if marked else 0
        elif code == _POP and marked and depth == floor:
            marked -= 1
            continue
        else:
            depth -= _TAKES[code]
        if depth < floor:
            return _STACK, here, count, remembered
        depth += _GIVES[code]
        if depth > _GATHERED_AT_MOST:
            return _MANY, here, count, remembered
        if depth == before + 1 and not _TO_MARK[code]:
            begins[before] = here
        put = _put(data, code, here + 1, stop, remembered)
        if put > start + steps or put == -1:
            return _MEMO, here, count, remembered
        remembered = max(remembered, put + 1)
        if depth == 1 and not marked and code in (_SETITEMS, _SETITEM):
            for i in range(1, before - 1, 2):
                if count < len(items):
                    items[count, 0] = begins[i]
                    items[count, 1] = begins[i + 1]
                    items[count, 2] = begins[i + 2] if i + 2 < before else here
                count += 1
        if code == _STOP and to_end:
            return _WHOLE, at, count, remembered
    return _CUT if to_end or depth != 1 else _WHOLE, at, count, remembered


@numba.njit(cache=True, nogil=True)
def _find_homes(data: Any, parts: Any, home: Any, taken: Any) -> Any:
    """Note which part puts what into memory, and what another takes from there; false when that does not fit."""
    for part in range(len(parts)):
        at, stop = parts[part]
        while at < stop:
            code = data[at]
            if code in (_PUT, _GET, _MEMOIZE, _FRAME):
                return False  # of other protocols, whose parts cannot be read alone
            if code in (_BINPUT, _LONG_BINPUT):
                number = np.int64(_number(data, at + 1, 1 if code == _BINPUT else 4))
                if home[number] != -1:
                    return False
                home[number] = part
            elif code in (_BINGET, _LONG_BINGET):
                number = np.int64(_number(data, at + 1, 1 if code == _BINGET else 4))
                if number >= len(home) or home[number] == -1:
                    return False
                taken[number] |= home[number] != part
            at = _after(data, code, at + 1, stop)
    return True


@numba.njit(cache=True, nogil=True)
def _renumber(part: Any, numbers: Any) -> Any:
    """Change the numbers of four bytes; give how much lower those became under which the part remembers something."""
    lowest = np.int64(-1)
    at, stop = 0, len(part)
    while at < stop:
        code = part[at]
        if code in (_LONG_BINPUT, _LONG_BINGET):
            number = np.int64(_number(part, at + 1, 4))
            if number >= ONE_BYTE:
                rank = np.searchsorted(numbers, number)
                if code == _LONG_BINPUT and lowest < 0:
                    lowest = number
                own = code == _LONG_BINPUT or (lowest >= 0 and number >= lowest)
                number = ONE_BYTE + (len(numbers) + number - lowest if own else rank)
                for i in range(4):
                    part[at + 1 + i] = (number >> (8 * i)) & 255
        at = _after(part, code, at + 1, stop)
    return lowest - ONE_BYTE - len(numbers) if lowest >= 0 else 0
