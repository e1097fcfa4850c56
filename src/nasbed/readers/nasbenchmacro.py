"""The published results of NAS-Bench-Macro, ``nas-bench-macro_cifar10.json``: an object with an entry for each
architecture, under its eight digits::

    {"02012100": {"test_acc": [90.1, 90.4, 90.2], "mean_acc": 90.23, "std": 0.12, "params": 1234567, "flops": 98765432}}

Reference: the README and ``train/`` of https://github.com/xiusu/NAS-Bench-Macro
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.readers.csv import ColumnsRead
from nasbed.readers.measure import Measure

SEEDS = (0, 1, 2)
"""Of the three trainings, in the order of their accuracies; ``train.py`` counts them up from 0."""

_TRAINING: dict[str, Any] = {"data": "cifar10", "recipes": ("50",), "epochs": (50,)}
"""By ``train.py``: 50 epochs on all training images."""

_ENTRY = ("test_acc", "mean_acc", "std", "params", "flops")
_AT_MOST = 2**24
"""Bytes of a file; the published one can have about a tenth of it."""
_ROUNDING = 1e-6
"""By how much the written mean and deviation, in percent, may differ from those of the three accuracies."""

_TESTED = "the highest of the training's epochs, as published"
_COSTS = {
    "params": "trainable parameters",
    "flops": "products of the convolutions and of the dense layer, for one image",
}


def read_results(path: Path) -> ColumnsRead:
    """Read all of the file; its means and deviations only where they do not follow from the accuracies.

    Raises:
        BadSetting: When the file cannot be read, or is JSON of something else.
        CorruptFile: When it is no JSON, too large, or an entry is not what is published of an architecture.
    """
    entries = _entries(path)
    space: Space = spaces.make("nasbenchmacro", {})
    archs = []
    for text, entry in entries.items():
        if not re.fullmatch("[0-2]{8}", text):
            raise CorruptFile(f"{path}: {text!r:.40} is no architecture, which has 8 digits from 0 to 2; get it anew")
        archs.append(space.parse(text))
        if wrong := _wrong(entry):
            raise CorruptFile(f"{path}: {wrong} in the entry of {text}; get the file anew")
    accuracies = np.array([entry["test_acc"] for entry in entries.values()], np.float64)  # (n, seeds)
    if accuracies.max() <= 1.0:
        raise CorruptFile(f"{path} has no accuracy above 1; they seem to be fractions, not percent")
    columns = {}
    for seed, values in zip(SEEDS, accuracies.T, strict=True):
        measure = Measure("accuracy", "test", **_TRAINING, seeds=(seed,), unit="percent", meaning=_TESTED)
        columns[f"test_acc {seed}"] = values, measure
    for name, meaning in _COSTS.items():
        values = np.array([entry[name] for entry in entries.values()], np.float64)
        columns[name] = values, Measure(name, data=_TRAINING["data"], meaning=meaning)
    for name, follows in (("mean_acc", accuracies.mean(axis=1)), ("std", accuracies.std(axis=1))):
        values = np.array([entry[name] for entry in entries.values()], np.float64)
        if np.abs(values - follows).max() > _ROUNDING:
            meaning = "as published; it does not follow from the accuracies"
            measure = Measure(name, data=_TRAINING["data"], unit="percent", role="detail", meaning=meaning)
            columns[name] = values, measure
    return ColumnsRead(space, np.stack(archs), columns)


def _entries(path: Path) -> dict[str, Any]:
    """Return the file's entries by architecture, at least one."""
    try:
        if path.stat().st_size > _AT_MOST:
            raise CorruptFile(f"{path} has more than {_AT_MOST >> 20} MiB, far more than the published file")
        entries = json.loads(path.read_bytes(), object_pairs_hook=_once)
    except OSError as error:
        raise BadSetting(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise CorruptFile(f"{path} is no whole JSON file: {error}"[:400]) from None
    if not isinstance(entries, dict) or not any(re.fullmatch("[0-9]{8}", name) for name in entries):
        raise BadSetting(
            f"{path} is no file of results that is known; of JSON files, nas-bench-macro_cifar10.json is, "
            "an object with an entry for each architecture, such as 02012100"
        )
    return entries


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs, of which none may come twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"{twice!r:.40} comes twice")
    return found


def _wrong(entry: Any) -> str:
    """Say what is wrong with an entry; empty for nothing."""
    if not isinstance(entry, dict) or set(entry) != set(_ENTRY):
        return f"there is not just {', '.join(_ENTRY)}"
    if not isinstance(entry["test_acc"], list) or len(entry["test_acc"]) != len(SEEDS):
        return f"test_acc is no list of {len(SEEDS)} accuracies"
    percentages = [("test_acc", value) for value in entry["test_acc"]]
    for name, value in (*percentages, ("mean_acc", entry["mean_acc"]), ("std", entry["std"])):
        if type(value) not in (int, float) or not 0 <= value <= 100:
            return f"{name} has {value!r:.40}, which is no percentage,"
    wrong = [name for name in _COSTS if type(entry[name]) is not int or not 0 < entry[name] < 2**53]
    return f"{wrong[0]} is {entry[wrong[0]]!r:.40} and no count" if wrong else ""
