"""Only: the listed architectures of a space, which play like a space of their own.

A table that measured a part of its space is searched on that part: nothing is proposed that the table lacks.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.core.cells import Cells
from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.core.graph import Graph
from nasbed.core.records import Archs, Decision
from nasbed.core.registry import spaces
from nasbed.core.space import Space

if TYPE_CHECKING:
    from nasbed.core.rng import Streams

_TRIES = 64
"""How often the whole space's mutation or crossover is drawn before something listed is taken instead."""


class Only(Space):
    """Some architectures of another space, each sampled with the same chance.

    What is listed is an architecture, not a row: another row of the same one (by the whole space's ``index``, or by its
    ``key`` where it does not number its architectures) is as valid. ``index`` numbers them in the order listed;
    texts are the whole space's, so an official number in a text stays what it is.

    Mutation and crossover are the whole space's, drawn again until the child is listed, 64 times at most. A mutation
    leads to another architecture than its parent's; where none was drawn it takes one of the listed neighbours, each
    with the same chance, and where there is none it falls back: any listed architecture, each with the same chance. A
    crossover falls back on either parent. ``Streams.fallbacks`` counts these.

    Args:
        whole: The space that they are from, or its ``name`` and ``settings``.
        rows: They themselves, ``(n, decisions)``; the first of equal ones counts. Or the text that ``settings`` gives.

    Raises:
        BadSetting: When nothing is listed, or the text is none of ``settings``.
        InvalidArchitecture: When a row is not of the whole space.
    """

    name = "only"

    def __init__(self, whole: Space | Mapping[str, Any], rows: ArrayLike | str) -> None:
        self._whole = whole if isinstance(whole, Space) else spaces.make(whole["name"], whole["settings"])
        given = _unpacked(rows, self.cardinalities) if isinstance(rows, str) else self.whole.checked(rows)
        if not len(given):
            raise BadSetting(f"of {self.whole.name} no architecture is listed; list at least one")
        self.whole.check_valid(given)
        first = np.sort(np.unique(self._numbers(given), return_index=True)[1])
        self.rows: Archs = given[first]
        self.rows.flags.writeable = False

    def __repr__(self) -> str:
        return f"Only({self.whole!r}, {self.size:,} architectures)"

    def __reduce__(self) -> tuple[Any, tuple[()]]:
        """Copy and pickle the whole space as it copies itself, and the rows."""
        return partial(Only, self.whole, self.rows), ()

    def only(self, rows: ArrayLike) -> Space:
        """List fewer of them; see ``Space.only``."""
        return Only(self.whole, self._all_listed(self.checked(rows)))

    # ── what it is ────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def whole(self) -> Space:
        """The space that they are from."""
        return self._whole

    @property
    def network(self) -> Any:
        """That of the whole space."""
        return self.whole.network

    @property
    def cardinalities(self) -> NDArray[np.int64]:
        """Those of the whole space."""
        return self.whole.cardinalities

    @property
    def size(self) -> int:
        """How many are listed."""
        return len(self.rows)

    @property
    def is_by_row(self) -> bool:  # type: ignore[override]
        """As the whole space."""
        return self.whole.is_by_row

    @property
    def slots(self) -> tuple[Decision, ...]:
        """Those of the whole space."""
        return self.whole.slots

    def active(self, archs: Archs) -> NDArray[np.bool_]:
        """Say which decisions count, as the whole space does."""
        return self.whole.active(archs)

    def moved(self, archs: Archs, moves: NDArray[np.int64]) -> Archs:
        """Make moves of the whole space."""
        return self.whole.moved(archs, moves)

    @cached_property
    def _packed(self) -> str:
        return _packed(self.rows, self.whole.cardinalities)

    def settings(self) -> dict[str, Any]:
        """Give the whole space's name and settings, and the rows: a text of some 5 bytes each for NAS-Bench-101.

        So a history can be read without the table that was searched.
        """
        return {"whole": {"name": self.whole.kind, "settings": self.whole.settings()}, "rows": self._packed}

    @cached_property
    def checksum(self) -> str:
        """The SHA-256 of the settings, in hexadecimal."""
        return hashlib.sha256(json.dumps(self.settings(), sort_keys=True).encode()).hexdigest()

    def describe(self) -> Mapping[str, Any]:
        """Describe the whole space, and say how many are listed, and which, by a checksum in place of the rows."""
        whole = dict(self.whole.describe())
        return {
            "name": self.name,
            "whole": whole,
            "architectures": self.size,
            "checksum": self.checksum,
            "decisions": self.decisions,
            "fallback": "where nothing that a mutation could lead to is listed, any that is, drawn evenly",
        }

    # ── which are listed ──────────────────────────────────────────────────────────────────────────────────────

    def _numbers(self, archs: Archs) -> NDArray[Any]:
        """Give what the whole space tells architectures apart by, ``(n,)``."""
        return self.whole.index(archs) if self.whole.is_enumerable else self.whole.key(archs)

    @cached_property
    def _places(self) -> NDArray[np.int32]:
        """The place in the list of each index of the whole space, −1 for none; and −1 where index −1 reads it."""
        places = np.full((self.whole.size or 0) + 1, -1, np.int32)
        places[self._numbers(self.rows)] = np.arange(self.size)
        return places

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """The keys of what is listed, ascending, and the place of each."""
        keys = self._numbers(self.rows)
        order = np.argsort(keys)
        return keys[order], order

    def _listed(self, numbers: NDArray[Any]) -> NDArray[np.int64]:
        """Give the place in the list of what has these numbers, ``(n,)``; −1 for what is not listed."""
        if self.whole.is_enumerable:
            return self._places.take(numbers).astype(np.int64)
        keys, order = self._sorted
        place = np.minimum(np.searchsorted(keys, numbers), self.size - 1)
        return np.where(keys[place] == numbers, order[place], -1)

    def index(self, archs: Archs) -> NDArray[np.int64]:
        """Number architectures in the order listed, ``(n,)``; −1 for what is not."""
        rows = self.checked(archs)
        places = self._listed(self._numbers(rows))
        return places if self.whole.is_enumerable else np.where(self.whole.valid(rows), places, -1)

    def valid(self, archs: Archs) -> NDArray[np.bool_]:
        """Say which rows are architectures that are listed."""
        return self.index(archs) >= 0

    def _all_listed(self, archs: Archs) -> Archs:
        """Give rows back.

        Raises:
            InvalidArchitecture: When one is not listed.
        """
        for arch in archs[~self.valid(archs)][:1]:
            what = self.whole.format(arch) if self.whole.valid(arch[None])[0] else arch.tolist()
            raise InvalidArchitecture(f"{what} is not among the {self.size:,} architectures that are listed")
        return archs

    def archs_of(self, indices: NDArray[np.int64]) -> Archs:
        """Give the rows with these numbers; see ``Space.archs_of``."""
        return self.rows[self.checked_indices(indices)]

    def enumerate(self) -> Archs:
        """Give the rows, in the order listed."""
        return self.rows.copy()

    def names(self, archs: Archs) -> list[str]:
        """Give the whole space's names."""
        return self.whole.names(archs)

    def key(self, archs: Archs) -> NDArray[np.uint64]:
        """Give the whole space's keys."""
        return self.whole.key(archs)

    @cached_property
    def _simple(self) -> Archs:
        """The smallest row of each that is listed: the whole space's, or else the first that is listed."""
        simple = self.whole.simplify(self.rows)
        _, first, which = np.unique(self.function_key(self.rows), return_index=True, return_inverse=True)
        found: Archs = np.where(self.valid(simple)[:, None], simple, self.rows[first[which]])
        return found[self.index(found)]

    def simplify(self, archs: Archs) -> Archs:
        """Return the whole space's smallest row where that is listed, else the first that is listed of the function."""
        return self._simple[self.index(self._all_listed(self.checked(archs)))]

    def function_key(self, archs: Archs) -> NDArray[np.uint64]:
        """Give the whole space's numbers of functions."""
        return self.whole.function_key(archs)

    def layers(self, archs: Archs) -> Mapping[str, NDArray[np.int64]]:
        """Count layers as the whole space does."""
        return self.whole.layers(archs)

    def used(self, archs: Archs) -> NDArray[np.bool_]:
        """Say which decisions count for the function, as the whole space does."""
        return self.whole.used(archs)

    def cells(self, archs: Archs) -> tuple[Cells, ...]:
        """Give the whole space's cells."""
        return self.whole.cells(archs)

    # ── chance ────────────────────────────────────────────────────────────────────────────────────────────────

    def sample(self, streams: Streams) -> Archs:
        """Draw each with the same chance; 1 word."""
        return self.rows[streams.integers(self.size)[:, 0]]

    def probabilities(self) -> NDArray[np.float64]:
        """Give the chance of each: all are alike."""
        return np.full(self.size, 1.0 / self.size)

    def mutate(self, archs: Archs, streams: Streams) -> Archs:
        """Mutate as the whole space does, until the child is listed and another; see the class for the fallback."""
        parents = self.checked(archs, len(streams))
        before = self._numbers(parents)
        children, lost = self._drawn(streams, self.whole.mutate, (parents,), before)
        if len(lost):
            moves = len(self.moves)
            near = self.moved(np.repeat(parents[lost], moves, axis=0), np.tile(np.arange(moves), len(lost)))
            numbers = self._numbers(near).reshape(len(lost), moves)
            fits = self.valid(near).reshape(numbers.shape) & (numbers != before[lost, None])
            has_one = fits.any(axis=1)
            if len(stepping := lost[has_one]):
                chosen = streams.drawing(stepping, lambda some: some.choice(fits[has_one].astype(np.float64)))
                children[stepping] = near.reshape(*numbers.shape, -1)[has_one, chosen]
            if len(falling := lost[~has_one]):
                children[falling] = streams.drawing(falling, self.sample)
                streams.fell_back(falling)
        return children

    def crossover(self, mothers: Archs, fathers: Archs, streams: Streams) -> Archs:
        """Cross as the whole space does, until the child is listed; see the class for the fallback."""
        parents = self.checked(mothers, len(streams)), self.checked(fathers, len(streams))
        children, lost = self._drawn(streams, self.whole.crossover, parents, None)
        if len(lost):
            of_mother = streams.drawing(lost, lambda some: some.integers(2)) == 0
            children[lost] = np.where(of_mother, parents[0][lost], parents[1][lost])
            streams.fell_back(lost)
        return children

    def _drawn(
        self, streams: Streams, draw: Callable[..., Archs], parents: tuple[Archs, ...], unlike: NDArray[Any] | None
    ) -> tuple[Archs, NDArray[np.int64]]:
        """Draw children until each is listed, and has another number than ``unlike``; give the runs without one."""
        children, looking = parents[0].copy(), np.arange(len(streams))
        for _ in range(_TRIES):
            drawn = streams.drawing(looking, partial(draw, *(rows[looking] for rows in parents)))
            numbers = self._numbers(drawn)
            fits = self._listed(numbers) >= 0
            if unlike is not None:
                fits &= numbers != unlike[looking]
            children[looking[fits]] = drawn[fits]
            if not len(looking := looking[~fits]):
                break
        return children, looking

    # ── between rows, graphs and text ─────────────────────────────────────────────────────────────────────────

    def graph(self, arch: Archs) -> Graph:
        """Give the whole space's graph."""
        return self.whole.graph(arch)

    def parse(self, text: str) -> Archs:
        """Read what the whole space reads, if it is listed."""
        row: Archs = self._all_listed(self.whole.parse(text)[None])[0]
        return row

    def format(self, arch: Archs) -> str:
        """Write what the whole space writes."""
        return self.whole.format(arch)

    def texts(self, archs: Archs) -> list[str]:
        """Write what the whole space writes."""
        return self.whole.texts(archs)

    def identify(self, archs: Archs) -> tuple[str, Sequence[Any] | NDArray[Any]]:
        """Return what the whole space calls them."""
        return self.whole.identify(archs)

    def embed(self, graph: Graph) -> Archs:
        """Give the whole space's row of a graph, if it is listed."""
        row: Archs = self._all_listed(self.whole.embed(graph)[None])[0]
        return row

    def facts(self, arch: Archs) -> Mapping[str, Any]:
        """Give what the whole space says of one."""
        return self.whole.facts(arch)


def _bits(cardinalities: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say which of eight bits each decision is written with, ``(decisions, 8)``, the highest first; one at least."""
    return np.maximum(cardinalities - 1, 1)[:, None] >= 2 ** np.arange(7, -1, -1)


def _packed(rows: Archs, cardinalities: NDArray[np.int64]) -> str:
    """Write rows as text: as many bits for each decision as it takes, whole bytes for a row, in base 85."""
    bits = np.unpackbits(rows.view(np.uint8)[:, :, None], axis=2)[:, _bits(cardinalities)]
    return base64.b85encode(np.packbits(bits, axis=1).tobytes()).decode()


def _unpacked(text: str, cardinalities: NDArray[np.int64]) -> Archs:
    """Read what ``_packed`` wrote.

    Raises:
        BadSetting: When that did not write it.
    """
    used = _bits(cardinalities)
    width = -(-int(used.sum()) // 8)
    try:
        packed = np.frombuffer(base64.b85decode(text), np.uint8).reshape(-1, width)
    except ValueError as error:
        raise BadSetting(f"the listed architectures are not written as a space writes them: {error}") from None
    bits = np.zeros((len(packed), *used.shape), np.uint8)
    bits[:, used] = np.unpackbits(packed, axis=1, count=int(used.sum()))
    return np.packbits(bits, axis=2)[:, :, 0].view(np.int8)
