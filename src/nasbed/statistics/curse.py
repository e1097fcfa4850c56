"""The winner's curse: how much worse than it looked is what a search selected.

A search takes the best that it heard, and what it heard is noisy: one training, one seed. So the best looks better than
it is. The table holds what was heard of each run's last incumbent against the mean over its repeats, against the mean
of the other repeats where the benchmark lists them, and against its test accuracy. The mean over all repeats still has
the lucky one in it; the others alone are as good as new.

Reference: Cawley and Talbot, "On Over-fitting in Model Selection and Subsequent Selection Bias in Performance
Evaluation", JMLR 11, 2010
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import NotInTable
from nasbed.run.history import History
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.selected import naming_failed_runs
from nasbed.statistics.statistic import Cells, Column, Interval, Quantity, Statistic, decimals, no_interval, scaled

_SAME = 1e-9  # a repeat is the one that was heard when it differs by less


@dataclass(frozen=True)
class Curse:
    """What one search's runs selected, on average over runs, with 95 % intervals where ``means`` gives some.

    Attributes:
        optimizer: Label of the search.
        runs: How many runs had selected anything that was trained for the study's epochs.
        heard: What they heard of it.
        mean: What it is worth over all its repeats.
        others: What it is worth over the repeats that were not heard; NaN where these are not known.
        test: Its test accuracy.
        optimism: What was heard less the mean over repeats.
        optimism_by_others: What was heard less the mean over the others.
        gap: The mean over repeats less the test accuracy; NaN where these are of different kinds.
    """

    optimizer: str
    runs: int
    heard: float
    mean: float
    others: float
    test: float
    optimism: Interval
    optimism_by_others: Interval
    gap: Interval


@dataclass(frozen=True)
class WinnersCurse(Statistic):
    """All searches.

    Attributes:
        curses: One a search.
        quantity: What was heard.
        tested: What test results are multiplied with to be shown.
    """

    curses: tuple[Curse, ...]
    quantity: Quantity
    tested: float = 100.0
    figure: ClassVar[str] = "winners-curse"

    def facts(self) -> dict[str, Any]:
        """Say what was heard."""
        return {"metric": self.quantity.words}

    def columns(self) -> list[Column]:
        """Return ``optimizer, runs, heard, mean, others, test`` and the differences."""
        own, tested = self.quantity.write, scaled(self.tested, decimals(self.tested))

        def column(name: str, header: str, write: Callable[[Any], str] = str) -> Column:
            return Column(name, header, [getattr(curse, name) for curse in self.curses], write)

        return [
            column("optimizer", "optimizer"),
            column("runs", "runs"),
            column("heard", "heard", own),
            column("mean", "mean over repeats", own),
            column("others", "other repeats", own),
            column("test", "test", tested),
            column("optimism", "optimism", own),
            column("optimism_by_others", "optimism by the others", own),
            column("gap", "validation less test", tested),
        ]

    def cells(self) -> Cells:
        """Give the same for people; the columns of what nobody knows are left out."""
        headers, rows = super().cells()
        told = [i for i in range(len(headers)) if any(row[i] != "–" for row in rows)]
        return [headers[i] for i in told], [[row[i] for i in told] for row in rows]

    def finding(self) -> str:
        """Say how much too good the selected looked."""
        parts = [
            f"{curse.optimizer} {self.quantity.write(curse.optimism)}"
            for curse in self.curses
            if not np.isnan(curse.optimism.value)
        ]
        by = f"By how much what was selected looked better than it is over its repeats, in {self.quantity.words}"
        least = min(curse.runs for curse in self.curses if curse.runs)
        why = no_interval(least, [curse.optimism for curse in self.curses])
        return f"{by} ({self.quantity.difference_unit.strip() or 'as it is'}): {', '.join(parts)}.{why}"


@naming_failed_runs
def winners_curse(comparison: Comparison, benchmark: Benchmark | None = None) -> WinnersCurse:
    """Hold what each run heard of its last incumbent against what that is worth.

    A run whose incumbent was heard of after fewer epochs than the study's does not count: it would be held against
    what a longer training came to, and looked worse for being shorter.

    Args:
        comparison: The searches, with the benchmark attached, as ``compare`` leaves them.
        benchmark: The benchmark, if it is to say what the other repeats were.
    """
    alike = comparison.comparable
    curses = tuple(_curse(label, history, benchmark, alike) for label, history in comparison.histories.items())
    nothing = "No run found anything that was trained in full: nothing was selected."
    missing = None if any(curse.runs for curse in curses) else nothing
    return WinnersCurse(curses, comparison.quantity("validation"), comparison.factor("test"), missing=missing)


def _curse(label: str, history: History, benchmark: Benchmark | None, alike: bool) -> Curse:
    whole = _trained_in_full(history)
    heard, mean, test = (
        np.where(whole, history.metric(name)[-1], np.nan) for name in ("validation", "mean-validation", "test")
    )
    others = _others(history, heard, benchmark)
    return Curse(
        label,
        int((~np.isnan(heard)).sum()),
        Interval.of_mean(heard).value,
        Interval.of_mean(mean).value,
        Interval.of_mean(others).value,
        Interval.of_mean(test).value,
        Interval.of_mean(heard - mean),
        Interval.of_mean(heard - others),
        Interval.of_mean(mean - test if alike and history.split != "test" else np.full(len(mean), np.nan)),
    )


def _trained_in_full(history: History) -> NDArray[np.bool_]:
    """Say whose incumbent was heard of after the epochs of the study, ``(runs,)``."""
    if history.fidelity is None:
        return np.ones(history.runs, np.bool_)
    budgets = history.info.get("benchmark", {}).get("budgets") or [history.fidelity.max()]
    last = np.maximum(history.incumbents[-1], 0)
    whole: NDArray[np.bool_] = history.fidelity[last, np.arange(history.runs)] >= (
        history.info.get("epochs") or max(budgets)
    )
    return whole


def _others(history: History, heard: NDArray[np.float64], benchmark: Benchmark | None) -> NDArray[np.float64]:
    """Give the mean over those repeats of each incumbent that were not heard, ``(runs,)``; NaN where not known."""
    result = np.full(len(heard), np.nan)
    found = np.flatnonzero(~np.isnan(heard))
    if benchmark is None or not len(found):
        return result
    try:
        repeats = benchmark.outcomes(history.best[found], history.info.get("epochs"))
    except NotInTable:
        repeats = None
    if repeats is None:
        return result
    count = (~np.isnan(repeats)).sum(axis=1)
    one_of_them = (np.abs(repeats - heard[found, None]) < _SAME).any(axis=1) & (count > 1)
    rest = (np.nansum(repeats, axis=1) - heard[found]) / np.maximum(count - 1, 1)
    result[found] = np.where(one_of_them, rest, np.nan)
    return result
