"""Long training: what came of one, in figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from nasbed.nets.results import Accuracy


@dataclass(frozen=True)
class Measurement:
    """What was measured at one moment of a long training.

    Attributes:
        step: Steps made.
        epoch: How often the training images had been seen, on average; 0 at the start.
        training_time: Seconds spent on training steps so far, as ``Clock`` counts them.
        loss: Mean cross-entropy of the last step's images.
        accuracies: By the part of the data: ``train``, ``test`` and, where it is held out, ``validation``.
    """

    step: int
    epoch: float
    training_time: float
    loss: float
    accuracies: Mapping[str, Accuracy]

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values, accuracies as ``[correct, images]``; ``from_dict`` makes it again."""
        return {**vars(self), "accuracies": {part: list(accuracy) for part, accuracy in self.accuracies.items()}}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make it of what ``to_dict`` gave."""
        accuracies = {part: Accuracy(*counts) for part, counts in values["accuracies"].items()}
        return cls(**{**values, "accuracies": accuracies})


@dataclass(frozen=True)
class LongTraining:
    """What came of a long training so far.

    Attributes:
        trainable_parameters: Of the network.
        epochs: How long it is.
        led_by: The part of the data by whose accuracy ``best`` is chosen. Where that is ``test``, as nothing else is
            held out, the best test accuracy is too good an estimate; the last one is not.
        step: How many steps are made.
        steps: Of how many.
        measurements: In their order.
        failure: Why it ended early, in one line; None when it did not.
    """

    trainable_parameters: int
    epochs: int
    led_by: str
    step: int
    steps: int
    measurements: tuple[Measurement, ...]
    failure: str | None = None

    @property
    def best(self) -> Measurement | None:
        """The first of the highest accuracy; None before anything is measured."""
        return max(self.measurements, key=self._led, default=None)

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values; accuracies are ``[correct, images]``, times in seconds."""
        return {
            **vars(self),
            "measurements": [measurement.to_dict() for measurement in self.measurements],
            "best": None if self.best is None else self.best.to_dict(),
        }

    def _led(self, measurement: Measurement) -> float:
        return measurement.accuracies[self.led_by].value

    @property
    def standing(self) -> str:
        """How far it is, in half a sentence."""
        text = f"at epoch {self.epochs * self.step / self.steps:.1f} of {self.epochs}"
        if self.best is None:
            return f"{text}, nothing measured yet"
        last = self.measurements[-1]
        return (
            f"{text}, {self.led_by} accuracy {100 * self._led(last):.2f} % at epoch {last.epoch:.1f} "
            f"(the best {100 * self._led(self.best):.2f} % at epoch {self.best.epoch:.1f})"
        )
