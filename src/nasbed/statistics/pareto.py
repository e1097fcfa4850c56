"""Pareto fronts: the trade-offs between accuracy and costs that no architecture improves upon.

The first objective is always accuracy, which is to be high; the others are costs, to be kept low. The front of a table
is exact. That of a search is what it believes by what it heard, and, like an incumbent, is judged afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.core.printing import Printed
from nasbed.core.records import Archs
from nasbed.run.history import Clock, History
from nasbed.run.settings import TRAINING_TIME
from nasbed.statistics.summary import points_of
from nasbed.statistics.volume import hypervolume, hypervolumes_along, spans, undominated

Judge = Literal["validation", "mean-validation", "test"]
"""What a front's accuracies are: as the search heard them, means over repeats, or of the test split."""

MARGIN = 0.1
"""How much further than the worst of the front the usual reference is, as a share of its extent: so its ends count."""


@dataclass(frozen=True)
class Scale(Printed):
    """Where hypervolume is measured from and to; the box between has volume 1.

    Attributes:
        ideal: Accuracy and costs that count as 0.
        reference: Accuracy and costs that count as 1; what is as bad or worse in one of them counts for nothing.

    Raises:
        BadSetting: When the reference is not worse than the ideal throughout.
    """

    ideal: tuple[float, ...]
    reference: tuple[float, ...]

    def __post_init__(self) -> None:
        ideal, reference = np.array(self.ideal), np.array(self.reference)
        if ideal.shape != reference.shape or not (_lowered(ideal) < _lowered(reference)).all():
            raise BadSetting(
                f"a reference is less accurate and costs more than the ideal throughout, but {self.reference} "
                f"is not so beside {self.ideal}; give another reference"
            )

    def of(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Put accuracies and costs, ``(…, objectives)``, on the scale: 0 is ideal, 1 the reference, lower is better."""
        ideal, reference = np.array(self.ideal), np.array(self.reference)
        scaled: NDArray[np.float64] = (values - ideal) / (reference - ideal)
        return scaled

    def volume(self, values: NDArray[np.float64]) -> float:
        """Give the hypervolume of accuracies and costs, ``(n, objectives)``, as a share of the box."""
        return hypervolume(self.of(values), np.ones(len(self.ideal)))


@dataclass(frozen=True, eq=False)
class Front(Printed):
    """Every architecture that no other one dominates, the most accurate first.

    Attributes:
        objectives: What values are, ``"accuracy"``, and the names of the costs.
        archs: ``(n, decisions)``.
        values: Accuracy and costs of each, ``(n, objectives)``.
        worst: The worst of each objective among all that it was chosen from, ``(objectives,)``.
        chosen_from: How many architectures those are.
    """

    objectives: tuple[str, ...]
    archs: Archs
    values: NDArray[np.float64]
    worst: NDArray[np.float64]
    chosen_from: int

    @classmethod
    def of(cls, objectives: Sequence[str], archs: Archs, values: NDArray[np.float64]) -> Front:
        """Choose the front from architectures, ``(n, decisions)``, by accuracy and costs, ``(n, objectives)``.

        Raises:
            BadSetting: When none of them has a value for every objective.
        """
        there = np.flatnonzero(~np.isnan(values).any(axis=1))
        if not len(there):
            raise BadSetting(f"no architecture has {', '.join(objectives)}; there is no front")
        lowered = _lowered(values[there])
        order = np.lexsort(lowered.T[::-1])
        chosen = there[order[undominated(np.ascontiguousarray(lowered[order]))]]
        worst = _lowered(lowered.max(axis=0))
        return cls(tuple(objectives), archs[chosen], values[chosen], worst, len(there))

    @property
    def ideal(self) -> NDArray[np.float64]:
        """The best of each objective, ``(objectives,)``."""
        return _lowered(_lowered(self.values).min(axis=0))

    @property
    def nadir(self) -> NDArray[np.float64]:
        """The worst of each objective on the front, ``(objectives,)``."""
        return _lowered(_lowered(self.values).max(axis=0))

    def scale(self, reference: Literal["nadir", "worst"] | Sequence[float] = "nadir", margin: float = MARGIN) -> Scale:
        """Make the scale on which this front's ideal is 0.

        Args:
            reference: ``"nadir"``, the worst on the front; ``"worst"``, the worst of all that it was chosen from; or
                an accuracy and costs. Where all of the front are alike in an objective, its nadir is the worst of all.
            margin: How much further a named reference is moved, as a share of its distance from the ideal.

        Raises:
            BadSetting: When the reference is not worse than the ideal throughout.
        """
        if not isinstance(reference, str):
            return Scale(_plain(self.ideal), tuple(map(float, reference)))
        if reference not in ("nadir", "worst"):
            raise BadSetting(f"a reference is 'nadir', 'worst', or an accuracy and costs, not {reference!r}")
        far = np.where(self.nadir == self.ideal, self.worst, self.nadir) if reference == "nadir" else self.worst
        return Scale(_plain(self.ideal), _plain(far + margin * (far - self.ideal)))

    def volume(self, scale: Scale) -> float:
        """Give its hypervolume: what no search can surpass."""
        return scale.volume(self.values)


def exact_front(
    benchmark: Benchmark,
    objectives: Sequence[str],
    *,
    limits: Mapping[str, float] | None = None,
    judge: Judge = "mean-validation",
    epochs: int | None = None,
) -> Front:
    """Give the front of all architectures of a benchmark's space.

    Args:
        benchmark: Whose answers.
        objectives: Names of costs, as ``search`` takes them: ``["params"]``.
        limits: What costs may be at most, by name; what is over one is left out.
        judge: Mean validation accuracy, or ``"test"``.
        epochs: At which budget; None for the largest.

    Raises:
        BadSetting: When the space does not number its architectures, or a cost is not known.
        NotInTable: When the benchmark lacks some of them.
    """
    space = benchmark.space
    if not space.is_enumerable:
        raise BadSetting(f"the space {space.name} does not number its architectures; an exact front needs all of them")
    archs, allowed = space.enumerate(), dict(limits or {})
    names = (*objectives, *(name for name in allowed if name not in objectives))
    values = worth(benchmark, archs, names, judge=judge, epochs=epochs)
    kept = (values[:, 1:] >= 0).all(axis=1)  # a cost below 0, or NaN, is one that is not supported
    for name, limit in allowed.items():
        kept &= values[:, 1 + names.index(name)] <= limit
    return Front.of((benchmark.measure, *objectives), archs[kept], values[kept, : 1 + len(objectives)])


def worth(
    benchmark: Benchmark,
    archs: Archs,
    objectives: Sequence[str],
    *,
    judge: Judge = "mean-validation",
    epochs: int | None = None,
) -> NDArray[np.float64]:
    """Look accuracy and costs up, ``(n, decisions)`` → ``(n, 1 + objectives)``; see ``exact_front``."""
    told = benchmark.query(archs, epochs)
    accuracy = benchmark.test(archs, epochs) if judge == "test" else told.value
    known = {name: told.seconds if name == TRAINING_TIME else benchmark.cost(name, archs) for name in objectives}
    return np.stack([accuracy, *known.values()], axis=1)


@dataclass(frozen=True, eq=False)
class Fronts(Printed):
    """The fronts of all runs of a search, after each of their steps.

    What fails, is over a limit, or was trained for fewer epochs than the most that the search asked for, does not
    count.

    Attributes:
        history: The search.
        objectives: What values are, ``"accuracy"``, and the names of the costs.
        values: Accuracy and costs by which they are judged, ``(steps, runs, objectives)``; NaN for what never was on
            a front.
        until: From which step on each entry is off its run's front again: the number of steps for what stays, −1 for
            what never was on it; ``(steps, runs)``.
    """

    history: History
    objectives: tuple[str, ...]
    values: NDArray[np.float64]
    until: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        history: History,
        benchmark: Benchmark | None,
        objectives: Sequence[str] = (),
        *,
        judge: Judge = "mean-validation",
    ) -> Fronts:
        """Follow the fronts of a search.

        Args:
            history: The search. It need not have been told of the costs: what it would have heard is looked up.
            benchmark: Whose answers; it judges at the epochs of the study. None if what the search heard is enough.
            objectives: Names of costs; those of the search if not given.
            judge: By what accuracy; a front is chosen by what the search heard all the same.

        Raises:
            BadSetting: When there is no objective beside accuracy, or the benchmark does not know it, or there is none
                and it would have to be asked.
        """
        names = tuple(objectives) or history.objectives
        if not names:
            raise BadSetting("a front needs costs beside accuracy: give objectives, such as ['params']")
        if judge not in get_args(Judge):
            raise BadSetting(f"a judge is one of {', '.join(get_args(Judge))}, not {judge!r}")
        heard = np.stack([history.value, *(_heard(history, benchmark, name) for name in names)], axis=2)
        counts = history.tried & ~np.isnan(heard).any(axis=2)
        if history.excess is not None:
            counts &= history.excess <= 0
        if history.fidelity is not None:
            counts &= history.fidelity == history.fidelity[history.tried].max(initial=0)
        until = spans(_lowered(heard), counts)
        values, (steps, runs) = np.full(heard.shape, np.nan), np.nonzero(until >= 0)
        values[steps, runs] = heard[steps, runs]
        if judge != "validation" and benchmark is None:
            raise BadSetting(f"fronts are judged by {judge} with the benchmark at hand; give it, or judge='validation'")
        if benchmark is not None and judge != "validation" and len(steps):
            archs = history.archs[steps, runs]
            values[steps, runs] = worth(benchmark, archs, names, judge=judge, epochs=history.info.get("epochs"))
        return cls(history, (history.measure, *names), values, until)

    def members(self, run: int, step: int | None = None) -> NDArray[np.int64]:
        """Give the steps whose architectures are the front of a run after a step; None for its last."""
        last = len(self.until) - 1 if step is None else step
        return np.flatnonzero(self.until[: last + 1, run] > last)

    def front(self, run: int, step: int | None = None) -> tuple[Archs, NDArray[np.float64]]:
        """Give the architectures, ``(n, decisions)``, and values, ``(n, objectives)``, of a front, the best first."""
        members = self.members(run, step)
        members = members[np.argsort(-self.values[members, run, 0], kind="stable")]
        return self.history.archs[members, run], self.values[members, run]

    def volumes(self, scale: Scale) -> NDArray[np.float64]:
        """Give the hypervolume of each run's front after each of its steps, ``(steps, runs)``."""
        return hypervolumes_along(self.until, scale.of(self.values), np.ones(len(scale.ideal)))

    def curve(
        self, scale: Scale, against: Clock = "evaluations", at: NDArray[np.float64] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the hypervolume at points of a clock: ``(points,)`` and ``(runs, points)``; 0 before the first.

        Args:
            scale: From where to where.
            against: Which clock.
            at: Points of the clock; None for every count, or 200 steps of time, up to ``summary.horizon``.
        """
        points = points_of(self.history, against) if at is None else np.asarray(at, np.float64)
        return points, np.nan_to_num(self.history.at(points, against, self.volumes(scale)))


def _heard(history: History, benchmark: Benchmark | None, name: str) -> NDArray[np.float64]:
    """Give a cost as the search heard it, or would have, ``(steps, runs)``; NaN where nothing was tried."""
    if history.costs is not None and name in history.objectives:
        return history.costs[:, :, history.objectives.index(name)]
    if name == TRAINING_TIME:
        return history.seconds
    if benchmark is None:
        raise BadSetting(f"the search was not told of {name}; give the benchmark, which knows it")
    costs = np.full(history.value.shape, np.nan)
    costs[history.tried] = benchmark.cost(name, history.archs[history.tried])
    return costs


def _lowered(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn the sign of accuracies, ``(…, objectives)``, so that lower is better throughout; and back."""
    return np.concatenate([-values[..., :1], values[..., 1:]], axis=-1)


def _plain(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(values.tolist())
