"""Counting: the costs of a network that is built, of our own or of any other maker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import product
from math import ceil

import torch
from torch import Tensor, nn

from nasbed.core.printing import Printed
from nasbed.nets.costs import operations
from nasbed.nets.layers import Layer

RECTIFIERS = (nn.ReLU, nn.ReLU6, nn.PReLU, nn.ELU, nn.LeakyReLU)
"""What counts as a rectifier."""


@dataclass(frozen=True)
class Costs(Printed):
    """What one network costs.

    Attributes:
        params: Trainable numbers.
        flops: Operations that one image takes.
    """

    params: int
    flops: int


def count(network: nn.Module, image_size: int = 32, *, image_channels: int = 3, counting: str = "natsbench") -> Costs:
    """Count parameters, and operations by sending one image through; the network is left as it was found.

    Only what layers compute is seen (``nn.Conv2d``, ``nn.Linear``, ``nn.BatchNorm2d``, rectifiers, poolings), not
    functions that a ``forward`` calls. A network on the meta device is counted without computing.

    Args:
        network: It maps images ``(1, image_channels, height, width)`` to anything.
        image_size: Height and width of an image, in pixels; one number where they are equal.
        image_channels: Colours of an image.
        counting: What is counted, by the name of a publication: ``natsbench`` or ``naslib``; see ``costs``.

    Raises:
        UnknownName: When no counting has that name.
    """
    layers = observed_layers(network, image_size, image_channels)
    trainable = sum(parameter.numel() for parameter in network.parameters())
    return Costs(trainable, sum(int(count) for count in operations(layers, counting)))


def observed_layers(network: nn.Module, image_size: int | tuple[int, int] = 32, image_channels: int = 3) -> list[Layer]:
    """List the layers that one image goes through, as often as it does."""
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    dtype = next((parameter.dtype for parameter in network.parameters()), torch.float32)
    image = torch.zeros(1, image_channels, *_pair(image_size), device=device, dtype=dtype)
    return observed(network, image)[0]


def observed(network: nn.Module, x: Tensor) -> tuple[list[Layer], Tensor]:
    """List the layers that a value goes through, as often as it does; and return what comes out."""
    layers: list[Layer] = []

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if inputs:  # modules that compute weights are given nothing
            layers.extend(_as_layers(module, inputs[0], output))

    with ExitStack() as stack, torch.no_grad():
        stack.enter_context(_evaluating(network))
        for module in network.modules():
            stack.callback(module.register_forward_hook(note).remove)
        y: Tensor = network(x)
    return layers, y


def _as_layers(module: nn.Module, x: Tensor, y: Tensor) -> list[Layer]:
    """Describe one module by what came in and out; nothing for what is not a layer that costs."""
    if isinstance(module, nn.Conv2d):
        kernel = (module.kernel_size[0], module.kernel_size[1])
        sources = module.in_channels // module.groups
        pixels = y.shape[-2] * y.shape[-1]
        return [Layer("convolution", sources, y.shape[1], kernel, pixels, offset=module.bias is not None)]
    if isinstance(module, nn.Linear):
        rows = y.numel() // module.out_features
        return [Layer("dense", module.in_features, module.out_features, pixels=rows, offset=module.bias is not None)]
    if isinstance(module, nn.BatchNorm2d):
        return [Layer("normalisation", x.shape[1], y.shape[1], pixels=x[0, 0].numel(), offset=module.affine)]
    if isinstance(module, RECTIFIERS):
        return [Layer("rectifier", x.shape[1], x.shape[1], pixels=x.numel() // x.shape[1])]
    if isinstance(module, nn.AvgPool2d | nn.MaxPool2d):
        return [Layer("pooling", x.shape[1], y.shape[1], _pair(module.kernel_size), y[0, 0].numel())]
    if isinstance(module, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d):
        heights, widths = (_windows(x.shape[axis], y.shape[axis]) for axis in (-2, -1))
        return [Layer("global pooling", x.shape[1], y.shape[1], window) for window in product(heights, widths)]
    return []


def _pair(size: int | tuple[int, ...]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def _windows(before: int, after: int) -> list[int]:
    """Give how many pixels each output pixel of an adaptive pooling reads, along one axis."""
    return [ceil((i + 1) * before / after) - i * before // after for i in range(after)]


@contextmanager
def _evaluating(network: nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode, and each of its modules back into what it was in."""
    modes = {module: module.training for module in network.modules()}
    network.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode
