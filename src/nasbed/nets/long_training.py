"""Long training: what came of one, in figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from nasbed.nets.results import Score
from nasbed.nets.task import ACCURACY, in_short, written
from nasbed.readers.measure import Measure


@dataclass(frozen=True)
class Measurement:
    """What was measured at one moment of a long training.

    Attributes:
        step: Steps made.
        epoch: How often the training images had been seen, on average; 0 at the start.
        training_time: Seconds spent on training steps so far, as ``Clock`` counts them.
        loss: Mean loss of the last step's images.
        scores: By the part of the data: ``train``, ``test`` and, where it is held out, ``validation``.
    """

    step: int
    epoch: float
    training_time: float
    loss: float
    scores: Mapping[str, Score]

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values, scores as ``[total, images]``; ``from_dict`` makes it again."""
        return {**vars(self), "scores": {part: list(score) for part, score in self.scores.items()}}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make it of what ``to_dict`` gave."""
        return cls(**{**values, "scores": {part: Score(*score) for part, score in values["scores"].items()}})


@dataclass(frozen=True)
class LongTraining:
    """What came of a long training so far.

    Attributes:
        trainable_parameters: Of the network.
        epochs: How long it is.
        led_by: The part of the data by whose score ``best`` is chosen. Where that is ``test``, as nothing else is
            held out, the best test score is too good an estimate; the last one is not.
        step: How many steps are made.
        steps: Of how many.
        measurements: In their order.
        failure: Why it ended early, in one line; None when it did not.
        measure: What the scores are.
    """

    trainable_parameters: int
    epochs: int
    led_by: str
    step: int
    steps: int
    measurements: tuple[Measurement, ...]
    failure: str | None = None
    measure: Measure = ACCURACY

    @property
    def best(self) -> Measurement | None:
        """The first of the best score; None before anything is measured."""
        return max(self.measurements, key=lambda one: float(self.measure.told(self._led(one))), default=None)

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values; scores are ``[total, images]``, times in seconds."""
        return {
            **vars(self),
            "measure": in_short(self.measure),
            "measurements": [measurement.to_dict() for measurement in self.measurements],
            "best": None if self.best is None else self.best.to_dict(),
        }

    def shown(self, measurement: Measurement) -> str:
        """Write the score by which ``best`` is chosen, with its unit."""
        unit = "%" if self.measure.words == "accuracy" else self.measure.unit
        return f"{written(self.measure, self._led(measurement))} {unit}".strip()

    def _led(self, measurement: Measurement) -> float:
        return measurement.scores[self.led_by].value

    @property
    def standing(self) -> str:
        """How far it is, in half a sentence."""
        text = f"at epoch {self.epochs * self.step / self.steps:.1f} of {self.epochs}"
        if self.best is None:
            return f"{text}, nothing measured yet"
        last = self.measurements[-1]
        return (
            f"{text}, {self.led_by} {self.measure.metric} {self.shown(last)} at epoch {last.epoch:.1f} (the best "
            f"{self.shown(self.best)} at epoch {self.best.epoch:.1f})"
        )
