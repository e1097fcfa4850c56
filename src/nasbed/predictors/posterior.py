"""Gaussian process: exact regression with an additive kernel, whose hyper-parameters are the most probable ones.

Reference: Rasmussen and Williams, "Gaussian Processes for Machine Learning", MIT Press 2006, algorithm 2.1 and section
5.4.1; a row added to the Cholesky factor is the block form of the same factorisation (appendix A.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nasbed.core.extras import require
from nasbed.predictors.kernel import Floats, Hyper, Kernel

_JITTER = 1e-10
"""Of the kernel's variance, on the diagonal: what rounding may take from it where architectures are alike."""

_WIDTHS = 4.0
"""Hyper-parameters stay within so many standard deviations of their prior."""


class Prior(NamedTuple):
    """Normal distributions of the logarithms of hyper-parameters, for targets of variance 1.

    Attributes:
        weight: The median of all weights together, which the parts share as they share the numbers of the encoding.
        weight_spread: The standard deviation of a weight's logarithm.
        length: The median of a length scale: numbers are standardised, so that two architectures that share nothing are
            about √2 apart.
        length_spread: Likewise.
        noise: The median of the noise.
        noise_spread: Likewise.
    """

    weight: float = 1.0
    weight_spread: float = 1.0
    length: float = 1.0
    length_spread: float = 0.7
    noise: float = 0.03
    noise_spread: float = 1.5

    def centre(self, kernel: Kernel) -> Hyper:
        """Return the medians."""
        sizes = np.array([part.columns.stop - part.columns.start for part in kernel.parts], np.float64)
        return Hyper(self.weight * sizes / sizes.sum(), np.full(len(sizes), self.length), self.noise)

    def spreads(self, kernel: Kernel) -> Floats:
        """Return the standard deviations in the order of ``Hyper.logs``."""
        parts = len(kernel.parts)
        return np.repeat([self.weight_spread, self.length_spread, self.noise_spread], [parts, parts, 1])


def most_probable(
    kernel: Kernel, between: Floats, targets: Floats, prior: Prior, start: Hyper | None = None, steps: int = 30
) -> Hyper:
    """Return the hyper-parameters that are most probable given standardised targets; by L-BFGS with exact gradients.

    Args:
        kernel: The kernel.
        between: What ``kernel.between`` gives of the ``n`` architectures and themselves.
        targets: ``(n,)``.
        prior: Their prior.
        start: Where to begin; at the prior's medians if not given.
        steps: The most iterations.
    """
    centre, spreads = prior.centre(kernel).logs(), prior.spreads(kernel)
    found = require("scipy.optimize", "predictors").minimize(
        lambda logs: improbability(kernel, between, targets, logs, prior),
        centre if start is None else start.logs(),
        jac=True,
        method="L-BFGS-B",
        bounds=np.stack([centre - _WIDTHS * spreads, centre + _WIDTHS * spreads], axis=1),
        options={"maxiter": steps},
    )
    return Hyper.of_logs(np.clip(found.x, centre - _WIDTHS * spreads, centre + _WIDTHS * spreads))


def improbability(kernel: Kernel, between: Floats, targets: Floats, logs: Floats, prior: Prior) -> tuple[float, Floats]:
    """Return the negative logarithm of the posterior density of hyper-parameters, up to a constant, and its gradient.

    Args:
        kernel: The kernel.
        between: As ``most_probable`` takes it.
        targets: Likewise.
        logs: The logarithms of the hyper-parameters, in the order of ``Hyper.logs``.
        prior: Their prior.
    """
    spreads = prior.spreads(kernel)
    scores = (logs - prior.centre(kernel).logs()) / spreads
    lapack = require("scipy.linalg.lapack", "predictors")
    hyper = Hyper.of_logs(logs)
    shares, slopes = kernel.derivatives(between, hyper)
    covariance = shares.sum(axis=0)
    covariance[np.diag_indices_from(covariance)] += hyper.noise + _JITTER * hyper.variance
    factor, _ = lapack.dpotrf(covariance, lower=True)
    inverse, _ = lapack.dpotri(factor, lower=True)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    solved = inverse @ targets
    value = 0.5 * targets @ solved + np.log(np.diag(factor)).sum() + 0.5 * scores @ scores
    pull = inverse - np.outer(solved, solved)
    gradient = 0.5 * np.concatenate(
        [
            np.einsum("pij,ij->p", shares, pull),
            np.einsum("pij,ij->p", slopes, pull),
            [hyper.noise * np.trace(pull)],
        ]
    )
    return float(value), gradient + scores / spreads


@dataclass(eq=False)
class Posterior:
    """A Gaussian process that has seen some architectures, at fixed hyper-parameters.

    Attributes:
        kernel: The kernel.
        hyper: Its hyper-parameters.
        seen: The numbers of the architectures, ``(n, numbers)``.
        factor: The lower Cholesky factor of their covariance, noise included, ``(n, n)``.
    """

    kernel: Kernel
    hyper: Hyper
    seen: Floats
    factor: Floats

    @classmethod
    def of(cls, kernel: Kernel, hyper: Hyper, seen: Floats, between: Floats | None = None) -> Posterior:
        """Return the posterior of n architectures.

        Args:
            kernel: The kernel.
            hyper: Its hyper-parameters.
            seen: Their numbers, ``(n, numbers)``.
            between: What ``kernel.between`` gives of them and themselves, if it is known.
        """
        covariance = kernel.values(kernel.between(seen, seen) if between is None else between, hyper)
        covariance[np.diag_indices_from(covariance)] += _own(hyper) - hyper.variance
        factor = require("scipy.linalg", "predictors").cholesky(covariance, lower=True, check_finite=False)
        return cls(kernel, hyper, seen, factor)

    def with_row(self, numbers: Floats) -> Posterior:
        """Return the posterior of one more architecture, ``(numbers,)``: a row of the factor is added."""
        n = len(self.seen)
        row = self.whitened(self.kernel.values(self.kernel.between(self.seen, numbers[None]), self.hyper))[:, 0]
        factor = np.zeros((n + 1, n + 1))
        factor[:n, :n], factor[n, :n] = self.factor, row
        factor[n, n] = np.sqrt(_own(self.hyper) - row @ row)
        return Posterior(self.kernel, self.hyper, np.concatenate([self.seen, numbers[None]]), factor)

    def whitened(self, columns: Floats) -> Floats:
        """Return the inverse of the factor times some columns, ``(n, m)`` or ``(n,)``."""
        solve = require("scipy.linalg", "predictors").solve_triangular
        found: Floats = solve(self.factor, columns, lower=True, check_finite=False)
        return found

    def predict(self, targets: Floats, numbers: Floats) -> tuple[Floats, Floats]:
        """Return mean and standard deviation, without noise, of architectures, ``(m,)`` both.

        Args:
            targets: Of the architectures seen, ``(n,)``.
            numbers: Of those to predict, ``(m, numbers)``.
        """
        whitened = self.whitened(self.kernel.values(self.kernel.between(self.seen, numbers), self.hyper))
        variance = self.hyper.variance - np.einsum("nm,nm->m", whitened, whitened)
        return self.whitened(targets) @ whitened, np.sqrt(np.maximum(variance, 0.0))


def _own(hyper: Hyper) -> float:
    """Return the covariance of what was measured of an architecture and of itself."""
    return hyper.variance * (1.0 + _JITTER) + hyper.noise
