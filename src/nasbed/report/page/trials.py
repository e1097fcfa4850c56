"""Trials: the best that the searches tried, as a table, and every trial as a CSV file inside the page, if it fits."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from itertools import islice
from typing import Any

import numpy as np

from nasbed.report.page.parts import Download, Part, Section, Table
from nasbed.report.words import value
from nasbed.run import trials
from nasbed.run.history import History
from nasbed.statistics.comparison import Comparison

ROWS = 5_000
"""Of the file inside the page: of more, each search's first runs are there, so that a page is opened at once."""

_BEST = 10  # architectures of each search that are listed


def tried(comparison: Comparison) -> Section | None:
    """List the best trials of each search, and give the file of all; None where nothing was tried."""
    rows = [row for label, history in comparison.histories.items() for row in _best(comparison, label, history)]
    if not rows:
        return None
    unit = " (%)" if comparison.factor("validation") == 100 else ""
    headers = ["search", "run", "trial", f"{comparison.words('validation')}, heard{unit}", "architecture"]
    caption = (
        f"The best {_BEST} different architectures that each search tried in any run, by what it heard of them, which "
        "flatters the best of many; trials are counted from 1."
    )
    parts: list[Part] = [Table(headers, rows, caption, f"The best trials of each search: {len(rows):,} rows")]
    return Section("trials", "Trials", [*_file(comparison), *parts])


def _best(comparison: Comparison, label: str, history: History) -> Iterator[list[str]]:
    step, run = trials.best(history, _BEST)
    first = int(history.info.get("first_run") or 0)
    texts = history.space.texts(history.archs[step, run])
    for at, of, text in zip(step.tolist(), run.tolist(), texts, strict=True):
        heard = value(comparison, "validation", float(history.value[at, of]))
        yield [label, f"{first + of:,}", f"{at + 1:,}", heard, text]


def _file(comparison: Comparison) -> Iterator[Part]:
    """Write the runs of each search that fit, as many of each, and say which they are."""
    histories = comparison.histories
    counts = np.sum([np.cumsum(history.tried.sum(axis=0)) for history in histories.values()], axis=0)
    runs, each = int(np.searchsorted(counts, ROWS, side="right")), ROWS // len(histories)
    rows = [
        {"search": label, **row}
        for label, history in histories.items()
        for row in islice(_rows(history, max(runs, 1)), None if runs else each)
    ]
    everything = int(counts[-1])
    if len(rows) == everything:
        said = f"Every trial of every run, {everything:,} rows."
    else:
        which = f"those of the first {runs:,} of {comparison.runs:,} runs" if runs else f"the first {each:,} of one run"
        said = (
            f"{len(rows):,} of {everything:,} trials, so that the page stays small: {which} of each search. All are "
            "in the histories that nasbed compare --out and nasbed search --out write."
        )
    yield f"{said} Epochs and seconds are 0 where a trial was not paid for."
    text = StringIO()
    file = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    file.writeheader()
    file.writerows(rows)
    yield Download("Trials as CSV", "trials.csv", text.getvalue())


def _rows(history: History, runs: int) -> Iterator[dict[str, Any]]:
    """Give the trials of the first runs, as far as a history knows them whether or not its benchmark is at hand."""
    run, step = np.nonzero(history.tried[:, :runs].T)
    found = trials.columns(replace(history, answers=None), (step, run))
    heard = next(name for name in found if name.startswith("incumbent_"))
    chosen = ["run", "trial", "architecture", "epochs", "seconds", heard.removeprefix("incumbent_")]
    chosen += [*history.objectives, "paid", heard]
    for values in zip(*({**found, "trial": found["step"] + 1}[name] for name in chosen), strict=True):
        yield dict(zip(chosen, map(_written, values), strict=True))


def _written(value: Any) -> Any:
    """Write a number to six digits, and nothing for one that is not known."""
    if not isinstance(value, float):
        return value
    return "" if math.isnan(value) else f"{value:.6g}"
