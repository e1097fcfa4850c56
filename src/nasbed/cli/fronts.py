"""Trade-offs in words: what the fronts of searches with several objectives are worth, and what lies on one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nasbed.cli.console import print_table, print_text
from nasbed.cli.words import mean_shown, percent, shown
from nasbed.core.errors import BadSetting

if TYPE_CHECKING:
    from nasbed.core.benchmark import Benchmark
    from nasbed.run.history import History
    from nasbed.statistics.comparison import Comparison
    from nasbed.statistics.pareto_comparison import TradeOffs

_SHOWN = 20  # architectures; beyond that a front is for a program, or a figure


def trade_offs_of(comparison: Comparison, answers: Benchmark) -> TradeOffs | None:
    """Give the fronts of searches that were told of costs; None for others, and where nothing was found."""
    from nasbed.statistics.pareto_comparison import trade_offs

    histories = comparison.histories.values()
    if not all(history.objectives for history in histories) or nothing_found(*histories) is not None:
        return None
    try:
        return trade_offs(comparison, answers)
    except BadSetting:  # all that was found is alike
        return None


def nothing_found(*histories: History) -> str | None:
    """Say why no run of some searches has anything to choose; None where one has."""
    if any((history.incumbents[-1:] >= 0).any() for history in histories):
        return None
    if nothing := nothing_came(*histories):
        return f"nothing to choose: {nothing}"
    limits = ", ".join(f"{name} {limit:,g}" for name, limit in histories[0].info["limits"].items())
    return f"nothing to choose: whatever was trained is over a limit ({limits}); allow more, or search longer"


def nothing_came(*histories: History) -> str:
    """Say why no evaluation of some searches has a value; nothing where one has."""
    if any((history.tried & (history.value == history.value)).any() for history in histories):
        return ""
    if any(history.tried.any() for history in histories):
        return "every training failed"
    return "no evaluation ended within the budget"


def as_dict(found: TradeOffs) -> dict[str, Any]:
    """Give fronts for a program: the scale, a row a search, and each run's front, the most accurate first."""
    return {
        "objectives": list(found.objectives),
        "judge": found.judge,
        "exact": found.exact,
        "ideal": list(found.scale.ideal),
        "reference": list(found.scale.reference),
        "summary": found.summary(),
        "fronts": {
            label: [
                [
                    {"architecture": fronts.history.space.format(arch)}
                    | dict(zip(found.objectives, values.tolist(), strict=True))
                    for arch, values in zip(*fronts.front(run), strict=True)
                ]
                for run in range(fronts.history.runs)
            ]
            for label, fronts in found.fronts.items()
        },
    }


def print_shares(found: TradeOffs) -> None:
    """Print which share of the best front's hypervolume each search's fronts have."""
    best = "the exact front" if found.exact else "the front of all searches together"
    print_text(f"trade-offs of {' and '.join(found.objectives)}: hypervolume, % of that of {best}")
    rows = [
        [
            str(row["optimizer"]),
            mean_shown(row, "hypervolume"),
            percent(row["hypervolume_median"]),
            "–" if row["front"] is None else f"{row['front']:.1f}",
        ]
        for row in found.summary()
    ]
    print_table(["optimizer", "mean %", "median %", "on a front"], rows)


def print_front(found: TradeOffs, label: str, first: int = 0) -> None:
    """Print the front of the run whose volume is the median; ``first`` is the number of the first run."""
    run, archs, values = found.middle(label)
    history = found.fronts[label].history
    judge = found.judge.replace("validation", history.split).replace("-", " ")
    unit = "%" if history.measure == "accuracy" else history.measure
    headers = [f"{judge} {unit}", *found.objectives[1:], "architecture"]
    rows = [
        [shown(worth, history.measure), *(f"{cost:,.6g}" for cost in costs), history.space.format(arch)]
        for arch, (worth, *costs) in list(zip(archs, values.tolist(), strict=True))[:_SHOWN]
    ]
    share = percent(found.shares[label][run])
    best = "the exact front's hypervolume" if found.exact else "the hypervolume of all runs' fronts together"
    print_text(f"the front of run {first + run}, {share} % of {best}")
    print_table(headers, rows)
    if len(archs) > _SHOWN:
        print_text(f"and {len(archs) - _SHOWN} architectures more; --json has them all")
