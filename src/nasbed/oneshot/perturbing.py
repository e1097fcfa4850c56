"""Perturbing: what each decision is worth is what its absence costs, and not how large its parameter is: DARTS-PT.

Decisions are taken in a random order: each value is left out in turn, and the one without which fewest validation
images are classified right is kept. Between two, the weights descend some epochs at a tenth of their rate. Then nodes
keep the inputs whose edges cost most, likewise.

Reference: Wang et al., ICLR 2021, https://arxiv.org/abs/2108.04392
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from nasbed.core.records import Archs
from nasbed.core.seeds import derived_seed
from nasbed.nets.data.source import Data
from nasbed.nets.supernet import Supernet
from nasbed.oneshot.alphas import Alphas
from nasbed.oneshot.descending import Descents
from nasbed.oneshot.feeding import PLAIN, Feed
from nasbed.oneshot.inheriting import Inherited, Path
from nasbed.oneshot.methods import Method
from nasbed.oneshot.wiring import Node

T = TypeVar("T")

_NEXT_TO_NOTHING = 1e-20
"""What an edge counts that is left out: a supernet wants a coefficient of each decision that it reaches."""


@dataclass(frozen=True)
class Drop:
    """What is left out.

    Attributes:
        slot: The decision.
        value: Which of its values; None for all, which is what is on an edge.
    """

    slot: int
    value: int | None = None


class Perturbing:
    """Takes the decisions of a search one by one. What it trains are copies.

    Args:
        method: The method, whose chances weigh what is not decided yet.
        net: The supernet.
        alphas: The architecture parameters.
        data: What is trained and judged on.
        seed: Of the order of decisions and of images.
    """

    def __init__(self, method: Method, net: Supernet, alphas: Alphas, data: Data, seed: int) -> None:
        self.net, self.alphas, self.data = copy.deepcopy(net), replace(alphas, kept=dict(alphas.kept)), data
        generators = {
            what: torch.Generator().manual_seed(derived_seed("oneshot", seed, "perturbing", what))
            for what in ("order", "validation", "augmentation", "decisions")
        }
        self._decisions = generators["decisions"]
        self.feed = Feed(data, method.batch, PLAIN, generators)
        weights = replace(method.weights, rate=method.weights.rate / 10, end=None)
        self._descents = Descents(
            replace(method, weights=weights, alphas=None), {"weights": list(self.net.parameters())}
        )
        self._judge = Inherited(self.net, data, "tracked" if net.tracked else "batch", method.batch)
        self._tuning = method.choice.tuning

    def decided(self) -> Archs:
        """Return the row that is decided on."""
        for slot in self._shuffled(self.alphas.values):
            first = int(slot in self.alphas.edges)
            values = [value - first for value in self._left(slot) if value >= first]
            worth = [self.accuracy(Drop(slot, value)) for value in values]
            kept = values[int(np.argmin(worth))] + first
            self.alphas.kept[slot] = torch.tensor([kept], device=self.alphas.like.device)
            self._tune()
        row = self.alphas.derived()
        for node in self._shuffled(self.alphas.nodes):
            if node.slot is not None:
                row[node.slot] = self._inputs(node)
                self._tune()
        return row

    def accuracy(self, drop: Drop) -> float:
        """Return the share of validation images that are classified right without something."""
        coefficients = self._coefficients()
        out = coefficients[drop.slot] * _NEXT_TO_NOTHING
        if drop.value is not None:
            out = coefficients[drop.slot].index_fill(0, torch.tensor([drop.value], device=out.device), 0.0)
        coefficients[drop.slot] = out
        return self._judge.score(Path(self.net, tuple(coefficients)))

    def _inputs(self, node: Node) -> int:
        """Return the inputs whose edges cost most, as the value of their decision."""
        worth = [1.0 if edge is None else self.accuracy(Drop(edge)) for edge in node.edges]
        count = len(node.combinations[0])
        return node.combinations.index(tuple(sorted(np.argsort(worth, kind="stable")[:count].tolist())))

    def _left(self, slot: int) -> list[int]:
        every = torch.arange(len(self.alphas.values[slot]))
        left: list[int] = self.alphas.kept.get(slot, every).tolist()
        return left

    def _coefficients(self) -> list[Tensor]:
        return self.alphas.coefficients({slot: one.to(self.alphas.like) for slot, one in self.alphas.chances().items()})

    def _shuffled(self, some: Iterable[T]) -> list[T]:
        every = list(some)
        return [every[i] for i in torch.randperm(len(every), generator=self._decisions).tolist()]

    def _tune(self) -> None:
        """Let the weights descend, with the coefficients that are decided on so far."""
        coefficients = self._coefficients()
        for _ in range(self._tuning * self.feed.steps):
            images, labels = self.feed.batch("weights")
            outputs = self.net.train()(images.to(self.alphas.like), coefficients)
            loss = self.data.task.losses(outputs, labels).mean()
            weights = self._descents.trained["weights"]
            self._descents.step("weights", torch.autograd.grad(loss, weights, allow_unused=True))
