"""GraSP: what removing each connection does to how well gradients flow.

References: Wang et al., ICLR 2020, https://arxiv.org/abs/2002.07376; as a proxy Abdelfattah et al., ICLR 2021,
https://arxiv.org/abs/2101.08134, whose ``foresight/pruners/measures/grasp.py`` NASLib took over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from nasbed.core.errors import BadSetting
from nasbed.core.proxy import Proxy
from nasbed.proxies.borrowing import tracing
from nasbed.proxies.passes import gradients, total
from nasbed.proxies.probe import Probe


@dataclass(frozen=True)
class GraSP(Proxy):
    """−Σ w · (H g) over the weights of convolutions and linear layers, with the loss's gradient g and Hessian H there.

    It needs one batch with labels, in training mode (statistics of the batch), and a network that can be differentiated
    twice. Initialisation and precision are the network's own: PyTorch's defaults and float32 in the published code.
    The sign is the proxy's code's, the opposite of the pruning paper's.

    Attributes:
        temperature: What logits are divided by before the loss; 1 in the proxy's code, 200 in the pruning paper's.
    """

    name: ClassVar[str] = "grasp"

    temperature: float = 1.0

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise BadSetting(f"temperature is above 0, not {self.temperature}")

    def measure(self, probe: Probe) -> float:
        """Go forward once, back, and back through that."""
        passes = probe.passes()
        weights = passes.weights
        with tracing():
            slopes = gradients(passes.loss_at(self.temperature), weights, further=True)
            steepness = sum((slope.detach() * slope).sum() for slope in slopes)
        if not isinstance(steepness, torch.Tensor):
            return 0.0  # there are no weights
        products = gradients(steepness, weights)
        return -total(weight.detach() * product for weight, product in zip(weights, products, strict=True))
