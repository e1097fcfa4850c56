"""The settings of the published interface, filled in from a table."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nasbed.core.space import Space
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.table import Table

if TYPE_CHECKING:
    from nasbed.nets.blueprint import Blueprint
    from nasbed.nets.recipe import Recipe

PUBLISHED: dict[str, Any] = {
    "train_data_files": [],
    "valid_data_file": "",
    "test_data_file": "",
    "sample_data_file": "",
    "data_format": "channels_last",
    "num_labels": 10,
    "module_vertices": 7,
    "max_edges": 9,
    "available_ops": ["conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"],
    "stem_filter_size": 128,
    "num_stacks": 3,
    "num_modules_per_stack": 3,
    "batch_size": 256,
    "train_epochs": 108,
    "train_seconds": 14400.0,
    "learning_rate": 0.1,
    "lr_decay_method": "COSINE_BY_STEP",
    "momentum": 0.9,
    "weight_decay": 1e-4,
    "max_attempts": 5,
    "intermediate_evaluations": ["0.5"],
    "num_repeats": 3,
    "use_tpu": True,
    "tpu_iterations_per_loop": 100,
    "tpu_num_shards": 2,
}
"""Keys and values of the published ``lib/config.py``; files, TPUs and intermediate evaluations are read by nothing."""

_SKELETON = {
    "classes": "num_labels",
    "stem_channels": "stem_filter_size",
    "stacks": "num_stacks",
    "modules_per_stack": "num_modules_per_stack",
}
_RECIPE = {"batch_size": "batch_size", "momentum": "momentum", "l2": "weight_decay"}
"""The published names of what a skeleton and a recipe have."""


def build_config(table: Table, space: NASBench101) -> dict[str, Any]:
    """Give the settings under which a table was made, by which ``evaluate`` trains.

    Beside the published keys there is ``data_source``: what ``evaluate`` trains on.
    """
    config: dict[str, Any] = {
        **deepcopy(PUBLISHED),
        "module_vertices": space.vertices,
        "max_edges": space.edges,
        "available_ops": list(space.operations),
        "num_repeats": table.modules.trainings[1],
        "train_epochs": table.modules.trainings[0][-1],
        "data_source": table.provenance.get("data", "digits"),
    }
    if "recipe" in table.provenance:  # made by nasbed; what is published was made with what is above
        skeleton, recipe = made_with(table, config["data_source"], space)
        config |= {published: getattr(skeleton, name) for name, published in _SKELETON.items()}
        config |= {published: getattr(recipe, name) for name, published in _RECIPE.items()}
        config |= {
            "learning_rate": recipe.learning_rate,
            "tpu_num_shards": 1,  # by which the rate is multiplied
            "lr_decay_method": _decay_method(recipe),
            "max_attempts": table.provenance.get("attempts", PUBLISHED["max_attempts"]),
        }
    return config


def training(table: Table, config: Mapping[str, Any], space: Space) -> tuple[Blueprint, Recipe]:
    """Read blueprint and recipe off the settings; what the settings do not say is as the table was made.

    Raises:
        BadSetting: When a setting is not allowed.
    """
    skeleton, recipe = made_with(table, config["data_source"], space)
    schedule, _, clock = str(config["lr_decay_method"]).lower().partition("_by_")
    rate = config["learning_rate"] * config["tpu_num_shards"]
    recipe = replace(recipe, learning_rate=rate, schedule=schedule, clock=clock or "step")
    skeleton = replace(skeleton, **{name: config[published] for name, published in _SKELETON.items()})
    return skeleton, replace(recipe, **{name: config[published] for name, published in _RECIPE.items()})


def made_with(table: Table, data: str, space: Space) -> tuple[Blueprint, Recipe]:
    """Give the blueprint and recipe that a table was made with, or those that belong to a data source."""
    from nasbed.factory.settings import training_settings

    made_of_it = table.provenance if table.provenance.get("data") == data else {}
    return training_settings(space, data, made_of_it.get("skeleton"), made_of_it.get("recipe"))


def _decay_method(recipe: Recipe) -> str:
    """Name a schedule as published, or in the same way."""
    schedule = recipe.schedule.upper()
    return schedule if (schedule, recipe.clock) == ("STEPWISE", "step") else f"{schedule}_BY_{recipe.clock.upper()}"
