"""Architectures: the best that the searches ended with, drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nasbed.core.records import Archs
from nasbed.report.comparison import Comparison
from nasbed.report.page.parts import Drawing, Drawings, Section
from nasbed.report.page.words import number, value
from nasbed.run.history import Metric

SHOWN = 6


@dataclass(frozen=True)
class Chosen:
    """An architecture that runs ended with.

    Attributes:
        arch: One row, ``(decisions,)``.
        worth: What it is ranked by: its mean validation, or what was heard where no mean is known.
        test: Its mean test accuracy; NaN where nobody knows it.
        times: How many runs of each search ended with it.
    """

    arch: Archs
    worth: float
    test: float
    times: dict[str, int]


def architectures(comparison: Comparison) -> Section | None:
    """Draw the best; None where nothing was found."""
    metric, best = chosen(comparison)
    if not best:
        return None
    space = next(iter(comparison.histories.values())).space
    drawings = [
        Drawing(
            space.graph(one.arch).svg(),
            f"{comparison.words(metric)} {value(comparison, metric, one.worth)}"
            + ("" if np.isnan(one.test) else f" · test {number(one.test, 2, 100)}"),
            [f"{label}: {_times(count, comparison.histories[label].runs)}" for label, count in one.times.items()],
            space.format(one.arch),
        )
        for one in best
    ]
    sentence = (
        f"Ranked by {comparison.words(metric)}, which is what a search may choose by"
        f"{'' if np.isnan(best[0].test) else '; the test accuracy is told and not used'}. Below each stands which "
        "searches ended with it, and in how many of their runs. What the output does not depend on is dashed."
    )
    return Section("architectures", "Best architectures", [sentence, Drawings(drawings)])


def chosen(comparison: Comparison, count: int = SHOWN) -> tuple[Metric, list[Chosen]]:
    """Give the best architectures that runs ended with, equal ones once, and what they are ranked by."""
    metric: Metric = "mean-validation"
    if all(np.isnan(values).all() for values in comparison.final(metric).values()):
        metric = "validation"
    found: dict[int, Chosen] = {}
    for label, history in comparison.histories.items():
        worth, tests = history.metric(metric)[-1], history.metric("test")[-1]
        keys = history.space.key(history.best)
        for run in np.flatnonzero(~np.isnan(worth)):
            key = int(keys[run])
            known = found.get(key)
            times = {} if known is None else known.times
            times[label] = times.get(label, 0) + 1
            if known is None or worth[run] > known.worth:
                found[key] = Chosen(history.best[run], float(worth[run]), float(tests[run]), times)
    return metric, sorted(found.values(), key=lambda one: -one.worth)[:count]


def _times(count: int, runs: int) -> str:
    return f"{count:,} of {runs:,} run{'s' if runs > 1 else ''}"
