"""Results: what the runs ended with: the sentence, the summary, the spread, and the winner's curse."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.report import words
from nasbed.report.page.encoding import numbers
from nasbed.report.page.parts import Figure, Part, Section, Switch, Table, View
from nasbed.report.page.progress import band, dots, legend, line
from nasbed.report.page.ranking import named_rows
from nasbed.report.words import GIVEN, metrics, searches
from nasbed.run.history import Metric
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.curse import Curse, winners_curse
from nasbed.statistics.interquartile import interquartile_means
from nasbed.statistics.profiles import optimality_gaps, performance_profiles
from nasbed.statistics.statistic import Interval

_SAID = 6  # searches; of more, a table says the same better than a sentence

_NOTHING = 1e-12  # a mean of equal numbers may differ from them by rounding

_SHOWN = {"heard": ("heard", "circle"), "mean": ("mean of its trainings", "diamond"), "test": ("test", "square")}

_DOTS = 500  # runs that are drawn as dots; more hide each other


def summary(comparison: Comparison) -> Section:
    """Tabulate what each search spent and came to."""
    caption = (
        f"Means over {comparison.runs_in_words}. What a search heard of its incumbent is one training's "
        f"{comparison.split}; mean {comparison.split} and test are means over all trainings that the benchmark has of "
        f"it. The regret has the 95 % interval of its mean. {GIVEN}"
    )
    return Section("summary", "Summary", [Table(*searches(words.summary(comparison)), caption)])


def spread(comparison: Comparison) -> Section | None:
    """Draw what the runs of each search ended with; None where nothing was found."""
    chosen = metrics(comparison)
    if not chosen:
        return None
    views = {str(metric): _view(comparison, metric) for metric in chosen}
    figure = Figure(
        "final",
        f"What {comparison.runs_in_words} of each search ended with. Dot: a run; box: quartiles, with whiskers to the "
        "last run within one and a half boxes; diamond: mean with its 95 % confidence interval. " + GIVEN,
        views,
        [Switch("metric", {metric: comparison.words(metric) for metric in chosen})],
        height=150 + 64 * len(comparison.histories),
        key=[("dot", "a run"), ("box", "quartiles"), ("diamond", "mean")],
    )
    middle, gaps = interquartile_means(comparison), _gaps(comparison)
    table = Table(
        *searches(middle.cells()),
        f"By {middle.quantity.words}: what the middle half of the runs is worth on average, with the 95 % "
        f"interval of {middle.resamples:,} bootstrap resamples (expanded percentiles, from nine runs on).",
    )
    more: list[Part] = [] if middle.missing else [table, *gaps, _profiles(comparison)]
    return Section("final", "Where the runs ended", [figure, *more])


def _gaps(comparison: Comparison) -> list[Table]:
    """Tabulate the optimality gaps; nothing where nobody knows the best there is."""
    try:
        found = optimality_gaps(comparison)
    except BadSetting:
        return []
    return [
        Table(
            *searches(found.cells()),
            f"Optimality gap: by how much runs stay below {found.goals_in_words} on average; what is above counts "
            f"for no more. With the 95 % interval of the mean. {GIVEN}",
        )
    ]


def _profiles(comparison: Comparison) -> Figure:
    """Draw which share of each search's runs is better than each value."""
    found = performance_profiles(comparison)
    at = numbers(found.quantity.factor * found.at)
    data: list[dict[str, Any]] = []
    for i, label in enumerate(found.labels):
        data += band(at, 100 * found.low[i], 100 * found.high[i], i)
        data.append(line(at, 100 * found.shares[i], i, label))
    across = {"title": found.quantity.axis}
    return Figure(
        "profiles",
        f"Performance profiles: which share of the runs of each search is better than each {found.quantity.words}, "
        "with its 95 % interval (Clopper and Pearson, at each value by itself).",
        {"": View(data, {"xaxis": across, "yaxis": {"title": "runs that are better (%)", "range": [-2, 102]}})},
        legend=legend(comparison),
        height=340,
    )


def _view(comparison: Comparison, metric: Metric) -> View:
    data: list[dict[str, Any]] = []
    finals = comparison.final(metric)
    for i, values in enumerate(finals.values()):
        there = comparison.factor(metric) * values[~np.isnan(values)]
        if len(there):
            data += _traces(there, i)
    vertical = {**named_rows(list(finals)), "range": [len(finals) - 0.4, -0.6]}
    return View(data, {"xaxis": {"title": f"final {comparison.quantity(metric).axis}"}, "yaxis": vertical})


def _traces(values: NDArray[np.float64], i: int) -> list[dict[str, Any]]:
    """Give the dots, the box and the mean of one search."""
    shown = values if len(values) <= _DOTS else values[:: -(-len(values) // _DOTS)]
    heights = i + 0.18 + 0.24 * (np.arange(len(shown)) * 0.6180339887498949 % 1.0)  # evenly spread, the same each time
    q1, median, q3 = np.quantile(values, [0.25, 0.5, 0.75])
    reach = 1.5 * (q3 - q1)
    low, high = values[values >= q1 - reach].min(), values[values <= q3 + reach].max()
    mean = Interval.of_mean(values)
    return [
        dots(shown, heights, {"color": f"@{i}", "size": 4, "opacity": 0.45}, hoverinfo="x"),
        {
            "type": "box",
            "orientation": "h",
            "y0": i - 0.12,
            "q1": numbers([q1]),
            "median": numbers([median]),
            "q3": numbers([q3]),
            "lowerfence": numbers([low]),
            "upperfence": numbers([high]),
            "width": 0.34,
            "line": {"color": f"@{i}", "width": 1.6},
            "fillcolor": f"@{i}/0.12",
            "hoverinfo": "x",
        },
        dots(
            [mean.value],
            [i - 0.12],
            {"color": "@ink", "symbol": "diamond", "size": 8},
            hovertemplate="mean %{x}<extra></extra>",
            **_around(mean),
        ),
    ]


def _around(mean: Interval) -> dict[str, Any]:
    """Give the bar of an interval; nothing where there is none."""
    if np.isnan(mean.low):
        return {}
    above, below = numbers([mean.high - mean.value, mean.value - mean.low])
    bar = {"type": "data", "symmetric": False, "array": [above], "arrayminus": [below], "color": "@ink", "width": 5}
    return {"error_x": bar}


def curse(comparison: Comparison, benchmark: Benchmark | None = None) -> Section | None:
    """Draw what was heard beside what it is worth; None where nobody knows that, or where it is the same.

    Args:
        comparison: The searches.
        benchmark: The one that they were played on, if it is to say what the other repeats were.
    """
    found = winners_curse(comparison, benchmark)
    if found.missing or not any(abs(one.optimism.value) > _NOTHING for one in found.curses):
        return None
    alike, measure = comparison.comparable, comparison.words("test").removeprefix("test ")
    kinds = ("heard", "mean", "test") if alike else ("heard", "mean")
    data = [
        trace
        for row, one in enumerate(found.curses)
        for trace in _marks(one, row, [*kinds], found.quantity.factor)
        if trace["x"]
    ]
    unit = " (%)" if found.quantity.factor == 100 else ""
    layout = {
        "xaxis": {"title": f"{measure if alike else found.quantity.words}{unit}"},
        "yaxis": named_rows([one.optimizer for one in found.curses]),
    }
    figure = Figure(
        "curse",
        f"What {comparison.runs_in_words} of each search selected, in the mean: circle, what the search heard of it; "
        f"diamond, the mean {comparison.split} over all its trainings"
        + (f"; square, its mean {comparison.words('test')}." if alike else "."),
        {"": View(data, layout)},
        height=120 + 40 * len(found.curses),
        key=[(_SHOWN[kind][1], _SHOWN[kind][0]) for kind in kinds],
    )
    table = Table(*searches(found.cells()), f"Differences are means over runs with 95 % intervals. {GIVEN}")
    said = [found.sentence()] if len(found.curses) <= _SAID else []
    return Section("curse", "The winner's curse", [*said, figure, table])


def _marks(one: Curse, row: int, kinds: list[str], factor: float) -> list[dict[str, Any]]:
    known = {kind: value for kind in kinds if not np.isnan(value := factor * float(getattr(one, kind)))}
    join: dict[str, Any] = {
        "x": numbers(list(known.values())),
        "y": [row] * len(known),
        "mode": "lines",
        "line": {"color": f"@{row}", "width": 2},
        "hoverinfo": "skip",
    }
    marks = [
        dots(
            [value],
            [row],
            {"color": f"@{row}", "symbol": _SHOWN[kind][1], "size": 10},
            hovertemplate=f"{_SHOWN[kind][0]} %{{x}}<extra></extra>",
        )
        for kind, value in known.items()
    ]
    return [join, *marks]
