"""Differences between two nested records, leaf by leaf, for people to read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def differences(before: Any, now: Any) -> list[str]:
    """Name every leaf that is not the same in two JSON-able values: ``recipe.l2 was 0.0001, now 0.001``."""
    return [f"{name} was {there}, now {here}" for name, there, here in _leaves(before, now) if there != here]


def _leaves(before: Any, now: Any, name: str = "") -> Iterator[tuple[str, str, str]]:
    """Go through the leaves of both side by side: dotted name, and each as JSON."""
    if not (isinstance(before, dict) and isinstance(now, dict)):
        yield name, json.dumps(before), json.dumps(now)
        return
    for key in before | now:
        yield from _leaves(before.get(key), now.get(key), f"{name}.{key}" if name else key)
