"""NASWOT: how differently an untrained network's rectifiers split a batch.

Reference: Mellor et al., "Neural architecture search without training", ICML 2021, https://arxiv.org/abs/2006.04647,
whose ``score_networks.py`` (https://github.com/BayesWatch/nas-without-training) the first variant follows.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nasbed.core.errors import BadSetting
from nasbed.core.proxy import Proxy
from nasbed.proxies.agreement import agreements
from nasbed.proxies.probe import Probe
from nasbed.proxies.rectifiers import listening, reached

Variant = Literal["input", "output"]


@dataclass(frozen=True)
class NASWOT(Proxy):
    """log |det K|, where K counts at how many rectifiers each two images fall on the same side of zero.

    With x = 1 where a rectifier's value is positive, flattened for each image, K = Σ x xᵀ + (1 − x)(1 − x)ᵀ over the
    rectifiers. One batch without labels, of 128 unaugmented images in the paper; no gradients; the network's own
    initialisation and precision, counts in whole numbers, the determinant in float64; higher is better. Scores of
    different batch sizes cannot be compared.

    Attributes:
        variant: ``"input"``, the paper's: what goes into rectifiers, in training mode (statistics of the batch), for
            those that a backward pass from the logits would reach. A module counts when its class has ``ReLU`` in its
            name, as in the published code, so that where ``ReLUConvBN`` blocks are, the rectifier of each counts twice
            and the last of the network once. ``"output"``: what comes out, in evaluation mode, of every rectifier that
            runs; a block that has one in it does not count again.
    """

    variant: Variant = "input"

    name: ClassVar[str] = "naswot"
    labels: ClassVar[bool] = False
    backward: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.variant not in get_args(Variant):
            raise BadSetting(f"naswot has the variants {' and '.join(get_args(Variant))}, not {self.variant!r}")

    def measure(self, probe: Probe) -> float:
        """Go forward once, and take the determinant."""
        return float(np.linalg.slogdet(self.kernel(probe))[1])

    def kernel(self, probe: Probe) -> NDArray[np.float64]:
        """Give K, whole numbers, ``(batch, batch)``."""
        train = self.variant == "input"
        with probe.borrowed(train=train) as network:
            images = probe.batch()
            behind = reached(network, images[:2], probe.logits) if train else None

            def run(batch: Tensor) -> NDArray[np.float64]:
                total = _Sum(len(images))

                def heard(rectifier: Hashable, given: Tensor, output: Tensor) -> None:
                    if rectifier in behind if behind is not None else not _is_block(rectifier):
                        total.add(given if train else output)

                with torch.no_grad(), listening(network, heard):
                    network(batch)
                return total.kernel

            return _as_channels_last(run, images)


@dataclass(eq=False)
class _Sum:
    """The sum of agreements, in which a tensor that several rectifiers are given is looked at once."""

    batch: int

    def __post_init__(self) -> None:
        self.kernel: NDArray[np.float64] = np.zeros((self.batch, self.batch))
        self._known: dict[int, tuple[weakref.ref[Tensor], int, NDArray[np.float64]]] = {}

    def add(self, values: Tensor) -> None:
        """Add what is known or counted now; pass over what is not a batch of all images, as the published code does."""
        if values.dim() < 2 or len(values) != self.batch:
            return
        known, version, found = self._known.get(id(values), (None, None, None))
        if found is None or known is None or known() is not values or version != values._version:
            found = agreements(values)
            self._known[id(values)] = (weakref.ref(values), values._version, found)
        self.kernel += found


def _is_block(rectifier: Hashable) -> bool:
    return isinstance(rectifier, nn.Module) and any(True for _ in rectifier.children())


def _as_channels_last(run: Callable[[Tensor], NDArray[np.float64]], images: Tensor) -> NDArray[np.float64]:
    """Run on a copy with channels together, where convolutions take half as long, if the network can be run so."""
    if images.dim() == 4:
        try:
            return run(images.clone(memory_format=torch.channels_last))
        except RuntimeError:  # such as x.view(len(x), -1), which this order of numbers does not allow
            pass
    return run(images.clone())
