"""Results: what is measured of a training.

Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635: at the start, halfway and at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nasbed.core.printing import Printed
from nasbed.nets.diagnostics import Diagnostics

POINTS = ("start", "halfway", "end")
"""When test images are looked at, too: the published moments."""


class Score(NamedTuple):
    """The scores of some images, added up: of accuracy how many were told right, an integer."""

    total: float
    images: int

    @property
    def value(self) -> float:
        """The mean: of accuracy the fraction, in [0, 1]."""
        return self.total / self.images


@dataclass(frozen=True)
class Point:
    """What was measured at one moment of a training.

    Attributes:
        epoch: How often the training images had been seen, on average; 0 at the start.
        training_time: Seconds spent on training steps so far, as ``Clock`` counts them.
        train: Score on (the first) training images, without augmentation.
        validation: Score on validation images.
        test: Score on test images; None at other moments than ``POINTS``.
        losses: Mean loss on the images of each part, by its name.
    """

    epoch: float
    training_time: float
    train: Score
    validation: Score
    test: Score | None = None
    losses: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values: scores as ``[total, images]``, times in seconds."""
        return {
            "epoch": self.epoch,
            "training_time": self.training_time,
            **{part: list(getattr(self, part)) for part in self.losses},
            "losses": dict(self.losses),
        }


@dataclass(frozen=True)
class TrainingResult(Printed):
    """What came of one training.

    Attributes:
        trainable_parameters: Of the network.
        seed: What the training was seeded with.
        points: By the names of ``Recipe.moments``, ``start``, ``halfway``, ``end``; those that were reached.
        total_time: Seconds from building the network to the last measurement, as ``Clock`` counts them. Of repeats that
            were trained in one pass each is given an equal share of the pass's times.
        failure: Why the training ended early, in one line; None when it did not.
        diagnostics: What the network made of the probe batch; None where that was not asked for or not reached.
    """

    trainable_parameters: int
    seed: int
    points: Mapping[str, Point]
    total_time: float
    failure: str | None = None
    diagnostics: Diagnostics | None = field(default=None, compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values: scores as ``[total, images]``, times in seconds; diagnostics stay out."""
        return {
            "trainable_parameters": self.trainable_parameters,
            "seed": self.seed,
            "points": {name: point.to_dict() for name, point in self.points.items()},
            "total_time": self.total_time,
            "failure": self.failure,
        }
