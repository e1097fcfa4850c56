"""Predictors on NAS-Bench-201: the default one, published ones that are played again, and published figures.

The accuracies are those of the trainings with seed 888 on the test images, which the published re-runs call validation.
Zero-cost scores are those of a published file of 9,445 cells, those that are equal to themselves once dead edges are
none; others have the scores of a cell of their function.

References: Lu et al., PINAT, AAAI 2023, https://doi.org/10.1609/aaai.v37i7.26076; Kadlecová et al., "Surprisingly
Strong Performance Prediction with Neural Graph Features", ICML 2024, https://arxiv.org/abs/2404.16551; Krishnakumar et
al., NAS-Bench-Suite-Zero, NeurIPS 2022, https://arxiv.org/abs/2210.03230
"""

from __future__ import annotations

import csv
import lzma
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.encodings.joining import encoding
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.studies.nasbench201_baselines import OneSeed, accuracies_of, table_of
from nasbed.studies.prediction.examples import Examples
from nasbed.studies.predictors_published import NASBENCH201, PINAT, copied, found_below, ours, rerun
from nasbed.studies.reproduction import Line, Reproduction

DRAWS = 20
SIZES = (39, 78, 156, 469)
SETS = ("whole-space", "all-others", "unseen-functions", "one-for-each-unseen-function")

DOCUMENTED: dict[str, dict[int, float]] = {
    "whole-space": {39: 0.729, 78: 0.787, 156: 0.823, 469: 0.865},
    "all-others": {39: 0.729, 78: 0.786, 156: 0.822, 469: 0.863},
    "unseen-functions": {39: 0.697, 78: 0.745, 156: 0.775, 469: 0.813},
    "one-for-each-unseen-function": {39: 0.693, 78: 0.733, 156: 0.769, 469: 0.813},
}
"""τ of the default predictor on CIFAR-10, the mean of 20 draws: ``docs/predictors.md``."""

SUITE_ZERO = {10: 0.32, 23: 0.59, 56: 0.71, 135: 0.77, 209: 0.78, 500: 0.81}
"""XGBoost on one-hot operations and 13 zero-cost scores, 200 cells: the logs of NAS-Bench-Suite-Zero."""

GRAF_FOREST = {46: 0.749, 233: 0.818, 467: 0.840, 935: 0.860}
"""A random forest on graph features and 13 scores, the remainder of 9,445 cells, read from a figure to ± .004."""

_TOLERANCE = 0.03
"""Splits and searched hyper-parameters are not published; three standard errors of ours come on top."""
_FILE, _SCORES = "seed888_test_accuracy.csv", "nb201_cifar10_scores.csv.xz"
_NASLIB_XGB = {
    "trees": 500,
    "rate": 0.3,
    "depth": 6,
    "subsample": 1.0,
    "colsample": 1.0,
    "min_child_weight": 1.0,
    "bins": 256,
    "gamma": 0.0,
}


def predictors201(
    data: str | Path | None, runs: int | None, seed: int, progress: Callable[[float], None]
) -> Reproduction:
    """Predictors on NAS-Bench-201, CIFAR-10: the default, published ones re-run, published figures copied."""
    draws = runs or DRAWS
    file = found_below(data, _FILE)
    table = table_of(data if file is None else file, _FILE)
    accuracies = accuracies_of(table, "cifar10")
    examples = Examples.of(OneSeed("cifar10", accuracies, NASBench201()))
    lines = ours(examples, SIZES, SETS, DOCUMENTED, draws, seed, lambda share: progress(0.6 * share))
    scores = found_below(data, _SCORES)
    notes = [
        "τ is Kendall's; ours is the mean over draws of the training set",
        "the accuracies are test accuracies of seed 888, which nearly all publications call validation",
        "copied figures are the authors', of their own splits: no row of another part is to be compared with them but "
        "for its protocol",
    ]
    if scores is None:
        notes.append(f"what reads zero-cost scores is not re-run: give --data a folder that has {_FILE} and {_SCORES}")
        lines += copied({"XGBoost on one-hot and scores, 200 cells": SUITE_ZERO}, "logs of NAS-Bench-Suite-Zero")
        lines += copied({"forest on GRAF and scores, remainder": GRAF_FOREST}, "GRAF, figure")
    else:
        lines += _with_scores(examples, scores, draws, seed)
        notes.append(
            "which accuracies GRAF's figure is of is not said; with means of the seeds in the place of seed 888, which "
            "are less noisy, its forest comes to .737, .810, .837 and .863 here, in three draws"
        )
    progress(1.0)
    return Reproduction(
        "predictors-nasbench201",
        f"Predictors on NAS-Bench-201, CIFAR-10, Kendall's τ, {draws} draws",
        f"{PINAT}; logs of NAS-Bench-Suite-Zero; GRAF, ICML 2024, the authors' figure; docs/predictors.md",
        "τ",
        3,
        (*lines, *copied(NASBENCH201, PINAT)),
        tuple(notes),
        {"table": table.path.name, "checksum": table.describe().get("checksum"), "draws": draws, "seed": seed},
    )


def _with_scores(examples: Examples, file: Path, draws: int, seed: int) -> list[Line]:
    """Play the published predictors again that read zero-cost scores."""
    rows, scores = read_scores(file)
    space = NASBench201()
    suite = encoding("onehot", space).with_columns(rows, scores, neighbours=False)
    lines = rerun(
        "XGBoost on one-hot and scores",
        "xgboost",
        _NASLIB_XGB,
        suite,
        examples,
        "naslib-200",
        SUITE_ZERO,
        "logs of NAS-Bench-Suite-Zero, hyper-parameters searched there",
        _TOLERANCE,
        draws,
        seed,
    )
    pool = examples.only(np.sort(space.index(rows)))
    graf = encoding("graf", space).with_columns(rows, scores, neighbours=False)
    lines += rerun(
        "forest on GRAF and scores",
        "random-forest",
        {"trees": 100},
        graf,
        pool,
        "all-others",
        GRAF_FOREST,
        "GRAF, ICML 2024, read from a figure",
        _TOLERANCE,
        draws,
        seed,
    )
    return lines


def read_scores(path: Path) -> tuple[NDArray[np.int8], dict[str, NDArray[np.float64]]]:
    """Read a file of scores: ``net_str``, the published string, and a column for each score.

    Returns:
        The cells, ``(m, 6)``, and their scores by name, ``(m,)`` each.

    Raises:
        BadSetting: When it is something else.
    """
    space = NASBench201()
    try:
        with lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8") as file:
            records = list(csv.DictReader(file))
        names = [name for name in records[0] if name not in ("net", "net_str")]
        rows = np.array([space.parse(record["net_str"]) for record in records], np.int8)
        scores = {name: np.array([float(record[name]) for record in records]) for name in names}
    except (OSError, lzma.LZMAError, KeyError, IndexError, ValueError) as error:
        raise BadSetting(f"{path} is no file of scores with the column net_str: {error}") from None
    return rows, scores
