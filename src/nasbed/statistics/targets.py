"""Time to target: how much a run spends until its incumbent is good enough, and how many runs ever get there.

Runs that never do are not forgotten: they are censored, count in every share and median, and spend what they spent in
the expected running time.

Reference: Hansen et al., "COCO: Performance Assessment", 2016, https://arxiv.org/abs/1605.03560
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.run.history import Clock, Metric
from nasbed.statistics.anytime import no_optimum
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.exact import clopper_pearson
from nasbed.statistics.selected import naming_failed_runs, regret_metric
from nasbed.statistics.statistic import Column, Interval, Quantity, Statistic, few, headed, said, scaled
from nasbed.statistics.summary import first_time, horizon

REGRETS = (0.02, 0.01, 0.005, 0.002, 0.001, 0.0)
"""Targets of accuracies' regrets, when none are given: from two points below the best there is to the best."""

_SHARES = (0.5, 0.2, 0.1, 0.05, 0.02, 0.0)  # of the median first regret, where regrets are not of accuracies
_AS_GOOD = 1e-12  # two means of the same accuracies may differ by rounding


@dataclass(frozen=True, eq=False)
class Targets(Statistic):
    """When each run of each search first reached each target.

    Attributes:
        targets: From the easiest to the hardest.
        times: ``(targets, runs)`` for each label, on the clock; infinite for a run that never reached it.
        spent: What each run spent in all, ``(runs,)`` for each label.
        until: How far along the clock every run was still at it; curves end there.
        quantity: What had to reach the target.
        against: On which clock.
    """

    targets: tuple[float, ...]
    times: dict[str, NDArray[np.float64]]
    spent: dict[str, NDArray[np.float64]]
    until: float
    quantity: Quantity
    against: Clock
    figure: ClassVar[str] = "targets"

    def ecdf(self, label: str, target: int | None = None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the share of (run, target) pairs that were reached by then: steps from 0, as ``(times, shares)``.

        Args:
            label: Which search.
            target: Number of one target; None for all of them together.
        """
        chosen = self.times[label] if target is None else self.times[label][target]
        times = np.sort(chosen[chosen <= self.until])
        at, counts = np.unique(times, return_counts=True)
        shares = np.cumsum(counts) / max(chosen.size, 1)
        end = shares[-1:] if len(shares) else np.zeros(1)
        return np.concatenate([[0.0], at, [self.until]]), np.concatenate([[0.0], shares, end])

    def expected(self, label: str) -> NDArray[np.float64]:
        """Give the expected running time to each target, ``(targets,)``: all that was spent on it over successes."""
        times = self.times[label]
        spent = np.where(np.isinf(times), self.spent[label], times).sum(axis=1)
        reached = np.isfinite(times).sum(axis=1)
        return np.where(reached > 0, spent / np.maximum(reached, 1), np.inf)

    def facts(self) -> dict[str, Any]:
        """Say what had to be reached, on which clock."""
        return {"metric": self.quantity.words, "against": self.against, "targets": list(self.targets)}

    def columns(self) -> list[Column]:
        """Return ``optimizer, target, runs, reached, share``, quartiles and expected time, a row a search and target.

        ``q1``, ``median`` and ``q3`` are when a quarter, half and three quarters of all runs had got there; infinite
        where fewer ever did.
        """
        each = [(label, i) for label in self.times for i in range(len(self.targets))]
        times = [self.times[label][i] for label, i in each]
        reached = [int(np.isfinite(some).sum()) for some in times]
        quartiles = [np.quantile(some, [0.25, 0.5, 0.75], method="inverted_cdf") for some in times]
        q1, median, q3 = ([float(some[k]) for some in quartiles] for k in range(3))
        shares = [_share(some, len(of)) for some, of in zip(reached, times, strict=True)]
        expected = [float(time) for label in self.times for time in self.expected(label)]
        target, whole = headed("target", self.quantity.unit), scaled(digits=0)
        return [
            Column("optimizer", "optimizer", [label for label, _ in each]),
            Column("target", target, [self.targets[i] for _, i in each], lambda x: f"{self.quantity.factor * x:g}"),
            Column("runs", "", [len(some) for some in times]),
            Column("reached", "", reached),
            Column("share", "reached %", shares, scaled(100, 1)),
            Column("q1", "", q1),
            Column("median", f"median {self.against}", median, whole),
            Column("q3", "", q3),
            Column("expected", f"expected {self.against}", expected, whole),
        ]

    def finding(self) -> str:
        """Say, for the hardest target that anybody reached in half of the runs, who reaches it soonest."""
        rows = [row for row in self.rows() if row["median"] is not None]
        if not rows:
            runs = min(len(spent) for spent in self.spent.values())
            return f"No search reaches even {self._said(self.targets[0])} in half of its runs.{few(runs)}"
        target = max(rows, key=lambda row: self.targets.index(row["target"]))["target"]
        there = [row for row in rows if row["target"] == target]
        soonest = min(there, key=lambda row: (row["median"], row["expected"]))
        return (
            f"The hardest target that half of any search's runs reach is {self._said(target)}; {soonest['optimizer']} "
            f"is there first, after {soonest['median']:,.0f} {self.against} in the median.{few(soonest['runs'])}"
        )

    def _said(self, target: float) -> str:
        return f"a {self.quantity.words} of {self.shown(target)}"

    def shown(self, target: float) -> str:
        """Write a target with its unit: ``1 point``, ``90 %``."""
        return said(self.quantity.factor * target, self.quantity.unit)


@naming_failed_runs
def times_to_targets(
    comparison: Comparison,
    targets: Sequence[float] | None = None,
    metric: Metric | None = None,
    against: Clock | None = None,
) -> Targets:
    """Find when each run's incumbent first was as good as each target.

    Args:
        comparison: The searches.
        targets: What is to be reached, as the metric has it: 0.01 is one point of accuracy. None for ``REGRETS``, and
            where values are no accuracies for shares of the median regret of the first results.
        metric: What is to reach it; None for the regret of the test accuracy where it is known, else of the validation.
        against: Which clock; None for that of the budget.

    Raises:
        BadSetting: When targets are missing for a metric that is no regret.
    """
    read, against = metric or regret_metric(comparison), against or comparison.clock
    quantity = comparison.quantity(read or "test-regret")
    until = min(horizon(history, against) for history in comparison.histories.values())
    values = {label: history.metric(read) for label, history in comparison.histories.items()} if read else {}
    if not any((~np.isnan(value)).any() for value in values.values()):
        why = "No run found anything: no target is reached." if read else no_optimum(comparison)
        return Targets((), {}, {}, until, quantity, against, missing=why)
    if targets is None and not quantity.is_regret:
        raise BadSetting(
            f"give the {quantity.words} to be reached as targets, such as targets=[0.9]; only regrets have defaults"
        )
    lower = quantity.is_regret
    wanted = sorted(_usual(list(values.values()), quantity.factor) if targets is None else targets, reverse=lower)
    times, spent = {}, {}
    for label, history in comparison.histories.items():
        clock = history.clock(against)
        good = [values[label] <= t + _AS_GOOD if lower else values[label] >= t - _AS_GOOD for t in wanted]
        times[label] = np.stack([first_time(some, clock) for some in good])  # what is NaN is not good
        spent[label] = clock[-1].astype(np.float64)
    return Targets(tuple(map(float, wanted)), times, spent, until, quantity, against)


def _usual(values: Sequence[NDArray[np.float64]], factor: float) -> Sequence[float]:
    if factor == 100:
        return REGRETS
    first = np.concatenate([value[np.argmax(~np.isnan(value), axis=0), np.arange(value.shape[1])] for value in values])
    return [share * float(np.nanmedian(first)) for share in _SHARES]


def _share(reached: int, runs: int) -> Interval:
    """Give the share with Clopper and Pearson's interval, which covers however few runs or rare successes there are."""
    low, high = clopper_pearson(reached, runs)
    return Interval(reached / runs, float(low), float(high))
