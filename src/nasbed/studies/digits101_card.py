"""The card of digits101: what ``docs/digits101.md`` says of the table and of searches on it, played again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from nasbed.benchmarks.resolve import digits101
from nasbed.core.errors import BadSetting
from nasbed.core.registry import optimizers
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.studies.reproduction import Line, Reproduction

RUNS, EVALUATIONS = 500, 150

QUARTILES = {
    "validation": {
        4: (0.1375, 0.3675, 0.4354, 0.5072, 0.8233),
        12: (0.2542, 0.6908, 0.7850, 0.8583, 0.9579),
        36: (0.2800, 0.8404, 0.9042, 0.9342, 0.9738),
    },
    "test": {
        4: (0.1385, 0.3730, 0.4414, 0.5159, 0.8085),
        12: (0.2607, 0.6985, 0.7898, 0.8593, 0.9559),
        36: (0.2691, 0.8452, 0.9073, 0.9369, 0.9793),
    },
}
"""Accuracies of the modules: minimum, quartiles and maximum, by epochs."""

SEARCHES = {
    "random": (0.96429, 0.96364, 0.96488),
    "regularized-evolution": (0.96606, 0.96554, 0.96653),
    "local": (0.96592, 0.96537, 0.96642),
}
"""Test accuracy of what a search chose, and its 95 % interval: the mean of 500 runs of 150 evaluations."""

_NAMES = ("minimum", "first quartile", "median", "third quartile", "maximum")
_ROUNDED = 0.00505  # percentage points of figures with four digits after the point, as fractions


def card(data: str | Path | None, runs: int | None, seed: int, progress: Callable[[float], None]) -> Reproduction:
    """What the card of digits101 says: accuracies of its modules, and how three searches end on it."""
    if data is not None:
        raise BadSetting("digits101 is part of nasbed and needs no --data")
    benchmark, lines = digits101(), []
    archs = benchmark.space.enumerate()
    for split, by_epochs in QUARTILES.items():
        for epochs, figures in by_epochs.items():
            values = benchmark.test(archs, epochs) if split == "test" else benchmark.query(archs, epochs).value
            ours = np.nanquantile(values, np.linspace(0, 1, 5))
            for name, our, figure in zip(_NAMES, ours, figures, strict=True):
                what = f"{split} after {epochs} epochs, {name}"
                lines.append(Line(what, 100 * float(our), 100 * figure, _ROUNDED))
    for i, (name, (mean, low, high)) in enumerate(SEARCHES.items()):
        settings = SearchSettings(evaluations=EVALUATIONS, runs=runs or RUNS, seed=seed)
        history = search(optimizers.make(name, {}), benchmark, settings).attach(benchmark)
        ours = history.metric("test")[-1].mean()
        lines.append(Line(f"{name}, test accuracy", 100 * float(ours), 100 * mean, 100 * (high - low) / 2))
        progress((i + 1) / len(SEARCHES))
    return Reproduction(
        "digits101-card",
        "digits101: its modules, and searches of 150 evaluations on it",
        "docs/digits101.md, which is computed from the table",
        "%",
        3,
        tuple(lines),
        ("the tolerance of searches is the published 95 % interval of the mean",),
        {"checksum": benchmark.table.describe().get("checksum"), "runs": runs or RUNS, "seed": seed},
    )
