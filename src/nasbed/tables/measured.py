"""Measured: from the records of a campaign to the columns of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import NasbedError
from nasbed.core.store import Store

POINTS = {"start": "start_", "halfway": "halfway_", "end": ""}
"""The moments at which a training was measured, and how their columns' names begin."""

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Measured:
    """What a campaign has measured.

    Attributes:
        results: A column's values by its name, ``(modules, budgets, repeats)``; NaN where a training was given up.
        failures: Every training that was given up: its ``module``, ``epochs`` and ``repeat``, and the ``reason``.
        finished: When the last record was made.
    """

    results: dict[str, NDArray[np.float64]]
    failures: list[dict[str, Any]] = field(default_factory=list)
    finished: str = ""

    @classmethod
    def collect(cls, store: Store, modules: Mapping[str, int], budgets: Sequence[int], repeats: int) -> Self:
        """Read a finished campaign.

        Args:
            store: The campaign's.
            modules: The row of each module, by its hash.
            budgets: Epochs, in the order of the table.
            repeats: Trainings of a module at a budget.

        Raises:
            NasbedError: When every training was given up: there is nothing to make a table of.
        """
        names = [f"{prefix}{name}" for prefix in POINTS.values() for name in ("training_time", *_accuracies())]
        shape = len(modules), len(budgets), repeats
        results = {name: np.full(shape, np.nan) for name in (*names, "total_time")}
        failures: list[dict[str, Any]] = []
        finished = ""
        for unit, record in store:
            module, _, epochs = unit.partition("/")
            place = modules[module], budgets.index(int(epochs))
            for repeat in range(repeats):
                reason = record["error"] or _fill(results, (*place, repeat), record["value"]["repeats"][repeat])
                if reason is not None:
                    failures.append({"module": module, "epochs": int(epochs), "repeat": repeat, "reason": reason})
            finished = max(finished, record["finished"])
        if len(failures) == np.prod(shape):
            raise NasbedError(f"every training was given up, the first because: {failures[0]['reason']}")
        return cls(results, failures, finished)

    def summary(self) -> dict[str, Any]:
        """Give what a table's provenance says of the trainings."""
        return {
            "finished": self.finished,
            "training_seconds": float(np.nansum(self.results["total_time"])),
            "failures": self.failures,
        }


def _accuracies() -> list[str]:
    return [f"{part}_accuracy" for part in PARTS]


def _fill(
    results: dict[str, NDArray[np.float64]], place: tuple[int, int, int], trained: Mapping[str, Any]
) -> str | None:
    """Put one training's measurements in their place; of one that was given up give the reason instead."""
    if trained["failure"] is not None:
        return str(trained["failure"])
    for point, prefix in POINTS.items():
        moment = trained["points"][point]
        results[f"{prefix}training_time"][place] = moment["training_time"]
        for part in PARTS:
            correct, images = moment[part]
            results[f"{prefix}{part}_accuracy"][place] = correct / images
    results["total_time"][place] = trained["total_time"]
    return None
