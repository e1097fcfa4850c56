"""Progress: how far a search is, told now and then."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float], None]
"""Called with the share done, from 0 to 1."""

REPORT_EVERY = 64
"""Steps between two calls."""


def nobody(share: float) -> None:
    """Tell nobody."""
