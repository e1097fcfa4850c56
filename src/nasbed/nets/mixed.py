"""Mixed: a place in the forward pass at which networks side by side have different operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class Mixed(nn.Module):
    """A place at which networks side by side compute different things.

    The networks are sorted by their operation, each operation is applied to those that have it, and they are put back
    into their order.

    Args:
        operations: Each maps the folded values of some networks.
        places: Of each operation, at which places of the folded value those networks are.
    """

    def __init__(self, operations: Sequence[nn.Module], places: Sequence[Sequence[int]]) -> None:
        super().__init__()
        self.operations = nn.ModuleList(operations)
        self.sizes = tuple(map(len, places))
        order = torch.tensor([i for some in places for i in some])
        self.order: Tensor
        self.places: Tensor
        self.register_buffer("order", order, persistent=False)
        self.register_buffer("places", order.argsort(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, K·channels, height, width)``, channels last in memory, to the same."""
        parts: tuple[Tensor, ...] = _Sort.apply(x, self.order, self.places, self.sizes)  # type: ignore[no-untyped-call]
        done = [operation(part) for operation, part in zip(self.operations, parts, strict=True)]
        together: Tensor = _Unsort.apply(self.order, self.places, self.sizes, *done)  # type: ignore[no-untyped-call]
        return together


class _Sort(torch.autograd.Function):
    """Takes networks apart by operation."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, order: Tensor, places: Tensor, sizes: tuple[int, ...]) -> tuple[Tensor, ...]:
        ctx.places, ctx.sizes = places, sizes
        return _sorted_out(x, order, sizes)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        return _together(gradients, ctx.places, ctx.sizes), None, None, None


class _Unsort(torch.autograd.Function):
    """Puts networks back into their order."""

    @staticmethod
    def forward(ctx: Any, order: Tensor, places: Tensor, sizes: tuple[int, ...], *parts: Tensor) -> Tensor:
        ctx.order, ctx.sizes = order, sizes
        return _together(parts, places, sizes)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return None, None, None, *_sorted_out(gradient, ctx.order, ctx.sizes)


def _sorted_out(x: Tensor, order: Tensor, sizes: tuple[int, ...]) -> tuple[Tensor, ...]:
    """Give the networks of each operation as a tensor of their own, channels last."""
    batch, _, height, width = x.shape
    rows = x.permute(0, 2, 3, 1).reshape(batch * height * width, len(order), -1)
    return tuple(
        rows.index_select(1, some).view(batch, height, width, -1).permute(0, 3, 1, 2)
        for some in torch.split(order, list(sizes))
    )


def _together(parts: Sequence[Tensor], places: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """Undo ``_sorted_out``."""
    batch, _, height, width = parts[0].shape
    rows = [
        part.permute(0, 2, 3, 1).reshape(batch * height * width, size, -1)
        for part, size in zip(parts, sizes, strict=True)
    ]
    whole = torch.cat(rows, dim=1).index_select(1, places)
    return whole.view(batch, height, width, -1).permute(0, 3, 1, 2)
