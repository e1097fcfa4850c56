"""A table of curves as a benchmark: the published trainings of NAS-Bench-201 and NATS-Bench, looked up.

What a search is told is the accuracy on ``x-valid``, as a fraction, and the seconds that the published interface
counts: those of the epochs up to the one that is asked for, and those of one pass over the validation images. What a
report is told is the accuracy on test images. Of CIFAR-10 there are two sets of trainings: ``cifar10-valid``, on one
half of the training images, with a validation split, and ``cifar10``, on all of them, without one. The benchmark
``cifar10`` searches on the first and, as the published studies do, reports the second, unless it is told otherwise.

Reference: Dong et al., TPAMI 2021, https://arxiv.org/abs/2009.00437, section 4
"""

from __future__ import annotations

import math
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.benchmarks.costs import IMAGES, Formula
from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting, NotInTable
from nasbed.core.records import Archs, Evaluations
from nasbed.tables.column import mean_of
from nasbed.tables.curves.column import CurveColumn
from nasbed.tables.curves.names import ONLY_TEST, RUN_METRICS, TRAIN, column_name
from nasbed.tables.curves.table import CurveTable

if TYPE_CHECKING:
    from types import ModuleType

    from nasbed.core.rng import Streams

_HALF = "cifar10-valid"


@cache
def _kernels() -> ModuleType:
    """Give the compiled loops, imported when first needed."""
    from nasbed.benchmarks import curve_kernels

    return curve_kernels


class _Answers(NamedTuple):
    """What may be answered at one budget: for each row first the seeds that it has.

    Attributes:
        value: Accuracies, ``(n, seeds)``; NaN where there are fewer.
        seconds: What each training cost, ``(n, seeds)``.
        there: How many there are, ``(n,)``.
        mean: Of the accuracies, ``(n,)``.
        mean_seconds: Of the costs, ``(n,)``.
    """

    value: NDArray[np.float64]
    seconds: NDArray[np.float64]
    there: NDArray[np.int64]
    mean: NDArray[np.float64]
    mean_seconds: NDArray[np.float64]


class CurveBenchmark(Benchmark):
    """Answers from a table of published trainings.

    Args:
        table: The table.
        name: What to call the benchmark; the file's name when not given.
        data: ``cifar10``, ``cifar10-valid``, ``cifar100`` or ``ImageNet16-120``; the first of these that the table has
            when not given.
        hp: The recipe, by its epochs; the longest when not given.
        test: Whose test accuracy is reported: of ``cifar10``, the trainings on all 50k images (``"cifar10"``, where
            the table has them) or on the half that was searched on (``"cifar10-valid"``).

    Raises:
        NotInTable: When the table has no such data set or recipe, with what it has.
    """

    continues = True  # its budgets are epochs of one recipe's trainings

    def __init__(
        self,
        table: CurveTable,
        name: str | None = None,
        data: str | None = None,
        hp: str | int | None = None,
        test: str | None = None,
    ) -> None:
        self.table, self.space = table, table.space
        self.name = name or table.path.stem
        there = [group.partition("/")[2] for group in table.groups]
        self.data = data or next((name for name in ("cifar10", _HALF) if name in (*there, *_searched(there))), there[0])
        searched = _HALF if self.data == "cifar10" and _HALF in there else self.data
        self.hp = table.hp(hp, searched)
        reported = test or (self.data if f"{self.hp}/{self.data}" in table.groups else searched)
        if reported != self.data and not {searched, reported} <= {_HALF, "cifar10"}:
            raise BadSetting(f"a search on {self.data} cannot report the test accuracy of {reported}")
        self._validation = _accuracy(table, self.hp, searched, "valid")
        self._test = _accuracy(table, self.hp, reported, "test")
        told = self._validation or self._test
        if told is None:
            raise NotInTable(f"{table.path.name} has neither validation nor test accuracies of {searched}")
        self._told: CurveColumn = told
        self._searched = searched
        self._train_time = _measured(table, self.hp, searched, TRAIN, "time")
        self._valid_time = _measured(table, self.hp, searched, "x-valid", "time")
        self.budgets = tuple(epoch + 1 for epoch in told.epochs)
        self._epochs = np.array(self.budgets, np.int64)
        self._answers: dict[int, _Answers] = {}

    # ── what is answered ──────────────────────────────────────────────────────────────────────────────────────

    def rows(self, archs: Archs) -> NDArray[np.int64]:
        """Find the table's row of each architecture, ``(n, decisions)`` → ``(n,)``.

        Raises:
            NotInTable: When an architecture is not valid or the table does not have it.
        """
        return self.table.rows(archs)

    def query(
        self, archs: Archs, epochs: NDArray[np.int64] | int | None = None, streams: Streams | None = None
    ) -> Evaluations:
        """Look validation accuracy and training time up; see ``Benchmark.query``.

        With streams, one of the seeds that an architecture was trained with is drawn, each as likely; 1 word.
        """
        if streams is not None and len(streams) != len(archs):
            raise BadSetting(f"{len(archs)} architectures need as many streams to draw from, not {len(streams)}")
        budget = self._budget(epochs, len(archs))
        rows = self.rows(archs)
        if isinstance(budget, int):
            value, seconds = self._answered(self._at(budget), rows, streams)
            return Evaluations(value, seconds, np.full(len(rows), self._epochs[budget]))
        value, seconds = np.empty((2, len(rows)))
        for one in np.unique(budget).tolist():
            some = np.flatnonzero(budget == one)
            own = None if streams is None else streams.take(some)
            value[some], seconds[some] = self._answered(self._at(one), rows[some], own)
            if streams is not None and own is not None:
                streams.positions[some] = own.positions
        return Evaluations(value, seconds, self._epochs[budget])

    def _answered(
        self, answers: _Answers, rows: NDArray[np.int64], streams: Streams | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if streams is None:
            return answers.mean.take(rows), answers.mean_seconds.take(rows)
        value, seconds = np.empty((2, len(rows)))
        _kernels().draw(rows, *answers[:3], streams.keys, streams.positions, value, seconds)
        return value, seconds

    def _at(self, budget: int) -> _Answers:
        """Give all that may be answered at a budget, given by its position; computed once."""
        if budget not in self._answers:
            value = _fraction(self._told, self._told.at(budget))
            seconds = self._seconds(budget)
            there = ~np.isnan(value)
            first = np.argsort(~there, axis=1, kind="stable")
            value, seconds = (np.take_along_axis(some, first, axis=1) for some in (value, seconds))
            count = there.sum(axis=1)
            paid = np.where(np.arange(value.shape[1]) < count[:, None], seconds, np.nan)
            self._answers[budget] = _Answers(value, seconds, count, mean_of(value), mean_of(paid))
        return self._answers[budget]

    def _seconds(self, budget: int) -> NDArray[np.float64]:
        """Give what each training costs up to a budget, ``(n, seeds)``; NaN where the table does not say."""
        shape = len(self.table), len(self._told.seeds)
        if self._train_time is None:
            return np.full(shape, np.nan)
        epoch = self._told.epochs[budget]
        seconds = self._train_time.until(self._train_time.epochs.index(epoch))
        if self._valid_time is not None and epoch in self._valid_time.epochs:
            seconds = seconds + self._valid_time.at(self._valid_time.epochs.index(epoch))
        return seconds

    def _budget(self, epochs: NDArray[np.int64] | int | None, count: int) -> NDArray[np.int64] | int:
        """Give the position of each budget among ``budgets``."""
        if epochs is None:
            return len(self.budgets) - 1
        if isinstance(epochs, np.ndarray):
            if epochs.shape != (count,):
                raise BadSetting(f"{count} architectures need one number of epochs each, or one for all")
            place = np.minimum(np.searchsorted(self._epochs, epochs), len(self.budgets) - 1)
            wrong = self._epochs[place] != epochs
            if wrong.any():
                raise self._no_budget(int(epochs[wrong][0]))
            return place
        if epochs not in self.budgets:
            raise self._no_budget(int(epochs))
        return self.budgets.index(epochs)

    def _no_budget(self, epochs: int) -> NotInTable:
        first, last = self.budgets[0], self.budgets[-1]
        whole = len(self.budgets) > 1 and len(self.budgets) == last - first + 1
        has = f"each number from {first} to {last}" if whole else ", ".join(map(str, self.budgets))
        others = [hp for hp in self.table.hps if hp != self.hp]
        hint = f"; other recipes: hp={', '.join(others)}" if others else ""
        return NotInTable(f"{self.name} has no results on {self.data} at {epochs} epochs; it has {has}{hint}")

    def outcomes(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give the validation accuracies of the seeds, each as often as makes all of them equally likely."""
        answers = self._at(int(self._budget(epochs, len(archs))))
        rows = self.rows(archs)
        width = math.lcm(*range(1, answers.value.shape[1] + 1))
        which = np.arange(width) * answers.there[rows, None] // width
        return np.take_along_axis(answers.value[rows], which, axis=1)

    def test(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give the mean test accuracy over the seeds; NaN at budgets for which none was published."""
        return self._tested(int(self._budget(epochs, len(archs)))).take(self.rows(archs))

    def _tested(self, budget: int) -> NDArray[np.float64]:
        if budget not in self._tests:
            epoch = self.budgets[budget] - 1
            known = self._test is not None and epoch in self._test.epochs
            self._tests[budget] = (
                mean_of(_fraction(self._test, self._test.at(self._test.epochs.index(epoch))))
                if self._test is not None and known
                else np.full(len(self.table), np.nan)
            )
        return self._tests[budget]

    @cached_property
    def _tests(self) -> dict[int, NDArray[np.float64]]:
        return {}

    def optimum(self, epochs: int | None = None) -> tuple[float, float]:
        """Give the best mean validation and the best mean test accuracy in the table; NaN where there are none."""
        budget = int(self._budget(epochs, 0))
        return _best(self._at(budget).mean), _best(self._tested(budget))

    # ── what networks cost ────────────────────────────────────────────────────────────────────────────────────

    @property
    def costs(self) -> tuple[str, ...]:
        """Parameters and operations by formula, and the published latency of a batch, in seconds, if there is any."""
        latency = column_name(self.hp, self._searched, None, "latency") in self.table.columns
        return (*(self._formula.names if self._formula is not None else ()), *(("latency",) if latency else ()))

    @cached_property
    def _formula(self) -> Formula | None:
        """The published network's for these classes and images; None for data that nobody knows."""
        return Formula(self.space, IMAGES[self._searched]) if self._searched in IMAGES else None

    def cost(self, name: str, archs: Archs) -> NDArray[np.float64]:
        """Give what else each architecture costs; see ``Benchmark.cost``.

        Raises:
            NotInTable: When the latency of one of them was not measured.
        """
        if name not in self.costs:
            return super().cost(name, archs)
        if self._formula is not None and name in self._formula.names:
            return self._formula.of(name, archs)
        seconds = self.table.query(archs, data=self._searched, metric=name, hp=self.hp)
        if np.isnan(seconds).any():
            lost = archs[int(np.argmax(np.isnan(seconds)))].tolist()
            raise NotInTable(f"{self.name} has no {name} of the architecture {lost}")
        return seconds

    # ── what one should know ──────────────────────────────────────────────────────────────────────────────────

    @property
    def splits(self) -> dict[str, str]:
        """Which column a search is told, and which a report."""
        return {
            "told to the search": self._told.name,
            "reported": self._test.name if self._test is not None else "nothing: the table has no test accuracies",
        }

    @property
    def caution(self) -> str | None:
        """What every figure should say; None where there is no such thing."""
        return ONLY_TEST if self._validation is None else None

    @property
    def warnings(self) -> list[str]:
        """What one should know before citing these numbers."""
        said = [*self.table.provenance.get("warnings", [])]
        if self.caution is not None:
            said.insert(0, f"{self.data} has {self.caution}")
        if self._test is None:
            said.append(f"{self.data} has no test accuracies; nothing can be reported but validation")
        elif self._validation is not None and self._test.name.split("/")[:2] != self._validation.name.split("/")[:2]:
            said.append(
                f"validation is of {self._validation.name}, trained on 25k images, and test of {self._test.name}, the "
                "same architectures trained again on all 50k, as published studies report it"
            )
        if self._test is not None and self._test.split == "ori-test" and self._validation is not None:
            of = self._test.name.split("/")[1]
            if of not in ("cifar10", _HALF):
                said.append(f"{self._test.name} has the images of x-valid among its own")
        if self._train_time is None:
            said.append("the table has no training times: an evaluation costs no seconds")
        return said

    def describe(self) -> dict[str, Any]:
        """Give the table's own description under the benchmark's name, with its splits and warnings."""
        return {
            **self.table.describe(),
            "name": self.name,
            "data": self.data,
            "hp": self.hp,
            "budgets": list(self.budgets),
            "splits": self.splits,
            "warnings": self.warnings,
            **({"caution": self.caution} if self.caution is not None else {}),
        }


def nasbench201(data: str = "cifar10", hp: str | int | None = None, test: str | None = None) -> CurveBenchmark:
    """The 15,625 cells of NAS-Bench-201 and NATS-Bench's topology space, once 'nasbed import' has read them."""
    return _imported("nasbench201", "NATS-tss-v1_0-3ffb9-simple or NAS-Bench-201-v1_1-096897.pth", data, hp, test)


def natssize(data: str = "cifar10", hp: str | int | None = None, test: str | None = None) -> CurveBenchmark:
    """The 32,768 networks of NATS-Bench's size space, once 'nasbed import' has read them."""
    return _imported("natssize", "NATS-sss-v1_0-50262-simple", data, hp, test)


def _imported(name: str, files: str, data: str, hp: str | int | None, test: str | None) -> CurveBenchmark:
    from nasbed.tables.curves.cache import imported_curves

    table = imported_curves(name)
    if table is None:
        raise NotInTable(f"{name} is not on this machine yet: fetch {files}, then run: nasbed import PATH")
    return CurveBenchmark(table, name, data, hp, test)


def _searched(there: list[str]) -> list[str]:
    """Give the data sets that can be searched on besides those that a table names."""
    return ["cifar10"] if _HALF in there else []


def _accuracy(table: CurveTable, hp: str, data: str, split: str) -> CurveColumn | None:
    return _measured(table, hp, data, split, "accuracy")


def _measured(table: CurveTable, hp: str, data: str, split: str, metric: str) -> CurveColumn | None:
    """Find a column; None where there is none."""
    if metric in RUN_METRICS or f"{hp}/{data}" not in table.groups:
        return None
    try:
        return table.measured(data, split, metric, hp)
    except NotInTable:
        return None


def _fraction(column: CurveColumn, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values if column.unit == "fraction" else values / 100.0


def _best(values: NDArray[np.float64]) -> float:
    return float(np.nanmax(values)) if not np.isnan(values).all() else float("nan")
