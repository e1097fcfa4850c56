"""Summing: how much ways count in one pass, and what reaches nodes, added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from nasbed.nets.opening import Term
from nasbed.nets.plan import Shape


class Scales:
    """How much ways count in one pass.

    Args:
        coefficients: For each slot one number for each value, ``(values,)``.
        numbers: The same as numbers of Python.
        carried: Whether coefficients that are 0 are added to what their options would be added to.
        edges: By the slot of the decision on it, how much all of an edge counts of which options read a share.
    """

    def __init__(
        self,
        coefficients: Sequence[Tensor],
        numbers: Sequence[Sequence[float]],
        carried: bool = False,
        edges: Mapping[int, Tensor] | None = None,
    ) -> None:
        self._coefficients, self._numbers, self.carried = coefficients, numbers, carried
        self.edges = edges or {}
        self._found: dict[Any, Tensor | None] = {}

    def __call__(self, term: Term) -> Tensor | None:
        """Return how much a way counts, one number; None where that is 1 and needs no gradient."""
        if term not in self._found:
            factors = [one for slot, values in term if (one := self._factor(slot, values)) is not None]
            self._found[term] = torch.stack(factors).prod() if len(factors) > 1 else (*factors, None)[0]
        return self._found[term]

    def vector(self, terms: tuple[Term, ...], channels: tuple[int, ...]) -> Tensor | None:
        """Return how much several ways count, each for so many channels; None where all are 1 and need no gradient."""
        key = terms, channels
        if key not in self._found:
            scales = [self(term) for term in terms]
            one = next((scale for scale in scales if scale is not None), None)
            self._found[key] = None if one is None else torch.cat([
                one.new_ones(count) if scale is None else scale.expand(count)
                for scale, count in zip(scales, channels, strict=True)
            ])  # fmt: skip
        return self._found[key]

    def _factor(self, slot: int, values: tuple[int, ...]) -> Tensor | None:
        given = self._coefficients[slot]
        if not given.requires_grad and sum(self._numbers[slot][value] for value in values) == 1:
            return None
        return given[values[0]] if len(values) == 1 else given[list(values)].sum()


class Sums:
    """What reaches the nodes of a cell, added up."""

    def __init__(self) -> None:
        self._values: dict[int, Tensor] = {}
        self._numbers: dict[int, Tensor] = {}
        self._own = set[int]()

    def add(self, node: int, y: Tensor, scale: Tensor | None) -> None:
        """Add a value to a node, scaled; what has fewer channels gets zeros behind them."""
        before = self._values.get(node)
        if before is None:
            self._values[node] = y if scale is None else y * scale
            if scale is not None:
                self._own.add(node)
            return
        if y.shape != before.shape:
            channels = max(before.shape[1], y.shape[1])
            before, y = widened(before, channels), widened(y, channels)
            self._own.discard(node)
        if node in self._own:  # nothing else reads this sum, so what is added changes it in place
            before.add_(y) if scale is None else before.addcmul_(y, scale)
        else:
            self._values[node] = before + y if scale is None else before.addcmul(y, scale)
            self._own.add(node)

    def carry(self, node: int, number: Tensor) -> None:
        """Add a number to all of a node's values."""
        self._numbers[node] = self._numbers[node] + number if node in self._numbers else number

    def pop(self, node: int, shape: Shape, like: Tensor) -> Tensor:
        """Return what reached a node, as wide as it is; zeros where nothing did."""
        value = self._pop(node, shape, like)
        return value + self._numbers.pop(node) if node in self._numbers else value

    def _pop(self, node: int, shape: Shape, like: Tensor) -> Tensor:
        if node in self._values:
            return widened(self._values.pop(node), shape.channels)
        size = (shape.size, shape.size) if shape.size else ()
        zeros = like.new_zeros(len(like), shape.channels, *size)
        is_last = like.dim() == zeros.dim() == 4 and like.is_contiguous(memory_format=torch.channels_last)
        return zeros.to(memory_format=torch.channels_last) if is_last else zeros


def widened(y: Tensor, channels: int) -> Tensor:
    """Return a value with zeros behind its channels."""
    more = channels - y.shape[1]
    return functional.pad(y, (0, 0) * (y.dim() - 2) + (0, more)) if more else y
