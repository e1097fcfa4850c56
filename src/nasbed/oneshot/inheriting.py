"""Inheriting: how good an architecture is with the weights of a supernet, without training of its own.

What its normalisations read decides the answer as much as the weights do. ``batch``: the images that are judged, in
full batches. ``tracked``: averages of the supernet's training, in which all architectures had a share.
``recalibrated``: averages of the architecture's own, over some training images, as in SPOS.

Reference: Guo et al., ECCV 2020, https://arxiv.org/abs/1904.00420, section 3.4
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from nasbed.core.errors import BadSetting
from nasbed.nets.data.source import Data, Part
from nasbed.nets.supernet import Supernet
from nasbed.oneshot.methods import Normalisation

_SEED = 0  # of the order in which images are judged and normalisations recalibrated: the same for all architectures


@dataclass(frozen=True, eq=False)
class Inherited:
    """Judges architectures by a supernet's weights, which stay as they are.

    Attributes:
        net: The supernet.
        data: The images, on its device.
        normalisation: What normalisations read: ``batch``, ``tracked`` or ``recalibrated``.
        batch: Images at a time.
        calibration: How many training images, in full batches, ``recalibrated`` averages are of.
    """

    net: Supernet
    data: Data
    normalisation: Normalisation = "batch"
    batch: int = 64
    calibration: int = 1024

    def __post_init__(self) -> None:
        """See that the settings fit together.

        Raises:
            BadSetting: When they do not.
        """
        if self.batch < 2:
            raise BadSetting(f"a batch has 2 images at least, since normalisations read it, not {self.batch}")
        if self.normalisation not in get_args(Normalisation):
            raise BadSetting(f"normalisation is {', '.join(get_args(Normalisation))}, not {self.normalisation!r}")
        if (self.normalisation == "tracked") and not self.net.tracked:
            raise BadSetting(
                "normalisation 'tracked' reads averages of the supernet's training, and this supernet tracked none; "
                "use recalibrated or batch, or train with tracked=True"
            )
        if (self.normalisation == "batch") and self.net.tracked:
            raise BadSetting("this supernet tracked averages; use tracked or recalibrated normalisation")

    def __call__(
        self, architecture: ArrayLike | str, split: str = "validation", first: int = 0, most: int = 0
    ) -> float:
        """Return the mean score of an architecture; more is better, whatever the data are judged by.

        Args:
            architecture: Its row, ``(decisions,)``, or a text that the space reads.
            split: ``validation`` or ``test``.
            first: Which of the images is the first, in a fixed order; behind the last follows the first.
            most: How many images; 0 for all. Only full batches count, unless averages are kept.
        """
        return self.score(self.scorer(architecture), split, first, most)

    def scorer(self, architecture: ArrayLike | str) -> nn.Module:
        """Return what maps images to logits as an architecture does, to be asked in evaluation."""
        if self.normalisation == "recalibrated":
            return self.recalibrated(architecture)
        return Path(self.net, self.net.one_hot(architecture))

    def score(self, scorer: nn.Module, split: str = "validation", first: int = 0, most: int = 0) -> float:
        """Return the mean score of what ``scorer`` gave; see ``__call__``."""
        part: Part = getattr(self.data, split)
        order = self._orders[split].roll(-first)[: most or len(part)]
        size = min(self.batch, len(order))
        if self.normalisation == "batch":
            order = order[: len(order) // size * size]
        was, found = self.net.training, list[Tensor]()
        self.net.eval()
        try:
            with torch.no_grad():
                for numbers in torch.split(order, size):
                    images, labels = self._images(part, numbers)
                    found.append(self.data.task.scores(scorer(images), labels))
        finally:
            self.net.train(was)
        return float(self.data.task.measure.told(float(torch.cat(found).double().mean())))

    def recalibrated(self, architecture: ArrayLike | str) -> nn.Module:
        """Return the network of an architecture whose normalisations have averages of training images, to evaluate.

        It has the supernet's parameters. Averages are plain means over batches.
        """
        network = self.net.subnet(architecture).eval()
        norms = [one for one in network.modules() if isinstance(one, _BatchNorm)]
        for one in norms:
            one.reset_running_stats()
            one.momentum = None
            one.train()
        order = self._orders["train"][: self.calibration]
        size = min(self.batch, len(order))
        with torch.no_grad():
            for numbers in torch.split(order[: len(order) // size * size], size):
                network(self._images(self.data.train, numbers)[0])
        return network.eval()

    def _images(self, part: Part, numbers: Tensor) -> tuple[Tensor, Tensor]:
        there = numbers.to(part.labels.device)
        like = next(self.net.parameters())
        return part.normal(part.images[there]).permute(0, 3, 1, 2).to(like), part.labels[there]

    @cached_property
    def _orders(self) -> dict[str, Tensor]:
        """The order of the images of each part: their own may go by classes."""
        generator = torch.Generator().manual_seed(_SEED)
        parts = ("train", "validation", "test")
        return {part: torch.randperm(len(getattr(self.data, part)), generator=generator) for part in parts}


class Path(nn.Module):
    """A supernet with some coefficients, as a network."""

    def __init__(self, net: Supernet, coefficients: tuple[Tensor, ...]) -> None:
        super().__init__()
        self.net, self.coefficients = net, coefficients

    def forward(self, images: Tensor) -> Tensor:
        """Map images to logits."""
        logits: Tensor = self.net(images, self.coefficients)
        return logits
