"""How large the page of a large study is, and how long it takes to write.

Ten searches, 500 runs, 300 evaluations: at most 5 MB, with the drawing library inside.

    python benchmarks/page.py [--runs 500] [--evaluations 300] [--keep page.html]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import nasbed
from nasbed.optimizers.climbing.local import LocalSearch
from nasbed.optimizers.evolution import RegularizedEvolution
from nasbed.optimizers.random import RandomSearch
from nasbed.report.page.page import html, plotly

POPULATIONS = ((50, 10), (10, 3), (20, 5), (30, 10), (100, 25), (50, 2), (50, 50))
MEGABYTE = 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--evaluations", type=int, default=300)
    parser.add_argument("--keep", type=Path, help="where to leave the page")
    given = parser.parse_args()
    methods = {f"evolution {p}, {s}": RegularizedEvolution(p, s) for p, s in POPULATIONS}
    methods |= {"random": RandomSearch(), "random without replacement": RandomSearch(False), "local": LocalSearch()}
    comparison = nasbed.compare(methods, "digits101", runs=given.runs, evaluations=given.evaluations)
    html(nasbed.compare(["random"], "digits101", runs=2, evaluations=2))  # imports, and compresses the library
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = comparison.report(given.keep or Path(folder) / "page.html")
        taken, size = time.perf_counter() - start, path.stat().st_size
    print(f"{len(methods)} searches, {given.runs} runs, {given.evaluations} evaluations of each")
    print(f"page {size / MEGABYTE:.2f} MB, of it the drawing library {len(plotly().packed) / MEGABYTE:.2f} MB")
    print(f"written in {taken:.2f} s")


if __name__ == "__main__":
    main()
