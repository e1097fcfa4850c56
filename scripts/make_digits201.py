"""Train the table ``digits201`` in shards, on any machines and in any order, and put them together.

    python scripts/make_digits201.py             # the next missing shards, one after another, all 68 in the end
    python scripts/make_digits201.py --from 40   # likewise, from shard 40 on: for a second machine
    python scripts/make_digits201.py --table     # once all are there: the table and its card

A shard that is done is a file in ``data/digits201``, to be committed; it is there whole or not at all. What is measured
of the shard in progress is kept in ``--work``. Stop the command in any way and give it again. Shards fit together when
they were trained by one version of nasbed, PyTorch and NumPy: install with ``constraints.txt``. With other settings
(``--sample 4 --epochs 1 --units 2``, and other folders) it makes a smaller table to try it with.
"""

from __future__ import annotations

import argparse
import lzma
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import numpy as np
from cards import Accuracies, write_card
from numpy.typing import NDArray

from nasbed.core.files import put
from nasbed.factory.generate import generate
from nasbed.factory.merge import merge
from nasbed.factory.selection import Selection
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.tables.table import Table

ROOT = Path(__file__).parents[1]
NAME, DATA, REPEATS, SEED = "digits201", "cluttered-digits", 3, 0
SEARCHES = ("random", "regularized-evolution", "local", "guided")
BY_HAND = "## Why so"
"""From this heading on, the card is written by hand: why data, skeleton and recipe are what they are."""

UNITS = 96
"""Cells of a shard: three passes of sixteen for each of two workers, some minutes."""


def main() -> None:
    """Read the settings; play the missing shards, or make the table of all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first shard to play, from 0")
    parser.add_argument("--until", type=int, default=None, help="the shard after the last to play; all if not given")
    parser.add_argument("--table", action="store_true", help="play nothing: merge the shards, write table and card")
    parser.add_argument("--workers", type=int, default=None, help="one a core if not given")
    parser.add_argument("--shards", type=Path, default=ROOT / "data" / NAME, help="folder of the shards")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / NAME, help="folder of what is unfinished")
    parser.add_argument("--out", type=Path, default=ROOT / f"src/nasbed/benchmarks/data/{NAME}.arrow")
    parser.add_argument("--card", type=Path, default=ROOT / f"docs/{NAME}.md", help="its figure is put beside it")
    parser.add_argument("--sample", type=int, default=None, help="cells drawn at random; all 6,466 if not given")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--units", type=int, default=UNITS, help="cells of a shard")
    given = parser.parse_args()
    cells = given.sample or len(NASBench201().unique())
    starts = range(0, cells, given.units)
    for folder in (given.shards, given.work):
        folder.mkdir(parents=True, exist_ok=True)
    if given.table:
        together(given, len(starts))
        return
    for number in range(len(starts))[given.first : given.until]:
        if not shard(given.shards, number).exists():
            play(given, number, Selection(start=starts[number], stop=starts[number] + given.units))
    there = sum(shard(given.shards, number).exists() for number in range(len(starts)))
    print(f"{there} of {len(starts)} shards are there")


def shard(folder: Path, number: int) -> Path:
    """Name the file of a shard."""
    return folder / f"{number:02}.sqlite.xz"


def command(given: argparse.Namespace) -> str:
    """Write what makes the whole table in one piece."""
    sample = f" --sample {given.sample}" if given.sample else ""
    return (
        f"nasbed generate nasbench201 --unique{sample} --data {DATA} --budgets {given.epochs} --repeats {REPEATS} "
        f"--seed {SEED} --out {NAME}.arrow"
    )


def play(given: argparse.Namespace, number: int, part: Selection) -> None:
    """Train a shard, or go on with it, and put its store, compressed, in its place."""
    began = time.monotonic()
    out = given.work / f"{number:02}.arrow"
    generate(
        out,
        space=NASBench201(),
        data=DATA,
        budgets=(given.epochs,),
        repeats=REPEATS,
        seed=SEED,
        sample=given.sample,
        unique=True,
        selection=part,
        workers=given.workers,
        command=f"{command(given)} --range {part.start}:{part.stop}",
    )
    with closing(sqlite3.connect(out.with_suffix(".sqlite"))) as store:
        # The file alone lacks what is in its log as long as somebody reads it, such as 'nasbed status'.
        content = store.serialize()
    kept = put(shard(given.shards, number), lzma.compress(content, preset=9))
    print(f"{kept}: {kept.stat().st_size / 1000:,.0f} kB, {(time.monotonic() - began) / 60:.1f} minutes", flush=True)


def together(given: argparse.Namespace, count: int) -> None:
    """Merge the shards and make the table.

    Raises:
        SystemExit: When some are missing.
    """
    files = [shard(given.shards, number) for number in range(count)]
    if lost := [path.name for path in files if not path.exists()]:
        raise SystemExit(f"{len(lost)} of {count} shards are missing, the first {lost[0]}; play them first")
    stores = [put(given.work / file.with_suffix("").name, lzma.decompress(file.read_bytes())) for file in files]
    table, missing = merge(stores, given.work / f"{NAME}.arrow", command=command(given))
    if table is None:
        raise SystemExit(f"{missing} cells are missing from the shards; were they made with other --units?")
    shutil.copyfile(table.path, given.out)
    print(f"{given.out}: {len(table):,} cells, {given.out.stat().st_size / 1e6:.2f} MB")
    tell(Table.open(given.out), given.card)


def tell(table: Table, path: Path) -> None:
    """Write the card of the table, and its figure."""

    (budget,) = table.provenance["budgets"]

    def values(what: str) -> NDArray[np.float64]:
        found: NDArray[np.float64] = table.column(f"{budget}/{DATA}/{what}").values()  # (cells, seeds, moments)
        return found.swapaxes(1, 2)

    validation = values("validation/accuracy")
    test = np.full(validation.shape, np.nan)
    test[:, -1:] = values("test/accuracy")
    epochs = tuple(range(1, budget + 1))
    parameters = table.column("trainable_parameters").values()
    measured = Accuracies(epochs, validation, test, values("training_time"), parameters, "cells")
    intro = (
        f"{len(table):,} different cells of NAS-Bench-201, each trained {REPEATS} times from scratch for {epochs[-1]} "
        "epochs on composed images of scikit-learn's digits, with validation accuracy and loss after every epoch and "
        "test accuracy at the end. A row answers for every string that is equal to it by the published rule, so the "
        "package carries all 15,625. The numbers up to *Limits* are computed from the table; "
        "`scripts/make_digits201.py` trains it in shards, puts them together, and writes this page and its figure."
    )
    limits = (
        "Images of 8×8, a narrow skeleton and short trainings: accuracies say nothing of CIFAR-10 or of "
        "NAS-Bench-201's own table.",
        "Data, skeleton and recipe were chosen for telling good cells apart; which search does well was not looked at.",
        "Cells of one pass are trained side by side; a pass's time is shared among them as the times of their steps "
        "alone are, and equally among seeds.",
    )
    write_card(path, table, intro, measured, SEARCHES, limits, BY_HAND)


if __name__ == "__main__":
    main()
