"""How many runs a difference needs: the sample size of the paired t-test, by how much paired runs scatter.

Reference: Cohen, "Statistical Power Analysis for the Behavioral Sciences", 1988; the power is that of the noncentral t.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np

from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.run.history import Metric
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.equivalence import paired, positive
from nasbed.statistics.means import CONFIDENCE
from nasbed.statistics.selected import naming_failed_runs, selected
from nasbed.statistics.statistic import Column, Quantity, Statistic, few, headed, number, said

_MOST = 100_000  # runs that are worth naming


@dataclass(frozen=True)
class Need:
    """How many runs of two searches would tell a difference apart.

    Attributes:
        one: Label of a search.
        other: Label of another.
        deviation: Standard deviation over paired runs of what the first is worth more; NaN of one run.
        runs: How many paired runs it takes; None where the deviation is not known, or it takes more than 100,000.
    """

    one: str
    other: str
    deviation: float
    runs: int | None


@dataclass(frozen=True)
class RunsNeeded(Statistic):
    """How many runs a difference of a given size needs to be told apart.

    Attributes:
        pairs: Each pair of searches, in their order.
        difference: Of the means, as the metric has it.
        power: How likely it is told apart.
        runs: From how many paired runs this was read.
        quantity: What is compared.
        where: On which benchmark.
    """

    pairs: tuple[Need, ...]
    difference: float
    power: float
    runs: int
    quantity: Quantity
    where: str
    figure: ClassVar[str] = "runs-needed"

    def facts(self) -> dict[str, Any]:
        """Say which difference is to be told apart, and how surely."""
        return {
            "metric": self.quantity.words,
            "benchmarks": self.where,
            "difference": self.difference,
            "power": self.power,
            "read_from_runs": self.runs,
        }

    def columns(self) -> list[Column]:
        """Return ``one, other, deviation, runs``."""
        write = self.quantity.write
        return [
            Column("one", "search", [pair.one for pair in self.pairs]),
            Column("other", "and", [pair.other for pair in self.pairs]),
            Column(
                "deviation",
                headed("deviation", self.quantity.difference_unit),
                [pair.deviation for pair in self.pairs],
                write,
            ),
            Column("runs", "runs needed", [pair.runs for pair in self.pairs], lambda n: number(n, digits=0)),
        ]

    def finding(self) -> str:
        """Say how many runs it takes for the pair that needs most."""
        known = [pair for pair in self.pairs if pair.runs is not None]
        size = said(self.quantity.factor * self.difference, self.quantity.difference_unit)
        if not known:
            why = few(self.runs, 2, "tell how runs scatter")
            return f"How many runs a difference of {size} needs cannot be told.{why}"
        most = max(known, key=lambda pair: pair.runs or 0)
        told = (
            f"To tell a difference of {size} in {self.quantity.words} on {self.where} apart in {100 * self.power:g} % "
            f"of studies takes {most.runs:,} paired runs (t-test, corrected for the pairs; read from {self.runs} runs; "
            f"{most.one} and {most.other} scatter most)."
        )
        return told + (
            " So few runs know their scatter badly: the number may be half or double." if self.runs < 10 else ""
        )


@naming_failed_runs
def runs_needed(
    comparison: Comparison, difference: float | None = None, metric: Metric | None = None, *, power: float = 0.8
) -> RunsNeeded:
    """Say how many runs a difference of a given size needs, by how much paired runs scatter.

    Args:
        comparison: The searches; a small study will do.
        difference: Of the means of two searches, as the metric has it: 0.001 is a tenth of a point of accuracy, which
            it is if not given.
        metric: What to compare; None for the test accuracy where it is known, else the validation accuracy.
        power: How likely the difference is to be told apart, between 0 and 1.

    Raises:
        BadSetting: When the difference is not positive, or missing for what is no accuracy, or for a power that is no
            chance.
    """
    if not 0 < power < 1:
        raise BadSetting(f"power is a chance between 0 and 1, such as 0.8, not {power}")
    chosen = selected(comparison, metric)
    difference = positive(difference, chosen, "difference")
    finals, runs = paired(chosen)
    couples = list(combinations(chosen.labels, 2))
    deviations = [float((finals[one] - finals[other]).std(ddof=1)) if runs > 1 else np.nan for one, other in couples]
    alpha = (1 - CONFIDENCE) / max(len(couples), 1)
    pairs = tuple(
        Need(*couple, deviation, _needed(difference, deviation, alpha, power))
        for couple, deviation in zip(couples, deviations, strict=True)
    )
    missing = None if pairs else f"There is one search, {chosen.labels[0]}, and nothing to tell it apart from."
    return RunsNeeded(pairs, difference, power, runs, chosen.quantity, chosen.where, missing=missing)


def _needed(difference: float, deviation: float, alpha: float, power: float) -> int | None:
    """Give the least number of runs with which a paired t-test of two sides finds the difference so often."""
    if not deviation >= 0:
        return None
    enough, too_few = _MOST, 1
    if deviation > 0 and _power(enough, difference / deviation, alpha) < power:
        return None
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        if deviation == 0 or _power(middle, difference / deviation, alpha) >= power:
            enough = middle
        else:
            too_few = middle
    return enough


def _power(runs: int, effect: float, alpha: float) -> float:
    """Give how often a t-test of so many runs tells a difference apart that is so many deviations (noncentral t)."""
    stats = require("scipy.stats", "report")
    shift, critical = effect * math.sqrt(runs), float(stats.t.isf(alpha / 2, runs - 1))
    if shift - critical > 8:  # as good as always, where SciPy's noncentral t may fail
        return 1.0
    wrong_way = np.nan_to_num(stats.nct.cdf(-critical, runs - 1, shift))  # which SciPy has as NaN where it is next to 0
    return float(stats.nct.sf(critical, runs - 1, shift) + wrong_way)
