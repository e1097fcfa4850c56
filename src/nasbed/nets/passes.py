"""Passes: several networks trained side by side, step by step: of one architecture, or of several of one group.

The published procedure: the first step has rate 0 and only starts batch normalisation's averages (a recipe can do
without); accuracies are measured then, halfway and at the end; the clock runs while steps are made and stands while
accuracies are measured.

Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635
"""

from __future__ import annotations

import ctypes
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from nasbed.core.records import Archs
from nasbed.core.seeds import derived_seed
from nasbed.nets.blueprint import Blueprint
from nasbed.nets.clock import Clock
from nasbed.nets.data.batches import Augmentation, Orders, full_batches
from nasbed.nets.data.source import Data
from nasbed.nets.descent import clipped, losses_of, optimizer
from nasbed.nets.initialisation import initialised
from nasbed.nets.probing import diagnostics_of, probe_by_class, probed
from nasbed.nets.recipe import SCHEDULES, Recipe
from nasbed.nets.results import POINTS, Point, Score, TrainingResult
from nasbed.nets.side_by_side import side_by_side
from nasbed.nets.written_network import DropPath

TRIM_THRESHOLD, MMAP_THRESHOLD, MMAP_MAX = -1, -3, -4
"""Options of ``mallopt``: how much free memory is kept, which blocks come from the system, and how many of them."""

KEEPING = {TRIM_THRESHOLD: -1, MMAP_MAX: 0}

GIVING_BACK = {TRIM_THRESHOLD: 64 << 20, MMAP_THRESHOLD: 32 << 20, MMAP_MAX: 65536}
"""Where the library's own adjustment, which ends with the first call, would have led."""

PIECE = 100
"""How many images networks side by side are evaluated on at a time: many networks' share of the cache is small."""


@contextmanager
def using_threads(threads: int) -> Iterator[None]:
    """Fix PyTorch's threads and keep memory for the next step; put both back at the end."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with kept_memory():
            yield
    finally:
        torch.set_num_threads(before)


class Pass:
    """One pass over networks side by side: builds, steps, measures; can be saved between steps and gone on with.

    Args:
        blueprint: How architectures become networks.
        rows: The architectures, ``(n, decisions)``, all of one group.
        recipe: How it is trained.
        data: What it is trained on, on the device that trains.
        epochs: How often every training image is seen.
        seeds: One integer a network: as many of the first architecture as of each other, then those of the second, …
        time_limit: Seconds of training after which the pass ends.
        threads: How many threads PyTorch uses on the CPU.
        diagnostics: Whether the probe batch is looked at, too, whenever accuracies are measured.
        shares: The share of the pass's time that is each network's; equal ones if not given.

    Attributes:
        steps: How many steps the whole pass has.
        made: How many of them are made.
        points: What was measured of each repeat, by the moment's name.
        failures: Why each repeat ended early; None while it lives.
        loss: Mean loss of the last step's images, summed over repeats; NaN before the first.
    """

    def __init__(
        self,
        blueprint: Blueprint,
        rows: Archs,
        recipe: Recipe,
        data: Data,
        epochs: int,
        seeds: tuple[int, ...],
        time_limit: float | None = None,
        threads: int = 1,
        diagnostics: bool = False,
        shares: Sequence[float] | None = None,
    ) -> None:
        repeats = len(seeds) // len(rows)
        self.shares = shares or [1 / len(seeds)] * len(seeds)
        self.parameters = blueprint.parameters(rows).repeat(repeats).tolist()
        self.blueprint, self.rows, self.recipe, self.data = blueprint, rows, recipe, data
        self.seeds, self.time_limit = seeds, time_limit
        device = data.train.labels.device
        self.clock, self.whole = Clock(device, threads), Clock(device, threads)
        self.whole.start()
        self.epochs, self.steps, self.made = epochs, epochs * len(data.train) // recipe.batch_size, 0
        images = epochs * len(data.train)
        moments = recipe.moments(epochs).items()
        self.moments = {int(fraction * images) // recipe.batch_size or 1: name for name, fraction in moments}
        self.points: list[dict[str, Point]] = [{} for _ in seeds]
        self.failures: list[str | None] = [None] * len(seeds)
        self.probe = probe_by_class(data) if diagnostics else None
        self.probed: dict[str, dict[str, Tensor]] = {}
        self.network = side_by_side(
            [initialised(blueprint, rows[k // repeats], recipe, seed) for k, seed in enumerate(seeds)],
            (data.channels, data.image_size, data.image_size),
            [derived_seed("training", seed, "draws") for seed in seeds],
        ).to(device)
        self.forward = torch.compile(self.network) if recipe.compile else self.network
        self.autocast = torch.autocast(device.type, torch.bfloat16, enabled=recipe.precision == "bfloat16")
        self.leaves = tuple(p for p in self.network.parameters() if p.requires_grad)
        self.weights = flattened(self.leaves)
        self.optimizer = optimizer(recipe, self.weights)
        self.orders = Orders(len(data.train), recipe.batch_size, generators(seeds, "order"))
        self.augment = Augmentation(data, recipe, generators(seeds, "augmentation"))
        self.dropping = [module for module in self.network.modules() if isinstance(module, DropPath)]
        self.finite = torch.ones(len(seeds), dtype=torch.bool, device=device)
        self.loss = torch.tensor(float("nan"), device=device)

    def run(self, until: int | None = None) -> None:
        """Make the steps that are left, or those up to a number of steps, and measure at the moments that are named."""
        last = self.steps if until is None else min(until, self.steps)
        self.clock.start()
        while self.made < last and None in self.failures:
            if self.time_limit is not None and self.clock.running >= self.time_limit:
                if self.recipe.clock == "time":
                    self.measure("end")
                else:
                    self.fail_all(
                        f"the time limit of {self.time_limit:g} s ended it at step {self.made} of {self.steps}"
                    )
                return
            self.step(next(self.orders), self.rate(self.made))
            self.made += 1
            if self.made in self.moments:
                self.measure(self.moments[self.made])
        self.clock.stop()

    def rate(self, step: int) -> float:
        """Give the learning rate of a step."""
        if step == 0 and self.recipe.zero_first_step:
            return 0.0
        done = step / self.steps
        if self.recipe.clock == "epoch":
            done = self.whole_epochs(step)
        if self.recipe.clock == "time" and self.time_limit is not None:
            done = self.clock.running / self.time_limit
        return self.recipe.learning_rate * SCHEDULES[self.recipe.schedule](done)

    def whole_epochs(self, step: int) -> float:
        """Return which part of the training the epochs are that were complete before a step."""
        return step * self.recipe.batch_size // len(self.data.train) / self.epochs

    def step(self, numbers: Tensor, rate: float) -> None:
        """Make one step of all repeats."""
        self.network.train()
        for module in self.dropping:
            module.progress = self.whole_epochs(self.made)
        images, labels = self.augment(numbers)
        targets = labels.transpose(0, 1).flatten(0, 1)
        outputs = self.logits(images).flatten(0, 1)
        loss = losses_of(self.data.task, outputs, targets, self.blueprint.beside).sum() / len(labels)
        # Each is the gradient of a network's own mean loss: no other depends on its weights.
        gradients: Sequence[Tensor] = torch.autograd.grad(loss, self.leaves, materialize_grads=True)
        if self.recipe.clip:
            gradients = clipped(gradients, self.network.owners(self.leaves), len(self.seeds), self.recipe.clip)
        self.weights.grad = torch.cat([gradient.reshape(-1) for gradient in gradients])
        self.optimizer.param_groups[0]["lr"] = rate
        self.optimizer.step()
        self.loss = loss.detach()

    def logits(self, images: Tensor) -> Tensor:
        """Run the network in the recipe's precision; what comes out is float32."""
        with self.autocast:
            logits: Tensor = self.forward(images)
        return logits.float()

    def measure(self, name: str) -> None:
        """Stop the clock, measure everything, note it for the repeats that still live, probe, go on."""
        self.clock.stop()
        self.network.eval()
        parts = ("train", "validation", "test") if name in POINTS else ("train", "validation")
        measured = {part: self.measured(part) for part in parts}
        finite = (self.finite & self.network.finite()).tolist()
        for r, share in enumerate(self.shares):
            if self.failures[r] is None and not finite[r]:
                self.failures[r] = f"weights or outputs were not finite after {self.made} of {self.steps} steps"
            scores = {part: found[r] for part, (found, _) in measured.items()}
            if self.failures[r] is None and not all(math.isfinite(score.total) for score in scores.values()):
                self.failures[r] = (
                    f"values of {self.data.task.metric} were not finite after {self.made} of {self.steps} steps"
                )
            if self.failures[r] is None:
                losses = {part: found[r] for part, (_, found) in measured.items()}
                self.points[r][name] = Point(self.epoch, self.clock.seconds * share, losses=losses, **scores)
        if self.probe is not None:
            seen = [probed(self.plain(k), self.probe, self.recipe.l2) for k in range(len(self.seeds))]
            self.probed[name] = {field: torch.stack([one[field] for one in seen]) for field in seen[0]}
        self.clock.start()

    @torch.no_grad()
    def measured(self, name: str) -> tuple[list[Score], list[float]]:
        """Measure the score and the mean loss of each network on one part of the data."""
        part, task = getattr(self.data, name), self.data.task
        most = self.recipe.evaluation_images if name == "train" else len(part)
        total: Tensor | None = None
        loss = torch.zeros(len(self.seeds), device=part.labels.device)
        images = 0
        size, rest = self.recipe.evaluation_batch, self.recipe.partial_batches
        for batch, labels in full_batches(part, size, most, len(self.seeds), rest):
            pieces = torch.split(batch, len(batch) if len(self.seeds) == 1 else PIECE)
            logits = torch.cat([self.logits(piece) for piece in pieces], dim=1)
            self.finite &= logits.isfinite().flatten(1).all(dim=1)
            outputs, every = logits.flatten(0, 1), labels.repeat(len(self.seeds), *(1 for _ in labels.shape[1:]))
            scores = task.scores(outputs, every).view(len(self.seeds), -1)
            # What is true or false is counted, anything else added up in double precision.
            more = scores.sum(dim=1, dtype=torch.float64 if scores.is_floating_point() else torch.int64)
            total = more if total is None else total + more
            loss += task.losses(outputs, every).view(len(self.seeds), -1).sum(dim=1)
            images += len(labels)
        assert total is not None  # every part has images
        return [Score(k, images) for k in total.tolist()], (loss / images).tolist()

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to do: the end was measured, or no network lives."""
        return None not in self.failures or any("end" in points for points in self.points)

    @property
    def epoch(self) -> float:
        """How often every training image has been learned from, on average."""
        learned = 0 if self.made == 1 and self.recipe.zero_first_step else self.made
        return learned * self.recipe.batch_size / len(self.data.train)

    def fail_all(self, reason: str) -> None:
        """End every repeat that still lives."""
        self.failures = [failure or reason for failure in self.failures]

    def results(self) -> tuple[TrainingResult, ...]:
        """Give what came of each repeat."""
        total = self.whole.running
        return tuple(
            TrainingResult(
                self.parameters[k],
                seed,
                self.points[k],
                total * self.shares[k],
                self.failures[k],
                None if self.probe is None else diagnostics_of(self.plain(k), self.probe, self.probed, k),
            )
            for k, seed in enumerate(self.seeds)
        )

    def plain(self, k: int) -> nn.Module:
        """Build one of the networks alone, with the weights that it has now."""
        network = initialised(self.blueprint, self.rows[k * len(self.rows) // len(self.seeds)], self.recipe, 0)
        network.load_state_dict({**network.state_dict(), **self.network.state(k)})
        return network.to(self.weights.device)

    def state_dict(self) -> dict[str, Any]:
        """Give everything that going on with the pass needs, as tensors and plain values."""
        return {
            "made": self.made,
            "seconds": self.clock.seconds,
            "network": self.network.state_dict(),
            "optimizer": dict(self.optimizer.state[self.weights]),
            "orders": self.orders.state_dict(),
            "augmentation": self.augment.state_dict(),
            "finite": self.finite,
            "failures": list(self.failures),
            "points": [dict(points) for points in self.points],
            "probed": dict(self.probed),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go back to where ``state_dict`` was called."""
        self.made, self.clock.seconds = state["made"], state["seconds"]
        self.network.load_state_dict(state["network"])
        copies = {name: value.to(self.weights.device, copy=True) for name, value in state["optimizer"].items()}
        self.optimizer.state[self.weights].update(copies)
        self.orders.load_state_dict(state["orders"])
        self.augment.load_state_dict(state["augmentation"])
        self.finite.copy_(state["finite"])
        self.failures, self.points = list(state["failures"]), [dict(points) for points in state["points"]]
        self.probed = dict(state["probed"])


def flattened(parameters: Sequence[nn.Parameter]) -> Tensor:
    """Move parameters into one vector, of which they become views: one optimizer step is then a few calls."""
    flat = torch.cat([p.detach().reshape(-1) for p in parameters])
    for parameter, values in zip(parameters, torch.split(flat, [p.numel() for p in parameters]), strict=True):
        parameter.data = values.view_as(parameter)
    return flat


@contextmanager
def kept_memory() -> Iterator[None]:
    """Give no memory back to the system until the end; where the C library is another, do nothing.

    The GNU C library asks the system anew for every block above 32 MB, and the system clears every page of it: with the
    published skeleton and batch more than a quarter of a step (``benchmarks/training.py``).

    The setting is the process's: there is no smaller one.
    """
    library: Any = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not hasattr(library, "mallopt"):
        yield
        return
    for option, value in KEEPING.items():
        library.mallopt(option, value)
    try:
        yield
    finally:
        for option, value in GIVING_BACK.items():
            library.mallopt(option, value)
        library.malloc_trim(0)


def repeat_seed(seed: int, repeat: int, attempt: int = 0) -> int:
    """Derive the seed of one attempt at one repeat: 63 bits, independent of all others."""
    return derived_seed("training", seed, repeat, attempt)


def generators(seeds: Sequence[int], purpose: str) -> list[torch.Generator]:
    """Make one CPU generator a repeat; those of different purposes are independent."""
    return [torch.Generator().manual_seed(derived_seed("training", seed, purpose)) for seed in seeds]
