"""How well predictors rank the architectures of a table that they have not seen, and how long that takes.

A short form of ``nasbed predictors``, which keeps nothing: Kendall's tau on all others, and on those whose function was
not learned from; means over draws; seconds of one core for fit and query.

    python benchmarks/predictors.py digits101 [--predictors gp default] [--sizes 50 100 200 400] [--draws 20]
    python benchmarks/predictors.py seed888_test_accuracy.csv:data=cifar10
"""

from __future__ import annotations

import argparse

import numpy as np
from rich.console import Console
from rich.table import Table

import nasbed
from nasbed.studies.prediction.examples import Examples
from nasbed.studies.prediction.judging import judge, made

SETS = ("all-others", "unseen-functions")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benchmark", nargs="?", default="digits101")
    parser.add_argument("--predictors", nargs="+", default=["gp", "xgboost", "default"])
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 100, 200, 400])
    parser.add_argument("--draws", type=int, default=20)
    given = parser.parse_args()
    examples = Examples.of(nasbed.benchmark(given.benchmark))
    names = "predictor", "n", "tau, all", "± draws", "tau, unseen", "fit s", "query s"
    table = Table(*names, title=examples.benchmark.name)
    for name in given.predictors:
        predictor = made(name, examples)
        for size in given.sizes:
            found = [judge(predictor, examples, size, number, sets=SETS) for number in range(given.draws)]
            every, unseen = (np.array([one.qualities[of].tau for one in found]) for of in SETS)
            fit, query = np.mean([one.seconds[:2] for one in found], axis=0)
            cells = f"{every.mean():.3f}", f"{every.std():.3f}", f"{unseen.mean():.3f}", f"{fit:.2f}", f"{query:.2f}"
            table.add_row(name, str(size), *cells)
    Console().print(table)


if __name__ == "__main__":
    main()
