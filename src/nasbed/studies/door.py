"""The door of a study: whether a benchmark can be searched as it says, before hours are spent on it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from nasbed.benchmarks.resolve import resolve
from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.core.live import LiveBenchmark
from nasbed.run.answers import Aims
from nasbed.run.duplicates import check_duplicates
from nasbed.run.ledger import Budget
from nasbed.run.scheduling import check_scheduling
from nasbed.studies.cell import BUDGETS, SEARCH, Source
from nasbed.studies.pace import Paced
from nasbed.studies.parts import at


def checked_source(name: str, settings: dict[str, Any], pace: float, search: Mapping[str, list[Any]]) -> Source:
    """Open a benchmark and hold the study's search settings against it.

    Raises:
        UnknownName: When there is no such benchmark.
        BadSetting: When it really trains, or cannot be searched so.
    """
    benchmark = opened(name, tuple(settings.items()), pace)
    if isinstance(benchmark, LiveBenchmark):
        raise BadSetting(f"{name} really trains, which a study does not wait for; use nasbed search, one by one")
    _check(search, benchmark)
    found = benchmark.describe()
    return Source(name, settings, pace, benchmark.name, found.get("checksum"))


@cache
def opened(name: str, settings: tuple[tuple[str, Any], ...], pace: float) -> Benchmark:
    """Open a benchmark, once a process."""
    benchmark = resolve(name, **dict(settings))
    return benchmark if pace == 1 else Paced(benchmark, pace)


def _check(search: Mapping[str, list[Any]], benchmark: Benchmark) -> None:
    """See that every value of the search settings is allowed."""
    if not any(key in search for key in BUDGETS):
        raise BadSetting(f"search: a study needs a budget for its runs, one of {', '.join(BUDGETS)}")
    first = {key: values[0] for key, values in search.items() if key in BUDGETS}  # so that errors name their own key
    for key, values in search.items():
        with at(f"search.{key}"):
            for value in values:
                _check_one({**SEARCH, **first, key: value}, benchmark)


def _check_one(search: Mapping[str, Any], benchmark: Benchmark) -> None:
    budget_of(search)
    check_duplicates(search["duplicates"])
    check_scheduling(search["scheduling"], search["workers"])
    if search["repeats"] not in ("draw", "mean"):
        raise BadSetting(f"repeats are 'draw' or 'mean', not {search['repeats']!r}")
    if not 0 <= search["failures"] <= 1:
        raise BadSetting(f"failures is a chance from 0 to 1, not {search['failures']}")
    if search["epochs"] is not None and search["epochs"] not in benchmark.budgets:
        has = ", ".join(map(str, benchmark.budgets))
        raise BadSetting(f"{benchmark.name} has no results at {search['epochs']!r} epochs; it has {has}")
    if search["limits"] is not None and not isinstance(search["limits"], Mapping):
        raise BadSetting(f"limits are a table of costs, such as {{ params = 1e6 }}, not {search['limits']!r}")
    Aims(tuple(search["objectives"]), dict(search["limits"] or {})).check(benchmark)


def budget_of(search: Mapping[str, Any]) -> Budget:
    """Give the budget of a run.

    Raises:
        BadSetting: When there is none, or a limit is no positive number.
    """
    for key in BUDGETS:
        value = search[key]
        whole = key in ("evaluations", "total_epochs")
        if value is not None and (isinstance(value, bool) or not isinstance(value, int if whole else int | float)):
            raise BadSetting(f"{key} is a {'whole ' if whole else ''}number, not {value!r}")
    return Budget(*(search[key] for key in BUDGETS))
