"""The baselines of NAS-Bench-201: random search, regularized evolution and local search on the accuracies of one seed.

The published figures are means of 500 runs of the best accuracy so far, after 50, 150 and 300 evaluations, each run on
the test accuracies after 200 epochs of the trainings with seed 888: a file that is often used as if it were of
validation. As there,

- every string is an architecture of its own, also those that the published rule of equality calls one: what local
  search has seen, and gets for nothing, goes by string;
- evolution mutates each of the six edges alike. NAS-Bench-201's own mutation draws a node first, so that it changes the
  edge 0→1 three times as often as one into node 3; over 10,000 runs it comes to 0.03 to 0.07 less after 50 evaluations,
  which is about as much as the published figures are uncertain by.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting, NotInTable
from nasbed.core.records import Archs, Evaluations
from nasbed.optimizers.climbing.local import LocalSearch
from nasbed.optimizers.evolution import RegularizedEvolution
from nasbed.optimizers.random import RandomSearch
from nasbed.run.search import search
from nasbed.run.settings import Duplicates, SearchSettings
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.statistics.random_search import expected_best
from nasbed.studies.cell import own_seed
from nasbed.studies.reproduction import Line, Reproduction
from nasbed.tables.cache import imported, table_for
from nasbed.tables.table import Table

if TYPE_CHECKING:
    from nasbed.core.rng import Streams

RUNS = 500
AT = (50, 150, 300)
"""Evaluations after which figures are given."""

SPLITS = {"cifar10": ("cifar10-valid", "ori-test"), "cifar100": ("cifar100", "x-test")}
SPLITS["ImageNet16-120"] = "ImageNet16-120", "x-test"
"""Whose trainings, and which images, by the name of the data set."""

TOLERANCE = {"cifar10": 0.08, "cifar100": 0.12, "ImageNet16-120": 0.15}
"""Percentage points: some four standard errors of a mean of 500 runs after 50 evaluations."""

PUBLISHED: dict[str, dict[str, tuple[float, float, float]]] = {
    "random": {
        "cifar10": (90.52, 90.87, 91.00),
        "cifar100": (71.12, 71.78, 72.15),
        "ImageNet16-120": (45.23, 45.91, 46.22),
    },
    "regularized evolution": {
        "cifar10": (90.84, 91.36, 91.46),
        "cifar100": (71.85, 73.12, 73.23),
        "ImageNet16-120": (45.91, 46.95, 47.18),
    },
    "local search": {
        "cifar10": (91.09, 91.41, 91.49),
        "cifar100": (72.57, 73.18, 73.26),
        "ImageNet16-120": (46.28, 46.93, 47.13),
    },
}
"""Mean of the best accuracy so far, in percent, 500 runs, at ``AT``."""

CLOSED_FORM = {
    "cifar10": (90.52, 90.86, 91.00),
    "cifar100": (71.12, 71.81, 72.22),
    "ImageNet16-120": (45.21, 45.91, 46.25),
}
"""What random search comes to over endless runs, from order statistics, in percent, at ``AT``."""

_ROUNDED = 0.0105  # figures with two digits, of two computations
_ERRORS = 3.0  # standard errors by which a mean may be off its expectation
_FILE = "seed888_test_accuracy.csv"


class EachStringAlone(NASBench201):
    """The space as the study saw it: no two strings are equal, and all edges are mutated alike."""

    @property
    def representatives(self) -> NDArray[np.int64]:
        """Every string for itself."""
        return np.arange(self.size)

    @cached_property
    def mutation_chances(self) -> NDArray[np.float64]:
        """All the same: an edge, then another operation."""
        return np.full(len(self.moves), 1.0 / len(self.moves))


class OneSeed(Benchmark):
    """Answers with the accuracies of one seed, as fractions; no time is known, and no other test.

    Args:
        name: What to call it.
        accuracies: By official index, ``(15625,)``.
        space: How cells are told apart; each string for itself, if not given.
    """

    def __init__(self, name: str, accuracies: NDArray[np.float64], space: NASBench201 | None = None) -> None:
        self.name, self.space, self.budgets, self._accuracies = name, space or EachStringAlone(), (200,), accuracies

    def query(
        self, archs: Archs, epochs: NDArray[np.int64] | int | None = None, streams: Streams | None = None
    ) -> Evaluations:
        """Look accuracies up; 0 words."""
        rows = self.space.index(archs)
        return Evaluations(self._accuracies.take(rows), np.zeros(len(rows)), np.full(len(rows), self.budgets[-1]))

    def test(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give NaN: what a search is told is of test images already."""
        return np.full(len(archs), np.nan)


METHODS: dict[str, tuple[Callable[[], Any], Duplicates]] = {
    "random": (RandomSearch, "pay"),
    "regularized evolution": (lambda: RegularizedEvolution(population=30, sample=10), "pay"),
    "local search": (LocalSearch, "free"),
}
"""What makes each method, and what it pays for what it has seen."""


def baselines(data: str | Path | None, runs: int | None, seed: int, progress: Callable[[float], None]) -> Reproduction:
    """Random search, regularized evolution and local search on NAS-Bench-201, 300 evaluations, three data sets."""
    table = table_of(data, _FILE)
    lines: list[Line] = []
    for i, name in enumerate(SPLITS):
        accuracies = accuracies_of(table, name)
        benchmark = OneSeed(name, accuracies)
        exact = 100 * expected_best(accuracies, np.ones(len(accuracies)), AT)
        for j, method in enumerate(METHODS):
            found = 100 * _best_so_far(benchmark, method, runs or RUNS, own_seed(seed, name))
            means, errors = found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(len(found))
            lines += _lines(f"{name}, {method}", means, PUBLISHED[method][name], [TOLERANCE[name]] * len(AT))
            if method == "random":
                lines += _lines(f"{name}, random − its closed form", means - exact, [0.0] * len(AT), _ERRORS * errors)
                lines += _lines(f"{name}, closed form", exact, CLOSED_FORM[name], [_ROUNDED] * len(AT))
            progress((i * len(METHODS) + j + 1) / (len(SPLITS) * len(METHODS)))
    return Reproduction(
        "nasbench201-baselines",
        f"Best accuracy so far on NAS-Bench-201, mean of {runs or RUNS} runs",
        f"500 runs of each method on {_FILE}: test accuracies of seed 888 after 200 epochs",
        "%",
        2,
        tuple(lines),
        (
            "searches are told test accuracies, as in the study: nothing here says how well what they choose does on "
            "images that they have not seen",
            "evolution changes each edge alike, and local search pays once for each string, as in the study",
            "each data set has random streams of its own, so that a lucky run on one is not lucky on all",
            "the tolerance of 'random − its closed form' is three standard errors of the mean",
        ),
        {"table": table.path.name, "checksum": table.describe().get("checksum"), "runs": runs or RUNS, "seed": seed},
    )


def _best_so_far(benchmark: Benchmark, method: str, runs: int, seed: int) -> NDArray[np.float64]:
    """Play a method; give the best so far at each of ``AT``, ``(runs, points)``."""
    make, duplicates = METHODS[method]
    settings = SearchSettings(evaluations=AT[-1], runs=runs, seed=seed, duplicates=duplicates, repeats="mean")
    history = search(make(), benchmark, settings)
    return history.curve("validation", "evaluations", np.array(AT))[1]


def _lines(what: str, ours: Any, published: Any, tolerances: Any) -> list[Line]:
    numbers = zip(AT, ours, published, tolerances, strict=True)
    return [Line(f"{what}, after {n}", float(our), theirs, float(most)) for n, our, theirs, most in numbers]


def table_of(data: str | Path | None, file: str) -> Table:
    """Open results of NAS-Bench-201, or those that were imported.

    Args:
        data: The path of a table, or of what one is imported from; None for what was imported.
        file: What to fetch, in words.

    Raises:
        BadSetting: When it is not there, or something else.
    """
    if data is None:
        table = imported("nasbench201")
        if table is None:
            raise BadSetting(
                f"the accuracies of NAS-Bench-201 are not on this machine yet: fetch {file}, then give --data PATH, "
                f"or run once: nasbed import {file}. What needs no published figures can be tried on digits201, which "
                "has all cells of this space and comes with nasbed"
            )
        return table
    path = Path(data).expanduser()
    if not path.exists():
        raise BadSetting(f"there is no file {path}; --data is the path of {file}, or of a table of NAS-Bench-201")
    found = table_for(path)
    if found.space != NASBench201():
        raise BadSetting(f"{path} is of {found.space.name}, not of NAS-Bench-201")
    return found


def accuracies_of(table: Table, name: str) -> NDArray[np.float64]:
    """Read the accuracies of seed 888 by official index, ``(15625,)``, as fractions.

    Raises:
        BadSetting: When the table lacks some.
    """
    group, split = SPLITS[name]
    try:
        measured = table.measurement("accuracy", split=split, data=group, recipe=200)
        found = measured.values(NASBench201().enumerate(), seed=888)
    except NotInTable as error:
        raise BadSetting(
            f"{table.path} has no accuracies of seed 888 on {name}: {error}; give --data {_FILE}"
        ) from None
    values = found / (100.0 / measured.factor)
    if np.isnan(values).any():
        raise BadSetting(f"{table.path} lacks accuracies of seed 888 on {name}; give --data {_FILE}")
    return values
