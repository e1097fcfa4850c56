"""How fast published trainings are imported, opened, queried and looked up, beside unpickling the published files.

FOLDER is one in the published format, such as benchmarks/synthetic_nats.py writes: SYNTHETIC results of all 15,625
cells with every seed, data set and curve. The table is kept beside it; it is made anew with ``--import``. The baseline
is what the published interface does for a question: unpack and unpickle the architecture's file.

    python benchmarks/nats_tables.py FOLDER [--import] [--processes 2]
"""

from __future__ import annotations

import argparse
import bz2
import os
import pickle
import resource
import statistics
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
from timing import median_seconds

import nasbed
from nasbed.benchmarks.table import TableBenchmark
from nasbed.compat.nats_bench.trainings import published_of
from nasbed.core.rng import Streams
from nasbed.tables.nats_import import import_published
from nasbed.tables.table import Table

ASKED = {"data": "cifar10-valid", "split": "x-valid", "recipe": "200"}


def timed(call, rounds: int = 7) -> float:
    """Give the median of some measurements in seconds, of the wall's clock."""
    return median_seconds(call, rounds, time.perf_counter)


def fresh(code: str, repeats: int = 5) -> tuple[float, float]:
    """Run code in a fresh process; give what it prints, the median of some times (ms), and its peak memory (MiB)."""
    peak = "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0])"
    program = f"import time\n{textwrap.dedent(code)}\n{peak}"
    found = []
    for _ in range(repeats):
        done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
        seconds, kilobytes = done.stdout.split()[-2:]
        found.append((float(seconds), int(kilobytes) / 1024))
    return 1e3 * statistics.median(seconds for seconds, _ in found), found[0][1]


def line(what: str, measured: str, baseline: str = "", ratio: str = "") -> None:
    print(f"{what:66}{measured:>18}{baseline:>14}{ratio:>9}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--import", dest="anew", action="store_true", help="make the table anew, and time it")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    path = given.folder.with_name(f"{given.folder.name}.arrow")
    line("", "nasbed", "unpickling", "ratio")
    if given.anew or not path.exists():
        importing(given.folder, path, given.processes)
    table = Table.open(path)
    beside = {room: file.path.stat().st_size / 1e6 for room, file in table.beside.companions.items()}
    line("architectures in the table", f"{len(table):,}")
    line("table file (MB)", f"{path.stat().st_size / 1e6:.1f}")
    for room, size in beside.items():
        line(f"beside it, {room} (MB)", f"{size:.1f}")
    opening(given.folder, path)
    looking_up(table)
    searching(table)
    line("every bit verified (s)", f"{timed(table.verify, 1):.2f}")
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def importing(folder: Path, path: Path, processes: int) -> None:
    """Time the import, beside nothing but unpacking and unpickling every file in as many processes."""
    files = sorted(folder.glob("0*.pickle.pbz2"))
    some = files[:: max(1, len(files) // 50)]
    start = time.perf_counter()
    for file in some:
        pickle.loads(bz2.decompress(file.read_bytes()))
    bare = (time.perf_counter() - start) / len(some) * len(files) / min(processes, os.cpu_count() or 1)
    start = time.perf_counter()
    import_published(folder, path, workers=processes)
    seconds = time.perf_counter() - start
    size = sum(file.stat().st_size for file in files)
    what = f"import of {len(files):,} files, {size / 1e6:,.0f} MB, {processes} processes (s)"
    line(what, f"{seconds:.1f}", f"{bare:.1f}", f"{bare / seconds:.2f}")


def opening(folder: Path, path: Path) -> None:
    """Time opening and a first question: in a process that has imported nasbed, and in one that has not."""
    table = Table.open(path)
    index = int(table.indices[len(table) // 2])
    arch = table.archs[len(table) // 2][None]
    text = table.space.format(arch[0])
    file = folder / f"{index:06d}.pickle.pbz2"

    def unpickled() -> float:
        state = pickle.loads(bz2.decompress(file.read_bytes()))["200"]
        return float(np.mean([state["all_results"][data, seed]["eval_acc1es"]["x-valid@199"]
                              for data, seed in state["all_results"] if data == "cifar10-valid"]))  # fmt: skip

    def query() -> float:
        return float(Table.open(path).measurement(**ASKED).mean(arch)[0])

    assert abs(query() - unpickled()) < 1e-9
    naive = 1e3 * timed(unpickled)
    asked = 'data="cifar10-valid", split="x-valid", recipe="200"'
    ready = "import nasbed.tables.table, nasbed.spaces.nasbench201"
    for what, imports, inside in (
        ("opening and first query, nasbed's modules imported (ms)", ready, ""),
        ("opening and first query, after 'import nasbed' alone (ms)", "import nasbed", ""),
        ("fresh process, from 'import nasbed' on (ms)", "", "import nasbed\n"),
    ):
        milliseconds, memory = fresh(
            f"{imports}\nstart = time.perf_counter()\n{inside}"
            f"table = nasbed.table({str(path)!r})\n"
            f"value = table.measurement({asked}).mean(table.space.parse({text!r})[None])[0]\n"
            "print(time.perf_counter() - start)"
        )
        line(what, f"{milliseconds:.1f}", f"{naive:.1f}", f"{naive / milliseconds:.1f}")
        line("  peak memory of the process (MiB)", f"{memory:.0f}")
    again = 1e3 * timed(query)
    line("opening and a query, again (ms)", f"{again:.2f}", f"{naive:.1f}", f"{naive / again:.0f}")
    one = 1e3 * timed(lambda: table.measurement(**ASKED).mean(arch))
    line("a query of an open table (ms)", f"{one:.3f}", f"{naive:.1f}", f"{naive / one:.0f}")
    whole = 1e3 * timed(lambda: published_of(table, index))
    line("all of an architecture put together again (ms)", f"{whole:.1f}", f"{naive:.1f}", f"{naive / whole:.1f}")


def looking_up(table: Table) -> None:
    """Time questions about a million architectures at a time."""
    archs = table.archs[np.random.default_rng(0).integers(len(table), size=1_000_000)]
    line("rows of architectures (million per second)", f"{1 / timed(lambda: table.rows(archs)):.1f}")
    found = table.measurement(**ASKED)
    for what, ask in (
        ("mean over seeds", lambda: found.mean(archs)),
        ("one seed", lambda: found.values(archs, seed=777)),
        ("after epoch 100", lambda: found.mean(archs, epoch=100)),
    ):
        seconds = timed(ask)
        line(f"architectures to accuracies, {what} (million per second)", f"{1 / seconds:.1f}")


def searching(table: Table) -> None:
    """Time what a search asks of a table at each step, and whole searches."""
    benchmark = TableBenchmark(table, data="cifar10")
    archs = table.archs[np.random.default_rng(0).integers(len(table), size=500)]
    first = timed(lambda: benchmark.query(archs), 1)
    line("first query of a benchmark, 500 architectures (ms)", f"{1e3 * first:.1f}")
    for runs in (1, 500):
        streams, steps = Streams.from_seed(1, runs), range(20_000 // runs)
        benchmark.query(archs[:runs], None, streams)
        seconds = timed(lambda: [benchmark.query(archs[:runs], None, streams) for _ in steps], 3)  # noqa: B023
        line(f"look-ups of searches, {runs} run{'s' * (runs > 1)} (per second)", f"{runs * len(steps) / seconds:,.0f}")
    if table.complete:
        for method in ("random", "regularized-evolution", "local"):
            seconds = timed(lambda method=method: nasbed.search(method, benchmark, evaluations=150, runs=500), 1)
            line(f"500 runs of {method}, 150 evaluations each (s)", f"{seconds:.2f}")


if __name__ == "__main__":
    main()
