"""What numbers of results are: what was measured, on which images of which data set, of which trainings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nasbed.core.errors import BadSetting
from nasbed.core.meaning import Configured

Seed = int | str
MEAN = "mean"
"""Stands in the place of a seed where a source has but the mean over seeds."""

SPLITS = {"validation": "valid", "x-valid": "valid", "x-test": "test", "ori-test": "test"}
"""What sources call splits that are not train, valid and test."""

_ALLOWED = {
    "split": ("", "train", "valid", "test", *SPLITS),
    "goal": ("max", "min"),
    "role": ("told", "reported", "cost", "detail"),
}
_ROLE = {"train": "detail", "valid": "told", "test": "reported", "": "cost"}
_LOW = ("s", "seconds", "ms", "mJ", "nats")  # units of what is good when it is low
_SHARES = {"percent": "%", "fraction": ""}  # and what stands for them behind a number


@dataclass(frozen=True)
class Measure(Configured):
    """What the numbers of a column are.

    Attributes:
        metric: What was measured: ``accuracy``, ``loss``, ``training_time``, ``params``, ….
        split: ``train``, ``valid`` or ``test``, or what the source calls one of them, such as ``ori-test``, of which
            ``published`` keeps the name; empty for what is about no images.
        data: The data set.
        recipes: The recipes of the trainings, one of them where the column has no axis for recipes.
        seeds: Of the trainings; ``"mean"`` where there is but their mean.
        epochs: After how many epochs, 0 being before training: those of the axis or, without one, one for each recipe.
        repeats: Numbers of the measurements of one training, such as those of its latency.
        axes: Which axes follow that of the architectures, in this order: ``recipe``, ``seed``, ``epoch``, ``repeat``.
        unit: ``percent``, ``fraction``, ``s``, …; empty for none.
        goal: Whether ``max`` or ``min`` is good; what the metric, the unit and the split suggest if not given: a loss
            or an error is good when it is low, ``l1_loss``, unless it is a negative one, ``neg_loss``.
        role: What a search may be ``told``, what only a report may read (``reported``), what is a ``cost``; all else
            is a ``detail``; what the split suggests if not given.
        published: What the source calls the split.
        meaning: A sentence.
    """

    metric: str
    split: str = ""
    data: str = ""
    recipes: tuple[str, ...] = ()
    seeds: tuple[Seed, ...] = ()
    epochs: tuple[int, ...] = ()
    repeats: tuple[int, ...] = ()
    axes: tuple[str, ...] = ()
    unit: str = ""
    goal: str = ""
    role: str = ""
    published: str = ""
    meaning: str = ""

    def __post_init__(self) -> None:
        split = SPLITS.get(self.split, self.split)
        words = set(self.metric.split("_"))
        is_loss = words & {"loss", "error"} and not words & {"neg", "negative"}
        low = self.unit in _LOW or is_loss or not split
        default = {"goal": "min" if low else "max", "role": _ROLE.get(split, "detail"), "published": self.split}
        for name, value in default.items():
            object.__setattr__(self, name, getattr(self, name) or value)
        for name, allowed in _ALLOWED.items():
            if getattr(self, name) not in allowed:
                raise BadSetting(f"{name} is {getattr(self, name)!r}; it is one of {', '.join(filter(None, allowed))}")
        if not self.metric:
            raise BadSetting("what was measured needs a name: metric=accuracy")
        object.__setattr__(self, "split", split)

    @property
    def shape(self) -> tuple[int, ...]:
        """How long the axes behind that of the architectures are."""
        return tuple(len(getattr(self, f"{axis}s")) for axis in self.axes)

    @property
    def is_accuracy(self) -> bool:
        """Whether it is a share of what was predicted correctly."""
        return self.metric.endswith("accuracy") and self.unit in _SHARES and self.goal == "max"

    @property
    def words(self) -> str:
        """What ``told`` gives: ``accuracy``, in [0, 1], or what else, with its unit, as in ``negative mae (years)``."""
        if self.is_accuracy:
            return "accuracy"
        unit = _SHARES.get(self.unit, self.unit)
        negative = "negative " if self.goal == "min" else ""
        return f"{negative}{self.metric.replace('_', ' ')}{f' ({unit})' if unit else ''}"

    def told(self, values: Any) -> Any:
        """Return what a search is told of values: more of it is better, and an accuracy in percent is a fraction."""
        if self.is_accuracy:
            return values / 100.0 if self.unit == "percent" else values
        return values if self.goal == "max" else -values

    @property
    def is_trained(self) -> bool:
        """Whether it is about trainings, and not about architectures alone."""
        return bool(self.recipes or self.split)

    @property
    def name(self) -> str:
        """``200/cifar10-valid/x-valid/accuracy``: recipe, data set, split as published, metric, as far as there are."""
        recipe = self.recipes[0] if len(self.recipes) == 1 else ""
        return "/".join(filter(None, (recipe, self.data, self.published, self.metric)))

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that say something, JSON-able."""
        return {name: value for name, value in vars(self).items() if value}

    @classmethod
    def of(cls, about: dict[str, Any]) -> Measure:
        """Read what ``to_dict`` gave, among other things."""
        said: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in about.items()}
        return cls(**{name: said[name] for name in cls.__dataclass_fields__ if name in said})
