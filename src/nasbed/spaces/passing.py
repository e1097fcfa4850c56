"""Layers that pass on nothing, or what they read: all that has to be known of layers to see what a network computes.

The registry ``passing`` has them by the names that expressions call them by; entry points ``nasbed.passing`` add more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from nasbed.core.registry import passing

Passed = Literal["nothing", "unchanged", "changed"]


def nothing(settings: Mapping[str, Any]) -> Passed:
    """Say that a layer passes on zeros, whatever its settings are."""
    return "nothing"


def unchanged(settings: Mapping[str, Any]) -> Passed:
    """Say that a layer passes on what it reads, if it has no setting but a stride of 1; else it may change shapes."""
    return "unchanged" if all(name == "stride" and value == 1 for name, value in settings.items()) else "changed"


def passed(layer: str, settings: Mapping[str, Any]) -> Passed:
    """Return what a layer passes on, by its name in expressions and its settings."""
    if layer not in passing:
        return "changed"
    found: Passed = passing[layer](settings)
    return found
