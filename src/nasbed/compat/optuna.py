"""Our optimizers as a sampler of Optuna's: studies that choose architectures.

A decision is a parameter of a trial called ``decision_0``, ``decision_1``, …; ``suggest`` asks for all of them. Any
sampler of Optuna's can answer; ``NasbedSampler`` lets an optimizer of ours do it.

Reference: Akiba et al., "Optuna: A Next-generation Hyperparameter Optimization Framework", KDD 2019,
https://arxiv.org/abs/1907.10902
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.optimizer import Optimizer
from nasbed.core.printing import Printed
from nasbed.core.records import Archs, Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.core.space import Space
from nasbed.optimizers.borrowed.optuna_search import decision_name

optuna = require("optuna", "optuna")  # what follows is of no use without it
_BaseSampler: Any = optuna.samplers.BaseSampler


def suggest(trial: Any, space: Space) -> Archs:
    """Make an architecture, ``(decisions,)``, from a trial: one categorical parameter a decision.

    Raises:
        optuna.TrialPruned: When the decisions are no architecture, which samplers of Optuna's own do not know before.
    """
    values = [trial.suggest_categorical(decision_name(i), range(n)) for i, n in enumerate(space.cardinalities.tolist())]
    arch = np.array(values, np.int8)
    if not space.valid(arch[None])[0]:
        raise optuna.TrialPruned(f"{values} is no architecture of {space.name}")
    return arch


def epochs(trial: Any) -> int | None:
    """Give how long the architecture of a trial is to be trained; None for as long as the study likes.

    Only methods with several fidelities, behind a ``NasbedSampler``, have a say in it.
    """
    sampler = trial.study.sampler
    return sampler.epochs(trial.number) if isinstance(sampler, NasbedSampler) else None


class NasbedSampler(Printed, _BaseSampler):  # type: ignore[misc]
    """Lets an optimizer choose the decisions of a study's trials.

    It proposes for a trial what ``nasbed.search`` would propose in its first run under the same seed, if told the same.
    Trials may be told late and in any order, fail, be pruned (it hears the last intermediate value, if there is one),
    be enqueued, or be another process's. A study that was stopped goes on: the trials in its storage are played again,
    and where the optimizer proposes the same, it goes on bit for bit; others it hears as trials that it never asked
    for. The first direction is the value's; objectives after the first are told as costs.

    A decision may be suggested by ``suggest_categorical`` with any choices or by ``suggest_int``, as many values as it
    has. Other parameters of a trial are drawn at random.

    Args:
        optimizer: The method; it is started afresh.
        space: What it searches.
        seed: Of the search.
        budgets: The epochs that a trial may be trained for, ascending, for methods with several fidelities.
    """

    def __init__(self, optimizer: Optimizer, space: Space, *, seed: int = 0, budgets: Sequence[int] = ()) -> None:
        self.optimizer = optimizer.start(space, Streams.from_seed(seed, 1, 0, "optimizer"), budgets)
        self.space = space
        self._others = optuna.samplers.RandomSampler(seed)
        self._spare = Streams.from_seed(seed, 1, 0, "optuna")
        self._names = {decision_name(i): i for i in range(space.decisions)}
        self._study = ""
        self._asked: dict[int, Trials] = {}  # by the number that the study gives
        self._met: set[int] = set()  # trials that were begun elsewhere
        self._told: set[int] = set()
        self._lock = RLock()  # trials may be asked for and told of from several threads

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
        """Give none: what a decision's parameter looks like is seen when it is suggested."""
        return {}

    def sample_relative(self, study: Any, trial: Any, search_space: dict[str, Any]) -> dict[str, Any]:
        """Give none."""
        return {}

    def before_trial(self, study: Any, trial: Any) -> None:
        """See that it is the same study.

        Raises:
            BadSetting: When it is another: the trials of two studies have the same numbers.
        """
        self._study = self._study or study.study_name
        if study.study_name != self._study:
            raise BadSetting(
                f"this sampler chooses for the study {self._study!r}; make one of its own for {study.study_name!r}"
            )

    def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
        """Give a decision of the architecture that was proposed for the trial."""
        if param_name not in self._names:
            return self._others.sample_independent(study, trial, param_name, param_distribution)
        decision = self._names[param_name]
        if _values(param_distribution) != self.space.cardinalities[decision]:
            raise BadSetting(
                f"{param_name} has {self.space.cardinalities[decision]} values in {self.space.name}; suggest it by "
                f"suggest_categorical with so many choices, or by suggest_int, not from {param_distribution}"
            )
        with self._lock:
            if trial.number not in self._asked:
                self._catch_up(study, trial.number)
                self._asked[trial.number] = self._ask()
            value = int(self._asked[trial.number].archs[0, decision])
        return _written(param_distribution, value)

    def after_trial(self, study: Any, trial: Any, state: Any, values: Sequence[float] | None) -> None:
        """Tell the optimizer."""
        with self._lock:
            self._tell(study, trial, values)

    def epochs(self, number: int) -> int | None:
        """Give how long the trial with this number in its study is to be trained; None if the method does not say."""
        trials = self._asked.get(number)
        return None if trials is None or trials.epochs is None else int(trials.epochs[0])

    def _ask(self) -> Trials:
        """Ask; where there is nothing to propose, draw from the space."""
        trials = self.optimizer.ask()
        if trials.active is not None and not trials.active[0]:
            return Trials(self.space.sample(self._spare), number=np.full(1, -1))
        if trials.continues is not None and trials.continues[0] >= 0:
            raise BadSetting("trainings of a study do not go on with earlier ones; use continuation='restart'")
        return trials

    def _tell(self, study: Any, trial: Any, values: Sequence[float] | None) -> None:
        self._told.add(trial.number)
        asked, arch = self._asked.get(trial.number), self._arch(trial)
        if asked is None or (arch is not None and (asked.archs[0] != arch).any()):
            if arch is None:
                return
            asked = Trials(arch[None], number=np.full(1, -1))
        trained = np.full(1, self.optimizer.budgets[-1] if self.optimizer.budgets else 1)
        self.optimizer.tell(asked, _evaluations(study, values, trained if asked.epochs is None else asked.epochs))

    def _decided(self, trial: Any) -> list[int]:
        """Read the decisions of a trial; −1 where it has none, or one that this space does not know."""
        decided = []
        for name, values in zip(self._names, self.space.cardinalities.tolist(), strict=True):
            distribution = trial.distributions.get(name)
            known = distribution is not None and _values(distribution) == values
            decided.append(_read(distribution, trial.params[name]) if known else -1)
        return decided

    def _arch(self, trial: Any) -> Archs | None:
        """Give the architecture of a trial; None where it has none."""
        decided = self._decided(trial)
        arch = np.array([decided], np.int8)
        return arch[0] if min(decided) >= 0 and self.space.valid(arch)[0] else None

    def _catch_up(self, study: Any, now: int) -> None:
        """Hear of what happened in the study without this sampler, in the order in which it happened."""
        trials = [t for t in study.get_trials(deepcopy=False) if t.number != now and t.number not in self._told]
        begun = [(t.datetime_start, t.number, False, t) for t in trials if t.datetime_start and self._is_news(t)]
        ended = [(t.datetime_complete, t.number, True, t) for t in trials if t.state.is_finished()]
        for _, number, is_over, trial in sorted(begun + ended, key=lambda event: event[:3]):
            if is_over:
                self._tell(study, trial, trial.values)
            else:
                self._met.add(number)
                self._ask_again(trial)

    def _is_news(self, trial: Any) -> bool:
        """Say whether a trial has decisions that this sampler has not compared with its own."""
        return trial.number not in self._asked and trial.number not in self._met and max(self._decided(trial)) >= 0

    def _ask_again(self, trial: Any) -> None:
        """Ask for a trial of an earlier session; where something else comes, take it back."""
        before = self.optimizer.state_dict()
        trials, decided = self._ask(), self._decided(trial)
        if all(there in (-1, here) for there, here in zip(decided, trials.archs[0].tolist(), strict=True)):
            self._asked[trial.number] = trials
        else:
            self.optimizer.load_state_dict(before)


def _values(distribution: Any) -> int:
    """Give how many values a parameter has that can be a decision; 0 if it cannot."""
    if isinstance(distribution, optuna.distributions.CategoricalDistribution):
        return len(distribution.choices)
    if isinstance(distribution, optuna.distributions.IntDistribution) and distribution.step == 1:
        return int(distribution.high - distribution.low + 1)
    return 0


def _read(distribution: Any, value: Any) -> int:
    """Give which of its parameter's values one is, counted from 0."""
    return int(distribution.to_internal_repr(value)) - getattr(distribution, "low", 0)


def _written(distribution: Any, value: int) -> Any:
    """Give a parameter's value by its number."""
    return distribution.to_external_repr(value + getattr(distribution, "low", 0))


def _evaluations(study: Any, values: Sequence[float] | None, epochs: NDArray[np.int64]) -> Evaluations:
    """Put what a study knows of a trial as a benchmark would: more is better, costs are not, and no time passes."""
    objectives = len(study.directions)
    heard = np.full(objectives, np.nan) if values is None else np.array(values, np.float64)
    maximize = [direction == optuna.study.StudyDirection.MAXIMIZE for direction in study.directions]
    value = heard[0] if maximize[0] else -heard[0]
    costs = np.where(maximize, -heard, heard)[None, 1:]
    return Evaluations(np.array([value]), np.zeros(1), epochs, costs if objectives > 1 else None)
