"""Training: a module, a skeleton, a recipe, data, epochs and a seed make accuracies.

Several repeats of a module can be trained in one pass, each with weights, order, augmentation and batch statistics
of its own: small networks are bound by the number of calls, not by arithmetic (``benchmarks/training.py``).

Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from nasbed.core.errors import BadSetting
from nasbed.core.graph import Graph
from nasbed.nets.data.source import Data, load
from nasbed.nets.pace import Pace
from nasbed.nets.parameters import trainable_parameters
from nasbed.nets.passes import Pass, using_threads
from nasbed.nets.recipe import Recipe
from nasbed.nets.results import TrainingResult
from nasbed.nets.seeds import repeat_seed
from nasbed.nets.skeleton import Skeleton

MIN_STEPS = 4
"""The shortest training whose start, half and end are three moments."""


def train(
    graph: Graph,
    skeleton: Skeleton,
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
    """Train the network of one module from scratch, once; ``train_repeats`` with one seed.

    On the CPU the result, times apart, depends on the arguments alone, bit for bit on one machine.
    """
    return train_repeats(
        graph, skeleton, recipe, data, epochs, (seed,), device, time_limit, threads, diagnostics, watch
    )[0]


def train_repeats(
    graph: Graph,
    skeleton: Skeleton,
    recipe: Recipe,
    data: Data,
    epochs: int,
    seeds: Sequence[int],
    device: torch.device | str = "cpu",
    time_limit: float | None = None,
    threads: int = 1,
    diagnostics: bool = False,
    watch: Callable[[Pass], None] | None = None,
) -> tuple[TrainingResult, ...]:
    """Train the network of one module from scratch, once for each seed, in one pass.

    A repeat has the weights, order and augmentation that it would have alone, and gives the same up to the rounding
    of grouped convolutions; rounding grows over a long training, so results belong to all seeds of the pass. On the
    CPU they depend, times apart, on the arguments alone, bit for bit on one machine.

    Args:
        graph: The module; it is pruned first.
        skeleton: The frame around it.
        recipe: How it is trained.
        data: What it is trained on; its images must fit the skeleton.
        epochs: How often every training image is seen.
        seeds: One integer a repeat.
        device: Where; data are moved there when they are elsewhere.
        time_limit: Seconds of training after which the pass stops. A recipe whose schedule reads the clock ends
            there as planned; any other has failed.
        threads: How many threads PyTorch may use on the CPU. Another number can round differently.
        diagnostics: Whether results come with ``Diagnostics``; nothing else in them changes but the total time.
        watch: Called several times a second, between steps, with the pass.

    Returns:
        One result a seed. A training whose weights or outputs are not finite, or that ran out of memory or of time,
        has a ``failure``.

    Raises:
        BadSetting: When data, skeleton, epochs and recipe do not fit together.
        InvalidArchitecture: When the module cannot be built in the skeleton.
        UnknownName: When a label is no operation.
    """
    check_training(skeleton, recipe, data, epochs, seeds, time_limit)
    device = torch.device(device)
    training = None
    with using_threads(threads):
        try:
            training = Pass(
                graph, skeleton, recipe, data.to(device), epochs, tuple(seeds), time_limit, threads, diagnostics
            )
            _run(training, watch)
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            if training is None:
                parameters = trainable_parameters(graph, skeleton)
                return tuple(TrainingResult(parameters, seed, {}, 0.0, "out of memory") for seed in seeds)
            training.fail_all("out of memory")
        return training.results()


def out_of_memory(error: RuntimeError) -> bool:
    """Tell that the device or, which has no error of its own, the CPU has no room."""
    texts = ("out of memory", "can't allocate memory")
    return isinstance(error, torch.cuda.OutOfMemoryError) or any(text in str(error) for text in texts)


def _run(training: Pass, watch: Callable[[Pass], None] | None) -> None:
    """Make all steps, in stretches where somebody watches."""
    if watch is None:
        training.run()
        return
    pace = Pace()
    while None in training.failures and not any("end" in points for points in training.points):
        pace.run(training, training.steps)
        watch(training)


def train_unit(
    adjacency: Sequence[Sequence[int]],
    labels: Sequence[str],
    skeleton: Mapping[str, Any],
    recipe: Mapping[str, Any],
    data: str,
    epochs: int,
    seed: int,
    repeats: int = 1,
    attempts: int = 5,
    first: int = 0,
    diagnostics: str | None = None,
    tried: int = 0,
    device: str = "cpu",
    threads: int = 1,
    time_limit: float | None = None,
) -> dict[str, Any]:
    """Train repeats of one module at one budget, in plain values: a unit of a campaign.

    Repeat r of attempt a is seeded by ``repeat_seed(seed, r, a)``. The first attempt trains all repeats in one pass;
    one that fails is tried again from scratch by itself.

    Args:
        adjacency: Rows of the module's matrix.
        labels: Its vertices' labels.
        skeleton: ``Skeleton.to_dict()``.
        recipe: ``Recipe.to_dict()``.
        data: A data source's name.
        epochs: The budget.
        seed: Any integer; campaigns derive it from their own seed, the module's hash and the epochs.
        repeats: How many trainings.
        attempts: After how many failures a repeat is given up.
        first: The number of the first of them.
        diagnostics: A folder, made where there is none, for the ``Diagnostics`` of each repeat's last attempt:
            repeat r's are in ``r.npz``. On several machines it must be one that they share.
        tried: How many attempts there were before, whose seeds are not drawn again.
        device: Where.
        threads: How many threads PyTorch may use on the CPU.
        time_limit: Seconds of training of a repeat; a pass of several has as many times as much.

    Returns:
        ``trainable_parameters``, ``data_checksum``, the ``attempts`` at each repeat and, under ``repeats``, what
        ``TrainingResult.to_dict`` gives for each.
    """
    graph = Graph.of(adjacency, labels)
    frame, how, what = Skeleton(**skeleton), Recipe(**recipe), load(data)
    numbers = range(first, first + repeats)

    def attempt(some: Sequence[int], number: int) -> tuple[TrainingResult, ...]:
        seeds = [repeat_seed(seed, repeat, number) for repeat in some]
        limit = None if time_limit is None else time_limit * len(some)
        return train_repeats(graph, frame, how, what, epochs, seeds, device, limit, threads, diagnostics is not None)

    results = list(attempt(numbers, tried))
    attempts_at = [1] * repeats
    for r, repeat in enumerate(numbers):
        while results[r].failure is not None and attempts_at[r] < attempts:
            (results[r],) = attempt([repeat], tried + attempts_at[r])
            attempts_at[r] += 1
    if diagnostics is not None:
        _save(Path(diagnostics), first, results)
    return {
        "trainable_parameters": results[0].trainable_parameters,
        "data_checksum": what.checksum,
        "attempts": attempts_at,
        "repeats": [result.to_dict() for result in results],
    }


def _save(folder: Path, first: int, results: Sequence[TrainingResult]) -> None:
    """Write a file for each repeat whose network was looked at."""
    folder.mkdir(parents=True, exist_ok=True)
    for r, result in enumerate(results, first):
        if result.diagnostics is not None:
            result.diagnostics.save(folder / f"{r}.npz")


def check_training(
    skeleton: Skeleton, recipe: Recipe, data: Data, epochs: int, seeds: Sequence[int], time_limit: float | None
) -> None:
    """Refuse at the door what cannot be trained."""
    there, needed = (data.image_size, data.channels), (skeleton.image_size, skeleton.image_channels)
    if there != needed:
        raise BadSetting(
            f"{data.name!r} has images of {there[0]} pixels and {there[1]} channels, but the skeleton takes "
            f"{needed[0]} and {needed[1]}; make it with image_size={there[0]}, image_channels={there[1]}"
        )
    if data.classes > skeleton.classes:
        raise BadSetting(f"{data.name!r} has {data.classes} classes, the skeleton only {skeleton.classes}")
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
