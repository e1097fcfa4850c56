"""How well predictors rank the architectures of a table that they have not seen, and how long that takes.

Some architectures are drawn and learned from; Kendall's tau is between predictions and values of all others (all), and
of those whose function was not learned from (unseen). Means over draws; seconds of one core for fit and query.

    python benchmarks/predictors.py digits101 [--predictors gp default] [--sizes 50 100 200 400] [--draws 20]
    python benchmarks/predictors.py seed888_test_accuracy.csv:data=cifar10 --encoding graf+onehot
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import kendalltau

import nasbed


def judged(predictor, rows, values, functions, size, draws):
    """Return tau on all others and on unseen functions, and the seconds of fit and query, a mean each."""
    found = []
    for draw in range(draws):
        order = np.random.default_rng(draw).permutation(len(rows))
        learned, others = order[:size], order[size:]
        start = time.process_time()
        predictor.fit(rows[learned], values[learned])
        middle = time.process_time()
        mean = predictor.predict(rows[others])[0]
        end = time.process_time()
        unseen = ~np.isin(functions[others], functions[learned])
        taus = [kendalltau(mean[some], values[others][some])[0] for some in (np.ones(len(others), bool), unseen)]
        found.append([*taus, middle - start, end - middle])
    return np.mean(found, axis=0), np.std(found, axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benchmark", nargs="?", default="digits101")
    parser.add_argument("--predictors", nargs="+", default=["gp", "xgboost", "default"])
    parser.add_argument("--encoding", default="default")
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 100, 200, 400])
    parser.add_argument("--draws", type=int, default=20)
    given = parser.parse_args()
    benchmark = nasbed.benchmark(given.benchmark)
    rows = benchmark.space.enumerate()
    values, functions = benchmark.query(rows).value, benchmark.space.function_key(rows)
    there = ~np.isnan(values)
    rows, values, functions = rows[there], values[there], functions[there]
    table = Table("predictor", "n", "tau, all", "± draws", "tau, unseen", "fit s", "query s", title=benchmark.name)
    for name in given.predictors:
        predictor = nasbed.predictor(name, benchmark.space, encoding=given.encoding)
        for size in given.sizes:
            (every, unseen, fit, query), spread = judged(predictor, rows, values, functions, size, given.draws)
            cells = f"{every:.3f}", f"{spread[0]:.3f}", f"{unseen:.3f}", f"{fit:.2f}", f"{query:.2f}"
            table.add_row(name, str(size), *cells)
    Console().print(table)


if __name__ == "__main__":
    main()
