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
        inner: The same of the dictionaries in it, behind where the dictionary itself begins, ``(k, 4)``.
        remembered: One more than the highest number under which something is remembered.
    """

    stop: int
    items: NDArray[np.int64]
    inner: NDArray[np.int64]
    remembered: int


def walk(data: NDArray[np.uint8], name: str, start: int = 0) -> Walk:
    """Walk through a pickle.

    Args:
        data: Bytes, the pickle's and perhaps more, ``(bytes,)``.
        name: What errors call it.
        start: Where it begins.

    Raises:
        CorruptFile: When it is not whole, no pickle, or would cost more than a file of its size has reason to.
    """
    repeated, taken = (at_most + each * (len(data) - start) for at_most, each in (layout.REPEATED, layout.MEMORY_TAKEN))
    why, at, items, remembered = _walk(data, start, repeated, taken)
    if why != layout.WHOLE:
        raise CorruptFile(f"{name} is not a whole pickle (byte {at:,}: {layout.WHY[why]}); get the file anew")
    outermost = items[:, 0] == layout.OUTERMOST
    return Walk(int(at), items[outermost, 1:], items[~outermost], int(remembered))


@numba.njit(cache=True, nogil=True)
def _longer(array: Any, size: Any) -> Any:
    """Return an array that begins with this one and has at least so many rows."""
    longer = np.zeros((max(size, len(array)), *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer


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
def place_of(data: Any, code: Any, at: Any, stop: Any, entries: Any) -> Any:
    """Return the number under which an instruction remembers something, or takes it from there; −1 if it has none."""
    if code == layout.MEMOIZE:
        return np.int64(entries)
    if code in (layout.PUT_LINE, layout.GET_LINE):
        return _decimal(data, at, stop)
    return np.int64(little_endian(data, at, 1 if code in (layout.BINPUT, layout.BINGET) else 4))


@numba.njit(cache=True, nogil=True)
def _packed(stack: Any, i: Any) -> Any:
    """Return what is noted of a thing in 31 bits, rounded up: size, depth, kind, how many hashes can be chosen."""
    some = np.searchsorted(layout.SOME, stack[i, layout.CHOSEN])
    size = min(stack[i, layout.SIZE], (1 << layout.SIZE_BITS) - 1)
    return np.uint32(size | stack[i, layout.DEPTH] << layout.SIZE_BITS | stack[i, layout.KIND] << 27 | some << 29)


@numba.njit(cache=True, nogil=True)
def _unpack(packed: Any, stack: Any, i: Any) -> None:
    """Undo ``_packed``."""
    noted = np.int64(packed)
    stack[i, layout.SIZE] = noted & ((1 << layout.SIZE_BITS) - 1)
    stack[i, layout.DEPTH] = noted >> layout.SIZE_BITS & 127
    stack[i, layout.KIND] = noted >> 27 & 3
    stack[i, layout.CHOSEN] = layout.SOME[noted >> 29]
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
def _walk(data: Any, start: Any, things_at_most: Any, bytes_at_most: Any) -> Any:
    """Walk to the end; return how it ended, where, items of dictionaries, and one more than the highest number."""
    stop, room = len(data), 1 << 12
    marks = np.zeros((layout.MARKED_AT_MOST, 2), np.int64)
    stack, items = np.zeros((room, 7), np.int64), np.zeros((room, 4), np.int64)
    memory = np.zeros(room + min(stop - start, 1 << 20) // 16, np.uint32)
    depth, marked, count, remembered, entries, steps, things, taken = 0, 0, 0, 0, 0, 0, 0, 0
    none, at = items[:0], start
    while at < stop:
        here = at
        code = data[at]
        act = layout.ACT[code]
        at = stop + 1 if act < 0 else after(data, code, at + 1, stop)
        if at > stop or (code == layout.FRAME and little_endian(data, here + 1, 8) > np.uint64(stop - at)):
            return (layout.UNKNOWN if act < 0 else layout.CUT), here, none, 0
        if depth > layout.GATHERED_AT_MOST:
            return layout.MANY, here, none, 0
        if depth + 2 > len(stack):
            stack = _longer(stack, 2 * len(stack))
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
                return layout.DIGITS_WRONG, here, none, 0
            depth, things = depth + 1, things + size
            taken += layout.COST[code] + length * (4 if length > layout.SHORT_TEXT else 1)
        elif act == layout.GET:
            place = place_of(data, code, here + 1, at, entries)
            noted = memory[place] if 0 <= place < len(memory) else np.uint32(0)
            if noted >= np.uint32(layout.UNFINISHED):  # it is still on the stack, where it must not change any more
                lies = np.int64(noted) - layout.UNFINISHED
                noted = np.uint32(0)
                if lies < depth and stack[lies, layout.PLACE] == place:
                    memory[place] = noted = _packed(stack, lies)
                    stack[lies, layout.PLACE] = layout.TAKEN
            if not noted:
                return layout.MEMO, here, none, 0
            _unpack(noted, stack, depth)
            things += stack[depth, layout.SIZE]
            if stack[depth, layout.SIZE] == (1 << layout.SIZE_BITS) - 1:
                return layout.LARGE, here, none, 0
            stack[depth, layout.BEGIN] = here
            depth, taken = depth + 1, taken + layout.COST[code]
        elif act == layout.PUT:
            if depth <= floor:
                return layout.STACK, here, none, 0
            place = place_of(data, code, here + 1, at, entries)
            if 0 <= place <= steps and place >= len(memory):
                memory = _longer(memory, 2 * place)
            if place > steps or place < 0 or memory[place]:
                return layout.MEMO, here, none, 0
            memory[place] = _packed(stack, depth - 1)
            if stack[depth - 1, layout.KIND] >= layout.CONTAINER and stack[depth - 1, layout.PLACE] != layout.TAKEN:
                memory[place] = np.uint32(layout.UNFINISHED + depth - 1)
                stack[depth - 1, layout.PLACE] = place
            entries, remembered, taken = entries + 1, max(remembered, place + 1), taken + layout.COST[code]
        elif code == layout.MARK:
            if marked == layout.MARKED_AT_MOST:
                return layout.DEEP, here, none, 0
            marks[marked, 0], marks[marked, 1] = depth, here
            marked += 1
        elif code == layout.POP and marked and depth == floor:
            marked -= 1
        else:
            before, begun, first = depth, here, depth - layout.TAKES[code] + (act >= layout.ADD)
            if layout.TO_MARK[code]:
                if not marked:
                    return layout.STACK, here, none, 0
                marked -= 1
                first, begun = floor, marks[marked, 1]
                floor = marks[marked - 1, 0] if marked else 0
                depth = first - layout.TAKES[code]
            else:
                depth -= layout.TAKES[code]
                begun = stack[depth, layout.BEGIN] if 0 <= depth < before else here
            if depth < floor:
                return layout.STACK, here, none, 0
            if act > layout.DROP:
                taken += layout.COST[code] + layout.COST_OF_PART[code] * (before - first)
                why, more = _make(stack, memory, code, act, depth, first, before)
                if why != layout.WHOLE:
                    return why, here, none, 0
                things, taken = things + 1, taken + more
            if act == layout.ADD_PAIRS and (marked == 0 or (marked == 1 and marks[0, 0] == 1)):
                # The dictionary is the outermost one, or becomes an item of it.
                if count + before > len(items):
                    items = _longer(items, 2 * (count + before))
                for i in range(first, before - 1, 2):
                    items[count, 0] = stack[depth, layout.BEGIN] if depth else layout.OUTERMOST
                    items[count, 1], items[count, 2] = stack[i, layout.BEGIN], stack[i + 1, layout.BEGIN]
                    items[count, 3] = stack[i + 2, layout.BEGIN] if i + 2 < before else here
                    count += 1
            elif act < layout.ADD:
                stack[depth, layout.BEGIN] = begun
            depth += layout.GIVES[code]
            if code == layout.STOP:
                return layout.WHOLE, at, items[:count], remembered
        if things > things_at_most or taken > bytes_at_most:
            return (layout.LARGE if things > things_at_most else layout.MEMORY), here, none, 0
    return layout.CUT, at, none, 0


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
