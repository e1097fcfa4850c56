"""FLOPs and parameters: how much a network computes and how large it is, which every other score must beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from nasbed.core.errors import UnknownName
from nasbed.core.proxy import Proxy
from nasbed.nets.costs import COUNTINGS
from nasbed.nets.counting import count
from nasbed.proxies.probe import Probe


@dataclass(frozen=True)
class FLOPs(Proxy):
    """How many operations one image takes in the network; published tables have millions of them.

    It needs an image's size alone, no labels and no initialisation; the network is in evaluation mode. What functions
    compute that are no modules is not seen. No sign is turned: larger networks have higher scores.

    Attributes:
        counting: What is counted, by the name of a publication: ``natsbench`` or ``naslib``, which counts more; see
            ``nasbed.nets.costs``.
    """

    name: ClassVar[str] = "flops"
    data: ClassVar[bool] = False
    labels: ClassVar[bool] = False
    backward: ClassVar[bool] = False

    counting: str = "natsbench"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.counting not in COUNTINGS:
            raise UnknownName("counting of operations", self.counting, COUNTINGS)

    def measure(self, probe: Probe) -> float:
        """Send one image through."""
        with probe.borrowed(train=False) as network:
            return float(count(_OnImage(network, probe.batch()[:1]), counting=self.counting).flops)


class _OnImage(nn.Module):
    """A network that looks at one image, of any size, whatever it is shown."""

    def __init__(self, network: nn.Module, image: Tensor) -> None:
        super().__init__()
        self.network, self.image = network, image

    def forward(self, x: Tensor) -> Any:
        """Look at the image."""
        return self.network(self.image)


@dataclass(frozen=True)
class Parameters(Proxy):
    """How many numbers training would change, frozen or not; published tables have millions of them.

    It needs no images, no mode and no initialisation. No sign is turned: larger networks have higher scores.
    """

    name: ClassVar[str] = "params"
    data: ClassVar[bool] = False
    labels: ClassVar[bool] = False
    backward: ClassVar[bool] = False

    def measure(self, probe: Probe) -> float:
        """Count."""
        return float(sum(parameter.numel() for parameter in probe.network.parameters()))
