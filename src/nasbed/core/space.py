"""Space: which architectures are there?"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.core.cells import Cells
from nasbed.core.errors import InvalidArchitecture, NotListed
from nasbed.core.graph import Graph
from nasbed.core.records import Archs, Decision
from nasbed.core.registry import spaces
from nasbed.core.row_checks import Rows
from nasbed.core.rows import once

if TYPE_CHECKING:
    from nasbed.core.rng import Streams  # kept from running: numba takes longer to import than a table to open


class Space(Rows):
    """A set of architectures, each a row of small integers that only this space can read.

    Two numbers say which rows are alike. ``index`` tells apart what tables have rows for: architectures whose graphs
    differ. ``key`` is the same for those that a benchmark counts as one; it is what deduplication and "unique
    evaluations" go by. Rows of one index have one key. The converse holds where each class was trained once, as in
    NAS-Bench-101; NAS-Bench-201 trained each of its strings, also those that its rule of equality calls one.

    Constructor arguments are the space's settings; ``settings()`` gives them back, and a table stores them.
    """

    is_by_row = False
    """Whether canonical rows that differ are different architectures, also where their graphs are isomorphic."""

    @property
    def evaluation(self) -> Mapping[str, Any]:
        """How what a one-shot search finds in it is trained, as far as that was published; by default nothing.

        The name of a ``recipe``, settings of the ``skeleton``, ``epochs``, and the ``space`` of the whole networks,
        where smaller ones are searched.
        """
        return {}

    @property
    def kind(self) -> str:
        """The registry's name for the space, by which it is made again from ``settings``."""
        return type(self).name

    @property
    def network(self) -> Any:
        """The blueprint of its networks: a class, or a name in the registry ``networks``, by default its own."""
        return self.name

    @property
    def whole(self) -> Space:
        """The space that this one is a part of; itself where it is no part."""
        return self

    def around_named(self, text: str) -> Space:
        """Give this space or, if a text names a published architecture outside it, the smallest space around that."""
        return self

    def only(self, rows: ArrayLike) -> Space:
        """Give the space of some architectures of this one, for searches that shall propose no others.

        Args:
            rows: They, ``(n, decisions)``, in the order in which they are numbered; the first of equal ones counts.

        Raises:
            BadSetting: When there are none.
            InvalidArchitecture: When one is not of this space.
        """
        part: Space = spaces["only"](self, rows)
        return part

    @property
    def slots(self) -> tuple[Decision, ...]:
        """The decisions of a row, in its order, each with its name and values; by default named by their places."""
        return tuple(Decision(f"decision{i}", tuple(range(n))) for i, n in enumerate(self.cardinalities.tolist()))

    def active(self, archs: Archs) -> NDArray[np.bool_]:
        """Say which decisions count in each row, ``(n, decisions)``: all, by default. Others may have any value."""
        return np.ones(self.checked(archs).shape, np.bool_)

    def canonical(self, archs: Archs) -> Archs:
        """Give rows in which decisions that are not ``active`` are 0, ``(n, decisions)``."""
        return np.asarray(np.where(self.active(archs), archs, np.int8(0)))

    def index(self, archs: Archs) -> NDArray[np.int64]:
        """Number architectures from 0 in the order of ``enumerate``, ``(n,)``; −1 for what is not valid.

        Rows have one number exactly when their graphs are isomorphic, or, in a space that ``is_by_row``, when their
        canonical rows are the same: it is never coarser than ``key``. A perfect hash, by which tables are looked up.
        """
        raise NotListed(f"the space {self.name} does not number its architectures; use key")

    def archs_of(self, indices: NDArray[np.int64]) -> Archs:
        """Give the architectures with these indices, ``(n,)`` → ``(n, decisions)``: rows of ``enumerate``.

        Raises:
            InvalidArchitecture: When one is not from 0 to ``size`` − 1.
        """
        return self._everything[self.checked_indices(indices)]

    @cached_property
    def _everything(self) -> Archs:
        # Kept, since NAS-Bench-101 takes a second to enumerate and a search asks at each step.
        return self.enumerate()

    def names(self, archs: Archs) -> list[str]:
        """Name architectures as files of campaigns do: without a slash, and differently if they have rows of their own.

        By default that is ``index``, or the decisions where the space does not number its architectures.
        """
        if not self.is_enumerable:
            return ["-".join(map(str, row)) for row in self.canonical(archs).tolist()]
        return [str(number) for number in self.index(archs).tolist()]

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Give the constructor arguments that make this space again, JSON-able."""

    @abstractmethod
    def key(self, archs: Archs) -> NDArray[np.uint64]:
        """Give architectures that a benchmark calls equal the same number; ``(n, decisions)`` → ``(n,)``.

        Isomorphic graphs always have one key; where the published rule of equality says so, others share it too.
        """

    def simplify(self, archs: Archs) -> Archs:
        """Return for each architecture the smallest row of the same function, ``(n, decisions)``.

        That is what remains when everything is dropped that gets no signal or reaches no output, layers that pass on
        what they read are contracted, and sums within sums are one. Where the space has no layers of these kinds, it is
        the canonical row.

        Raises:
            InvalidArchitecture: When a row is not of this space.
        """
        self.check_valid(archs)
        return self.canonical(self.checked(archs))

    def function_key(self, archs: Archs) -> NDArray[np.uint64]:
        """Return the same number, ``(n,)``, for architectures of the same function; see ``simplify``.

        It is never finer than ``key``.
        """
        return self.key(archs)

    def used(self, archs: Archs) -> NDArray[np.bool_]:
        """Say on which decisions of each row its function depends, ``(n, decisions)``: by default, on all active ones.

        What an edge holds that is not there does not count; what it would need to be there, does.
        """
        return self.active(archs)

    def layers(self, archs: Archs) -> Mapping[str, NDArray[np.int64]]:
        """Return how many layers each architecture has of each kind that is decided, by its name, ``(n,)`` each."""
        cells = self.cells(archs)
        names = dict.fromkeys(name for cell in cells for name in cell.operations)
        return {name: np.sum([cell.count(name) for cell in cells], axis=0) for name in names}

    def cells(self, archs: Archs) -> tuple[Cells, ...]:
        """Return the cells of n architectures, in the order in which they stand; none where no graph is decided."""
        return ()

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

    def levels(self, arch: Archs) -> list[tuple[str, Graph]]:
        """Give one architecture, ``(decisions,)``, as graphs with titles: by default, its graph without one.

        Where cells stand in a network, or within each other, these are the whole, in which each is a vertex, and each.
        """
        return [("", self.graph(arch))] if self.whole is self else self.whole.levels(arch)

    def svg(self, arch: Archs) -> str:
        """Draw one architecture, ``(decisions,)``, as SVG text."""
        return self.graph(arch).svg() if self.whole is self else self.whole.svg(arch)

    @abstractmethod
    def format(self, arch: Archs) -> str:
        """Write one architecture as a line of text that ``parse`` reads."""

    def texts(self, archs: Archs) -> list[str]:
        """Write each of many architectures, ``(n, decisions)``, as ``format`` does; rows that are the same once."""
        rows = self.checked(archs)
        keys = rows.view(f"S{self.decisions}").ravel()  # the bytes of a row; zeros at its end do not count
        return once(keys, lambda first: [self.format(row) for row in rows[first]])

    def identify(self, archs: Archs) -> tuple[str, Sequence[Any] | NDArray[Any]]:
        """Return what publications call many architectures by, ``(n, decisions)``: the word for it, and each one's.

        That is ``index``, the number in the official order, or ``decisions`` where the space numbers nothing.
        """
        return ("index", self.index(archs)) if self.is_enumerable else ("decisions", self.names(archs))

    def embed(self, graph: Graph) -> Archs:
        """Give a row, ``(decisions,)``, whose ``graph`` is isomorphic to this one.

        Only for spaces in which any small enough graph has a place.

        Raises:
            InvalidArchitecture: When the space has no such architecture.
        """
        raise NotImplementedError(f"the space {self.name} does not find a row for a graph; use parse")

    @abstractmethod
    def enumerate(self) -> Archs:
        """Give every architecture that ``index`` numbers once, in the published order, ``(size, decisions)``."""

    def unique(self) -> Archs:
        """Give the first architecture of each ``key``, in the order of ``enumerate``, ``(classes, decisions)``."""
        archs = self.enumerate()
        first = np.unique(self.key(archs), return_index=True)[1]
        return archs[np.sort(first)]

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
        """Make one move in each architecture; what it makes inactive, or active, becomes 0. It may be invalid.

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
        """Give every valid architecture one active decision away from one, ``(n, decisions)``, by ``moves``.

        Mutual where all are active. A change that switches others on or off may have no way back in one step.
        """
        arch = np.asarray(arch, np.int8)
        if arch.shape != (self.decisions,):
            raise InvalidArchitecture(
                f"neighbors takes one architecture of shape ({self.decisions},), not {arch.shape}"
            )
        near = self.moved(np.repeat(arch[None], len(self.moves), axis=0), np.arange(len(self.moves)))
        allowed: Archs = near[self.active(arch[None])[0, self.moves[:, 0]] & self.valid(near)]
        return allowed

    def _configured(self) -> Mapping[str, Any]:
        return self.settings()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.settings().items())})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Space) and self.name == other.name and self.settings() == other.settings()

    def __hash__(self) -> int:
        return hash((self.name, repr(self.settings())))

    def __reduce__(self) -> tuple[Any, tuple[()]]:
        """Copy and pickle the settings alone; what was looked up or computed from them is found again."""
        return partial(type(self), **self.settings()), ()

    def facts(self, arch: Archs) -> Mapping[str, Any]:
        """Give what ``nasbed show`` says of one architecture beside its text and its graph: published names of it."""
        return {}

    def describe(self) -> Mapping[str, Any]:
        """Give what ``nasbed info`` prints: name, settings, size of the encoding."""
        return {
            "name": self.name,
            **self.settings(),
            "decisions": self.decisions,
            "encodings": int(np.prod(self.cardinalities.astype(object))),
        }
