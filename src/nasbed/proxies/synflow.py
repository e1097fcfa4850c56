"""SynFlow: how much flows through each connection when all weights are positive.

References: Tanaka et al., NeurIPS 2020, https://arxiv.org/abs/2006.05467; as a proxy Abdelfattah et al., ICLR 2021,
https://arxiv.org/abs/2101.08134, whose ``foresight/pruners/measures/synflow.py`` NASLib took over.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch

from nasbed.core.proxy import Proxy
from nasbed.proxies.passes import gradients, layer_weights, total
from nasbed.proxies.probe import Probe


@dataclass(frozen=True)
class SynFlow(Proxy):
    """log Σ |w · ∂R/∂w| over the weights of convolutions and linear layers; R is the sum of logits.

    For this, all parameters and buffers are replaced by their absolute values, and the image is one of ones, so no
    image is needed, only the size of one. The network is in training mode, without batch normalisation, in float64.
    The initialisation is the network's own, PyTorch's defaults in the published code. The logarithm is NASLib's; where
    nothing flows at all there is none, and the score is 0 as there, below every network of a published space. No sign
    is turned.

    Attributes:
        log: Whether the logarithm is taken, as by NASLib, or the sum given as it is.
        normalise: Whether batch normalisation stays as it is, the published variant ``synflow_bn``.
    """

    name: ClassVar[str] = "synflow"
    data: ClassVar[bool] = False
    labels: ClassVar[bool] = False

    log: bool = True
    normalise: bool = False

    def measure(self, probe: Probe) -> float:
        """Send one image of ones forward, and go back once."""
        with probe.borrowed(normalise=self.normalise, dtype=torch.float64) as network:
            ones = torch.ones_like(probe.batch(torch.float64)[:1])
            for tensor in [*network.parameters(), *network.buffers()]:
                if tensor.is_floating_point():
                    tensor.data.abs_()
            logits = probe.logits(network(ones))
            weights = layer_weights(network)
            slopes = gradients(logits.sum(), weights)
        flow = total((weight.detach() * slope).abs() for weight, slope in zip(weights, slopes, strict=True))
        return (math.log(flow) if flow > 0 else flow) if self.log else flow
