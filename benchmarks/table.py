"""Print the README's table of speeds anew: rows of the scripts beside this one that need minutes and no PyTorch.

Each is run as it is, and its figures are read from what it prints. The first time a file of 2 GB in the published
format is made in the folder: synthetic, for nothing in it was trained.

    python benchmarks/table.py [FOLDER] [--only compat.py searches.py]
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
BOTH = r"\s+[\d.]+\s+([\d.,]+)\s+[\d.]+\s+([\d.,]+)"  # least and median of ours, then of the plain way
GENERATOR, LOOP = r"plain generator.*?│\s+(\d+)", r"plain Python loop\D+1\s+([\d,]+)"


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        what: What is timed.
        script: Which script prints it.
        pattern: Finds our figure in what it prints, in the first group, and the plain one, if any, in the second.
        unit: Stands behind both.
        inverse: Whether they are rates, of which the higher is faster.
        plain: Finds the plain figure where it is on another line.
    """

    what: str
    script: str
    pattern: str
    unit: str = "s"
    inverse: bool = False
    plain: str = ""


ROWS = (
    Row("enumerate 423,624 modules, with MD5 hashes", "enumeration.py", r"with MD5 hashes\W+([\d.]+)", plain=GENERATOR),
    Row("the same without hashes", "enumeration.py", r"enumerated without\W+([\d.]+)", plain=GENERATOR),
    Row(
        "import a 2.1 GB TFRecord, both checksums of each record", "tables.py", r"import of .*?\)\s+([\d.]+)\s+([\d.]+)"
    ),
    Row("the same, seconds of the processor", "tables.py", r"of the processor \(s\)\s+([\d.]+)\s+([\d.]+)"),
    Row("raw specifications to classes", "enumeration.py", r"([\d.]+) million valid raw rows", "million/s", True),
    Row("open a full-size table, first query", "tables.py", r"first query, running process \(ms\)\s+([\d.]+)", "ms"),
    Row("the same in a fresh process", "tables.py", r"one query of the table \(s, MiB\)\s+([\d.]+)"),
    Row("`query` of the published API, a built spec", "compat.py", rf"query, a built spec{BOTH}", "µs"),
    Row("`query(ModelSpec(matrix, ops))`", "compat.py", rf"query\(ModelSpec\(array, ops\)\){BOTH}", "µs"),
    Row("`hash_spec`, the first 1,000 of a process", "compat.py", rf"hash_spec, the first ones{BOTH}", "µs"),
    Row("`hash_spec`, all later ones", "compat.py", rf"hash_spec after [\d,]+{BOTH}", "µs"),
    Row("`get_metrics_from_hash` of all modules, each", "compat.py", rf"sweep, a module{BOTH}", "µs"),
    Row(
        "regularized evolution, 500 runs together",
        "searches.py",
        r"regularized-evolution\s+500\s+([\d,]+)",
        "/s",
        True,
        plain=LOOP,
    ),
    Row(
        "regularized evolution, one run", "searches.py", r"regularized-evolution\s+1\s+([\d,]+)", "/s", True, plain=LOOP
    ),
    Row("BOHB, one run of 500 evaluations", "searches.py", r"bohb, 500 evaluations\s+1\s+([\d,]+)", "/s", True),
    Row("BOHB, one run of 8,000 evaluations", "searches.py", r"bohb, 8,000 evaluations\s+1\s+([\d,]+)", "/s", True),
    Row("the reference notebook's study: 500 runs to 5 million simulated seconds", "workers.py", r"\n\s+1\s+([\d.]+)"),
    Row("the same with 64 simulated workers a run", "workers.py", r"\n\s+64\s+([\d.]+)"),
    Row(
        "evolution on the expression of NAS-Bench-201, 500 runs, to its class",
        "written_spaces.py",
        r"expression plays at ([\d.]+)",
        "of its speed",
    ),
    Row(
        "graph features of NAS-Bench-201 cells", "encodings.py", r"nasbench201 │ graf\W+([\d,]+)\W+([\d,]+)", "/s", True
    ),
    Row("one-hot encoding, simplified", "encodings.py", r"nasbench201 │ onehot\W+([\d,]+)\W+([\d,]+)", "/s", True),
)

NEEDS_A_TABLE = ("compat.py", "searches.py", "workers.py")


@cache
def printed(script: str, folder: Path) -> str:
    """Run a script and return what it prints."""
    words = [folder / "nasbench_synthetic.arrow"] if script in NEEDS_A_TABLE else [folder] * (script == "tables.py")
    print(f"running {script} …", file=sys.stderr, flush=True)
    command = [sys.executable, str(HERE / script), *map(str, words)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "COLUMNS": "160"})
    return done.stdout


def number(pattern: str, text: str, group: int = 1) -> float | None:
    """Return a figure of a text; None where the pattern has no such group."""
    found = re.search(pattern, text)
    if found is None:
        raise SystemExit(f"nothing that was printed looks like {pattern}:\n{text}")
    return float(found[group].replace(",", "")) if found.re.groups >= group else None


def shown(figure: float | None, unit: str) -> str:
    """Write a figure with three digits."""
    if figure is None:
        return ""
    if figure >= 1e6:
        figure, unit = figure / 1e6, "million/s"
    digits = f"{float(f'{figure:.3g}'):,.0f}" if figure >= 100 else f"{figure:.3g}"
    return f"{digits}{'' if unit == '/s' else ' '}{unit}".strip()


def processor() -> str:
    """Return the processor's name and how many cores this process has, as far as the system says."""
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", info.read_text()) if info.exists() else [platform.processor()]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=Path(tempfile.gettempdir()) / "nasbed-synthetic", type=Path)
    scripts = sorted({row.script for row in ROWS})
    parser.add_argument("--only", nargs="+", choices=scripts, default=scripts, help="scripts whose rows are printed")
    given = parser.parse_args()
    if not set(given.only).isdisjoint(NEEDS_A_TABLE) and not (given.folder / "nasbench_synthetic.arrow").exists():
        printed("tables.py", given.folder)
    lines = ["| what | nasbed | plain | ratio | script |", "|---|--:|--:|--:|---|"]
    for row in ROWS:
        if row.script in given.only:
            text = printed(row.script, given.folder)
            ours = number(row.pattern, text)
            plain = number(row.plain, text) if row.plain else number(row.pattern, text, 2)
            ratio = None if plain is None or ours is None else ours / plain if row.inverse else plain / ours
            figures = [shown(ours, row.unit), shown(plain, row.unit), shown(ratio, "")]
            lines.append(f"| {row.what} | {' | '.join(figures)} | `{row.script}` |")
    print(f"{processor()}; Python {platform.python_version()}; {datetime.now(UTC):%d %B %Y}\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
