"""How fast architectures are encoded and simplified, beside a naive implementation that goes through them one by one.

The naive graph features follow the definitions with a search over all paths of each cell, the naive one-hot is a list
a row. Times are CPU time of one core, medians of some rounds; the naive ones of a part of the rows, scaled.

    python benchmarks/encodings.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import time
from itertools import combinations

import numpy as np
from rich.console import Console
from rich.table import Table
from timing import median_seconds

import nasbed
from nasbed.encodings import encoding
from nasbed.spaces.edge_cells import EDGES
from nasbed.spaces.nasbench201 import OPERATIONS, unique_string

PART = 200
ROUTES = ((3,), (0, 4), (1, 5), (0, 2, 5))
SETS = [some for size in range(1, 6) for some in combinations(range(len(OPERATIONS)), size)]


def naive_graf(row):
    """Return the 191 features of one cell of NAS-Bench-201, in the order of ``graf``."""
    found = [float(sum(operation == one for operation in row)) for one in range(len(OPERATIONS))]
    lengths = [[len(route) for route in ROUTES if all(row[edge] in some for edge in route)] for some in SETS]
    found += [float(min(some, default=5)) for some in lengths]
    found += [float(max(some, default=-1)) for some in lengths]
    for end, node in ((0, 0), (1, 3)):
        found += [float(sum(edge[end] == node and row[i] in some for i, edge in enumerate(EDGES))) for some in SETS]
    return found + [sum(operation in some for operation in row) / 4 for some in SETS] * 2


def naive_onehot(row):
    """Return the one-hot encoding of one row."""
    return [float(value == one) for value in row for one in range(len(OPERATIONS))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    table = Table("space", "what", "rows a second", "naive", "ratio")
    space = nasbed.space("nasbench201")
    rows = space.enumerate()
    simple = space.simplify(rows)
    np.testing.assert_array_equal(
        encoding("graf", space)(rows[:PART]), [naive_graf(row) for row in simple[:PART].tolist()]
    )
    np.testing.assert_array_equal(
        encoding("onehot", space)(rows[:PART]), [naive_onehot(row) for row in simple[:PART].tolist()]
    )
    part = simple[:PART].tolist()
    texts = [[OPERATIONS[one] for one in row] for row in part]
    naive = {
        "simplify": lambda: [unique_string(text) for text in texts],
        "graf": lambda: [naive_graf(row) for row in part],
        "onehot": lambda: [naive_onehot(row) for row in part],
    }
    start = time.process_time()
    nasbed.space("nasbench201").simplify(rows)
    table.add_row(space.name, "first simplify", f"{1e3 * (time.process_time() - start):.0f} ms", "", "")
    for name in ("simplify", "onehot", "graf", "path", "wl"):
        call = space.simplify if name == "simplify" else encoding(name, space)
        call(rows[:2])
        speed = len(rows) / median_seconds(lambda call=call: call(rows), rounds)
        plain = PART / median_seconds(naive[name], rounds) if name in naive else None
        ratio = ("", "") if plain is None else (f"{plain:,.0f}", f"{speed / plain:,.0f}")
        table.add_row(space.name, name, f"{speed:,.0f}", *ratio)
    modules = nasbed.space("nasbench101")
    some = modules.enumerate()[::10]
    for name in ("simplify", "onehot", "graf", "path"):
        call = modules.simplify if name == "simplify" else encoding(name, modules)
        call(some[:2])
        speed = len(some) / median_seconds(lambda call=call: call(some), rounds)
        table.add_row(modules.name, name, f"{speed:,.0f}", "", "")
    Console().print(table)


if __name__ == "__main__":
    main()
