"""Selected: what each run's last incumbent is worth, by search and by benchmark.

Of several benchmarks, whose accuracies have different scales, it is the normalised regret wherever that is known.

Run k of a search depends on its seed and on k alone. On two data sets of one space, run k of one seed tries the same
architectures as long as it is told alike, so that a lucky run is lucky on both: statistics that took the two for
independent would find differences between identical methods in a fifth to a half of all cases, where they say 5 %. So
runs that share their random streams over benchmarks are kept together: a run on all of them is one observation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from inspect import signature
from itertools import combinations
from typing import Any, Literal, NamedTuple, ParamSpec, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.printing import Printed
from nasbed.core.space import Space
from nasbed.core.spelling import named, spelled
from nasbed.run.history import Metric
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.statistic import Quantity, Statistic
from nasbed.statistics.summary import failed_in_words

Comparisons = Comparison | Sequence[Comparison]
"""One comparison, or several that play the same searches on different benchmarks."""

NORMALISED = "normalised-regret"
Judged = Metric | Literal["normalised-regret"]
"""What runs are judged by; see ``statistics.normalised``."""

_WORDS: dict[Metric, str] = {
    "test-regret": "normalised test regret",
    "validation-regret": "normalised validation regret",
}
_Given = ParamSpec("_Given")
_Found = TypeVar("_Found", bound=Statistic)


_ADVICE = "play each benchmark under a seed of its own, such as seed=1, seed=2, …, or all as one study, which does so"
"""How each benchmark gets its own streams."""


@dataclass(frozen=True, eq=False)
class Selected(Printed):
    """What the runs of the same searches ended with, on one benchmark or several.

    Attributes:
        labels: The searches.
        blocks: For each benchmark ``(labels, runs)``: run k of every search in column k. NaN where a run found nothing.
        played: How many runs each search had, on all benchmarks.
        quantity: What was read.
        shared: The seeds of random streams that runs on different benchmarks have in common; empty where they are
            independent.
    """

    labels: tuple[str, ...]
    blocks: dict[str, NDArray[np.float64]]
    played: int
    quantity: Quantity
    shared: tuple[int, ...] = ()

    @property
    def worth(self) -> dict[str, NDArray[np.float64]]:
        """The same turned so that higher is better."""
        return {name: -block if self.quantity.is_regret else block for name, block in self.blocks.items()}

    def strata(self, label: int) -> list[NDArray[np.float64]]:
        """Return the runs of a search that are resampled each by itself: ``(runs,)`` of each benchmark.

        Where streams are shared it is one stratum, ``(benchmarks, runs)``, whose runs are drawn on all benchmarks.
        """
        found = [block[label] for block in self.blocks.values()]
        return [np.stack(found)] if self.shared else found

    @property
    def words(self) -> str:
        """What was read in words, and how it was put together where streams are shared."""
        if not self.shared:
            return self.quantity.words
        return f"{self.quantity.words} (mean over {len(self.blocks)} benchmarks, whose runs share their random streams)"

    @property
    def alone(self) -> NDArray[np.float64]:
        """What runs are worth on the one benchmark that there is, ``(labels, runs)``, higher is better.

        Raises:
            BadSetting: When there are several, whose numbers are of different sizes.
        """
        if len(self.blocks) > 1:
            raise BadSetting(f"give one comparison, not those of {self.where}: this is in the points of one benchmark")
        return next(iter(self.worth.values()))

    @property
    def where(self) -> str:
        """The benchmarks, in words."""
        return ", ".join(self.blocks)

    @property
    def found(self) -> tuple[int, ...]:
        """How many runs of each search found something, on all benchmarks."""
        there = np.sum([(~np.isnan(block)).sum(axis=1) for block in self.blocks.values()], axis=0)
        return tuple(int(n) for n in there)

    @property
    def nothing_found(self) -> str:
        """Why there is nothing to compare where no run has what was asked for."""
        what = f"{self.quantity.words} on {self.where}"
        return f"No run of {', '.join(self.labels)} has a {what}: there is nothing to compare."


def naming_failed_runs(find: Callable[_Given, _Found]) -> Callable[_Given, _Found]:
    """Let a function that finds a statistic of comparisons, its first argument, name the runs that came to nothing."""
    first = next(iter(signature(find).parameters))

    @wraps(find)
    def naming(*given: _Given.args, **more: _Given.kwargs) -> _Found:
        comparisons: Any = given[0] if given else more[first]
        found = find(*given, **more)
        every = [comparisons] if isinstance(comparisons, Comparison) else named_apart(list(comparisons))
        said = {one.benchmark: failed_in_words(one.histories) for one in every}
        parts = [f"{name}: {text}" if len(every) > 1 else text for name, text in said.items() if text]
        return replace(found, failed=" ".join(parts))

    return naming


def together(comparisons: Comparisons) -> list[Comparison]:
    """Give the comparisons as a list.

    Raises:
        BadSetting: When there is none, or two are of one benchmark, as far as their histories say.
    """
    found = [comparisons] if isinstance(comparisons, Comparison) else named_apart(list(comparisons))
    names = [comparison.benchmark for comparison in found]
    if not found:
        raise BadSetting("there is no comparison; give one, or several of the same searches on different benchmarks")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise BadSetting(
            f"comparisons of one benchmark cannot be taken together: {', '.join(names)}. If they are of several that "
            f"were called alike, name each in its histories: "
            f'history.info["benchmark"]["name"] = "{named(twice)[0]}:data=…"'
        )
    return found


def named_apart(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Name comparisons by their data sets where they are called alike and their histories say which.

    Before data sets were part of a benchmark's name, those of a table had one name.
    """
    names = [one.benchmark for one in comparisons]
    stems = [named(name)[0] for name in names]
    alike = [name == stem and stems.count(stem) > 1 for name, stem in zip(names, stems, strict=True)]
    return [_named_by_data(one) if ambiguous else one for one, ambiguous in zip(comparisons, alike, strict=True)]


def _named_by_data(comparison: Comparison) -> Comparison:
    about: dict[str, Any] = next(iter(comparison.histories.values())).info["benchmark"]
    if not about.get("data"):
        return comparison
    name = spelled(comparison.benchmark, {"data": about["data"]})
    histories = {
        label: replace(one, info={**one.info, "benchmark": {**one.info["benchmark"], "name": name}})
        for label, one in comparison.histories.items()
    }
    return replace(comparison, histories=histories)


def selected(comparisons: Comparisons, metric: Judged | None = None) -> Selected:
    """Read what each run's last incumbent is worth.

    Args:
        comparisons: One or several; of several, the searches that all of them have.
        metric: What to read. None for the normalised regret of several comparisons where all know it; else for the test
            accuracy where all know it, else the validation accuracy.

    Raises:
        BadSetting: When the comparisons have no search in common, or do not mean the same by their values, when nobody
            knows the normalised regret that is asked for, or when different runs share random streams.
    """
    found = together(comparisons)
    labels = tuple(label for label in found[0].histories if all(label in one.histories for one in found))
    if not labels:
        raise BadSetting("the comparisons have no search in common; give searches the same labels on every benchmark")
    shared, played = shared_seeds(found), sum(one.runs for one in found)
    if metric == NORMALISED or (metric is None and len(found) > 1):
        regret = _normalised(found)
        if regret is not None:
            blocks = {one.benchmark: np.stack([_scaled(one, regret)[label] for label in labels]) for one in found}
            return Selected(labels, blocks, played, Quantity(regret, _in_words(found, regret), 1.0), shared)
        if metric is not None:
            raise BadSetting(
                "normalised regret needs the best that there is, and what random search of the same budget ends with: "
                "put random among the searches, or attach the benchmark to their histories"
            )
    judged: Any = metric or accuracy_of(found)
    if judged not in get_args(Metric):
        raise BadSetting(f"a metric is one of {', '.join((*get_args(Metric), NORMALISED))}, not {judged!r}")
    if len({one.quantity(judged) for one in found}) > 1:
        raise BadSetting(
            f"the comparisons do not mean the same by {judged}: {', '.join(o.words(judged) for o in found)}"
        )
    finals = {one.benchmark: one.final(judged) for one in found}
    blocks = {name: np.stack([final[label] for label in labels]) for name, final in finals.items()}
    return Selected(labels, blocks, played, found[0].quantity(judged), shared)


def accuracy_of(comparisons: Sequence[Comparison]) -> Metric:
    """Give the accuracy that searches are judged by: of the test where all know it, else of the validation."""
    return "test" if all(one.metric == "test" for one in comparisons) else "validation"


def _normalised(comparisons: Sequence[Comparison]) -> Metric | None:
    """Give the regret that all know, and know the scale of; None where there is none."""
    regrets = {regret_metric(one) for one in comparisons}
    if len(regrets) > 1 or None in regrets or not all(_scale(one) > 0 for one in comparisons):
        return None
    return regrets.pop()


def _scale(comparison: Comparison) -> float:
    """Give by how much the best there is is better than what random search ends with; NaN where nobody knows."""
    return comparison.optimum[comparison.metric == "test"] - comparison.normaliser


def _scaled(comparison: Comparison, regret: Metric) -> dict[str, NDArray[np.float64]]:
    return {label: values / _scale(comparison) for label, values in comparison.final(regret).items()}


def _in_words(comparisons: Sequence[Comparison], regret: Metric) -> str:
    studied = sorted({one.studied for one in comparisons} - {""})
    return _WORDS[regret] + (f", {', '.join(studied)} differing" if studied else "")


def regret_metric(comparison: Comparison) -> Metric | None:
    """Give the regret that searches are judged by: of the test accuracy where that is known, else of the validation.

    None where nobody knows the optimum.
    """
    validation, test = comparison.optimum
    if comparison.metric == "test" and not np.isnan(test):
        return "test-regret"
    return None if np.isnan(validation) else "validation-regret"


class _Streams(NamedTuple):
    """The runs of one seed on one benchmark."""

    seed: int
    first: int
    runs: int
    space: Space


def shared_seeds(comparisons: Sequence[Comparison]) -> tuple[int, ...]:
    """Return the seeds of which the same runs were played on several benchmarks of one space, ascending.

    Raises:
        BadSetting: When there are some, but not the same runs on each benchmark, which cannot be resampled together.
    """
    streams = [list(_streams(comparison)) for comparison in comparisons]
    pairs = [(a, b) for one, other in combinations(streams, 2) for a in one for b in other if _overlap(a, b)]
    seeds = tuple(sorted({a.seed for a, _ in pairs}))
    played = {(a.first, a.runs) for some in streams for a in some}
    if pairs and len(played) > 1:
        said = ", ".join(f"{first} to {first + runs - 1}" for first, runs in sorted(played))
        raise BadSetting(
            f"benchmarks share their random streams (seed {_listed(seeds)}), but were not played by the same runs: "
            f"{said}; play the same on each, or {_ADVICE}"
        )
    return seeds


def no_test(seeds: Sequence[int]) -> str:
    """Say that benchmarks are no independent blocks of a test, and how they would be."""
    return (
        f"The runs on these benchmarks share their random streams (seed {_listed(seeds)}): luck on one is luck on all, "
        f"so that benchmarks are not independent, and there is no test over them. For one, {_ADVICE}."
    )


def _listed(seeds: Sequence[int]) -> str:
    """Write seeds for people."""
    return ", ".join(map(str, seeds))


def _streams(comparison: Comparison) -> Iterator[_Streams]:
    for history in comparison.histories.values():
        seed = history.info.get("seed")
        if seed is not None:
            yield _Streams(int(seed), int(history.info.get("first_run") or 0), history.runs, history.space.whole)


def _overlap(one: _Streams, other: _Streams) -> bool:
    apart = one.first >= other.first + other.runs or other.first >= one.first + one.runs
    return one.seed == other.seed and not apart and one.space == other.space
