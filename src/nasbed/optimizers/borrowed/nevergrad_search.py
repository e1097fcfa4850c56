"""Nevergrad's optimizers search our spaces: each decision is a choice.

Reference: Rapin and Teytaud, "Nevergrad - A gradient-free optimization platform", 2018,
https://github.com/facebookresearch/nevergrad
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Count
from nasbed.core.errors import UnknownName
from nasbed.core.extras import require
from nasbed.core.records import Archs
from nasbed.core.space import Space
from nasbed.optimizers.borrowed.foreign import Answer, BorrowedSearch, Searcher


@dataclass(eq=False)
class NevergradSearch(BorrowedSearch):
    """Any of Nevergrad's optimizers, one for each run.

    It hears losses: the negative value, and the costs if there are some; when it first hears of costs it begins again.
    What fails, or is no architecture, has the worst losses heard so far, which are at least 0. What is over a limit is
    told as a violation.

    Attributes:
        method: A name of Nevergrad's registry. Those that hand their work to threads of other libraries cannot be
            relied on to play the same twice.
        evaluations: How many evaluations a run will have, for methods that plan by it; None where that is open.
        workers: How many trials will be out at a time, for methods that plan by it.
    """

    method: str = "DiscreteOnePlusOne"
    evaluations: Count | None = None
    workers: Count = 1

    def check(self) -> None:
        """See that Nevergrad is there and has the method."""
        known = require("nevergrad", "nevergrad").optimizers.registry
        if self.method not in known:
            raise UnknownName("method of Nevergrad", self.method, known)

    def searcher(self, seed: int) -> Searcher:
        """Make one of its optimizers."""
        return _Searcher(self.space, self.method, seed, self.evaluations, self.workers)


class _Searcher(Searcher):
    """One of Nevergrad's optimizers. Decisions with as many values each are one block of choices: that is faster."""

    def __init__(self, space: Space, method: str, seed: int, evaluations: int | None, workers: int) -> None:
        self._nevergrad = require("nevergrad", "nevergrad")
        self._blocks = [np.flatnonzero(space.cardinalities == n) for n in np.unique(space.cardinalities)]
        self._values = [int(space.cardinalities[block[0]]) for block in self._blocks]
        self._decisions = space.decisions
        self._method, self._seed, self._plan = method, seed, (evaluations, workers)
        self._worst = np.zeros(1)
        self._begin()

    def _begin(self) -> None:
        """Make the optimizer."""
        choice = self._nevergrad.p.Choice
        choices = [  # deterministic: else each ask draws anew from the weights, and what a method learned is blurred
            choice(range(n), repetitions=len(block), deterministic=True)
            for n, block in zip(self._values, self._blocks, strict=True)
        ]
        parameters = self._nevergrad.p.Tuple(*choices)
        parameters.random_state = np.random.RandomState(self._seed)  # the kind that Nevergrad draws from
        self._elsewhere = np.random.RandomState(self._seed).get_state()
        with self._own_randomness():
            self._optimizer = self._nevergrad.optimizers.registry[self._method](parameters, *self._plan)

    @contextmanager
    def _own_randomness(self) -> Iterator[None]:
        """Lend NumPy's global generator a state of this run's own, since some of the methods draw from that."""
        before = np.random.get_state()  # noqa: NPY002
        np.random.set_state(self._elsewhere)  # noqa: NPY002
        try:
            yield
        finally:
            self._elsewhere = np.random.get_state()  # noqa: NPY002
            np.random.set_state(before)  # noqa: NPY002

    def propose(self) -> tuple[Any, Archs]:
        """Ask."""
        with self._own_randomness():
            candidate = self._optimizer.ask()
        arch = np.empty(self._decisions, np.int8)
        for block, choice in zip(self._blocks, candidate, strict=True):
            arch[block] = choice.indices.value
        return (self._optimizer, candidate), arch

    def refuse(self, ticket: Any) -> None:
        """Tell the worst losses."""
        self._tell(ticket[1], self._worst, None)

    def hear(self, ticket: Any | None, arch: Archs, answer: Answer) -> None:
        """Tell the losses; what was not asked for too, where the method has an ear for it."""
        if 1 + len(answer.costs) > len(self._worst):
            self._worst = np.zeros(1 + len(answer.costs))
            self._begin()
        losses = np.array([-answer.value, *answer.costs])
        if answer.failed or len(losses) < len(self._worst):
            losses = self._worst
        self._worst = np.maximum(self._worst, losses)
        if ticket is not None and ticket[0] is self._optimizer:
            self._tell(ticket[1], losses, answer.excess)
            return
        value = tuple(tuple(arch[block].tolist()) for block in self._blocks)
        candidate = self._optimizer.parametrization.spawn_child(new_value=value)
        with suppress(self._nevergrad.errors.TellNotAskedNotSupportedError):
            self._tell(candidate, losses, answer.excess)

    def _tell(self, candidate: Any, losses: NDArray[np.float64], excess: float | None) -> None:
        with self._own_randomness():
            self._optimizer.tell(candidate, losses.tolist() if len(losses) > 1 else float(losses[0]), excess or None)
