"""Rectifiers: hearing what goes into and comes out of a network's ReLUs while it runs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

Heard = Callable[[Hashable, Tensor, Tensor], None]
"""Told of each call: which rectifier, what went in, what came out."""

FUNCTIONS = {F.relu, F.relu6, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_}


@contextmanager
def listening(network: nn.Module, heard: Heard) -> Iterator[None]:
    """Tell of every call of a rectifier, after it, for as long as the context lasts.

    A rectifier is a module whose class has ``ReLU`` in its name, as the published code has it: a block named
    ``ReLUConvBN`` is one, beside the ``nn.ReLU`` in it. Only in a network without any such module, calls of
    ``torch.relu`` and its like are heard instead, the n-th call as rectifier n.
    """
    modules = [module for module in network.modules() if "ReLU" in type(module).__name__]
    if not modules:
        with _Functions(heard):
            yield
        return

    def hook(module: nn.Module, positional: tuple[Any, ...], named: dict[str, Any], output: Any) -> None:
        given = [*positional, *named.values()]
        if given and isinstance(given[0], Tensor) and isinstance(output, Tensor):
            heard(module, given[0], output)

    handles = [module.register_forward_hook(hook, with_kwargs=True) for module in modules]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class _Functions(TorchFunctionMode):
    """Hears rectifiers that are functions."""

    def __init__(self, heard: Heard) -> None:
        super().__init__()
        self.heard = heard
        self.calls = 0

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        if func in FUNCTIONS:
            self.heard(self.calls, [*args, *(kwargs or {}).values()][0], output)
            self.calls += 1
        return output


def reached(network: nn.Module, images: Tensor, logits: Callable[[Any], Tensor]) -> set[Hashable]:
    """Find the rectifiers that a backward pass from the logits comes through, without going back.

    Args:
        network: What is run, forward, once.
        images: A batch; two images do.
        logits: Finds the logits in what the network returns.
    """
    results: list[tuple[Hashable, Any]] = []
    with listening(network, lambda rectifier, given, output: results.append((rectifier, output.grad_fn))):
        start = logits(network(images.clone().requires_grad_()))
    behind = {start.grad_fn}
    waiting = [start.grad_fn]
    while waiting:
        node = waiting.pop()
        for before, _ in node.next_functions if node is not None else ():
            if before not in behind:
                behind.add(before)
                waiting.append(before)
    return {rectifier for rectifier, node in results if node is not None and node in behind}
