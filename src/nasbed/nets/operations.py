"""Operations: what a vertex of a NAS-Bench-101 module computes.

Every operation keeps the image's size and works on ``repeats`` networks at once: a tensor holds the channels of the
first network, then those of the second, and so on, and a grouped convolution keeps them apart. With one repeat they
are ordinary layers. Tensors are channels-last in memory, which is faster on a CPU (``benchmarks/training.py``).

Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635, and the published ``base_ops``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasbed.core.errors import InvalidArchitecture

NORM_EPSILON = 1e-5
"""What batch normalisation adds to a variance; the published value."""

TRUNCATED_STD = 0.87962566103423978
"""The standard deviation of a standard normal truncated at ±2, by which TensorFlow's initialiser divides."""

COLOURS = 3
"""With so many input channels in all, oneDNN takes a grouped convolution's input for a colour image: without AVX-512 it
computes the gradient of the weights by another method then, which rounds differently."""


class ConvBNReLU(nn.Module):
    """A convolution without bias, batch normalisation and a rectifier.

    Args:
        sources: Channels in, of one repeat.
        targets: Channels out, of one repeat.
        kernel: 1, 3 or 5; the image is padded so that it keeps its size.
        repeats: How many independent networks share the tensors.
        norm_momentum: How much of a running average stays at each step (TensorFlow's sense).

    Attributes:
        members: The number of each of its networks in the whole.
    """

    def __init__(self, sources: int, targets: int, kernel: int, repeats: int, norm_momentum: float) -> None:
        super().__init__()
        self.members = tuple(range(repeats))
        self.kernel, self.repeats, self.forget = kernel, repeats, 1.0 - norm_momentum
        width = repeats * targets
        self.weight = nn.Parameter(torch.empty(width, sources, kernel, kernel, dtype=torch.float32))
        self.scale = nn.Parameter(torch.ones(width, dtype=torch.float32))
        self.offset = nn.Parameter(torch.zeros(width, dtype=torch.float32))
        self.mean: Tensor
        self.variance: Tensor
        self.register_buffer("mean", torch.zeros(width, dtype=torch.float32))
        self.register_buffer("variance", torch.ones(width, dtype=torch.float32))

    def initialise(self, generators: Sequence[torch.Generator], by: str = "tensorflow") -> None:
        """Draw each repeat's weights from its own generator.

        By TensorFlow's variance scaling they are truncated normal with variance 1 / fan-in, by PyTorch's default
        uniform with a third of that.
        """
        for weight, generator in zip(self.weight.data.chunk(self.repeats), generators, strict=True):
            scale: float = weight[0].numel() ** -0.5
            if by == "pytorch":
                weight.uniform_(-scale, scale, generator=generator)
            else:
                std = scale / TRUNCATED_STD
                nn.init.trunc_normal_(weight, 0.0, std, -2 * std, 2 * std, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, repeats·sources, size, size)`` to ``(batch, repeats·targets, size, size)``."""
        if self.training and x.is_cpu and x.shape[1] == self.repeats == COLOURS and not has_avx512():
            # With one more network, of zeros, the method is that of every other number of channels.
            x = F.pad(x, (0, 0, 0, 0, 0, 1))
            weight = F.pad(self.weight, (0, 0, 0, 0, 0, 0, 0, len(self.weight) // self.repeats))
            padded = F.conv2d(x, weight, padding=self.kernel // 2, groups=self.repeats + 1)
            return self.normalised(padded[:, : len(self.weight)].contiguous(memory_format=torch.channels_last))
        return self.normalised(F.conv2d(x, self.weight, padding=self.kernel // 2, groups=self.repeats))

    def normalised(self, x: Tensor) -> Tensor:
        """Do what follows the convolution."""
        if self.training and self.repeats > 1:
            normal: Tensor = SideBySideNorm.apply(  # type: ignore[no-untyped-call]
                x, self.scale, self.offset, self.mean, self.variance, self.forget
            )
            return normal.relu_()
        x = F.batch_norm(x, self.mean, self.variance, self.scale, self.offset, self.training, self.forget, NORM_EPSILON)
        return x.relu_()


def has_avx512() -> bool:
    """Tell whether PyTorch computes with AVX-512 here."""
    return torch.backends.cpu.get_cpu_capability() == "AVX512"


class MaxPool3x3(nn.Module):
    """The largest of 3×3 pixels, at every pixel."""

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        return F.max_pool2d(x, 3, stride=1, padding=1)


Build = Callable[[int, int, float], nn.Module]


def _bottleneck(channels: int, kernel: int, repeats: int, norm_momentum: float) -> nn.Module:
    """A quarter of the channels for a wide kernel, between two 1×1 convolutions."""
    narrow = channels // 4
    if not narrow:
        raise InvalidArchitecture(f"a bottleneck divides its channels by 4; {channels} are too few")
    return nn.Sequential(
        ConvBNReLU(channels, narrow, 1, repeats, norm_momentum),
        ConvBNReLU(narrow, narrow, kernel, repeats, norm_momentum),
        ConvBNReLU(narrow, channels, 1, repeats, norm_momentum),
    )


OPERATIONS: dict[str, Build] = {
    "conv3x3-bn-relu": lambda channels, repeats, momentum: ConvBNReLU(channels, channels, 3, repeats, momentum),
    "conv1x1-bn-relu": lambda channels, repeats, momentum: ConvBNReLU(channels, channels, 1, repeats, momentum),
    "maxpool3x3": lambda channels, repeats, momentum: MaxPool3x3(),
    "identity": lambda channels, repeats, momentum: nn.Identity(),
    "bottleneck3x3": lambda channels, repeats, momentum: _bottleneck(channels, 3, repeats, momentum),
    "bottleneck5x5": lambda channels, repeats, momentum: _bottleneck(channels, 5, repeats, momentum),
    "maxpool3x3-conv1x1": lambda channels, repeats, momentum: nn.Sequential(
        MaxPool3x3(), ConvBNReLU(channels, channels, 1, repeats, momentum)
    ),
}
"""From a published name to ``(channels, repeats, norm_momentum) → module``."""


def projected(x: Tensor, projections: Mapping[str, ConvBNReLU]) -> dict[str, Tensor]:
    """Apply several 1×1 convolutions of one network as one, which reads their input, and adds its gradient, once."""
    layers = list(projections.values())
    whole = F.conv2d(x, torch.cat([layer.weight for layer in layers]))
    parts = torch.split(whole, [len(layer.weight) for layer in layers], dim=1)
    return {
        name: layer.normalised(part.contiguous(memory_format=torch.channels_last))
        for (name, layer), part in zip(projections.items(), parts, strict=True)
    }


def first_channels(x: Tensor, width: int, repeats: int) -> Tensor:
    """Keep the first ``width`` channels of every repeat."""
    if x.shape[1] == width * repeats:
        return x
    per_repeat = _by_repeat(x, repeats)
    return per_repeat[..., :width].flatten(3).permute(0, 3, 1, 2)


def concatenated(parts: Sequence[Tensor], repeats: int) -> Tensor:
    """Put the channels of several tensors behind each other, repeat by repeat."""
    if len(parts) == 1:
        return parts[0]
    if repeats == 1:
        return torch.cat(list(parts), dim=1)
    return torch.cat([_by_repeat(x, repeats) for x in parts], dim=4).flatten(3).permute(0, 3, 1, 2)


def _by_repeat(x: Tensor, repeats: int) -> Tensor:
    """View a tensor, whose channels are last in memory, as ``(batch, size, size, repeats, channels)``."""
    batch, _, height, width = x.shape
    return x.permute(0, 2, 3, 1).view(batch, height, width, repeats, -1)


def convolutions(network: nn.Module) -> Iterator[ConvBNReLU]:
    """Go through the convolutions of a network in the order in which they were built."""
    return (module for module in network.modules() if isinstance(module, ConvBNReLU))


class SideBySideNorm(torch.autograd.Function):
    """Normalise ``(batch, channels, size, size)`` by its own statistics, in training; move the running averages.

    PyTorch's own computes the gradient of its input in two ways, several channels at once and, for the last few of a
    tensor, one by one, and the two round differently: a network's training would depend on where in the tensor it
    stands. Here the statistics and the gradients of scale and offset are PyTorch's, which do not, and the gradient of
    the input is a multiple of the output's and of the input.

    Reference: Ioffe and Szegedy, ICML 2015, https://arxiv.org/abs/1502.03167
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, scale: Tensor, offset: Tensor, mean: Tensor, variance: Tensor, forget: float
    ) -> Tensor:
        """Give the scaled and shifted whole; keep what the gradient needs."""
        out, center, inverse = torch.native_batch_norm(x, scale, offset, mean, variance, True, forget, NORM_EPSILON)
        ctx.save_for_backward(x, scale, center, inverse)
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Give the gradients of input, scale and offset."""
        x, scale, center, inverse = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        _, to_scale, to_offset = torch.ops.aten.native_batch_norm_backward(
            gradient, x, scale, None, None, center, inverse, True, NORM_EPSILON, [False, True, True]
        )
        images = x.numel() // len(scale)
        of_gradient = scale * inverse
        of_input = -of_gradient * inverse * to_scale / images
        constant = -of_gradient * to_offset / images - of_input * center
        channels = (1, -1, 1, 1)
        to_input = torch.addcmul(constant.view(channels), x, of_input.view(channels))
        return to_input.addcmul_(gradient, of_gradient.view(channels)), to_scale, to_offset, None, None, None
