"""The settings of the published interface, with their published values or those of a table.

Reference: Ying et al., ICML 2019, https://github.com/google-research/nasbench, ``nasbench/lib/config.py``
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import PurePath
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from nasbed.core.errors import BadSetting
from nasbed.core.space import Space
from nasbed.nets.data.cifar_records import SAMPLE, TEST_RECORDS, TRAIN_RECORDS
from nasbed.nets.recipe import WORDS
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
"""Keys and values of the published ``lib/config.py``."""

FLAGS = SimpleNamespace(**deepcopy(PUBLISHED))
"""The published global of this name: a script may set ``FLAGS.train_epochs = 36``. No command line is read."""

_FORMATS = ("channels_last", "channels_first")
_DECAY = ("COSINE_BY_STEP", "COSINE_BY_TIME", "STEPWISE")
_FILES = ("train_data_files", "valid_data_file", "test_data_file", "sample_data_file")
_SKELETON = {
    "classes": "num_labels",
    "stem_channels": "stem_filter_size",
    "stacks": "num_stacks",
    "modules_per_stack": "num_modules_per_stack",
}
_RECIPE = {"batch_size": "batch_size", "momentum": "momentum", "l2": "weight_decay"}
"""The published names of what a skeleton and a recipe have."""


def build_config(table: Table | None = None) -> dict[str, Any]:
    """Return the settings, those of ``FLAGS`` that a script has changed among them.

    Beside the published keys there are ``data_source``, on what ``evaluate`` trains, ``device``, where, and
    ``made_with``: data, skeleton and recipe of a table that nasbed made, for all that no published key says.

    Args:
        table: A table of modules, whose space and trainings are described in place of the published ones.
    """
    own = {"data_source": "cifar10", "device": "cpu", "made_with": {}}
    config = {**deepcopy(PUBLISHED), **own, **({} if table is None else _described(table))}
    changed = {key: value for key, value in vars(FLAGS).items() if key in config and value != PUBLISHED.get(key)}
    return config | deepcopy(changed)


def _described(table: Table) -> dict[str, Any]:
    """Return what a table says of the settings."""
    settings, about = table.space.settings(), table.provenance
    config: dict[str, Any] = {
        "module_vertices": settings["vertices"],
        "max_edges": settings["edges"],
        "available_ops": list(settings["operations"]),
        "num_repeats": table.modules.trainings[1],
        "train_epochs": table.modules.trainings[0][-1],
        "data_source": about.get("data", "cifar10"),
    }
    if "recipe" not in about:  # what is published was made with the published settings
        return config
    made_with = {name: about.get(name) for name in ("data", "skeleton", "recipe")}
    skeleton, recipe = _defaults(made_with, config["data_source"], table.space)
    return {
        **config,
        **{published: getattr(skeleton, name) for name, published in _SKELETON.items()},
        **{published: getattr(recipe, name) for name, published in _RECIPE.items()},
        "learning_rate": recipe.learning_rate,
        "tpu_num_shards": 1,  # by which the rate is multiplied
        "lr_decay_method": _decay_method(recipe),
        "intermediate_evaluations": recipe.evaluations.split(","),
        "max_attempts": about.get("attempts", PUBLISHED["max_attempts"]),
        "made_with": made_with,
    }


def training(config: Mapping[str, Any], space: Space) -> tuple[Blueprint, Recipe]:
    """Read blueprint and recipe off the settings; what no setting says is as ``made_with``, or else as published.

    Raises:
        BadSetting: When a setting is not allowed.
    """
    if config["data_format"] not in _FORMATS:
        raise BadSetting(f"config['data_format'] is {config['data_format']!r}; it is one of {', '.join(_FORMATS)}")
    if config["tpu_iterations_per_loop"] != PUBLISHED["tpu_iterations_per_loop"]:
        raise BadSetting("config['tpu_iterations_per_loop'] is for TPUs, which are not used here; leave it at 100")
    skeleton, recipe = _defaults(config["made_with"], data_source(config), space)
    schedule, _, clock = str(config["lr_decay_method"]).lower().partition("_by_")
    if schedule not in WORDS["schedule"] or (clock or "step") not in WORDS["clock"]:
        raise BadSetting(
            f"config['lr_decay_method'] is {config['lr_decay_method']!r}; it is one of {', '.join(_DECAY)}"
        )
    recipe = replace(
        recipe,
        learning_rate=config["learning_rate"] * (config["tpu_num_shards"] if config["use_tpu"] else 1),
        schedule=schedule,
        clock=clock or "step",
        evaluations=",".join(str(one) for one in config["intermediate_evaluations"] if one not in (1, "1", "1.0")),
        **{name: config[published] for name, published in _RECIPE.items()},
    )
    return replace(skeleton, **{name: config[published] for name, published in _SKELETON.items()}), recipe


def data_source(config: Mapping[str, Any]) -> str:
    """Return the name of what is trained on, for ``nasbed.nets.data.source.load``.

    Raises:
        BadSetting: When the settings name other TFRecords than the published generator writes into one folder.
    """
    given = [path for name in _FILES for path in np.atleast_1d(config[name]).tolist() if path]
    if not given:
        name: str = config["data_source"]
        return name
    folders = {str(PurePath(path).parent) for path in given}
    names = [PurePath(path).name for path in given]
    wanted = [*TRAIN_RECORDS, TEST_RECORDS]
    if len(folders) == 1 and names in (wanted, [*wanted, SAMPLE]):
        return f"cifar10:{folders.pop()}"
    raise BadSetting(
        f"the TFRecords that {', '.join(_FILES)} name are read if they are {', '.join(wanted)} and, perhaps, {SAMPLE} "
        f"of one folder, in this order, not {', '.join(map(str, given))}; or leave all empty and let "
        "config['data_source'] name the data, such as 'cifar10:/folder'"
    )


def _defaults(made_with: Mapping[str, Any], data: str, space: Space) -> tuple[Blueprint, Recipe]:
    """Return the blueprint and recipe that a table of these data was made with, or those that belong to the data."""
    from nasbed.factory.settings import training_settings

    made = made_with if made_with.get("data") == data else {}
    return training_settings(space, data, made.get("skeleton"), made.get("recipe"))


def _decay_method(recipe: Recipe) -> str:
    """Name a schedule as published, or in the same way."""
    schedule = recipe.schedule.upper()
    return schedule if (schedule, recipe.clock) == ("STEPWISE", "step") else f"{schedule}_BY_{recipe.clock.upper()}"
