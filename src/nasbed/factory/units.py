"""Units: what the parts of a campaign are called, and what each of them trains.

``"<hash>/<epochs>/<repeat>"`` is a module at a budget: the first repeat of those that are trained in one pass. A fourth
part, as in ``"<hash>/<epochs>/<repeat>/2"``, is the second time that one repeat which was given up is tried again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from nasbed.core.store import Record, Store


@dataclass(frozen=True)
class Unit:
    """A pass over some repeats of a module at a budget.

    Attributes:
        module: Its hash.
        epochs: The budget.
        repeat: The first repeat.
        retry: How often what is given up has been tried again, this time included; 0 for a unit of the plan.
    """

    module: str
    epochs: int
    repeat: int
    retry: int = 0

    @classmethod
    def parse(cls, name: str) -> Self:
        """Read a unit's name."""
        module, *numbers = name.split("/")
        return cls(module, *map(int, numbers))

    def __str__(self) -> str:
        name = f"{self.module}/{self.epochs}/{self.repeat}"
        return f"{name}/{self.retry}" if self.retry else name

    def trains(self, together: int, repeats: int) -> range:
        """Say which repeats it trains, where so many of so many are trained together."""
        return range(self.repeat, self.repeat + 1 if self.retry else min(self.repeat + together, repeats))


class Training(NamedTuple):
    """What is recorded of one repeat of a module at a budget.

    Attributes:
        module: Its hash.
        epochs: The budget.
        repeat: The repeat.
        retry: As in ``Unit``.
        measured: ``TrainingResult.to_dict()``; empty when the worker died.
        failure: Why it was given up; None when it was not.
    """

    module: str
    epochs: int
    repeat: int
    retry: int
    measured: dict[str, Any]
    failure: str | None


def trainings(store: Store, together: int, repeats: int) -> Iterator[Training]:
    """Go through every training that a store has a record of."""
    for name, record in store:
        unit = Unit.parse(name)
        for number, repeat in enumerate(unit.trains(together, repeats)):
            measured = {} if record["value"] is None else record["value"]["repeats"][number]
            failure = record["error"] or measured["failure"]
            yield Training(unit.module, unit.epochs, repeat, unit.retry, measured, failure)


def given_up(store: Store, together: int, repeats: int) -> list[Training]:
    """Give those trainings that were given up each time they were tried; of each the last time."""
    last: dict[tuple[str, int, int], Training] = {}
    well = set()
    for training in trainings(store, together, repeats):
        which = training[:3]
        if training.failure is None:
            well.add(which)
        elif which not in last or training.retry > last[which].retry:
            last[which] = training
    return [training for which, training in last.items() if which not in well]


def failures(record: Record) -> int:
    """Count the trainings of a record that were given up; one when the whole unit was."""
    if record["value"] is None:
        return 1
    return sum(repeat["failure"] is not None for repeat in record["value"]["repeats"])
