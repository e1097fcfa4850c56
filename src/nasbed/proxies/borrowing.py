"""Borrowing: a network as it is run for a score, and afterwards, whatever happened, as it was found.

What runs are copies of the parameters and buffers, put into the network's own modules for the time being, so that
nothing that a forward pass changes was the owner's: weights, gradients, running averages and random generators are
never written to, rather than written back.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parameter import is_lazy
from torch.nn.utils import parametrize

from nasbed.core.errors import BadSetting


@contextmanager
def borrowed(
    network: nn.Module,
    *,
    train: bool = True,
    normalise: bool = True,
    dtype: torch.dtype | None = None,
    seed: int = 0,
) -> Iterator[nn.Module]:
    """Lend a network's modules with copies of its tensors, in a mode, where gradients can be taken.

    Every copied parameter is a leaf that requires its gradient, frozen or not: a score is about the network, not about
    what is being trained of it. Parameters that are one tensor stay one. Within, the generators of Python, NumPy and
    torch (of the CPU and of the network's GPUs) start at the seed. Until it ends the modules are taken: no other
    thread may use them.

    Args:
        network: What is lent.
        train: Whether it is in training mode, or else in evaluation mode.
        normalise: Whether batch normalisation does anything; otherwise it hands on what comes in.
        dtype: What copies of floating-point numbers are converted to, if to anything.
        seed: What dropout and the like are drawn from.

    Raises:
        BadSetting: When the modules cannot be lent: they are compiled by TorchScript, or have no weights yet.
    """
    modules = list(network.modules())
    if any(isinstance(module, torch.jit.ScriptModule) for module in modules):
        raise BadSetting("a network compiled by TorchScript cannot be scored; give the nn.Module it was made from")
    if any(is_lazy(tensor) for tensor in network.parameters()):
        raise BadSetting("the network has lazy modules without weights; run it once on a batch, then score it")
    with ExitStack() as stack:
        stack.enter_context(_as_found(modules))
        stack.enter_context(_seeded(seed, {tensor.device for tensor in network.parameters()}))
        stack.enter_context(tracing())
        _copy(modules, dtype)
        network.train(train)
        for module in modules:
            if not normalise and isinstance(module, _BatchNorm):
                vars(module)["forward"] = _unchanged
        stack.enter_context(parametrize.cached())  # a computed weight is one tensor, that gradients can be asked of
        yield network


@contextmanager
def tracing() -> Iterator[None]:
    """Note what is computed, so that gradients can be taken, whatever is the case outside."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


def _unchanged(x: Tensor) -> Tensor:
    return x


def _copy(modules: list[nn.Module], dtype: torch.dtype | None) -> None:
    """Put a copy of each parameter and buffer in its place, and the same copy wherever it is the same tensor."""
    copies: dict[int, Tensor] = {}

    def copied(tensor: Tensor) -> Tensor:
        if id(tensor) not in copies:
            floating = tensor.is_floating_point()
            copy = tensor.detach().clone()
            copy = copy.to(dtype) if floating and dtype is not None else copy
            parameter = isinstance(tensor, nn.Parameter)
            copies[id(tensor)] = nn.Parameter(copy, floating or copy.is_complex()) if parameter else copy
        return copies[id(tensor)]

    for module in modules:
        for tensors in (module._parameters, module._buffers):
            for name, tensor in tensors.items():
                if tensor is not None:
                    tensors[name] = copied(tensor)  # type: ignore[assignment]


@contextmanager
def _as_found(modules: list[nn.Module]) -> Iterator[None]:
    """Bring back, at the end, every attribute of every module, and what was in its dictionaries, lists and sets."""
    found = [(vars(module), dict(vars(module))) for module in modules]
    inside: list[tuple[Any, Any]] = [
        (value, value.copy())
        for _, attributes in found
        for value in attributes.values()
        if isinstance(value, dict | list | set)
    ]
    try:
        yield
    finally:
        for attributes, before in found:
            attributes.clear()
            attributes.update(before)
        for value, before in inside:
            value.clear()
            value.extend(before) if isinstance(value, list) else value.update(before)


@contextmanager
def _seeded(seed: int, devices: set[torch.device]) -> Iterator[None]:
    """Start the global generators at a seed, and at the end put them back to where they were."""
    # Each by itself: torch.manual_seed would reach the generators of devices that have nothing to do with this.
    generators = [torch.default_generator]
    generators += [torch.cuda.default_generators[device.index or 0] for device in devices if device.type == "cuda"]
    states = [generator.get_state() for generator in generators]
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - foreign networks may draw from it
    try:
        for generator in generators:
            generator.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        yield
    finally:
        for generator, state in zip(generators, states, strict=True):
            generator.set_state(state)
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
