"""How fast spaces that are written down are drawn from, changed and keyed, and how fast a search plays on one.

Drawing, changing and keying is timed on expressions of 20 decisions, plain ones and such of which some switch others
on, and on the built-in ones that are written. The search is regularized evolution on a table of NAS-Bench-201's cells,
once by the class, which has methods of its own, and once by its expression alone. Times are CPU time of one core,
medians of some rounds.

    python benchmarks/written_spaces.py [--rounds 9] [--runs 500] [--evaluations 500]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from timing import median_seconds

import nasbed
from nasbed.benchmarks.table import TableBenchmark
from nasbed.core.rng import Streams
from nasbed.spaces import NASBench201, WrittenSpace, choice, op, seq, where
from nasbed.tables.column import Measure
from nasbed.tables.writing import write_table

SIZES = (500, 20_000)
FEW = 200
"""Rows that are simplified: what predictors learn from."""


def is_light(network):
    """Say whether the layers of a network are not all wide."""
    return sum(layer.settings["width"] for layer in network.parts) < 20 * 56


def switching():
    """Return a choice of three layers, of which one has no settings: two decisions that count, or one."""
    return choice(op("skip"), op("conv", k=choice(3, 5, 7)), op("pool", k=choice(2, 3)))


SPACES = {
    "20 decisions": lambda: WrittenSpace(seq(*[op("conv", width=choice(8, 16, 32, 64)) for _ in range(20)])),
    "21, switched": lambda: WrittenSpace(seq(*[switching() for _ in range(7)])),
    "20, where": lambda: WrittenSpace(
        where(seq(*[op("conv", width=choice(8, 16, 32, 64)) for _ in range(20)]), is_light)
    ),
    "darts": lambda: nasbed.space("darts"),
    "hierarchical": lambda: nasbed.space("hierarchical"),
    "mobile": lambda: nasbed.space("mobile"),
    "transnas-macro": lambda: nasbed.space("transnas-macro"),
}


def rates(space, rounds):
    """Give, for each way to use a space and each number of rows, the rows a second."""
    for n in SIZES:
        streams = Streams.from_seed(0, n)
        mothers, fathers = space.sample(streams), space.sample(streams)
        ways = {
            "sample": lambda streams=streams: space.sample(streams),
            "mutate": lambda streams=streams, mothers=mothers: space.mutate(mothers, streams),
            "crossover": lambda streams=streams, rows=(mothers, fathers): space.crossover(*rows, streams),
            "key": lambda mothers=mothers: space.key(mothers),
            "simplify": lambda mothers=mothers: space.simplify(mothers[:FEW]),
        }
        for name, call in ways.items():
            yield n, name, (n if name != "simplify" else FEW) / median_seconds(call, rounds)


def played(space, folder, runs, evaluations, rounds):
    """Return the seconds of a search on a table of a space, with values drawn at random."""
    name = type(space).__name__
    made = {Measure("accuracy", split="valid", unit="percent"): np.random.default_rng(0).uniform(50, 95, space.size)}
    benchmark = TableBenchmark(write_table(folder / f"{name}.arrow", space, None, made))
    return median_seconds(
        lambda: nasbed.search("regularized-evolution", benchmark, runs=runs, evaluations=evaluations, seed=0), rounds
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--evaluations", type=int, default=500)
    given = parser.parse_args()
    columns = ("sample", "mutate", "crossover", "key", "simplify")
    table = Table("space", "rows", *columns, title="rows a second, in thousands")
    for name, make in SPACES.items():
        space = make()
        found = list(rates(space, given.rounds))
        for n in SIZES:
            table.add_row(name, f"{n:,}", *(f"{rate / 1e3:,.1f}" for rows, _, rate in found if rows == n))
    Console().print(table)
    space = NASBench201()
    with tempfile.TemporaryDirectory() as folder:
        ways = {"the class": space, "its expression": space.written}
        seconds = {
            name: played(one, Path(folder), given.runs, given.evaluations, min(given.rounds, 5))
            for name, one in ways.items()
        }
    table = Table("nasbench201", "seconds", "evaluations a second", title=f"evolution, {given.runs} runs")
    for name, taken in seconds.items():
        table.add_row(name, f"{taken:.2f}", f"{given.runs * given.evaluations / taken / 1e6:.2f} M")
    Console().print(table)
    Console().print(
        f"the expression plays at {seconds['the class'] / seconds['its expression']:.2f} of the class's speed"
    )


if __name__ == "__main__":
    main()
