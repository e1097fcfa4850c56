"""Cell of a predictor study: one predictor, one training size and fidelity, all its draws; and how one is played.

What a file holds follows from the cell alone. Seconds, which a clock measured, are given beside the file, and kept in
another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.files import slug
from nasbed.core.registry import defaults_of, predictors
from nasbed.core.spelling import named
from nasbed.predictors.encoded import EncodedPredictor
from nasbed.run.rows_file import table_of
from nasbed.studies.cell import Source, hash_of
from nasbed.studies.door import opened
from nasbed.studies.prediction.examples import Examples
from nasbed.studies.prediction.judging import Seconds, judge, made
from nasbed.studies.work import written

_FORM = 1  # of the files; a later form makes other hashes
_LIBRARIES = ("nasbed", "numpy", "scipy", "scikit-learn", "xgboost", "xgboost-cpu", "lightgbm")


CLOCKS = "seconds.jsonl"
"""What predictors took, in a file beside a study's cells, which do not depend on any clock."""
_HASH = 16  # digits


class Played(NamedTuple):
    """A part of a cell.

    Attributes:
        file: The bytes of its Parquet file, a row a draw.
        seconds: What each draw took of one core, to learn and to predict so many: see ``Seconds``.
    """

    file: bytes
    seconds: list[Seconds]


@dataclass(frozen=True)
class PredictorCell:
    """One predictor under one way of learning.

    Attributes:
        source: Where values are from.
        benchmark: What the study calls that.
        predictor: Its spelling.
        size: From how many architectures it learns.
        epochs: The fidelity of the values that it learns from.
        early: Fidelities whose values it reads of all architectures.
        seed: Of the draws.
        runs: How many draws.
        sets: The names of the test sets.
        most: How many architectures of a test set are predicted at most.
    """

    source: Source
    benchmark: str
    predictor: str
    size: int
    epochs: int
    early: tuple[int, ...]
    seed: int
    runs: int
    sets: tuple[str, ...]
    most: int

    @cached_property
    def spec(self) -> dict[str, Any]:
        """Everything that decides what its file holds, JSON-able; versions aside, which the file names."""
        name, settings = named(self.predictor)
        usual = {key: value for key, value in defaults_of(predictors[name]).items() if key not in ("space", "seed")}
        what = {
            "form": _FORM,
            "benchmark": {
                "name": self.source.stem,
                "settings": self.source.settings,
                "checksum": self.source.checksum,
            },
            "predictor": name,
            "settings": {**usual, **settings},
            "size": self.size,
            "epochs": self.epochs,
            "early": self.early,
            "seed": self.seed,
            "runs": self.runs,
            "sets": self.sets,
            "most": self.most,
        }
        spec: dict[str, Any] = json.loads(json.dumps(what, default=str))
        return spec

    @cached_property
    def hash(self) -> str:
        """16 hexadecimal digits that stand for ``spec``."""
        return hash_of(self.spec)

    @property
    def fidelity(self) -> str:
        """From what it learns, in words: ``36 epochs``, or ``36 epochs + 4 of all``."""
        return f"{self.epochs} epochs" + "".join(f" + {one} of all" for one in self.early)

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.benchmark} / {self.predictor} / {self.size} / {self.fidelity}"

    @property
    def file(self) -> str:
        """Its file's name, by whose hash it is found."""
        return f"{slug(self.name, 'cell')[:80]}-{self.hash}.parquet"


def play(cell: PredictorCell, first: int, count: int) -> Played:
    """Judge a predictor on some draws; draw k depends on the seed and k alone."""
    examples = examples_of(opened(cell.source), cell.epochs, cell.early)
    predictor = _made(cell.predictor, cell.seed, examples)
    judged = [
        judge(predictor, examples, cell.size, number, cell.seed, cell.sets, cell.most)
        for number in range(first, first + count)
    ]
    columns: dict[str, NDArray[Any]] = {
        "run": np.arange(first, first + count, dtype=np.int32),
        "cost": np.array([one.cost for one in judged]),
        "twins": np.array([one.twins for one in judged]),
    }
    for name in cell.sets:
        table = np.array([one.qualities[name] for one in judged])
        fields = judged[0].qualities[name]._fields
        columns |= {f"{name}/{field}": table[:, i] for i, field in enumerate(fields)}
    benchmark = dict(examples.benchmark.describe())
    benchmark.pop("path", None)  # of the machine, where a file shall be the same on every one
    about = {
        "info": {
            "study": {"cell": cell.name, "hash": cell.hash, "spec": cell.spec},
            "benchmark": {"name": benchmark["name"], "checksum": benchmark.get("checksum")},
            "warnings": benchmark.get("warnings", []),
            "notes": sorted({note for one in judged for note in one.notes}),
            "versions": _versions(),
        },
        "shape": [1, count],
    }
    return Played(written(table_of(columns, about)), [one.seconds for one in judged])


@lru_cache(maxsize=4)
def examples_of(benchmark: Benchmark, epochs: int, early: tuple[int, ...]) -> Examples:
    """Look up the examples of a benchmark, once a process."""
    return Examples.of(benchmark, epochs, early)


@lru_cache(maxsize=4)
def _made(text: str, seed: int, examples: Examples) -> EncodedPredictor:
    return made(text, examples, seed)


def _versions() -> dict[str, str]:
    """Return the versions of what predictors are made of, as far as it is installed."""
    found = {"python": python_version()}
    for name in _LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


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
