"""How fast cells of NAS-Bench-201 and sizes of NATS-Bench are numbered and keyed, beside a dictionary of their strings.

The published interface finds an architecture by its string in a dictionary, which needs strings; rows need none. First
calls are timed in fresh processes, since they build the tables: the official order, the classes of equal cells. Times
are CPU time of one core, medians of some rounds.

    python benchmarks/spaces.py [--rounds 9]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

import numpy as np
from rich.console import Console
from rich.table import Table
from timing import median_seconds

from nasbed.core.registry import spaces
from nasbed.core.rng import Streams

NAMES = ("nasbench201", "natssize")
SIZES = (15_625, 1_000_000)

FIRST = """
import time
from nasbed.core.registry import spaces
space = spaces.make({name!r}, {{}})
rows = space.archs_of(__import__("numpy").arange(3)) if {warm} else space.checked([[0] * space.decisions])
start = time.process_time()
space.{method}(rows)
print(time.process_time() - start)
"""


def first_call(name, method, warm, rounds):
    """Time a method's first call in a process; when warm, once the order is known."""
    code = FIRST.format(name=name, method=method, warm=warm)
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True) for _ in range(rounds)]
    return statistics.median(float(run.stdout) for run in runs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    table = Table("space", "what", "time", "rows a second")
    for name in NAMES:
        space = spaces.make(name, {})
        table.add_row(name, "first index", f"{1e3 * first_call(name, 'index', False, rounds):.1f} ms", "")
        table.add_row(name, "first key, order known", f"{1e3 * first_call(name, 'key', True, rounds):.1f} ms", "")
        everything = space.enumerate()
        for n in SIZES:
            rows = everything[Streams.from_seed(0, n).integers(len(everything))[:, 0]]
            for method in (space.index, space.key):
                taken = median_seconds(lambda method=method, rows=rows: method(rows), rounds)
                table.add_row(
                    name, f"{method.__name__} of {n:,} rows", f"{1e3 * taken:.2f} ms", f"{n / taken / 1e6:.0f} M"
                )
        texts = [space.format(row) for row in everything]
        numbers = {text: index for index, text in enumerate(texts)}
        taken = median_seconds(lambda numbers=numbers, texts=texts: [numbers[text] for text in texts], rounds)
        table.add_row(
            name, f"dictionary of {len(texts):,} strings", f"{1e3 * taken:.2f} ms", f"{len(texts) / taken / 1e6:.0f} M"
        )
        assert np.array_equal(space.index(everything), np.arange(len(everything)))
    Console().print(table)


if __name__ == "__main__":
    main()
