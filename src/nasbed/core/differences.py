"""Differences between two nested records, leaf by leaf, for people to read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

_LONG = 80  # characters that a person compares


def differences(before: Any, now: Any) -> list[str]:
    """Name every leaf that is not the same in two JSON-able values: ``recipe.l2 was 0.0001, now 0.001``."""
    found = (leaf for leaf in _leaves(before, now) if leaf[1] != leaf[2])
    return [f"{name} was {_shown(there)}, now {_shown(here)}" for name, there, here in found]


def _shown(value: str) -> str:
    """Shorten what nobody reads, such as packed rows, so that two that differ are seen to."""
    if len(value) <= _LONG:
        return value
    return f"{value[:20]}… ({len(value):,} characters, SHA-256 {sha256(value.encode()).hexdigest()[:8]})"


def _leaves(before: Any, now: Any, name: str = "") -> Iterator[tuple[str, str, str]]:
    """Go through the leaves of both side by side: dotted name, and each as JSON."""
    if not (isinstance(before, dict) and isinstance(now, dict)):
        yield name, json.dumps(before), json.dumps(now)
        return
    for key in before | now:
        yield from _leaves(before.get(key), now.get(key), f"{name}.{key}" if name else key)
