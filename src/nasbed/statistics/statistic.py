"""What every statistic of a comparison gives: rows for programs, cells for people, and a sentence."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from nasbed.core.extras import require

Cells = tuple[list[str], list[list[str]]]
"""Headers and rows of a table, as text."""


class Statistic(ABC):
    """A result that can be read, written and printed, or that says why there is none."""

    missing: str | None
    """Why there is nothing, in a sentence; None where there is something."""

    @abstractmethod
    def rows(self) -> list[dict[str, Any]]:
        """Give JSON-able rows; None for what is not known, accuracies in [0, 1]."""

    @abstractmethod
    def cells(self) -> Cells:
        """Give the same for people: headers and rows, accuracies in percent, a dash for what is not known."""

    @abstractmethod
    def sentence(self) -> str:
        """Say what came out, for a terminal or a caption; where there is nothing, why."""

    def facts(self) -> dict[str, Any]:
        """Give what holds for all rows, JSON-able."""
        return {}

    def as_dict(self) -> dict[str, Any]:
        """Give everything for a program, JSON-able."""
        return {**self.facts(), "rows": self.rows(), "sentence": self.sentence()}

    def frame(self) -> Any:
        """Give the rows as a ``pandas.DataFrame``."""
        return require("pandas", "report").DataFrame(self.rows())


def known(value: float) -> float | None:
    """Give a number for JSON, in which what is not a number is null."""
    return float(value) if math.isfinite(value) else None


def number(value: float | None, factor: float = 1.0, digits: int = 2) -> str:
    """Write a number times a factor; a dash for what is not known."""
    return "–" if value is None or not math.isfinite(value) else f"{factor * value:.{digits}f}"


def headed(words: str, unit: str) -> str:
    """Put a unit behind the words of a header: ``regret, points``, ``accuracy %``."""
    return words + (f",{unit}" if unit == " points" else unit)


def said(value: float, unit: str) -> str:
    """Write a number with its unit: ``1 point``, ``0.5 points``, ``90 %``."""
    return f"{value:.4g}{unit[:-1] if unit == ' points' and value == 1 else unit}"


def p_value(p: float) -> str:
    """Write a p-value as papers do."""
    return "–" if not math.isfinite(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"


def listed(names: Sequence[str], at_most: int = 6, what: str = "pairs") -> str:
    """Name a few, count many."""
    return ", ".join(names) if len(names) <= at_most else f"{len(names)} {what}"
