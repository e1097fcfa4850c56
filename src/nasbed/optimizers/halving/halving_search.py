"""Searches by brackets: successive halving and Hyperband, and what others have in common with them."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Count
from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Archs, Evaluations, Trials
from nasbed.optimizers.halving.brackets_open import (
    Bracket,
    Counts,
    Jobs,
    OpenBrackets,
    halved,
    hyperband_brackets,
)
from nasbed.optimizers.halving.fidelity import Continuation, Eta, rungs
from nasbed.optimizers.worth import worth


@dataclass(eq=False)
class HalvingSearch(Optimizer):
    """Trains many architectures for few epochs, and the best of them for more.

    A failed trial ranks last and is never promoted. Answers to what the search did not ask for are ignored: a rung
    compares its own. With one budget there is nothing to halve, and new architectures are all that is tried. A rung
    waits for all its answers while the next bracket is opened; a trial that is dropped, as ``duplicates="skip"`` does
    with what was trained in an earlier bracket, is missing in its rung and not promoted.

    Attributes:
        min_epochs: No rung is shorter; None for the benchmark's smallest budget.
        max_epochs: The last rung is here; None for the benchmark's largest budget.
        eta: Each rung is so many times as long as the one before, and keeps one of so many.
        continuation: ``"restart"`` trains what was promoted anew, which every table can answer. ``"resume"`` goes on
            with the training of the rung before and pays for the epochs between, where the benchmark can.
    """

    kept: ClassVar[tuple[str, ...]] = ("brackets", "_asked")

    min_epochs: Count | None = None
    max_epochs: Count | None = None
    eta: Eta = 3
    continuation: Continuation = "restart"

    @abstractmethod
    def plans(self) -> tuple[Bracket, ...]:
        """Give the brackets that a run opens, one after the other and again from the first; ``rungs`` is known."""

    def choose(self, jobs: Jobs) -> Archs:
        """Say what each run trains, ``(runs, decisions)``, in a new array: what was promoted, or what is drawn."""
        if jobs.fresh.all():
            return self.space.sample(self.streams)
        archs = jobs.archs.copy()
        fresh = np.flatnonzero(jobs.fresh)
        if len(fresh):
            archs[fresh] = self.streams.drawing(fresh, self.space.sample)
        return archs

    def learn(self, trials: Trials, value: NDArray[np.float64], known: NDArray[np.bool_]) -> None:
        """Hear what ``tell`` heard, after the brackets did; a method without a model learns nothing.

        Args:
            trials: As they were told.
            value: What each is worth, ``(runs,)``; NaN for a failed training.
            known: Which rows are active and answer a trial of this search that was not answered before.
        """

    def reset(self) -> None:
        """Begin with no bracket open."""
        self.rungs = rungs(self.budgets, self.min_epochs, self.max_epochs, self.eta)
        self.brackets = OpenBrackets(self.runs, self.space.decisions, self.plans())
        self._asked = 0

    def ask(self) -> Trials:
        """Propose what the oldest bracket with something to train has next."""
        jobs = self.brackets.next(self._asked)
        archs = self.choose(jobs)
        self.brackets.put(jobs, archs)
        self._asked += 1
        continues = jobs.earlier if self.continuation == "resume" else None
        return Trials(archs, jobs.epochs, number=jobs.number, continues=continues)

    def tell(self, trials: Trials, evaluations: Evaluations) -> None:
        """Put the answers into their rungs, what is over a limit below all that is not; strangers have none."""
        value = worth(evaluations)
        active = np.ones(self.runs, np.bool_) if trials.active is None else trials.active
        if trials.number is None:
            known = np.zeros(self.runs, np.bool_)
        else:
            known = self.brackets.tell(trials.number, value, active)
        self.learn(trials, value, known)

    def drop(self, trials: Trials) -> None:
        """Let a rung wait no longer for what has no answer."""
        if trials.number is not None:
            active = np.ones(self.runs, np.bool_) if trials.active is None else trials.active
            self.brackets.tell(trials.number, np.full(self.runs, np.nan), active)


@dataclass(eq=False)
class Hyperband(HalvingSearch):
    """Brackets of successive halving, from the boldest to plain random search, and again from the first.

    Reference: Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR 18(185), 2018,
    https://jmlr.org/papers/v18/16-558.html

    Attributes:
        counts: How many architectures brackets begin with: as in the paper's ``"table"``, or by its ``"formula"``,
            which gives more to the brackets in the middle; see ``brackets.hyperband_brackets``.
    """

    counts: Counts = "table"

    def plans(self) -> tuple[Bracket, ...]:
        """Give the brackets of the paper."""
        return hyperband_brackets(self.rungs, self.eta, self.counts)


@dataclass(eq=False)
class SuccessiveHalving(HalvingSearch):
    """Successive halving of random architectures, again and again.

    The paper halves (``eta=2``); keeping a third is what Li et al., JMLR 2018, recommend.

    Reference: Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", AISTATS
    2016, https://arxiv.org/abs/1502.07943

    Attributes:
        architectures: How many each bracket begins with; None for the fewest of which one is left at the last rung,
            having begun at the first. Fewer begin at a later rung.
    """

    architectures: Count | None = None

    def plans(self) -> tuple[Bracket, ...]:
        """Give the one bracket."""
        fewest = self.eta ** (len(self.rungs) - 1)
        return (halved(self.architectures or fewest, self.rungs, self.eta),)
