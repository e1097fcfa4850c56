"""Alphas: the architecture parameters of a space, and what coefficients and architectures come of them.

Each decision has one number for each value. Where a node's inputs are decided, as in DARTS, all of them are there
during the search, and the edges say in the end which stay: the inputs themselves have no parameters. There, an edge may
have a further one, the first, for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from nasbed.core.errors import NasbedError
from nasbed.core.records import Archs
from nasbed.nets.supernet import Supernet
from nasbed.oneshot.methods import Method
from nasbed.oneshot.wiring import Node, joins, nodes

_SPREAD = 1e-3  # of the normal numbers that parameters start as: DARTS, AutoDL-Projects, PC-DARTS, DrNAS


@dataclass(frozen=True, eq=False)
class Alphas:
    """Architecture parameters.

    Attributes:
        values: For each decision that has some, by its slot, ``(values,)``; on ``edges``, one for nothing before them.
            Empty for a method without parameters.
        nodes: The nodes whose inputs are decided.
        edges: The slots that have one for nothing.
        sizes: How many values each decision has.
        like: A tensor of the kind that parameters are of, on their device.
        betas: The parameters of the edges into each node, by the decisions on them, ``(edges,)``; none for most
            methods.
        scale: What makes chances of parameters; see ``Method``.
        kept: The positions of the parameters that are left, by slot; for slots that are not in it, all.
    """

    values: Mapping[int, Tensor]
    nodes: tuple[Node, ...]
    edges: frozenset[int]
    sizes: tuple[int, ...]
    like: Tensor
    betas: Mapping[tuple[int, ...], Tensor] = field(default_factory=dict)
    scale: str = "softmax"
    kept: dict[int, Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, net: Supernet, method: Method, generator: torch.Generator) -> Alphas:
        """Draw the parameters of a supernet's space that a method has.

        Args:
            net: The supernet.
            method: Says which there are.
            generator: On the CPU.
        """
        decided = net.written.decided
        found = tuple(nodes(net.written.expression, decided))
        inputs = {node.slot for node in found}
        edges = frozenset(edge for node in found for edge in node.edges if edge is not None)
        edges = edges if method.none else frozenset()
        sizes = tuple(len(slot.values) for slot in decided.slots)
        like = next(net.parameters()).detach()

        def drawn(count: int, is_even: bool = False) -> Tensor:
            if is_even:
                return torch.full((count,), 1 / count).to(like).requires_grad_()
            return (_SPREAD * torch.randn(count, generator=generator)).to(like).requires_grad_()

        values = {
            slot: drawn(size + (slot in edges), method.scale == "simplex")
            for slot, size in enumerate(sizes)
            if method.alphas is not None and slot not in inputs
        }
        betas = dict[tuple[int, ...], Tensor]()
        for slots in joins(net.written.expression, decided) if method.weighs_edges else ():
            is_elsewhere = any(slot in other for other in betas for slot in slots)
            if len(slots) > 1 and not is_elsewhere:  # a decision may be on edges into several nodes
                betas[slots] = drawn(len(slots))
        return cls(values, found, edges, sizes, like, betas, method.scale)

    @property
    def trained(self) -> list[Tensor]:
        """All that descends."""
        return [*self.values.values(), *self.betas.values()]

    @property
    def vectors(self) -> list[Tensor]:
        """The parameters of each decision that are left."""
        return [self._left(slot, value) for slot, value in self.values.items()]

    def _left(self, slot: int, value: Tensor) -> Tensor:
        return value[self.kept[slot]] if slot in self.kept else value

    def _filled(self, slot: int, left: Tensor) -> Tensor:
        """Return what stands for the parameters that are left, with zeros for the others."""
        if slot not in self.kept:
            return left
        return left.new_zeros(len(self.values[slot])).index_put((self.kept[slot],), left)

    def check_finite(self) -> None:
        """See that all of it is finite.

        Raises:
            NasbedError: When it is not.
        """
        if not all(bool(one.isfinite().all()) for one in self.trained):
            raise NasbedError("an architecture parameter is no longer finite")

    # ── coefficients ──────────────────────────────────────────────────────────────────────────────────────────

    def sampled(self, sampler: Callable[[Tensor], Tensor]) -> list[Tensor]:
        """Return the supernet's coefficients, with what a sampler makes of the parameters of each decision."""
        left = {slot: sampler(self._left(slot, value)) for slot, value in self.values.items()}
        return self.coefficients({slot: self._filled(slot, one) for slot, one in left.items()})

    def weights_of_edges(self) -> dict[int, Tensor]:
        """Return how much all that an edge brings counts, by the slot of the decision on it: softmax β at each node."""
        return {
            slot: weight
            for slots, beta in self.betas.items()
            for slot, weight in zip(slots, beta.softmax(0), strict=True)
        }

    def coefficients(self, weights: Mapping[int, Tensor]) -> list[Tensor]:
        """Return the supernet's coefficients, of what a sampler made of each parameter vector."""
        every = {node.slot: node for node in self.nodes}
        found = list[Tensor]()
        for slot, size in enumerate(self.sizes):
            if slot in weights:
                found.append(weights[slot][1:] if slot in self.edges else weights[slot])
            else:  # each input of the node counts 1: it is in so many of the choices
                combinations = every[slot].combinations
                having = math.comb(max(map(max, combinations)), len(combinations[0]) - 1)
                found.append(torch.full((size,), 1 / having, dtype=self.like.dtype, device=self.like.device))
        return found

    # ── what they say ─────────────────────────────────────────────────────────────────────────────────────────

    def chances(self) -> dict[int, Tensor]:
        """Return how likely each value of each decision is, in float64; with ``sigmoid``, each by itself."""
        made = _SCALES[self.scale]
        return {
            slot: self._filled(slot, made(self._left(slot, value.detach().double())))
            for slot, value in self.values.items()
        }

    @property
    def entropy(self) -> float | None:
        """The mean over decisions of the entropy of their chances, in nats; None where there are no parameters."""
        each = [float(torch.special.entr(one / one.sum()).sum()) for one in self.chances().values()]
        return sum(each) / len(each) if each else None

    def prune(self, count: int) -> None:
        """Keep so many values of each decision, those of the largest parameters, of those that are left."""
        for slot, value in self.values.items():
            left = self.kept.get(slot, torch.arange(len(value), device=value.device))
            strongest = value.detach()[left].argsort(descending=True, stable=True)[:count]
            self.kept[slot] = left[strongest].sort().values

    def derived(self, without: Mapping[int, frozenset[int]] | None = None) -> Archs:
        """Return the row that the parameters stand for: the strongest values, and of a node's inputs the strongest.

        An edge is as strong as the largest chance of its values, that of nothing aside, times its own weight where
        edges have some. Of equals the first wins.

        Args:
            without: Values that are left out, by slot, where others are there.
        """
        row = np.zeros(len(self.sizes), np.int8)
        strengths = dict[int, float]()
        weights = {slot: float(weight.detach()) for slot, weight in self.weights_of_edges().items()}
        for slot, every in self.chances().items():
            chances = every[int(slot in self.edges) :]
            out = sorted((without or {}).get(slot, ()))
            if len(out) < len(chances):
                chances = chances.index_fill(0, torch.tensor(out, dtype=torch.int64, device=chances.device), -1.0)
            row[slot] = int(chances.argmax())
            strengths[slot] = float(chances.max()) * weights.get(slot, 1.0)
        for node in self.nodes:
            if node.slot is not None:
                strong = [1.0 if edge is None else strengths[edge] for edge in node.edges]
                count = len(node.combinations[0])
                kept = sorted(sorted(range(len(strong)), key=lambda i: -strong[i])[:count])
                row[node.slot] = node.combinations.index(tuple(kept))
        return row


_SCALES: dict[str, Callable[[Tensor], Tensor]] = {
    "softmax": lambda one: one.softmax(0),
    "simplex": lambda one: one / one.sum(),
    "sigmoid": lambda one: one.sigmoid(),
}
