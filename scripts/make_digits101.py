"""Train the table ``digits101`` and write its card, in one command.

    python scripts/make_digits101.py
    python scripts/make_digits101.py --card-only src/nasbed/benchmarks/data/digits101.arrow

What is measured is kept in a store in ``--work``; stop the command and give it again as often as you like. With other
settings (``--vertices 3 --budgets 1,2``) it makes another, smaller table, which does not belong in the package. The
card and its figure are functions of the table alone.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from cards import Accuracies, write_card

from nasbed.factory.generate import generate
from nasbed.run.campaign import Status
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.table import Table

ROOT = Path(__file__).parents[1]
SEARCHES = ("random", "regularized-evolution", "local", "guided")


def main() -> None:
    """Read the settings, train, put the table and its card in their places."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--vertices", type=int, default=5)
    parser.add_argument("--budgets", default="4,12,36", help="epochs, separated by commas")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "digits101", help="folder of the store")
    parser.add_argument("--table", type=Path, default=ROOT / "src/nasbed/benchmarks/data/digits101.arrow")
    parser.add_argument("--card", type=Path, default=ROOT / "docs/digits101.md", help="its figure is put beside it")
    parser.add_argument("--card-only", type=Path, metavar="TABLE", help="train nothing: write the card of a table")
    given = parser.parse_args()
    if given.repeats < 2:
        parser.error("the card tells noise from differences, for which it needs at least 2 repeats")
    given.card.parent.mkdir(parents=True, exist_ok=True)
    if given.card_only is not None:
        tell(Table.open(given.card_only), given.card)
        return
    for folder in (given.work, given.table.parent):
        folder.mkdir(parents=True, exist_ok=True)
    table = generate(
        given.work / "digits101.arrow",
        space=NASBench101(vertices=given.vertices),
        budgets=[int(epochs) for epochs in given.budgets.split(",")],
        repeats=given.repeats,
        seed=given.seed,
        workers=given.workers,
        command=f"nasbed generate nasbench101 --vertices {given.vertices} --data digits --budgets {given.budgets} "
        f"--repeats {given.repeats} --seed {given.seed} --out digits101.arrow",
        progress=say,
    )
    assert table is not None, "everything was asked for"
    tell(table, given.card)
    shutil.copyfile(table.path, given.table)
    print(given.table)


def say(status: Status) -> None:
    """Keep one line of progress."""
    end = "\n" if status.done == status.total else ""
    left = "" if status.left is None else f", {status.left / 60:.0f} minutes left"
    text = f"{status.done} of {status.total} units, {status.failures} given up{left}"
    print(f"\r{text:<70}", end=end, flush=True)


def tell(table: Table, path: Path) -> None:
    """Write the card of the table, and its figure."""
    epochs, repeats = table.modules.trainings
    validation = table.column("validation_accuracy").values()  # (modules, budgets, repeats), as all of them
    measured = Accuracies(
        epochs,
        validation,
        table.column("test_accuracy").values(),
        table.column("training_time").values(),
        table.column("trainable_parameters").values(),
        "modules",
    )
    intro = (
        f"{len(table):,} modules of at most {table.provenance['space']['vertices']} vertices, each trained {repeats} "
        f"times from scratch at each of {len(epochs)} budgets on the 8×8 handwritten digits of scikit-learn. The "
        "package carries this table so that everything can be tried without a download. The numbers on this page are "
        "computed from it; `scripts/make_digits101.py` makes the table, this page and its figure."
    )
    limits = (
        f"{len(table):,} modules are a small space; a search that wins here need not win in a large one.",
        "The images are tiny, the skeleton is narrow and the trainings are short: accuracies say nothing of CIFAR-10 "
        "or of NAS-Bench-101.",
        "Skeleton and recipe were chosen for telling these modules apart, on these same images.",
        "The repeats of a module are trained in one pass, often with modules that have the same edges. A pass's time "
        "is shared among modules as the times of their steps alone are, and equally among repeats: times differ "
        "between modules and budgets, not between repeats.",
    )
    write_card(path, table, intro, measured, SEARCHES, limits)


if __name__ == "__main__":
    main()
