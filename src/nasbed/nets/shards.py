"""Shards: batch normalisation whose statistics are of so many images, a part of a batch, in training.

NAS-Bench-101's published program trains batches of 256 images on the two cores of a TPU, 128 on each
(``tpu_num_shards`` in its ``config``), and TensorFlow normalises what a core has by its own mean and variance. Hoffer
et al., NeurIPS 2017, https://arxiv.org/abs/1705.08741, call it ghost batch normalisation.

Each core moves running averages of its own. Which of them were read, the published program leaves to its estimator;
TensorFlow's layer asks for their mean (``synchronization=ON_READ, aggregation=MEAN``), and so does this one. An average
is moved by a multiple of the statistics, so that the mean of the cores' averages is one average, which the mean of
their statistics moves.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

Normalise = Callable[[Tensor, Tensor | None, Tensor | None], Tensor]
"""Normalises images by their own statistics, and moves the running mean and variance that it is given."""


def in_shards(images: Tensor, size: int, mean: Tensor | None, variance: Tensor | None, normalise: Normalise) -> Tensor:
    """Normalise so many images at a time, and move the running averages by the mean of what each of them would do.

    Args:
        images: ``(batch, channels, height, width)``.
        size: How many images at a time; a last part of fewer is normalised by itself.
        mean: The running mean, ``(channels,)``; None where there is none.
        variance: The running variance.
        normalise: What is done with each part.
    """
    parts, means, variances = [], [], []
    for shard in torch.split(images, size):
        averages = [None if one is None else one.clone() for one in (mean, variance)]
        parts.append(normalise(shard, *averages))
        means.append(averages[0])
        variances.append(averages[1])
    with torch.no_grad():
        for average, found in ((mean, means), (variance, variances)):
            if average is not None:
                average.copy_(torch.stack([one for one in found if one is not None]).mean(dim=0))
    return torch.cat(parts)


class ShardNorm(nn.BatchNorm2d):
    """Batch normalisation over so many images at a time, in training.

    Attributes:
        images: How many.
    """

    images = 0

    @classmethod
    def of(cls, layer: nn.BatchNorm2d, images: int) -> ShardNorm:
        """Make one of a batch normalisation, with its parameters and averages themselves."""
        found = cls(layer.num_features, layer.eps, layer.momentum, layer.affine, layer.track_running_stats)
        found._parameters, found._buffers = layer._parameters, layer._buffers
        found.images = images
        return found.train(layer.training)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        if not self.training or len(x) <= self.images:
            return super().forward(x)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)

        def normalise(shard: Tensor, mean: Tensor | None, variance: Tensor | None) -> Tensor:
            return nn.functional.batch_norm(
                shard, mean, variance, self.weight, self.bias, True, self.momentum or 0.0, self.eps
            )

        return in_shards(x, self.images, self.running_mean, self.running_var, normalise)


def sharded(network: nn.Module, images: int) -> nn.Module:
    """Let every batch normalisation of a network, in place, take so many images at a time; give the network."""
    for name, layer in network.named_children():
        if type(layer) is nn.BatchNorm2d:
            network.add_module(name, ShardNorm.of(layer, images))
        else:
            sharded(layer, images)
    return ShardNorm.of(network, images) if type(network) is nn.BatchNorm2d else network
