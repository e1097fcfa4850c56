"""Folded functions: what computes, of the folded values of several networks, what a function computes of one's; and the
place at which networks have different operations.

A value is folded where it is ``(batch, networks·channels, …)``, channels last in memory (``nasbed.nets.stacked``).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

FUNCTIONS: frozenset[Any] = frozenset((
    operator.add, operator.sub, operator.mul, operator.truediv, operator.neg, operator.iadd, operator.imul,
    torch.add, torch.sub, torch.mul, torch.relu, torch.sigmoid, torch.tanh, F.relu, F.relu6, F.gelu, F.silu,
    F.hardswish, F.leaky_relu, F.elu, F.max_pool2d, F.avg_pool2d, "add", "sub", "mul", "relu", "sigmoid", "tanh",
))  # fmt: skip
"""Functions, and names of methods, that treat each channel by itself."""

Found = tuple[Any, ...] | None


def _mean(networks: int, x: fx.Node, dim: Any = None, keepdim: bool = False, **settings: Any) -> Found:
    dims = {axis % 4 for axis in dim} if isinstance(dim, list | tuple) else None
    if settings or dims != {2, 3} or x.meta["example"].dim() != 4:
        return None
    return _pixel_mean, x, keepdim


def _pixel_mean(x: Tensor, keepdim: bool) -> Tensor:
    """Give the mean of all pixels; one over dimensions rounds by how many channels there are."""
    mean = F.avg_pool2d(x, (x.shape[2], x.shape[3]))
    return mean if keepdim else mean.flatten(1)


def _pool(networks: int, x: fx.Node, output_size: Any) -> Found:
    return (_pixel_mean, x, True) if output_size in (1, (1, 1), [1, 1]) else None


def _flatten(networks: int, x: fx.Node, start_dim: int = 0, end_dim: int = -1) -> Found:
    return (torch.flatten, x, 1) if (start_dim, end_dim) == (1, -1) else None


def _view(networks: int, x: fx.Node, *sizes: Any) -> Found:
    return (torch.flatten, x, 1) if len(sizes) == 2 and sizes[1] == -1 else None


def _concatenate(networks: int, tensors: Any, dim: int = 0) -> Found:
    if dim == 1 and networks == 1:
        return torch.cat, tensors, 1
    return (_concatenated, tensors, networks) if dim == 1 else None


def _concatenated(parts: Sequence[Tensor], networks: int) -> Tensor:
    """Put the channels of several folded values behind each other, network by network."""
    if len(parts) == 1:
        return parts[0]
    if parts[0].dim() == 2:
        return torch.cat([part.view(len(part), networks, -1) for part in parts], dim=2).flatten(1)
    return torch.cat([_by_network(part, networks) for part in parts], dim=4).flatten(3).permute(0, 3, 1, 2)


def _item(networks: int, x: fx.Node, which: Any) -> Found:
    takes_channels = isinstance(which, tuple) and len(which) == 2 and which[0] == slice(None)
    if not takes_channels or not isinstance(which[1], slice) or x.meta["example"].dim() != 4:
        return None
    return (operator.getitem, x, which) if networks == 1 else (_channels, x, which[1], networks)


def _channels(x: Tensor, which: slice, networks: int) -> Tensor:
    """Take some channels of each network of a folded value."""
    all_of_them = which.start in (None, 0) and which.step is None and which.stop is not None
    if all_of_them and x.shape[1] == which.stop * networks:
        return x
    some: Tensor = _by_network(x, networks)[..., which].flatten(3).permute(0, 3, 1, 2)
    return some


def _by_network(x: Tensor, networks: int) -> Tensor:
    """View a folded value, whose channels are last in memory, as ``(batch, height, width, networks, channels)``."""
    return x.permute(0, 2, 3, 1).view(x.shape[0], x.shape[2], x.shape[3], networks, -1)


RULES: dict[Any, Callable[..., Found]] = {
    torch.cat: _concatenate,
    torch.concat: _concatenate,
    operator.getitem: _item,
    torch.flatten: _flatten,
    "flatten": _flatten,
    "view": _view,
    "reshape": _view,
    torch.mean: _mean,
    "mean": _mean,
    F.adaptive_avg_pool2d: _pool,
}
"""Functions that mix channels, and what computes the same of folded values; None for other arguments."""


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
