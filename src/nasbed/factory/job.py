"""Job: what a campaign trains, and the units that follow from it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.registry import spaces
from nasbed.core.seeds import derived_seed
from nasbed.factory.units import Unit
from nasbed.nets.parameters import trainable_parameters
from nasbed.nets.recipe import Recipe
from nasbed.nets.skeleton import Skeleton
from nasbed.spaces.nasbench101 import NASBench101

SMALL = 2**14
"""Numbers that the stem of a small network makes of an image, at most: ``digits101`` has 2⁹, the published one 2¹⁷."""


def usual_together(skeleton: Skeleton, repeats: int) -> int:
    """Say how many repeats are trained in one pass where nobody says: all in small networks, one in others.

    Small networks are bound by the number of calls, which a pass over all repeats divides; large ones are bound by
    arithmetic and memory, and want their repeats on as many machines as there are.
    """
    return repeats if skeleton.stem_channels * skeleton.image_size**2 <= SMALL else 1


_NUMBERS = ("repeats", "together", "seed", "attempts", "time_limit")
"""The settings of a job that its plan has as they are."""

BESIDE = 48
"""So many small networks fill a pass: more gain little, and lose more when a worker dies."""


def usual_beside(skeleton: Skeleton, together: int) -> int:
    """Say how many modules of one shape a pass trains at most where nobody says.

    Only small networks gain, and only those that have a repeat beside them anyway are the same with more.
    """
    return max(1, BESIDE // together) if together > 1 and usual_together(skeleton, together) > 1 else 1


@dataclass(frozen=True)
class Job:
    """The settings that decide every result of a campaign.

    Attributes:
        space: Whose modules are trained.
        data: On what, by the data source's name.
        skeleton: In what.
        recipe: How.
        budgets: Epochs, ascending; each is a training of its own.
        repeats: Trainings of a module at a budget.
        together: How many of them one pass trains side by side. Rounding depends on it, seeds do not.
        seed: Of the whole campaign.
        attempts: After how many failures a training is given up.
        time_limit: Seconds of a training after which it stops; None for none.
    """

    space: NASBench101
    data: str
    skeleton: Skeleton
    recipe: Recipe
    budgets: tuple[int, ...]
    repeats: int
    together: int
    seed: int
    attempts: int
    time_limit: float | None = None

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

    @classmethod
    def of_plan(cls, plan: Mapping[str, Any]) -> Self:
        """Make it again from what ``plan`` gave."""
        settings = dict(plan["space"])
        return cls(
            space=spaces.make(settings.pop("name"), {**settings, "operations": tuple(settings["operations"])}),
            skeleton=Skeleton(**plan["skeleton"]),
            recipe=Recipe(**plan["recipe"]),
            budgets=tuple(plan["budgets"]),
            data=plan["data"],
            **{name: plan[name] for name in _NUMBERS},
        )

    @property
    def training(self) -> tuple[dict[str, Any], dict[str, Any], str]:
        """What a network is trained in, how, and on what, in plain values."""
        return self.skeleton.to_dict(), self.recipe.to_dict(), self.data

    @cached_property
    def archs(self) -> NDArray[np.int8]:
        """Every module, ``(n, decisions)``, in the order of the table's rows."""
        return self.space.enumerate()

    @cached_property
    def modules(self) -> dict[str, int]:
        """The row of each module, by its hash."""
        return {digest.tobytes().hex(): row for row, digest in enumerate(self.space.hashes(self.archs))}

    @cached_property
    def trainable_parameters(self) -> NDArray[np.int64]:
        """How many parameters the network of each module has, ``(n,)``.

        Raises:
            InvalidArchitecture: When the skeleton is too narrow for one of them.
        """
        counts = [trainable_parameters(self.space.graph(arch), self.skeleton) for arch in self.archs]
        return np.array(counts, np.int64)

    def units(self) -> Iterator[Unit]:
        """Go through all units in the canonical order: by repeat, then by hash, then by budget."""
        modules = sorted(self.modules)
        for repeat in range(0, self.repeats, self.together):
            for module in modules:
                for epochs in self.budgets:
                    yield Unit(module, epochs, repeat)

    @property
    def size(self) -> int:
        """How many units there are."""
        return len(self.modules) * len(self.budgets) * len(range(0, self.repeats, self.together))

    def unit_of(self, module: str, epochs: int, repeat: int) -> Unit:
        """Give the unit in which a repeat is trained."""
        return Unit(module, epochs, repeat - repeat % self.together)

    def arguments(self, name: str, device: str, threads: int, diagnostics: Path | None) -> tuple[Any, ...]:
        """Give the plain values with which a unit is trained; see ``nets.units.UnitTraining``."""
        unit = Unit.parse(name)
        graph = self.space.graph(self.archs[self.modules[unit.module]])
        folder = None if diagnostics is None else str(diagnostics / unit.module / str(unit.epochs))
        return (
            graph.adjacency,
            graph.labels,
            *self.training,
            unit.epochs,
            unit_seed(self.seed, f"{unit.module}/{unit.epochs}"),
            len(unit.trains(self.together, self.repeats)),
            self.attempts,
            unit.repeat,
            folder,
            unit.retry * self.attempts,
            device,
            threads,
            self.time_limit,
        )

    def alike(self, name: str) -> Hashable:
        """Say the same of units that one pass can train: their modules' edges, their epochs, how many repeats."""
        unit = Unit.parse(name)
        if unit.retry:
            return name
        return self._edges[self.modules[unit.module]], unit.epochs, unit.trains(self.together, self.repeats)

    @cached_property
    def _edges(self) -> list[tuple[tuple[int, ...], ...]]:
        """The edges of each module, pruned."""
        kept = [self.space.graph(arch).pruned() for arch in self.archs]
        return [() if graph is None else graph.adjacency for graph in kept]

    def plan(self) -> dict[str, Any]:
        """Give the settings as JSON-able values: of the data the source's name, not the place of its files."""
        return {
            "space": {"name": self.space.name, **self.space.settings()},
            "data": self.data.partition(":")[0],
            "skeleton": self.skeleton.to_dict(),
            "recipe": self.recipe.to_dict(),
            "budgets": list(self.budgets),
            **{name: getattr(self, name) for name in _NUMBERS},
        }


def unit_seed(seed: int, unit: str) -> int:
    """Derive the seed of a module at a budget, ``"<hash>/<epochs>"``, from the campaign's: 63 bits, independent."""
    return derived_seed("generate", seed, unit)
