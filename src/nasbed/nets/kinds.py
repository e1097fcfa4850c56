"""Kinds: in what modules differ, but for their weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

_OF_MODULES = frozenset(vars(nn.Module()))


def _outside(module: nn.Module) -> tuple[Any, ...]:
    """Return what decides how a module computes, but for its children."""
    settings = tuple((name, _plain(value)) for name, value in sorted(vars(module).items()) if name not in _OF_MODULES)
    tensors = (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False))
    shapes = tuple((name, tuple(tensor.shape), tensor.dtype) for name, tensor in tensors)
    return type(module), settings, shapes, tuple(name for name, _ in module.named_children())


def _plain(value: Any) -> Any:
    """Return what can be compared: of an object its type."""
    if isinstance(value, dict):
        return tuple((_plain(key), _plain(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value)
    is_plain = value is None or isinstance(value, bool | int | float | str | torch.dtype)
    return value if is_plain else type(value)


def kind(module: nn.Module) -> tuple[Any, ...]:
    """Return what decides how a module computes."""
    return _outside(module), tuple(kind(child) for child in module.children())


def differing(modules: Sequence[nn.Module], path: str = "") -> list[str]:
    """List the outermost places at which modules are not of one kind."""
    if len({_outside(module) for module in modules}) > 1:
        return [path]
    places = []
    for name, _ in modules[0].named_children():
        children = [module.get_submodule(name) for module in modules]
        places += differing(children, f"{path}.{name}" if path else name)
    return places
