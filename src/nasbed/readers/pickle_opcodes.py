"""The instructions of pickles, walked through before one of them is followed.

A pickle of a few bytes can make things that take hours to hash, to copy or to show: a tuple that has another one twice,
which has a third one twice, and so on. So a walk follows, for all that a pickle would put on the stack, how large it is
with whatever it has several times counted as often, how deep, and whether it may be hashed. It refuses what

- is cut off, or takes from the stack or from memory what is not there;
- is nested deeper, or is larger when written out or in memory, than a file of its size has reason to be;
- is changed after something else has taken it, as only what holds itself must be: so the sizes stay true;
- is hashed though it is large, or beside too many others whose hashes an author can choose.

It also finds where a pickle ends, and where in it each item of its outermost dictionary lies, so that a file of
gigabytes can be read item by item.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import CorruptFile
from nasbed.readers import pickle_layout as layout
from nasbed.readers.pickle_layout import after, little_endian


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
    """Walk through a pickle, or through a part of one that was walked through, which makes one object.

    Args:
        data: Bytes, the pickle's and perhaps more, ``(bytes,)``.
        name: What errors call it.
        start: Where to begin.
        stop: Where a part ends; without it, a whole pickle is walked through.

    Raises:
        CorruptFile: When it is not whole, no pickle, or would cost more than a file of its size has reason to.
    """
    whole, end, room = stop is None, len(data) if stop is None else stop, 1 << 12
    marks, state = np.zeros((layout.MARKED_AT_MOST, 2), np.int64), np.zeros(9, np.int64)
    stack, items = np.empty((room, 7), np.int64), np.empty((room, 3), np.int64)
    memory = np.zeros(room + min(end - start, 1 << 20) // 16, np.uint32)
    repeated, taken = (at_most + each * (end - start) for at_most, each in (layout.REPEATED, layout.MEMORY_TAKEN))
    state[layout.AT] = start
    while True:
        status = _walk(data, end, whole, repeated, taken, state, marks, stack, memory, items)
        if status != layout.FULL:
            break
        if state[layout.HEIGHT] + 2 > len(stack):
            stack = _longer(stack, 2 * len(stack))
        memory = _longer(memory, 2 * int(state[layout.REMEMBERED]) + room)
        items = _longer(items, 2 * int(state[layout.ITEMS] + state[layout.HEIGHT]))
    if status != layout.WHOLE:
        raise CorruptFile(
            f"{name} is not a whole pickle (byte {state[layout.AT]:,}: {layout.WHY[status]}); get the file anew"
        )
    return Walk(int(state[layout.AT]), items[: state[layout.ITEMS]], int(state[layout.REMEMBERED]))


def _longer(array: NDArray[Any], size: int) -> NDArray[Any]:
    """Return an array that begins with this one and has at least so many rows."""
    more = np.zeros((max(size - len(array), 0), *array.shape[1:]), array.dtype)
    return np.concatenate([array, more]) if len(more) else array


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
def _put(data: Any, code: Any, at: Any, stop: Any, entries: Any) -> Any:
    """Give the number under which an instruction remembers the last object; −2 if it does not, −1 if it has none."""
    if code == layout.MEMOIZE:
        return np.int64(entries)
    if code == layout.PUT_LINE:
        return _decimal(data, at, stop)
    if code in (layout.BINPUT, layout.LONG_BINPUT):
        return np.int64(little_endian(data, at, 1 if code == layout.BINPUT else 4))
    return np.int64(-2)


@numba.njit(cache=True, nogil=True)
def _got(data: Any, code: Any, at: Any, stop: Any) -> Any:
    """Return the number from under which an instruction takes something."""
    return (
        _decimal(data, at, stop)
        if code == layout.GET_LINE
        else np.int64(little_endian(data, at, 1 if code == layout.BINGET else 4))
    )


@numba.njit(cache=True, nogil=True)
def _packed(stack: Any, i: Any) -> Any:
    """Return what is noted of a thing in 31 bits, rounded up: size, depth, kind, how many hashes can be chosen."""
    chosen = stack[i, layout.CHOSEN]
    some = 0 if chosen == 0 else (1 if chosen <= layout.SOME else (2 if chosen <= layout.MORE else 3))
    size = min(stack[i, layout.SIZE], (1 << layout.SIZE_BITS) - 1)
    return np.uint32(size | stack[i, layout.DEPTH] << layout.SIZE_BITS | stack[i, layout.KIND] << 27 | some << 29)


@numba.njit(cache=True, nogil=True)
def _unpack(packed: Any, stack: Any, i: Any) -> None:
    """Undo ``_packed``."""
    noted, some = np.int64(packed), np.int64(packed) >> 29
    stack[i, layout.SIZE] = noted & ((1 << layout.SIZE_BITS) - 1)
    stack[i, layout.DEPTH] = noted >> layout.SIZE_BITS & 127
    stack[i, layout.KIND] = noted >> 27 & 3
    stack[i, layout.CHOSEN] = (
        0 if some == 0 else (layout.SOME if some == 1 else (layout.MORE if some == 2 else 1 << 40))
    )
    stack[i, layout.KEY_COUNT], stack[i, layout.PLACE] = 0, layout.TAKEN


@numba.njit(cache=True, nogil=True)
def _gather(stack: Any, memory: Any, into: Any, first: Any, last: Any, step: Any) -> Any:
    """Add what was noted of parts to what holds them, and each that is a key, every ``step``-th, to its keys.

    Whatever is a part does not change any more. Returns whether all may be keys.
    """
    fine = True
    for i in range(first, last):
        kind, place = stack[i, layout.KIND], stack[i, layout.PLACE]
        if kind >= layout.CONTAINER and place >= 0:
            memory[place] = _packed(stack, i)
            stack[i, layout.PLACE] = layout.TAKEN
        if step and (i - first) % step == 0 and kind != layout.PLAIN:
            stack[into, layout.KEY_COUNT] += 1
            fine &= (
                stack[i, layout.SIZE] <= layout.HASHED_AT_MOST
                and stack[into, layout.KEY_COUNT] <= layout.HASHED_AT_MOST
            )
        if i != into:
            stack[into, layout.SIZE] += stack[i, layout.SIZE]
            stack[into, layout.DEPTH] = max(stack[into, layout.DEPTH], stack[i, layout.DEPTH] + 1)
            stack[into, layout.CHOSEN] += stack[i, layout.CHOSEN]
    return fine


@numba.njit(cache=True, nogil=True)
def _walk(
    data: Any,
    stop: Any,
    whole: Any,
    things_at_most: Any,
    bytes_at_most: Any,
    state: Any,
    marks: Any,
    stack: Any,
    memory: Any,
    items: Any,
) -> Any:
    """Walk on from where ``state`` says; return how it ended, and ``layout.FULL`` where an array has no room left."""
    depth, marked, count = state[layout.HEIGHT], state[layout.MARKED], state[layout.ITEMS]
    remembered, entries = state[layout.REMEMBERED], state[layout.ENTRIES]
    steps, things, taken = state[layout.STEPS], state[layout.THINGS], state[layout.TAKEN_BYTES]
    at, ended = state[layout.AT], layout.CUT
    while at < stop:
        here = at
        code = data[at]
        act = layout.ACT[code]
        at = stop + 1 if act < 0 else after(data, code, at + 1, stop)
        if at > stop or (code == layout.FRAME and little_endian(data, here + 1, 8) > np.uint64(stop - at)):
            ended, at = layout.UNKNOWN if act < 0 else layout.CUT, here
            break
        if (
            depth + 2 > len(stack)
            or remembered + 1 > len(memory)
            or (act == layout.ADD_PAIRS and count + depth > len(items))
        ):
            ended, at = layout.MANY if depth > layout.GATHERED_AT_MOST else layout.FULL, here
            break
        steps += 1
        floor = marks[marked - 1, 0] if marked else 0
        length = at - here - 1
        if act <= layout.OPEN and act != layout.NOTHING:
            size = 1 + (length >> 3)
            stack[depth, layout.BEGIN], stack[depth, layout.SIZE], stack[depth, layout.DEPTH] = here, size, 0
            stack[depth, layout.CHOSEN] = act == layout.NUMBER or (code == layout.INT and length > layout.SHORT_LINE)
            stack[depth, layout.KIND] = layout.CONTAINER if act == layout.OPEN else stack[depth, layout.CHOSEN]
            stack[depth, layout.KEY_COUNT], stack[depth, layout.PLACE] = 0, layout.NOWHERE
            if length > layout.DIGITS[code]:
                ended, at = layout.DIGITS_WRONG, here
                break
            depth, things = depth + 1, things + size
            taken += layout.COST[code] + length * (4 if length > layout.SHORT_TEXT else 1)
        elif act == layout.GET:
            if whole:
                place = _got(data, code, here + 1, at)
                noted = memory[place] if 0 <= place < len(memory) else np.uint32(0)
                if noted >= np.uint32(layout.UNFINISHED):  # it is still on the stack, where it must not change any more
                    lies = np.int64(noted) - layout.UNFINISHED
                    noted = np.uint32(0)
                    if lies < depth and stack[lies, layout.PLACE] == place:
                        memory[place] = noted = _packed(stack, lies)
                        stack[lies, layout.PLACE] = layout.TAKEN
                if not noted:
                    ended, at = layout.MEMO, here
                    break
                _unpack(noted, stack, depth)
                things += stack[depth, layout.SIZE]
                if stack[depth, layout.SIZE] == (1 << layout.SIZE_BITS) - 1:
                    ended, at = layout.LARGE, here
                    break
            stack[depth, layout.BEGIN] = here
            depth, taken = depth + 1, taken + layout.COST[code]
        elif act == layout.PUT:
            if depth <= floor:
                ended, at = layout.STACK, here
                break
            if whole:
                place = _put(data, code, here + 1, stop, entries)
                if place >= len(memory) and 0 <= place <= steps:
                    remembered = max(remembered, place + 1)
                    ended, at = layout.FULL, here
                    break
                if place > steps or place < 0 or memory[place]:
                    ended, at = layout.MEMO, here
                    break
                memory[place] = _packed(stack, depth - 1)
                if stack[depth - 1, layout.KIND] >= layout.CONTAINER and stack[depth - 1, layout.PLACE] != layout.TAKEN:
                    memory[place] = np.uint32(layout.UNFINISHED + depth - 1)
                    stack[depth - 1, layout.PLACE] = place
                entries, remembered, taken = entries + 1, max(remembered, place + 1), taken + layout.COST[code]
        elif code == layout.MARK:
            if marked == layout.MARKED_AT_MOST:
                ended, at = layout.DEEP, here
                break
            marks[marked, 0], marks[marked, 1] = depth, here
            marked += 1
        elif code == layout.POP and marked and depth == floor:
            marked -= 1
        else:
            before, begun, first = depth, here, depth - layout.TAKES[code] + (act >= layout.ADD)
            if layout.TO_MARK[code]:
                if not marked:
                    ended, at = layout.STACK, here
                    break
                marked -= 1
                first, begun = floor, marks[marked, 1]
                floor = marks[marked - 1, 0] if marked else 0
                depth = first - layout.TAKES[code]
            else:
                depth -= layout.TAKES[code]
                begun = stack[depth, layout.BEGIN] if 0 <= depth < before else here
            if depth < floor:
                ended, at = layout.STACK, here
                break
            if whole and act > layout.DROP:
                taken += layout.COST[code] + layout.COST_OF_PART[code] * (before - first)
                why, more = _make(stack, memory, code, act, depth, first, before)
                if why != layout.WHOLE:
                    ended, at = why, here
                    break
                things, taken = things + 1, taken + more
            if act == layout.ADD_PAIRS and depth == 0 and not marked:
                for i in range(1, before - 1, 2):
                    items[count, 0], items[count, 1] = stack[i, layout.BEGIN], stack[i + 1, layout.BEGIN]
                    items[count, 2] = stack[i + 2, layout.BEGIN] if i + 2 < before else here
                    count += 1
            elif act < layout.ADD:
                stack[depth, layout.BEGIN] = begun
            depth += layout.GIVES[code]
            if code == layout.STOP and whole:
                ended = layout.WHOLE
                break
        if things > things_at_most or taken > bytes_at_most:
            ended, at = layout.LARGE if things > things_at_most else layout.MEMORY, here
            break
    if at == stop and ended == layout.CUT and depth == 1 and not whole:
        ended = layout.WHOLE
    state[layout.AT], state[layout.HEIGHT], state[layout.MARKED], state[layout.ITEMS] = at, depth, marked, count
    state[layout.REMEMBERED], state[layout.ENTRIES] = remembered, entries
    state[layout.STEPS], state[layout.THINGS], state[layout.TAKEN_BYTES] = steps, things, taken
    return ended


@numba.njit(cache=True, nogil=True)
def _make(stack: Any, memory: Any, code: Any, act: Any, into: Any, first: Any, before: Any) -> Any:
    """Note what is made of parts on the stack, or added to what lies below; return what is wrong, and bytes taken."""
    step = 2 if act in (layout.ADD_PAIRS, layout.KEYED) else (1 if act in (layout.ADD_KEYS, layout.FROZEN) else 0)
    if act >= layout.ADD:
        if stack[into, layout.PLACE] == layout.TAKEN:
            return layout.AGAIN, 0
        size = stack[into, layout.SIZE]
        fine = _gather(stack, memory, into, first, before, step)
        more = layout.BUILT_PER_THING * (stack[into, layout.SIZE] - size) if code == layout.BUILD else 0
    else:
        for i in range(
            layout.SIZE, layout.PLACE
        ):  # what is made is noted above the stack until all its parts are counted
            stack[before, i] = i == layout.SIZE
        fine = _gather(stack, memory, before, first, before, step)
        container = code == layout.LIST or act == layout.KEYED
        more = layout.CALLED_PER_THING * stack[before, layout.SIZE] if act == layout.CALL else 0
        fine &= act != layout.CALL or stack[before, layout.CHOSEN] <= layout.HASHED_AT_MOST
        for i in range(layout.SIZE, layout.PLACE):
            stack[into, i] = stack[before, i]
        stack[into, layout.KIND] = (
            layout.MADE if act == layout.CALL else (layout.CONTAINER if container else layout.CHOSEN_HASH)
        )
        stack[into, layout.CHOSEN] = 1 if act == layout.CALL else stack[into, layout.CHOSEN] + (not container)
        stack[into, layout.PLACE] = layout.NOWHERE
    if stack[into, layout.DEPTH] > layout.NESTED_AT_MOST:
        return layout.DEEP, 0
    return (layout.WHOLE if fine else layout.KEYS), more
