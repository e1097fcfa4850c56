"""Written spaces: an expression of the notation as a search space."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.cells import Cells
from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.core.graph import Graph
from nasbed.core.records import Archs
from nasbed.core.registry import networks, spaces
from nasbed.spaces import picture, written_form
from nasbed.spaces.constraints import Constraints
from nasbed.spaces.decided import LISTED, DecidedSpace, Sampling
from nasbed.spaces.decisions import Decisions
from nasbed.spaces.expression import Expression
from nasbed.spaces.flow import Known, signals_of
from nasbed.spaces.resolving import Resolver, dags, graph_of
from nasbed.spaces.simplifying import Simplifier
from nasbed.spaces.structure import cells_of

_LISTED_BY_PREDICATE = 2**16
"""The most rows that are enumerated where each is shown to a predicate."""


class WrittenSpace(DecidedSpace):
    """The architectures that an expression of the notation stands for.

    A row has a slot for each decision of the expression, named by where it stands; ``slots`` lists them. Which slots
    count depends on the values of others (``active``); the others are 0 in the canonical row, and whatever they hold
    the architecture is the same: key, index, text and network.

    ``size`` is the exact number of canonical rows that keep the constraints. None where a constraint comes without its
    count and there are more than 65,536 rows to be shown to it, or where the parts that may stay unused combine in too
    many ways. Up to 2²⁰ rows are numbered, in lexicographic order.

    A mutation changes one active decision, each with the same chance, into another of its values, each with the same
    chance. What becomes active starts at its first value. Where there are constraints a mutation makes one change and
    then, once in 16 times, a further one, all drawn again until the constraints hold: so it reaches everything. Where
    64 draws find nothing, another row is sampled, and counted in ``Streams.fallbacks``. A crossover takes each decision
    from either parent, of those in which it is active; where 64 draws keep no constraint, it copies one of them.

    Args:
        expression: What is fixed and what is to be decided, in ``nasbed.spaces``' notation; or what ``settings`` gives
            for it.
        name: What the space is called; by default as the settings say, else ``written``.
        sampling: What ``sample`` draws evenly: ``rows``, the canonical ones, where they can be counted; or
            ``decisions``, each on its own, which favours rows of few active decisions. Optimizers start from it.

    Raises:
        BadSetting: When the expression leaves nothing to decide, or is none.
    """

    name = "written"

    _decisions: Decisions
    _constraints: Constraints
    _place: tuple[str, str] | None = None

    def __init__(self, expression: Expression | Mapping[str, Any], name: str = "", sampling: Sampling = "rows") -> None:
        told = expression.get("name", "") if isinstance(expression, Mapping) else ""
        self.expression = expression if isinstance(expression, Expression) else written_form.read(expression)
        if self.expression.is_plain:
            raise BadSetting(f"a space is made of parts, such as op('conv', width={self.expression}), not of settings")
        decisions = Decisions.of(self.expression)
        called = written_form.checked_name(name or told or self.kind)
        super().__init__(called, decisions, Constraints(decisions), sampling)

    @classmethod
    def open(cls, path: str | Path) -> WrittenSpace:
        """Read a space from a file that ``write`` wrote, or that was written by hand: TOML, or JSON by its ending.

        Raises:
            BadSetting: When the file has no space in it.
        """
        return written_form.read_file(cls, Path(path))

    def write(self, path: str | Path) -> None:
        """Write the space to a file, as TOML or, if its name ends with .json, as JSON.

        Raises:
            BadSetting: When a predicate has no name, or TOML no word for a setting.
        """
        written_form.write_file(WrittenSpace.settings(self), Path(path))  # also of a subclass with settings of its own

    def settings(self) -> dict[str, Any]:
        """Give the constructor arguments that make this space again, JSON-able.

        Raises:
            BadSetting: When a predicate of ``where`` has no name, as a lambda.
        """
        return {"expression": {"name": self.name, **written_form.document(self.expression)}, "sampling": self.sampling}

    @property
    def network(self) -> Any:
        """The blueprint registered for its kind; else that of written spaces, whose expression is the network."""
        return self.kind if self.kind in networks else WrittenSpace.name

    # ── what it is ────────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def size(self) -> int | None:
        """How many canonical rows there are that keep the constraints; None where that is not known."""
        if self._diagram is None or not self._constraints:
            return None if self._diagram is None else self._diagram.size
        if self._diagram.size > _LISTED_BY_PREDICATE:
            return self._constraints.count(self.expression, self._diagram.size)
        found = len(self._kept)
        told = self._constraints.count(self.expression, self._diagram.size)
        if told not in (None, found):
            raise BadSetting(f"the count given with where makes {told:,} rows of {self.name}; {found:,} are allowed")
        return found

    @cached_property
    def is_enumerable(self) -> bool:
        """Whether there are at most 2²⁰ rows, or 2¹⁶ where each is shown to a predicate."""
        most = _LISTED_BY_PREDICATE if self._constraints else LISTED
        return self._diagram is not None and self._diagram.size <= most

    # ── numbers ───────────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def _kept(self) -> NDArray[np.int64]:
        """The numbers among all canonical rows of those that keep the constraints, ascending."""
        everything = self._listing.rows(np.arange(self._listing.size), self.decisions)
        return np.flatnonzero(self.valid(everything))

    @cached_property
    def _numbers(self) -> NDArray[np.int64]:
        """The number of each canonical row among those that keep the constraints, −1 for the others."""
        numbers = np.full(self._listing.size, -1, np.int64)
        numbers[self._kept] = np.arange(len(self._kept))
        return numbers

    def index(self, archs: Archs) -> NDArray[np.int64]:
        """Number rows by their canonical rows, in lexicographic order, ``(n,)``; −1 for what is not valid."""
        ranks = super().index(archs)
        return np.where(ranks < 0, -1, self._numbers[ranks]) if self._constraints else ranks

    def archs_of(self, indices: NDArray[np.int64]) -> Archs:
        """Give the canonical rows with these numbers; see ``Space.archs_of``."""
        ranks = self.checked_indices(indices)
        return self._listing.rows(self._kept[ranks] if self._constraints else ranks, self.decisions)

    # ── functions ─────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def decided(self) -> Decisions:
        """The decisions of the expression, one a slot of the row."""
        return self._decisions

    def layers(self, archs: Archs) -> Mapping[str, NDArray[np.int64]]:
        """Return how many layers there are of each kind that is decided: in the cells; where there are none, in all."""
        found = super().layers(archs)
        if found:
            return found
        rows = self.canonical(self.checked(archs))
        counted = signals_of(self.expression, self.known, rows, counts=True)[1].layers or {}
        none = np.zeros(len(rows), np.int64)
        return {name: counted.get(name, none) for name in self._decisions.layers}

    @cached_property
    def known(self) -> Known:
        """What is the same for all rows where signals are followed through them."""
        return Known(self._decisions)

    def of(self, part: Expression) -> WrittenSpace:
        """Return a part of the expression as a space of its own."""
        return WrittenSpace(part, self.name, self.sampling)

    @cached_property
    def _simplifier(self) -> Simplifier:
        return Simplifier(self)

    def simplify(self, archs: Archs) -> Archs:
        """Return for each architecture the smallest row of the same function; see ``Space.simplify``.

        In spaces whose cells have at most 131,072 rows, two architectures of one function become the same row.
        """
        self.check_valid(archs)
        return self._simplifier(self.canonical(self.checked(archs)))

    def function_key(self, archs: Archs) -> NDArray[np.uint64]:
        """Return the same number for architectures of the same function, ``(n,)``; 0 for what is not valid."""
        rows = self.checked(archs)
        valid = self.valid(rows)
        keys = np.zeros(len(rows), np.uint64)
        keys[valid] = self._simplifier.keys(self.canonical(rows[valid]))
        return keys

    def cells(self, archs: Archs) -> tuple[Cells, ...]:
        """Return the cells of architectures, or their sequence of layers; see ``structure.cells_of``."""
        return cells_of(self.expression, self._decisions, self.canonical(self.checked(archs)))

    # ── structure and text ────────────────────────────────────────────────────────────────────────────────────

    def resolve(self, arch: Archs) -> Expression:
        """Give one architecture, ``(decisions,)``, as an expression with nothing left open: the structural view.

        It is of ``Op``, with plain settings, ``Seq`` and ``Dag``. What is one object in the space's expression is one
        object in it.
        """
        found: Expression = Resolver(self._decisions.places, self._row(arch).tolist())(self.expression)
        return found

    def graph(self, arch: Archs) -> Graph:
        """Give the cell, where the architecture has a single one, however often used; else all layers.

        A vertex is a layer, labelled with its name and settings. An arrow leads from each layer to those that read the
        node where it ends.
        """
        whole = self.resolve(arch)
        cells = dags(whole)
        return graph_of(cells[0] if len(cells) == 1 else whole)

    def levels(self, arch: Archs) -> list[tuple[str, Graph]]:
        """Give one architecture level by level: the whole with a vertex for each cell, and then each cell."""
        return picture.levels(self.resolve(arch))

    def svg(self, arch: Archs) -> str:
        """Draw one architecture as SVG text, level by level: the whole with a box for each cell, and then each cell."""
        return picture.svg(self.resolve(arch))

    def format(self, arch: Archs) -> str:
        """Write the values of the decisions in their order, ``3:conv1x1:-:64``; a dash for one that does not count."""
        row = self._row(arch)
        return self._words.text(row.tolist(), self.active(row[None])[0].tolist())

    def parse(self, text: str) -> Archs:
        """Read what ``format`` writes, ``(decisions,)``, or names and values, or numbers; the row is canonical.

        ``3:conv1x1:-:64``; ``kernel=3 op=conv1x1 width=64``, any order, those left out being inactive or at their first
        value; JSON, ``{"kernel": 3, …}`` likewise; the row itself, ``[0, 2, 0, 3]`` or ``(0, 2, 0, 3)``; the values in
        their order, ``[3, "conv1x1", null, 64]``, of which some are no whole numbers.
        """
        row = np.array(self._words.row(self.text(text)), np.int8)
        try:
            return self._row(row)
        except InvalidArchitecture:
            raise InvalidArchitecture(f"{text[:120]!r} breaks a constraint of {self.name}") from None

    # ── equality and printing ─────────────────────────────────────────────────────────────────────────────────

    def describe(self) -> Mapping[str, Any]:
        """Give name, decisions, encodings, how many architectures there are, and how it samples."""
        return {
            "name": self.name,
            "decisions": self.decisions,
            "encodings": math.prod(self.cardinalities.tolist()),
            "architectures": "not known" if self.size is None else self.size,
            "sampling": self.sampling,
            "slots": {slot.name: list(slot.values) for slot in self.slots},
        }

    @cached_property
    def _same(self) -> str | None:
        """What equal spaces have in common; None where a predicate has no name."""
        try:
            return json.dumps([self.kind, self.settings()], sort_keys=True)
        except BadSetting:
            return None

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, WrittenSpace) and self._same is not None and self._same == other._same
        )

    def __hash__(self) -> int:
        return hash((self.name, self.slots))

    def _configured(self) -> Mapping[str, Any]:
        slots = ", ".join(f"{slot.name} of {len(slot.values)} values" for slot in self.slots)
        return {"expression": slots, "name": self.name, "sampling": self.sampling}

    def __repr__(self) -> str:
        is_counted = "size" in vars(self) or not self._constraints  # to be printed, no predicate is asked
        size = f", {self.size:,} architectures" if is_counted and self.size is not None else ""
        return f"WrittenSpace({self.name!r}, {self.decisions} decisions{size})"

    def at(self, place: str, checksum: str) -> WrittenSpace:
        """Return the same space with the place of the file of Python that has it, ``FILE.py:NAME``, and its checksum.

        Functions of that file, which no other process can import, are then sent by the file's name.
        """
        self._place = place, checksum
        return self

    def __reduce__(self) -> tuple[Any, tuple[()]]:
        """Copy and pickle the expression, so that predicates go with it; a subclass goes by its own settings."""
        if self.kind != WrittenSpace.name:
            return super().__reduce__()
        if self._place is not None:
            return partial(_read_again, *self._place), ()
        return partial(WrittenSpace, self.expression, self.name, self.sampling), ()


def _read_again(place: str, checksum: str) -> WrittenSpace:
    """Return the space of a file of Python, in the process that it was sent to."""
    found: WrittenSpace = spaces.read(place)
    if found._place != (place, checksum):
        raise BadSetting(f"{place.rpartition(':')[0]} was changed since; put the earlier file back, or begin again")
    return found
