"""How long the reference notebook's study takes, with one simulated worker a run and with many.

The notebook of NAS-Bench-101 plays regularized evolution (population 50, tournament 10) to 5 million simulated seconds,
and repeats that; the published API needs 0.7 to 1.1 seconds a run. Here all runs are played at once. With k workers a
run trains as much as alone, in a k-th of the time: its budget is the total of all its workers' seconds.

    python benchmarks/workers.py TABLE.arrow [--runs 500] [--seconds 5e6] [--workers 1 64]
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import nasbed
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", help="a NAS-Bench-101 table, real or synthetic")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=5e6, help="of simulated training, of each run")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 64])
    parser.add_argument("--optimizer", default="regularized-evolution")
    parser.add_argument("--repeats", type=int, default=5, help="timings, of which the median counts")
    arguments = parser.parse_args()
    benchmark = nasbed.benchmark(arguments.table)
    times: dict[int, list[float]] = {workers: [] for workers in arguments.workers}
    evaluations, clock = dict[int, float](), dict[int, float]()
    for workers in times:
        search(
            nasbed.optimizer(arguments.optimizer), benchmark, SearchSettings(evaluations=200, runs=9, workers=workers)
        )
    for seed in range(arguments.repeats):
        for workers, taken in times.items():
            start = time.process_time()
            history = search(
                nasbed.optimizer(arguments.optimizer),
                benchmark,
                SearchSettings(total_seconds=arguments.seconds, runs=arguments.runs, seed=seed, workers=workers),
            )
            taken.append(time.process_time() - start)
            evaluations[workers] = float(history.clock("evaluations")[-1].mean())
            clock[workers] = float(history.clock("seconds")[-1].mean())
    print(f"{'workers':>8}{'processor s':>13}{'ratio':>7}{'evaluations a run':>19}{'clock, s':>12}")
    first = float(np.median(next(iter(times.values()))))
    for workers, taken in times.items():
        middle = float(np.median(taken))
        rest = f"{evaluations[workers]:>19,.0f}{clock[workers]:>12,.0f}"
        print(f"{workers:>8}{middle:>13.2f}{middle / first:>7.2f}{rest}")


if __name__ == "__main__":
    main()
