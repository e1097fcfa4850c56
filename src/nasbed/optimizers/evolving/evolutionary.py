"""An evolutionary algorithm made of parts: how parents are selected, how children are bred, who makes room for them.

Reference: Eiben and Smith, "Introduction to Evolutionary Computing", Springer 2003, whose scheme it follows; each rule
names its own source in ``selection`` and ``replacement``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Bounds, Chance, Count, Natural, check
from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs, Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.core.state import Stateful
from nasbed.optimizers.breeding import Breeder, rivals
from nasbed.optimizers.evolving.population import Population
from nasbed.optimizers.evolving.replacement import REPLACEMENTS, Step
from nasbed.optimizers.evolving.selection import (
    Anybody,
    Best,
    EpsilonGreedy,
    Middle,
    Ranking,
    Roulette,
    Selection,
    Tournament,
)
from nasbed.optimizers.worth import worth


@dataclass(eq=False)
class EvolutionaryAlgorithm(Breeder):
    """A genetic algorithm or an evolution strategy, as its settings say.

    The first trials are random, until ``population`` answers are told. From then on parents are selected from those
    that are alive, some at a time, and have a child each, in turn. Children join in steps: when ``offspring`` of them
    have been told, the replacement decides who makes room. With one child a step that is a steady state.

    It never waits. Who is asked for while children are out is bred from those that are alive, and joins whichever step
    it is told in; what nobody asked for joins as a child does. Failed trainings are worse than everything else. Of
    equals, who was told of first ranks better.

    Attributes:
        population: How many are alive.
        offspring: Children a step; None for as many as the replacement usually has: 1 for ``"worst"``, ``"oldest"`` and
            ``"random"``, a whole population (less those protected) for ``"generational"`` and ``"plus"``, seven times
            that for ``"comma"``.
        selection: How parents are chosen: ``"tournament"``, ``"best"``, ``"random"``, ``"middle"``,
            ``"epsilon-greedy"``, ``"roulette"`` or ``"rank"``.
        selected: How many are chosen at a time: the best of a tournament, the best or the middle of all, or as many
            draws of the other rules. Each has a child, then as many are chosen again.
        tournament: How many members a tournament draws; if not given 10 or, of different ones, at most all.
        distinct: Whether a tournament draws different ones, at most ``population``; else with replacement.
        epsilon: How often ``"epsilon-greedy"`` takes anybody in place of the best.
        baseline: Where ``"roulette"`` counts values from: ``"zero"`` or the ``"worst"`` alive.
        pressure: Of ``"rank"``: how many children the best has for each of an average member, from 1 to 2.
        replacement: Who makes room: ``"worst"``, ``"oldest"``, ``"random"``, ``"generational"``, ``"plus"`` or
            ``"comma"``.
        elitism: How many of the best never make room.
        crossover: How likely a child is crossed from two parents by the space's rule, from 0 to 1.
        mutation: How likely a child, crossed or not, is mutated by the space's rule, from 0 to 1.
        unique: Whether a run never proposes what is equal (by the space's key) to something it knows already. A child
            that is known is bred anew, parents and all; after ``tries`` times, a random architecture that is new takes
            its place; where none is found, the run has nothing more to propose.
        tries: How often at most a child is bred for something new.
    """

    kept = ("_alive", "_pool", "_known", "_asked")

    population: Count = 50
    offspring: Count | None = None
    selection: str = "tournament"
    selected: Count = 1
    tournament: Count | None = None
    distinct: bool = True
    epsilon: Chance = 0.1
    baseline: Literal["zero", "worst"] = "zero"
    pressure: Annotated[float, Bounds(least=1, most=2)] = 1.5
    replacement: str = "oldest"
    elitism: Natural = 0
    crossover: Chance = 0.0
    mutation: Chance = 1.0
    unique: bool = False
    tries: Count = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        _count("selected", self.selected, 1, self.population)
        _count("elitism", self.elitism, 0, self.population - 1)
        _one_of("selection", self.selection, _SELECTIONS)
        _one_of("replacement", self.replacement, REPLACEMENTS)
        held = self.selection == "tournament"
        self.tournament = self._rivals = rivals("tournament", self.tournament, self.population, self.distinct and held)
        if held:
            _count("tournament", self.tournament, self.selected, None)
        self._selection = _SELECTIONS[self.selection](self)
        self._replacement = REPLACEMENTS[self.replacement]
        usual, least, most = self._replacement.offspring(self.population - self.elitism)
        self._offspring = usual if self.offspring is None else self.offspring
        _count(f"offspring of {self.replacement!r} replacement", self._offspring, least, most)

    def reset(self) -> None:
        """Begin with nobody alive."""
        decisions = self.space.decisions
        self._alive = Population(self.runs, self.population, self._offspring, decisions)
        self._pool = MatingPool(self.runs, self.selected, decisions)
        self._begin(self.space.key, self.tries - 1)
        self._everyone = np.ones(self.runs, np.bool_)
        self._strangers = np.full(self.runs, -1)

    # ── what to try next ──────────────────────────────────────────────────────────────────────────────────────

    def _grown_up(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say which of some runs have a whole population."""
        grown_up: NDArray[np.bool_] = self._alive.alive[rows] >= self.population
        return grown_up

    def _breed(self, rows: NDArray[np.int64], archs: Archs, parents: NDArray[np.int64]) -> None:
        """Cross and mutate whom the selection chooses; a word a run for each chance that is neither 0 nor 1."""
        pool = self._alive, self._selection, self.streams
        children, parents[rows, 0] = self._pool.draw(*pool, rows)
        parents[rows, 1] = -1
        crossing = self._happens(self.crossover, rows)
        if len(crossing):
            pairs = rows[crossing]
            mothers = children[crossing]
            fathers, parents[pairs, 1] = self._pool.draw(*pool, pairs)
            children[crossing] = self._drawn(pairs, lambda streams: self.space.crossover(mothers, fathers, streams))
        mutating = self._happens(self.mutation, rows)
        if len(mutating):
            before = children[mutating]
            children[mutating] = self._drawn(rows[mutating], lambda streams: self.space.mutate(before, streams))
        archs[rows] = children

    def _happens(self, chance: float, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Draw for each of some runs whether something happens; give the places of those where it does."""
        if chance in (0, 1):
            return np.arange(len(rows) if chance else 0)
        return np.flatnonzero(self._drawn(rows, lambda streams: streams.uniform()[:, 0]) < chance)

    # ── what came of it ───────────────────────────────────────────────────────────────────────────────────────

    def tell(self, trials: Trials, evaluations: Evaluations) -> None:
        """Let the newcomer in, or wait for the others of its step."""
        active = self._everyone if trials.active is None else trials.active
        number = self._strangers if trials.number is None else trials.number
        if self.unique and (number < 0).any():
            self._known.note(trials.archs, active & (number < 0))
        alive = self._alive
        rows = alive.hear(trials.archs, worth(evaluations), number, active)
        if len(rows):
            step = Step(alive.values, alive.births, alive.newcomers, rows, self.streams, self.elitism)
            alive.renew(rows, *self._replacement.exchange(step))


_SELECTIONS: dict[str, Callable[[EvolutionaryAlgorithm], Selection]] = {
    "best": lambda its: Best(its.selected),
    "random": lambda its: Anybody(its.selected),
    "tournament": lambda its: Tournament(its._rivals, its.selected, its.distinct),
    "middle": lambda its: Middle(its.selected),
    "epsilon-greedy": lambda its: EpsilonGreedy(its.epsilon, its.selected),
    "roulette": lambda its: Roulette(its.baseline == "worst", its.selected),
    "rank": lambda its: Ranking(its.pressure, its.selected),
}


def _count(name: str, given: int, least: int, most: int | None) -> None:
    """Refuse a whole number that the other settings leave no room for."""
    check(name, given, Annotated[int, Bounds(least, most)])


def _one_of(name: str, given: str, allowed: Any) -> None:
    if given not in allowed:
        raise BadSetting(f"{name} is one of {', '.join(allowed)}, not {given!r}")


class MatingPool(Stateful):
    """Gives parents one by one, and selects the next when all have had their turn.

    Parents stay in the pool when they leave the population, so what was selected together breeds together, however
    many answers come between.

    Args:
        runs: How many pools.
        selected: How many parents are selected together.
        decisions: Of an architecture.
    """

    kept = ("_archs", "_numbers", "_next")

    def __init__(self, runs: int, selected: int, decisions: int) -> None:
        self._archs = np.zeros((runs, selected, decisions), np.int8)
        self._numbers = np.full((runs, selected), -1)
        self._next = np.full(runs, selected)

    def draw(
        self, population: Population, selection: Selection, streams: Streams, rows: NDArray[np.int64]
    ) -> tuple[Archs, NDArray[np.int64]]:
        """Give the next parent in some runs, and which trial it was: ``(n, decisions)`` and ``(n,)``."""
        selected = self._archs.shape[1]
        empty = rows if selected == 1 else rows[self._next[rows] == selected]
        if len(empty):
            ranks = selection.ranks(population.values, streams, empty)
            archs, numbers = population.archs(empty, ranks), population.numbers[empty[:, None], ranks]
            if selected == 1:
                return archs[:, 0], numbers[:, 0]
            self._archs[empty], self._numbers[empty], self._next[empty] = archs, numbers, 0
        turn = self._next[rows]
        self._next[rows] += 1
        return self._archs[rows, turn], self._numbers[rows, turn]
