"""Alphas: the architecture parameters of a space, and what coefficients and architectures come of them.

Each decision has one number for each value. Where a node's inputs are decided, as in DARTS, all of them are there
during the search, and the edges say in the end which stay: the inputs themselves have no parameters. There, an edge may
have a further one, the first, for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from nasbed.core.records import Archs
from nasbed.nets.supernet import Supernet
from nasbed.spaces.deciding import Subset
from nasbed.spaces.decisions import Decisions
from nasbed.spaces.expression import Expression
from nasbed.spaces.parts import Dag, ends

_SPREAD = 1e-3  # of the normal numbers that parameters start as: DARTS, AutoDL-Projects, PC-DARTS, DrNAS


class Node(NamedTuple):
    """A node of a cell whose inputs are decided.

    Attributes:
        slot: The decision for them; None where all are taken.
        combinations: The inputs that each of its values takes.
        edges: The decision for what is on each edge; None where that is fixed.
    """

    slot: int | None
    combinations: tuple[tuple[int, ...], ...]
    edges: tuple[int | None, ...]


@dataclass(frozen=True, eq=False)
class Alphas:
    """Architecture parameters.

    Attributes:
        values: For each decision that has some, by its slot, ``(values,)``; on ``edges``, one for nothing before them.
        nodes: The nodes whose inputs are decided.
        edges: The slots that have one for nothing.
        sizes: How many values each decision has.
    """

    values: Mapping[int, Tensor]
    nodes: tuple[Node, ...]
    edges: frozenset[int]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, net: Supernet, generator: torch.Generator, none: bool = False) -> Alphas:
        """Draw the parameters of a supernet's space.

        Args:
            net: The supernet.
            generator: On the CPU.
            none: Whether edges into nodes whose inputs are decided may be nothing.
        """
        decided = net.written.decided
        nodes = tuple(_nodes(net.written.expression, decided))
        inputs = {node.slot for node in nodes}
        edges = frozenset(edge for node in nodes for edge in node.edges if edge is not None) if none else frozenset()
        sizes = tuple(len(slot.values) for slot in decided.slots)
        like = next(net.parameters())
        values = {
            slot: (_SPREAD * torch.randn(size + (slot in edges), generator=generator)).to(like).requires_grad_()
            for slot, size in enumerate(sizes)
            if slot not in inputs
        }
        return cls(values, nodes, edges, sizes)

    def coefficients(self, weights: Mapping[int, Tensor]) -> list[Tensor]:
        """Return the supernet's coefficients, of what a sampler made of each parameter vector."""
        like = next(iter(self.values.values()))
        every = {node.slot: node for node in self.nodes}
        found = list[Tensor]()
        for slot, size in enumerate(self.sizes):
            if slot in weights:
                found.append(weights[slot][1:] if slot in self.edges else weights[slot])
            else:  # each input of the node counts 1: it is in so many of the choices
                combinations = every[slot].combinations
                having = math.comb(max(map(max, combinations)), len(combinations[0]) - 1)
                found.append(torch.full((size,), 1 / having, dtype=like.dtype, device=like.device))
        return found

    def derived(self) -> Archs:
        """Return the row that the parameters stand for: the strongest values, and of a node's inputs the strongest.

        An edge is as strong as the largest softmax of its parameters, that for nothing aside. Of equals the first wins.
        """
        row = np.zeros(len(self.sizes), np.int8)
        strengths = dict[int, float]()
        for slot, value in self.values.items():
            chances = value.detach().double().softmax(0)[int(slot in self.edges) :]
            row[slot], strengths[slot] = int(chances.argmax()), float(chances.max())
        for node in self.nodes:
            if node.slot is not None:
                strong = [1.0 if edge is None else strengths[edge] for edge in node.edges]
                count = len(node.combinations[0])
                kept = sorted(sorted(range(len(strong)), key=lambda i: -strong[i])[:count])
                row[node.slot] = node.combinations.index(tuple(kept))
        return row


def _nodes(whole: Expression, decided: Decisions) -> Iterator[Node]:
    """Give the nodes of all cells whose inputs are decided, each once."""
    seen, waiting = set[int](), [whole]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        waiting += [use.part for use in part.uses()]
        if isinstance(part, Dag):
            keys: Sequence[object] = [key for key in part.order if ends(key)[0] < 0]
            for inner in (part.parts[key] for key in keys):
                if isinstance(inner, Subset) and id(inner) not in seen:
                    seen.add(id(inner))
                    waiting += [use.part for use in inner.uses()]
                    slots = tuple(decided.places.get(id(option)) for option in inner.options)
                    yield Node(decided.places.get(id(inner)), inner.combinations, slots)
