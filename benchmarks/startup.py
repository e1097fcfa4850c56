"""How long a fresh process takes to import nasbed, to print its help and to answer a first question.

The baseline is Python itself, which starts and does nothing. Each command is started again and again, the commands in
turn, so that what else the machine does falls on all of them alike; medians count.

    python benchmarks/startup.py [--starts 15]
"""

from __future__ import annotations

import argparse
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


if __name__ == "__main__":
    main()
