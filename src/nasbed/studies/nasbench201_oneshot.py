"""One-shot search on NAS-Bench-201: the cells that were published as found, looked up in a table.

Three protocols were published, which must not be mixed: searches on CIFAR-10 alone, whose cells are trained on each
data set (the paper of NAS-Bench-201); searches on each data set, with normalisations that read the batch (NATS-Bench);
and later papers, which searched on CIFAR-10 and compare with the first. Only where cells were published can figures be
looked up. Deviations are those of a population: the three runs are all there were.

References: Dong and Yang, ICLR 2020, https://arxiv.org/abs/2001.00326, table 5 of version 2; Dong et al., NATS-Bench,
https://arxiv.org/abs/2009.00437, and the cells in ``docs/NATS-Bench.md`` of
https://github.com/D-X-Y/AutoDL-Projects; Chen et al., DrNAS, https://arxiv.org/abs/2006.10355; Ye et al., β-DARTS,
https://arxiv.org/abs/2203.01665
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, NotInTable
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.studies.nasbench201_baselines import table_of
from nasbed.studies.reproduction import Line, Reproduction, Spreads
from nasbed.tables.column import Measurement
from nasbed.tables.table import Table

A = "A: searched on CIFAR-10, trained on each (the paper of NAS-Bench-201, version 2)"
B = "B: searched on each data set, normalisations read the batch (NATS-Bench)"
C = "C: searched on CIFAR-10 (later papers)"
PARTS = (A, B, C)

_S, _N, _1, _3, _P = "skip_connect", "none", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"

ALL_SKIP = (_S,) * 6
"""What DARTS finds on CIFAR-10; operations of edges 0→1, 0→2, 1→2, 0→3, 1→3, 2→3."""

FOUND = {
    ("cifar10", "DARTS 1st"): (ALL_SKIP,) * 3,
    ("cifar10", "DARTS 2nd"): (ALL_SKIP,) * 3,
    ("cifar10", "GDAS"): ((_3, _3, _N, _1, _3, _3), (_3, _3, _N, _3, _3, _3), (_P, _3, _S, _3, _1, _1)),
    ("cifar100", "DARTS 1st"): ((_N, _S, _N, _S, _1, _N), (_N, _S, _N, _S, _1, _N), (_S, _S, _N, _S, _1, _3)),
    ("cifar100", "DARTS 2nd"): ((_N, _S, _N, _S, _1, _S), (_S, _3, _N, _S, _N, _N), (_S, _1, _N, _3, _S, _N)),
    ("cifar100", "GDAS"): ((_3, _1, _N, _P, _3, _3), (_P, _1, _N, _3, _P, _1), (_P, _3, _N, _3, _1, _1)),
    ("ImageNet16-120", "DARTS 1st"): ((_N, _S, _N, _S, _N, _3), (_N, _S, _N, _S, _N, _3), (_N, _S, _N, _S, _N, _1)),
    ("ImageNet16-120", "DARTS 2nd"): ((_N, _S, _N, _S, _N, _S),),
    ("ImageNet16-120", "GDAS"): ((_N, _N, _N, _3, _N, _N),) * 3,
}
"""The cells of each run that the documentation of NATS-Bench lists, by data set and method."""

LATER = (_3, _3, _3, _S, _3, _3)
"""The cell that DrNAS, β-DARTS and Λ-DARTS all report; official index 9930."""

Figure = tuple[float, float | None]
"""A mean, and a deviation where one was published."""


class Known(NamedTuple):
    """What was published of a method on a data set, in percent.

    Attributes:
        part: The protocol.
        method: Its name.
        valid: Validation accuracy.
        test: Test accuracy.
        cells: The cells that were found, a run each; none where they were not published.
    """

    part: str
    method: str
    valid: Figure | None
    test: Figure | None
    cells: Sequence[tuple[str, ...]] = ()


PUBLISHED: dict[str, tuple[Known, ...]] = {
    "cifar10": (
        Known(A, "RSPS", (80.42, 3.58), (84.07, 3.61)),
        Known(A, "DARTS 1st and 2nd", (39.77, None), (54.30, None), (ALL_SKIP,)),
        Known(A, "GDAS", (89.89, 0.08), (93.61, 0.09)),
        Known(A, "SETN", (84.04, 0.28), (87.64, None)),
        Known(A, "ENAS", (37.51, 3.19), (53.89, 0.58)),
        Known(B, "DARTS 1st", None, None, FOUND["cifar10", "DARTS 1st"]),
        Known(B, "DARTS 2nd", None, None, FOUND["cifar10", "DARTS 2nd"]),
        Known(B, "GDAS", None, (93.23, 0.58), FOUND["cifar10", "GDAS"]),
        Known(C, "SNAS", (90.10, 1.04), (92.77, 0.83)),
        Known(C, "PC-DARTS", (89.96, 0.15), (93.41, 0.30)),
        Known(C, "iDARTS", (89.86, None), (93.58, 0.32)),
        Known(C, "DrNAS, β-DARTS, Λ-DARTS", (91.55, None), (94.36, None), (LATER,)),
    ),
    "cifar100": (
        Known(A, "RSPS", (52.12, 5.55), (52.31, 5.77)),
        Known(A, "DARTS 1st and 2nd", (15.03, None), (15.61, None), (ALL_SKIP,)),
        Known(A, "GDAS", (71.34, 0.04), (70.70, 0.30)),
        Known(A, "SETN", (58.86, 0.06), (59.05, 0.24)),
        Known(A, "ENAS", (13.37, None), (13.96, None)),
        Known(B, "DARTS 1st", None, (61.26, 4.43), FOUND["cifar100", "DARTS 1st"]),
        Known(B, "DARTS 2nd", None, (60.49, 4.95), FOUND["cifar100", "DARTS 2nd"]),
        Known(B, "GDAS", None, (68.17, 2.50), FOUND["cifar100", "GDAS"]),
        Known(C, "SNAS", (69.69, None), (69.34, 1.98)),
        Known(C, "PC-DARTS", (67.12, None), (67.48, 0.89)),
        Known(C, "iDARTS", (70.57, None), (70.83, None)),
        Known(C, "DrNAS, β-DARTS, Λ-DARTS", (73.49, None), (73.51, None), (LATER,)),
    ),
    "ImageNet16-120": (
        Known(A, "RSPS", (27.22, 3.24), (26.28, 3.09)),
        Known(A, "DARTS 1st and 2nd", (16.43, None), (16.32, None), (ALL_SKIP,)),
        Known(A, "GDAS", (41.59, 1.33), (41.71, 0.98)),
        Known(A, "SETN", (33.06, 0.02), (32.52, 0.21)),
        Known(A, "ENAS", (15.06, None), (14.84, None)),
        Known(B, "DARTS 1st", None, (37.88, 2.91), FOUND["ImageNet16-120", "DARTS 1st"]),
        Known(B, "DARTS 2nd", None, None, FOUND["ImageNet16-120", "DARTS 2nd"]),
        Known(B, "GDAS", None, (39.40, 0.0), FOUND["ImageNet16-120", "GDAS"]),
        Known(C, "SNAS", (42.84, None), (43.16, 2.64)),
        Known(C, "PC-DARTS", (40.83, None), (41.31, 0.22)),
        Known(C, "iDARTS", (40.38, None), (40.89, None)),
        Known(C, "DrNAS, β-DARTS, Λ-DARTS", (46.37, None), (46.34, None), (LATER,)),
    ),
}
"""By data set."""

TOLERANCE = 0.0051
"""Percentage points: published figures have two digits after the point."""

_TRAINED = {"cifar10": ("cifar10", "cifar10-valid"), "cifar100": ("cifar100",), "ImageNet16-120": ("ImageNet16-120",)}
_FILE = "a table of it that has test accuracies"
_EPOCHS = "200"


def oneshot(data: str | Path | None, runs: int | None, seed: int, progress: Callable[[float], None]) -> Reproduction:
    """Cells that one-shot searches found on NAS-Bench-201, looked up in a table: three protocols, no training."""
    if runs is not None:
        raise BadSetting("published cells are looked up, which has no repetitions: leave --runs out")
    table = table_of(data, _FILE)
    looks, lines = _Looks(table), list[Line]()
    for i, (name, every) in enumerate(PUBLISHED.items()):
        for known in every:
            lines += [looks.line(name, known, split) for split in ("valid", "test") if _is_shown(known, split)]
        progress((i + 1) / len(PUBLISHED))
    if all(line.ours is None for line in lines):
        has = ", ".join(dict.fromkeys(one.name for one in table.find("accuracy"))) or "no accuracies"
        raise BadSetting(f"{table.path} has no accuracy of any of the published cells; it has {has}")
    lines.sort(key=lambda line: PARTS.index(line.part))
    return Reproduction(
        "oneshot-nasbench201",
        "Cells found by one-shot searches on NAS-Bench-201",
        "arXiv:2001.00326 (A), the documentation of NATS-Bench (B), and the papers of the methods (C)",
        "%",
        2,
        tuple(lines),
        (
            "each of ours was looked up in the table; where there is none, the cells were not published, or the table "
            "lacks them",
            "the three protocols are not comparable with each other",
            "± is the population deviation over the runs; runs may have found one cell",
            *looks.notes,
        ),
        {"table": table.path.name, "checksum": table.describe().get("checksum"), "measured": looks.names},
    )


def _is_shown(known: Known, split: str) -> bool:
    """Say whether there is a figure, or, of test images, cells to look up."""
    return getattr(known, split) is not None or (split == "test" and bool(known.cells))


@dataclass
class _Looks:
    """Looks cells up in a table.

    Attributes:
        table: Of NAS-Bench-201.
    """

    table: Table

    def __post_init__(self) -> None:
        self.space = NASBench201()
        self.found = {(name, split): self._measurement(name, split) for name in _TRAINED for split in ("valid", "test")}
        self.names = [one.name for one in self.found.values() if one is not None]
        self.notes = list(self._notes())

    def line(self, name: str, known: Known, split: str) -> Line:
        """Return a figure, ours where the table has all of its cells."""
        mean, deviation = getattr(known, split) or (None, None)
        words = f"{name}, {known.method}, {'validation' if split == 'valid' else split}"
        line = Line(words, None, mean, None, known.part, Spreads(None, deviation))
        measured = self.found[name, split]
        if not known.cells or measured is None:
            return line
        cells = np.stack([self.space.parse(spelled(cell)) for cell in known.cells])
        values = self._values(measured, cells)
        numbers = dict.fromkeys(self.space.index(cells).tolist())
        if np.isnan(values).any():
            return replace(line, remark=f"the table lacks some of {', '.join(map(str, numbers))}")
        ours, several = float(values.mean()), len(values) > 1
        return replace(
            line,
            ours=ours,
            tolerance=TOLERANCE if self._unlike(name, measured) is None else None,
            spreads=Spreads(float(values.std()) if several else None, deviation),
            remark=_cells(len(values), list(numbers)) + self._standing(measured, ours),
        )

    def _values(self, measured: Measurement, cells: Any) -> NDArray[np.float64]:
        """Return the accuracy of each cell in percent, its mean over seeds; NaN where the table has none."""
        found = np.full(len(cells), np.nan)
        for i in range(len(cells)):
            try:
                found[i] = measured.factor * measured.mean(cells[i : i + 1])[0]
            except NotInTable:
                continue
        return found

    def _standing(self, measured: Measurement, accuracy: float) -> str:
        """Say how many cells are worse, where the table has all."""
        if not self.table.complete:
            return ""
        every = measured.factor * measured.mean()
        return (
            "" if np.isnan(every).any() else f"; {100 * (every < accuracy - 1e-9).mean():.1f} % of all cells are worse"
        )

    def _measurement(self, name: str, split: str) -> Measurement | None:
        """Return accuracies of a data set and split, after the longest training; None where there are none."""
        of = {one.data.lower(): one.data for one in self.table.find("accuracy", split)}
        for data in _TRAINED[name]:
            if data.lower() in of:
                return self.table.measurement("accuracy", split=split, data=of[data.lower()])
        return None

    def _unlike(self, name: str, measured: Measurement) -> str | None:
        """Say why accuracies are not of what was published; None where they are."""
        if name == "cifar10" and measured.split == "test" and measured.data != "cifar10":
            return "trained on half of the images"
        if measured.recipe not in ("", _EPOCHS):
            return f"after {measured.recipe} epochs"
        if len(measured.seeds) == 1:
            return f"of one seed, {measured.seeds[0]}"
        return None

    def _notes(self) -> Iterator[str]:
        for (name, split), measured in self.found.items():
            words = f"{'validation' if split == 'valid' else split} accuracies on {name}"
            if measured is None:
                yield f"the table has no {words}"
            elif why := self._unlike(name, measured):
                yield f"its {words} are {why}, the published are means of three seeds after 200 epochs: not compared"


def spelled(cell: Sequence[str]) -> str:
    """Return the published spelling of a cell, given by its operations."""
    nodes, place = [], 0
    for node in range(1, 4):
        nodes.append("|" + "|".join(f"{cell[place + source]}~{source}" for source in range(node)) + "|")
        place += node
    return "+".join(nodes)


def _cells(runs: int, numbers: Sequence[int]) -> str:
    """Say which cells a figure is of."""
    which = ", ".join(map(str, numbers))
    found = f"one cell, {which}" if len(numbers) == 1 else f"{len(numbers)} cells, {which}"
    return found if runs == 1 else f"{runs} runs, {found}"
