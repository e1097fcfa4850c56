"""Encoding: numbers and figures as a browser reads them, in few bytes, and the same bytes each time."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

DIGITS = 5  # that a figure shows: a screen has fewer pixels than a number of five digits has values


def numbers(values: ArrayLike, digits: int = DIGITS) -> list[float | int | None]:
    """Round numbers to significant digits; what is not finite is null, what is whole has no decimal point."""
    return [_number(float(value), digits) for value in np.ravel(np.asarray(values, np.float64))]


def _number(value: float, digits: int) -> float | int | None:
    rounded = float(f"{value:.{digits}g}")
    if not math.isfinite(rounded):
        return None
    return int(rounded) if rounded.is_integer() else rounded


def packed(text: str) -> str:
    """Compress text for the page: gzip, in base64; the page's script inflates it."""
    return base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode()


def as_json(value: Any) -> str:
    """Write JSON without spaces; a dataclass is an object of its fields.

    Raises:
        ValueError: For a number that is not finite: JSON has none.
    """
    return json.dumps(value, separators=(",", ":"), allow_nan=False, default=vars)


def source_hash(script: str) -> str:
    """Give the source that a content security policy allows a script by: the hash of its text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
