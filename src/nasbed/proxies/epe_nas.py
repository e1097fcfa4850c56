"""EPE-NAS: how much alike an untrained network's answers depend on the pixels of images of one class.

References: Lopes et al., "EPE-NAS: efficient performance estimation without training for neural architecture search",
ICANN 2021, https://arxiv.org/abs/2102.08099, and NAS-Bench-Suite-Zero, whose
``naslib/predictors/utils/pruners/measures/epe_nas.py`` is followed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.proxy import Proxy
from nasbed.proxies.jacov import OFFSET, correlations, image_gradients
from nasbed.proxies.probe import Probe

MANY_CLASSES = 100
"""With more, classes are compared with each other, as published."""


@dataclass(frozen=True)
class EPENAS(Proxy):
    """Σ |Σ log(|c| + 1e-5)| over classes, and in each over the correlations c between its images' gradients.

    An image's gradient is that of the sum of its logits at its pixels. With more than 100 logits a class has the mean
    over rows of its correlations instead, a class of one image has nothing, and the score is the sum of differences
    between each two classes, in both orders, divided by the number of classes. One labelled batch, of 32 images in the
    published runs; training mode (statistics of the batch); the network's own initialisation and precision,
    correlations in float64; higher is better. A class of one image adds next to nothing, so scores depend on how many
    images of a class the batch has: compare those of one batch.
    """

    name: ClassVar[str] = "epe_nas"

    def measure(self, probe: Probe) -> float:
        """Go forward and back once."""
        labels = probe.targets().cpu().numpy()
        if labels.ndim != 1 or labels.dtype.kind not in "iu":
            raise BadSetting(f"{self.name} compares the images of each class, and these have none; use another proxy")
        return by_class(image_gradients(probe), labels, probe.passes().logits.shape[-1])


def by_class(gradients: NDArray[np.float64], labels: NDArray[np.int64], classes: int) -> float:
    """Score the gradients of a batch; NaN where an image has none.

    Args:
        gradients: ``(batch, pixels)``.
        labels: The images' classes, ``(batch,)``.
        classes: How many classes the network tells apart.
    """
    groups = [gradients[labels == label] for label in np.unique(labels)]
    if classes <= MANY_CLASSES:
        return float(sum(abs(_alike(group)) for group in groups))
    values = np.array([_alike(group) / len(group) for group in groups if len(group) > 1])
    return float(np.abs(values[:, None] - values).sum() / len(values)) if len(values) else 0.0


def _alike(gradients: NDArray[np.float64]) -> float:
    return float(np.log(np.abs(correlations(gradients)) + OFFSET).sum())
