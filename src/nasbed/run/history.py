"""History: everything that many runs of a search tried, and what it came to.

Arrays have a leading axis ``steps`` and then ``runs``; runs that ended earlier than others have rows that were not
``tried``. Clocks count what a run had spent once a step was over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.extras import require
from nasbed.core.files import replacing
from nasbed.core.records import Archs, Evaluations
from nasbed.core.registry import spaces
from nasbed.core.space import Space

Clock = Literal["evaluations", "epochs", "seconds", "unique"]
Metric = Literal["validation", "mean-validation", "test", "validation-regret", "test-regret"]


@dataclass(eq=False)
class Recorder:
    """Takes a search down as it goes, in arrays that double when they are full.

    Attributes:
        runs: How many runs.
        decisions: How many integers make an architecture.
    """

    runs: int
    decisions: int
    steps: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._archs = np.empty((128, self.runs, self.decisions), np.int8)
        self._value = np.empty((128, self.runs))
        self._seconds = np.empty((128, self.runs))
        self._epochs = np.empty((128, self.runs), np.int64)
        self._tried = np.empty((128, self.runs), np.bool_)
        self._paid = np.empty((128, self.runs), np.bool_)

    def record(self, archs: Archs, heard: Evaluations, tried: NDArray[np.bool_], paid: NDArray[np.bool_]) -> None:
        """Take one step down; rows of runs that did not try anything are kept but do not count."""
        step = self.steps
        if step == len(self._archs):
            for name in ("_archs", "_value", "_seconds", "_epochs", "_tried", "_paid"):
                old = getattr(self, name)
                new = np.empty((2 * step, *old.shape[1:]), old.dtype)
                new[:step] = old
                setattr(self, name, new)
        self._archs[step] = archs
        self._value[step], self._seconds[step], self._epochs[step] = heard
        self._tried[step], self._paid[step] = tried, paid
        self.steps = step + 1

    def repeated(self, heard: Evaluations, known: NDArray[np.int64]) -> Evaluations:
        """Fill in what each run heard at the step ``known`` (−1: nothing), at no cost."""
        value = np.where(known >= 0, self._value[known, np.arange(self.runs)], heard.value)
        return heard._replace(value=value)

    def history(self, space: Space, info: Mapping[str, Any]) -> History:
        """Close the book."""
        n = self.steps
        return History(
            space=space,
            info=dict(info),
            archs=self._archs[:n].copy(),
            value=self._value[:n].copy(),
            seconds=self._seconds[:n].copy(),
            epochs=self._epochs[:n].copy(),
            tried=self._tried[:n].copy(),
            paid=self._paid[:n].copy(),
        )


@dataclass(frozen=True, eq=False)
class History:
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
        ended: When each step ended on a clock of the search's own, in seconds from its beginning, ``(steps, runs)``;
            None where nothing ran side by side, and time is what the steps so far have cost.
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
    ended: NDArray[np.float64] | None = None

    @property
    def runs(self) -> int:
        """How many runs."""
        return int(self.value.shape[1])

    @property
    def steps(self) -> int:
        """How many steps the longest run took."""
        return int(self.value.shape[0])

    @cached_property
    def incumbents(self) -> NDArray[np.int64]:
        """The step of the best value so far, ``(steps, runs)``; the first of equals, −1 before any success."""
        value = np.where(self.tried & ~np.isnan(self.value), self.value, -np.inf)
        best = np.maximum.accumulate(value, axis=0)
        before = np.vstack([np.full((1, self.runs), -np.inf), best[:-1]])
        steps = np.where(value > before, np.arange(self.steps)[:, None], -1)
        return np.maximum.accumulate(steps, axis=0)

    @property
    def warnings(self) -> list[str]:
        """What the benchmark says one should know before citing these numbers."""
        return list(self.info.get("benchmark", {}).get("warnings", []))

    @property
    def measure(self) -> str:
        """What validation values are: ``"accuracy"``, in [0, 1], or in words what the benchmark has in its place."""
        return str(self.info.get("benchmark", {}).get("measure", "accuracy"))

    @property
    def best(self) -> Archs:
        """The incumbent of each run at its end, ``(runs, decisions)``; its last trial where every training failed."""
        chosen: Archs = self.archs[self.incumbents[-1], np.arange(self.runs)]
        return chosen

    @property
    def best_value(self) -> NDArray[np.float64]:
        """What each run heard of its final incumbent, ``(runs,)``; NaN where every training failed."""
        last = self.incumbents[-1]
        return np.where(last >= 0, self.value[last, np.arange(self.runs)], np.nan)

    def clock(self, name: Clock = "evaluations") -> NDArray[np.float64]:
        """Give what each run had spent after each step, ``(steps, runs)``.

        Args:
            name: Paid evaluations, epochs, seconds, or ``"unique"``: paid evaluations of modules that differ. Seconds
                are ``ended`` where that is known.
        """
        if name == "evaluations":
            spent = self.paid.astype(np.float64)
        elif name == "unique":
            spent = self._first_time.astype(np.float64)
        elif name == "epochs":
            spent = np.where(self.paid, self.epochs, 0).astype(np.float64)
        elif name == "seconds":
            if self.ended is not None:
                return np.maximum.accumulate(self.ended, axis=0)
            spent = np.where(self.paid & ~np.isnan(self.seconds), self.seconds, 0.0)  # an unknown time costs nothing
        else:
            raise BadSetting(f"a clock is one of {', '.join(get_args(Clock))}, not {name!r}")
        return np.cumsum(spent, axis=0)

    @cached_property
    def _first_time(self) -> NDArray[np.bool_]:
        """Which entries paid for a module that their run had not paid for before."""
        first = np.zeros(self.paid.shape, np.bool_)
        keys = self.space.key(self.archs.reshape(-1, self.archs.shape[2])).reshape(self.paid.shape)
        for run in range(self.runs):
            steps = np.flatnonzero(self.paid[:, run])
            first[steps[np.unique(keys[steps, run], return_index=True)[1]], run] = True
        return first

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
            at: Points of the clock; None for every count up to the longest run, or 200 steps of time.

        A run's value at a point is that of its last step that had ended by then; NaN before the first.
        """
        clock, values = self.clock(against), self.metric(metric)
        if at is None:
            end = clock[-1].max()
            at = np.arange(1, end + 1) if against in ("evaluations", "unique") else np.linspace(0, end, 201)[1:]
        points = np.asarray(at, np.float64)
        result = np.full((self.runs, len(points)), np.nan)
        for run in range(self.runs):
            step = np.searchsorted(clock[:, run], points, side="right") - 1
            result[run] = np.where(step >= 0, values[np.maximum(step, 0), run], np.nan)
        return points, result

    def attach(self, benchmark: Benchmark) -> History:
        """Read the test and mean validation accuracy of what was chosen, now that it can do no harm.

        Both are read at the epochs of the study: those that ``search`` was given, else the benchmark's largest. An
        optimizer may have chosen at fewer; what it chose is judged as trained in full.
        """
        chosen = np.nonzero(self.incumbents == np.arange(self.steps)[:, None])
        archs, epochs = self.archs[chosen], self.info.get("epochs")
        test, validation = np.full((2, self.steps, self.runs), np.nan)
        if len(archs):
            test[chosen], validation[chosen] = benchmark.test(archs, epochs), benchmark.query(archs, epochs).value
        return self.judged(validation, test, benchmark.optimum(epochs))

    def judged(
        self, validation: NDArray[np.float64], test: NDArray[np.float64], optimum: tuple[float, float]
    ) -> History:
        """Add what a step's architecture is worth, ``(steps, runs)``; only what stands at incumbents is read."""
        return replace(self, mean_validation=self._held(validation), test=self._held(test), optimum=optimum)

    def _held(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give each step what ``values`` has at the step of its incumbent; NaN before there is one."""
        steps = self.incumbents
        return np.where(steps >= 0, np.take_along_axis(values, np.maximum(steps, 0), axis=0), np.nan)

    def to_arrow(self) -> Any:
        """Give a long ``pyarrow.Table``: one row for each entry that was tried, by run and then by step."""
        import pyarrow as pa

        run, step = np.nonzero(self.tried.T)
        archs = self.archs[step, run]
        columns: dict[str, Any] = {
            "run": pa.array(run + int(self.info.get("first_run", 0)), pa.int32()),
            "step": pa.array(step, pa.int32()),
            "arch": pa.FixedSizeListArray.from_arrays(pa.array(archs.ravel(), pa.int8()), archs.shape[1]),
            "key": pa.array(self.space.key(archs), pa.uint64()),
            "validation": pa.array(self.value[step, run]),
            "paid": pa.array(self.paid[step, run]),
            "epochs": pa.array(np.where(self.paid, self.epochs, 0)[step, run], pa.int32()),
            "seconds": pa.array(np.where(self.paid, self.seconds, 0.0)[step, run]),
            "clock_evaluations": pa.array(self.clock("evaluations")[step, run].astype(np.int64)),
            "clock_epochs": pa.array(self.clock("epochs")[step, run].astype(np.int64)),
            "clock_seconds": pa.array(self.clock("seconds")[step, run]),
            "incumbent_step": pa.array(self.incumbents[step, run], pa.int32()),
            "incumbent_validation": pa.array(self.metric("validation")[step, run]),
        }
        if self.test is not None:
            for name in get_args(Metric)[1:]:
                columns["incumbent_" + name.replace("-", "_")] = pa.array(self.metric(name)[step, run])
        about = {
            "space": {"name": self.space.name, "settings": self.space.settings()},
            "info": self.info,
            "optimum": list(self.optimum),
            "shape": [self.steps, self.runs],
            "ended": self.ended is not None,
        }
        return pa.table(columns).replace_schema_metadata({"nasbed": json.dumps(about)})

    def to_pandas(self) -> Any:
        """Give the same as a ``pandas.DataFrame``."""
        require("pandas", "report")
        return self.to_arrow().to_pandas()

    def to_parquet(self, path: str | Path) -> Path:
        """Write the same to a Parquet file, whole or not at all, with ``info`` in its metadata."""
        import pyarrow.parquet as pq

        with replacing(Path(path)) as beside:
            pq.write_table(self.to_arrow(), beside, compression="zstd")
        return Path(path)

    @classmethod
    def from_parquet(cls, path: str | Path) -> History:
        """Read what ``to_parquet`` wrote.

        Raises:
            CorruptFile: When the file is no history of nasbed's.
        """
        import pyarrow.parquet as pq

        if not Path(path).is_file():
            raise BadSetting(f"there is no file {path} to read a history from")
        try:
            table = pq.read_table(path)
            about = json.loads(table.schema.metadata[b"nasbed"])
            return _spread(table, about)
        except (KeyError, TypeError, ValueError, IndexError, OSError) as error:
            raise CorruptFile(f"{path} is not a history written by nasbed: {error}") from None


def _spread(table: Any, about: Mapping[str, Any]) -> History:
    """Put the rows of ``History.to_arrow`` back into their places by step and run."""
    columns = {name: table[name].to_numpy() for name in table.column_names if name != "arch"}
    where = columns["step"], columns["run"] - int(about["info"].get("first_run", 0))
    shape = tuple(about["shape"])

    def spread(name: str, empty: Any) -> NDArray[Any]:
        values = np.full(shape, empty)
        values[where] = columns[name]
        return values

    decisions = table.schema.field("arch").type.list_size
    archs = np.zeros((*shape, decisions), np.int8)
    archs[where] = table["arch"].combine_chunks().flatten().to_numpy().reshape(-1, decisions)
    tried = np.zeros(shape, np.bool_)
    tried[where] = True
    history = History(
        spaces[about["space"]["name"]](**about["space"]["settings"]),
        about["info"],
        archs,
        spread("validation", np.nan),
        spread("seconds", 0.0),
        spread("epochs", 0),
        tried,
        spread("paid", False),
        optimum=tuple(about["optimum"]),
        ended=spread("clock_seconds", 0.0) if about.get("ended") else None,
    )
    if "incumbent_test" not in columns:
        return history
    # A run that ended before the others keeps its incumbent in the steps that it did not take, and that have no row.
    test, validation = (history._held(spread(f"incumbent_{name}", np.nan)) for name in ("test", "mean_validation"))
    return replace(history, test=test, mean_validation=validation)
