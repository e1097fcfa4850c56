"""How long a fresh process takes to import nasbed, to print its help and to answer a first question.

The baseline is Python itself, which starts and does nothing. Each command is started again and again, the commands in
turn, so that what else the machine does falls on all of them alike; medians count.

Then what a first hour's commands cost in seconds of the processor with empty caches and an empty home, and again.

    python benchmarks/startup.py [--starts 15]
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

QUERY = """
import nasbed
benchmark = nasbed.benchmark("digits101")
print(benchmark.query(benchmark.space.parse("011/001/000:conv3x3")[None]).value)
"""
COMMANDS = {
    "python, doing nothing": ["-c", ""],
    "import numpy": ["-c", "import numpy"],
    "import nasbed": ["-c", "import nasbed"],
    "open digits101, one query": ["-c", QUERY],
    "nasbed --help": ["-m", "nasbed.cli", "--help"],
}

FIRST = (
    "query digits101 011/001/000:conv3x3",
    "search regularized-evolution --evaluations 100 --runs 20",
    "search bohb --evaluations 100",
    "compare random regularized-evolution local --runs 500 --out demo",
)


def processor_seconds(command: str, home: str) -> float:
    """Return the processor time of one command of ours whose home and caches are a folder."""
    around = {**os.environ, "HOME": home, "NASBED_HOME": f"{home}/nasbed", "NUMBA_CACHE_DIR": f"{home}/numba"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [sys.executable, "-m", "nasbed.cli", *command.split()]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, cwd=home, env=around)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def seconds(arguments: list[str]) -> float:
    """Time one process, from its start to its end, away from this folder."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, cwd=folder)
        return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=15, help="of each command, after one that does not count")
    given = parser.parse_args()
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for start in range(given.starts + 1):
        for name, arguments in COMMANDS.items():
            taken = seconds(arguments)
            if start:  # the first start writes byte code
                times[name].append(taken)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    bare = next(iter(medians.values()))
    print(f"{'fresh process':30}{'seconds':>10}{'less bare':>12}{'ratio to bare':>16}")
    for name, median in medians.items():
        print(f"{name:30}{median:>10.3f}{median - bare:>12.3f}{median / bare:>16.1f}")
    print(f"\n{'processor seconds':68}{'first':>8}{'again':>8}")
    for command in FIRST:
        with tempfile.TemporaryDirectory() as folder:
            first, again = (processor_seconds(command, folder) for _ in range(2))
        print(f"nasbed {command:61}{first:>8.1f}{again:>8.1f}")


if __name__ == "__main__":
    main()
