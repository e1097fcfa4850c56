"""Augment: one network trained for long, in a folder from which it goes on after any end.

Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635, and the published ``augment_and_evaluate``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from nasbed.core.errors import BadSetting
from nasbed.core.locks import CLAIM, locked
from nasbed.core.records import Archs
from nasbed.nets.blueprint import Blueprint, checked_row
from nasbed.nets.data.source import Data, Part
from nasbed.nets.long_training import LongTraining
from nasbed.nets.passes import Pass, using_threads
from nasbed.nets.pretrained import checksum_of
from nasbed.nets.recipe import Recipe, settled
from nasbed.nets.training import check_training, out_of_memory, try_task
from nasbed.nets.training_folder import STATE, TrainingFolder, claim


def augment(
    blueprint: Blueprint,
    row: Archs,
    recipe: Recipe,
    data: Data,
    epochs: int,
    seed: int,
    folder: str | Path,
    *,
    final: bool = True,
    every: int = 5,
    minutes: float = 10.0,
    device: torch.device | str = "cpu",
    threads: int = 1,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[LongTraining, float], None] = lambda standing, loss: None,
) -> LongTraining:
    """Train the network of one architecture for long, or go on with that.

    Without ``final`` the weights are, at every step, those of ``train`` with the same arguments.

    Args:
        blueprint: How the architecture becomes a network.
        row: The architecture, ``(decisions,)``.
        recipe: How it is trained; published are the schedule ``stepwise`` and 200 epochs.
        data: What it is trained on; its images must fit the blueprint.
        epochs: How often every training image is seen.
        seed: Any integer.
        folder: Where everything is kept; it is made if it does not exist.
        final: Whether it is trained on the validation images, too, and ``best`` chosen by test accuracy.
        every: After how many epochs accuracies are measured; also after the first step and at the end.
        minutes: How much work, at most, an end without warning undoes.
        device: Where; data are moved there when they are elsewhere.
        threads: How many threads PyTorch may use on the CPU. Another number can round differently.
        stop: Asked several times a second, between steps, whether to save and stop.
        progress: Called as often with how the training stands and with its loss.

    Raises:
        BadSetting: When data, task, blueprint, epochs and recipe do not fit together, when the folder belongs to a
            training that differs in any of them, or when another process is at it.
        InvalidArchitecture: When there is no network for the row.
        CorruptFile: When the state in the folder is damaged.
        Interrupted: When it was stopped, or at Ctrl-C; the same call goes on.
    """
    if every < 1 or not minutes >= 0:
        raise BadSetting(f"accuracies are measured every 1 or more epochs, not {every}; minutes are 0 or more")
    if recipe.clock == "time":
        raise BadSetting("a schedule that reads the clock cannot be gone on with to the same result; use clock=step")
    data = joined(data) if final else data
    check_training(blueprint, recipe, data, epochs, (seed,), None)
    space, row = blueprint.space, checked_row(blueprint.space, row)
    try_task(blueprint, row, recipe, data)
    data = data.to(device)
    recipe = settled(recipe, blueprint, device, 1, row[None])
    plan = {
        "space": {"name": space.kind, **space.settings()},
        "row": [int(value) for value in row],
        "skeleton": blueprint.settings(),
        "recipe": recipe.to_dict(),
        **({"pretrained": checksum_of(recipe.pretrained)} if recipe.pretrained else {}),
        "data": {"name": data.name.partition(":")[0], "checksum": data.checksum},
        "final": final,
        "epochs": epochs,
        "seed": seed,
        "every": every,
        "versions": {"nasbed": version("nasbed"), "torch": str(torch.__version__), "numpy": np.__version__},
    }
    folder = Path(folder)
    claim(folder)
    with locked(folder / STATE, f"trains in {folder}", CLAIM), using_threads(threads):
        try:
            training = Pass(blueprint, row[None], recipe, data, epochs, (seed,), None, threads)
            return TrainingFolder(training, folder, plan).run(minutes, stop, progress)
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            raise BadSetting(
                f"the training does not fit into the memory of {device}; what was kept in {folder} is still there, and "
                "another device can go on with it"
            ) from None


def joined(data: Data) -> Data:
    """Give the same data with the validation images among those that are trained on."""
    images = torch.cat([data.train.images, data.validation.images])
    labels = torch.cat([data.train.labels, data.validation.labels])
    return replace(data, train=Part(images, labels, data.train.scale))
