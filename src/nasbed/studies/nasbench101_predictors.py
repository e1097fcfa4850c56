"""Predictors on NAS-Bench-101: the default one, beside published figures.

Published are ranks of all 423,624 modules, learned from some that were drawn evenly. A file of 20,001 of them will do:
what is learned from is drawn from these, and τ is over these.

References: Lu et al., PINAT, AAAI 2023, https://doi.org/10.1609/aaai.v37i7.26076; White et al., NeurIPS 2021,
https://arxiv.org/abs/2104.01177
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nasbed.benchmarks.resolve import resolve
from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs, Evaluations
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.studies.prediction.examples import Examples
from nasbed.studies.predictors_published import NASBENCH101, PINAT, copied, found_below, ours, rerun
from nasbed.studies.reproduction import Reproduction

if TYPE_CHECKING:
    from nasbed.core.rng import Streams

DRAWS = 5
SIZES = (100, 172, 424, 1000, 4236)
SETS = ("whole-space", "unseen-functions")

DOCUMENTED: dict[str, dict[int, float]] = {
    "whole-space": {100: 0.727, 172: 0.76, 424: 0.797, 1000: 0.828, 4236: 0.859},
    "unseen-functions": {100: 0.726, 172: 0.759, 424: 0.794, 1000: 0.823, 4236: 0.845},
}
"""τ of the default predictor, the mean of 5 draws among 20,001 modules: ``docs/predictors.md``."""

FOREST = {1000: 0.58}
"""A forest on one-hot operations and edges, 200 modules, read from a figure of GRAF's notebook."""

_FILE = "data-20k.json"
_BUDGETS = (4, 12, 36, 108)
_NASLIB_FOREST = {"trees": 116, "max_features": 0.17, "min_samples_leaf": 2, "bootstrap": False}


class Pool(Benchmark):
    """Answers for some modules of NAS-Bench-101, with the validation accuracies of one training each.

    Args:
        name: It is called so.
        rows: The modules, ``(n, decisions)``.
        values: Their accuracies by epochs, ``(n,)`` each.
        seconds: What the longest training took, ``(n,)``.
    """

    def __init__(
        self, name: str, rows: Archs, values: dict[int, NDArray[np.float64]], seconds: NDArray[np.float64]
    ) -> None:
        self.name, self.space, self.budgets = name, NASBench101().only(rows), tuple(values)
        self._values, self._seconds = values, seconds

    def query(
        self, archs: Archs, epochs: NDArray[np.int64] | int | None = None, streams: Streams | None = None
    ) -> Evaluations:
        """Look accuracies up; seconds are those of the longest training, by the share of its epochs. 0 words."""
        at = self.space.index(archs)
        asked = self.budgets[-1] if epochs is None else int(np.ravel(epochs)[0])
        seconds = self._seconds[at] * asked / self.budgets[-1]
        return Evaluations(self._values[asked][at], seconds, np.full(len(at), asked))

    def test(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give NaN: the file has no test results."""
        return np.full(len(archs), np.nan)


def predictors101(
    data: str | Path | None, runs: int | None, seed: int, progress: Callable[[float], None]
) -> Reproduction:
    """Predictors on NAS-Bench-101: the default beside published figures, from 100 to 4,236 modules."""
    draws = runs or DRAWS
    file = found_below(data, _FILE)
    benchmark: Benchmark = _table(data) if file is None else pool_of(file)
    examples = Examples.of(benchmark)
    lines = ours(examples, SIZES, SETS, DOCUMENTED, draws, seed, lambda share: progress(0.9 * share))
    lines += rerun(
        "forest on one-hot",
        "random-forest",
        _NASLIB_FOREST,
        "onehot",
        examples,
        "naslib-200",
        FOREST,
        "White et al. as run by GRAF, read from a figure; their modules were not drawn evenly: not compared",
        None,
        draws,
        seed,
    )
    progress(1.0)
    return Reproduction(
        "predictors-nasbench101",
        f"Predictors on {len(examples):,} modules of NAS-Bench-101, Kendall's τ, {draws} draws",
        f"{PINAT}; docs/predictors.md",
        "τ",
        3,
        (*lines, *copied(NASBENCH101, PINAT)),
        (
            "τ is Kendall's; ours is the mean over draws of the training set, which are drawn evenly",
            "validation accuracies after 108 epochs" + (", of one training each" if file is not None else ""),
            "copied figures rank all 423,624 modules"
            + (f", ours the {len(examples):,} of the file" if len(examples) < 423_624 else ""),
        ),
        {"data": benchmark.name, "draws": draws, "seed": seed},
    )


def _table(data: str | Path | None) -> Benchmark:
    """Open a table of NAS-Bench-101.

    Raises:
        BadSetting: When it is something else.
        NotInTable: When none was imported.
    """
    found = resolve("nasbench101" if data is None else data)
    if found.space.whole != NASBench101():
        raise BadSetting(
            f"{data} is of {found.space.name}; --data is the path of {_FILE}, or of a table of NAS-Bench-101"
        )
    return found


def pool_of(path: Path) -> Pool:
    """Read modules by their published hashes.

    Args:
        path: A JSON file with ``key``, ``final_training_time`` and, for each budget, ``B_final_validation_accuracy``.

    Raises:
        BadSetting: When it is something else, or has a hash that no module has.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        keys, seconds = [bytes.fromhex(key) for key in given["key"]], np.array(given["final_training_time"], np.float64)
        values = {n: np.array(given[f"{n}_final_validation_accuracy"], np.float64) for n in _BUDGETS}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadSetting(f"{path} is no file of modules by their hashes: {error}") from None
    rows = NASBench101().enumerate()
    hashes = NASBench101().hashes(rows)
    names = np.ascontiguousarray(hashes).view("V16").ravel()
    order = np.argsort(names, kind="stable")
    asked = np.array(keys, "V16")
    at = np.minimum(np.searchsorted(names[order], asked), len(order) - 1)
    if not (names[order[at]] == asked).all():
        raise BadSetting(f"{path} has hashes that no module of NAS-Bench-101 has")
    return Pool(path.name, rows[order[at]], values, seconds)
