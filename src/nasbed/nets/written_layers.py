"""The layers of written spaces, each under the names by which expressions call it (the registry ``layers``).

Each maker is given channels in and out and the stride of its place, and makes what its publication has there. Layers
that only pass on what they read, or pool it, get a convolution where the channels change.

References: NAS-Bench-101, https://arxiv.org/abs/1902.09635; NAS-Bench-201, https://arxiv.org/abs/2001.00326; DARTS,
https://arxiv.org/abs/1806.09055, and ``cnn/operations.py`` in https://github.com/quark0/darts; Liu et al.,
"Hierarchical Representations", https://arxiv.org/abs/1711.00436; MobileNet-V2 and -V3, https://arxiv.org/abs/1801.04381
and https://arxiv.org/abs/1905.02244; TransNAS-Bench-101, https://arxiv.org/abs/2105.11871; vision transformers,
https://arxiv.org/abs/2010.11929
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from torch import nn

from nasbed.core.errors import BadSetting
from nasbed.nets.nasbench201_network import Projection, ReLUConvBN, ResidualBlock
from nasbed.nets.transnas_network import Block, FactorizedReduction
from nasbed.nets.written_blocks import Attention, InvertedResidual, Mixing, Noise, Places, Zero, activated, conv


def shaped(**shape: int) -> Callable[[Any], Any]:
    """Say which ``stride`` and ``widen`` a layer has where its expression does not say them."""

    def mark(maker: Any) -> Any:
        maker.shape = shape
        return maker

    return mark


# ── convolutions ──────────────────────────────────────────────────────────────────────────────────────────────────


conv_1x1, conv_3x3, conv_5x5, conv_7x7 = (partial(conv, kernel=kernel) for kernel in (1, 3, 5, 7))


def depthwise(in_channels: int, out_channels: int, stride: int, kernel: int = 3, activation: str = "relu") -> nn.Module:
    """Make a convolution of each channel, normalised and activated; a 1×1 one before it where channels change."""
    after = conv(out_channels, out_channels, stride, kernel, out_channels, activation=activation)
    if in_channels == out_channels:
        return after
    return nn.Sequential(conv(in_channels, out_channels, 1, 1, activation=activation), after)


depthwise_conv_3x3, depthwise_conv_5x5 = (partial(depthwise, kernel=kernel) for kernel in (3, 5))


def separable(in_channels: int, out_channels: int, stride: int, kernel: int = 3, activation: str = "relu") -> nn.Module:
    """Make a convolution of each channel and one across channels, once, normalised and activated behind both."""
    return nn.Sequential(
        nn.Conv2d(in_channels, in_channels, kernel, stride, kernel // 2, groups=in_channels, bias=False),
        nn.Conv2d(in_channels, out_channels, 1, bias=False),
        nn.BatchNorm2d(out_channels),
        activated(activation),
    )


separable_conv_3x3, separable_conv_5x5 = (partial(separable, kernel=kernel) for kernel in (3, 5))


def relu_conv_bn(in_channels: int, out_channels: int, stride: int, kernel: int = 3) -> nn.Module:
    """Make a rectifier, a convolution and batch normalisation: NAS-Bench-201's and TransNAS-Bench-101's order."""
    return ReLUConvBN(in_channels, out_channels, kernel, stride)


nor_conv_1x1, nor_conv_3x3, nor_conv_5x5, nor_conv_7x7 = (partial(relu_conv_bn, kernel=k) for k in (1, 3, 5, 7))


def _relu_separated(sources: int, targets: int, kernel: int, stride: int, dilation: int = 1) -> list[nn.Module]:
    """Make a rectifier, a convolution of each channel, one across channels, and batch normalisation."""
    padding = dilation * (kernel - 1) // 2
    return [
        nn.ReLU(),
        nn.Conv2d(sources, sources, kernel, stride, padding, dilation, groups=sources, bias=False),
        nn.Conv2d(sources, targets, 1, bias=False),
        nn.BatchNorm2d(targets),
    ]


def sep_conv(in_channels: int, out_channels: int, stride: int, kernel: int = 3) -> nn.Module:
    """Make DARTS's separable convolution, applied twice, of which the first has the stride."""
    first = _relu_separated(in_channels, in_channels, kernel, stride)
    return nn.Sequential(*first, *_relu_separated(in_channels, out_channels, kernel, 1))


def dil_conv(in_channels: int, out_channels: int, stride: int, kernel: int = 3) -> nn.Module:
    """Make DARTS's separable convolution with pixels two apart, applied once."""
    return nn.Sequential(*_relu_separated(in_channels, out_channels, kernel, stride, dilation=2))


sep_conv_3x3, sep_conv_5x5, sep_conv_7x7 = (partial(sep_conv, kernel=kernel) for kernel in (3, 5, 7))
dil_conv_3x3, dil_conv_5x5 = (partial(dil_conv, kernel=kernel) for kernel in (3, 5))


# ── what passes on, pools, or gives nothing ───────────────────────────────────────────────────────────────────────


def skip_connect(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    """Make an identity; where channels change, a 1×1 convolution, and where it halves, a factorized reduction."""
    if stride > 1:
        return FactorizedReduction((in_channels, out_channels, stride))
    return nn.Identity() if in_channels == out_channels else Projection(in_channels, out_channels)


def skip(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    """Make an identity; where the shape changes, a factorized reduction, as in TransNAS-Bench-101."""
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    return FactorizedReduction((in_channels, out_channels, stride))


def project(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    """Make what DARTS reads the cells before through: a 1×1 convolution, or a factorized reduction where it halves."""
    if stride > 1:
        return FactorizedReduction((in_channels, out_channels, stride))
    return ReLUConvBN(in_channels, out_channels, 1)


def none(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    """Make zeros."""
    return Zero(in_channels, out_channels, stride)


def noise(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    """Make noise in place of what comes in: an operation that no architecture should have."""
    return Noise(in_channels, out_channels, stride)


def max_pool(in_channels: int, out_channels: int, stride: int, kernel: int = 3) -> nn.Module:
    """Make the largest of some pixels."""
    return _pooling(in_channels, out_channels, nn.MaxPool2d(kernel, stride, kernel // 2))


def avg_pool(in_channels: int, out_channels: int, stride: int, kernel: int = 3) -> nn.Module:
    """Make the average of some pixels, of those that there are."""
    return _pooling(in_channels, out_channels, nn.AvgPool2d(kernel, stride, kernel // 2, count_include_pad=False))


def _pooling(sources: int, targets: int, pool: nn.Module) -> nn.Module:
    """Make a pooling; behind a rectifier, a 1×1 convolution and normalisation where channels change."""
    return pool if sources == targets else nn.Sequential(ReLUConvBN(sources, targets, 1), pool)


max_pool_3x3, max_pool_5x5 = (partial(max_pool, kernel=kernel) for kernel in (3, 5))
avg_pool_3x3, avg_pool_5x5 = (partial(avg_pool, kernel=kernel) for kernel in (3, 5))


def relu() -> nn.Module:
    """Make a rectifier."""
    return nn.ReLU()


def batch_norm(in_channels: int) -> nn.Module:
    """Make batch normalisation."""
    return nn.BatchNorm2d(in_channels)


# ── blocks ────────────────────────────────────────────────────────────────────────────────────────────────────────


def mbconv(
    in_channels: int,
    out_channels: int,
    stride: int,
    kernel: int = 3,
    expand: float = 6,
    activation: str = "relu",
    se: bool = False,
) -> nn.Module:
    """Make a block of MobileNet-V2 or, with ``se``, squeeze and excitation, and ``h_swish``, of V3."""
    return InvertedResidual(in_channels, out_channels, stride, kernel, expand, activation, se)


@shaped(stride=2, widen=2)
def reduction(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    """Make NAS-Bench-201's residual block, which halves the image and doubles the channels."""
    if stride == 2:
        return ResidualBlock(in_channels, out_channels)
    return Block((in_channels, out_channels, stride))


def residual(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    """Make a residual block of two 3×3 convolutions behind rectifiers, as in TransNAS-Bench-101."""
    return Block((in_channels, out_channels, stride))


def module(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    """Make a module of TransNAS-Bench-101's macro space: two residual blocks, of which the first changes the shape."""
    first, second = (in_channels, out_channels, stride), (out_channels, out_channels, 1)
    return nn.Sequential(Block(first), Block(second))


keep, widen, halve, widen_and_halve = (partial(module) for _ in range(4))
widen.shape, halve.shape = {"widen": 2}, {"stride": 2}  # type: ignore[attr-defined]
widen_and_halve.shape = {"widen": 2, "stride": 2}  # type: ignore[attr-defined]


# ── attention ─────────────────────────────────────────────────────────────────────────────────────────────────────


def attention(in_channels: int, out_channels: int, stride: int, heads: int = 4) -> nn.Module:
    """Make self-attention between pixels; a convolution before it where the shape changes."""
    return nn.Sequential(_patched(in_channels, out_channels, stride), Attention(out_channels, heads))


def transformer(in_channels: int, out_channels: int, stride: int, heads: int = 4, expansion: float = 4) -> nn.Module:
    """Make a transformer's block: attention between pixels, and two dense layers for each."""
    return nn.Sequential(
        _patched(in_channels, out_channels, stride), Attention(out_channels, heads), Mixing(out_channels, expansion)
    )


def _patched(sources: int, targets: int, stride: int) -> nn.Module:
    """Make a convolution of patches that do not overlap; nothing where the shape stays."""
    if stride == 1 and sources == targets:
        return nn.Identity()
    return nn.Conv2d(sources, targets, stride, stride)


# ── stems and heads ───────────────────────────────────────────────────────────────────────────────────────────────


def stem(image_channels: int, out_channels: int, stride: int, kernel: int = 3, activation: str = "none") -> nn.Module:
    """Make a convolution and batch normalisation, which read images."""
    made = conv(image_channels, out_channels, stride, kernel, activation=activation)
    return made[:2] if activation == "none" else made  # type: ignore[index]


@shaped(stride=4)
def deep_stem(image_channels: int, out_channels: int, stride: int) -> nn.Module:
    """Make TransNAS-Bench-101's stem: two convolutions, the first of half the channels, that share a stride."""
    strides = {1: (1, 1), 2: (2, 1), 4: (2, 2)}.get(stride)
    if strides is None or out_channels % 2:
        raise BadSetting(f"a deep stem has a stride of 1, 2 or 4 and even channels, not {stride} and {out_channels}")
    half = out_channels // 2
    first = nn.Conv2d(image_channels, half, 3, strides[0], 1, bias=False)
    return nn.Sequential(first, nn.BatchNorm2d(half), ReLUConvBN(half, out_channels, 3, strides[1]))


@shaped(stride=2)
def patches(image_channels: int, out_channels: int, stride: int, image_size: int) -> nn.Module:
    """Make a vision transformer's stem: patches of ``stride`` pixels each way, and what is learned of their places."""
    size = image_size // stride
    return nn.Sequential(nn.Conv2d(image_channels, out_channels, stride, stride), Places(out_channels, size))


def head(
    in_channels: int,
    classes: int,
    channels: int | Sequence[int] = (),
    norm: bool = False,
    activation: str = "relu",
    dropout: float = 0.0,
) -> nn.Module:
    """Make the global average and a dense layer.

    Args:
        in_channels: Channels that come in.
        classes: How many numbers come out.
        channels: Of a 1×1 convolution, normalised and activated, that comes first; a second number is of another one
            behind the average, activated, without normalisation, as in MobileNet-V3.
        norm: Whether batch normalisation and an activation come first, as behind cells that end in normalisation.
        activation: Which.
        dropout: The chance with which, in training, each number that enters the dense layer is 0.
    """
    before, between = (*([channels] if isinstance(channels, int) else channels), 0, 0)[:2]
    layers: list[nn.Module] = [nn.BatchNorm2d(in_channels), activated(activation)] if norm else []
    if before:
        layers.append(conv(in_channels, before, 1, 1, activation=activation))
    layers.append(nn.AdaptiveAvgPool2d(1))
    width = before or in_channels
    if between:
        layers += [nn.Conv2d(width, between, 1, bias=False), activated(activation)]
    layers.append(nn.Flatten())
    if dropout:
        layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.Linear(between or width, classes))
