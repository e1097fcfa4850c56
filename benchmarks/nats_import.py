"""What importing a NATS folder costs beside unpacking and unpickling its files, in processor time of all processes.

GENUINE is a published folder with its list and some results, of which as many files as asked for are made: another
index and architecture are written into them, all else stays. The folder is made once and kept at FOLDER.

    python benchmarks/nats_import.py GENUINE FOLDER [--files 240] [--repeats 5]
"""

from __future__ import annotations

import argparse
import bz2
import os
import pickle
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

META = "meta.pickle.pbz2"
PLAIN = """
import bz2, pickle, sys, time
from pathlib import Path
files = [path.read_bytes() for path in Path(sys.argv[1]).iterdir()]
began = time.process_time()
for file in files:
    pickle.loads(bz2.decompress(file))
print(time.process_time() - began)
"""
RUNNING = """
import resource, sys
from pathlib import Path
import nasbed.cli
from nasbed.tables.nats_import import import_published

def spent():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)

began = spent()
import_published(sys.argv[1], Path(sys.argv[2]) / "table.arrow")
print(spent() - began)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genuine", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=240)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    if not given.folder.exists():
        make(given.genuine, given.folder, given.files)
    found: dict[str, list[float]] = {"plain": [], "in a running process": [], "nasbed import": []}
    for _ in range(given.repeats + 1):  # the first of them fills compiled caches
        found["plain"].append(printed(PLAIN, given.folder))
        found["in a running process"].append(printed(RUNNING, given.folder))
        found["nasbed import"].append(command(given.folder))
    plain = statistics.median(found["plain"][1:])
    for what, times in found.items():
        seconds = statistics.median(times[1:])
        print(f"{what:24}{seconds:8.2f} s{seconds / plain:8.2f} x plain    (first {times[0]:.2f} s)")


def printed(program: str, folder: Path) -> float:
    """Run a program in a fresh process; return the number that it prints."""
    with tempfile.TemporaryDirectory() as out:
        call = [sys.executable, "-c", program, str(folder), out]
        return float(subprocess.run(call, check=True, capture_output=True, text=True).stdout)


def command(folder: Path) -> float:
    """Return the processor time of the whole command."""
    with tempfile.TemporaryDirectory() as home:
        call = [sys.executable, "-m", "nasbed.cli", "import", str(folder)]
        began = os.times()
        subprocess.run(call, check=True, capture_output=True, env={**os.environ, "NASBED_HOME": home})
        ended = os.times()
        return ended.children_user - began.children_user + ended.children_system - began.children_system


def make(genuine: Path, folder: Path, count: int) -> None:
    """Write files like the genuine ones, of other architectures."""
    folder.mkdir(parents=True)
    archs = pickle.loads(bz2.decompress((genuine / META).read_bytes()))["meta_archs"]
    shutil.copy(genuine / META, folder)
    files = [bz2.decompress(path.read_bytes()) for path in sorted(genuine.glob("[0-9]*.pickle.pbz2"))]
    for number in range(count):
        index = number * (len(archs) // count)
        states = pickle.loads(files[number % len(files)])
        for state in states.values():
            state["arch_index"] = index
        renamed(states, next(iter(states.values()))["arch_str"], archs[index])
        (folder / f"{index:06d}.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(states, 4)))


def renamed(value: Any, old: str, new: str) -> Any:
    """Put one text in the place of another, wherever it is."""
    if isinstance(value, dict):
        value.update({key: renamed(one, old, new) for key, one in value.items()})
        return value
    if isinstance(value, list):
        return [renamed(one, old, new) for one in value]
    return new if isinstance(value, str) and value == old else value


if __name__ == "__main__":
    main()
