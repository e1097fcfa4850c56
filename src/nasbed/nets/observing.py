"""Observing: what a network does while one image goes through it: the memory of its values, and PyTorch's operations.

Of memory, the steps are those that PyTorch makes in inference, in their order, each with what it reads and what it
gives. A value is there from the step that gives it until the last one that reads it, and the image until the last that
reads that; views and what is computed in place are no new values. Nothing is fused, attention's matrix is there, and
weights and running averages do not count. So it is a property of the network and of its order, and not of when Python
lets go of a value, nor of what a library needs for a moment besides.

Reference: Liberis and Lane, "Neural networks on microcontrollers: saving memory at inference via operator reordering",
2019, https://arxiv.org/abs/1910.05110
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from nasbed.core.records import Archs

if TYPE_CHECKING:
    from nasbed.nets.blueprint import Blueprint

Measure = Callable[[nn.Module, Tensor], int]
"""From a network and an image to what one image takes."""


def peak_memories(blueprint: Blueprint, rows: Archs) -> NDArray[np.int64]:
    """Return ``peak_memory`` of the networks of ``(n, decisions)`` rows, ``(n,)``; see ``operations_by_torch``."""
    return _of_rows(blueprint, rows, peak_memory)


def operations_by_torch(blueprint: Blueprint, rows: Archs) -> NDArray[np.int64]:
    """Return ``torch_operations`` of the networks of ``(n, decisions)`` rows, ``(n,)``, each built without weights.

    Raises:
        InvalidArchitecture: When there is no network for a row.
    """
    return _of_rows(blueprint, rows, torch_operations)


def _of_rows(blueprint: Blueprint, rows: Archs, measure: Measure) -> NDArray[np.int64]:
    return np.array([_measured(blueprint, row.tobytes(), measure) for row in np.asarray(rows, np.int8)], np.int64)


@lru_cache(maxsize=2**16)
def _measured(blueprint: Blueprint, row: bytes, measure: Measure) -> int:
    for device in ("meta", "cpu"):  # some cannot compute without weights
        with torch.random.fork_rng(devices=[]), torch.device(device):
            network = blueprint.network(np.frombuffer(row, np.int8))
            try:
                return measure(network, image_of(network, blueprint.image_size, blueprint.image_channels))
            except (NotImplementedError, RuntimeError):
                if device == "cpu":
                    raise
    raise AssertionError


class Trace(NamedTuple):
    """Which values are read or given in the steps of a network, and how large they are.

    Attributes:
        sizes: In bytes, of each value, the image first.
        steps: The numbers of the values in each step; the first has the image alone.
        output: The number of the value that comes out; it may be the image.
    """

    sizes: tuple[int, ...]
    steps: tuple[tuple[int, ...], ...]
    output: int

    @property
    def peak(self) -> int:
        """The most bytes that are there in one step, each value from the first that has it to the last."""
        first, last = dict[int, int](), dict[int, int]()
        for number, step in enumerate((*self.steps, (self.output,))):
            for value in step:
                first.setdefault(value, number)
                last[value] = number
        change = [0] * (len(self.steps) + 2)
        for value, number in first.items():
            change[number] += self.sizes[value]
            change[last[value] + 1] -= self.sizes[value]
        return max(accumulate(change))


def trace(network: nn.Module, image: Tensor) -> Trace:
    """Return the steps of a network while an image goes through it in inference; it is left as it was found.

    On the meta device nothing is computed.

    Args:
        network: It maps images ``(1, channels, size, size)`` to a tensor.
        image: One of them, or a value within a network.
    """
    steps = _Steps([*network.parameters(), *network.buffers()])
    steps.note([image])
    with evaluating(network), torch.no_grad(), sdpa_kernel(SDPBackend.MATH), steps:
        output = network(image)
    steps.note(tree_leaves(output))
    return Trace(tuple(steps.sizes), tuple(map(tuple, steps.steps)), steps.number(tree_leaves(output)[0]))


def peak_memory(network: nn.Module, image: Tensor) -> int:
    """Return the most bytes that values take at once while an image goes through a network in inference.

    Args:
        network: It maps images ``(1, channels, size, size)`` to anything; it is left as it was found.
        image: One of them.
    """
    return trace(network, image).peak


def torch_operations(network: nn.Module, image: Tensor) -> int:
    """Count operations as PyTorch does: two for each product of a convolution or a matrix, whoever computes it.

    So the products of attention count, too, which no layer computes.
    """
    counter = FlopCounterMode(display=False)
    with evaluating(network), torch.no_grad(), counter:
        network(image)
    return int(counter.get_total_flops())


class _Steps(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes in which steps each value is read or given."""

    def __init__(self, kept: list[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept = [one.untyped_storage() for one in kept]
        self.outside = {one._cdata for one in self.kept}
        self.numbers, self.sizes = dict[int, int](), list[int]()
        self.steps: list[list[int]] = [[]]

    def __torch_dispatch__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Make a step."""
        found = func(*args, **(kwargs or {}))
        self.steps.append([])
        self.note(tree_leaves((args, kwargs)))
        # Further outputs, such as the places of a pooling's largest numbers, are given where something reads them.
        first, *others = tree_leaves(found)
        self.note([first])
        self.kept += [one.untyped_storage() for one in others if isinstance(one, Tensor)]
        return found

    def note(self, values: list[Any]) -> None:
        """Note that some values are there in this step."""
        for value in values:
            if isinstance(value, Tensor) and value.untyped_storage()._cdata not in self.outside:
                self.steps[-1].append(self.number(value))

    def number(self, value: Tensor) -> int:
        """Return the number of a value, that of all that lie in one storage."""
        storage = value.untyped_storage()
        if storage._cdata not in self.numbers:
            self.kept.append(storage)  # so that no other has its address
            self.numbers[storage._cdata] = len(self.sizes)
            self.sizes.append(storage.nbytes())
        return self.numbers[storage._cdata]


def image_of(network: nn.Module, image_size: int | tuple[int, int], image_channels: int) -> Tensor:
    """Return an image that a network can read, of zeros, on the device and of the type of its weights."""
    some = next(network.parameters(), torch.empty(0))
    return torch.zeros(1, image_channels, *pair(image_size), device=some.device, dtype=some.dtype)


def pair(size: int | tuple[int, ...]) -> tuple[int, int]:
    """Return height and width of what is given as both or as one number."""
    return (size, size) if isinstance(size, int) else (size[0], size[1])


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode, and each of its modules back into what it was in."""
    modes = {module: module.training for module in network.modules()}
    network.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode
