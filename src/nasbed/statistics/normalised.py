"""Normalised regret: 0 at the best that a table has, 1 where random search of the same budget ends on average.

Accuracies on different data sets have different scales, so that a mean over data sets would be of the widest alone.
Between these two levels all of them have the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

import numpy as np

from nasbed.core.benchmark import Benchmark
from nasbed.core.rng import Streams
from nasbed.run.history import History
from nasbed.run.settings import CLOCKS
from nasbed.statistics.random_search import RandomReference, RecordedReference, expected_best, random_reference
from nasbed.tables.column import mean_of

Judged = Literal["test", "mean-validation"]
"""What the incumbent of random search is read by."""

_SAMPLE = 500  # architectures whose mean training time stands for those that a search meets


def random_mean(
    histories: Mapping[str, History], reference: RandomReference | RecordedReference | None, judged: Judged
) -> float:
    """Return what random search of the budget of some searches ends with on average; NaN where nobody knows.

    It follows from order statistics where the benchmark is attached to a history, or the expected course was written
    down; else it is the mean over the runs of random search, where that is among the searches. Of a budget of time, it
    is that after as many evaluations as the time is enough for on average.

    Args:
        histories: By label.
        reference: The expected course of random search, where it is known.
        judged: What the incumbent is read by.
    """
    for history in histories.values():
        if history.answers is not None:
            found = _expected(history, history.answers, reference, judged)
            if found is not None:
                return found
    budget = next(iter(histories.values())).info.get("budget") or {}
    if isinstance(reference, RecordedReference) and judged == "test" and budget.get("evaluations"):
        return float(reference.test_after(budget["evaluations"]))
    for history in histories.values():
        if history.info.get("optimizer") == "RandomSearch":
            return float(mean_of(history.metric(judged)[-1][None])[0])
    return float("nan")


def _expected(
    history: History, benchmark: Benchmark, reference: RandomReference | RecordedReference | None, judged: Judged
) -> float | None:
    """Return the exact expectation; None where the benchmark does not know everything."""
    info = history.info
    epochs = info.get("epochs")
    if benchmark.live is not None:
        return None
    if not isinstance(reference, RandomReference):
        reference = random_reference(benchmark, epochs, info.get("repeats") or "draw")
    draws = evaluations_within(info.get("budget") or {}, epochs, info.get("workers") or 1, benchmark)
    if reference is None or not 1 <= draws < np.inf:
        return None
    worth = reference.test if judged == "test" else mean_of(reference.values)
    return float(expected_best(reference.values, reference.probabilities, int(draws), of=worth))


def evaluations_within(budget: Mapping[str, Any], epochs: int | None, workers: int, benchmark: Benchmark) -> float:
    """Return how many evaluations a run has, by its budget and what a random architecture costs; ∞ without a limit.

    Args:
        budget: What a run may spend, as a history has it.
        epochs: Of each evaluation; None for the benchmark's longest.
        workers: Trainings at a time.
        benchmark: Which knows what trainings take.
    """
    limit = {clock: np.inf if budget.get(clock) is None else float(budget[clock]) for clock in CLOCKS}
    within = [limit["evaluations"], np.ceil(limit["epochs"] / (epochs or benchmark.budgets[-1] or 1))]
    if min(limit["seconds"], limit["total_seconds"]) < np.inf and (each := mean_seconds(benchmark, epochs)) > 0:
        within += [np.ceil(limit["seconds"] * workers / each), np.ceil(limit["total_seconds"] / each)]
    return float(min(within))


@cache
def mean_seconds(benchmark: Benchmark, epochs: int | None) -> float:
    """Return what training a random architecture takes, on average; NaN where nobody knows."""
    archs = benchmark.space.sample(Streams.from_seed(0, _SAMPLE, 0, "estimate"))
    return float(mean_of(benchmark.query(archs, epochs).seconds[None])[0])
