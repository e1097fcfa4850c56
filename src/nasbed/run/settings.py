"""Settings: under which a search is played, spelled once for Python, commands and studies."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from nasbed.core.bounds import Chance, Count, Natural, Positive, check_settings
from nasbed.core.errors import BadSetting, UnknownName
from nasbed.core.meaning import Configured

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nasbed.core.benchmark import Benchmark
    from nasbed.core.rng import Streams

Duplicates = Literal["pay", "free", "skip"]
Repeats = Literal["draw", "mean"]
Scheduling = Literal["asynchronous", "synchronous"]
Absent = Literal["hide", "refuse"]
Overdraw = Literal["count", "drop"]

CLOCKS = ("evaluations", "epochs", "seconds", "total_seconds")
"""What budgets limit, as a history calls it."""

TRAINING_TIME = "seconds"
"""The objective that a training itself tells; all others are known without one."""


@dataclass(frozen=True, kw_only=True)
class SearchSettings(Configured):
    """Under which settings a search is played.

    A run stops at whichever of its budgets it reaches first. The evaluation that goes beyond it is finished and
    counted, so that a run can overdraw seconds and epochs by one evaluation of each worker; ``overdraw`` may drop it.

    Attributes:
        evaluations: Budget of a run: trained architectures.
        total_epochs: Budget of a run: epochs, all evaluations together.
        seconds: Budget of a run: time on its clock, simulated or, where networks are really trained, the wall's.
        total_seconds: Budget of a run: simulated training time, of all its workers together.
        epochs: Training of each evaluation whose trial names none; the benchmark's longest if not given.
        duplicates: What an architecture costs that a run has paid for before, at the same epochs: pay trains and
            charges it again, free repeats the known answer at no cost, skip drops it.
        repeats: What is told of a table's repeats: draw one for each evaluation, or their mean.
        workers: Trainings at a time: of each run, on simulated time, or really side by side. If not given, 1 on
            simulated time and for one run, else what the executor likes.
        scheduling: Whether a simulated worker that is done takes the next trial at once, asynchronous, or waits until
            all are done, synchronous.
        failures: How likely a simulated training fails, from 0 to 1, after a part of its time that is drawn evenly.
        objectives: Costs to be kept low beside accuracy: seconds of training, or what the benchmark knows, such as
            params.
        limits: What costs may be at most, by name. What is known before training refuses a proposal at no cost; what is
            over is never an incumbent.
        absent: What becomes of architectures that a table lacks: hide searches those that it has, as a space; refuse
            the whole space, where what it lacks is not available, at no cost.
        overdraw: What becomes of an evaluation that ends beyond a budget of seconds or epochs: count finishes it, and a
            run may choose it; drop ends the run within its budget, as if the evaluation had never begun.
        patience: A run ends after so many proposals in a row that bring it no nearer to the end of its budget.
        seed: Of the whole study; run k depends on the seed and on k alone.
        runs: How many searches.
        first_run: Number of the first run, to split a study.

    Raises:
        BadSetting: For a value that is not allowed.
    """

    evaluations: Count | None = None
    total_epochs: Count | None = None
    seconds: Positive | None = None
    total_seconds: Positive | None = None
    epochs: Count | None = None
    duplicates: Duplicates = "pay"
    repeats: Repeats = "draw"
    workers: Count | None = None
    scheduling: Scheduling = "asynchronous"
    failures: Chance = 0.0
    objectives: Sequence[str] = ()
    limits: Mapping[str, float] = field(default_factory=dict)
    absent: Absent = "hide"
    overdraw: Overdraw = "count"
    patience: Count = 10_000
    seed: Natural = 0
    runs: Count = 1
    first_run: Natural = 0

    def __post_init__(self) -> None:
        """Refuse what no search allows."""
        objectives = (self.objectives,) if isinstance(self.objectives, str) else self.objectives or ()
        if not isinstance(objectives, Iterable) or not all(isinstance(name, str) for name in objectives):
            raise BadSetting(f"objectives are names of costs, such as ['params'], not {self.objectives!r}")
        object.__setattr__(self, "objectives", tuple(objectives))
        if not isinstance(self.limits or {}, Mapping):
            raise BadSetting(f"limits are a table of costs, such as {{ params = 1e6 }}, not {self.limits!r}")
        object.__setattr__(self, "limits", dict(self.limits or {}))
        check_settings(self)
        if len(set(self.objectives)) < len(self.objectives):
            raise BadSetting(f"an objective is given twice: {', '.join(self.objectives)}")
        for name, limit in self.limits.items():
            if isinstance(limit, bool) or not isinstance(limit, Real):
                raise BadSetting(f"a limit is a number, such as {name}=1000000, not {limit!r}")
            if not limit > 0:
                raise BadSetting(f"a limit of {limit} {name} allows nothing; give a positive number")

    def but(self, given: Mapping[str, Any]) -> Self:
        """Return the same with other values of some settings.

        Raises:
            UnknownName: When there is no such setting.
        """
        for name in given:
            if name not in NAMES:
                raise UnknownName("setting of a search", name, NAMES)
        return replace(self, **given)

    def check(self, benchmark: Benchmark) -> None:
        """See that a benchmark knows the costs.

        Raises:
            BadSetting: When it does not, with those that it knows.
        """
        known = (TRAINING_TIME, *benchmark.costs)
        for name in (*self.objectives, *self.limits):
            if name not in known:
                raise BadSetting(f"{benchmark.name} knows no cost called {name!r}; it knows {', '.join(known)}")

    def streams(self, purpose: str) -> Streams:
        """Return one random stream a run; those of different purposes are independent."""
        from nasbed.core.rng import Streams  # numba, which a command that is refused need not wait for

        return Streams.from_seed(self.seed, self.runs, self.first_run, purpose)

    def fidelity(self, benchmark: Benchmark) -> int:
        """Return the fidelity, for now epochs, of each evaluation whose trial names none."""
        return benchmark.budgets[-1] if self.epochs is None else self.epochs

    def _budget(self) -> dict[str, float | None]:
        limits = self.evaluations, self.total_epochs, self.seconds, self.total_seconds
        return dict(zip(CLOCKS, limits, strict=True))

    @property
    def budget(self) -> dict[str, float | None]:
        """What a run may spend, by clock; None where that is not limited.

        Raises:
            BadSetting: When nothing is limited.
        """
        if all(limit is None for limit in self._budget().values()):
            raise BadSetting(
                f"a search needs a budget: give {', '.join(BUDGETS)}, or several of them; epochs is none, it says how "
                "long each architecture is trained"
            )
        return self._budget()

    def to_dict(self) -> dict[str, Any]:
        """Return what a history says of them; what is simulated, and costs, are left out where there are none."""
        names = ["epochs", "duplicates", "repeats", "patience"]
        names += ["workers", "scheduling"] if (self.workers or 1) > 1 else []
        names += ["failures"] if self.failures else []
        names += ["objectives", "limits"] if self.objectives or self.limits else []
        names += [name for name in ("absent", "overdraw") if getattr(self, name) != getattr(SearchSettings, name)]
        return {"budget": self.budget, **{name: getattr(self, name) for name in (*names, "seed", "first_run")}}


NAMES = tuple(one.name for one in fields(SearchSettings))
BUDGETS = NAMES[:4]
RULES = NAMES[4 : NAMES.index("seed")]
"""What searches that are compared have in common, beside budget, seed and runs."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def spread(usual: SearchSettings) -> Callable[[_Function], _Function]:
    """Show, in the signature of a function that takes settings as keywords, each with what it usually is."""

    def spreading(function: _Function) -> _Function:
        shown, taken = inspect.signature(function), inspect.signature(SearchSettings).parameters.values()
        own = [parameter for parameter in shown.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD]
        own += [one.replace(default=getattr(usual, one.name)) for one in taken]
        function.__signature__ = shown.replace(parameters=own)  # type: ignore[attr-defined]
        return function

    return spreading


def points_to(end: float, clock: str) -> NDArray[np.float64]:
    """Return the points of a clock at which a curve is shown: every count up to an end, or 200 steps of time."""
    import numpy as np  # which a command that is refused need not wait for

    return np.arange(1.0, end + 1) if clock in ("evaluations", "unique") else np.linspace(0, end, 201)[1:]


def in_words(budget: Mapping[str, float | None]) -> str:
    """Write a budget, as a history has it, for people."""
    return ", ".join(f"{limit:,g} {clock.replace('_', ' ')}" for clock, limit in budget.items() if limit is not None)
