"""Words: how reports call metrics and clocks, and writes numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike

from nasbed.run.history import Clock, Metric
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.means import FEWEST
from nasbed.statistics.statistic import Cells, Interval, decimals

GIVEN = f"Means have intervals from {FEWEST} runs on, unless more than half of the runs are alike."
"""When a mean has an interval, for captions; see ``statistics.means``."""

_NAMED_AT_MOST = 3
_LOG_FROM = 4.0  # times

CLOCKS: dict[Clock, str] = {
    "evaluations": "evaluations",
    "epochs": "epochs trained",
    "seconds": "simulated training time",
    "total_seconds": "training time of all workers",
    "unique": "different architectures evaluated",
}
"""What clocks are called on axes and in switches."""

_UNITS = ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))


def metrics(comparison: Comparison) -> list[Metric]:
    """Give the metrics that any of the searches has a number for, the one that counts most first."""
    found = [metric for metric in get_args(Metric) if _known(comparison, metric)]
    if comparison.split == "test":  # of which the mean over trainings is what else there is
        found = [metric for metric in found if metric not in ("mean-validation", "validation-regret")]
    first = next((metric for metric in ("test-regret", "test", "validation") if metric in found), None)
    return sorted(found, key=lambda metric: metric != first)


def clocks(comparison: Comparison) -> list[Clock]:
    """Give the clocks that moved, that of the budget first; the time of all workers only where there were several."""
    histories = list(comparison.histories.values())
    moved = [clock for clock in CLOCKS if any(history.clock(clock)[-1].max() > 0 for history in histories)]
    if all(history.ended is None for history in histories):
        moved = [clock for clock in moved if clock != "total_seconds"]
    return sorted(moved, key=lambda clock: clock != comparison.clock)


def _known(comparison: Comparison, metric: Metric) -> bool:
    there = [one for one in comparison.histories.values() if metric == "validation" or one.test is not None]
    return any(not np.isnan(history.metric(metric)[-1]).all() for history in there)  # of some nothing more is known


def along(clock: Clock, longest: float) -> tuple[float, str]:
    """Return how many seconds, or counts, stand for 1 on an axis that is so long, and what stands at it."""
    if not clock.endswith("seconds"):
        return 1.0, CLOCKS[clock]
    seconds, name = next((unit for unit in _UNITS if longest >= 2 * unit[0]), _UNITS[-1])
    return seconds, f"{CLOCKS[clock]} ({name})"


def spans_much(values: ArrayLike, factor: float = _LOG_FROM) -> bool:
    """Say whether the positive of some values span so large a factor that they are shown on a logarithmic scale."""
    numbers = np.asarray(values, np.float64)
    positive = numbers[numbers > 0]
    return len(positive) > 0 and bool(positive.max() > factor * positive.min())


def searches(cells: Cells) -> Cells:
    """Give a table in the page's words: what programs call optimizers are its searches."""
    headers, rows = cells
    return ["search" if header == "optimizer" else header for header in headers], rows


def number(value: float | None, digits: int = 2, factor: float = 1.0) -> str:
    """Write a number, and what is not known as a dash."""
    return "–" if value is None or math.isnan(value) else f"{factor * value:,.{digits}f}"


def value(comparison: Comparison, metric: Metric, given: float | None) -> str:
    """Write what a metric came to: accuracies in percent, anything else with four digits."""
    if given is None or math.isnan(given):
        return "–"
    return f"{100 * given:.2f}" if comparison.factor(metric) == 100 else f"{given:.4g}"


def shown_as(comparison: Comparison, metric: Metric) -> str:
    """Give the header of a column of a metric: ``test %``, ``test regret, points``, ``test negative mae (years)``."""
    if comparison.factor(metric) == 100:
        return metric.replace("-", " ") + (", points" if metric.endswith("regret") else " %")
    return comparison.words(metric)


def headline(comparison: Comparison) -> str:
    """Say which search ended best, and from which others it is told apart."""
    metric, best = comparison.metric, winner(comparison)
    if best is None:
        return f"No training of {comparison.runs_in_words} of {_count(len(comparison.histories))} came to a result."
    unit = " %" if comparison.factor(metric) == 100 else ""
    mean = value(comparison, metric, float(np.nanmean(comparison.final(metric)[best])))
    reached = f"{comparison.words(metric)} {mean}{unit}, mean of {comparison.runs_in_words}"
    if len(comparison.histories) == 1:
        return f"{best} ended with a {reached}."
    pairs = comparison.separated().pairs
    apart = [pair.worse for pair in pairs if pair.better == best and pair.apart]
    others = [label for label in comparison.histories if label != best and label not in apart]
    sentence = f"Of {_count(len(comparison.histories))}, {best} ended highest: {reached}."
    if not others:
        return f"{sentence} It is told apart from {'the other' if len(apart) == 1 else 'all others'}."
    if not apart:
        return f"{sentence} It is told apart from none of the others."
    return f"{sentence} It is told apart from {_names(apart)}, and not from {_names(others)}."


def winner(comparison: Comparison) -> str | None:
    """Give the label of the search with the highest mean at the end; None where no run came to a result."""
    means = {
        label: float(np.nanmean(values))
        for label, values in comparison.final(comparison.metric).items()
        if not np.isnan(values).all()
    }
    return max(means, key=lambda label: means[label]) if means else None


def _count(searches: int) -> str:
    return f"{searches} search{'es' if searches > 1 else ''}"


def _names(labels: list[str]) -> str:
    if len(labels) > _NAMED_AT_MOST:
        return f"{len(labels)} others"
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def with_interval(row: Mapping[str, Any], name: str, factor: float = 100.0) -> str:
    """Write a mean of a summary, in percent, with its interval where that is known."""
    found = (row[name], row[f"{name}_low"], row[f"{name}_high"])
    return Interval(*(np.nan if end is None else end for end in found)).text(factor, decimals(factor))


def summary(comparison: Comparison) -> Cells:
    """Write the summary of a comparison, a row a search; without what is known of none, and epochs that are alike."""
    found = comparison.summary()
    accuracy = comparison.factor("validation") == 100
    heard, unit = (comparison.split, " %") if accuracy else (comparison.words("validation"), "")
    tested, regret = shown_as(comparison, "test"), shown_as(comparison, "test-regret")
    columns: dict[str, list[str]] = {
        "optimizer": [row["optimizer"] for row in found],
        "runs": [f"{row['runs']:,}" for row in found],
        "evaluations": [number(row["evaluations"], 1) for row in found],
        "unique": [number(row["unique_evaluations"], 1) for row in found],
        "epochs": [number(row["epochs"], 0) for row in found],
        f"{heard} (heard){unit}": [value(comparison, "validation", row["validation"]) for row in found],
        f"{heard} (mean){unit}": [value(comparison, "mean-validation", row["mean_validation"]) for row in found],
        tested: [value(comparison, "test", row["test"]) for row in found],
        regret: [with_interval(row, "test_regret", comparison.factor("test")) for row in found],
        "found the optimum %": [number(row["optimum_found"], 1, 100) for row in found],
    }
    if len(set(columns["epochs"])) == 1:
        del columns["epochs"]  # they are as many evaluations
    told = {header: texts for header, texts in columns.items() if set(texts) != {"–"}}
    return list(told), [list(row) for row in zip(*told.values(), strict=True)]
