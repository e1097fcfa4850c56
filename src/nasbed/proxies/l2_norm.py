"""L2 norm: how large the weights are.

Reference: Abdelfattah et al., ICLR 2021, https://arxiv.org/abs/2101.08134, whose
``foresight/pruners/measures/l2_norm.py`` NASLib took over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch

from nasbed.core.proxy import Proxy
from nasbed.proxies.passes import layer_weights, norm
from nasbed.proxies.probe import Probe


@dataclass(frozen=True)
class L2Norm(Proxy):
    """Σ ‖w‖₂ over the weights w of convolutions and linear layers, also of those that lead nowhere.

    It needs no images and no mode. Precision and initialisation are the network's own, and the latter decides
    everything: by PyTorch's defaults a layer's norm is about √(outputs / 3), so the score counts layers by their width.
    No sign is turned.

    Attributes:
        of: Whether the norm is of each of the ``layers``, and these are added up as in the published code, or of the
            ``network`` as a whole.
    """

    name: ClassVar[str] = "l2_norm"
    data: ClassVar[bool] = False
    labels: ClassVar[bool] = False
    backward: ClassVar[bool] = False

    of: Literal["layers", "network"] = "layers"

    def __post_init__(self) -> None:
        norm([torch.zeros(1)], self.of)

    def measure(self, probe: Probe) -> float:
        """Read the weights."""
        with probe.borrowed() as network:  # weights may be computed, which may change what they are computed from
            return norm([weight.detach() for weight in layer_weights(network)], self.of)
