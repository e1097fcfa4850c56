"""Evaluation of a module by real training, with the settings of the published interface."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasbed.compat.nasbench.config import training
from nasbed.compat.nasbench.model_spec import ModelSpec
from nasbed.core.errors import NasbedError
from nasbed.core.extras import require
from nasbed.tables.table import Table

_MEASURED = {"train_accuracy": "train", "validation_accuracy": "validation", "test_accuracy": "test"}


def evaluate(spec: ModelSpec, table: Table, config: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Train a module and give what ``query`` gives; ``metadata.json`` in the folder has all that was measured.

    Seeds come from the system, as the published training has none, so that Python's ``random`` stays where it is.
    """
    require("torch", "torch")
    from nasbed.nets.data.source import load
    from nasbed.nets.training import train

    skeleton, recipe = training(table, config)
    data = load(config["data_source"])
    for _ in range(config["max_attempts"]):
        result = train(
            spec.graph(),
            skeleton,
            recipe,
            data,
            config["train_epochs"],
            secrets.randbits(63),
            time_limit=config["train_seconds"] or None,
        )
        if result.failure is None:
            break
    else:
        raise NasbedError(f"training failed {config['max_attempts']} times, at last because: {result.failure}")
    evaluations = [
        {
            "epochs": point.epoch,
            "training_time": point.training_time,
            **{name: getattr(point, part).value for name, part in _MEASURED.items()},
        }
        for point in result.points.values()
    ]
    metadata = {
        "trainable_params": result.trainable_parameters,
        "total_time": result.total_time,
        "evaluation_results": evaluations,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metadata.json").write_text(json.dumps(metadata))
    return {
        "module_adjacency": spec.matrix,
        "module_operations": spec.ops,
        "trainable_parameters": result.trainable_parameters,
        **{name: evaluations[-1][name] for name in ("training_time", *_MEASURED)},
    }
