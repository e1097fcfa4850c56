"""How long calls of the published NAS-Bench-101 interface take, ours and a plain emulation of it, and opening a table.

The emulation is the tests' own: dictionaries filled from a TFRecord, copied at each call, and MD5 hashing in Python.
It holds only the modules that are asked for, which makes no difference to a dictionary.

    python benchmarks/compat.py TABLE.arrow [--modules 300] [--rounds 15]
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit" / "compat"))

import plain

from nasbed.compat.nasbench import api
from nasbed.compat.nasbench.hashing import MANY
from nasbed.core.rng import Streams
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.exporting import export
from nasbed.tables.published import REPORTED
from nasbed.tables.table import Table
from nasbed.tables.writing import given_trainings, write_table


def some_modules(table: Table, rows: np.ndarray, path: Path) -> plain.NASBench:
    budgets, repeats = table.modules.trainings
    results = {
        name: table.column(name if name in table.columns else name.removeprefix("start_")).values(rows)
        for name in [*REPORTED, *(f"start_{field}" for field in plain.FIELDS), "total_time"]
        if name in table.columns or name != "total_time"
    }
    given = given_trainings(results, budgets, repeats, "cifar10", table.column("trainable_parameters").stored[rows])
    provenance = {"source": "a part, for a benchmark"}
    out = path.with_suffix(".arrow")
    part = write_table(out, table.space, table.archs[rows], given, provenance=provenance, failed=True)
    export(part, path)
    return plain.NASBench(path)


def drawn(space: NASBench101, modules: int) -> list[tuple[np.ndarray, list[str]]]:
    """Draw matrices and operations as a search does: seven vertices each, many of which pruning drops."""
    graphs = [space.raw_graph(arch) for arch in space.sample(Streams.from_seed(0, modules))]
    return [(np.array(graph.matrix), list(graph.labels)) for graph in graphs]


def microseconds(calls: list[Callable[[int], object]], modules: int, rounds: int) -> list[list[float]]:
    """Time calls in turn, so that what else the machine does slows all of them down; ascending, for each call."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, times in zip(calls, taken, strict=True):
            start = time.process_time()
            for i in range(modules):
                call(i)
            times.append((time.process_time() - start) / modules * 1e6)
    return [sorted(times) for times in taken]


def swept(bench: Any) -> float:
    """Give the microseconds a module that going through the modules takes; of many the first 50,000."""
    start, count = time.process_time(), 0
    for module in islice(bench.hash_iterator(), 50_000):
        bench.get_metrics_from_hash(module)
        count += 1
    return (time.process_time() - start) / count * 1e6


def row(name: str, mine: list[float], other: list[float]) -> None:
    """Print the least and the median of both, and their ratios."""
    pairs = [(min(some), statistics.median(some)) for some in (mine, other)]
    figures = [*pairs[0], *pairs[1], *(theirs / ours for ours, theirs in zip(*pairs, strict=True))]
    print(f"{name:30}" + "".join(f"{figure:>10.1f}" for figure in figures))


FRESH = """
from pathlib import Path
from nasbed.compat.nasbench import api
from nasbed.compat.nasbench.hashing import MANY
bench = api.NASBench({path!r})
matrix = [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
ops = ["input", "conv1x1-bn-relu", "maxpool3x3", "output"]
print(bench.query(api.ModelSpec(matrix, ops), max(bench.valid_epochs)))
status = Path("/proc/self/status")
print(status.read_text().partition("VmHWM:")[2].split()[0] if status.exists() else 0)
"""


def fresh(path: str) -> tuple[float, float]:
    """Give the seconds and the MiB of a process that opens the table and prints one query."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", FRESH.format(path=path)], check=True, capture_output=True, text=True)
    return time.perf_counter() - start, int(done.stdout.split()[-1]) / 1024


def opened(path: str, matrix: np.ndarray, ops: list[str]) -> float:
    """Give the milliseconds that opening and a first query take in a running process."""
    start = time.perf_counter()
    bench = api.NASBench(path)
    bench.query(api.ModelSpec(matrix, ops), max(bench.valid_epochs))
    return (time.perf_counter() - start) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", help="a table of all modules of a space, real or synthetic")
    parser.add_argument("--modules", type=int, default=300, help="how many different ones each call is timed over")
    parser.add_argument("--rounds", type=int, default=15, help="timings of each call, ours and plain in turn")
    arguments = parser.parse_args()

    processes = sorted(fresh(arguments.table) for _ in range(5))
    ours = api.NASBench(arguments.table, seed=0)
    given = drawn(ours.space, arguments.modules)
    openings = sorted(opened(arguments.table, *given[i]) for i in range(9))
    hashes = [ours._hash_spec(api.ModelSpec(*spec)) for spec in given]
    with tempfile.TemporaryDirectory() as folder:
        rows = np.unique([ours.table.modules.row_of(module) for module in hashes])
        theirs = some_modules(ours.table, rows, Path(folder) / "part.tfrecord")
    theirs.config["module_vertices"], theirs.config["max_edges"] = ours.space.vertices, ours.space.edges

    lists = [(matrix.tolist(), ops) for matrix, ops in given]
    epochs = max(ours.valid_epochs)
    both = [(bench, kind, [kind.ModelSpec(*spec) for spec in given]) for bench, kind in ((ours, api), (theirs, plain))]
    calls = {
        name: [make(*each) for each in both]
        for name, make in {
            "query, a built spec": lambda b, m, s: lambda i: b.query(s[i], epochs),
            "query(ModelSpec(array, ops))": lambda b, m, s: lambda i: b.query(m.ModelSpec(*given[i]), epochs),
            "query(ModelSpec(lists, ops))": lambda b, m, s: lambda i: b.query(m.ModelSpec(*lists[i]), epochs),
            "is_valid": lambda b, m, s: lambda i: b.is_valid(s[i]),
            "get_metrics_from_hash": lambda b, m, s: lambda i: b.get_metrics_from_hash(hashes[i]),
            "get_metrics_from_spec": lambda b, m, s: lambda i: b.get_metrics_from_spec(s[i]),
        }.items()
    }
    hashing = [lambda i, s=s: s[i].hash_spec(ours.config["available_ops"]) for _, _, s in both]
    middle = arguments.rounds // 2
    print(f"{len(ours.table):,} modules; CPU µs a call over {arguments.modules} of them, as a search draws them")
    print(f"{'':30}{'nasbed':^20}{'plain emulation':^20}{'ratio':^20}")
    print(f"{'call':30}" + f"{'least':>10}{'median':>10}" * 3)
    first = max(1, min(arguments.rounds, MANY // arguments.modules - 1))  # beside those that were hashed above
    row("hash_spec, the first ones", *microseconds(hashing, arguments.modules, first))
    for name, pair in calls.items():
        row(name, *microseconds(pair, arguments.modules, arguments.rounds))
    for i in range(MANY + 1):
        hashing[0](i % arguments.modules)
    row(f"hash_spec after {MANY:,}", *microseconds(hashing, arguments.modules, arguments.rounds))
    row("sweep, a module", *([swept(bench) for _ in range(5)] for bench in (ours, theirs)))
    drawing = microseconds([lambda i: random.randint(0, 2)], arguments.modules, arguments.rounds)[0]
    print(f"{'random.randint(0, 2), in each':30}{drawing[0]:>10.1f}{drawing[middle]:>10.1f}")
    print(f"opening and first query, ms    {openings[0]:>9.1f}{openings[4]:>10.1f}")
    print(f"fresh process, s               {processes[0][0]:>9.2f}{processes[2][0]:>10.2f}")
    print(f"fresh process, peak MiB        {max(size for _, size in processes):>9.0f}")


if __name__ == "__main__":
    main()
