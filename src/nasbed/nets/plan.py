"""Plan: what stands where in a network, as a tree of frozen values that modules, costs and a supernet are made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from nasbed.nets.making import Look, Place
from nasbed.spaces.parts import Op


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
        return sum(part.parameters for part in self.parts())

    def parts(self) -> Iterator[Planned]:
        """Give what it is made of, in the order in which that computes."""
        return iter(())

    def layers(self) -> Iterator[PlannedLayer]:
        """Give its layers in the order in which they compute."""
        for part in self.parts():
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

    def parts(self) -> Iterator[Planned]:
        """Give them."""
        return iter(self.links)

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

    def parts(self) -> Iterator[Planned]:
        """Give what is on its inputs and on its edges."""
        yield from self.before
        yield from (part for _, _, part in self.edges)

    def structure(self) -> Any:
        """Return how it is wired, and the structure on its edges."""
        edges = tuple((source, target, part.structure()) for source, target, part in self.edges)
        before = tuple(part.structure() for part in self.before)
        return "cell", before, edges, self.inputs, self.merge, self.outputs
