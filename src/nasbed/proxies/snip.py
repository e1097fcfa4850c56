"""SNIP: how much the loss depends on whether each connection is there.

References: Lee et al., ICLR 2019, https://arxiv.org/abs/1810.02340; as a proxy Abdelfattah et al., ICLR 2021,
https://arxiv.org/abs/2101.08134, whose ``foresight/pruners/measures/snip.py`` NASLib took over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nasbed.core.proxy import Proxy
from nasbed.proxies.passes import total
from nasbed.proxies.probe import Probe


@dataclass(frozen=True)
class SNIP(Proxy):
    """Σ |w · ∂loss/∂w| over the weights of convolutions and linear layers.

    It needs one batch with labels, in training mode (statistics of the batch). Initialisation and precision are the
    network's own: PyTorch's defaults and float32 in the published code. No sign is turned.
    """

    name: ClassVar[str] = "snip"

    def measure(self, probe: Probe) -> float:
        """Go forward and back once."""
        return total(product.abs() for product in probe.passes().products)
