"""Guide: what a search asks a predictor, step by step, as answers come in.

A guide learns from all that one run was told, and says of candidates what they are worth, in the unit of targets. It
is given numbers, and not architectures: a search encodes its candidates once, and asks about them at every step.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nasbed.core.executor import usable_cores
from nasbed.core.extras import require
from nasbed.predictors.kernel import Floats, Hyper, Kernel
from nasbed.predictors.posterior import Posterior, Prior, most_probable
from nasbed.predictors.targets import Transformation, targets

if TYPE_CHECKING:
    from nasbed.predictors.encoded import EncodedPredictor

_GROWTH = 1.2
"""Hyper-parameters are found anew when a run knows so many times what it knew then."""

_STEADY = 1e-8  # of the variance: what a joint draw adds to its covariance, whose factor rounding may else not find

_CACHED = 2**17  # values of a kernel that stay in a processor's cache, and keep a thread busy


class Belief(NamedTuple):
    """What candidates are worth.

    Attributes:
        mean: Of targets, ``(m,)``.
        deviation: How unsure the mean is, as a standard deviation, ``(m,)``.
        best: The best target that was told.
        noise: The variance between trainings of one function, which comes on top of what is unsure.
    """

    mean: Floats
    deviation: Floats
    best: float
    noise: float = 0.0

    def of_a_training(self) -> Belief:
        """Return what a training of each candidate would show: noise is a part of the deviation."""
        return self._replace(deviation=np.sqrt(self.deviation**2 + self.noise), noise=0.0)


class Guide(ABC):
    """Learns from what one run was told, again and again."""

    is_joint = False
    """Whether it knows how candidates vary together, so that ``draw`` draws."""

    @property
    def memory(self) -> Floats:
        """What it remembers beside what it is told each time, as numbers; always as many."""
        return np.zeros(0)

    @memory.setter
    def memory(self, given: Floats) -> None:
        return

    @abstractmethod
    def learn(self, numbers: Floats, values: Floats, pending: Floats) -> None:
        """Learn from everything that a run was told.

        Args:
            numbers: Of the architectures in the order of telling, ``(n, numbers)``: those of the call before, and more.
            values: What was measured, ``(n,)``.
            pending: Of architectures whose answers are awaited, ``(p, numbers)``; each is taken to come out as it is
                expected to (Ginsbourger, Le Riche and Carraro, "Kriging is well-suited to parallelize optimization",
                2010: the kriging believer).
        """

    @abstractmethod
    def believe(self, numbers: Floats) -> Belief:
        """Say what candidates are worth, ``(m, numbers)``."""

    def scan(self, listing: Floats) -> Belief:
        """Say what candidates are worth that are the same at every step, ``(m, numbers)``."""
        return self.believe(listing)

    def draw(self, numbers: Floats, normals: Floats) -> Floats:
        """Return one joint draw of what candidates are worth, ``(m,)``.

        Args:
            numbers: Of the candidates, ``(m, numbers)``.
            normals: Independent standard normal numbers, ``(m,)``.

        """
        raise NotImplementedError("this predictor does not know how candidates vary together")

    def keep(self, whether: bool) -> None:
        """Keep what is computed for ``scan`` between steps, or not: what is said is the same."""
        return


class FittedGuide(Guide):
    """Any predictor, which is fitted anew to all that was told.

    Args:
        predictor: It; what it learned is replaced.
    """

    def __init__(self, predictor: EncodedPredictor) -> None:
        self._predictor = predictor

    def learn(self, numbers: Floats, values: Floats, pending: Floats) -> None:
        """Fit it; where answers are awaited, a second time, with what it expects of them."""
        made = targets(values, self._predictor.learns).values
        self._best = float(made.max())
        self._predictor.fit_numbers(numbers, made)
        if len(pending):
            expected = self._predictor.predict_numbers(pending)[0]
            self._predictor.fit_numbers(np.concatenate([numbers, pending]), np.concatenate([made, expected]))

    def believe(self, numbers: Floats) -> Belief:
        """Predict."""
        return Belief(*self._predictor.predict_numbers(numbers), self._best)


class ProcessGuide(Guide):
    """The Gaussian process, to which a row is added for each answer.

    Its hyper-parameters are found anew when a fifth more is known. The columns of the candidates of ``scan`` are kept
    in single precision, so that a step costs one row of them.

    Args:
        kernel: The kernel.
        transformation: What values become.
        steps: The most iterations of the search for hyper-parameters.
    """

    is_joint = True

    def __init__(self, kernel: Kernel, transformation: Transformation, steps: int) -> None:
        self._kernel, self._transformation, self._steps = kernel, transformation, steps
        self._prior = Prior()
        self._logs = self._prior.centre(kernel).logs()
        self._fitted = 0
        self._posterior: Posterior | None = None
        self._columns = _Columns()
        self._keeps = True

    @property
    def memory(self) -> Floats:
        """How many answers its hyper-parameters were found with, and their logarithms."""
        return np.append(self._logs, float(self._fitted))

    @memory.setter
    def memory(self, given: Floats) -> None:
        self._logs, self._fitted = np.array(given[:-1]), int(given[-1])
        self._posterior, self._columns = None, _Columns()

    def learn(self, numbers: Floats, values: Floats, pending: Floats) -> None:
        """Add what is new to the posterior, or begin it anew with new hyper-parameters."""
        made = targets(values, self._transformation).values
        if len(numbers) >= math.ceil(_GROWTH * self._fitted):
            between = self._kernel.between(numbers, numbers)
            start = Hyper.of_logs(self._logs) if self._fitted else None
            hyper = most_probable(self._kernel, between, made, self._prior, start, self._steps)
            self._logs, self._fitted = hyper.logs(), len(numbers)
            self._posterior, self._columns = None, _Columns()
        posterior = self._posterior or Posterior.of(self._kernel, Hyper.of_logs(self._logs), numbers[: self._fitted])
        for row in numbers[len(posterior.seen) :]:
            posterior = posterior.with_row(row)
        self._posterior = posterior
        self._best, self._solved = float(made.max()), posterior.whitened(made)
        self._pending = pending

    def believe(self, numbers: Floats) -> Belief:
        """Say what candidates are worth."""
        posterior = self._with_pending()
        across = posterior.whitened(self._kernel.values(self._kernel.between(posterior.seen, numbers), posterior.hyper))
        return self._belief(self._solved @ across[: len(self._solved)], np.einsum("nm,nm->m", across, across))

    def scan(self, listing: Floats) -> Belief:
        """Say it of the same candidates as before; only what was told since is computed."""
        posterior = self._with_pending()
        columns = self._columns if self._keeps else _Columns()
        told = len(self._solved)
        columns.follow(posterior, listing, self._fitted, told)
        mean = self._solved.astype(np.float32) @ columns.rows[:told]
        return self._belief(mean.astype(np.float64), columns.squares)

    def draw(self, numbers: Floats, normals: Floats) -> Floats:
        """Return one joint draw of what candidates are worth."""
        posterior = self._with_pending()
        across = posterior.whitened(self._kernel.values(self._kernel.between(posterior.seen, numbers), posterior.hyper))
        left = self._kernel.values(self._kernel.between(numbers, numbers), posterior.hyper) - across.T @ across
        left[np.diag_indices_from(left)] += _STEADY * posterior.hyper.variance
        factor = require("scipy.linalg", "predictors").cholesky(left, lower=True, check_finite=False)
        drawn: Floats = self._solved @ across[: len(self._solved)] + factor @ normals
        return drawn

    def keep(self, whether: bool) -> None:
        """Keep the columns of ``scan``, or let go of them."""
        self._keeps = whether
        if not whether:
            self._columns = _Columns()

    def _with_pending(self) -> Posterior:
        """Return the posterior as if what is awaited had come out as expected, which leaves all means as they are."""
        assert self._posterior is not None, "learn comes first"
        posterior = self._posterior
        for row in self._pending:
            posterior = posterior.with_row(row)
        return posterior

    def _belief(self, mean: Floats, explained: Floats) -> Belief:
        hyper = Hyper.of_logs(self._logs)
        return Belief(mean, np.sqrt(np.maximum(hyper.variance - explained, 0.0)), self._best, hyper.noise)


class _Columns:
    """The inverse of a growing Cholesky factor, times the kernel of what was seen and a listing; row by row."""

    def __init__(self) -> None:
        self.rows = np.zeros((0, 0), np.float32)  # (at least those seen, candidates)
        self.squares = np.zeros(0)  # the sum of the squares of all rows, (candidates,)
        self._told, self._of_told = 0, np.zeros(0)

    def follow(self, posterior: Posterior, listing: Floats, fitted: int, told: int) -> None:
        """Have the rows of what a posterior has seen.

        Args:
            posterior: Its first rows are those of the call before.
            listing: The candidates, the same as before.
            fitted: The first so many rows are computed at once.
            told: The rows after the first so many are computed anew at the next call.
        """
        seen = len(posterior.seen)
        if seen > len(self.rows):
            wider = np.empty((math.ceil(1.5 * seen), len(listing)), np.float32)
            if self._told:
                wider[: self._told] = self.rows[: self._told]
            self.rows = wider
        if not self._told:
            self._begin(posterior, listing, fitted)
        squares = self._of_told
        for i in range(self._told, seen):
            self._add(posterior, listing, i)
            squares = squares + np.square(self.rows[i], dtype=np.float64)
            if i + 1 == told:
                self._of_told = squares
        self._told, self.squares = told, squares

    def _begin(self, posterior: Posterior, listing: Floats, fitted: int) -> None:
        """Compute the first rows, some candidates at a time, on all cores."""
        solve = require("scipy.linalg", "predictors").solve_triangular
        inverse = solve(posterior.factor[:fitted, :fitted], np.eye(fitted), lower=True, check_finite=False)
        inverse, seen = inverse.astype(np.float32), posterior.seen[:fitted].astype(np.float32)
        self._of_told = np.empty(len(listing))
        at_once = math.ceil(_CACHED / fitted)

        def begin(start: int) -> None:
            part = slice(start, start + at_once)
            between = posterior.kernel.between(seen, listing[part].astype(np.float32))
            solved = np.matmul(inverse, posterior.kernel.values(between, posterior.hyper), out=self.rows[:fitted, part])
            self._of_told[part] = np.einsum("nm,nm->m", solved, solved, dtype=np.float64)

        with ThreadPoolExecutor(usable_cores()) as threads:
            list(threads.map(begin, range(0, len(listing), at_once)))
        self._told = fitted

    def _add(self, posterior: Posterior, listing: Floats, i: int) -> None:
        """Compute row number i from those before."""
        kernel, row = posterior.kernel, posterior.factor[i]
        found = kernel.values(kernel.between(posterior.seen[i : i + 1], listing), posterior.hyper)[0]
        found -= row[:i].astype(np.float32) @ self.rows[:i]
        self.rows[i] = found / row[i]
