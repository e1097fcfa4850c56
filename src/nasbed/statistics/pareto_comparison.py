"""Trade-offs: the fronts of several searches beside the exact one, as shares of its hypervolume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting, NotInTable
from nasbed.core.extras import require
from nasbed.core.printing import Card, Printed, titled
from nasbed.core.records import Archs
from nasbed.core.registry import reports
from nasbed.run.history import Clock, History
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.pareto import Front, Fronts, Judge, Scale, exact_front
from nasbed.statistics.statistic import Interval, known, no_interval, number
from nasbed.statistics.summary import SPREAD, Curve, failed_in_words, quartiles, spread
from nasbed.tables.column import mean_of


@dataclass(frozen=True, eq=False)
class TradeOffs(Printed):
    """The fronts of several searches.

    Attributes:
        best: The exact front of the table; where nobody knows it, the front of all that the searches found together.
        exact: Whether it is the table's.
        scale: From where to where hypervolume is measured.
        judge: What accuracies are.
        fronts: Those of each search, by its label.
    """

    best: Front
    exact: bool
    scale: Scale
    judge: Judge
    fronts: dict[str, Fronts]

    @property
    def objectives(self) -> tuple[str, ...]:
        """``"accuracy"``, and the names of the costs."""
        return self.best.objectives

    @cached_property
    def volume(self) -> float:
        """The hypervolume of ``best``."""
        return self.best.volume(self.scale)

    @cached_property
    def shares(self) -> dict[str, NDArray[np.float64]]:
        """What share of that volume each run's last front has, ``(runs,)`` for each label.

        NaN for a run in which no training came to a result, which does not count.
        """
        return {
            label: np.where(self._there[label], front.volumes(self.scale)[-1] / self.volume, np.nan)
            for label, front in self.fronts.items()
        }

    @cached_property
    def _there(self) -> dict[str, NDArray[np.bool_]]:
        """Which runs came to a result, ``(runs,)`` for each label."""
        return {label: np.any(front.history.incumbents >= 0, axis=0) for label, front in self.fronts.items()}

    def curves(self, against: Clock = "evaluations", at: NDArray[np.float64] | None = None) -> dict[str, Curve]:
        """Give the share that is still missing along a clock: hypervolume regret, 1 at first, 0 for ``best``."""
        found = {}
        for label, front in self.fronts.items():
            points, volumes = front.curve(self.scale, against, at)
            found[label] = Curve.of(points, 1 - volumes[self._there[label]] / self.volume)
        return found

    def middle(self, label: str) -> tuple[int, Archs, NDArray[np.float64]]:
        """Give the run whose last front has the median volume, its architectures, ``(n, decisions)``, and values."""
        order = np.argsort(self.shares[label], kind="stable")  # in which NaN is last
        run = int(order[(max(self._there[label].sum(), 1) - 1) // 2])
        return run, *self.fronts[label].front(run)

    def summary(self) -> list[dict[str, Any]]:
        """Give one JSON-able row a search: shares of the hypervolume over runs, and how many are on a front."""
        return [self._row(label) for label in self.fronts]

    def sentence(self) -> str:
        """Say whose fronts have the largest share of the hypervolume."""
        shares = {label: Interval.of_mean(found) for label, found in self.shares.items()}
        best = max(shares, key=lambda label: np.nan_to_num(shares[label].value, nan=-np.inf))
        of = "the exact front" if self.exact else "the front of all searches together"
        runs = int(self._there[best].sum())
        failed = failed_in_words({label: front.history for label, front in self.fronts.items()})
        if not runs:
            return f"No run found anything: there is no front. {failed}"
        said = (
            f"The fronts of {best} have the largest share of the hypervolume of {of} in {' and '.join(self.objectives)}"
        )
        said += f": {shares[best].text(100)} % on average.{no_interval(runs, list(shares.values()))}"
        return " ".join(filter(None, (said, failed)))

    def _card(self) -> Card:
        rows = [
            [label, Interval.of_mean(share).text(100), number(float(quartiles(share[self._there[label]])[1]), 100)]
            for label, share in self.shares.items()
        ]
        return Card(titled(self), [self.sentence()], {}, ["optimizer", "hypervolume %", "median %"], rows)

    def frame(self) -> Any:
        """Give the summary as a ``pandas.DataFrame``, NaN for what is not known."""
        return require("pandas", "report").DataFrame(self.summary()).set_index("optimizer")

    def plot(self) -> Any:
        """Return a ``matplotlib`` figure of each search's share of the hypervolume, which a notebook shows."""
        return reports["trade-offs"](self)

    def _row(self, label: str) -> dict[str, Any]:
        runs, front = np.flatnonzero(self._there[label]), self.fronts[label]
        share = self.shares[label][runs]
        volume = {f"hypervolume{end}": known(x) for end, x in zip(SPREAD, spread(share), strict=True)}
        size = mean_of(np.array([[len(front.members(int(run))) for run in runs]], np.float64))[0]
        lost = front.history.runs - len(runs)
        return {"optimizer": label, "runs": len(runs), "lost": lost, **volume, "front": known(float(size))}


def trade_offs(
    comparison: Comparison,
    benchmark: Benchmark | None = None,
    objectives: Sequence[str] = (),
    *,
    judge: Judge | None = None,
) -> TradeOffs:
    """Hold the fronts of the searches of a comparison against the exact one.

    Args:
        comparison: The searches.
        benchmark: The one that they were played on; None where it is not at hand, and fronts are judged as heard.
            So they are where it really trains: it is asked nothing, for it would train the whole space.
        objectives: Names of costs; those of the searches if not given.
        judge: By what accuracy fronts are judged: ``"mean-validation"`` over repeats, ``"test"``, or as it was heard,
            ``"validation"``; None for the first, or without a benchmark for the last.

    Raises:
        BadSetting: When there is no objective beside accuracy, or the benchmark does not know it, or there is none and
            it would have to be asked.
    """
    if benchmark is not None and benchmark.live is not None:
        benchmark = None
    judge = judge or ("validation" if benchmark is None else "mean-validation")
    fronts = {
        label: Fronts.of(history, benchmark, objectives, judge=judge) for label, history in comparison.histories.items()
    }
    names = next(iter(fronts.values())).objectives
    best = _exact(benchmark, names[1:], judge, next(iter(comparison.histories.values())))
    known = best if best is not None else _together(fronts)
    return TradeOffs(known, best is not None, known.scale(), judge, fronts)


def _exact(benchmark: Benchmark | None, objectives: Sequence[str], judge: Judge, played: History) -> Front | None:
    """Give the exact front; None where not all architectures are known, or accuracies are as they were heard."""
    if benchmark is None or judge == "validation":
        return None
    limits, epochs = played.info.get("limits"), played.info.get("epochs")
    try:
        return exact_front(benchmark, objectives, limits=limits, judge=judge, epochs=epochs)
    except (BadSetting, NotInTable):
        return None


def _together(fronts: dict[str, Fronts]) -> Front:
    """Give the front of everything that was ever on a search's front."""
    found = [(front.history.archs[front.until >= 0], front.values[front.until >= 0]) for front in fronts.values()]
    names = next(iter(fronts.values())).objectives
    return Front.of(names, *(np.concatenate(parts) for parts in zip(*found, strict=True)))
