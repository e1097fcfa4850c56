"""Guided search on NAS-Bench-201: how good the best is, and in how many runs it is the optimum, by evaluations.

Hardly any publication says in how many of how many runs its search has found the best cell, and few play more than ten.
So ours are held against the project's own documentation, which anybody can hold them against; published figures of
others stand beside, marked as copied, with how many runs they are of and on which accuracies. As in the baselines of
this file of accuracies, searches are told accuracies on test images.

References: Akhauri and Abdelfattah, "Encodings for Prediction-based Neural Architecture Search", ICML 2024,
https://arxiv.org/abs/2403.02484, and the logs of its repository; the logs of NASLib,
https://github.com/automl/NASLib
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nasbed.core.registry import optimizers
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.studies.cell import own_seed
from nasbed.studies.nasbench201_baselines import AT as _PUBLISHED_AT
from nasbed.studies.nasbench201_baselines import PUBLISHED, SPLITS, OneSeed, accuracies_of, table_of
from nasbed.studies.reproduction import Line, Reproduction

RUNS = 200
AT = (32, 50, 80, 100, 150)
"""Evaluations after which figures are given."""

METHODS = {"guided": "guided", "local search": "local:remember=true"}

DOCUMENTED: dict[str, dict[str, tuple[tuple[float, float], ...]]] = {
    "cifar10": {
        "guided": ((91.42, 59.5), (91.55, 92.0), (91.57, 100.0), (91.57, 100.0), (91.57, 100.0)),
        "local search": ((90.87, 9.0), (91.12, 12.0), (91.26, 18.0), (91.32, 25.5), (91.40, 36.0)),
    },
    "cifar100": {
        "guided": ((73.09, 29.0), (73.24, 62.0), (73.26, 99.0), (73.26, 100.0), (73.26, 100.0)),
        "local search": ((71.89, 4.5), (72.54, 17.5), (72.95, 42.5), (73.07, 58.0), (73.20, 75.5)),
    },
    "ImageNet16-120": {
        "guided": ((46.87, 21.5), (47.06, 41.5), (47.27, 80.5), (47.32, 95.0), (47.33, 99.5)),
        "local search": ((45.78, 2.0), (46.27, 5.5), (46.60, 11.5), (46.75, 14.5), (46.91, 19.0)),
    },
}
"""Mean best in percent, and percent of 200 runs that have found the optimum, at ``AT``: ``docs/predictors.md``."""

_FLAN = {8: 90.79, 16: 91.10, 32: 91.57, 48: 91.59, 96: 91.61}
_FLAN_SAYS = "copied: FLAN, validation accuracy of the mean table, best 91.61, 3 trials by default"
_NASLIB = "copied: NASLib, guided by XGBoost, 50 seeds, these accuracies"
_LOCAL = "copied: local search, 500 runs, these accuracies; nasbench201-baselines plays it again"

_OF_LOCAL = PUBLISHED["local search"]
_COPIED = "published by others, copied: not run here"

_FILE = "seed888_test_accuracy.csv"
_TOGETHER = 50  # runs that are played at a time: what they computed of the space is kept for all of them
_ERRORS = 4.0
_LEAST = 0.005  # percentage points: documented figures have two digits
_RULE_OF_THREE = 3.0  # a share of 0 or of all runs may be off by so many runs


def guided(data: str | Path | None, runs: int | None, seed: int, progress: Callable[[float], None]) -> Reproduction:
    """Guided search on NAS-Bench-201: mean best and how often it is the optimum, after 32 to 150 evaluations."""
    table, count = table_of(data, _FILE), runs or RUNS
    lines: list[Line] = []
    parts = len(SPLITS) * len(METHODS)
    for i, name in enumerate(SPLITS):
        accuracies = accuracies_of(table, name)
        benchmark = OneSeed(name, accuracies, NASBench201())
        for j, method in enumerate(METHODS):
            done = (i * len(METHODS) + j) / parts

            def move(share: float, done: float = done) -> None:
                progress(done + share / parts)

            best = _best_so_far(benchmark, METHODS[method], count, own_seed(seed, name), move)
            lines += _lines(name, method, 100 * best, 100 * float(accuracies.max()))
        lines += _copied(name)
    return Reproduction(
        "guided-nasbench201",
        f"Guided search on NAS-Bench-201, {count} runs",
        f"re-run lines: docs/predictors.md, {RUNS} runs on {_FILE}; copied lines: as they say",
        "%",
        2,
        tuple(lines),
        (
            "searches are told test accuracies of seed 888: nothing here says how well what they choose does on images "
            "that they have not seen",
            "found: the share of runs whose best is the best of all 15,625 cells",
            "copied figures are of other runs, some of other accuracies, and are compared with nothing",
        ),
        {"table": table.path.name, "checksum": table.describe().get("checksum"), "runs": count, "seed": seed},
    )


def _best_so_far(
    benchmark: OneSeed, method: str, runs: int, seed: int, progress: Callable[[float], None]
) -> NDArray[np.float64]:
    """Play a method; return the best so far at each of ``AT``, ``(runs, points)``."""
    found = []
    for first in range(0, runs, _TOGETHER):
        count = min(_TOGETHER, runs - first)
        settings = SearchSettings(evaluations=AT[-1], runs=count, first_run=first, seed=seed, repeats="mean")
        history = search(optimizers.read(method, {}), benchmark, settings)
        found.append(history.curve("validation", "evaluations", np.array(AT))[1])
        progress((first + count) / runs)
    return np.concatenate(found)


def _lines(name: str, method: str, best: NDArray[np.float64], optimum: float) -> list[Line]:
    """Return the figures of a method on a data set, and by how much they may differ from what is documented."""
    runs, found = len(best), 100.0 * (best >= optimum - 1e-9).mean(axis=0)
    means, errors = best.mean(axis=0), best.std(axis=0, ddof=1) / np.sqrt(runs)
    documented = DOCUMENTED.get(name, {}).get(method, ((None, None),) * len(AT))
    lines = []
    for i, (n, (mean, share)) in enumerate(zip(AT, documented, strict=True)):
        of_mean = of_share = None
        if mean is not None and share is not None:
            of_mean = _ERRORS * float(errors[i]) * np.sqrt(1 + runs / RUNS) + _LEAST
            rate = share / 100
            of_share = 100 * _ERRORS * np.sqrt(rate * (1 - rate) * (1 / runs + 1 / RUNS)) + 100 * _RULE_OF_THREE / runs
        said = f"{name}, {method}, after {n}"
        lines.append(Line(f"{said}, best", float(means[i]), mean, of_mean, "mean best", remark="re-run"))
        lines.append(Line(f"{said}, found", float(found[i]), share, of_share, "optimum found", remark="re-run"))
    return lines


def _copied(name: str) -> list[Line]:
    """Return published figures of others, which are not played here."""
    figures = [("local search", n, best, _LOCAL) for n, best in zip(_PUBLISHED_AT, _OF_LOCAL[name], strict=True)]
    if name == "cifar10":
        figures += [("FLAN", n, best, _FLAN_SAYS) for n, best in _FLAN.items()]
        figures.append(("XGBoost-guided", 500, 91.41, _NASLIB))
    return [
        Line(f"{name}, {of}, after {n}, best", None, best, None, _COPIED, remark=said) for of, n, best, said in figures
    ]
