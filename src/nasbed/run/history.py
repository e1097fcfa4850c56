"""History: everything that many runs of a search tried, and what it came to.

Arrays have a leading axis ``steps`` and then ``runs``; runs that ended earlier than others have rows that were not
``tried``. Clocks count what a run had spent once a step was over.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark, needed
from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.extras import require
from nasbed.core.files import put
from nasbed.core.printing import Card, Printed
from nasbed.core.records import Archs
from nasbed.core.registry import reports
from nasbed.core.space import Space
from nasbed.run import rows_file, trials
from nasbed.run.incumbents import incumbents
from nasbed.run.settings import points_to

Clock = Literal["evaluations", "epochs", "seconds", "unique", "total_seconds"]
Metric = Literal["validation", "mean-validation", "test", "validation-regret", "test-regret"]


@dataclass(frozen=True, eq=False)
class History(Printed):
    """What every run tried, what it was told and what that cost.

    Attributes:
        space: What the architectures mean.
        info: How it was made: optimizer, settings, benchmark with its checksum and warnings, budget, seed.
        archs: int8, ``(steps, runs, decisions)``.
        value: Validation accuracy as the search heard it, ``(steps, runs)``; NaN for a failed training.
        seconds: Cost of each step; 0 where nothing was paid.
        epochs: Epochs paid for.
        tried: Which entries count.
        paid: Which of them were evaluations that the run paid for.
        test: Mean test accuracy of the incumbent after each step, once attached; else None.
        mean_validation: Mean validation accuracy of the incumbent over a table's repeats, once attached; else None.
        optimum: Best mean validation and test accuracy that the benchmark knows; NaN where it does not.
        number: Which of its run's trials each entry was, counted in the order of asking, ``(steps, runs)``; None where
            the order of telling is the same, so that it is the step's own.
        parents: The numbers of the trials that each was bred from, ``(steps, runs, 2)``; −1 where there is none. None
            where nothing was bred.
        fidelity: Epochs after which each value was measured, ``(steps, runs)``; None where all are the study's.
        costs: The study's other objectives, ``(steps, runs, objectives)``, in the order of ``objectives``; lower is
            better. None where accuracy is the only one.
        excess: By how much each is over the study's limits, 0 where it keeps them, ``(steps, runs)``; None where there
            are none.
        refused: Which of the entries were refused, untrained and unpaid, since a cost that is known before training is
            over a limit or not supported, ``(steps, runs)``; None where none was. Their value is NaN.
        ended: When each step ended on a clock of the search's own, in seconds from its beginning, ``(steps, runs)``;
            None where nothing ran side by side, and time is what the steps so far have cost.
        own_tests: ``tests`` where the search's own trainings, or the file that it was read from, have them; else None.
        answers: The benchmark that was attached, which knows more of architectures. It is not kept in files.
    """

    space: Space
    info: dict[str, Any]
    archs: Archs
    value: NDArray[np.float64]
    seconds: NDArray[np.float64]
    epochs: NDArray[np.int64]
    tried: NDArray[np.bool_]
    paid: NDArray[np.bool_]
    test: NDArray[np.float64] | None = None
    mean_validation: NDArray[np.float64] | None = None
    optimum: tuple[float, float] = (float("nan"), float("nan"))
    number: NDArray[np.int64] | None = None
    parents: NDArray[np.int64] | None = None
    fidelity: NDArray[np.int64] | None = None
    costs: NDArray[np.float64] | None = None
    excess: NDArray[np.float64] | None = None
    refused: NDArray[np.bool_] | None = None
    ended: NDArray[np.float64] | None = None
    own_tests: NDArray[np.float64] | None = None
    answers: Benchmark | None = None

    def _card(self) -> Card:
        return trials.card(self, get_args(Metric))

    @property
    def runs(self) -> int:
        """How many runs."""
        return int(self.value.shape[1])

    @property
    def steps(self) -> int:
        """How many steps the longest run took."""
        return int(self.value.shape[0])

    @property
    def objectives(self) -> tuple[str, ...]:
        """The names of the study's other objectives."""
        return tuple(self.info.get("objectives") or ())

    @cached_property
    def incumbents(self) -> NDArray[np.int64]:
        """The step of the best value so far, ``(steps, runs)``; −1 before any success. See ``run.incumbents``."""
        return incumbents(self.value, self.counts, self.fidelity)

    @property
    def counts(self) -> NDArray[np.bool_]:
        """Which entries can be incumbents, ``(steps, runs)``: those with a value that are over no limit."""
        known = self.tried & ~np.isnan(self.value)
        return known if self.excess is None else known & (self.excess <= 0)

    def lineage(self, run: int, step: int | None = None) -> list[int]:
        """Give the steps of an entry and of all it descends from, in the order of telling.

        Args:
            run: Which run, counted from 0.
            step: Whose ancestors; None for the run's last incumbent.

        Returns:
            Steps, the last of them ``step`` itself; empty where the run has no incumbent. Parents that were never
            told, because their training was still out, are left out.

        Raises:
            BadSetting: When there is no such run, or it took no such step.
        """
        return trials.lineage(self, run, step)

    @cached_property
    def tests(self) -> NDArray[np.float64] | None:
        """Mean test accuracy of each trial after its epochs, which no search was told, ``(steps, runs)``.

        NaN where nobody knows it; None before something is attached.
        """
        return (
            self.own_tests if self.answers is None or self.own_tests is not None else trials.tested(self, self.answers)
        )

    @property
    def warnings(self) -> list[str]:
        """What the benchmark says one should know before citing these numbers."""
        return list(self.info.get("benchmark", {}).get("warnings", []))

    @property
    def notes(self) -> list[str]:
        """What the search itself says one should know: why runs ended early, how often a part of a space fell back."""
        return list(self.info.get("notes", []))

    @property
    def measure(self) -> str:
        """What validation values are: ``"accuracy"``, in [0, 1], or in words what the benchmark has in its place."""
        return str(self.info.get("benchmark", {}).get("measure", "accuracy"))

    @property
    def tested(self) -> str:
        """What test values are, in the same words."""
        return str(self.info.get("benchmark", {}).get("tested", "accuracy"))

    def measure_of(self, metric: Metric) -> str:
        """Return what a metric's numbers are: those of test results may be something else than what is searched by."""
        return self.tested if metric.startswith("test") else self.measure

    @property
    def split(self) -> str:
        """Which split the values are of that the search was told: ``"validation"``, or ``"test"`` for want of it."""
        return str(self.info.get("benchmark", {}).get("split", "validation"))

    @property
    def best(self) -> Archs:
        """The incumbent of each run at its end, ``(runs, decisions)``; its last trial where every training failed."""
        chosen: Archs = self.archs[self.incumbents[-1], np.arange(self.runs)]
        return chosen

    @property
    def best_value(self) -> NDArray[np.float64]:
        """What each run heard of its final incumbent, ``(runs,)``; NaN where every training failed."""
        value: NDArray[np.float64] = self.metric("validation")[-1]
        return value

    def clock(self, name: Clock = "evaluations") -> NDArray[np.float64]:
        """Give what each run had spent after each step, ``(steps, runs)``; read-only, since it is counted once.

        Args:
            name: Paid evaluations, epochs, seconds, or ``"unique"``: paid evaluations of modules that differ. Seconds
                are ``ended`` where that is known, and ``"total_seconds"`` what all workers together had spent.
        """
        if name not in get_args(Clock):
            raise BadSetting(f"a clock is one of {', '.join(get_args(Clock))}, not {name!r}")
        if name not in self._clocks:
            self._clocks[name] = self._spent(name)
            self._clocks[name].flags.writeable = False
        return self._clocks[name]

    @cached_property
    def _clocks(self) -> dict[str, NDArray[np.float64]]:
        return {}

    def _spent(self, name: Clock) -> NDArray[np.float64]:
        if name == "seconds" and self.ended is not None:
            return np.maximum.accumulate(self.ended, axis=0)
        if name in ("evaluations", "unique"):
            spent = (self.paid if name == "evaluations" else trials.first_time(self)).astype(np.float64)
        elif name == "epochs":
            spent = np.where(self.paid, self.epochs, 0).astype(np.float64)
        else:
            spent = np.where(self.paid & ~np.isnan(self.seconds), self.seconds, 0.0)  # an unknown time costs nothing
        return np.cumsum(spent, axis=0)

    def metric(self, name: Metric = "validation") -> NDArray[np.float64]:
        """Give how good each run's incumbent was after each step, ``(steps, runs)``; NaN before there is one.

        Args:
            name: ``"validation"`` as heard by the search; ``"mean-validation"`` and ``"test"``: the incumbent's mean
                over repeats; a ``-regret`` is the best mean there is less the incumbent's.

        Raises:
            BadSetting: For an unknown metric, or one that needs ``attach`` first.
        """
        if name not in get_args(Metric):
            raise BadSetting(f"a metric is one of {', '.join(get_args(Metric))}, not {name!r}")
        if name == "validation":
            return self._held(self.value)
        if self.test is None or self.mean_validation is None:
            raise BadSetting(f"{name} is known once the benchmark is attached: history.attach(benchmark)")
        of_validation = name in ("mean-validation", "validation-regret")
        value, optimum = (self.mean_validation, self.optimum[0]) if of_validation else (self.test, self.optimum[1])
        return optimum - value if name.endswith("regret") else value

    def curve(
        self, metric: Metric = "validation", against: Clock = "evaluations", at: NDArray[Any] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the incumbent's metric at points of a clock: ``(points,)`` and ``(runs, points)``.

        Args:
            metric: What to read.
            against: Which clock.
            at: Points of the clock; None for every count up to the longest run, or 200 steps of time. A run's value
                at a point is that of its last step that had ended by then.
        """
        points = points_to(self.clock(against)[-1].max(), against) if at is None else np.asarray(at, np.float64)
        return points, self.at(points, against, self.metric(metric))

    def at(self, points: NDArray[np.float64], against: Clock, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give something of ``(steps, runs, …)`` at points of a clock, ``(runs, points, …)``; NaN before the first."""
        result = np.full((self.runs, len(points), *values.shape[2:]), np.nan)
        for run, clock in enumerate(self.clock(against).T):
            step = np.searchsorted(clock, points, side="right") - 1
            result[run, step >= 0] = values[step[step >= 0], run]
        return result

    def attach(self, benchmark: Benchmark) -> History:
        """Read the test and mean validation accuracy of what was chosen, now that it can do no harm.

        Both are read at the epochs of the study: those that ``search`` was given, else the benchmark's largest. An
        optimizer may have chosen at fewer; what it chose is judged as trained in full. The test accuracy of every other
        trial, for ``frame``, is that after the trial's own epochs.

        Raises:
            BadSetting: When it is no benchmark.
        """
        benchmark = needed(benchmark)
        chosen = np.nonzero(self.incumbents == np.arange(self.steps)[:, None])
        archs, epochs = self.archs[chosen], self.info.get("epochs")
        test, validation = np.full((2, self.steps, self.runs), np.nan)
        if len(archs):
            test[chosen], validation[chosen] = benchmark.test(archs, epochs), benchmark.query(archs, epochs).value
        return replace(self.judged(validation, test, benchmark.optimum(epochs)), own_tests=None, answers=benchmark)

    def judged(
        self, validation: NDArray[np.float64], test: NDArray[np.float64], optimum: tuple[float, float]
    ) -> History:
        """Add what a step's architecture is worth, ``(steps, runs)``: of incumbents and, for ``frame``, of others."""
        held = self._held(validation), self._held(test)
        return replace(self, mean_validation=held[0], test=held[1], own_tests=test, optimum=optimum)

    def _held(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give each step what ``values`` has at the step of its incumbent; NaN before there is one."""
        steps = self.incumbents
        return np.where(steps >= 0, np.take_along_axis(values, np.maximum(steps, 0), axis=0), np.nan)

    def frame(self) -> Any:
        """Return a ``pandas.DataFrame`` of one row a trial, by run and then by step.

        ``run`` and ``step``; ``hash``, or ``index`` in the official order, and ``architecture`` as text;
        ``parameters``; ``epochs`` and ``seconds`` that were paid for; ``validation`` as heard, and ``train`` and
        ``test_attached``, means over the repeats after as many epochs, which no search was told: they were attached
        when it was over.
        ``parents`` are the ``number`` of the trials it was bred from (the ``step``, where there is no such column).
        ``clock_…`` is what the run had spent by then, ``incumbent_…`` what its best trial so far is worth. Parameters
        and training results need the benchmark: ``attach`` it to a history that was read from a file.
        """
        return trials.frame(self, trials.every(self))

    def top(self, k: int = 10) -> Any:
        """Return the rows of ``frame`` of the best ``k`` architectures that any run found, the best first.

        Best by validation as heard, as incumbents are: what is over a limit or failed is left out, and what was trained
        for more epochs comes first. An architecture (``space.key``) that was tried more than once is there once, by
        its best trial, so its value flatters; ``test_attached`` does not.
        """
        return trials.frame(self, trials.best(self, k))

    def plot(self, metric: Metric | None = None, against: Clock | None = None) -> Any:
        """Return a ``matplotlib`` figure of how good incumbents are along a clock, which a notebook shows.

        Args:
            metric: Which; None for the regret in test accuracy, or else what is known.
            against: Which clock; None for that of the budget.
        """
        return reports["history"](self, metric, against)

    def to_arrow(self) -> Any:
        """Give a long ``pyarrow.Table``: one row for each entry that was tried, by run and then by step."""
        return trials.arrow(self, get_args(Metric)[1:])

    def to_pandas(self) -> Any:
        """Give the same as a ``pandas.DataFrame``; ``frame`` gives one that is for people."""
        require("pandas", "report")
        return self.to_arrow().to_pandas()

    def to_parquet(self, path: str | Path) -> Path:
        """Write the same to a Parquet file with its checksum, whole or not at all, with ``info`` in its metadata."""
        return put(Path(path), rows_file.to_parquet(self.to_arrow()))

    @classmethod
    def from_parquet(cls, path: str | Path) -> History:
        """Read what ``to_parquet`` wrote.

        Raises:
            BadSetting: When there is no such file.
            CorruptFile: When the file is damaged, or no history of nasbed's.
        """
        if not Path(path).is_file():
            raise BadSetting(f"there is no file {path} to read a history from")
        table = rows_file.read(Path(path), "put a whole copy in its place, or search again")
        try:
            fields, incumbents = trials.fields_of(table, json.loads(table.schema.metadata[rows_file.ABOUT]))
            history = cls(**fields)
            worth: dict[str, Any] = {name: history._held(values) for name, values in incumbents.items()}
            return replace(history, **worth)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise CorruptFile(f"{path} is not a history written by nasbed: {error}") from None
