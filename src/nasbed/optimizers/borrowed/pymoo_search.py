"""pymoo's algorithms search our spaces, for one objective or several: each decision is a choice.

Reference: Blank and Deb, "pymoo: Multi-Objective Optimization in Python", IEEE Access 2020,
https://arxiv.org/abs/2002.04504
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Bounds
from nasbed.core.errors import UnknownName
from nasbed.core.extras import require
from nasbed.core.records import Archs
from nasbed.core.space import Space
from nasbed.optimizers.borrowed.foreign import Answer, BorrowedSearch, Searcher

_ONE, _SEVERAL = "pymoo.algorithms.soo.nonconvex", "pymoo.algorithms.moo"
_MODULES = {
    "GA": f"{_ONE}.ga",
    "NSGA2": f"{_SEVERAL}.nsga2",
    "DE": f"{_ONE}.de",
    "PSO": f"{_ONE}.pso",
    "GDE3": f"{_SEVERAL}.gde3",
}
"""Where pymoo has each algorithm. Not among them are those whose runs share what they normalise by (SPEA2), that take
several objectives only (SMS-EMOA), or reference directions (NSGA-III)."""

_REAL = ("DE", "PSO", "GDE3")
"""Those that move in a box of real numbers, which are rounded; the others breed choices."""

_MATINGS = 5  # rounds of breeding in which what is not new is bred again; pymoo's 100 take a second in small spaces

_HOPELESS = 1e6  # how far over its limits counts what failed or is no architecture: farther than what is trained


@dataclass(eq=False)
class PymooSearch(BorrowedSearch):
    """One of pymoo's population algorithms for each run.

    A generation is proposed one by one; while its last answers are out, a run draws from the space. What is still
    unanswered after as many such draws as the generation has members counts as failed. An algorithm that breeds nothing
    new begins again from another seed. What fails, or is no architecture, is worse than anything over a limit, and that
    is worse than what keeps all of them. Algorithms for one objective heed the value alone, the others all costs that
    are told. None of them listens to trials that it did not propose.

    Attributes:
        algorithm: ``"GA"``, ``"DE"`` or ``"PSO"`` for one objective; ``"NSGA2"`` or ``"GDE3"`` for several.
        population: How many members a generation has.
    """

    algorithm: str = "GA"
    population: Annotated[int, Bounds(least=4)] = 20

    def check(self) -> None:
        """See that pymoo is there and has the algorithm."""
        if self.algorithm not in _MODULES:
            raise UnknownName("algorithm of pymoo", self.algorithm, _MODULES)
        require("pymoo", "pymoo")

    def searcher(self, seed: int) -> Searcher:
        """Make an algorithm."""
        return _Searcher(self.space, self.algorithm, self.population, seed)


class _Searcher(Searcher):
    """An algorithm, and how far its generation has come."""

    def __init__(self, space: Space, name: str, population: int, seed: int) -> None:
        self._highest = space.cardinalities - 1
        self._name, self._population, self._seed = name, population, seed
        self._beginnings = 0
        self._objectives = 1
        self._begin()

    def _begin(self) -> None:
        """Set an algorithm up; each beginning has a seed of its own."""
        kind = getattr(require(_MODULES[self._name], "pymoo"), self._name)
        never = require("pymoo.core.termination", "pymoo").NoTermination()
        operators = {} if self._name in _REAL else _operators()
        self._problem = _boxed(self._highest) if self._name in _REAL else _of_choices(self._highest)
        self._algorithm = kind(pop_size=self._population, **operators)
        if operators:
            self._algorithm.mating.n_max_iterations = _MATINGS
        self._algorithm.setup(self._problem, seed=self._seed + 2**31 * self._beginnings, termination=never)
        self._beginnings += 1
        self._started(self._algorithm.ask())

    def _started(self, generation: Any) -> None:
        """Have a new generation to propose."""
        self._generation = generation
        rounded = np.rint(generation.get("X").astype(np.float64))
        self._rows = np.clip(rounded, 0, self._highest).astype(np.int8)
        self._answers: dict[int, Answer] = {}
        self._next = self._draws = 0

    def propose(self) -> tuple[Any, Archs] | None:
        """Give the next member of the generation, or of the one after it; None while the last answers are out."""
        if self._next == len(self._rows):
            if len(self._answers) < len(self._rows) and self._draws < len(self._rows):
                self._draws += 1
                return None
            self._breed()
        self._next += 1
        return (self._generation, self._next - 1), self._rows[self._next - 1]

    def refuse(self, ticket: Any) -> None:
        """Take it for failed."""
        self._answers[ticket[1]] = Answer(np.nan)

    def hear(self, ticket: Any | None, arch: Archs, answer: Answer) -> None:
        """Remember the answer until the generation is complete; it may be too late."""
        if ticket is not None and ticket[0] is self._generation:
            self._answers[ticket[1]] = answer

    def _breed(self) -> None:
        """Tell the algorithm of its generation and take the next."""
        several = _MODULES[self._name].startswith(_SEVERAL)
        answers = [self._answers.get(member, Answer(np.nan)) for member in range(len(self._rows))]
        objectives = max(self._objectives, *(1 + several * len(answer.costs) for answer in answers))
        if objectives > self._objectives:
            self._widen(objectives)
        losses, excess = np.zeros((len(answers), objectives)), np.full((len(answers), 1), _HOPELESS)
        for row, answer in enumerate(answers):
            heard = [-answer.value, *answer.costs][: objectives if several else 1]
            if not answer.failed and len(heard) == objectives:
                losses[row], excess[row] = heard, min(answer.excess or 0.0, _HOPELESS / 2)
            elif answer.excess:  # refused: beyond a limit the losses do not count
                excess[row] = min(answer.excess, _HOPELESS / 2)
        self._generation.set("F", losses, "G", excess)
        self._algorithm.tell(infills=self._generation)
        following = self._algorithm.ask()
        if following is None or not len(following):
            self._begin()
        else:
            self._started(following)

    def _widen(self, objectives: int) -> None:
        """Have more objectives from now on; earlier generations, of which they are not known, count as failed."""
        self._problem.n_obj, self._objectives = objectives, objectives
        members = self._algorithm.pop
        if members is not None and len(members):
            hopeless = np.full((len(members), 1), _HOPELESS)
            members.set("F", np.zeros((len(members), objectives)), "G", hopeless, "CV", hopeless)


def _of_choices(highest: NDArray[np.int64]) -> Any:
    """Give a problem whose variables are choices, from 0 to the highest value of each decision."""
    choice = require("pymoo.core.variable", "pymoo").Choice
    choices = {str(decision): choice(options=np.arange(most + 1)) for decision, most in enumerate(highest)}
    problem = require("pymoo.core.problem", "pymoo").Problem
    return problem(len(highest), n_ieq_constr=1, xl=np.zeros(len(highest)), xu=highest, vars=choices)


def _boxed(highest: NDArray[np.int64]) -> Any:
    """Give a problem of real variables in which every value of a decision has as much room."""
    problem = require("pymoo.core.problem", "pymoo").Problem
    return problem(len(highest), n_ieq_constr=1, xl=np.full(len(highest), -0.5), xu=highest + 0.5)


def _operators() -> dict[str, Any]:
    """Give what breeds choices: uniform crossover, and mutation to any value of a decision."""
    operators = "pymoo.operators"
    duplicates = require("pymoo.core.duplicate", "pymoo").DefaultDuplicateElimination
    return {
        "sampling": require(f"{operators}.sampling.rnd", "pymoo").IntegerRandomSampling(),
        "crossover": require(f"{operators}.crossover.ux", "pymoo").UX(),
        "mutation": require(f"{operators}.mutation.rm", "pymoo").ChoiceRandomMutation(),
        "eliminate_duplicates": duplicates(func=lambda members: members.get("X").astype(np.float64)),
    }
