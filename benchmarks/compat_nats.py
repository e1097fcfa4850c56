"""How long calls of NATS-Bench's published interface take, ours over a table and a plain emulation of the published.

The emulation is the tests' own: dictionaries and loops, without the published copies and messages. It holds only the
architectures that are asked for, which makes no difference to a dictionary.

    python benchmarks/compat_nats.py FOLDER [--table TABLE.arrow] [--architectures 100] [--rounds 9]
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit" / "compat"))

from plain_nats import Plain

from nasbed.compat.nats_bench import create
from nasbed.readers.natsbench.folder import open_folder

SPACES = {"nasbench201": ("tss", "200", 24), "natssize": ("sss", "90", 10)}

FRESH = """
import time
from nasbed.compat.nats_bench import create
start, cpu = time.perf_counter(), time.process_time()
api = create({path!r}, {space!r}, verbose=False)
api.get_more_info({index}, "cifar100", hp={hp!r})
print(time.perf_counter() - start, time.process_time() - cpu)
"""


def microseconds(calls: list[Callable[[int], object]], indices: list[int], rounds: int) -> list[list[float]]:
    """Time calls in turn, so that what else the machine does slows all of them down; CPU µs a call, ascending."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, times in zip(calls, taken, strict=True):
            start = time.process_time()
            for index in indices:
                call(index)
            times.append((time.process_time() - start) / len(indices) * 1e6)
    return [sorted(times) for times in taken]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a published folder, genuine or synthetic")
    parser.add_argument("--table", type=Path, help="the table that was imported from it; else it is imported now")
    parser.add_argument("--architectures", type=int, default=100, help="how many each call is timed over")
    parser.add_argument("--rounds", type=int, default=9, help="timings of each call, ours and plain in turn")
    arguments = parser.parse_args()

    folder = open_folder(arguments.folder)
    space, hp, middle = SPACES[folder.space]
    files = [index for index, _ in folder.items]
    indices = random.Random(0).sample(files, min(arguments.architectures, len(files)))
    mine: Any = create(arguments.table or arguments.folder, space, verbose=False)
    theirs: Any = Plain(arguments.folder, set(indices))

    random.seed(0)
    start = time.process_time()
    for index in indices:
        mine.get_more_info(index, "cifar100", hp=hp)
    first = (time.process_time() - start) / len(indices) * 1e6
    calls: dict[str, Callable[[Any], Callable[[int], object]]] = {
        "get_more_info": lambda api: lambda i: api.get_more_info(i, "cifar100", hp=hp),
        "get_more_info, mean of seeds": lambda api: lambda i: api.get_more_info(i, "cifar100", None, hp, False),
        "get_more_info, an epoch": lambda api: lambda i: api.get_more_info(i, "cifar10-valid", middle, hp, 777),
        "get_more_info, 12 epochs": lambda api: lambda i: api.get_more_info(i, "cifar10", hp="12"),
        "simulate_train_eval": lambda api: lambda i: api.simulate_train_eval(i, "cifar100", hp=hp),
        "simulate_train_eval, 12 epochs": lambda api: lambda i: api.simulate_train_eval(i, "cifar10", hp="12"),
        "get_cost_info": lambda api: lambda i: api.get_cost_info(i, "cifar100", hp),
    }
    half = arguments.rounds // 2
    print(f"{len(mine.evaluated_indexes):,} architectures; CPU µs a call over {len(indices)} of them")
    print(f"{'':32}{'nasbed':^20}{'plain emulation':^20}{'ratio':^20}")
    print(f"{'call':32}" + f"{'least':>10}{'median':>10}" * 3)
    for name, make in calls.items():
        ours, plain = microseconds([make(mine), make(theirs)], indices, arguments.rounds)
        figures = [ours[0], ours[half], plain[0], plain[half], plain[0] / ours[0], plain[half] / ours[half]]
        print(f"{name:32}" + "".join(f"{figure:>10.1f}" for figure in figures))
    print(f"{'get_more_info, the first of each':32}{first:>10.1f}")
    start = time.process_time()
    mine.find_best("cifar100", "valid", hp=hp)
    print(f"find_best among all             {(time.process_time() - start) * 1e3:>9.1f} ms")
    path = str(mine._answers.table.path)
    code = FRESH.format(path=path, space=space, index=indices[0], hp=hp)
    runs = [subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True) for _ in range(5)]
    for i, what in enumerate(("wall", "CPU")):
        taken = sorted(float(run.stdout.split()[i]) * 1e3 for run in runs)
        print(f"opening and first query, {what:4}   {taken[0]:>9.1f} ms, median {taken[2]:.1f} ms")


if __name__ == "__main__":
    main()
