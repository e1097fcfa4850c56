"""Simulated annealing: what is worse is gone to as well, the more rarely the worse it is and the later it gets.

Reference: Kirkpatrick, Gelatt and Vecchi, "Optimization by Simulated Annealing", Science 220, 1983, with the rule of
Metropolis et al., J. Chem. Phys. 21(6), 1953; the temperature to begin with from how much is to be accepted: Johnson,
Aragon, McGeoch and Schevon, "Optimization by Simulated Annealing: An Experimental Evaluation; Part I", Operations
Research 37(6), 1989
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Bounds, Count, Natural, Positive
from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Archs, Evaluations, Trials
from nasbed.optimizers.climbing.local_starts import Starts
from nasbed.optimizers.worth import OVER, worth

_TRIES = 1000  # of a valid neighbour; where there is none so often, a random architecture is proposed

_SILENCE = 10  # times the patience with answers, how many proposals a run makes without one


@dataclass(eq=False)
class SimulatedAnnealing(Optimizer):
    """A walk from neighbour to neighbour that cools down geometrically.

    Each step proposes one valid neighbour of where the run stands, all alike. What is not worse is gone to; what is
    worse by d with the chance exp(−d / T). The temperature T, in the unit of the values, falls by a factor after every
    so many answers since the start. A failed training is never gone to.

    With several trials out at a time, each answer is held against where the run stands when it is told.

    Attributes:
        temperature: To begin with; None to find it: the first ``warmup`` steps go wherever they lead, and T is such
            that a step as much worse as theirs are on average would be taken with the chance ``acceptance``.
        acceptance: Above 0 and below 1; Kirkpatrick et al. begin where four in five are taken.
        warmup: Steps that look for the temperature, once a run.
        cooling: By what the temperature is multiplied, above 0 and at most 1.
        plateau: Answers between two coolings.
        patience: After so many answers in a row that it did not go to, a run is frozen; or after ten times as many
            proposals, where answers do not come, as when what it knows is skipped.
        restarts: How often a frozen run begins anew at a random architecture, as hot as at first; None for whenever it
            is frozen. After that it goes on where it is.
    """

    kept = ("_starts", "_centre", "_value", "_hot", "_looked", "_loss", "_worse", "_steps", "_idle", "_tried")

    temperature: Positive | None = None
    acceptance: Annotated[float, Bounds(above=0, below=1)] = 0.8
    warmup: Count = 10
    cooling: Annotated[float, Bounds(above=0, most=1)] = 0.9
    plateau: Count = 1
    patience: Count = 50
    restarts: Natural | None = None

    def reset(self) -> None:
        """Stand nowhere, and know no temperature but one that was given."""
        self._starts = Starts(self.runs, self.space.decisions, self.restarts)
        self._centre = np.zeros((self.runs, self.space.decisions), np.int8)
        self._value = np.full(self.runs, -np.inf)
        self._hot = np.full(self.runs, np.nan if self.temperature is None else self.temperature)
        self._looked = np.zeros(self.runs, np.int64)  # steps of the warm-up
        self._loss, self._worse = np.zeros(self.runs), np.zeros(self.runs, np.int64)  # of those, how much and how many
        self._steps = np.zeros(self.runs, np.int64)  # answers since the start at full heat
        self._idle = np.zeros(self.runs, np.int64)  # answers in a row that were not gone to
        self._tried = np.zeros(self.runs, np.int64)  # proposals since it went anywhere

    # ── what to try next ──────────────────────────────────────────────────────────────────────────────────────

    def ask(self) -> Trials:
        """Propose a neighbour, or a random architecture where a run has to start."""
        self._freeze(self._tried >= _SILENCE * self.patience)
        archs = self._centre.copy()
        starting = self._starts.starting
        self._tried[~starting] += 1
        lost = self._walk(archs, np.flatnonzero(~starting))
        self.streams.fell_back(lost)
        drawing = np.union1d(np.flatnonzero(starting), lost)
        if len(drawing):
            archs[drawing] = self.streams.drawing(drawing, self.space.sample)
        return self._starts.trials(archs)

    def _walk(self, archs: Archs, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Write a valid neighbour of where some runs stand; give the runs where none is found. A word a try."""
        moves = len(self.space.moves)
        for _ in range(_TRIES if moves else 0):
            if not len(rows):
                break
            move = self.streams.drawing(rows, lambda streams: streams.integers(moves)[:, 0])
            near = self.space.moved(self._centre[rows], move)
            valid = self.space.valid(near)
            archs[rows[valid]] = near[valid]
            rows = rows[~valid]
        return rows

    # ── what came of it ───────────────────────────────────────────────────────────────────────────────────────

    def tell(self, trials: Trials, evaluations: Evaluations) -> None:
        """Go there or not; a word for each answer of a run that stands somewhere."""
        heard = worth(evaluations)
        active = np.ones(self.runs, np.bool_) if trials.active is None else trials.active
        succeeded = active & ~np.isnan(heard)
        start = succeeded & self._starts.among(self._starts.numbers(trials))
        step = active & ~start & (self._value > -np.inf)
        going = start | (succeeded & ~step) | (step & self._accepted(step, heard))
        self._count(step, going, heard)
        rows = np.flatnonzero(going)
        self._centre[rows], self._value[rows] = trials.archs[rows], heard[rows]
        self._starts.begun(rows)
        self._steps[start] = 0
        self._freeze(self._idle >= self.patience)

    def _freeze(self, frozen: NDArray[np.bool_]) -> None:
        """Let frozen runs begin anew, if they may; else they go on."""
        if frozen.any():
            self._idle[frozen] = self._tried[frozen] = 0
            self._starts.begin(np.flatnonzero(frozen))

    def _accepted(self, step: NDArray[np.bool_], heard: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Say which steps are taken, by Metropolis; those of a warm-up all are, but for failures."""
        rows = np.flatnonzero(step)
        taken = np.zeros(self.runs, np.bool_)
        if len(rows):
            rise = heard[rows] - self._value[rows]
            cold = self.cooling ** (self._steps[rows] // self.plateau)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                chance = np.where(rise >= 0, 1.0, np.exp(rise / (self._hot[rows] * cold)))
            chance[np.isnan(self._hot[rows])] = 1.0
            draw = self.streams.drawing(rows, lambda streams: streams.uniform()[:, 0])
            taken[rows] = (draw < chance) & ~np.isnan(rise)
        return taken

    def _count(self, step: NDArray[np.bool_], going: NDArray[np.bool_], heard: NDArray[np.float64]) -> None:
        """Cool down, or warm up: note how much worse the steps are that look for the temperature."""
        self._idle[going] = self._tried[going] = 0
        self._idle[step & ~going] += 1
        looking = step & np.isnan(self._hot)
        self._steps[step & ~looking] += 1
        if looking.any():
            worse = looking & (heard < self._value) & (heard > OVER)  # what is over a limit tells nothing of losses
            self._loss[worse] += (self._value - heard)[worse]
            self._worse[worse] += 1
            self._looked[looking] += 1
            ready = looking & (self._looked >= self.warmup)
            mean = self._loss[ready] / np.maximum(self._worse[ready], 1)
            self._hot[ready] = mean / -np.log(self.acceptance)
