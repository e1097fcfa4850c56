"""What a part can change: the channels of what comes out of it, and the size of the image."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nasbed.nets.making import shape_of, takes
from nasbed.nets.opening import Mix
from nasbed.spaces.expression import Expression
from nasbed.spaces.parts import Dag, Op, Seq


def says_channels(part: Expression) -> bool:
    """Say whether a resolved part says itself how many channels come out of it."""
    match part:
        case Op():
            return not {"channels", "width"}.isdisjoint(shape_of(part))
        case Dag():
            return "channels" in part.settings
        case Seq():
            return any(map(says_channels, part.parts))
        case Mix():
            return any(says_channels(way.part) for way in part.ways)
    return False


def widens(part: Expression) -> bool:
    """Say whether a resolved part can be told how many channels come out of it."""
    match part:
        case Op():
            return takes(part, "out_channels")
        case Dag():
            return True
        case Seq():
            return not part.parts or any(map(widens, part.parts))
        case Mix():
            return all(widens(way.part) for way in part.ways)
    return False


def halves(part: Expression) -> bool:
    """Say whether a resolved part can be told a stride."""
    match part:
        case Op():
            return takes(part, "stride")
        case Dag():
            return True
        case Seq():
            return not part.parts or any(map(halves, part.parts))
        case Mix():
            return all(halves(way.part) for way in part.ways)
    return False


def first(parts: Sequence[Expression], can: Callable[[Expression], bool], start: int = 0) -> int:
    """Return the first part from one on that can do something; the number of parts where none can."""
    return next((i for i in range(start, len(parts)) if can(parts[i])), len(parts))


def first_layer(parts: Sequence[Expression]) -> Op | None:
    """Return the layer that comes first; None where a cell does."""
    for i, part in enumerate(parts):
        if isinstance(part, Op):
            return part
        if isinstance(part, Mix):
            return first_layer([part.ways[0].part, *parts[i + 1 :]])
        if not isinstance(part, Seq):
            return None
        if part.parts:
            return first_layer(part.parts)
    return None
