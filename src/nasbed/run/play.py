"""Play: a search whose answers come one by one, in whatever order.

The optimizer is asked as soon as fewer of its trials are out than may be, and told of a trial once all of its
trainings are answered. What it is asked and told follows from the seed and from the order of the answers alone, so
that hearing the same answers in the same order brings a search back to where it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.core.live import Answer
from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Archs, Evaluations, Trials
from nasbed.core.seeds import derived_seed
from nasbed.run.costing import Costing, Priced
from nasbed.run.hearing import asked, drop
from nasbed.run.history import History
from nasbed.run.ledger import Ledger
from nasbed.run.recorder import Recorder
from nasbed.run.settings import SearchSettings

_What = tuple[int, int, int]
"""A run, an architecture's key and the epochs it is trained for: what counts as the same training again."""


@dataclass(frozen=True, eq=False)
class Training:
    """One training that a search waits for.

    Attributes:
        unit: Its name: ``"<trial>/<run>"``, both counted from 0 in the order of asking.
        arch: What is trained, ``(decisions,)``.
        epochs: For how long.
        seed: With what; follows from the search's seed, the run, what is trained and how often it was before.
    """

    unit: str
    arch: Archs
    epochs: int
    seed: int


@dataclass(eq=False)
class _Trial:
    """One proposal a run that the optimizer has not been told about.

    Attributes:
        trials: What was asked.
        epochs: For how long each run's proposal is trained, ``(runs,)``.
        heard: What each run that takes part proposes, and the unit whose answer it hears.
        priced: What is known of the proposals before they are trained; None where nothing is.
        fresh: Which runs pay for a training of their own, ``(runs,)``; the others hear of one that they know.
        waits: The units whose answers have not come.
    """

    trials: Trials
    epochs: NDArray[np.int64]
    heard: dict[int, tuple[_What, str]]
    fresh: NDArray[np.bool_]
    waits: set[str]
    priced: Priced | None

    def costs(self) -> NDArray[np.float64]:
        """Give evaluations and epochs that each run pays for, ``(runs, 2)``."""
        return np.stack([self.fresh, self.fresh * self.epochs], axis=1).astype(np.float64)


class Play:
    """Joins an optimizer to answers that come from elsewhere.

    With one run, up to ``ahead`` trials are out at a time; several runs take each step together.

    Args:
        optimizer: The method; it is started afresh.
        benchmark: What it searches; only its space, budgets and costs are asked for.
        settings: Under which; seconds are those of the clock that ``hear`` is given, a run depends on its answers as
            well, and where duplicates are free it waits for an answer that is on its way. What a limit refuses is told
            of at once, and not trained.
        ahead: How many trials may be out.

    Raises:
        BadSetting: For settings that are not allowed.
    """

    def __init__(self, optimizer: Optimizer, benchmark: Benchmark, settings: SearchSettings, ahead: int = 1) -> None:
        runs = settings.runs
        if ahead < 1 or (ahead > 1 and runs > 1):
            raise BadSetting(f"of {runs} runs {ahead} trials cannot be out at a time; give 1, or of one run any number")
        optimizer.start(benchmark.space, settings.streams("optimizer"), benchmark.budgets)
        self.optimizer, self.space, self.settings, self.ahead = optimizer, benchmark.space, settings, ahead
        self.epochs, self.runs = settings.fidelity(benchmark), runs
        self.ledger, self.costing = Ledger(settings), Costing(benchmark, settings)
        self.recorder = Recorder(runs, self.epochs)
        self.clock = 0.0
        self.answers: dict[str, Answer] = {}
        self.best = float("nan")
        self._trials: dict[int, _Trial] = {}  # that are out, by number
        self._asked = 0
        self._out = np.zeros((runs, 2))  # evaluations and epochs that are out and will be charged
        self._trained: defaultdict[_What, list[str]] = defaultdict(list)  # units, in the order of asking
        self._ended: list[NDArray[np.float64]] = []  # by step, as the recorder counts
        self._numbers: list[NDArray[np.int64]] = []
        self._told: list[dict[int, _What]] = []

    def ask(self) -> list[Training]:
        """Ask the optimizer as long as another trial may be out, and give the trainings that this takes."""
        wanted: list[Training] = []
        while len(self._trials) < self.ahead and self._may_go_on():
            trials = asked(self.optimizer)
            if trials.active is not None:
                if self._trials and not trials.active.any():
                    break  # nothing to propose before it is told of what is out
                if not self.ledger.close(~trials.active):
                    break  # nothing more to propose
            if trials.continues is not None:  # refused at once, not when the first is promoted
                raise BadSetting("real trainings do not go on with earlier ones yet; use continuation='restart'")
            self._trials[self._asked] = self._booked(trials, wanted)
            self._asked += 1
            self._settle()
        return wanted

    def hear(self, unit: str, answer: Answer, clock: float) -> None:
        """Take an answer, and tell the optimizer of the trials that it completes.

        Args:
            unit: Whose; ``ask`` gave it.
            answer: What came of it.
            clock: Seconds since the search began.
        """
        self.answers[unit], self.clock = answer, clock
        self.best = float(np.fmax(self.best, answer.validation))
        for trial in self._trials.values():
            trial.waits.discard(unit)
        self._settle()

    def _may_go_on(self) -> bool:
        """Say whether some run has a budget left once all that is out is paid for."""
        left = self.ledger.spent[:, :2] + self._out < self.ledger.limits[:2]
        return bool((self.ledger.going & left.all(axis=1)).any())

    def _booked(self, trials: Trials, wanted: list[Training]) -> _Trial:
        """See what each run's proposal takes: a training, an answer that is known or on its way, or nothing."""
        keys = self.space.key(trials.archs)
        epochs = np.full(self.runs, self.epochs) if trials.epochs is None else trials.epochs
        priced = self.costing.before(trials.archs, self.ledger.going)
        trial = _Trial(trials, epochs, {}, np.zeros(self.runs, np.bool_), set(), priced)
        playing = self.ledger.going if priced is None else self.ledger.going & ~priced.refused
        for run in np.flatnonzero(playing).tolist():
            what = self.settings.first_run + run, int(keys[run]), int(epochs[run])
            before = self._trained[what]
            if before and self.settings.duplicates != "pay":
                unit = before[0]
            else:
                unit = f"{self._asked}/{run}"
                seed = training_seed(self.settings.seed, *what, len(before))
                wanted.append(Training(unit, trials.archs[run], what[2], seed))
                before.append(unit)
                trial.fresh[run] = True
            trial.heard[run] = what, unit
            if unit not in self.answers and (trial.fresh[run] or self.settings.duplicates == "free"):
                trial.waits.add(unit)
        self._out += trial.costs()
        return trial

    def _settle(self) -> None:
        """Record, charge and tell the trials that wait for nothing more, in the order of asking."""
        for number in [number for number, trial in self._trials.items() if not trial.waits]:
            trial = self._trials.pop(number)
            fresh = trial.fresh
            refused = np.zeros(self.runs, np.bool_) if trial.priced is None else trial.priced.refused
            value, took, told = np.full(self.runs, np.nan), np.zeros(self.runs), refused.copy()
            for run, (_, unit) in trial.heard.items():
                if fresh[run] or self.settings.duplicates != "skip":
                    told[run], value[run], took[run] = True, self.answers[unit].validation, self.answers[unit].seconds
            clock = np.full(self.runs, self.clock)
            over = self.ledger.overdrawn(np.where(fresh, trial.epochs, 0), np.where(fresh, took, 0.0), fresh, clock)
            fresh, told = fresh & ~over, told & ~over
            seconds = np.where(fresh, took, 0.0)
            heard = Evaluations(value, seconds, np.where(fresh, trial.epochs, 0))
            heard = self.costing.after(trial.priced, heard, told, took)
            self.recorder.record(trial.trials, heard, told, fresh, refused)
            self._numbers.append(np.full(self.runs, number))
            self._ended.append(np.where(told, self.clock, 0.0))
            self._told.append({run: what for run, (what, _) in trial.heard.items() if told[run]})
            self._out -= trial.costs()
            self.ledger.charge(heard.epochs, seconds, fresh, clock)
            self.optimizer.tell(trial.trials._replace(active=None if told.all() else told), heard)
            drop(self.optimizer, trial.trials, ~told)

    def part(self, info: Mapping[str, Any], first: int = 0) -> History:
        """Return the steps from ``first`` on, with when they ended and in which order they were asked for."""
        history = self.recorder.history(self.space, info, first=first)
        return replace(
            history,
            ended=np.array(self._ended[first:], np.float64).reshape(-1, self.runs),
            number=np.array(self._numbers[first:], np.int64).reshape(-1, self.runs),
        )

    def history(self, info: Mapping[str, Any]) -> History:
        """Close the book, with what choices are worth: the mean over their trainings in their run, at their epochs."""
        history = self.part(info)
        validation, test = np.full((2, history.steps, self.runs), np.nan)
        for step, told in enumerate(self._told):
            for run, what in told.items():
                answers = [self.answers[unit] for unit in self._trained[what] if unit in self.answers]
                good = [answer for answer in answers if answer.validation == answer.validation]
                if good:
                    validation[step, run] = np.mean([answer.validation for answer in good])
                    test[step, run] = np.mean([answer.test for answer in good])
        unknown = float("nan")
        return history.judged(validation, test, (unknown, unknown))


def training_seed(seed: int, run: int, key: int, epochs: int, before: int) -> int:
    """Derive the seed of a training: 63 bits, independent of all others.

    Args:
        seed: The search's.
        run: The run's number in the study.
        key: The architecture's.
        epochs: Of the training.
        before: How often the run has begun such a training already.
    """
    return derived_seed("live", seed, run, key, epochs, before)
