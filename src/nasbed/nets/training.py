"""Training: a module, a skeleton, a recipe, data, epochs and a seed make accuracies.

The published procedure: the first step has rate 0 and only starts batch normalisation's averages; accuracies are
measured then, halfway and at the end; the clock runs while steps are made and stands while accuracies are measured.
Several repeats of a module can be trained in one pass, each with weights, order, augmentation and batch statistics
of its own: small networks are bound by the number of calls, not by arithmetic (``benchmarks/training.py``).

Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from nasbed.core.errors import BadSetting
from nasbed.core.graph import Graph
from nasbed.nets.clock import Clock
from nasbed.nets.data.batches import Augmentation, full_batches, orders
from nasbed.nets.data.source import Data, load
from nasbed.nets.network import Network
from nasbed.nets.recipe import Recipe
from nasbed.nets.rmsprop import RMSProp
from nasbed.nets.schedules import SCHEDULES
from nasbed.nets.skeleton import Skeleton

POINTS = ("start", "halfway", "end")
"""When accuracies are measured."""

MIN_STEPS = 4
"""The shortest training whose start, half and end are three moments."""


class Accuracy(NamedTuple):
    """How many of how many images were told right."""

    correct: int
    images: int

    @property
    def value(self) -> float:
        """The fraction, in [0, 1]."""
        return self.correct / self.images


@dataclass(frozen=True)
class Point:
    """What was measured at one moment of a training.

    Attributes:
        epoch: How often the training images had been seen, on average; 0 at the start.
        training_time: Seconds spent on training steps so far, as ``Clock`` counts them.
        train: Accuracy on (the first) training images, without augmentation.
        validation: Accuracy on validation images.
        test: Accuracy on test images.
    """

    epoch: float
    training_time: float
    train: Accuracy
    validation: Accuracy
    test: Accuracy


@dataclass(frozen=True)
class TrainingResult:
    """What came of one training.

    Attributes:
        trainable_parameters: Of the network.
        seed: What the training was seeded with.
        points: By name, ``start``, ``halfway``, ``end``; those that were reached.
        total_time: Seconds from building the network to the last accuracy, as ``Clock`` counts them. Of repeats that
            were trained in one pass each is given an equal share of the pass's times.
        failure: Why the training ended early, in one line; None when it did not.
    """

    trainable_parameters: int
    seed: int
    points: Mapping[str, Point]
    total_time: float
    failure: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values: accuracies as ``[correct, images]``, times in seconds."""
        return {
            "trainable_parameters": self.trainable_parameters,
            "seed": self.seed,
            "points": {
                name: {
                    "epoch": point.epoch,
                    "training_time": point.training_time,
                    **{part: list(getattr(point, part)) for part in ("train", "validation", "test")},
                }
                for name, point in self.points.items()
            },
            "total_time": self.total_time,
            "failure": self.failure,
        }


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
) -> TrainingResult:
    """Train the network of one module from scratch, once; ``train_repeats`` with one seed.

    On the CPU the result, times apart, depends on the arguments alone, bit for bit on one machine.
    """
    return train_repeats(graph, skeleton, recipe, data, epochs, (seed,), device, time_limit, threads)[0]


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

    Returns:
        One result a seed. A training whose outputs are not finite, that ran out of memory or of time has a ``failure``.

    Raises:
        BadSetting: When data, skeleton, epochs and recipe do not fit together.
        InvalidArchitecture: When the module cannot be built in the skeleton.
        UnknownName: When a label is no operation.
    """
    check_training(skeleton, recipe, data, epochs, seeds, time_limit)
    device = torch.device(device)
    with using_threads(threads):
        training = _Pass(graph, skeleton, recipe, data.to(device), epochs, tuple(seeds), time_limit, threads)
        try:
            training.run()
        except RuntimeError as error:  # the parent of the GPU's error and, with that text, all that there is on the CPU
            if not isinstance(error, torch.cuda.OutOfMemoryError) and "can't allocate memory" not in str(error):
                raise
            training.fail_all("out of memory")
        return training.results()


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
) -> dict[str, Any]:
    """Train all repeats of one module at one budget, in plain values: a unit of a campaign.

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

    Returns:
        ``trainable_parameters``, ``data_checksum``, the ``attempts`` at each repeat and, under ``repeats``, what
        ``TrainingResult.to_dict`` gives for each.
    """
    graph = Graph.of(adjacency, labels)
    frame, how, what = Skeleton(**skeleton), Recipe(**recipe), load(data)
    results = list(train_repeats(graph, frame, how, what, epochs, [repeat_seed(seed, r) for r in range(repeats)]))
    tried = [1] * repeats
    for r in range(repeats):
        while results[r].failure is not None and tried[r] < attempts:
            results[r] = train(graph, frame, how, what, epochs, repeat_seed(seed, r, tried[r]))
            tried[r] += 1
    return {
        "trainable_parameters": results[0].trainable_parameters,
        "data_checksum": what.checksum,
        "attempts": tried,
        "repeats": [result.to_dict() for result in results],
    }


def repeat_seed(seed: int, repeat: int, attempt: int = 0) -> int:
    """Derive the seed of one attempt at one repeat: 63 bits, independent of all others."""
    return _hashed(f"{seed}/{repeat}/{attempt}")


def _hashed(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8, person=b"nasbed.training").digest()) >> 1


def _generators(seeds: Sequence[int], purpose: str) -> list[torch.Generator]:
    """Make one CPU generator a repeat; those of different purposes are independent."""
    return [torch.Generator().manual_seed(_hashed(f"{seed}/{purpose}")) for seed in seeds]


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


@contextmanager
def using_threads(threads: int) -> Iterator[None]:
    """Fix PyTorch's threads, and put them back at the end."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass
class _Pass:
    """One pass over all repeats: builds, steps, measures."""

    graph: Graph
    skeleton: Skeleton
    recipe: Recipe
    data: Data
    epochs: int
    seeds: tuple[int, ...]
    time_limit: float | None
    threads: int
    points: list[dict[str, Point]] = field(init=False)
    failures: list[str | None] = field(init=False)

    def __post_init__(self) -> None:
        recipe, device = self.recipe, self.data.train.labels.device
        self.steps = self.epochs * len(self.data.train) // recipe.batch_size
        self.points, self.failures = [{} for _ in self.seeds], [None] * len(self.seeds)
        self.clock, self.whole = Clock(device, self.threads), Clock(device, self.threads)
        self.whole.start()
        self.network = Network(self.graph, self.skeleton, len(self.seeds), recipe.norm_momentum)
        self.network.initialise(_generators(self.seeds, "weights")).to(device)
        self.leaves = tuple(self.network.parameters())
        self.optimizer = RMSProp([flattened(self.network)], recipe.decay, recipe.momentum, recipe.epsilon, recipe.l2)
        self.augment = Augmentation(self.data, recipe, _generators(self.seeds, "augmentation"))
        self.finite = torch.ones(len(self.seeds), dtype=torch.bool, device=device)

    def run(self) -> None:
        """Make all steps, and measure after the first, halfway and after the last."""
        points = {0: "start", self.steps // 2 - 1: "halfway"}
        batches = orders(len(self.data.train), self.recipe.batch_size, self.steps, _generators(self.seeds, "order"))
        made = 0
        self.clock.start()
        for step, numbers in enumerate(batches):
            if self.time_limit is not None and self.clock.running >= self.time_limit:
                if self.recipe.clock == "step":
                    self.fail_all(f"the time limit of {self.time_limit:g} s ended it at step {step} of {self.steps}")
                    return
                break
            self.step(numbers, self.rate(step))
            if step in points:
                self.measure(points[step], step + 1)
            if None not in self.failures:
                return
            made = step + 1
        self.measure("end", made)

    def rate(self, step: int) -> float:
        """Give the learning rate of a step; that of the first is 0."""
        if step == 0:
            return 0.0
        done = step / self.steps
        if self.recipe.clock == "time" and self.time_limit is not None:
            done = self.clock.running / self.time_limit
        return self.recipe.learning_rate * SCHEDULES[self.recipe.schedule](done)

    def step(self, numbers: Tensor, rate: float) -> None:
        """Make one step of all repeats."""
        self.network.train()
        images, labels = self.augment(numbers)
        logits = self.network(images)
        loss = F.cross_entropy(logits.flatten(0, 1), labels.T.flatten(), reduction="sum") / len(labels)
        gradients = torch.autograd.grad(loss, self.leaves)  # of a repeat's mean loss: no other depends on its weights
        self.optimizer.step([torch.cat([g.reshape(-1) for g in gradients])], rate)

    def measure(self, name: str, steps: int) -> None:
        """Stop the clock, measure all accuracies, note them for the repeats that still live, go on."""
        self.clock.stop()
        self.network.eval()
        share = len(self.seeds)
        measured = [self.accuracies(part) for part in ("train", "validation", "test")]
        finite = self.finite.tolist()
        for r in range(share):
            if self.failures[r] is None and not finite[r]:
                self.failures[r] = f"the outputs were not finite after {steps} of {self.steps} steps"
            if self.failures[r] is None:
                self.points[r][name] = Point(
                    0.0 if name == "start" else steps * self.recipe.batch_size / len(self.data.train),
                    self.clock.seconds / share,
                    *(accuracies[r] for accuracies in measured),
                )
        self.clock.start()

    @torch.no_grad()
    def accuracies(self, name: str) -> list[Accuracy]:
        """Measure the accuracy of each repeat on one part of the data."""
        part = getattr(self.data, name)
        most = self.recipe.evaluation_images if name == "train" else len(part)
        correct = torch.zeros(len(self.seeds), dtype=torch.int64, device=part.labels.device)
        images = 0
        for batch, labels in full_batches(part, self.recipe.evaluation_batch, most, len(self.seeds)):
            logits = self.network(batch)
            self.finite &= logits.isfinite().flatten(1).all(dim=1)
            correct += (logits.argmax(dim=2) == labels).sum(dim=1)
            images += len(labels)
        return [Accuracy(k, images) for k in correct.tolist()]

    def fail_all(self, reason: str) -> None:
        """End every repeat that still lives."""
        self.failures = [failure or reason for failure in self.failures]

    def results(self) -> tuple[TrainingResult, ...]:
        """Give what came of each repeat."""
        total = self.whole.running / len(self.seeds)
        return tuple(
            TrainingResult(self.network.trainable_parameters, seed, points, total, failure)
            for seed, points, failure in zip(self.seeds, self.points, self.failures, strict=True)
        )


def flattened(network: Network) -> Tensor:
    """Move all parameters into one vector, of which they become views: one optimizer step is then a few calls."""
    parameters = list(network.parameters())
    flat = torch.cat([p.detach().reshape(-1) for p in parameters])
    for parameter, values in zip(parameters, torch.split(flat, [p.numel() for p in parameters]), strict=True):
        parameter.data = values.view_as(parameter)
    return flat
