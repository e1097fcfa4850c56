"""nasbed: a test bed for neural architecture search.

>>> import nasbed
>>> history = nasbed.search("regularized-evolution", "digits101", evaluations=60, runs=20)
>>> history.best_value.shape
(20,)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from nasbed.core.benchmark import Benchmark
    from nasbed.core.optimizer import Optimizer
    from nasbed.core.proxy import Proxy
    from nasbed.core.space import Space
    from nasbed.report.comparison import Comparison
    from nasbed.run.duplicates import Duplicates
    from nasbed.run.history import History
    from nasbed.run.progress import Progress
    from nasbed.run.scheduling import Scheduling
    from nasbed.tables.opening import AnyTable

__version__ = "0.1.0"
__all__ = ["benchmark", "compare", "optimizer", "proxy", "score", "search", "space", "table"]


def space(name: str, **settings: Any) -> Space:
    """Make a search space by its registered name, such as ``space("nasbench101", vertices=5)``."""
    from nasbed.core.registry import spaces

    made: Space = spaces.make(name, settings)
    return made


def table(path: str | Path) -> AnyTable:
    """Open a table file: memory-mapped, in milliseconds."""
    from nasbed.tables.opening import open_table

    return open_table(path)


def benchmark(name: str | Path | AnyTable, **settings: Any) -> Benchmark:
    """Make a benchmark from its registered name, a table, or the path of a table or of a published file."""
    from nasbed.benchmarks.resolve import resolve

    return resolve(name, **settings)


def optimizer(name: str, **settings: Any) -> Optimizer:
    """Make an optimizer by its registered name, such as ``optimizer("regularized-evolution", population=30)``."""
    from nasbed.core.registry import optimizers

    made: Optimizer = optimizers.make(name, settings)
    return made


def proxy(name: str, **settings: Any) -> Proxy:
    """Make a score of untrained networks by its registered name, such as ``proxy("naswot", variant="output")``."""
    from nasbed.core.registry import proxies

    made: Proxy = proxies.make(name, settings)
    return made


def score(
    network: Any, images: Any, labels: Any = None, proxies: Iterable[str | Proxy] = ("naswot",), *, seed: int = 0
) -> dict[str, float]:
    """Score an untrained PyTorch network on one batch by several proxies, which share their passes; higher is better.

    Args:
        network: Any ``torch.nn.Module``; left as found.
        images: A tensor, ``(batch, channels, height, width)`` or what the network takes.
        labels: The images' classes, ``(batch,)``; needed by proxies that read a loss.
        proxies: Registered names, or proxies with settings of their own.
        seed: Of the proxies that draw noise.

    Returns:
        The scores by name.
    """
    from nasbed.proxies.probe import Probe
    from nasbed.proxies.scoring import score as score_probe

    return score_probe(Probe(network, images, labels, seed=seed), proxies)


def search(
    optimizer: str | Optimizer,
    benchmark: str | Path | AnyTable | Benchmark = "digits101",
    *,
    evaluations: int | None = None,
    total_epochs: int | None = None,
    seconds: float | None = None,
    total_seconds: float | None = None,
    runs: int = 1,
    seed: int = 0,
    first_run: int = 0,
    epochs: int | None = None,
    duplicates: Duplicates = "pay",
    repeats: Literal["draw", "mean"] = "draw",
    workers: int | None = None,
    scheduling: Scheduling = "asynchronous",
    failures: float = 0.0,
    objectives: Sequence[str] = (),
    limits: Mapping[str, float] | None = None,
    executor: str = "processes",
    store: str | Path | None = None,
    progress: Progress | None = None,
) -> History:
    """Play many independent searches and read, afterwards, the test accuracy of what they chose.

    A benchmark that really trains, such as ``"trained:digits:nasbench101"``, is searched on the wall's clock
    (``nasbed.run.live``); executor and store are for it alone, what is simulated is for tables.

    Args:
        optimizer: A registered name, or an optimizer with settings of its own.
        benchmark: A registered name, a path, a table or a benchmark.
        evaluations: Budget of a run: trained architectures. At least one of the four budgets is needed.
        total_epochs: Budget of a run: epochs, all evaluations together.
        seconds: Budget of a run: time on its clock, simulated or, where networks are really trained, the wall's.
        total_seconds: Budget of a run: simulated training time, of all its workers together.
        runs: How many searches; run k depends on the seed and on k alone.
        seed: Of the whole study.
        first_run: Number of the first run.
        epochs: Training budget of each evaluation; None for the benchmark's largest.
        duplicates: ``"pay"``, ``"free"`` or ``"skip"``: what an architecture costs that a run has paid for before.
        repeats: ``"draw"`` one trained repeat for each evaluation, or take a table's ``"mean"``.
        workers: Trainings at a time: of each run, on simulated time, or really side by side; None for 1, and for as
            many as the executor likes where networks are really trained.
        scheduling: Whether a simulated worker that is done takes the next trial at once, or waits for the others
            (``"synchronous"``).
        failures: How likely a simulated training fails, from 0 to 1.
        objectives: Costs to be kept low beside accuracy, such as ``"params"``, ``"flops"`` or ``"seconds"``.
        limits: What costs may be at most, by name.
        executor: Where real trainings are done: a registered name.
        store: The file that keeps real trainings, so that the same call goes on where an earlier one was stopped.
        progress: Called now and then with the share done.

    Returns:
        The history of all runs, with test accuracies and regret attached.
    """
    from nasbed.core.benchmark import Benchmark
    from nasbed.core.errors import BadSetting
    from nasbed.core.live import LiveBenchmark
    from nasbed.core.optimizer import Optimizer
    from nasbed.core.registry import optimizers
    from nasbed.run.ledger import Budget
    from nasbed.run.search import search as play

    method = optimizer if isinstance(optimizer, Optimizer) else optimizers.make(optimizer, {})
    if isinstance(benchmark, Benchmark):
        answers = benchmark
    else:
        from nasbed.benchmarks.resolve import resolve

        answers = resolve(benchmark)
    budget = Budget(evaluations, total_epochs, seconds, total_seconds)
    if isinstance(answers, LiveBenchmark):
        from nasbed.run.live import search_live

        if repeats != "draw":
            raise BadSetting(f"repeats={repeats!r} is for tables; a training that has not been made has no mean")
        if failures or objectives or limits or total_seconds is not None or scheduling != "asynchronous":
            raise BadSetting(
                f"{answers.name} really trains; failures, objectives, limits, scheduling, total_seconds are for tables"
            )
        return search_live(
            method,
            answers,
            budget,
            runs=runs,
            workers=workers,
            executor=executor,
            store=store,
            seed=seed,
            first_run=first_run,
            epochs=epochs,
            duplicates=duplicates,
            progress=None if progress is None else lambda status: progress(status.share),
        )
    if store is not None or executor != "processes":
        raise BadSetting(
            f"{answers.name} answers from a table; a store and an executor are for benchmarks that really train"
        )
    return play(
        method,
        answers,
        budget,
        runs=runs,
        seed=seed,
        first_run=first_run,
        epochs=epochs,
        duplicates=duplicates,
        repeats=repeats,
        workers=1 if workers is None else workers,
        scheduling=scheduling,
        failures=failures,
        objectives=objectives,
        limits=limits,
        progress=progress,
    ).attach(answers)


def compare(
    optimizers: Sequence[str | Optimizer] | Mapping[str, str | Optimizer],
    benchmark: str | Path | AnyTable | Benchmark = "digits101",
    *,
    runs: int = 500,
    **settings: Any,
) -> Comparison:
    """Play several optimizers on one benchmark and compare what they found.

    Args:
        optimizers: Names or optimizers; a mapping gives them labels.
        benchmark: As in ``search``.
        runs: Repetitions of each.
        **settings: The remaining arguments of ``search``, the same for all.
    """
    from nasbed.benchmarks.resolve import resolve
    from nasbed.core.benchmark import Benchmark
    from nasbed.report.comparison import compare as play

    answers = benchmark if isinstance(benchmark, Benchmark) else resolve(benchmark)
    return play(optimizers, answers, runs=runs, **settings)
