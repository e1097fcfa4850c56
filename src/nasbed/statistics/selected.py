"""Selected: what each run's last incumbent is worth, by search and by benchmark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.printing import Printed
from nasbed.run.history import Metric
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.statistic import Quantity, Statistic
from nasbed.statistics.summary import failed_in_words

Comparisons = Comparison | Sequence[Comparison]
"""One comparison, or several that play the same searches on different benchmarks."""

_Given = ParamSpec("_Given")
_Found = TypeVar("_Found", bound=Statistic)


@dataclass(frozen=True, eq=False)
class Selected(Printed):
    """What the runs of the same searches ended with, on one benchmark or several.

    Attributes:
        labels: The searches.
        blocks: For each benchmark ``(labels, runs)``: run k of every search in column k. NaN where a run found nothing.
        played: How many runs each search had, on all benchmarks.
        quantity: What was read.
    """

    labels: tuple[str, ...]
    blocks: dict[str, NDArray[np.float64]]
    played: int
    quantity: Quantity

    @property
    def worth(self) -> dict[str, NDArray[np.float64]]:
        """The same turned so that higher is better."""
        return {name: -block if self.quantity.is_regret else block for name, block in self.blocks.items()}

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
    def named(*given: _Given.args, **more: _Given.kwargs) -> _Found:
        comparisons: Any = given[0] if given else more[first]
        found = find(*given, **more)
        every = [comparisons] if isinstance(comparisons, Comparison) else list(comparisons)
        said = {one.benchmark: failed_in_words(one.histories) for one in every}
        parts = [f"{name}: {text}" if len(every) > 1 else text for name, text in said.items() if text]
        return replace(found, failed=" ".join(parts))

    return named


def together(comparisons: Comparisons) -> list[Comparison]:
    """Give the comparisons as a list.

    Raises:
        BadSetting: When there is none, or two are of one benchmark.
    """
    found = [comparisons] if isinstance(comparisons, Comparison) else list(comparisons)
    names = [comparison.benchmark for comparison in found]
    if not found:
        raise BadSetting("there is no comparison; give one, or several of the same searches on different benchmarks")
    if len(set(names)) < len(names):
        raise BadSetting(f"comparisons of one benchmark cannot be taken together: {', '.join(names)}")
    return found


def selected(comparisons: Comparisons, metric: Metric | None = None) -> Selected:
    """Read what each run's last incumbent is worth.

    Args:
        comparisons: One or several; of several, the searches that all of them have.
        metric: What to read; None for the test accuracy where all know it, else the validation accuracy.

    Raises:
        BadSetting: When the comparisons have no search in common, or do not mean the same by their values.
    """
    found = together(comparisons)
    judged = metric or ("test" if all(one.metric == "test" for one in found) else "validation")
    if judged not in get_args(Metric):
        raise BadSetting(f"a metric is one of {', '.join(get_args(Metric))}, not {judged!r}")
    labels = tuple(label for label in found[0].histories if all(label in one.histories for one in found))
    if not labels:
        raise BadSetting("the comparisons have no search in common; give searches the same labels on every benchmark")
    if len({one.quantity(judged) for one in found}) > 1:
        raise BadSetting(
            f"the comparisons do not mean the same by {judged}: {', '.join(o.words(judged) for o in found)}"
        )
    finals = {one.benchmark: one.final(judged) for one in found}
    blocks = {name: np.stack([final[label] for label in labels]) for name, final in finals.items()}
    return Selected(labels, blocks, sum(one.runs for one in found), found[0].quantity(judged))


def regret_metric(comparison: Comparison) -> Metric | None:
    """Give the regret that searches are judged by: of the test accuracy where that is known, else of the validation.

    None where nobody knows the optimum.
    """
    validation, test = comparison.optimum
    if comparison.metric == "test" and not np.isnan(test):
        return "test-regret"
    return None if np.isnan(validation) else "validation-regret"
