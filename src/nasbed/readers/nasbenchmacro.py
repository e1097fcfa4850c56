"""The published results of NAS-Bench-Macro, ``nas-bench-macro_cifar10.json``: an object with an entry for each
architecture, under its eight digits::

    {"02012100": {"test_acc": [90.1, 90.4, 90.2], "mean_acc": 90.23, "std": 0.12, "params": 1234567, "flops": 98765432}}

Reference: the README and ``train/`` of https://github.com/xiusu/NAS-Bench-Macro
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.readers.csv import ColumnsRead, known_declaration

_FILE = "nas-bench-macro_cifar10.json"
_ENTRY = {"test_acc": 3, "mean_acc": 1, "std": 1, "params": 1, "flops": 1}
"""What an entry has, and how many numbers of it: percentages, and counts of what a network costs."""
_AT_MOST = 2**24
"""Bytes of a file; the published one can have about a tenth of it."""
_ROUNDING = 1e-6
"""By how much the written mean and deviation, in percent, may differ from those of the three accuracies."""


def read_results(path: Path) -> ColumnsRead:
    """Read all of the file; its means and deviations only where they do not follow from the accuracies.

    Raises:
        BadSetting: When the file cannot be read, or is JSON of something else.
        CorruptFile: When it is no JSON, too large, or an entry is not what is published of an architecture.
    """
    declared, entries, archs = known_declaration(_FILE), _entries(path), []
    space: Space = spaces.make(declared.space, {})
    for text, entry in entries.items():
        if not re.fullmatch("[0-2]{8}", text):
            raise CorruptFile(f"{path}: {text!r:.40} is no architecture, which has 8 digits from 0 to 2; get it anew")
        archs.append(space.parse(text))
        if wrong := _wrong(entry):
            raise CorruptFile(f"{path}: {wrong} in the entry of {text}; get the file anew")
    numbers = [np.hstack([entry[name] for name in _ENTRY]) for entry in entries.values()]
    columns = dict(zip(declared.columns, np.array(numbers, np.float64).T, strict=True))
    accuracies = np.stack([columns[name] for name in columns if name.startswith("test_acc")])
    if accuracies.max() <= 1.0:
        raise CorruptFile(f"{path} has no accuracy above 1; they seem to be fractions, not percent")
    for name, follows in (("mean_acc", accuracies.mean(axis=0)), ("std", accuracies.std(axis=0))):
        if np.abs(columns[name] - follows).max() <= _ROUNDING:
            del columns[name]
    return ColumnsRead(space, np.stack(archs), {name: (columns[name], declared.columns[name]) for name in columns})


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
            f"{path} is no file of results that is known; of JSON files, {_FILE} is, an object with an entry for "
            "each architecture, such as 02012100"
        )
    return entries


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs, of which none may come twice."""
    names = Counter(name for name, _ in pairs)
    if len(names) < len(pairs):
        raise ValueError(f"{names.most_common(1)[0][0]!r:.40} comes twice")
    return dict(pairs)


def _wrong(entry: Any) -> str:
    """Say what is wrong with an entry; empty for nothing."""
    if not isinstance(entry, dict) or set(entry) != set(_ENTRY):
        return f"there is not just {', '.join(_ENTRY)}"
    for name, length in _ENTRY.items():
        numbers = entry[name] if length > 1 else [entry[name]]
        if not isinstance(numbers, list) or len(numbers) != length:
            return f"{name} is no list of {length} accuracies"
        is_cost = name in ("params", "flops")
        for number in numbers:
            if type(number) is not int and (is_cost or type(number) is not float):
                return f"{name} has {number!r:.40}, which is no {'count' if is_cost else 'percentage'},"
            if not is_cost <= number <= (2**53 if is_cost else 100):
                return f"{name} has {number!r:.40}, which cannot be,"
    return ""
