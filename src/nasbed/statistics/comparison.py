"""Comparison: several searches on one benchmark, with the statistics that turn runs into claims."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.optimizer import Optimizer
from nasbed.core.printing import Card, Printed
from nasbed.core.registry import benchmarks, reports
from nasbed.core.registry import optimizers as registered
from nasbed.optimizers.random import RandomSearch
from nasbed.run.history import Clock, History, Metric
from nasbed.run.search import door, judged, search
from nasbed.run.settings import SearchSettings
from nasbed.run.watching import Progress
from nasbed.statistics.likeness import Differences, check_alike, in_words, said_of, unlike
from nasbed.statistics.means import mean_with_ends
from nasbed.statistics.normalised import random_mean
from nasbed.statistics.random_search import RandomReference, RecordedReference, expected_along, random_reference
from nasbed.statistics.separation import Separation
from nasbed.statistics.statistic import Quantity, known, metric_words
from nasbed.statistics.summary import SPREAD, Curve, curve, failed_in_words, spread, unequal_evaluations

_AS_GOOD = 1e-12  # two means of the same accuracies may differ by rounding


@dataclass(frozen=True, eq=False)
class Comparison(Printed):
    """Several searches on one benchmark.

    Attributes:
        histories: What each search did, by its label.
        reference: What random search is expected to reach, where that is asked and known; else None.
        command: What was typed to make it, if anything was.
        again: The same under another seed, where that was played; see ``nasbed.statistics.fresh_seed``.
        differing: What is studied beside the optimizers: settings in which searches may differ, such as ``{"epochs"}``.
        random_mean: What random search of the same budget ends with on average; None to find that out when asked.

    Raises:
        BadSetting: When there is no history, or they differ in benchmark, data, runs, or in what is not studied.
        UnknownName: When there is nothing of the kind in which searches may differ.
    """

    histories: dict[str, History]
    reference: RandomReference | RecordedReference | None = None
    command: str | None = None
    again: Comparison | None = None
    differing: Collection[str] = ()
    random_mean: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be compared like with like, run by run."""
        if not self.histories:
            raise BadSetting("there is nothing to compare; give the history of one search or more, by label")
        names = [self.differing] if isinstance(self.differing, str) else self.differing
        object.__setattr__(self, "differing", frozenset(names))
        check_alike(self.histories, self.differing)

    @cached_property
    def differences(self) -> Differences:
        """In what searches differ beside the optimizer, which is what is studied."""
        return unlike(self.histories)

    @property
    def studied(self) -> str:
        """The same in words, ``epochs and workers``; empty where they differ in nothing else."""
        return " and ".join(map(in_words, self.differences))

    @property
    def benchmark(self) -> str:
        """The benchmark's name."""
        return str(self._any.info["benchmark"]["name"])

    @property
    def runs(self) -> int:
        """How many runs each search had."""
        return self._any.runs

    @property
    def runs_in_words(self) -> str:
        """The same in words: ``500 runs``."""
        return f"{self.runs:,} run{'s' if self.runs > 1 else ''}"

    @property
    def optimum(self) -> tuple[float, float]:
        """The best mean validation and the best mean test accuracy that there are; NaN where nobody knows."""
        return self._any.optimum

    @cached_property
    def clock(self) -> Clock:
        """The clock on which all searches had the same budget; epochs, where as many evaluations are not as long."""
        budget = self._any.info.get("budget") or {}
        limited: list[Clock] = [clock for clock in get_args(Clock) if budget.get(clock) is not None]
        return "epochs" if unequal_evaluations(self.histories) else limited[0] if limited else "evaluations"

    @property
    def warnings(self) -> list[str]:
        """What one should know before citing these numbers: of the benchmark, and in what searches differ."""
        said = dict.fromkeys(warning for history in self.histories.values() for warning in history.warnings)
        differ = [f"searches differ in {in_words(name)}: {said_of(of)}" for name, of in self.differences.items()]
        return [*said, *differ, *unequal_evaluations(self.histories)]

    @property
    def caution(self) -> str | None:
        """What every figure should say of the benchmark, such as that it has test accuracies alone."""
        said: str | None = self._any.info.get("benchmark", {}).get("caution")
        return said

    @property
    def split(self) -> str:
        """Which split searches were told of: ``"validation"``, or ``"test"`` where the benchmark has no other."""
        return self._any.split

    def factor(self, metric: Metric) -> float:
        """Give what a metric is multiplied with to be shown: 100 for accuracies, as percent, 1 for what is none."""
        return 100.0 if self._any.measure_of(metric) == "accuracy" else 1.0

    @property
    def comparable(self) -> bool:
        """Whether validation and test values are of one kind, so that their difference means something."""
        return self._any.measure == self._any.tested

    def words(self, metric: Metric) -> str:
        """Give what a metric is called in sentences, and in what else searches differ."""
        return self._words(metric) + (f", {self.studied} differing" if self.differences else "")

    def _words(self, metric: Metric) -> str:
        return metric_words(metric, self.split, self._any.measure_of(metric), self.comparable)

    def quantity(self, metric: Metric) -> Quantity:
        """Give what a metric is, and how its numbers are shown."""
        return Quantity(metric, self.words(metric), self.factor(metric), self._words(metric))

    @cached_property
    def normaliser(self) -> float:
        """What random search of the budget ends with on average, by what searches are judged by; NaN if unknown.

        Searches that differ in what is studied have no one such number. See ``normalised.random_mean``.
        """
        if self.differences:
            return float("nan")
        if self.random_mean is not None:
            return self.random_mean
        return random_mean(self.histories, self.reference, "test" if self.metric == "test" else "mean-validation")

    @property
    def _any(self) -> History:
        return next(iter(self.histories.values()))

    @cached_property
    def metric(self) -> Metric:
        """What searches are judged by: the test accuracy of the incumbent, or where nobody knows it, the validation."""
        known = any(not np.isnan(history.metric("test")[-1]).all() for history in self.histories.values())
        return "test" if known else "validation"

    def final(self, metric: Metric) -> dict[str, NDArray[np.float64]]:
        """Give what each run's last incumbent is worth, ``(runs,)`` for each label; NaN where there is none."""
        return {label: history.metric(metric)[-1] for label, history in self.histories.items()}

    def curves(
        self, metric: Metric = "validation", against: Clock = "evaluations", at: NDArray[np.float64] | None = None
    ) -> dict[str, Curve]:
        """Give the incumbents' metric along a clock: mean, its 95 % band, quartiles. See ``summary.Curve``."""
        return {label: curve(history, metric, against, at) for label, history in self.histories.items()}

    def expected(
        self, metric: Metric, at: NDArray[np.float64], against: Clock = "evaluations"
    ) -> NDArray[np.float64] | None:
        """Give the course of random search along a clock, for those metrics and clocks that have one; else None.

        It is exact along evaluations and epochs; see ``random_search`` for seconds.
        """
        if self.reference is None or metric not in ("validation", "test", "test-regret"):
            return None
        if against == "seconds" and any(history.ended is not None for history in self.histories.values()):
            return None  # several workers spend them at once
        course = expected_along(self.reference, "validation" if metric == "validation" else "test", at, against)
        return course if course is None or metric != "test-regret" else self.optimum[1] - course

    def separated(self, metric: Metric | None = None) -> Separation:
        """Say which searches are told apart by how good their last incumbents are.

        Args:
            metric: An accuracy, not a regret; None for the test accuracy where it is known.
        """
        metric = metric or self.metric
        if metric not in ("validation", "mean-validation", "test"):
            raise BadSetting(f"searches are told apart by validation, mean-validation or test accuracy, not {metric!r}")
        what = self.quantity(metric)
        found = Separation.of(self.final(metric), f"final {what.words}", what.factor, what.difference_unit)
        return replace(found, failed=failed_in_words(self.histories))

    def summary(self) -> list[dict[str, Any]]:
        """Give one JSON-able row a search; accuracies in [0, 1], times in seconds, None for what is not known.

        ``evaluations``, ``unique_evaluations``, ``epochs`` and ``seconds`` are what a run spent on average,
        ``validation`` what the search heard of its last incumbent, ``mean_validation`` and ``test`` means over that
        incumbent's repeats, ``test_regret`` with the 95 % interval of its mean and its quartiles over runs, and
        ``optimum_found`` the share of runs whose last incumbent has the best mean validation accuracy there is.
        """
        return [_row(label, history) for label, history in self.histories.items()]

    def _card(self) -> Card:
        headers, rows = reports["summary"](self)
        shown = [i for i, header in enumerate(headers) if header not in ("runs", "unique") and "(mean)" not in header]
        title = f"Comparison of {len(rows)} searches on {self.benchmark}, {self.runs_in_words}"
        title += f", {self.studied} differing" if self.differences else ""
        cells = [[row[i] for i in shown] for row in (headers, *rows)]
        return Card(title, [reports["headline"](self), *self.warnings], {}, cells[0], cells[1:])

    def plot(self, metric: Metric | None = None, against: Clock | None = None) -> Any:
        """Return a ``matplotlib`` figure of how the searches went, with 95 % bands, which a notebook shows.

        Args:
            metric: Which; None for the regret in test accuracy, or else what is known.
            against: Which clock; None for that of the budget.
        """
        return reports["course"](self, metric, against)

    def frame(self) -> Any:
        """Give the summary as a ``pandas.DataFrame``, NaN for what is not known."""
        frame = require("pandas", "report").DataFrame(self.summary()).set_index("optimizer")
        return frame.astype({name: float for name in frame.columns if name != "runs"})

    def save(self, folder: str | Path, forms: Sequence[str] = ("png", "svg")) -> list[Path]:
        """Write figures, tables, histories and what was run into a folder, and give the files' paths.

        Figures as PNG and SVG or what else is asked for, the summary as CSV, Markdown and LaTeX, each of the statistics
        as a figure and the same kinds of tables in ``statistics``, ``comparison.json`` with settings, seeds, versions,
        the table's checksum and warnings, each history as Parquet. Earlier ones are replaced.

        Args:
            folder: Where to.
            forms: Of the figures: ``"png"``, ``"svg"``, ``"pdf"``.
        """
        written: list[Path] = reports["comparison"](self, Path(folder), forms)
        return written

    def report(
        self,
        path: str | Path,
        title: str | None = None,
        answers: Benchmark | None = None,
        author: str | None = None,
        notes: str | None = None,
    ) -> Path:
        """Write one HTML file that holds everything and needs nothing: see ``nasbed.report.page``.

        Args:
            path: Of the file; an earlier one is replaced once the new one is whole.
            title: Of the page; None to name the benchmark.
            answers: The benchmark itself, if it is at hand; it knows exact fronts and other repeats.
            author: Named below the title.
            notes: A text below the title; an empty line parts paragraphs.
        """
        written: Path = reports["page"](self, path, title, () if answers is None else (answers,), author, notes)
        return written


def compare(
    optimizers: Sequence[str | Optimizer] | Mapping[str, str | Optimizer],
    benchmark: str | Benchmark,
    settings: SearchSettings,
    *followers: Progress,
) -> Comparison:
    """Play several optimizers on one benchmark, all under the same budget and rules.

    Args:
        optimizers: Registered names or optimizers; a mapping gives them labels.
        benchmark: A benchmark, or a registered name.
        settings: Of each search; run k of every optimizer has the same random stream.
        *followers: Called now and then with how the search stands that is played, by its label, and the share of all.

    Raises:
        BadSetting: When there is no optimizer, or two have the same label.
    """
    answers: Benchmark = benchmark if isinstance(benchmark, Benchmark) else benchmarks.read(str(benchmark))
    methods = _labelled(optimizers)
    for method in methods.values():
        door(method, answers, settings)
    is_expected = any(isinstance(method, RandomSearch) and method.replacement for method in methods.values())
    known = settings.duplicates == "pay" and is_expected
    reference = random_reference(answers, settings.epochs, settings.repeats) if known else None
    histories = {
        label: search(method, answers, settings, *(_as_one_of(each, label, i, len(methods)) for each in followers))
        for i, (label, method) in enumerate(methods.items())
    }
    return Comparison(judged(histories, answers), reference)


def _as_one_of(follower: Progress, label: str, done: int, total: int) -> Progress:
    """Tell a follower of all searches how one of them stands."""
    return lambda status: follower(replace(status, search=label, share=(done + status.share) / total))


def _labelled(optimizers: Sequence[str | Optimizer] | Mapping[str, str | Optimizer]) -> dict[str, Optimizer]:
    """Make the optimizers and give each its label: its name, its class with what is not default, or the mapping's."""
    if isinstance(optimizers, (str, Optimizer)):
        optimizers = [optimizers]
    named = (
        list(optimizers.items())
        if isinstance(optimizers, Mapping)
        else [(_label(given) if isinstance(given, Optimizer) else str(given), given) for given in optimizers]
    )
    if not named:
        raise BadSetting("there is nothing to compare; give optimizers, such as ['random', 'regularized-evolution']")
    for label, count in Counter(label for label, _ in named).items():
        if count > 1:
            raise BadSetting(f"two searches are called {label!r}; give a mapping from labels of your own to optimizers")
    return {label: given if isinstance(given, Optimizer) else registered.read(given) for label, given in named}


def _label(optimizer: Optimizer) -> str:
    """Name an optimizer by its class and those settings that are not its defaults."""
    kind, settings, parameters = type(optimizer), optimizer.settings(), inspect.signature(type(optimizer)).parameters
    needed = {name: value for name, value in settings.items() if parameters[name].default is inspect.Parameter.empty}
    usual = kind(**needed).settings()  # which has numbers where a default is none, and follows from the others
    own = [f"{name}={value}" for name, value in settings.items() if name in needed or value != usual[name]]
    return kind.__name__ + (f"({', '.join(own)})" if own else "")


def _row(label: str, history: History) -> dict[str, Any]:
    """Summarise one search; see ``Comparison.summary``."""
    found = ~np.isnan(history.metric("validation")[-1])
    last = {metric: history.metric(metric)[-1][found] for metric in get_args(Metric)}
    optimal = last["validation-regret"] <= _AS_GOOD
    row = {
        "evaluations": history.clock("evaluations")[-1].mean(),
        "unique_evaluations": history.clock("unique")[-1].mean(),
        "epochs": history.clock("epochs")[-1].mean(),
        "seconds": history.clock("seconds")[-1].mean(),
        "validation": mean_with_ends(last["validation"])[0],
        "mean_validation": mean_with_ends(last["mean-validation"])[0],
        "test": mean_with_ends(last["test"])[0],
        **{f"test_regret{end}": x for end, x in zip(SPREAD, spread(last["test-regret"]), strict=True)},
        "optimum_found": np.nan if np.isnan(history.optimum[0]) else optimal.sum() / history.runs,
    }
    return {"optimizer": label, "runs": history.runs, **{name: known(value) for name, value in row.items()}}
