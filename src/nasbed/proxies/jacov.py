"""Jacobian covariance: how differently an untrained network's answers depend on the pixels of different images.

References: Mellor et al., "Neural architecture search without training", first version,
https://arxiv.org/abs/2006.04647v1; as a proxy Abdelfattah et al., ICLR 2021, https://arxiv.org/abs/2101.08134, and
NAS-Bench-Suite-Zero, whose ``naslib/predictors/utils/pruners/measures/jacov.py`` is followed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from nasbed.core.proxy import Proxy
from nasbed.proxies.probe import Probe

OFFSET = 1e-5
"""Added to what a logarithm is taken of, as published."""


@dataclass(frozen=True)
class JacobianCovariance(Proxy):
    """−Σ log(v + 1e-5) + 1 / (v + 1e-5) over the eigenvalues v of the correlations between images' gradients.

    An image's gradient is that of the sum of its logits at its pixels. It is about minus the batch's size where images
    are told apart, and far below where they are not. One batch without labels, of 32 images in the published runs;
    training mode (statistics of the batch); the network's own initialisation and precision, correlations in float64;
    higher is better.
    """

    name: ClassVar[str] = "jacov"
    labels: ClassVar[bool] = False

    def measure(self, probe: Probe) -> float:
        """Go forward and back once."""
        return spread(image_gradients(probe))


def image_gradients(probe: Probe) -> NDArray[np.float64]:
    """Give the gradient of the sum of an image's logits at its pixels, ``(batch, pixels)``, in training mode."""
    gradients = probe.passes().image_gradients
    found: NDArray[np.float64] = gradients.detach().flatten(1).double().cpu().numpy()
    return found


def correlations(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the correlation of each two rows, ``(rows, rows)``; NaN for a row whose values are all equal."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.atleast_2d(np.corrcoef(rows))


def spread(gradients: NDArray[np.float64]) -> float:
    """Score the gradients of a batch; NaN where an image has none.

    Args:
        gradients: ``(batch, pixels)``.
    """
    between = correlations(gradients)
    if not np.isfinite(between).all():
        return float("nan")
    values = np.linalg.eigvalsh(between) + OFFSET
    return float(-np.sum(np.log(values) + 1 / values))
