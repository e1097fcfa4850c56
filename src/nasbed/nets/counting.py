"""Counting: the costs of a network that is built, of our own or of any other maker."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from math import ceil

import torch
from torch import Tensor, nn

from nasbed.core.printing import Printed
from nasbed.nets.costs import TORCH, operations
from nasbed.nets.layers import Layer
from nasbed.nets.observing import evaluating, image_of, pair, peak_memory, torch_operations

RECTIFIERS = (nn.ReLU, nn.ReLU6, nn.PReLU, nn.ELU, nn.LeakyReLU)
"""What counts as a rectifier."""


@dataclass(frozen=True)
class Costs(Printed):
    """What one network costs.

    Attributes:
        params: Trainable numbers.
        flops: Operations that one image takes.
        peak_memory: The most bytes that its values take at once in inference; see ``observing``.
    """

    params: int
    flops: int
    peak_memory: int


def count(network: nn.Module, image_size: int = 32, *, image_channels: int = 3, counting: str = "natsbench") -> Costs:
    """Count parameters, and operations and memory by sending one image through; the network is left as it was found.

    Of operations, only what layers compute is seen (``nn.Conv2d``, ``nn.Linear``, ``nn.BatchNorm2d``, rectifiers,
    poolings), not functions that a ``forward`` calls; ``torch`` sees these, too. A network on the meta device is
    counted without computing.

    Args:
        network: It maps images ``(1, image_channels, height, width)`` to anything.
        image_size: Height and width of an image, in pixels; one number where they are equal.
        image_channels: Colours of an image.
        counting: What is counted: ``natsbench`` or ``naslib``, as these publications do, or ``torch``; see ``costs``.

    Raises:
        UnknownName: When no counting has that name.
    """
    image = image_of(network, image_size, image_channels)
    if counting == TORCH:
        counted = torch_operations(network, image)
    else:
        counted = sum(int(count) for count in operations(observed(network, image)[0], counting))
    trainable = sum(parameter.numel() for parameter in network.parameters())
    return Costs(trainable, counted, peak_memory(network, image))


def observed_layers(network: nn.Module, image_size: int | tuple[int, int] = 32, image_channels: int = 3) -> list[Layer]:
    """List the layers that one image goes through, as often as it does."""
    return observed(network, image_of(network, image_size, image_channels))[0]


def observed(network: nn.Module, x: Tensor) -> tuple[list[Layer], Tensor]:
    """List the layers that a value goes through, as often as it does; and return what comes out."""
    layers: list[Layer] = []

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if inputs:  # modules that compute weights are given nothing
            layers.extend(_as_layers(module, inputs[0], output))

    with ExitStack() as stack, torch.no_grad():
        stack.enter_context(evaluating(network))
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
        return [Layer("pooling", x.shape[1], y.shape[1], pair(module.kernel_size), y[0, 0].numel())]
    if isinstance(module, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d):
        heights, widths = (_windows(x.shape[axis], y.shape[axis]) for axis in (-2, -1))
        return [Layer("global pooling", x.shape[1], y.shape[1], window) for window in product(heights, widths)]
    return []


def _windows(before: int, after: int) -> list[int]:
    """Give how many pixels each output pixel of an adaptive pooling reads, along one axis."""
    return [ceil((i + 1) * before / after) - i * before // after for i in range(after)]
