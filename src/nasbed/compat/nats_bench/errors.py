"""The error of a result that there is not."""

from __future__ import annotations

from nasbed.core.errors import NotInTable


class NotMeasured(NotInTable, ValueError):
    """A result that there is not; a ``KeyError`` and a ``ValueError``, since the published code raises either."""
