"""Proxy: how good does an untrained network look?"""

from __future__ import annotations

from typing import Any, Protocol


class Proxy(Protocol):
    """A score of an untrained network; higher is better."""

    def __call__(self, probe: Any) -> float:
        """Score one network on one batch, both held by the probe, and leave it as found."""
        ...
