"""Exploring: all layers that may stand at the places of an open expression, whatever its other parts decide.

A plan has one shape at each place. Where options give several, what follows may read any of them, and a layer may be of
other modules for each: an identity is a convolution where channels change. So this follows sets of shapes. It takes the
decisions that lead to a place one by one, and may find a layer that no architecture has, but misses none.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.nets.opening import Mix
from nasbed.nets.plan import Shape, last
from nasbed.nets.planning import Planner, Wish, ratio, shared_out, width_of
from nasbed.nets.sharing import Stand, place_of, within
from nasbed.spaces.expression import Expression
from nasbed.spaces.parts import Dag, Op, Seq, edge_name

Shapes = frozenset[Shape]

_MOST = 4096  # so many sequences of shapes that a part may read


class Explorer:
    """Finds the layers of a network.

    Args:
        planner: What plans single layers.
    """

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.found: dict[object, Stand] = {}
        self._known: dict[object, Shapes] = {}
        self._wrong: BadSetting | InvalidArchitecture | None = None

    def whole(self, opened: Expression, place: str = "") -> list[Stand]:
        """Return all layers of an opened expression, which is a whole network.

        Raises:
            InvalidArchitecture: When nothing fits together, or shapes combine in too many ways.
        """
        if isinstance(opened, Mix):
            for way in opened.ways:
                self.whole(way.part, within(place, _option(way.number)))
            return list(self.found.values())
        image = Shape(self.planner.image_channels, self.planner.image_size, self.planner.channels)
        parts = self.planner.with_skeleton(opened)
        self._reads = _inputs(opened)
        gives = self._chain(parts, (), (image,), Wish(), place, False)
        if any(shape.size for shape in gives):
            self._known.clear()
            gives = self._chain([*parts, Op("head", {"norm": True})], (), (image,), Wish(), place, False)
        if not gives and self._wrong is not None:
            raise self._wrong
        return list(self.found.values())

    def _part(
        self,
        part: Expression,
        before: tuple[Shape, ...],
        source: tuple[Shape, ...],
        wish: Wish,
        place: str,
        is_chosen: bool,
    ) -> Shapes:
        """Return the shapes that may come out of a part; see ``Planner.part``."""
        key = id(part), before, source, wish, place
        if key in self._known:
            return self._known[key]
        match part:
            case Op():
                gives = self._layer(part, (before or source)[-1], wish, place, is_chosen)
            case Seq():
                gives = self._chain(part.parts, before, source, wish, place, is_chosen)
            case Dag():
                reads = last(before or source, part.inputs)
                gives = self._cell(part, reads, wish, place, is_chosen or _is_open(part))
            case Mix():
                gives = frozenset[Shape]().union(*(
                    self._part(way.part, before, source, wish, within(place, _option(way.number)),
                               is_chosen or way.number is not None)
                    for way in part.ways
                ))  # fmt: skip
            case _:
                raise TypeError(f"{type(part).__name__} is not open")
        self._known[key] = gives
        return gives

    def _layer(self, op: Op, x: Shape, wish: Wish, place: str, is_chosen: bool) -> Shapes:
        try:
            planned = self.planner.layer(op, x, wish, (place,))
        except (BadSetting, InvalidArchitecture) as error:
            self._wrong = self._wrong or error
            return frozenset()
        stand = Stand(place_of(place, planned), planned, is_chosen)
        self.found.setdefault((stand.place, id(planned)), stand)
        return frozenset([planned.gives])

    def _chain(
        self,
        parts: Sequence[Expression],
        before: tuple[Shape, ...],
        source: tuple[Shape, ...],
        wish: Wish,
        place: str,
        is_chosen: bool,
    ) -> Shapes:
        parts, wishes = shared_out(parts, (before or source)[-1], wish)
        states = {before}
        for i, (part, own) in enumerate(zip(parts, wishes, strict=True)):
            there = within(place, str(i))
            states = {
                (*state, gives)[-self._reads :]
                for state in states
                for gives in self._part(part, state, source, own, there, is_chosen)
            }
            if len(states) > _MOST:
                raise InvalidArchitecture(f"what part {i} of the network reads may have more than {_MOST:,} shapes")
        return frozenset((state or source)[-1] for state in states)

    def _cell(self, dag: Dag, reads: Sequence[Shape], wish: Wish, place: str, is_chosen: bool) -> Shapes:
        x = reads[-1]
        nodes = {i: frozenset([one]) for i, one in enumerate(reads)}
        brought: dict[int, list[Shapes]] = {}
        try:
            width = width_of(dag, x, wish, (place,))
            if dag.settings.get("preprocess"):
                op = Op(dag.settings["preprocess"], {})
                ratios = [ratio(one, x, (place,)) for one in reads]
                nodes = {
                    i: self._layer(op, one, Wish(width, ratios[i]), within(place, f"in{i}"), is_chosen)
                    for i, one in enumerate(reads)
                }
        except InvalidArchitecture as error:
            self._wrong = self._wrong or error
            return frozenset()
        for source, target in dag.order:
            if source not in nodes:
                nodes[source] = _merged(dag.merge, brought.get(source, []))
            gives = frozenset[Shape]()
            for one in nodes[source]:
                stride = 1
                if source < dag.inputs:
                    stride = dag.settings.get("stride", 1) * wish.stride * ratio(one, x, (place,))
                there = within(place, edge_name((source, target)))
                gives |= self._part(dag.parts[source, target], (), (one,), Wish(width, stride), there, is_chosen)
            brought.setdefault(target, []).append(gives)
        outputs = dag.concat or (dag.nodes - 1,)
        whole = [nodes[node] if node in nodes else _merged(dag.merge, brought.get(node, [])) for node in outputs]
        return frozenset(Shape(one.channels, one.size, width) for one in _merged("concat", whole))


def _merged(merge: str, brought: Sequence[Shapes]) -> Shapes:
    """Return what a node may be that these reach."""
    if merge != "concat":
        return frozenset[Shape]().union(*brought)
    sums = {(0, shape.size) for some in brought[:1] for shape in some}
    for some in brought:
        sums = {(channels + one.channels, size) for (channels, size), one in product(sums, some) if one.size == size}
    return frozenset(Shape(channels, size, channels) for channels, size in sums)


def _inputs(part: Expression) -> int:
    """Return the most values that a cell in a part reads."""
    own = part.inputs if isinstance(part, Dag) else 1
    return max([own, *(_inputs(use.part) for use in part.uses())])


def _is_open(part: Expression) -> bool:
    return isinstance(part, Mix) or any(_is_open(use.part) for use in part.uses())


def _option(number: int | None) -> str:
    return "" if number is None else f"option{number}"
