"""Plan: what stands where in a network, as a tree of frozen values that modules, costs and a supernet are made from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from nasbed.nets.making import Look, Place
from nasbed.nets.opening import Term
from nasbed.spaces.parts import Op, edge_name

_T = TypeVar("_T")


class Shape(NamedTuple):
    """What a value of one image is.

    Attributes:
        channels: How many it has.
        size: Its height and width; 0 where it has no pixels.
        width: How many channels the nodes of a cell have that reads it.
    """

    channels: int
    size: int
    width: int


@dataclass(frozen=True, eq=False)
class Planned:
    """A part at its place.

    Attributes:
        gives: What comes out of it.
    """

    gives: Shape

    @property
    def needs(self) -> int:
        """How many outputs before it the part reads, the nearest last."""
        return 1

    @cached_property
    def parameters(self) -> int:
        """How many trainable numbers its layers have."""
        return sum(part.parameters for _, part in self.parts())

    def parts(self) -> Iterator[tuple[str, Planned]]:
        """Give what it is made of, in the order in which that computes, each with what its place is called."""
        return iter(())

    def layers(self) -> Iterator[PlannedLayer]:
        """Give its layers in the order in which they compute."""
        for _, part in self.parts():
            yield from part.layers()

    def structure(self) -> Any:
        """Return what is the same for parts that differ at most in what layers stand at their places; hashable."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class PlannedLayer(Planned):
    """A layer.

    Attributes:
        op: Which.
        place: Where.
        look: What it makes of an image's values.
    """

    op: Op
    place: Place
    look: Look

    @property
    def parameters(self) -> int:
        """How many trainable numbers it has."""
        return self.look.parameters

    def layers(self) -> Iterator[PlannedLayer]:
        """Give itself."""
        yield self

    def structure(self) -> Any:
        """Return its place."""
        return self.place


@dataclass(frozen=True, eq=False)
class PlannedChain(Planned):
    """Parts one after the other.

    Attributes:
        links: They.
        reads: How many outputs before it it reads; 0 where it begins anew, from one value that is no part's output.
    """

    links: tuple[Planned, ...]
    reads: int

    @property
    def needs(self) -> int:
        """As many as its first parts read from before."""
        return max(self.reads, 1)

    def parts(self) -> Iterator[tuple[str, Planned]]:
        """Give them, numbered."""
        return ((str(i), link) for i, link in enumerate(self.links))

    def structure(self) -> Any:
        """Return that of its parts."""
        return ("chain", self.reads, *(link.structure() for link in self.links))


@dataclass(frozen=True, eq=False)
class PlannedCell(Planned):
    """A cell.

    Attributes:
        before: What each input goes through first; none where they are read as they are.
        edges: Source, target and part of each, by target and then source.
        inputs: How many nodes are inputs.
        merge: How nodes merge what reaches them.
        outputs: The nodes that are concatenated to the output.
    """

    before: tuple[Planned, ...]
    edges: tuple[tuple[int, int, Planned], ...]
    inputs: int
    merge: str
    outputs: tuple[int, ...]

    @property
    def needs(self) -> int:
        """Its inputs."""
        return self.inputs

    def parts(self) -> Iterator[tuple[str, Planned]]:
        """Give what is on its inputs, ``in0``, and on its edges, ``0-1``."""
        yield from ((f"in{i}", part) for i, part in enumerate(self.before))
        yield from ((edge_name((source, target)), part) for source, target, part in self.edges)

    def structure(self) -> Any:
        """Return how it is wired, and the structure on its edges."""
        edges = tuple((source, target, part.structure()) for source, target, part in self.edges)
        before = tuple(part.structure() for part in self.before)
        return "cell", before, edges, self.inputs, self.merge, self.outputs


class PlannedWay(NamedTuple):
    """One way for a part to be; see ``opening.Way``.

    Attributes:
        term: How much it counts.
        number: Which option it is; None where all ways share their weights.
        part: What it is.
    """

    term: Term
    number: int | None
    part: Planned


@dataclass(frozen=True, eq=False)
class PlannedMix(Planned):
    """Ways for a part to be, which read the same and are added up, those of fewer channels with zeros behind.

    Attributes:
        ways: They, one at least.
        rest: What the options count together that count nothing; see ``opening.Mix``.
    """

    ways: tuple[PlannedWay, ...]
    rest: Term = ()

    @property
    def needs(self) -> int:
        """As many as the way that reads most."""
        return max(way.part.needs for way in self.ways)

    def parts(self) -> Iterator[tuple[str, Planned]]:
        """Give the ways, numbered by their options; those that share their weights are at one place, without a name."""
        yield from (("" if way.number is None else f"option{way.number}", way.part) for way in self.ways)

    def structure(self) -> Any:
        """Return that of its ways, and how much each counts."""
        return ("mix", *((way.term, way.number, way.part.structure()) for way in self.ways))


@dataclass(frozen=True, eq=False)
class PlannedPartial(Planned):
    """Options on an edge that read a share of its channels; the others pass by them, and all are shuffled.

    Attributes:
        mix: The options, at the width of their share.
        share: They read one channel in so many.
        slot: The decision between them.
    """

    mix: PlannedMix
    share: int
    slot: int

    def parts(self) -> Iterator[tuple[str, Planned]]:
        """Give the options, at the same place."""
        yield "", self.mix

    def structure(self) -> Any:
        """Return that of the options, and their share."""
        return "partial", self.share, self.mix.structure()


def last(values: Sequence[_T], count: int) -> list[_T]:
    """Return the last of what is there, the first one several times where there are fewer."""
    return [values[max(len(values) - count + i, 0)] for i in range(count)]
