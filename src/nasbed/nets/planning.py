"""Planning: from a resolved expression to what stands where in its network: channels, strides and pixels of each layer.

The rules, for what the expression does not say itself. A layer keeps the channels and the image's size. The nodes of a
cell have the width that was last decided, by a stem, a layer or a cell; edges from its inputs change channels and size
where they must. What a cell or a sequence on an edge of another cell shall change, the first of its layers that can
changes. A cell that stands alone is stacked in three stages, with reductions between; what has no stem or no
head gets one.

A plan is a tree of frozen values, which a network, its costs and a supernet are made from alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple

from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.nets.changing import first, first_layer, halves, says_channels, widens
from nasbed.nets.making import Place, look, shape_of, takes
from nasbed.nets.opening import Mix
from nasbed.nets.plan import (
    Planned,
    PlannedCell,
    PlannedChain,
    PlannedLayer,
    PlannedMix,
    PlannedPartial,
    PlannedWay,
    Shape,
    last,
)
from nasbed.spaces.expression import Expression
from nasbed.spaces.parts import Dag, Op, Seq, edge_name


class Wish(NamedTuple):
    """What a part shall change, as wanted from outside.

    Attributes:
        channels: That shall come out; None for what it says itself.
        stride: By how much it divides the image's size, besides what it says itself.
    """

    channels: int | None = None
    stride: int = 1


@dataclass(frozen=True)
class Planner:
    """Plans the network of a resolved expression.

    Attributes:
        classes: How many numbers come out for an image.
        image_size: Height and width of an image.
        image_channels: Colours of an image.
        channels: Behind a stem that does not say it.
        cells: In each of the three stages of a cell that stands alone.
        known: Cells that are planned, by what they are and read and shall change.
        mixes_sizes: Whether ways for a part to be may give images of several sizes: the largest counts.
        share: Options on the edges of cells read one channel in so many.
    """

    classes: int
    image_size: int
    image_channels: int
    channels: int
    cells: int
    known: dict[Any, PlannedCell] = field(default_factory=dict)
    mixes_sizes: bool = False
    share: int = 1

    def whole(self, expression: Expression) -> PlannedChain:
        """Plan a network, from an image to a number for each class.

        Raises:
            BadSetting: When there is no such layer or setting.
            InvalidArchitecture: When what layers give does not fit together.
        """
        image = Shape(self.image_channels, self.image_size, self.channels)
        parts = self.with_skeleton(expression)
        planned = self.chain(parts, [], [image], Wish(), ())
        if planned.gives.size:
            planned = self.chain([*parts, Op("head", {"norm": True})], [], [image], Wish(), ())
        if planned.gives.channels != self.classes:
            raise InvalidArchitecture(
                f"the last layer gives {planned.gives.channels} numbers for an image; there are {self.classes} "
                "classes. Let what makes it take classes"
            )
        return planned

    def with_skeleton(self, expression: Expression) -> list[Expression]:
        """Return the parts of a network: where the expression is one cell, it is stacked; a stem is seen to."""
        parts = list(expression.parts) if isinstance(expression, Seq) else [expression]
        if isinstance(expression, Dag):
            stage = [expression] * self.cells
            parts = [*stage, Op("reduction", {}), *stage, Op("reduction", {}), *stage]
        reads = first_layer(parts)
        is_stem = reads is not None and takes(reads, "image_channels")
        return parts if is_stem else [Op("stem", {}), *parts]

    def part(
        self, part: Expression, before: Sequence[Shape], source: Sequence[Shape], wish: Wish, at: tuple[str, ...]
    ) -> Planned:
        """Plan a part.

        Args:
            part: It, resolved.
            before: What the parts before it in a sequence give, the nearest last.
            source: What it reads where there are none.
            wish: What it shall change.
            at: Where it stands, in words.
        """
        reads = before or source
        match part:
            case Op():
                return self.layer(part, reads[-1], wish, at)
            case Dag():
                return self.cell(part, last(reads, part.inputs), wish, at)
            case Seq():
                return self.chain(part.parts, before, source, wish, at)
            case Mix():
                return self.mix(
                    part, [self.part(way.part, before, source, wish, (*at, way.part.label)) for way in part.ways], at
                )
        raise TypeError(f"{type(part).__name__} is not resolved")

    def layer(self, op: Op, x: Shape, wish: Wish, at: tuple[str, ...]) -> PlannedLayer:
        """Plan a layer that reads x."""
        try:
            return _layer(op.label, op.maker, tuple(op.settings.items()), x, wish, self.channels, self.classes)
        except (BadSetting, InvalidArchitecture) as error:
            raise type(error)(f"{error}, at {_where(at)} of the network") from error.__cause__

    def chain(
        self,
        parts: Sequence[Expression],
        before: Sequence[Shape],
        source: Sequence[Shape],
        wish: Wish,
        at: tuple[str, ...],
    ) -> PlannedChain:
        """Plan parts one after the other; see ``part``."""
        parts, wishes = shared_out(parts, (before or source)[-1], wish)
        outputs, links = list(before), list[Planned]()
        for i, (part, own) in enumerate(zip(parts, wishes, strict=True)):
            links.append(self.part(part, outputs, source, own, (*at, part.label or str(i))))
            outputs.append(links[-1].gives)
        reads = max((link.needs - i for i, link in enumerate(links)), default=1) if before else 0
        return PlannedChain((outputs or source)[-1], tuple(links), max(reads, 1) if before else 0)

    def cell(self, dag: Dag, reads: Sequence[Shape], wish: Wish, at: tuple[str, ...]) -> PlannedCell:
        """Plan a cell that reads as many values as it has inputs; one that stands there again is planned once."""
        key = id(dag), tuple(reads), wish
        if key not in self.known:
            self.known[key] = self._cell(dag, reads, wish, at)
        return self.known[key]

    def _cell(self, dag: Dag, reads: Sequence[Shape], wish: Wish, at: tuple[str, ...]) -> PlannedCell:
        x, settings = reads[-1], dag.settings
        outputs = dag.concat or (dag.nodes - 1,)
        width = width_of(dag, x, wish, at)
        before, nodes = tuple[Planned, ...](), dict(enumerate(reads))
        if settings.get("preprocess"):
            op = Op(settings["preprocess"], {})
            inner = (*at, settings["preprocess"])
            before = tuple(self.layer(op, one, Wish(width, ratio(one, x, at)), inner) for one in reads)
            nodes = {i: planned.gives for i, planned in enumerate(before)}
        brought, edges = dict[int, list[Shape]](), list[tuple[int, int, Planned]]()
        for source, target in dag.order:
            if source not in nodes:
                nodes[source] = _merged(dag.merge, brought.get(source, []), (*at, f"node {source}"))
            stride = settings.get("stride", 1) * wish.stride * ratio(nodes[source], x, at) if source < dag.inputs else 1
            there = (*at, edge_name((source, target)))
            part = self.edge(dag.parts[source, target], nodes[source], Wish(width, stride), there)
            edges.append((source, target, part))
            brought.setdefault(target, []).append(part.gives)
        for node in outputs:
            if node not in nodes:
                nodes[node] = _merged(dag.merge, brought.get(node, []), (*at, f"node {node}"))
        whole = _merged("concat", [nodes[node] for node in outputs], at)
        gives = Shape(whole.channels, whole.size, width)
        return PlannedCell(gives, before, tuple(edges), dag.inputs, dag.merge, outputs)

    def edge(self, part: Expression, x: Shape, wish: Wish, at: tuple[str, ...]) -> Planned:
        """Plan the part on an edge of a cell; options of a choice may read a share of the channels alone."""
        ways = part.ways if isinstance(part, Mix) and self.share > 1 else ()
        if len(ways) == 1 and ways[0].number is None:  # an edge into a node whose inputs are decided
            return self.mix(part, [self.edge(ways[0].part, x, wish, at)], at)  # type: ignore[arg-type]
        if not ways or ways[0].number is None or not ways[0].term:
            return self.part(part, [], [x], wish, at)
        few, rest = divmod(x.channels, self.share)
        if rest or wish.channels not in (None, x.channels):
            raise BadSetting(
                f"options of {_where(at)} read one channel in {self.share}, and the others pass by, so that a multiple "
                f"of {self.share} goes in and comes out; there are {x.channels} and {wish.channels or x.channels}"
            )
        small = Shape(few, x.size, few)
        inner = replace(self, known={})
        planned = [inner.part(way.part, [], [small], Wish(few, wish.stride), (*at, way.part.label)) for way in ways]
        mix = self.mix(part, planned, at)  # type: ignore[arg-type]
        return PlannedPartial(Shape(x.channels, mix.gives.size, x.channels), mix, self.share, ways[0].term[0][0])

    def mix(self, mix: Mix, planned: Sequence[Planned], at: tuple[str, ...]) -> PlannedMix:
        """Plan ways for a part to be, of which each is planned."""
        gives = [one.gives for one in planned]
        sizes = {one.size for one in gives}
        if len(sizes) > 1 and not self.mixes_sizes:
            said = " or ".join(f"{size}²" for size in sorted(sizes))
            raise InvalidArchitecture(
                f"the options of {_where(at)} give images of {said} pixels, which cannot be added up; let one of them "
                "count, as net.one_hot(architecture) does"
            )
        shape = Shape(max(one.channels for one in gives), max(sizes), max(one.width for one in gives))
        ways = zip(mix.ways, planned, strict=True)
        return PlannedMix(shape, tuple(PlannedWay(way.term, way.number, one) for way, one in ways), mix.rest)


# ── wishes ────────────────────────────────────────────────────────────────────────────────────────────────────────


def shared_out(parts: Sequence[Expression], x: Shape, wish: Wish) -> tuple[Sequence[Expression], list[Wish]]:
    """Return the parts of a sequence that reads x, and what each of them shall change.

    Where there is none and something shall change, there is one that does.
    """
    widening = halving = len(parts)
    if wish != Wish():
        if not parts and (wish.stride != 1 or wish.channels not in (None, x.channels)):
            parts = [Op("skip_connect", {})]
        said = max((i for i, one in enumerate(parts) if says_channels(one)), default=-1)
        widening, halving = first(parts, widens, said + 1), first(parts, halves)
    return parts, [
        Wish(wish.channels if i == widening else None, wish.stride if i == halving else 1) for i in range(len(parts))
    ]


def width_of(dag: Dag, x: Shape, wish: Wish, at: tuple[str, ...]) -> int:
    """Return how many channels the nodes of a cell have that reads x."""
    said = dag.settings.get("channels")
    if said is not None:
        return int(said)
    if wish.channels is not None and dag.merge != "concat":
        width, rest = divmod(wish.channels, len(dag.concat or (0,)))
        if rest:
            raise InvalidArchitecture(
                f"{_where(at)} concatenates {len(dag.concat)} nodes, which cannot make {wish.channels} channels"
            )
        return width
    return wish.channels or round(x.width * dag.settings.get("widen", 1))


# ── shapes ────────────────────────────────────────────────────────────────────────────────────────────────────────


def ratio(one: Shape, x: Shape, at: tuple[str, ...]) -> int:
    """Return by how much the size of an input has to be divided to be that of the nearest."""
    ratio = max(1, round(one.size / x.size)) if x.size else 1
    if -(-one.size // ratio) != x.size:
        raise InvalidArchitecture(f"the inputs of {_where(at)} have {one.size}² and {x.size}² pixels")
    return ratio


def _merged(merge: str, brought: Sequence[Shape], at: tuple[str, ...]) -> Shape:
    """Return what a node is that these reach."""
    if not brought:
        raise InvalidArchitecture(f"no edge leads to {_where(at)}")
    kinds = {(one.size, *([] if merge == "concat" else [one.channels])) for one in brought}
    if len(kinds) > 1:
        said = ", ".join(f"{one.channels} × {one.size}²" for one in brought)
        raise InvalidArchitecture(f"what reaches {_where(at)} does not fit together: {said}")
    channels = sum(one.channels for one in brought) if merge == "concat" else brought[0].channels
    return Shape(channels, brought[0].size, channels)


def _where(at: tuple[str, ...]) -> str:
    return " → ".join(at) or "the cell"


def _unchanged(op: Op, gives: str, argument: str) -> InvalidArchitecture:
    return InvalidArchitecture(f"the layer {op} gives {gives}; let what makes it take {argument}")


@lru_cache(maxsize=2**16)
def _layer(
    label: str, maker: Any, settings: tuple[tuple[str, Any], ...], x: Shape, wish: Wish, channels: int, classes: int
) -> PlannedLayer:
    """Plan a layer that reads x; the same for all that are alike.

    Args:
        label: What the layer is called.
        maker: What makes it, where that is the user's own.
        settings: Of the layer.
        x: What it reads.
        wish: What it shall change.
        channels: Behind a stem that does not say it.
        classes: How many numbers come out for an image.
    """
    op = Op(label, dict(settings), maker)
    shape = shape_of(op)
    asked = shape.get("channels", shape.get("width"))
    if asked is None and takes(op, "image_channels"):
        asked = channels
    width, targets = x.width, x.channels
    if asked is not None:
        width, targets = asked, asked * shape.get("multiplier", 1)
    elif wish.channels is not None:
        width = targets = wish.channels
    elif "widen" in shape:
        width = targets = round(x.width * shape["widen"])
    stride = shape.get("stride", 1) * wish.stride
    if not x.size:
        raise InvalidArchitecture(f"the layer {op} stands behind the head, which leaves no pixels")
    place = Place(x.channels, targets, stride, x.size, classes)
    found = look(op, place)
    if found.size and found.channels != targets and targets != x.channels:
        raise _unchanged(op, f"{found.channels} channels, not {targets}", "out_channels")
    if found.size and found.size != place.size and stride != 1:
        raise _unchanged(op, f"{found.size}² pixels, not {place.size}²", "stride")
    is_kept = found.channels == targets
    return PlannedLayer(Shape(found.channels, found.size, width if is_kept else found.channels), op, place, found)
