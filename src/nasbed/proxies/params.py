"""Parameters: how many a network has, which every other score must beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nasbed.core.proxy import Proxy
from nasbed.proxies.probe import Probe


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
