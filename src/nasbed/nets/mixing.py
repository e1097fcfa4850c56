"""Mixing: from a plan whose decisions are open to what computes it, with a coefficient for each value of a decision.

What computes a part is given the values that it reads, the nearest last, and the ``Scales`` of the pass. It keeps
nothing of either, so the same parts compute every pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from nasbed.nets.opening import Term
from nasbed.nets.plan import Planned, PlannedCell, PlannedChain, PlannedLayer, PlannedMix, PlannedPartial, Shape, last
from nasbed.nets.sharing import SharedLayers, place_of, within
from nasbed.nets.summing import Scales, Sums
from nasbed.nets.written_network import merged
from nasbed.spaces.parts import edge_name


class Run:
    """Computes a part of a plan."""

    def __call__(self, reads: Sequence[Tensor], at: Scales) -> Tensor:
        """Return what comes out of it.

        Args:
            reads: What it reads, each ``(batch, channels, size, size)``, the nearest last.
            at: How much ways count.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Leaf:
    """A way in which a value reaches a node.

    Attributes:
        node: Which.
        term: How much it counts.
        part: What is on the way; None for coefficients that are 0.
        place: Where that stands.
    """

    node: int
    term: Term
    part: Planned | None
    place: str

    @property
    def is_nothing(self) -> bool:
        """Whether it brings zeros."""
        return isinstance(self.part, PlannedLayer) and self.part.op.passed == "nothing"


def leaves_of(part: Planned, place: str, node: int = 0, term: Term = ()) -> Iterator[Leaf]:
    """Give the ways through a part to a node, those of mixes within mixes one by one, without those of zeros.

    Behind those of a mix comes one for its coefficients that are 0.
    """
    if isinstance(part, PlannedMix):
        for way, (name, inner) in zip(part.ways, part.parts(), strict=True):
            yield from leaves_of(inner, within(place, name), node, _product(term, way.term))
        if part.rest:
            yield Leaf(node, _product(term, part.rest), None, place)
    elif not (leaf := Leaf(node, term, part, place)).is_nothing:
        yield leaf


Bring = Callable[[Sequence[Tensor], Scales, Sums], None]
"""Adds what some leaves make of what they read to the nodes that they lead to."""


class Mixer:
    """Makes what computes the parts of a plan, each way by itself.

    Args:
        shared: The weights.
    """

    def __init__(self, shared: SharedLayers) -> None:
        self.shared = shared

    def run(self, part: Planned, place: str = "") -> Run:
        """Return what computes a part."""
        match part:
            case PlannedLayer():
                return _Layer(self.layer(part, place))
            case PlannedChain():
                return self._chain(part, place)
            case PlannedMix():
                longest = _longest(part)
                if longest is not None:
                    lengths = [(_length(way.part), way.term) for way in part.ways]
                    return _Depth(self._chain(longest, place), lengths, part.gives)
                return _Mix(self.brings(list(leaves_of(part, place))), part.gives)
            case PlannedPartial():
                return _Partial(self.run(part.mix, place), part)
            case PlannedCell():
                before = [self.run(one, within(place, f"in{i}")) for i, one in enumerate(part.before)]
                return _Cell(part, before, self._filling(part, place))
        raise TypeError(f"{type(part).__name__} has nothing that computes it")

    def layer(self, layer: PlannedLayer, place: str) -> Callable[[Tensor], Tensor]:
        """Return a layer with its weights."""
        return self.shared.layer(place_of(place, layer), layer)

    def brings(self, leaves: Sequence[Leaf]) -> Bring:
        """Return what adds leaves of one source to their nodes."""
        compute = self.computes([(leaf, leaf.part) for leaf in leaves if leaf.part is not None])
        carried = [(leaf.node, leaf.term) for leaf in leaves if leaf.part is None]

        def bring(reads: Sequence[Tensor], at: Scales, sums: Sums) -> None:
            compute(reads, at, sums)
            for node, term in carried if at.carried else ():
                number = at(term)
                if number is not None and number.requires_grad:
                    sums.carry(node, number)

        return bring

    def computes(self, leaves: Sequence[tuple[Leaf, Planned]]) -> Bring:
        """Return what computes leaves of one source, each given with its part, and adds them to their nodes."""
        runs = [(leaf.node, leaf.term, part.needs, self.run(part, leaf.place)) for leaf, part in leaves]

        def bring(reads: Sequence[Tensor], at: Scales, sums: Sums) -> None:
            for node, term, needs, run in runs:
                sums.add(node, run(last(reads, needs), at), at(term))

        return bring

    def _chain(self, chain: PlannedChain, place: str) -> _Chain:
        links = [self.run(link, within(place, name)) for name, link in chain.parts()]
        return _Chain(links, [link.needs for link in chain.links], chain.reads)

    def _filling(self, cell: PlannedCell, place: str) -> _Filling:
        edges = [
            (source, target, part, within(place, edge_name((source, target)))) for source, target, part in cell.edges
        ]
        if cell.merge != "sum":
            return _Merging([(source, target, self.run(part, at)) for source, target, part, at in edges], cell.merge)
        leaves: dict[int, list[Leaf]] = {}
        for source, target, part, at in edges:
            leaves.setdefault(source, []).extend(leaves_of(part, at, target))
        return _Summing({source: self.brings(leaves[source]) for source in sorted(leaves)}, _shapes(cell))


# ── what computes ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Layer(Run):
    module: Callable[[Tensor], Tensor]

    def __call__(self, reads: Sequence[Tensor], at: Scales) -> Tensor:
        return self.module(reads[-1])


@dataclass(frozen=True)
class _Chain(Run):
    links: Sequence[Run]
    needs: Sequence[int]
    reads: int

    def __call__(self, reads: Sequence[Tensor], at: Scales) -> Tensor:
        y = reads[-1]
        for output in self.outputs(reads, at):
            y = output
        return y

    def outputs(self, reads: Sequence[Tensor], at: Scales) -> Iterator[Tensor]:
        """Give what comes out of each link."""
        outputs = list(reads) if self.reads else []
        for link, needs in zip(self.links, self.needs, strict=True):
            outputs = [*outputs, link(last(outputs or reads, needs), at)][-max(self.needs) :]
            yield outputs[-1]


@dataclass(frozen=True)
class _Depth(Run):
    """Chains of which the shorter begin the longer: the longest is computed once."""

    chain: _Chain
    lengths: Sequence[tuple[int, Term]]
    gives: Shape

    def __call__(self, reads: Sequence[Tensor], at: Scales) -> Tensor:
        sums, outputs = Sums(), [reads[-1], *self.chain.outputs(reads, at)]
        for length, term in self.lengths:
            sums.add(0, outputs[length], at(term))
        return sums.pop(0, self.gives, reads[-1])


@dataclass(frozen=True)
class _Mix(Run):
    bring: Bring
    gives: Shape

    def __call__(self, reads: Sequence[Tensor], at: Scales) -> Tensor:
        sums = Sums()
        self.bring(reads, at, sums)
        return sums.pop(0, self.gives, reads[-1])


@dataclass(frozen=True)
class _Partial(Run):
    """Options that read a share of the channels: PC-DARTS, Xu et al., ICLR 2020, https://arxiv.org/abs/1907.05737."""

    inner: Run
    part: PlannedPartial

    def __call__(self, reads: Sequence[Tensor], at: Scales) -> Tensor:
        x = reads[-1]
        read, by = torch.split(x, [x.shape[1] // self.part.share, x.shape[1] - x.shape[1] // self.part.share], 1)
        y = self.inner([read], at)
        stride = -(-x.shape[2] // y.shape[2])
        if stride > 1:
            by = functional.max_pool2d(by, stride, ceil_mode=True)
        y = functional.channel_shuffle(torch.cat([y, by], 1), self.part.share)
        return y * at.edges[self.part.slot] if self.part.slot in at.edges else y


class _Filling:
    """Fills the nodes of a cell."""

    def __call__(self, nodes: dict[int, Tensor], at: Scales) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class _Summing(_Filling):
    brings: dict[int, Bring]
    shapes: dict[int, Shape]

    def __call__(self, nodes: dict[int, Tensor], at: Scales) -> None:
        like, sums = next(iter(nodes.values())), Sums()
        for node in sorted({*self.brings, *self.shapes}):
            if node in self.shapes:
                nodes[node] = sums.pop(node, self.shapes[node], like)
            if node in self.brings:
                self.brings[node]([nodes[node]], at, sums)


@dataclass(frozen=True)
class _Merging(_Filling):
    edges: Sequence[tuple[int, int, Run]]
    merge: str

    def __call__(self, nodes: dict[int, Tensor], at: Scales) -> None:
        for target in sorted({target for _, target, _ in self.edges}):
            brought = [edge([nodes[source]], at) for source, to, edge in self.edges if to == target]
            nodes[target] = merged(brought, self.merge)


@dataclass(frozen=True)
class _Cell(Run):
    cell: PlannedCell
    before: Sequence[Run]
    filling: _Filling

    def __call__(self, reads: Sequence[Tensor], at: Scales) -> Tensor:
        given = last(reads, self.cell.inputs)
        if self.before:
            given = [run([one], at) for run, one in zip(self.before, given, strict=True)]
        nodes = dict(enumerate(given))
        self.filling(nodes, at)
        return merged([nodes[node] for node in self.cell.outputs], "concat")


# ── what is read from plans ───────────────────────────────────────────────────────────────────────────────────────


def _product(one: Term, other: Term) -> Term:
    return (*one, *(factor for factor in other if factor not in one))


def _shapes(cell: PlannedCell) -> dict[int, Shape]:
    """Return what the nodes of a cell are that edges lead to."""
    found: dict[int, Shape] = {}
    for _, target, part in cell.edges:
        wide = max(part.gives.channels, found[target].channels if target in found else 0)
        found[target] = Shape(wide, part.gives.size, wide)
    return found


def _length(part: Planned) -> int:
    return len(part.links) if isinstance(part, PlannedChain) else 0


def _longest(mix: PlannedMix) -> PlannedChain | None:
    """Return the longest of chains of which the shorter begin the longer, at one place; None where they are others."""
    chains = sorted((way.part for way in mix.ways if isinstance(way.part, PlannedChain)), key=_length)
    if len(chains) < len(mix.ways) or any(way.number is not None for way in mix.ways):
        return None
    longest = chains[-1]
    is_begun = all(
        one.reads == longest.reads and all(map(_alike, one.links, longest.links))  # as many as the shorter has
        for one in chains
    )
    return longest if is_begun else None


def _alike(one: Planned, other: Planned) -> bool:
    """Say whether two parts are the same layers at the same places."""
    return one.structure() == other.structure() and all(
        a.op is b.op for a, b in zip(one.layers(), other.layers(), strict=True)
    )
