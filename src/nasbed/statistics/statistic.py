"""What every statistic of a comparison gives: rows for programs, cells for people, and a sentence."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from nasbed.core.extras import require
from nasbed.core.printing import Card, Printed, in_notebook, titled
from nasbed.core.registry import reports
from nasbed.run.history import Metric
from nasbed.statistics.means import FEWEST as FEWEST_OF_MEAN
from nasbed.statistics.means import mean_with_ends, pooled_mean_with_ends

_NAMED_AT_MOST = 6  # pairs in a sentence; four searches have as many
_FEW = 10  # runs; with fewer, a sentence says what they cannot tell

Cells = tuple[list[str], list[list[str]]]
"""Headers and rows of a table, as text."""


_WORDS: dict[Metric, str] = {
    "validation": "validation accuracy",
    "mean-validation": "mean validation accuracy",
    "test": "test accuracy",
    "validation-regret": "validation regret",
    "test-regret": "test regret",
}
"""What the metrics are called in sentences and on axes."""


@dataclass(frozen=True)
class Quantity(Printed):
    """What is compared, and how its numbers are shown.

    Attributes:
        metric: Of the incumbents.
        words: What that is called in sentences.
        factor: What numbers are multiplied with to be shown: 100 for accuracies, 1 for what is none.
        short: What it is called on axes, where that is less than the words.
    """

    metric: Metric
    words: str
    factor: float
    short: str = ""

    def write(self, value: Any) -> str:
        """Write a number or an interval of it, without its unit."""
        return scaled(self.factor, decimals(self.factor))(value)

    @property
    def is_regret(self) -> bool:
        """Whether less is better."""
        return self.metric.endswith("regret")

    @property
    def unit(self) -> str:
        """What stands behind a number: a percent sign, percentage points, or nothing."""
        return "" if self.factor == 1 else " points" if self.is_regret else " %"

    @property
    def difference_unit(self) -> str:
        """What stands behind a difference: percentage points, or nothing."""
        return " points" if self.factor == 100 else ""

    @property
    def axis(self) -> str:
        """What stands at an axis: what it is called and the unit."""
        return f"{self.short or self.words}{in_brackets(self.unit)}"

    def best(self, values: dict[str, float]) -> str:
        """Return the label of the best of some numbers; those that are NaN are not."""
        sign = -1 if self.is_regret else 1
        return max(values, key=lambda label: np.nan_to_num(sign * values[label], nan=-np.inf))


class Interval(NamedTuple):
    """A number and how sure it is.

    Attributes:
        value: The number; NaN where there is none.
        low: Lower end of its 95 % interval; NaN where the runs are too few, or all alike, to say anything of others.
        high: Upper end.
    """

    value: float
    low: float = math.nan
    high: float = math.nan

    def _repr_html_(self) -> str:
        return in_notebook(self)

    @classmethod
    def of_mean(cls, values: NDArray[np.float64]) -> Self:
        """Return the mean over runs, ``(runs,)``, with its interval, where ``means`` gives one; NaN does not count."""
        return cls(*map(float, mean_with_ends(values[~np.isnan(values)])))

    @classmethod
    def of_pooled_mean(cls, strata: Sequence[NDArray[np.float64]]) -> Self:
        """Return the mean over the runs of all strata with its interval, where ``means`` gives one.

        Args:
            strata: The runs of each, ``(runs,)``, or ``(benchmarks, runs)`` where run k of all of them is one; a run
                that is NaN anywhere is left out.
        """
        rows = (np.atleast_2d(values).mean(axis=0) for values in strata)
        known = [values[~np.isnan(values)] for values in rows]
        return cls(*map(float, pooled_mean_with_ends([values for values in known if len(values)])))

    def as_dict(self, name: str) -> dict[str, float | None]:
        """Give JSON-able fields: ``name``, ``name_low``, ``name_high``."""
        return {name: known(self.value), f"{name}_low": known(self.low), f"{name}_high": known(self.high)}

    def text(self, factor: float = 1.0, digits: int = 2) -> str:
        """Write it as ``1.23 (1.10 to 1.34)``, with so many decimals; a dash where there is nothing."""
        if np.isnan(self.value):
            return "–"
        said = f"{factor * self.value:.{digits}f}"
        low, high = sorted((factor * self.low, factor * self.high))
        return said if np.isnan(self.low) else f"{said} ({low:.{digits}f} to {high:.{digits}f})"


class Column(NamedTuple):
    """One column of a statistic's table.

    Attributes:
        name: What programs call it; empty where it is for people alone.
        header: What stands above it for people; empty where it is for programs alone.
        values: One a row: text, numbers, intervals, or whether something is so.
        write: Writes one for people.
    """

    name: str
    header: str
    values: Sequence[Any]
    write: Callable[[Any], str] = str

    def fields(self, value: Any) -> dict[str, Any]:
        """Return what programs are given of a value, JSON-able."""
        if isinstance(value, Interval):
            return value.as_dict(self.name)
        return {self.name: known(value) if isinstance(value, float) else value}


def scaled(factor: float = 1.0, digits: int = 2) -> Callable[[Any], str]:
    """Return what writes numbers and intervals, times a factor."""
    return lambda value: value.text(factor, digits) if isinstance(value, Interval) else number(value, factor, digits)


@dataclass(frozen=True, kw_only=True, eq=False)
class Statistic(Printed, ABC):
    """A result that can be read, written and printed, or that says why there is none.

    Attributes:
        missing: Why there is nothing, in a sentence; None where there is something.
        failed: Which runs came to nothing and do not count, in a sentence; empty for none.
        figure: By which name ``nasbed.report`` draws it.
    """

    missing: str | None = None
    failed: str = ""
    figure: ClassVar[str]

    def _card(self) -> Card:
        if self.missing:
            return Card(titled(self), [self.sentence()])
        return Card(titled(self), [self.sentence()], {}, *self.cells())

    def columns(self) -> Sequence[Column]:
        """Return the table, from which rows and cells follow."""
        return ()

    def rows(self) -> list[dict[str, Any]]:
        """Give JSON-able rows; None for what is not known, accuracies in [0, 1]."""
        columns = [column for column in self.columns() if column.name]
        rows: list[dict[str, Any]] = [{} for _ in columns[0].values]
        for column in columns:
            for row, value in zip(rows, column.values, strict=True):
                row |= column.fields(value)
        return rows

    def cells(self) -> Cells:
        """Give the same for people: headers and rows, accuracies in percent, a dash for what is not known."""
        shown = [column for column in self.columns() if column.header]
        texts = [map(column.write, column.values) for column in shown]
        return [column.header for column in shown], [list(row) for row in zip(*texts, strict=True)]

    @abstractmethod
    def finding(self) -> str:
        """Say what came out, where there is something."""

    def sentence(self) -> str:
        """Say what came out, for a terminal or a caption, or why there is nothing; and which runs do not count."""
        return " ".join(filter(None, (self.missing or self.finding(), self.failed)))

    def facts(self) -> dict[str, Any]:
        """Give what holds for all rows, JSON-able."""
        return {}

    def as_dict(self) -> dict[str, Any]:
        """Give everything for a program, JSON-able."""
        return {**self.facts(), "rows": self.rows(), "sentence": self.sentence()}

    def frame(self) -> Any:
        """Give the rows as a ``pandas.DataFrame``."""
        return require("pandas", "report").DataFrame(self.rows())

    def plot(self) -> Any:
        """Return a ``matplotlib`` figure of it, which a notebook shows.

        Raises:
            BadSetting: Where there is nothing to draw.
        """
        return reports[self.figure](self)


def metric_words(metric: Metric, split: str, measure: str, comparable: bool) -> str:
    """Return what a metric is called.

    Args:
        metric: Which.
        split: Of which a search is told.
        measure: What the metric's numbers are: accuracies, or in words something else.
        comparable: Whether validation and test values are of one kind.
    """
    regret = metric.endswith("regret")
    if not comparable and not metric.startswith("test"):
        return f"regret in {measure}" if regret else measure
    heard = metric == "validation" and split != metric
    said = f"{split} accuracy as heard" if heard else _WORDS[metric].replace("validation", split)
    said = said.replace("accuracy", measure)
    return f"{said} in {measure}" if regret and measure != "accuracy" else said


def known(value: float) -> float | None:
    """Give a number for JSON, in which what is not a number is null."""
    return float(value) if math.isfinite(value) else None


def in_brackets(unit: str) -> str:
    """Give a unit for an axis: ``(%)``, ``(percentage points)``."""
    return f" ({unit.strip().replace('points', 'percentage points')})" if unit else ""


def decimals(factor: float) -> int:
    """Return how many decimals are shown of what is multiplied with a factor: 2 of percentages, 4 of anything else."""
    return 2 if factor == 100 else 4


def number(value: float | None, factor: float = 1.0, digits: int = 2) -> str:
    """Write a number times a factor; a dash for what is not known."""
    return "–" if value is None or not math.isfinite(value) else f"{factor * value:.{digits}f}"


def headed(words: str, unit: str) -> str:
    """Put a unit behind the words of a header: ``regret, points``, ``accuracy %``."""
    return words + (f",{unit}" if unit == " points" else unit)


def said(value: float, unit: str) -> str:
    """Write a number with its unit: ``1 point``, ``0.5 points``, ``90 %``."""
    return f"{value:.4g}{unit[:-1] if unit == ' points' and value == 1 else unit}"


def p_value(p: float) -> str:
    """Write a p-value as papers do."""
    return "–" if not math.isfinite(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"


def listed(pairs: Sequence[str]) -> str:
    """Name a few, count many."""
    return ", ".join(pairs) if len(pairs) <= _NAMED_AT_MOST else f"{len(pairs)} pairs"


def few(runs: int, needed: int = 1, purpose: str = "", of: str = "runs") -> str:
    """Return what so few runs cannot tell, as a sentence behind another one; empty where there are ten or more.

    Args:
        runs: How many there are.
        needed: How many the purpose takes.
        purpose: What fewer are too few for, such as "tell two searches apart".
        of: What they are called.
    """
    if runs < needed:
        counted = f"{runs} {of} are" if runs != 1 else f"1 {of.removesuffix('s')} is"
        return f" {counted} too few to {purpose}; give {needed} or more."
    if runs == 1:
        return f" One {of.removesuffix('s')} says nothing of others."
    if runs < _FEW:
        return f" {runs} {of} are few: only large differences are told apart, and what is not told apart may differ."
    return ""


def no_interval(runs: int, means: Sequence[Interval]) -> str:
    """Return why means have no interval, as a sentence behind another one; empty where all have one."""
    if runs < FEWEST_OF_MEAN:
        return few(runs, FEWEST_OF_MEAN, "give a mean an interval")
    if any(np.isnan(mean.low) and not np.isnan(mean.value) for mean in means):
        return " Where more than half of the runs are alike, a mean has no interval."
    return ""


def told_apart(apart: Sequence[str], others: Sequence[str]) -> str:
    """Say which pairs are told apart and which are not."""
    parts = [f"told apart: {listed(apart)}"] if apart else []
    parts += [f"not told apart: {listed(others)}"] if others else []
    return "; ".join(parts)
