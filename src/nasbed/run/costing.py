"""Costing: what proposals cost that is known before they are trained, and which of them are refused.

A refused proposal is not trained: it costs no evaluation and no time, no repeat of a table is drawn for it, and no
process is started. The optimizer is told that it has no value, and by how much it is over the limits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs, Evaluations
from nasbed.run.settings import TRAINING_TIME, SearchSettings

_LACKING = "absent"


class Priced(NamedTuple):
    """What is known of one proposal a run before it is trained.

    Attributes:
        costs: By name, ``(runs,)`` each; NaN where a run proposes nothing, or the cost is not known or not supported.
        refused: Which proposals are not to be trained, ``(runs,)``.
        any: Whether there are such.
    """

    costs: dict[str, NDArray[np.float64]]
    refused: NDArray[np.bool_]
    any: bool


@dataclass(eq=False)
class Costing:
    """Looks costs up, and counts what is refused.

    Attributes:
        benchmark: What knows them. A number below 0 or NaN says that it is not supported or not known: that is over
            any limit on this cost, and no objective.
        settings: Which costs count, what their limits are, and whether what the benchmark's space lacks is refused.

    Raises:
        BadSetting: When the benchmark does not know all of it.
    """

    benchmark: Benchmark
    settings: SearchSettings
    refused: NDArray[np.int64] = field(init=False)
    """How many proposals of each run were refused, ``(runs,)``."""
    unsupported: NDArray[np.int64] = field(init=False)
    """How many of them since a cost is not supported or not known."""

    def __post_init__(self) -> None:
        self.settings.check(self.benchmark)
        self.runs, self.limits = self.settings.runs, self.settings.limits
        names = dict.fromkeys((*self.settings.objectives, *self.limits))
        self._names = [name for name in names if name != TRAINING_TIME]
        self._causes = [*self._names, *[_LACKING] * (self.settings.absent == "refuse")]
        self.refused, self.unsupported, self.lacking = np.zeros((3, self.runs), np.int64)
        self._in_a_row = np.zeros(self.runs, np.int64)
        self._to_blame = np.zeros((self.runs, len(self._causes)), np.int64)  # how many of those in a row each refused
        self._allowed = False  # whether anything ever was
        self._least = dict.fromkeys(self._names, float("inf"))

    @property
    def refuses(self) -> bool:
        """Whether there is a limit on something that is known before training."""
        return self.settings.absent == "refuse" or any(name in self.limits for name in self._names)

    def before(self, archs: Archs, playing: NDArray[np.bool_]) -> Priced | None:
        """Look up what one proposal a run costs, and refuse what must not be trained; None where nothing could be.

        Args:
            archs: ``(runs, decisions)``.
            playing: Which runs propose something, ``(runs,)``.
        """
        if not self._causes:
            return None
        costs, against = {}, np.zeros((self.runs, len(self._causes)), np.bool_)
        there = playing
        if self.settings.absent == "refuse":
            there = playing & self.benchmark.space.valid(archs)
            against[:, -1] = playing & ~there
        rows = np.flatnonzero(there)
        for i, name in enumerate(self._names):
            found = np.full(self.runs, np.nan)
            if len(rows):
                given = self.benchmark.cost(name, archs[rows])
                found[rows] = np.where(given >= 0, given, np.nan)
                self._least[name] = float(np.fmin(self._least[name], np.fmin.reduce(found[rows])))
            costs[name] = found
            against[:, i] = there & ~(found <= self.limits.get(name, np.inf))
        refused: NDArray[np.bool_] = np.any(against, axis=1)
        allowed = playing & ~refused
        self._allowed |= bool(allowed.any())
        self._in_a_row[allowed], self._to_blame[allowed] = 0, 0
        if not refused.any():
            return Priced(costs, refused, any=False)
        self._in_a_row += refused
        self._to_blame += against
        self.refused += refused
        self.lacking += playing & ~there
        for unknown in [np.isnan(np.array(list(costs.values()))).any(axis=0)] if costs else []:
            self.unsupported += there & unknown
        return Priced(costs, refused, any=True)

    def after(
        self, priced: Priced | None, heard: Evaluations, told: NDArray[np.bool_], took: NDArray[np.float64]
    ) -> Evaluations:
        """Add the costs to what is told, and by how much they are over the limits.

        Args:
            priced: What ``before`` gave.
            heard: What is told.
            told: Which rows count, ``(runs,)``.
            took: How long each training took, ``(runs,)``, whoever paid for it.
        """
        if not self.settings.objectives and not self.limits:
            return heard
        known = {} if priced is None else dict(priced.costs)
        known[TRAINING_TIME] = took if priced is None else np.where(priced.refused, np.nan, took)
        told_of = {name: np.where(told, values, np.nan) for name, values in known.items()}
        objectives = [told_of[name] for name in self.settings.objectives]
        costs = np.stack(objectives, axis=1) if objectives else None
        if not self.limits:
            return heard._replace(costs=costs)
        over = {name: np.maximum(told_of[name] / limit - 1, 0) for name, limit in self.limits.items()}
        if priced is not None and TRAINING_TIME in over:  # which nobody knows of what was refused
            over[TRAINING_TIME] = np.where(priced.refused, 0.0, over[TRAINING_TIME])
        return heard._replace(costs=costs, excess=np.sum(list(over.values()), axis=0))

    # ── what is to be said of it ──────────────────────────────────────────────────────────────────────────────

    def notes(self) -> dict[str, Any]:
        """Say what was refused, for a history's ``info``; nothing where nothing was.

        Raises:
            BadSetting: When nothing was ever allowed, with the limit to blame.
        """
        if not self.refused.any():
            return {}
        if not self._allowed:
            raise BadSetting(f"nothing is allowed: {self._blamed(int(np.argmax(self._in_a_row)))}")
        ended = np.flatnonzero(self._in_a_row >= self.settings.patience).tolist()
        said = [f"run {self.settings.first_run + run} ended early: {self._blamed(run)}" for run in ended]
        counts = {"proposals": self.refused, "unsupported": self.unsupported}
        if self.settings.absent == "refuse":
            counts["absent"] = self.lacking
        return {"refused": {name: count.tolist() for name, count in counts.items()}, "notes": said}

    def _blamed(self, run: int) -> str:
        """Say which limits refused a run's latest proposals."""
        causes = []
        for name, times in zip(self._causes, self._to_blame[run].tolist(), strict=True):
            if times and name == _LACKING:
                causes.append(f"{self.benchmark.name} lacks {times:,}")
            elif times:
                least = self._least[name]
                seen = f"the least that was proposed has {least:,g}" if np.isfinite(least) else "none has a known value"
                limit = f"{name} ≤ {self.limits[name]:,g}" if name in self.limits else f"a known {name}"
                causes.append(f"{limit} refused {times:,} ({seen})")
        return f"{self._in_a_row[run]:,} proposals in a row were refused; {', '.join(causes)}. Allow more"
