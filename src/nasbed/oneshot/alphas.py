"""Alphas: the architecture parameters of a space, and what coefficients and architectures come of them.

Each decision has one number for each value. Where a node's inputs are decided, as in DARTS, all of them are there
during the search, and the edges say in the end which stay: the inputs themselves have no parameters. There, an edge may
have a further one, the first, for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nasbed.core.errors import NasbedError
from nasbed.core.records import Archs
from nasbed.nets.supernet import Supernet
from nasbed.oneshot.wiring import Node, nodes

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
    """

    values: Mapping[int, Tensor]
    nodes: tuple[Node, ...]
    edges: frozenset[int]
    sizes: tuple[int, ...]
    like: Tensor

    @classmethod
    def of(cls, net: Supernet, generator: torch.Generator, none: bool = False, are_there: bool = True) -> Alphas:
        """Draw the parameters of a supernet's space.

        Args:
            net: The supernet.
            generator: On the CPU.
            none: Whether edges into nodes whose inputs are decided may be nothing.
            are_there: Whether the method has parameters.
        """
        decided = net.written.decided
        found = tuple(nodes(net.written.expression, decided))
        inputs = {node.slot for node in found}
        edges = frozenset(edge for node in found for edge in node.edges if edge is not None) if none else frozenset()
        sizes = tuple(len(slot.values) for slot in decided.slots)
        like = next(net.parameters()).detach()
        values = {
            slot: (_SPREAD * torch.randn(size + (slot in edges), generator=generator)).to(like).requires_grad_()
            for slot, size in enumerate(sizes)
            if are_there and slot not in inputs
        }
        return cls(values, found, edges, sizes, like)

    @property
    def trained(self) -> list[Tensor]:
        """All that descends."""
        return list(self.values.values())

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
        return self.coefficients({slot: sampler(value) for slot, value in self.values.items()})

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
        """Return how likely each value of each decision is, in float64."""
        return {slot: value.detach().double().softmax(0) for slot, value in self.values.items()}

    @property
    def entropy(self) -> float | None:
        """The mean over decisions of the entropy of their chances, in nats; None where there are no parameters."""
        each = [float(torch.special.entr(one).sum()) for one in self.chances().values()]
        return sum(each) / len(each) if each else None

    def derived(self) -> Archs:
        """Return the row that the parameters stand for: the strongest values, and of a node's inputs the strongest.

        An edge is as strong as the largest chance of its values, that of nothing aside. Of equals the first wins.
        """
        row = np.zeros(len(self.sizes), np.int8)
        strengths = dict[int, float]()
        for slot, every in self.chances().items():
            chances = every[int(slot in self.edges) :]
            row[slot], strengths[slot] = int(chances.argmax()), float(chances.max())
        for node in self.nodes:
            if node.slot is not None:
                strong = [1.0 if edge is None else strengths[edge] for edge in node.edges]
                count = len(node.combinations[0])
                kept = sorted(sorted(range(len(strong)), key=lambda i: -strong[i])[:count])
                row[node.slot] = node.combinations.index(tuple(kept))
        return row
