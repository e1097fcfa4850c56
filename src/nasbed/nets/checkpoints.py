"""Checkpoints: the networks of a pass, kept as they were when scores were measured.

The published training keeps its networks from the start, halfway and the end, and deletes all else. Here the start is
the moment at which scores are measured first: the weights are those drawn, the averages are those of one step.

Reference: Ying et al., ICML 2019, https://github.com/google-research/nasbench, ``lib/evaluate.py`` and
``scripts/run_evaluation.py``
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nasbed.nets.network_file import save_network
from nasbed.nets.passes import Pass
from nasbed.nets.results import POINTS, TrainingResult


def keep_network(path: Path, training: Pass, k: int, facts: Mapping[str, Any]) -> None:
    """Write the file of one of a pass's networks as it is now, with facts about it and its task."""
    row = training.rows[k * len(training.rows) // len(training.seeds)]
    facts = {**facts, "task": training.data.task.describe()}
    save_network(path, training.plain(k), training.blueprint, row, training.recipe, facts)


@dataclass(frozen=True)
class Checkpoints:
    """The files ``start``, ``halfway`` and ``end.safetensors`` of each training, which ``load_network`` reads.

    A training begins with an empty folder, and one that fails leaves none.

    Attributes:
        folders: One a network of the pass; each is made where there is none.
    """

    folders: Sequence[Path]

    def moments(self, training: Pass) -> dict[int, str]:
        """Return after how many steps networks are kept, ascending, and what they are then called."""
        half = training.epochs * len(training.data.train) // 2 // training.recipe.batch_size
        return dict(zip((1, half, training.steps), POINTS, strict=True))

    def clear(self) -> None:
        """Empty the folders."""
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)

    def keep(self, training: Pass, moment: str) -> None:
        """Write the file of each network that lives, with what was just measured of it."""
        for k, folder in enumerate(self.folders):
            if training.failures[k] is not None:
                continue
            measured = training.made in training.moments or training.is_over
            facts = {
                "data": {"name": training.data.name.partition(":")[0], "checksum": training.data.checksum},
                "epochs": training.epochs,
                "seed": training.seeds[k],
                "moment": moment,
                "measurement": [*training.points[k].values()][-1].to_dict() if measured else None,
            }
            keep_network(folder / f"{moment}.safetensors", training, k, facts)

    def settle(self, results: Sequence[TrainingResult]) -> None:
        """Take away what failed trainings have left."""
        for folder, result in zip(self.folders, results, strict=True):
            if result.failure is not None:
                shutil.rmtree(folder, ignore_errors=True)
