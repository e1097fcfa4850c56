"""How near searches come to the exact Pareto front of a table, in accuracy and parameters.

For several reference points the share of the exact front's hypervolume that a search's front has, as the median over
runs. On NAS-Bench-201, NSGA-II is to reach 98 % within 1,000 evaluations.

    python benchmarks/pareto.py FILE [--data cifar10] [--runs 50] [--evaluations 1000] [--objectives params]

FILE is a table, or a published file that has been imported: of seed888_test_accuracy.csv, say.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import nasbed
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.statistics.pareto import Fronts, Scale, exact_front

METHODS = ("nsga2", "scalarisation", "regularized-evolution", "random")
AIM = 0.98


def scales(front) -> dict[str, Scale]:
    """Give the ways to measure: from the worst of the front or of the table, and from what nothing is worse than."""
    zero = (0.0, *(2 * front.worst[1:]).tolist())
    return {
        "nadir of the front": front.scale("nadir", 0.0),
        "nadir, a tenth further": front.scale("nadir", 0.1),
        "worst of the table": front.scale("worst", 0.0),
        "accuracy 0, twice the costs": front.scale(zero),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", help="a table, or a published file")
    parser.add_argument("--data", help="the data set, where the table has several")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--evaluations", type=int, default=1000, help="of each run")
    parser.add_argument("--objectives", default="params", help="costs beside accuracy, separated by commas")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    benchmark = nasbed.benchmark(arguments.file, **({"data": arguments.data} if arguments.data else {}))
    objectives = arguments.objectives.split(",")

    exact = exact_front(benchmark, objectives)
    print(f"{benchmark.name}: {len(exact.values)} of {exact.chosen_from:,} architectures are on the exact front of")
    print(f"{', '.join(exact.objectives)}: ideal {exact.ideal.tolist()}, nadir {exact.nadir.tolist()}, worst ", end="")
    print(f"{exact.worst.tolist()}\n")
    marks = [n for n in (100, 300, 500, 1000, 3000) if n < arguments.evaluations] + [arguments.evaluations]
    print(f"median share of the exact hypervolume over {arguments.runs} runs, seed {arguments.seed}\n")
    print(f"{'method':23}{'reference':29}" + "".join(f"{n:>9}" for n in marks) + f"{'quartiles':>19}{'seconds':>9}")
    for name in METHODS:
        start = time.perf_counter()
        budget, how = {"evaluations": arguments.evaluations}, {"runs": arguments.runs, "seed": arguments.seed}
        history = search(nasbed.optimizer(name), benchmark, SearchSettings(objectives=objectives, **budget, **how))
        taken, fronts = time.perf_counter() - start, Fronts.of(history, benchmark)
        for place, (label, scale) in enumerate(scales(exact).items()):
            share = fronts.curve(scale, "evaluations", np.array(marks, float))[1] / exact.volume(scale)
            q1, median, q3 = np.quantile(share, [0.25, 0.5, 0.75], axis=0)
            reached = " *" if median[-1] >= AIM else ""
            print(
                f"{name if not place else '':23}{label:29}"
                + "".join(f"{x:9.4f}" for x in median)
                + f"{q1[-1]:11.4f}–{q3[-1]:.4f}{'' if place else f'{taken:8.1f}'}{reached}"
            )
    print(f"\n* at least {AIM:.0%}")


if __name__ == "__main__":
    main()
