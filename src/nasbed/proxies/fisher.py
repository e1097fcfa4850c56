"""Fisher: how much the loss depends on whether each channel is there.

References: Turner et al., "BlockSwap", ICLR 2020, https://arxiv.org/abs/1906.04113, after Theis et al.,
https://arxiv.org/abs/1801.05787; as a proxy Abdelfattah et al., ICLR 2021, https://arxiv.org/abs/2101.08134, whose
``foresight/pruners/measures/fisher.py`` NASLib took over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor

from nasbed.core.errors import BadSetting
from nasbed.core.proxy import Proxy
from nasbed.proxies.passes import Saliency, total
from nasbed.proxies.probe import Probe


@dataclass(frozen=True)
class Fisher(Proxy):
    """Σ m · ½ · mean over images of (Σ over pixels of a · ∂loss/∂a)², over the channels of layers' outputs a.

    The layers are convolutions and linear layers, and a is what they give, before normalisation and rectifier. With m,
    how many weights make the channel, the published code hands a channel's value on to each of its weights before it
    adds up all. The loss is the batch's mean. It needs one batch with labels, in training mode (statistics of the
    batch). Initialisation and precision are the network's own: PyTorch's defaults and float32 in the published code.
    No sign is turned.

    Attributes:
        per: Whether a channel's value is counted for each ``weight`` that makes it, as published, or once a
            ``channel``, m = 1.
    """

    name: ClassVar[str] = "fisher"

    per: Literal["weight", "channel"] = "weight"

    def __post_init__(self) -> None:
        if self.per not in ("weight", "channel"):
            raise BadSetting(f"per is 'weight' or 'channel', not {self.per!r}")

    def measure(self, probe: Probe) -> float:
        """Go forward and back once."""
        return total(self._importance(call) for call in probe.passes().saliencies)

    def _importance(self, call: Saliency) -> Tensor:
        """Give the values of one call's channels, ``(channels,)``."""
        shares = call.weight.numel() / call.channels.shape[1] if self.per == "weight" else 1.0
        return call.channels.square().mean(dim=0) * (shares / 2)
