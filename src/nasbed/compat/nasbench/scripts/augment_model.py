"""Train one module for long and test it; the modules that the published code writes out, with their skeletons.

``python -m nasbed.compat.nasbench.scripts.augment_model --model_dir=FOLDER``; ``nasbed train best --augment`` does it,
too.

Reference: https://github.com/google-research/nasbench, ``nasbench/scripts/augment_model.py``
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any

from nasbed.compat.nasbench.lib import evaluate
from nasbed.compat.nasbench.lib.config import FLAGS, PUBLISHED
from nasbed.compat.nasbench.lib.model_spec import ModelSpec
from nasbed.compat.nasbench.scripts import flags
from nasbed.core.errors import BadSetting
from nasbed.nets.nasbench101 import NASBench101Blueprint
from nasbed.spaces.named_modules import NAMED_MODULES

_OWN = {"model_dir": ""}
flags.define(_OWN)

__all__ = ["FLAGS", "evaluate", "main"]

_SKELETON = {"num_stacks": "stacks", "num_modules_per_stack": "modules_per_stack", "stem_filter_size": "stem_channels"}

Config = MutableMapping[str, Any]


def create_resnet20_spec(config: Config) -> ModelSpec:
    """Return a module like ResNet-20's, with a projection more, and set its skeleton in the settings."""
    return _created("resnet-like", config)


def create_resnet50_spec(config: Config) -> ModelSpec:
    """Return a module like ResNet-50's, with a projection more, and set its skeleton in the settings."""
    return _created("resnet-50-like", config)


def create_inception_resnet_spec(config: Config) -> ModelSpec:
    """Return a module like Inception-ResNet's, and set its skeleton in the settings."""
    return _created("inception-resnet-like", config)


def create_best_nasbench_spec(config: Config) -> ModelSpec:
    """Return the module with the best mean test accuracy of the published table, and set its skeleton."""
    return _created("best", config)


def _created(name: str, config: Config) -> ModelSpec:
    graph, skeleton = NAMED_MODULES[name], NASBench101Blueprint.named.get(name, {})
    for published, field in _SKELETON.items():
        config[published] = skeleton.get(field, PUBLISHED[published])
    return ModelSpec(graph.matrix, list(graph.labels))


def main(arguments: Sequence[str] | None = None) -> None:
    """Train the best module on training and validation images, and print what came of it."""
    flags.read(str(__doc__).partition("\n")[0], {**_OWN, **flags.SETTINGS}, arguments)
    folder = flags.flag("model_dir")
    if not folder:
        raise BadSetting("set --model_dir, the folder where the training is kept")
    config = {**flags.config(), "train_epochs": 200, "lr_decay_method": "STEPWISE", "train_seconds": 0.0}
    spec = create_best_nasbench_spec(config)
    print(evaluate.augment_and_evaluate(spec, config, folder))


if __name__ == "__main__":
    flags.program(main)
