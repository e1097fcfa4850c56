"""Training: an architecture, a blueprint, a recipe, data, epochs and a seed make scores.

Several repeats of an architecture, and of others of its group, can be trained in one pass, each with weights, order,
augmentation and batch statistics of its own: small networks are bound by the number of calls, not by arithmetic
(``benchmarks/training.py``).

Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs
from nasbed.nets.blueprint import Blueprint, checked_rows
from nasbed.nets.checkpoints import Checkpoints
from nasbed.nets.clock import Pace
from nasbed.nets.data.source import Data
from nasbed.nets.initialisation import initialised
from nasbed.nets.passes import Pass, using_threads
from nasbed.nets.recipe import Recipe, settled
from nasbed.nets.results import TrainingResult

MIN_STEPS = 4
"""The shortest training whose start, half and end are three moments."""


_FEW = 3  # images on which a task is tried

OUT_OF_MEMORY = "out of memory"
"""The failure of a training that had no room."""


def train(
    blueprint: Blueprint,
    row: Archs,
    recipe: Recipe,
    data: Data,
    epochs: int,
    seed: int,
    device: torch.device | str = "cpu",
    time_limit: float | None = None,
    threads: int = 1,
    diagnostics: bool = False,
    watch: Callable[[Pass], None] | None = None,
) -> TrainingResult:
    """Train the network of one architecture, ``(decisions,)``, from scratch, once; ``train_repeats`` with one seed.

    On the CPU the result, times apart, depends on the arguments alone, bit for bit on one machine.
    """
    rows, seeds = np.asarray(row)[None], (seed,)
    how = device, time_limit, threads, diagnostics, watch
    (result,) = train_repeats(blueprint, rows, recipe, data, epochs, seeds, *how)
    return result


def train_repeats(
    blueprint: Blueprint,
    rows: Archs,
    recipe: Recipe,
    data: Data,
    epochs: int,
    seeds: Sequence[int],
    device: torch.device | str = "cpu",
    time_limit: float | None = None,
    threads: int = 1,
    diagnostics: bool = False,
    watch: Callable[[Pass], None] | None = None,
    shares: Sequence[float] | None = None,
    checkpoints: Checkpoints | None = None,
) -> tuple[TrainingResult, ...]:
    """Train networks of one architecture, or of several of one group, from scratch, one for each seed, in one pass.

    A network has the weights, order and augmentation that it would have alone. On one thread of a CPU its results,
    times apart, are the same to the last bit on one machine whatever is trained beside it, unless a layer is mapped
    (``SideBySide.way``), which may round otherwise among more; quite alone they differ by the rounding of grouped
    convolutions, which grows over a long training.

    Args:
        blueprint: How architectures become networks.
        rows: The architectures, ``(n, decisions)``, all of one ``Blueprint.group``.
        recipe: How they are trained.
        data: What they are trained on; its images must fit the blueprint.
        epochs: How often every training image is seen.
        seeds: One integer a network: as many of the first row as of each other, then those of the second, …
        device: Where; data are moved there when they are elsewhere.
        time_limit: Seconds of training after which the pass stops. A recipe whose schedule reads the clock ends
            there as planned; any other has failed.
        threads: How many threads PyTorch may use on the CPU. Another number can round differently.
        diagnostics: Whether results come with ``Diagnostics``; nothing else in them changes but the total time.
        watch: Called several times a second, between steps, with the pass.
        shares: The share of the pass's time that is each network's; equal ones if not given.
        checkpoints: Where the networks are kept as they are at the start, halfway and at the end; None for nowhere.

    Returns:
        One result a seed. A training whose weights or outputs are not finite, or that ran out of memory or of time,
        has a ``failure``.

    Raises:
        BadSetting: When data, blueprint, epochs and recipe do not fit together.
        InvalidArchitecture: When there is no network for a row.
    """
    check_training(blueprint, recipe, data, epochs, seeds, time_limit)
    rows, device = checked_rows(blueprint.space, rows), torch.device(device)
    recipe = settled(recipe, blueprint, device, len(seeds), rows)
    try_task(blueprint, rows[0], recipe, data)
    training = None
    if checkpoints is not None:
        checkpoints.clear()
    with using_threads(threads):
        try:
            training = Pass(
                blueprint, rows, recipe, data.to(device), epochs, tuple(seeds), time_limit, threads, diagnostics, shares
            )
            _run(training, watch, checkpoints)
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            if training is not None:
                training.fail_all(OUT_OF_MEMORY)
        results = _without_room(blueprint, rows, seeds) if training is None else training.results()
    if checkpoints is not None:
        checkpoints.settle(results)
    return results


def _without_room(blueprint: Blueprint, rows: Archs, seeds: Sequence[int]) -> tuple[TrainingResult, ...]:
    """Give the results of networks for which there was no memory."""
    counts = blueprint.parameters(rows).repeat(len(seeds) // len(rows)).tolist()
    return tuple(TrainingResult(count, seed, {}, 0.0, OUT_OF_MEMORY) for count, seed in zip(counts, seeds, strict=True))


def try_task(blueprint: Blueprint, row: Archs, recipe: Recipe, data: Data) -> None:
    """Judge the outputs of the network of one row, ``(decisions,)``, for a few images, if the task is anyone's own.

    Raises:
        BadSetting: When loss or score fails, or gives anything but a number for each image, or there is no gradient.
    """
    task, part = data.task, data.train
    if not task.checksum:
        return
    network = initialised(blueprint, row, recipe, 0).eval()
    images, targets = part.normal(part.images[:_FEW]).permute(0, 3, 1, 2), part.labels[:_FEW]
    outputs = network(images)
    try:
        losses, _ = task.losses(outputs, targets), task.scores(outputs.detach(), targets)
    except BadSetting:
        raise
    except Exception as error:  # the code is anyone's
        raise BadSetting(
            f"the loss or the score of {task.name} failed with {type(error).__name__}: {error!s:.200}; they were given "
            f"outputs {tuple(outputs.shape)} and targets {tuple(targets.shape)}"
        ) from error
    if not losses.requires_grad:
        raise BadSetting(f"the loss of {task.name} has no gradient; compute it from the outputs by PyTorch's functions")


def out_of_memory(error: RuntimeError) -> bool:
    """Tell that the device or, which has no error of its own, the CPU has no room."""
    texts = ("out of memory", "can't allocate memory")
    return isinstance(error, torch.cuda.OutOfMemoryError) or any(text in str(error) for text in texts)


def _run(training: Pass, watch: Callable[[Pass], None] | None, checkpoints: Checkpoints | None) -> None:
    """Make all steps, in stretches where somebody watches, and keep the networks where they shall be kept."""
    pace = Pace()
    moments = {training.steps: "end"} if checkpoints is None else checkpoints.moments(training)
    for step, moment in moments.items():
        while training.made < step and not training.is_over:
            if watch is None:
                training.run(step)
            else:
                pace.run(training, step)
                watch(training)
        if checkpoints is not None:
            checkpoints.keep(training, "end" if training.is_over else moment)  # by the clock, it may be over early
        if training.is_over:
            return


def check_training(
    blueprint: Blueprint, recipe: Recipe, data: Data, epochs: int, seeds: Sequence[int], time_limit: float | None
) -> None:
    """Refuse at the door what cannot be trained."""
    there, needed = (data.image_size, data.channels), (blueprint.image_size, blueprint.image_channels)
    if there != needed:
        raise BadSetting(
            f"{data.name!r} has images of {there[0]} pixels and {there[1]} channels, but the networks take "
            f"{needed[0]} and {needed[1]}; set skeleton.image_size={there[0]} and skeleton.image_channels={there[1]}"
        )
    if data.is_regression and data.outputs != blueprint.classes:
        raise BadSetting(
            f"{data.name!r} wants {data.outputs} numbers for an image, but the networks give {blueprint.classes}; set "
            f"skeleton.classes={data.outputs}"
        )
    if data.classes > blueprint.classes:
        raise BadSetting(f"{data.name!r} has {data.classes} classes, the networks tell only {blueprint.classes} apart")
    if not seeds:
        raise BadSetting("training needs at least one seed")
    if epochs < 1 or epochs * len(data.train) // recipe.batch_size < MIN_STEPS:
        raise BadSetting(
            f"{epochs} epochs of {len(data.train)} images make fewer than {MIN_STEPS} steps of {recipe.batch_size} "
            "images, the least for a start, a half and an end; use more epochs or smaller batches"
        )
    if recipe.clock == "time" and time_limit is None:
        raise BadSetting("a recipe whose schedule reads the clock needs a time_limit in seconds")
    if time_limit is not None and not time_limit > 0:
        raise BadSetting(f"time_limit must be positive seconds or None, not {time_limit}")
