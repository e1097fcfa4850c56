"""Gradient norm: how steep the loss is in the weights.

Reference: Abdelfattah et al., ICLR 2021, https://arxiv.org/abs/2101.08134, whose
``foresight/pruners/measures/grad_norm.py`` NASLib took over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch

from nasbed.core.proxy import Proxy
from nasbed.proxies.passes import norm
from nasbed.proxies.probe import Probe


@dataclass(frozen=True)
class GradientNorm(Proxy):
    """Σ ‖∂loss/∂w‖₂ over the weights w of convolutions and linear layers.

    The paper speaks of the norm of all gradients; its code, which published values come from, adds up layers' norms.
    It needs one batch with labels, in training mode (statistics of the batch). Initialisation and precision are the
    network's own: PyTorch's defaults and float32 in the published code. No sign is turned.

    Attributes:
        of: Whether the norm is of each of the ``layers``, and these are added up, or of the ``network`` as a whole.
    """

    name: ClassVar[str] = "grad_norm"

    of: Literal["layers", "network"] = "layers"

    def __post_init__(self) -> None:
        norm([torch.zeros(1)], self.of)

    def measure(self, probe: Probe) -> float:
        """Go forward and back once."""
        return norm(probe.passes().weight_gradients, self.of)
