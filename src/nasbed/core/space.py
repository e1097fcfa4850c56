"""Space: which architectures are there?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import InvalidArchitecture
from nasbed.core.graph import Graph
from nasbed.core.records import Archs

if TYPE_CHECKING:
    from nasbed.core.rng import Streams  # kept from running: numba takes longer to import than a table to open


class Space(ABC):
    """A set of architectures, each a row of small integers that only this space can read.

    Constructor arguments are the space's settings; ``settings()`` gives them back, and a table stores them.
    """

    name: str
    """The registry's name for the space."""

    @property
    def network(self) -> str:
        """The name, in the registry ``networks``, of the blueprint that its architectures are built by: its own."""
        return self.name

    @property
    @abstractmethod
    def cardinalities(self) -> NDArray[np.int64]:
        """How many values each decision has, shape ``(decisions,)``."""

    @property
    def size(self) -> int | None:
        """How many architectures differ, where ``index`` numbers them; None where it does not."""
        return None

    def index(self, archs: Archs) -> NDArray[np.int64]:
        """Number architectures from 0 in the order of ``enumerate``, equal ones alike; −1 for what is not valid.

        Only for spaces that have a ``size``: a perfect hash, which looks tables up faster than ``key`` can.
        """
        raise NotImplementedError(f"the space {self.name} does not number its architectures; use key")

    @property
    def decisions(self) -> int:
        """How many integers make an architecture."""
        return len(self.cardinalities)

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Give the constructor arguments that make this space again, JSON-able."""

    @abstractmethod
    def valid(self, archs: Archs) -> NDArray[np.bool_]:
        """Say which rows are architectures of this space; ``(n, decisions)`` → ``(n,)``."""

    @abstractmethod
    def key(self, archs: Archs) -> NDArray[np.uint64]:
        """Give architectures that a benchmark calls equal the same number; ``(n, decisions)`` → ``(n,)``."""

    @abstractmethod
    def sample(self, streams: Streams) -> Archs:
        """Draw one valid architecture a stream, ``(runs, decisions)``."""

    @abstractmethod
    def mutate(self, archs: Archs, streams: Streams) -> Archs:
        """Change each architecture at random into another valid one, ``(runs, decisions)``."""

    @abstractmethod
    def crossover(self, mothers: Archs, fathers: Archs, streams: Streams) -> Archs:
        """Mix the decisions of two parents a stream into a valid child, ``(runs, decisions)``."""

    @abstractmethod
    def graph(self, arch: Archs) -> Graph:
        """Give one architecture, shape ``(decisions,)``, as a labelled directed acyclic graph."""

    @abstractmethod
    def parse(self, text: str) -> Archs:
        """Read one architecture, ``(decisions,)``, from the text that ``format`` or a publication gives it.

        Raises:
            InvalidArchitecture: When the text does not name an architecture of this space.
        """

    @abstractmethod
    def format(self, arch: Archs) -> str:
        """Write one architecture as a line of text that ``parse`` reads."""

    def embed(self, graph: Graph) -> Archs:
        """Give a row, ``(decisions,)``, whose ``graph`` is isomorphic to this one.

        Only for spaces in which any small enough graph has a place.

        Raises:
            InvalidArchitecture: When the space has no such architecture.
        """
        raise NotImplementedError(f"the space {self.name} does not find a row for a graph; use parse")

    @abstractmethod
    def enumerate(self) -> Archs:
        """Give every architecture once, up to the equality of ``key``, in the published order."""

    def probabilities(self) -> NDArray[np.float64]:
        """Give the chance of each architecture under one ``sample``, in the order of ``enumerate``, ``(size,)``.

        What random search does on a table follows from it in closed form.
        """
        raise NotImplementedError(f"the space {self.name} does not know how likely its sample draws each architecture")

    @cached_property
    def moves(self) -> NDArray[np.int64]:
        """All single-decision changes: ``(moves, 2)`` of decision and how far its value turns, modulo."""
        pairs = [(i, turn) for i, values in enumerate(self.cardinalities) for turn in range(1, values)]
        return np.array(pairs, np.int64).reshape(-1, 2)

    def moved(self, archs: Archs, moves: NDArray[np.int64]) -> Archs:
        """Make one move in each architecture; the result may be invalid.

        Args:
            archs: ``(n, decisions)``.
            moves: Numbers of rows of ``moves``, shape ``(n,)``.
        """
        decision, turn = self.moves[moves].T
        rows = np.arange(len(archs))
        result = archs.copy()
        result[rows, decision] = (archs[rows, decision] + turn) % self.cardinalities[decision]
        return result

    def neighbors(self, arch: Archs) -> Archs:
        """Give every valid architecture one decision away from one, ``(n, decisions)``, in the order of ``moves``."""
        arch = np.asarray(arch, np.int8)
        if arch.shape != (self.decisions,):
            raise InvalidArchitecture(
                f"neighbors takes one architecture of shape ({self.decisions},), not {arch.shape}"
            )
        near = self.moved(np.repeat(arch[None], len(self.moves), axis=0), np.arange(len(self.moves)))
        return near[self.valid(near)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Space) and self.name == other.name and self.settings() == other.settings()

    def __hash__(self) -> int:
        return hash((self.name, repr(self.settings())))

    def __reduce__(self) -> tuple[Any, tuple[()]]:
        """Copy and pickle the settings alone; what was looked up or computed from them is found again."""
        return partial(type(self), **self.settings()), ()

    def describe(self) -> Mapping[str, Any]:
        """Give what ``nasbed info`` prints: name, settings, size of the encoding."""
        return {
            "name": self.name,
            **self.settings(),
            "decisions": self.decisions,
            "encodings": int(np.prod(self.cardinalities.astype(object))),
        }
