"""Equivalence: which searches are as good as each other, to within a margin.

"Not told apart" says that no difference was found. That there is none worth speaking of is a claim of its own, and
takes a test of its own: two one-sided t-tests of paired runs, one against either end of the margin. Where differences
are as skewed as those of searches, they err in a tenth of cases and more, where they say 5 %. So two searches are shown
equal only where the 95 % interval of the mean difference, which knows of skewness, is within the margin: ``means``.

References: Schuirmann, "A comparison of the Two One-Sided Tests Procedure and the Power Approach", Journal of
Pharmacokinetics and Biopharmaceutics 15, 1987; Lakens, "Equivalence Tests", Social Psychological and Personality
Science 8, 2017
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.run.history import Metric
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.means import CONFIDENCE, outside_p
from nasbed.statistics.means import FEWEST as FEWEST_OF_MEAN
from nasbed.statistics.ranks_signed import holm
from nasbed.statistics.selected import Selected, naming_failed_runs, selected
from nasbed.statistics.separation import in_common
from nasbed.statistics.statistic import (
    Column,
    Interval,
    Quantity,
    Statistic,
    few,
    headed,
    listed,
    no_interval,
    p_value,
    said,
)

MARGIN = 0.001
"""A tenth of a point of accuracy: what one seed or another makes of the same network is more."""


@dataclass(frozen=True)
class Equivalence:
    """Two searches in paired runs.

    Attributes:
        one: Label of a search.
        other: Label of another.
        difference: What the first is worth more than the second, with the 95 % interval that has to be within the
            margin.
        p: The larger of the p-values of both tests; NaN where there is no interval.
        corrected: The same by Holm, over all pairs.
        adjusted: One less the confidence with which the interval is within the margin, by Holm likewise.
    """

    one: str
    other: str
    difference: Interval
    p: float
    corrected: float
    adjusted: float

    @property
    def equivalent(self) -> bool:
        """Whether they are shown to be as good as each other."""
        return self.adjusted < 1 - CONFIDENCE  # false when it is NaN


@dataclass(frozen=True)
class Equivalences(Statistic):
    """Every pair of searches, held against a margin.

    Attributes:
        pairs: In the order of the searches.
        margin: What the means of two searches may differ by, as the metric has it.
        runs: How many runs all searches have in common.
        quantity: What was compared.
        where: On which benchmark.
    """

    pairs: tuple[Equivalence, ...]
    margin: float
    runs: int
    quantity: Quantity
    where: str
    figure: ClassVar[str] = "equivalence"

    def facts(self) -> dict[str, Any]:
        """Say what was compared, within which margin, and how."""
        return {
            "metric": self.quantity.words,
            "benchmarks": self.where,
            "margin": self.margin,
            "runs": self.runs,
            "test": "two one-sided paired t-tests, and the skewness-adjusted interval within the margin",
            "correction": "Holm",
        }

    def columns(self) -> list[Column]:
        """Return ``one, other, difference, p, corrected_p, adjusted_p, equivalent``."""
        write = self.quantity.write
        return [
            Column("one", "search", [pair.one for pair in self.pairs]),
            Column("other", "and", [pair.other for pair in self.pairs]),
            Column(
                "difference",
                headed("difference", self.quantity.difference_unit),
                [pair.difference for pair in self.pairs],
                write,
            ),
            Column("p", "p", [pair.p for pair in self.pairs], p_value),
            Column("corrected_p", "p (Holm)", [pair.corrected for pair in self.pairs], p_value),
            Column("adjusted_p", "of the interval (Holm)", [pair.adjusted for pair in self.pairs], p_value),
            Column("equivalent", "", [pair.equivalent for pair in self.pairs]),
        ]

    def finding(self) -> str:
        """Say which pairs are shown to be equal to within the margin."""
        margin = said(self.quantity.factor * self.margin, self.quantity.difference_unit)
        shown, others = (
            [f"{pair.one} and {pair.other}" for pair in self.pairs if pair.equivalent is wanted]
            for wanted in (True, False)
        )
        parts = [f"within ± {margin} of each other with 95 %: {listed(shown)}"] if shown else []
        parts += [f"not shown to be within ± {margin} of each other: {listed(others)}"] if others else []
        by = f"By {self.quantity.words} on {self.where}"
        how = f"95 % intervals of {self.runs} paired run{'s' * (self.runs != 1)}, Holm-corrected"
        least = few(self.runs, FEWEST_OF_MEAN, "show that searches are equal")
        why = least or no_interval(self.runs, [pair.difference for pair in self.pairs])
        return f"{by} ({how}), {'; '.join(parts)}.{why}"


@naming_failed_runs
def equivalences(comparison: Comparison, margin: float | None = None, metric: Metric | None = None) -> Equivalences:
    """Say which searches are as good as each other to within a margin.

    Args:
        comparison: The searches.
        margin: What the means of two searches may differ by, as the metric has it: 0.001 is a tenth of a point of
            accuracy, which it is if not given.
        metric: What to compare; None for the test accuracy where it is known, else the validation accuracy.

    Raises:
        BadSetting: When the margin is not positive, or missing for what is no accuracy; for several comparisons.
    """
    chosen = selected(comparison, metric)
    margin = positive(margin, chosen, "margin")
    finals, runs = paired(chosen)
    couples = list(combinations(chosen.labels, 2))
    differences = [finals[one] - finals[other] for one, other in couples]
    intervals = [Interval.of_mean(values) for values in differences]
    p_values = [
        np.nan if np.isnan(interval.low) else _two_one_sided(values, margin)
        for interval, values in zip(intervals, differences, strict=True)
    ]
    found = (intervals, p_values, holm(p_values), holm([outside_p(values, margin) for values in differences]))
    pairs = tuple(
        Equivalence(*couple, interval, p, float(corrected), float(adjusted))
        for couple, interval, p, corrected, adjusted in zip(couples, *found, strict=True)
    )
    missing = None if pairs else f"There is one search, {chosen.labels[0]}, and nothing that it could be equal to."
    return Equivalences(pairs, margin, runs, chosen.quantity, chosen.where, missing=missing)


def positive(given: float | None, chosen: Selected, name: str) -> float:
    """Return a margin or a difference as the metric has it, a tenth of a point of accuracy where none is given."""
    if given is None and chosen.quantity.factor != 100:
        raise BadSetting(f"give the {name} of the {chosen.quantity.words}; only accuracies have one of their own")
    found = MARGIN if given is None else float(given)
    if not 0 < found < math.inf:
        raise BadSetting(
            f"a {name} is a positive number, such as 0.001 for a tenth of a point of accuracy, not {given}"
        )
    return found


def paired(chosen: Selected) -> tuple[dict[str, NDArray[np.float64]], int]:
    """Give what the runs that all searches have in common are worth, ``(runs,)`` by label, and how many those are."""
    finals = in_common(dict(zip(chosen.labels, chosen.alone, strict=True)))
    return finals, len(finals[chosen.labels[0]])


def _two_one_sided(values: NDArray[np.float64], margin: float) -> float:
    """Give the larger p-value of the t-tests that the mean is above −margin and below margin."""
    t = (margin - abs(values.mean())) / (values.std(ddof=1) / math.sqrt(len(values)))
    return float(require("scipy.special", "report").stdtr(len(values) - 1, -t))
