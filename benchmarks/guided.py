"""In how many of how many runs a search finds the optimum of a table, at some numbers of evaluations, and its seconds.

The optimum is the highest value that the table has. Beside the guided searches stand random search and local search,
in the same run. Times of a run are CPU time; those of a step are what one waits, on all cores.

    python benchmarks/guided.py digits101 [--runs 100] [--evaluations 150] [--methods guided local:remember=true random]
    python benchmarks/guided.py seed888_test_accuracy.csv:data=cifar10
    python benchmarks/guided.py --steps neighbours    # how long a step takes among the 423,624 modules; or: space
"""

from __future__ import annotations

import argparse
import time
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table
from timing import median_seconds

import nasbed
from nasbed.core.records import Evaluations
from nasbed.core.rng import Streams
from nasbed.optimizers import Guided

POINTS = (20, 30, 50, 80, 100, 150, 200, 300, 500)
METHODS = ("guided", "local:remember=true", "random:replacement=false")


def course(method, benchmark, runs, evaluations):
    """Play a method; return the best value so far, ``(evaluations, runs)``, and the seconds of a run."""
    start = time.process_time()
    history = nasbed.search(method, benchmark, runs=runs, evaluations=evaluations, repeats="mean")
    seconds = (time.process_time() - start) / runs
    told = [history.value[history.paid[:, run], run][:evaluations] for run in range(runs)]
    return np.fmax.accumulate(np.array(told), axis=1).T, seconds


def rates(name, methods, runs, evaluations):
    benchmark = nasbed.benchmark(name)
    top = float(np.nanmax(benchmark.query(benchmark.space.enumerate()).value))
    points = [point for point in POINTS if point <= evaluations]
    table = Table("method", *(f"{point}" for point in points), "s a run", title=f"{benchmark.name}, best {top:.5g}")
    for method in methods:
        best, seconds = course(method, benchmark, runs, evaluations)
        error = best.std(axis=1, ddof=1) / np.sqrt(runs)
        cells = [
            f"{best[point - 1].mean():.5f} ± {error[point - 1]:.5f}\n{(best[point - 1] >= top).sum()} of {runs}"
            for point in points
        ]
        table.add_row(method, *cells, f"{seconds:.2f}")
    Console().print(table)


def steps(candidates, evaluations):
    """Time steps of one run over all modules of NAS-Bench-101: neighbours of the best ten and 100 others, or all."""
    space = nasbed.space("nasbench101")
    search = Guided(candidates=candidates).start(space, Streams.from_seed(0, 1))
    worth = np.random.default_rng(0)

    def step():
        trials = search.ask()
        search.tell(trials, Evaluations(worth.uniform(size=1), np.ones(1), np.ones(1, np.int64)))

    for _ in range(evaluations):
        step()
    times = sorted(median_seconds(step, 1, time.perf_counter) for _ in range(evaluations // 4))
    print(
        f"a step after {evaluations} evaluations: {1e3 * median(times):.1f} ms, the median of {len(times)}; "
        f"{times[-1]:.2f} s where hyper-parameters are found anew"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benchmark", nargs="?", default="digits101")
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--evaluations", type=int, default=150)
    parser.add_argument("--steps", choices=["neighbours", "space"], help="time steps in NAS-Bench-101's space instead")
    given = parser.parse_args()
    if given.steps:
        steps(given.steps, given.evaluations)
    else:
        rates(given.benchmark, given.methods, given.runs, given.evaluations)


if __name__ == "__main__":
    main()
