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

import numpy as np
from numpy.typing import NDArray

from nasbed.core.compiled import unlocked_kernel
from nasbed.core.errors import CorruptFile
from nasbed.readers import pickle_layout as layout
from nasbed.readers.pickle_layout import after, little_endian

_ROOM, _PER_NUMBER = 1 << 12, 6
"""Things for which there is room at first, and bytes for each number under which one is remembered: published files
need no more."""


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
    size = len(data) - start
    repeated, taken = (at_most + each * size for at_most, each in (layout.REPEATED, layout.MEMORY_TAKEN))
    why, room = layout.ROOM, max(_ROOM, min(size >> 10, layout.GATHERED_AT_MOST))
    while why == layout.ROOM:
        items = np.zeros((room, 4), np.int64)
        memory = np.zeros(room + size // _PER_NUMBER, np.uint32)
        stack, marks = np.zeros((room, 7), np.int64), np.zeros((layout.MARKED_AT_MOST, 2), np.int64)
        why, at, count, remembered = _walk(data, start, repeated, taken, stack, marks, memory, items)
        room *= 8
    if why != layout.WHOLE:
        raise CorruptFile(f"{name} is not a whole pickle (byte {at:,}: {layout.WHY[why]}); get the file anew")
    items = items[:count]
    outermost = items[:, 0] == layout.OUTERMOST
    return Walk(at, items[outermost, 1:], items[~outermost], remembered)


@unlocked_kernel
def place_of(data: Any, code: Any, at: Any, stop: Any, entries: Any) -> Any:
    """Return the number under which an instruction remembers something, or takes it from there; −1 if it has none."""
    if code == layout.MEMOIZE:
        return entries
    if layout.WIDTH[code]:
        return np.int64(little_endian(data, at, layout.WIDTH[code]))
    value = np.int64(0)
    for i in range(at, stop - 1):
        digit = np.int64(data[i]) - 48
        if digit < 0 or digit > 9 or value > 1 << 50:
            return np.int64(-1)
        value = value * 10 + digit
    return value


@unlocked_kernel
def _packed(stack: Any, i: Any) -> Any:
    """Return what is noted of a thing in 31 bits, rounded up: size, depth, kind, how many hashes can be chosen."""
    some = np.int64(0)
    while stack[i, layout.CHOSEN] > layout.SOME[some]:
        some += 1
    size = min(stack[i, layout.SIZE], (1 << layout.SIZE_BITS) - 1)
    return np.uint32(size | stack[i, layout.DEPTH] << layout.SIZE_BITS | stack[i, layout.SORT] << 27 | some << 29)


@unlocked_kernel
def _finish(stack: Any, memory: Any, i: Any) -> None:
    """Remember a thing on the stack as it is now, for it does not change any more."""
    memory[stack[i, layout.PLACE]] = _packed(stack, i)
    stack[i, layout.PLACE] = layout.TAKEN


@unlocked_kernel
def _note(stack: Any, i: Any, begin: Any, place: Any, size: Any, depth: Any, kind: Any, chosen: Any, keys: Any) -> None:
    """Note what is known of a thing on the stack."""
    stack[i, layout.BEGIN], stack[i, layout.PLACE], stack[i, layout.SIZE] = begin, place, size
    stack[i, layout.DEPTH], stack[i, layout.SORT] = depth, kind
    stack[i, layout.CHOSEN], stack[i, layout.KEY_COUNT] = chosen, keys


@unlocked_kernel
def _walk(  # one kind of number everywhere, so that each kernel is compiled once
    data: Any, start: Any, things_at_most: Any, bytes_at_most: Any, stack: Any, marks: Any, memory: Any, items: Any
) -> Any:
    """Walk to the end; return how it ended, where, items of dictionaries, and one more than the highest number."""
    stop, at = len(data), start
    none: Any = np.int64(0)
    depth, marked, count, remembered, entries, steps, things, taken = none, none, none, none, none, none, none, none
    while at < stop:
        here = at
        code = data[at]
        act = layout.ACT[code]
        at = stop + 1 if act < 0 else after(data, code, at + 1, stop)
        if at > stop or (code == layout.FRAME and little_endian(data, here + 1, 8) > np.uint64(stop - at)):
            return (layout.UNKNOWN if act < 0 else layout.CUT), here, 0, 0
        if depth + 2 > len(stack) or depth > layout.GATHERED_AT_MOST:
            return (layout.MANY if depth > layout.GATHERED_AT_MOST else layout.ROOM), here, 0, 0
        steps += 1
        floor = marks[marked - 1, 0] if marked else 0
        taken += layout.COST[code]
        if act == layout.LEAF or act == layout.OPEN:
            length = at - here - 1
            if length > layout.DIGITS[code]:
                return layout.DIGITS_WRONG, here, 0, 0
            kind = layout.KIND[code]
            if code == layout.INT and length > layout.SHORT_LINE:
                kind = none + layout.CHOSEN_HASH
            size, chosen = 1 + (length >> 3), none + (kind == layout.CHOSEN_HASH)
            _note(stack, depth, here, none + layout.NOWHERE, size, none, kind, chosen, none)
            things, taken = things + size, taken + length * (4 if length > layout.SHORT_TEXT else 1)
            depth += 1
        elif act == layout.GET:
            place = place_of(data, code, here + 1, at, entries)
            noted = np.int64(memory[place]) if 0 <= place < len(memory) else 0
            if noted >= layout.UNFINISHED:  # it is still on the stack, where it must not change any more
                lies, noted = noted - layout.UNFINISHED, 0
                if lies < depth and stack[lies, layout.PLACE] == place:
                    _finish(stack, memory, lies)
                    noted = np.int64(memory[place])
            if noted == 0:
                return layout.MEMO, here, 0, 0
            size, chosen = noted & ((1 << layout.SIZE_BITS) - 1), layout.SOME[noted >> 29]
            if size == (1 << layout.SIZE_BITS) - 1:
                return layout.LARGE, here, 0, 0
            deep, kind = noted >> layout.SIZE_BITS & 127, noted >> 27 & 3
            _note(stack, depth, here, none + layout.TAKEN, size, deep, kind, chosen, none)
            things += size
            depth += 1
        elif act == layout.PUT:
            if depth <= floor:
                return layout.STACK, here, 0, 0
            place = place_of(data, code, here + 1, at, entries)
            if len(memory) <= place <= steps:
                return layout.ROOM, here, 0, 0
            if place > steps or place < 0 or memory[place]:
                return layout.MEMO, here, 0, 0
            memory[place] = _packed(stack, depth - 1)
            if stack[depth - 1, layout.SORT] >= layout.CONTAINER and stack[depth - 1, layout.PLACE] != layout.TAKEN:
                memory[place] = np.uint32(layout.UNFINISHED + depth - 1)
                stack[depth - 1, layout.PLACE] = place
            entries, remembered = entries + 1, max(remembered, place + 1)
        elif code == layout.MARK:
            if marked == layout.MARKED_AT_MOST:
                return layout.DEEP, here, 0, 0
            marks[marked, 0], marks[marked, 1] = depth, here
            marked += 1
        elif code == layout.POP and marked and depth == floor:
            marked -= 1
        else:
            before, first = depth, depth - layout.TAKES[code] + (act >= layout.ADD)
            begun = here
            if layout.TO_MARK[code]:
                if not marked:
                    return layout.STACK, here, 0, 0
                marked -= 1
                first, begun = floor, marks[marked, 1]
                floor = marks[marked - 1, 0] if marked else 0
                depth = first - layout.TAKES[code]
            else:
                depth -= layout.TAKES[code]
                if 0 <= depth < before:
                    begun = stack[depth, layout.BEGIN]
            if depth < floor:
                return layout.STACK, here, 0, 0
            if act > layout.DROP:
                why, more = _make(stack, memory, code, begun, depth, first, before)
                if why != layout.WHOLE:
                    return why, here, 0, 0
                things, taken = things + 1, taken + more
            if act == layout.ADD_PAIRS and (marked == 0 or (marked == 1 and marks[0, 0] == 1)):
                # The dictionary is the outermost one, or becomes an item of it.
                if count + before > len(items):
                    return layout.ROOM, here, 0, 0
                for i in range(first, before - 1, 2):
                    items[count, 0] = stack[depth, layout.BEGIN] if depth else layout.OUTERMOST
                    items[count, 1], items[count, 2] = stack[i, layout.BEGIN], stack[i + 1, layout.BEGIN]
                    items[count, 3] = stack[i + 2, layout.BEGIN] if i + 2 < before else here
                    count += 1
            depth += layout.GIVES[code]
            if code == layout.STOP:
                return layout.WHOLE, at, count, remembered
        if things > things_at_most or taken > bytes_at_most:
            return (layout.LARGE if things > things_at_most else layout.MEMORY), here, 0, 0
    return layout.CUT, at, 0, 0


@unlocked_kernel
def _make(stack: Any, memory: Any, code: Any, begun: Any, into: Any, first: Any, before: Any) -> Any:
    """Note what is made of parts on the stack, or added to what lies below; return what is wrong, and bytes taken.

    Whatever is a part does not change any more.
    """
    none: Any = np.int64(0)
    size, deep, chosen, keys = none + 1, none, none, none
    adds, calls = layout.ACT[code] >= layout.ADD, layout.ACT[code] == layout.CALL
    if adds:
        if stack[into, layout.PLACE] == layout.TAKEN:
            return layout.AGAIN, 0
        size, deep = stack[into, layout.SIZE], stack[into, layout.DEPTH]
        chosen, keys = stack[into, layout.CHOSEN], stack[into, layout.KEY_COUNT]
    fine: Any = True
    own, step = size, layout.KEY_STEP[code]
    for i in range(first, before):
        if stack[i, layout.PLACE] >= 0:
            _finish(stack, memory, i)
        if step and (i - first) % step == 0 and stack[i, layout.SORT] != layout.PLAIN:
            keys += 1
            fine &= stack[i, layout.SIZE] <= layout.HASHED_AT_MOST and keys <= layout.HASHED_AT_MOST
        size += stack[i, layout.SIZE]
        deep = max(deep, stack[i, layout.DEPTH] + 1)
        chosen += stack[i, layout.CHOSEN]
    if adds:
        begun, kind, place = stack[into, layout.BEGIN], stack[into, layout.SORT], stack[into, layout.PLACE]
    else:
        kind, place = layout.KIND[code], none + layout.NOWHERE
        fine &= not calls or chosen <= layout.HASHED_AT_MOST
        chosen = none + 1 if calls else chosen + (kind != layout.CONTAINER)
    _note(stack, into, begun, place, size, deep, kind, chosen, keys)
    if deep > layout.NESTED_AT_MOST:
        return layout.DEEP, 0
    more = layout.COST_OF_PART[code] * (before - first) + layout.COST_OF_THING[code] * (size - own)
    return (layout.WHOLE if fine else layout.KEYS), more
