"""Optuna's samplers search our spaces: each decision is a categorical distribution.

Reference: Akiba et al., "Optuna: A Next-generation Hyperparameter Optimization Framework", KDD 2019,
https://arxiv.org/abs/1907.10902
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.core.extras import require
from nasbed.core.records import Archs
from nasbed.optimizers.borrowed.foreign import Answer, BorrowedSearch, Searcher

_EXCESS = "excess"  # what the constraint of a trial is called: 0 or less is kept

_FOR_NUMBERS = ("CmaEsSampler",)  # "does not support CategoricalDistribution", says its documentation


@dataclass(eq=False)
class OptunaSearch(BorrowedSearch):
    """Any of Optuna's samplers, with a study of its own for each run.

    What fails, or is no architecture, is a failed trial. Where other objectives are told, the study is begun again
    with a direction for each. Samplers that take constraints hear what is over a limit; what a limit refused is as bad
    as the worst that was trained, for of a failed trial no sampler learns anything, and proposes it again.

    Attributes:
        sampler: The name of a class in ``optuna.samplers`` that takes a seed.
        options: More arguments of that class, such as ``{"multivariate": True}``.
    """

    sampler: str = "TPESampler"
    options: Mapping[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """See that Optuna is there and has the sampler."""
        samplers = require("optuna", "optuna").samplers
        kinds = {name: kind for name, kind in vars(samplers).items() if isinstance(kind, type)}
        seeded = [name for name, kind in kinds.items() if "seed" in _arguments(kind)]
        if self.sampler not in seeded:
            raise UnknownName("sampler of Optuna", self.sampler, seeded)
        if self.sampler in _FOR_NUMBERS:
            raise BadSetting(
                f"{self.sampler} draws categorical decisions at random; choose another, such as TPESampler"
            )
        known = _arguments(getattr(samplers, self.sampler))
        for name in self.options:
            if name not in known or name == "seed":
                raise BadSetting(f"{self.sampler} has no option {name!r}; it has: {', '.join(known)}")

    def searcher(self, seed: int) -> Searcher:
        """Make a study."""
        return _Searcher(self.space.cardinalities.tolist(), self.sampler, dict(self.options), seed)


def _arguments(kind: Any) -> list[str]:
    return list(inspect.signature(kind).parameters)


class _Searcher(Searcher):
    """A study."""

    def __init__(self, cardinalities: list[int], sampler: str, options: dict[str, Any], seed: int) -> None:
        self._optuna = require("optuna", "optuna")
        kind = self._optuna.distributions.CategoricalDistribution
        self._distributions = {decision_name(i): kind(tuple(range(n))) for i, n in enumerate(cardinalities)}
        self._sampler, self._options, self._seed = sampler, options, seed
        self._objectives = 0
        self._worst = np.zeros(1)  # losses that were told
        self._study = self._begun()

    def _begun(self) -> Any:
        """Begin a study; quietly, since there is one for each run."""
        kind = getattr(self._optuna.samplers, self._sampler)
        directions = ["maximize", *["minimize"] * self._objectives]
        with _quiet(self._optuna):
            return self._optuna.create_study(directions=directions, sampler=kind(**self._options, seed=self._seed))

    def propose(self) -> tuple[Any, Archs]:
        """Ask for a trial."""
        with _quiet(self._optuna):
            trial = self._study.ask(self._distributions)
        return (self._study, trial), np.array([trial.params[name] for name in self._distributions], np.int8)

    def refuse(self, ticket: Any) -> None:
        """Let the trial fail."""
        study, trial = ticket
        study.tell(trial, state=self._optuna.trial.TrialState.FAIL)

    def hear(self, ticket: Any | None, arch: Archs, answer: Answer) -> None:
        """Tell the values; a trial of no study, or of one that was begun again, is added to the study."""
        if len(answer.costs) > self._objectives:
            self._objectives = len(answer.costs)
            self._worst = np.zeros(1 + self._objectives)
            self._study = self._begun()
        losses, failed = np.array([-answer.value, *answer.costs]), answer.failed
        if failed and answer.excess:
            losses, failed = self._worst, False
        failed |= len(losses) < len(self._worst)
        if not failed:
            self._worst = np.maximum(self._worst, losses)
        states = self._optuna.trial.TrialState
        state = states.FAIL if failed else states.COMPLETE
        values = None if failed else [-float(losses[0]), *losses[1:].tolist()]
        if ticket is None or ticket[0] is not self._study:
            params = dict(zip(self._distributions, arch.tolist(), strict=True))
            trial = self._optuna.trial.create_trial(
                state=state, params=params, distributions=self._distributions, values=values
            )
            _constrain(trial, answer.excess)
            self._study.add_trial(trial)
        else:
            _constrain(ticket[1], answer.excess)
            self._study.tell(ticket[1], values, state)


def _constrain(trial: Any, excess: float | None) -> None:
    """Say by how much a trial is over the limits, where there are any."""
    if excess is not None:
        if not hasattr(trial, "set_constraint"):
            raise BadSetting("Optuna hears of limits from version 5 on; update it, or search without limits")
        trial.set_constraint(_EXCESS, excess)


def decision_name(i: int) -> str:
    """Give the name that decision number i has in a study of Optuna's."""
    return f"decision_{i}"


@contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    """Keep what Optuna says of each study, trial and experimental option from the reader, for as long as it works."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)
