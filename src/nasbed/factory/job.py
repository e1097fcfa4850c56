"""Job: what a campaign trains, and the units that follow from it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from nasbed.core.errors import BadSetting
from nasbed.core.printing import Printed
from nasbed.core.records import Archs
from nasbed.core.registry import spaces
from nasbed.core.seeds import derived_seed
from nasbed.core.space import Space
from nasbed.factory.units import Unit
from nasbed.nets.blueprint import Blueprint, blueprint_of, some_rows
from nasbed.nets.recipe import Recipe
from nasbed.nets.task import ACCURACY, in_plan, metric_of
from nasbed.readers.measure import Measure

SMALL = 2**13
"""Numbers that the first layer of a small network makes of an image, at most: ``digits101`` has 2⁹, the published
networks 2¹⁴ and 2¹⁷."""


def usual_together(blueprint: Blueprint, repeats: int) -> int:
    """Say how many repeats are trained in one pass where nobody says: all in small networks, one in others.

    Small networks are bound by the number of calls, which a pass over all repeats divides; large ones are bound by
    arithmetic and memory, and want their repeats on as many machines as there are.
    """
    first = next(iter(blueprint.layers(some_rows(blueprint.space))), None)
    return repeats if first is None or int(np.max(first.targets)) * first.pixels <= SMALL else 1


_NUMBERS = ("repeats", "together", "seed", "attempts", "time_limit")
"""The settings of a job that its plan has as they are."""

_PARTS = ("sample", "unique")
"""Likewise, where they are set."""

_IN_VAIN = 100  # so often, in a row, all that was drawn was there

BESIDE = 48
"""So many small networks fill a pass: more gain little, and lose more when a worker dies."""


def usual_beside(blueprint: Blueprint, together: int) -> int:
    """Say how many architectures of one group a pass trains at most where nobody says.

    Only small networks gain, and only those that have a repeat beside them anyway are the same with more.
    """
    return max(1, BESIDE // together) if together > 1 and usual_together(blueprint, together) > 1 else 1


@dataclass(frozen=True)
class Job(Printed):
    """The settings that decide every result of a campaign.

    Attributes:
        blueprint: How the architectures of its space become networks.
        data: What they are trained on, by the data source's name.
        recipe: How.
        budgets: Epochs, ascending; each is a training of its own.
        repeats: Trainings of an architecture at a budget.
        together: How many of them one pass trains side by side. Rounding depends on it, seeds do not.
        seed: Of the whole campaign.
        attempts: After how many failures a training is given up.
        time_limit: Seconds of a training after which it stops; None for none.
        sample: How many different architectures are drawn to be trained; None for all that the space numbers.
        unique: Whether, of architectures with one key, only the first is trained.
        measure: What networks are judged by, which follows from the data.
    """

    blueprint: Blueprint
    data: str
    recipe: Recipe
    budgets: tuple[int, ...]
    repeats: int
    together: int
    seed: int
    attempts: int
    time_limit: float | None = None
    sample: int | None = None
    unique: bool = False
    measure: Measure = ACCURACY

    def __post_init__(self) -> None:
        if not self.budgets or any(epochs < 1 for epochs in self.budgets):
            raise BadSetting(f"budgets are one or more positive numbers of epochs, not {list(self.budgets)}")
        if list(self.budgets) != sorted(set(self.budgets)):
            raise BadSetting(f"budgets must ascend and differ: {sorted(set(self.budgets))}, not {list(self.budgets)}")
        for name in ("repeats", "attempts"):
            if getattr(self, name) < 1:
                raise BadSetting(f"{name} must be at least 1, not {getattr(self, name)}")
        if not 1 <= self.together <= self.repeats:
            raise BadSetting(f"together, of {self.repeats} repeats, is from 1 to {self.repeats}, not {self.together}")
        if self.seed < 0:
            raise BadSetting(f"the seed must not be negative; it is {self.seed}")
        if self.sample is not None and self.sample < 1:
            raise BadSetting(f"a sample has at least one architecture, not {self.sample}")
        if self.sample is None and not self.space.is_enumerable:
            raise BadSetting(
                f"the space {self.space.name} cannot be listed; say how many of its architectures are drawn: --sample N"
            )

    @classmethod
    def of_plan(cls, plan: Mapping[str, Any]) -> Self:
        """Make it again from what ``plan`` gave."""
        settings: dict[str, Any] = dict(plan["space"])
        settings = {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}
        space: Space = spaces.make(settings.pop("name"), settings)
        return cls(
            blueprint=blueprint_of(space, **plan["skeleton"]),
            recipe=Recipe(**plan["recipe"]),
            budgets=tuple(plan["budgets"]),
            data=plan["data"],
            measure=metric_of(plan),
            **{name: plan[name] for name in _NUMBERS},
            **{name: plan[name] for name in _PARTS if name in plan},
        )

    @property
    def space(self) -> Space:
        """Whose architectures are trained."""
        return self.blueprint.space

    @cached_property
    def whole_blueprint(self) -> Blueprint:
        """The same for all of the space that these are listed from, so that no worker is sent the list."""
        return replace(self.blueprint, space=self.space.whole)

    @cached_property
    def archs(self) -> Archs:
        """Every architecture, ``(n, decisions)``, in the order of the table's rows."""
        if self.sample is not None:
            return self._sampled(self.sample)
        return self.space.unique() if self.unique else self.space.enumerate()

    def _sampled(self, count: int) -> Archs:
        """Draw different architectures."""
        from nasbed.core.rng import Streams

        same = self.space.key if self.unique or not self.space.is_enumerable else self.space.index
        drawn, lost = Streams.from_seed(derived_seed("generate", self.seed, "sample"), count), 0
        found: dict[int, Any] = {}
        while len(found) < count:
            rows = self.space.sample(drawn)
            before = len(found)
            for number, row in zip(same(rows).tolist(), rows, strict=True):
                found.setdefault(number, row)
            lost = 0 if len(found) > before else lost + 1
            if lost > _IN_VAIN:
                raise BadSetting(
                    f"the space {self.space.name} has hardly more than {len(found)} different architectures; draw "
                    f"fewer than {count}, or leave --sample out to train all"
                )
        rows = np.array(list(found.values())[:count], np.int8)
        if not self.space.is_enumerable:
            return rows
        return rows[np.argsort(self.space.index(rows))]

    @cached_property
    def modules(self) -> dict[str, int]:
        """The row of each architecture, by its name."""
        return {name: row for row, name in enumerate(self.space.names(self.archs))}

    @cached_property
    def ordered(self) -> list[str]:
        """The names of all architectures, in the canonical order."""
        return sorted(self.modules)

    def unit(self, place: int) -> Unit:
        """Give the unit at a place in the canonical order: by repeat, then by name, then by budget."""
        hand, budget = divmod(place, len(self.budgets))
        turn, module = divmod(hand, len(self.ordered))
        return Unit(self.ordered[module], self.budgets[budget], turn * self.together)

    def units(self) -> Iterator[Unit]:
        """Go through all units in the canonical order."""
        return map(self.unit, range(self.size))

    @property
    def size(self) -> int:
        """How many units there are."""
        return len(self.modules) * len(self.budgets) * len(range(0, self.repeats, self.together))

    def unit_of(self, module: str, epochs: int, repeat: int) -> Unit:
        """Give the unit in which a repeat is trained."""
        return Unit(module, epochs, repeat - repeat % self.together)

    def arguments(
        self, name: str, device: str, threads: int, diagnostics: Path | None, checkpoints: Path | None = None
    ) -> tuple[Any, ...]:
        """Give the plain values with which a unit is trained; see ``nets.units.UnitTraining``."""
        unit = Unit.parse(name)
        looked_at, kept = (
            None if folder is None else str(folder / unit.module / str(unit.epochs))
            for folder in (diagnostics, checkpoints)
        )
        return (
            self.whole_blueprint,
            tuple(self.archs[self.modules[unit.module]].tolist()),
            self.recipe,
            self.data,
            unit.epochs,
            unit_seed(self.seed, f"{unit.module}/{unit.epochs}"),
            len(unit.trains(self.together, self.repeats)),
            self.attempts,
            unit.repeat,
            looked_at,
            unit.retry * self.attempts,
            device,
            threads,
            self.time_limit,
            kept,
        )

    def alike(self, names: Sequence[str]) -> dict[str, Hashable]:
        """Say the same of units that one pass can train: their group, their epochs, how many repeats."""
        units = {name: Unit.parse(name) for name in names}
        modules = sorted({unit.module for unit in units.values()})
        groups = self.blueprint.group(self.archs[[self.modules[module] for module in modules]])
        group = dict(zip(modules, groups, strict=True))
        return {
            name: name if unit.retry else (group[unit.module], unit.epochs, unit.trains(self.together, self.repeats))
            for name, unit in units.items()
        }

    def plan(self) -> dict[str, Any]:
        """Give the settings as JSON-able values: of the data the source's name, not the place of its files."""
        return {
            "space": {"name": self.space.kind, **self.space.settings()},
            "data": self.data.partition(":")[0],
            **in_plan(self.measure),
            "skeleton": self.blueprint.settings(),
            "recipe": self.recipe.to_dict(),
            "budgets": list(self.budgets),
            **{name: getattr(self, name) for name in _NUMBERS},
            **{name: getattr(self, name) for name in _PARTS if getattr(self, name)},
        }


def unit_seed(seed: int, unit: str) -> int:
    """Derive the seed of an architecture at a budget, ``"<name>/<epochs>"``, from the campaign's: 63 bits."""
    return derived_seed("generate", seed, unit)
