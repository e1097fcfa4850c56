"""Course: how a one-shot search went, epoch by epoch, as plain values that need no PyTorch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.checked import read_json, write_json
from nasbed.core.errors import CorruptFile
from nasbed.core.printing import Card, Printed, Shown
from nasbed.core.registry import spaces
from nasbed.core.space import Space

COURSE = "course.json"
"""The file of a course in the folder of its search."""

FORM = "nasbed.course.1"
_REMEDY = "run the search's command again, which writes it anew"


@dataclass(frozen=True)
class Moment(Shown):
    """How a search stood after an epoch.

    Attributes:
        epoch: From 1.
        step: How many steps were made.
        training_loss: Mean over the epoch's steps, of the weights' descent.
        validation_loss: Mean over the epoch's steps, of the architecture parameters' descent; None where they rested.
        entropy: Mean over decisions of that of their chances, in nats; None where there are no parameters.
        architecture: What would be derived, as text; empty where inherited weights choose it, which takes its time.
        row: The same, canonical; empty likewise.
        skips: How many of its decisions that count chose to pass on what they read.
        alphas: The chances of each decision's values, by its name.
        known: What a table has of the architecture, by measurement.
        better: The share of the table's architectures that are worse, likewise; none where it lacks some.
    """

    epoch: int
    step: int
    training_loss: float
    validation_loss: float | None
    entropy: float | None
    architecture: str = ""
    row: Sequence[int] = ()
    skips: int | None = None
    alphas: Mapping[str, Sequence[float]] = field(default_factory=dict)
    known: Mapping[str, float] = field(default_factory=dict)
    better: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Ranked(Shown):
    """Architectures by inherited weights and by a table.

    Attributes:
        rows: They, ``(n, decisions)`` in lists.
        inherited: The share of validation images that each classifies right with the supernet's weights.
        known: What the table has of each, by measurement.
    """

    rows: Sequence[Sequence[int]]
    inherited: Sequence[float]
    known: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Course(Printed):
    """How a one-shot search went so far.

    Attributes:
        method: Its name.
        described: The space, as ``spaces.make`` makes it: its ``name`` and its settings.
        data: What it was trained on.
        seed: Of the search.
        epochs: How many it has in all.
        decisions: Name and values of each decision, as text.
        moments: One an epoch so far.
        ranked: Architectures by inherited weights, once it has ended where a table is known.
        plan: All that decides what comes of it.
    """

    method: str
    described: Mapping[str, Any]
    data: str
    seed: int
    epochs: int
    decisions: Sequence[tuple[str, Sequence[str]]]
    moments: Sequence[Moment] = ()
    ranked: Ranked | None = None
    plan: Mapping[str, Any] = field(default_factory=dict)

    @property
    def space(self) -> Space:
        """The space."""
        settings = dict(self.described)
        made: Space = spaces.make(settings.pop("name"), settings)
        return made

    @property
    def measured(self) -> list[str]:
        """The measurements of the table, where one is known."""
        return list(self.moments[-1].known) if self.moments else []

    @property
    def lines(self) -> dict[str, Sequence[float | None]]:
        """Losses and entropy after each epoch, by what they are called; None where there is none."""
        return {
            "training loss": [moment.training_loss for moment in self.moments],
            "validation loss": [moment.validation_loss for moment in self.moments],
            "entropy (nats)": [moment.entropy for moment in self.moments],
        }

    def alphas(self, decision: str) -> NDArray[np.float64]:
        """Return the chances of a decision's values after each epoch, ``(epochs, values)``; none without parameters."""
        return np.array([moment.alphas.get(decision, ()) for moment in self.moments])

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values; ``from_dict`` makes it again."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Course:
        """Make it of what ``to_dict`` gave."""
        ranked = values["ranked"]
        return cls(
            **{
                **values,
                "decisions": tuple((name, tuple(some)) for name, some in values["decisions"]),
                "moments": tuple(Moment(**one) for one in values["moments"]),
                "ranked": None if ranked is None else Ranked(**ranked),
            }
        )

    def write(self, path: Path) -> Path:
        """Write it, whole or not at all, and give the path."""
        return write_json(path, {"form": FORM, **self.to_dict()})

    @classmethod
    def read(cls, path: str | Path) -> Course:
        """Read what ``write`` wrote, or the folder of a search.

        Raises:
            BadSetting: When it cannot be read.
            CorruptFile: When it is damaged or something else.
        """
        path = Path(path)
        path = path / COURSE if path.is_dir() else path
        found = read_json(path, "the course of a one-shot search", _REMEDY)
        if found.pop("form", None) != FORM:
            raise CorruptFile(f"{path} is not the course of a one-shot search ({FORM})")
        return cls.from_dict(found)

    def _card(self) -> Card:
        last = self.moments[-1] if self.moments else None
        facts: dict[str, Any] = {"epochs": f"{len(self.moments)} of {self.epochs}", "seed": self.seed}
        if last is not None:
            entropy = None if last.entropy is None else f"{last.entropy:.4f} nats"
            facts |= {"architecture": last.architecture, "entropy": entropy, "skips": last.skips}
            facts |= dict(last.known)
        return Card(f"Course of {self.method} on {self.described['name']} and {self.data}", facts=facts)
