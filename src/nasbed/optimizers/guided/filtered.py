"""Any search, filtered by a predictor: of several proposals in a row, the one that is worth most is trained.

Reference: Jin, "Surrogate-assisted evolutionary computation: Recent advances and future challenges", Swarm and
Evolutionary Computation 1, 2011 (pre-selection)
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Count, Positive
from nasbed.core.errors import BadSetting
from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Evaluations, Trials
from nasbed.core.registry import optimizers
from nasbed.optimizers.guided.acquisition import WITHOUT_CHANCE
from nasbed.optimizers.guided.candidates import names_of
from nasbed.optimizers.guided.helping import check_installed, in_words, learnable, libraries, predictor_of
from nasbed.optimizers.guided.told import Names, Rows, Told
from nasbed.optimizers.worth import worth
from nasbed.predictors.targets import Transformation

_LOG = logging.getLogger(__name__)


@dataclass(eq=False)
class Filtered(Optimizer):
    """Local search, evolution, or another method, whose proposals a predictor filters.

    Once a run knows enough, the method is asked several times; the proposal that is worth most by the acquisition is
    trained, and the method is told that the others were dropped. What a run knows is chosen only where there is nothing
    else. Where the predictor fails, the first proposal is trained, and the history says so.

    Attributes:
        search: The method, with settings if need be, such as ``regularized-evolution:population=30``; one that trains
            everything to the end, and does not avoid what it has proposed before, as local:remember=true does.
        tries: How many proposals one is chosen from.
        predictor: A registered predictor, with settings if need be.
        encoding: What it sees of an architecture; of several, divided by ``|``, the first that the space has.
        target: What it learns; see ``guided``.
        acquisition: What a proposal is worth; see ``guided``.
        kappa: How many deviations ucb adds.
        initial: So many are trained before anything is filtered.
    """

    kept = ("_told", "_out", "_names", "_numbers", "_asked", "_numbered")

    search: str = "local"
    tries: Count = 10
    predictor: str = "gp"
    encoding: str = "default"
    target: Transformation = "log-error"
    acquisition: Literal["ei", "pi", "ucb", "mean"] = "ei"
    kappa: Positive = 1.0
    initial: Count = 10

    def __post_init__(self) -> None:
        """See that method and predictor are there, and that each setting is of its type.

        Raises:
            UnknownName: When there is no such method or predictor.
            BadSetting: When a setting is not allowed.
            MissingExtra: When what the predictor needs is not installed.
        """
        super().__post_init__()
        if type(optimizers.read(self.search)) is type(self):
            raise BadSetting("filtered filters another method, such as search=local, not itself")
        check_installed(self.predictor)

    def reset(self) -> None:
        """Start the method, for each run one."""
        made = predictor_of(self.predictor, self.space, self.encoding, self.target)
        self._features = made.features
        self._guides = [made.guide() for _ in range(self.runs)]
        self._inner: list[Optimizer] = [
            optimizers.read(self.search).start(self.space, self.streams.take(np.array([run])), self.budgets)
            for run in range(self.runs)
        ]
        self._told = Told(self.runs, self.space.decisions)
        self._out = Rows(self.runs, self.space.decisions)
        self._names = Names(self.runs)
        self._numbers = np.zeros((0, self.runs), np.int64)  # what the method calls each trial
        self._numbered = False  # whether it calls them anything
        self._asked = 0

    # ── what to try next ──────────────────────────────────────────────────────────────────────────────────────

    def ask(self) -> Trials:
        """Propose for each run the best of what its method proposes."""
        archs = np.zeros((self.runs, self.space.decisions), np.int8)
        active, parents = np.ones(self.runs, np.bool_), np.full((self.runs, 2), -1)
        numbers = np.full(self.runs, -1)
        with libraries().limit(limits=1, user_api="blas"):  # as in guided searches
            chosen = [self._chosen(run) for run in range(self.runs)]
        for run, one in enumerate(chosen):
            if one is None:
                active[run] = False
                continue
            archs[run] = one.archs[0]
            if one.number is not None:
                numbers[run], self._numbered = one.number[0], True
            if one.parents is not None:
                parents[run] = [self._outer(run, parent) for parent in one.parents[0].tolist()]
            self._out.add(run, self._asked, archs[run])
            self._names.add(run, names_of(self.space, archs[run : run + 1])[0])
        self._numbers = np.concatenate([self._numbers, numbers[None]])
        self._asked += 1
        number = np.full(self.runs, self._asked - 1)
        return Trials(archs, active=None if active.all() else active, number=number, parents=parents)

    def _outer(self, run: int, inner: int) -> int:
        """Return which trial of a run its method calls by a number; −1 for none."""
        found = np.flatnonzero(self._numbers[:, run] == inner)
        return int(found[0]) if inner >= 0 and len(found) else -1

    def _chosen(self, run: int) -> Trials | None:
        """Return what one run trains next; None where its method has nothing."""
        method, some = self._inner[run], list[Trials]()
        method.streams.fallbacks, method.streams.reasons = self.streams.fallbacks, self.streams.reasons
        filters = self._told.counts[run] >= max(self.initial, 2)
        for _ in range(self.tries if filters else 1):
            proposed = method.ask()
            if proposed.epochs is not None:
                raise BadSetting(f"{self.search} trains for few epochs first; filtered is for methods that do not")
            if proposed.active is not None and not proposed.active[0]:
                break
            some.append(proposed)
        if not some:
            return None
        best = self._best(run, np.concatenate([one.archs for one in some])) if len(some) > 1 else 0
        for i, one in enumerate(some):
            if i != best:
                method.drop(one)
        return some[best]

    def _best(self, run: int, archs: NDArray[np.int8]) -> int:
        """Return which proposal is worth most; the first where the predictor fails."""
        try:
            rows, values, _ = self._told.of(run)
            guide = self._guides[run]
            guide.learn(self._features(rows), learnable(values), self._features(self._out.of(run)))
            found = WITHOUT_CHANCE[self.acquisition](guide.believe(self._features(archs)), self.kappa)
            if np.isnan(found).all():
                raise ArithmeticError("it predicts what is no number")
            known = np.isin(names_of(self.space, archs), self._names.of(run))
            return int(np.nanargmax(np.where(known, found.min() - 1.0 if known.all() else -np.inf, found)))
        except Exception as error:  # the predictor may be anyone's
            _LOG.info("run %d is not filtered, since %s failed: %s", run, self.predictor, error)
            self.streams.fell_back(np.array([run]), f"{self.predictor} failed: {in_words(error)}")
            return 0

    # ── what came of it ───────────────────────────────────────────────────────────────────────────────────────

    def tell(self, trials: Trials, evaluations: Evaluations) -> None:
        """Tell each run's method of what was trained, and keep what a run learns from."""
        active = np.ones(self.runs, np.bool_) if trials.active is None else trials.active
        for run in np.flatnonzero(active).tolist():
            part = (None if field is None else field[run : run + 1] for field in evaluations)
            self._inner[run].tell(self._of(run, trials), Evaluations(*part))  # type: ignore[arg-type]
            self._forget(run, trials)
        value = worth(evaluations)
        whole = np.ones(self.runs, np.bool_)
        if trials.epochs is not None and self.budgets:
            whole = trials.epochs >= self.budgets[-1]
        rows = np.flatnonzero(active & whole & ~np.isnan(value))
        self._told.add(rows, trials.archs[rows], value[rows], evaluations.seconds[rows], np.zeros((len(rows), 0)))

    def drop(self, trials: Trials) -> None:
        """Tell each run's method of what was dropped."""
        active = np.ones(self.runs, np.bool_) if trials.active is None else trials.active
        for run in np.flatnonzero(active).tolist():
            self._inner[run].drop(self._of(run, trials))
            self._forget(run, trials)

    def _of(self, run: int, trials: Trials) -> Trials:
        """Return one run's trial as its method knows it."""
        outer = -1 if trials.number is None else int(trials.number[run])
        inner = int(self._numbers[outer, run]) if 0 <= outer < len(self._numbers) else -1
        epochs = None if trials.epochs is None else trials.epochs[run : run + 1]
        return Trials(trials.archs[run : run + 1], epochs, number=np.array([inner]) if self._numbered else None)

    def _forget(self, run: int, trials: Trials) -> None:
        if trials.number is not None:
            self._out.remove(run, int(trials.number[run]))

    def state(self) -> dict[str, Any]:
        """Return what was told and is out, what methods know, and what predictors remember."""
        inner = [one.state_dict() for one in self._inner]
        return {**super().state(), "inner": inner, "guides": np.stack([one.memory for one in self._guides])}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what ``state`` gave."""
        super().load_state({name: value for name, value in state.items() if name in self.kept})
        for one, saved in zip(self._inner, state["inner"], strict=True):
            one.load_state_dict(saved)
        for guide, memory in zip(self._guides, np.asarray(state["guides"]), strict=True):
            guide.memory = memory
