"""The network of NAS-Bench-Macro, of PyTorch's own layers.

Every architecture has the same modules at the top: a stem, one module for each of the eight layers, ``out`` and a
classifier. ``forward`` is the same for all, without a branch on what a tensor holds, so ``torch.fx`` can trace it.

Reference: Su et al., CVPR 2021, https://arxiv.org/abs/2103.11922, and the published ``train/model.py`` in
https://github.com/xiusu/NAS-Bench-Macro
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from nasbed.nets.parts import Place


class InvertedResidual(nn.Module):
    """A block of MobileNet-V2: widens the channels, convolves each for itself, and narrows them again.

    What comes in is added where its shape does not change.

    Args:
        place: Where it stands.
        kernel: Height and width of the convolution in the middle.
        expansion: By how much the channels are widened.
    """

    def __init__(self, place: Place, kernel: int, expansion: int) -> None:
        super().__init__()
        sources, targets, stride = place
        self.kernel, self.expansion = kernel, expansion  # networks side by side differ here, not in a width inside
        hidden = sources * expansion
        self.conv = nn.Sequential(
            nn.Conv2d(sources, hidden, 1, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU(),
            nn.Conv2d(hidden, hidden, kernel, stride, kernel // 2, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU(),
            nn.Conv2d(hidden, targets, 1, bias=False),
            nn.BatchNorm2d(targets),
        )
        self.has_shortcut = stride == 1 and sources == targets

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, sources, size, size)`` to ``(batch, targets, size/stride, size/stride)``."""
        y: Tensor = self.conv(x)
        return y + x if self.has_shortcut else y


def layer_at(place: Place, block: tuple[int, int] | None) -> nn.Module:
    """Make a layer: a block of this kernel and expansion, or an identity.

    Where an identity would have to change the shape, it is a 1×1 convolution with batch normalisation.
    """
    sources, targets, stride = place
    if block is not None:
        return InvertedResidual(place, *block)
    if stride == 1 and sources == targets:
        return nn.Identity()
    return nn.Sequential(nn.Conv2d(sources, targets, 1, stride, bias=False), nn.BatchNorm2d(targets))


def block(in_channels: int, out_channels: int, stride: int, kernel: int, expansion: int) -> nn.Module:
    """Make a block as a layer of a written space."""
    return layer_at((in_channels, out_channels, stride), (kernel, expansion))


def identity(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    """Make an identity as a layer of a written space."""
    return layer_at((in_channels, out_channels, stride), None)


class ChainNetwork(nn.Module):
    """Layers one after the other, between a 3×3 convolution and a 1×1 convolution with a global average.

    Args:
        blocks: The kernel and expansion of each layer's block; None for an identity.
        places: Where each layer stands.
        head_channels: Channels of the last convolution.
        classes: How many classes are told apart.
        image_channels: Colours of an image.
    """

    def __init__(
        self,
        blocks: Sequence[tuple[int, int] | None],
        places: Sequence[Place],
        head_channels: int,
        classes: int,
        image_channels: int,
    ) -> None:
        super().__init__()
        first, last = places[0][0], places[-1][1]
        self.stem = nn.Sequential(
            nn.Conv2d(image_channels, first, 3, padding=1, bias=False), nn.BatchNorm2d(first), nn.ReLU()
        )
        self.layers = nn.ModuleList(layer_at(*pair) for pair in zip(places, blocks, strict=True))
        self.out = nn.Sequential(
            nn.Conv2d(last, head_channels, 1, bias=False),
            nn.BatchNorm2d(head_channels),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
        )
        self.classifier = nn.Linear(head_channels, classes)

    def features(self, images: Tensor) -> Tensor:
        """Map images ``(batch, image_channels, size, size)`` to what enters the dense layer, ``(batch, channels)``."""
        x = self.stem(images)
        for layer in self.layers:
            x = layer(x)
        y: Tensor = self.out(x).flatten(1)
        return y

    def forward(self, images: Tensor) -> Tensor:
        """Map images ``(batch, image_channels, size, size)`` to logits ``(batch, classes)``."""
        logits: Tensor = self.classifier(self.features(images))
        return logits
