"""Task: what networks learn and how they are judged: data, a loss, and a score that is high or low where it is good.

A loss and a score are functions of outputs and targets that give a number for each image, so that networks side by side
are judged in one call. Importing this does not import PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.printing import Printed
from nasbed.nets.data.pictures import Scale
from nasbed.readers.measure import Measure

if TYPE_CHECKING:
    from torch import Tensor

Judge = Callable[["Tensor", "Tensor"], "Tensor"]
"""From outputs, ``(n, …)``, and targets, ``(n, …)``, to a number for each image, ``(n,)``."""

ACCURACY = Measure("accuracy", unit="fraction", goal="max")
"""What classifiers are judged by."""

_TAKEN = ("loss", "training_time", "total_time", "params", "flops")
"""What else tables and searches have a number of."""


@dataclass(frozen=True, eq=False)
class Task(Printed):
    """What networks learn and how they are judged.

    What is left out is what classes, ``(n,)`` whole numbers from 0, or numbers to predict, floats, usually have:
    cross-entropy and accuracy, or squared error, of targets that are scaled to mean 0 and standard deviation 1, and the
    mean absolute error in the targets' own units.

    Attributes:
        data: The name of a data source, such as ``folder:PATH``; or a dataset of PyTorch's of images and targets, or a
            pair ``(images, targets)``; or such for each of ``train``, ``validation`` and ``test``, of which the last
            two may be missing. Tensors have channels first, ``(n, channels, size, size)``, arrays last.
        loss: Gives a loss for each image; of a loss of PyTorch's with ``reduction="none"`` an image's are averaged.
        score: Gives a score for each image; searches are told their mean over the validation images, tables have it.
        metric: What the score is called: ``iou``, ``mse``.
        unit: Of the score; ``fraction`` or ``percent`` where it is one.
        goal: Whether ``max`` or ``min`` of the score is good.
        outputs: How many numbers a network gives for an image; one for each class or target if 0.
        name: What errors call it.
        scale: Mean and standard deviation of the training targets, which the loss sees scaled, and by which outputs are
            scaled back before they are scored; None where outputs and targets are judged as they are.
        checksum: SHA-256 of the file that it is from, in hex; empty for what nasbed itself has.

    Raises:
        BadSetting: When there is a score without its name or goal, or one of them is not allowed.
    """

    data: Any = None
    loss: Judge | None = None
    score: Judge | None = None
    metric: str = ""
    unit: str = ""
    goal: str = ""
    outputs: int = 0
    name: str = "the task"
    scale: Scale | None = None
    checksum: str = ""

    def __post_init__(self) -> None:
        if self.score is None and (self.metric or self.unit or self.goal):
            raise BadSetting(f"{self.name} names a metric but has no score, which computes it: Task(score=…)")
        if self.score is None:
            return
        if not self.metric.isidentifier() or self.metric in _TAKEN:
            taken = f"; {', '.join(_TAKEN)} are taken" if self.metric in _TAKEN else ""
            raise BadSetting(
                f"the score of {self.name} needs a name of letters, such as metric='mse', not {self.metric!r}{taken}"
            )
        if self.goal not in ("max", "min"):
            raise BadSetting(
                f"is a high {self.metric} good or a low one? Say goal='max' or goal='min', not {self.goal!r}"
            )
        if self.metric.endswith("accuracy") and (self.unit not in ("fraction", "percent") or self.goal != "max"):
            raise BadSetting(
                f"{self.metric} is high where it is good and has a unit: unit='fraction' or unit='percent'"
            )

    @property
    def measure(self) -> Measure:
        """What the score is."""
        return Measure(self.metric, unit=self.unit, goal=self.goal)

    def completed(self, targets: NDArray[Any], classes: int) -> Task:
        """Return the task with a loss and a score, where these were left out, and the number of outputs.

        Args:
            targets: Those of the training images, ``(n,)`` classes or ``(n, …)``.
            classes: How many there are; 0 for numbers to predict.

        Raises:
            BadSetting: When there is no usual loss or score of such targets.
        """
        numbers = targets.dtype.kind == "f" and targets.ndim == 2
        if (self.loss is None or self.score is None) and not (classes or numbers):
            raise BadSetting(
                f"the targets of {self.name} are {targets.dtype} of shape {targets.shape}, for which there is no usual "
                "loss and score; give both: Task(loss=…, score=…, metric=…, goal=…)"
            )
        outputs = self.outputs or classes or (targets.shape[1] if numbers else 0)
        if not outputs:
            raise BadSetting(f"how many numbers do networks give for an image of {self.name}? Say Task(outputs=…)")
        found = replace(self, outputs=outputs)
        if self.loss is None:
            scale = None if classes else _scale_of(targets, self.name)
            found = replace(found, loss=cross_entropy if classes else squared_error, scale=scale)
        if self.score is None:
            usual = ACCURACY if classes else Measure("mae", goal="min")
            judge = is_correct if classes else absolute_error
            found = replace(found, score=judge, metric=usual.metric, unit=usual.unit, goal=usual.goal)
        return found

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of each image, ``(n,)``.

        Raises:
            BadSetting: When the loss gives anything else.
        """
        if self.scale is not None:
            mean, std = self._moments(targets)
            targets = (targets - mean) / std
        return self._each("loss", self.loss, outputs, targets)

    def imitation(self, outputs: Tensor, others: Tensor) -> Tensor:
        """Return, for each image, how far outputs are from those of another network, ``(n,)``: distillation.

        Of classes it is the cross-entropy of the other's softmax, of anything else the mean squared difference.
        """
        if self.loss is cross_entropy:
            return cross_entropy(outputs, others.softmax(dim=1))
        return squared_error(outputs, others).flatten(1).mean(dim=1)

    def scores(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the score of each image, ``(n,)``: of floats, or of truth values that are counted.

        Raises:
            BadSetting: When the score gives anything else.
        """
        if self.scale is not None:
            mean, std = self._moments(targets)
            outputs = outputs * std + mean
        return self._each("score", self.score, outputs, targets)

    def mean_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss, one number."""
        return self.losses(outputs, targets).mean()

    def describe(self) -> dict[str, Any]:
        """Return what it is in plain values; the scale of targets too, by which a network's outputs are read."""
        said = {"name": self.name, "metric": self.metric, "unit": self.unit, "goal": self.goal}
        scale = {} if self.scale is None else {"mean": list(self.scale.mean), "std": list(self.scale.std)}
        return said | scale

    def _moments(self, like: Tensor) -> tuple[Tensor, Tensor]:
        scale: Any = self.scale
        return like.new_tensor(scale.mean), like.new_tensor(scale.std)

    def _each(self, what: str, judge: Judge | None, outputs: Tensor, targets: Tensor) -> Tensor:
        """Call a function, and see that it gives a number for each image."""
        assert judge is not None  # a task is completed before it judges
        found, images = judge(outputs, targets), len(targets)
        shape = getattr(found, "shape", None)
        if shape is None or len(shape) == 0 or shape[0] != images:
            given = f"{type(found).__name__}" if shape is None else f"{tuple(shape)}" if len(shape) else "one number"
            raise BadSetting(
                f"the {what} of {self.name} gives {given} for {images} images, with outputs {tuple(outputs.shape)} and "
                f"targets {tuple(targets.shape)}; it must give a number for each, ({images},), as a loss of PyTorch's "
                "does with reduction='none'"
            )
        return found if len(shape) == 1 else found.flatten(1).float().mean(dim=1)


def _scale_of(targets: NDArray[Any], name: str) -> Scale:
    wide = targets.astype(np.float64)
    mean, std = wide.mean(axis=0), wide.std(axis=0)
    if not std.all():
        raise BadSetting(f"a target is the same for all training images of {name}; nothing can be learned of it")
    return Scale(tuple(mean.tolist()), tuple(std.tolist()))


def cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the cross-entropy of logits and classes ``(n,)`` or their chances ``(n, classes)``, in nats, ``(n,)``."""
    from torch.nn import functional

    return functional.cross_entropy(outputs, targets, reduction="none")


def is_correct(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return whether the highest of the logits is that of the class, ``(n,)``."""
    return outputs.argmax(dim=1) == targets


def squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the squared error, ``(n, targets)``."""
    return (outputs - targets).square()


def absolute_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the absolute error, ``(n, targets)``."""
    return (outputs - targets).abs()


def usual(targets: NDArray[Any], classes: int) -> Task:
    """Return the task of data that bring none: classification of images, or regression."""
    return Task(name="classification" if classes else "regression").completed(targets, classes)


def metric_of(plan: Mapping[str, Any]) -> Measure:
    """Return what the score of a plan is, which names it where it is no accuracy."""
    return Measure(**plan["task"]) if "task" in plan else ACCURACY


def heading(measure: Measure) -> str:
    """Return what stands above numbers that ``written`` writes: ``%`` of accuracies, else ``mae (years)``."""
    return (
        "%" if measure.words == "accuracy" else f"{measure.metric} ({measure.unit})" if measure.unit else measure.metric
    )


def written(measure: Measure, value: float) -> str:
    """Write a score: an accuracy in percent, with two decimals; anything else as it is, with six digits."""
    return f"{100 * measure.told(value):.2f}" if measure.words == "accuracy" else f"{value:.6g}"


def in_plan(measure: Measure) -> dict[str, Any]:
    """Return what a plan says of a score: nothing of accuracy, as stores of version 0.1."""
    return {} if measure == ACCURACY else {"task": in_short(measure)}


def in_short(measure: Measure) -> dict[str, str]:
    """Return what a score is in plain values."""
    return {name: getattr(measure, name) for name in ("metric", "unit", "goal")}
