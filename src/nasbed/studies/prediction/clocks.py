"""Clocks: what predictors took, in a file beside a study's cells, which do not depend on any clock."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from nasbed.studies.prediction.judging import Seconds

CLOCKS = "seconds.jsonl"
_HASH = 16  # digits


class Clocks:
    """A line of JSON for each part of each cell: what it is of, and what each of its draws took.

    A line is added before the part's file is there, so what is done again after a kill has two; the last counts.

    Args:
        folder: Of the study.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / CLOCKS

    def add(self, unit: str, seconds: Iterable[Sequence[float]]) -> None:
        """Add a part."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"unit": unit, "seconds": [list(one) for one in seconds]}) + "\n")

    def of(self) -> dict[str, Seconds]:
        """Return the medians over draws of each cell, by its hash; a line that a kill has cut is passed over."""
        parts: dict[str, list[Sequence[float]]] = {}
        for line in self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else ():
            try:
                found = json.loads(line)
                parts[str(found["unit"])] = [[float(number) for number in one] for one in found["seconds"]]
            except (ValueError, KeyError, TypeError):
                continue
        cells: dict[str, list[Sequence[float]]] = {}
        for unit, some in parts.items():
            cells.setdefault(unit[:_HASH], []).extend(some)
        medians = {hash_: np.median(np.array(some, np.float64), axis=0) for hash_, some in cells.items() if some}
        return {hash_: Seconds(float(one[0]), float(one[1]), int(one[2])) for hash_, one in medians.items()}
