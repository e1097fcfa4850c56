"""About: what a reader needs to repeat a search."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import TYPE_CHECKING, Any

import numpy as np

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.core.optimizer import Optimizer
from nasbed.run.costing import Costing

if TYPE_CHECKING:
    from nasbed.run.history import History

_PACKAGES = ("nasbed", "numpy", "numba", "pyarrow")  # whose versions a history names


def about(optimizer: Optimizer, benchmark: Benchmark, how: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a search in JSON-able values: its three parts, how they were joined, and the versions of what ran.

    A search is described before it begins, so that no history is lost since nobody can say what it is of.

    Raises:
        BadSetting: When the settings of the optimizer are not known, or a part has what no file can hold.
    """
    what = {
        "optimizer": type(optimizer).__name__,
        "settings": optimizer.settings(),
        "benchmark": benchmark.describe(),
        **how,
        "versions": {"python": python_version(), **{name: version(name) for name in _PACKAGES}},
    }
    for name, part in (*what.items(), ("space", benchmark.space.settings())):
        try:
            json.dumps(part, default=_plain if name in what else None)
        except (TypeError, ValueError) as error:
            raise BadSetting(
                f"a history would not hold the {name} of {type(optimizer).__name__} on {benchmark.name}: {error}; give "
                "numbers, texts, lists, and tables whose keys are texts"
            ) from None
    described: dict[str, Any] = json.loads(json.dumps(what, default=_plain))
    return described


def noted(optimizer: Optimizer, costing: Costing) -> dict[str, Any]:
    """Give what happened in a search that a reader should know: what was refused, and which runs fell back how often.

    Raises:
        BadSetting: When limits refused everything.
    """
    found = costing.notes()
    counts = optimizer.streams.fallbacks
    if counts.total():
        found["fallbacks"] = [counts[key] for key in optimizer.streams.keys.tolist()]
        why = [optimizer.streams.reasons.get(key, "") for key in optimizer.streams.keys.tolist()]
        said = (
            f"{counts.total():,} times, in {len(counts)} of {optimizer.runs} runs, a method led to nothing that the "
            "space has, and drew from all of it"
        )
        if any(why):
            found["reasons"] = why
            said += f"; first since {next(filter(None, why))}"
        found["notes"] = [*found.get("notes", []), said]
    return found


def doubt(history: History) -> str | None:
    """Say how many candidates a live search cannot tell from its winner, for want of validation images.

    The accuracy of a network on n images is a share of n; one of p has the standard error √(p (1 − p) / n), and a
    difference of two that error times √2. Noise of initial weights comes on top. None where nothing is in doubt, or
    values are no accuracies, or the number of images is not known.
    """
    images = history.info.get("benchmark", {}).get("images", {}).get("validation")
    fine = history.tried & ~np.isnan(history.value)
    if history.measure != "accuracy" or not images or not fine.any():
        return None
    _, places = np.unique(history.space.key(history.archs[fine]), return_inverse=True)
    means = np.bincount(places, history.value[fine]) / np.bincount(places)
    best = means.max()
    error = float(np.sqrt(max(best * (1 - best), 1 / images) / images))
    rivals = int((means >= best - 2 * np.sqrt(2) * error).sum()) - 1
    if not rivals:
        return None
    return (
        f"{images:,} validation images tell accuracies to about ± {200 * error:.1f} points: {rivals} of the other "
        f"{len(means) - 1} candidates cannot be told from the best, which may be so by chance; train the best few "
        "again under other seeds before you choose"
    )


def command_line() -> str:
    """Give what was typed to run this program, to be kept with what comes of it."""
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])


def _plain(value: object) -> object:
    """Turn a NumPy number into Python's, and what JSON has no form for into its text."""
    return value.item() if isinstance(value, np.generic) else str(value)
