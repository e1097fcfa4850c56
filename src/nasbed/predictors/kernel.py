"""Kernel: how alike architectures are, a weighted sum over the blocks of their encoding.

Each block has a kernel of its own: Matérn 5/2 of the mean squared distance of its standardised numbers, with one length
scale, or, for Weisfeiler–Lehman histograms, the normalised dot product of Ru et al., "Interpretable Neural Architecture
Search via Bayesian Optimisation with Weisfeiler-Lehman Kernels", ICLR 2021, https://arxiv.org/abs/2006.07556
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting

Floats = NDArray[np.float64]

Float = TypeVar("Float", np.float32, np.float64)
"""Double precision; single where very many architectures are gone through."""


class Part(NamedTuple):
    """A block of the encoding and its kernel.

    Attributes:
        columns: Where it stands.
        is_linear: Whether its kernel is the normalised dot product, of numbers as they are, in place of Matérn's.
    """

    columns: slice
    is_linear: bool = False


class Hyper(NamedTuple):
    """What a kernel is set by.

    Attributes:
        weights: The variance that each part explains, ``(parts,)``.
        lengths: The length scale of each part, in root mean squared distances; not read by linear ones. ``(parts,)``.
        noise: The variance of what no part explains.
    """

    weights: Floats
    lengths: Floats
    noise: float

    def logs(self) -> Floats:
        """Return the logarithms of all of them, ``(2 · parts + 1,)``: what is optimised."""
        found: Floats = np.log(np.concatenate([self.weights, self.lengths, [self.noise]]))
        return found

    @classmethod
    def of_logs(cls, logs: Floats) -> Hyper:
        """Return those whose logarithms these are."""
        parts = len(logs) // 2
        values = np.exp(logs)
        return cls(values[:parts], values[parts:-1], float(values[-1]))

    @property
    def variance(self) -> float:
        """What all parts explain: the kernel of an architecture and itself."""
        return float(self.weights.sum())


@dataclass(frozen=True, eq=False)
class Kernel:
    """A weighted sum of the kernels of parts.

    Attributes:
        parts: The blocks, at least one.
    """

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise BadSetting("a kernel needs a block of numbers that differ; all numbers of this encoding are constant")

    @cached_property
    def linear(self) -> NDArray[np.bool_]:
        """Which parts are linear, ``(parts,)``."""
        return np.array([part.is_linear for part in self.parts])

    def between(self, left: NDArray[Float], right: NDArray[Float]) -> NDArray[Float]:
        """Return what kernels are computed from, ``(parts, n, m)``: √5 times distances, or cosines.

        Args:
            left: ``(n, numbers)``.
            right: ``(m, numbers)``.
        """
        found = np.empty((len(self.parts), len(left), len(right)), left.dtype)
        for one, part in zip(found, self.parts, strict=True):
            some, others = left[:, part.columns], right[:, part.columns]
            some_squares, other_squares = (np.einsum("nd,nd->n", rows, rows)[:, None] for rows in (some, others))
            if part.is_linear:
                np.matmul(some, others.T, out=one)
                one /= np.sqrt(np.maximum(some_squares * other_squares.T, np.finfo(found.dtype).tiny))
                continue
            # |s - o|² = |s|² - 2 s·o + |o|²
            scale = left.dtype.type(5.0 / some.shape[1])
            np.matmul(-2.0 * scale * some, others.T, out=one)
            one += scale * some_squares
            one += scale * other_squares.T
            np.abs(one, out=one)  # rounding may leave less than none
            np.sqrt(one, out=one)
        return found

    def values(self, between: NDArray[Float], hyper: Hyper) -> NDArray[Float]:
        """Return the kernel, ``(n, m)``, without noise."""
        total = np.zeros(between.shape[1:], between.dtype)
        settings = zip(self.linear.tolist(), hyper.weights.tolist(), hyper.lengths.tolist(), strict=True)
        for one, (is_linear, weight, length) in zip(between, settings, strict=True):
            total += weight * one if is_linear else _matern(one / length, weight)[0]
        return total

    def derivatives(self, between: Floats, hyper: Hyper) -> tuple[Floats, Floats]:
        """Return each part's share of the kernel, which is its derivative by the logarithm of the weight, and the
        derivative by the logarithm of the length; ``(parts, n, m)`` both.
        """
        shares, slopes = np.empty_like(between), np.zeros_like(between)
        for i, is_linear in enumerate(self.linear.tolist()):
            if is_linear:
                np.multiply(between[i], hyper.weights[i], out=shares[i])
                continue
            scaled = between[i] / hyper.lengths[i]
            shares[i], decay = _matern(scaled, hyper.weights[i])
            slopes[i] = hyper.weights[i] / 3.0 * scaled * scaled * (1.0 + scaled) * decay
        return shares, slopes


def _matern(scaled: NDArray[Float], weight: float) -> tuple[NDArray[Float], NDArray[Float]]:
    """Return a weight times the Matérn 5/2 kernel of √5 r / ℓ, and e to the negative of that."""
    decay = np.negative(scaled)
    np.exp(decay, out=decay)
    value = (weight / 3.0) * scaled
    value += weight
    value *= scaled
    value += weight
    value *= decay
    return value, decay
