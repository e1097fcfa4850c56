"""Plain: what a step along all weights, each by its own size, does to the loss.

Reference: Abdelfattah et al., ICLR 2021, https://arxiv.org/abs/2101.08134, whose
``foresight/pruners/measures/plain.py`` NASLib took over; after Mozer and Smolensky, "Skeletonization", NIPS 1988.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nasbed.core.proxy import Proxy
from nasbed.proxies.passes import total
from nasbed.proxies.probe import Probe


@dataclass(frozen=True)
class Plain(Proxy):
    """Σ w · ∂loss/∂w over the weights of convolutions and linear layers.

    A layer before batch normalisation has no part in it, as its loss does not depend on how large its weights are; in
    the networks of NAS-Bench-201 little but the last layer is left, and rounding. It needs one batch with labels, in
    training mode (statistics of the batch). Initialisation and precision are the network's own: PyTorch's defaults and
    float32 in the published code. The sign is the published one, under which better networks of NAS-Bench-201 have
    lower scores.
    """

    name: ClassVar[str] = "plain"

    def measure(self, probe: Probe) -> float:
        """Go forward and back once."""
        return total(probe.passes().products)
