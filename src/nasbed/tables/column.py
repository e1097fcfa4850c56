"""A column of a table: what was measured of every architecture, decoded when asked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.tables.encoding import Encoding
from nasbed.tables.file import Stored

Rows = NDArray[np.integer[Any]]
Seed = int | str
Role = Literal["told", "reported", "cost", "detail"]

SPLITS = ("train", "valid", "test")
ROLES = ("told", "reported", "cost", "detail")
AXES = ("recipe", "seed", "epoch", "repeat")
MEAN = "mean"
"""Stands in the place of a seed where a source has but the mean over seeds."""

_FEW, LOOKS = 64, 512
"""So many places have their blocks compared one by one, so many times; then the whole column is, once and for all."""

_ROLE = {"train": "detail", "valid": "told", "test": "reported", "": "cost"}
_LOW = ("s", "seconds", "ms", "mJ", "nats")  # units of what is good when it is low


@dataclass(frozen=True)
class Measure:
    """What the numbers of a column are.

    Attributes:
        metric: What was measured: ``accuracy``, ``loss``, ``training_time``, ``params``, ….
        split: ``train``, ``valid`` or ``test``; empty for what is about no images.
        data: The data set.
        recipes: The recipes of the trainings, one of them where the column has no axis for recipes.
        seeds: Of the trainings; ``"mean"`` where there is but their mean.
        epochs: After how many epochs, 0 being before training: those of the axis or, without one, one for each recipe.
        repeats: Numbers of the measurements of one training, such as those of its latency.
        axes: Which axes follow that of the architectures, in this order: ``recipe``, ``seed``, ``epoch``, ``repeat``.
        unit: ``percent``, ``fraction``, ``s``, …; empty for none.
        goal: Whether ``max`` or ``min`` is good.
        role: What a search may be ``told``, what only a report may read (``reported``), what is a ``cost``; all else
            is a ``detail``.
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
        low = self.unit in _LOW or self.metric in ("loss", "error") or not self.split
        given = {"goal": self.goal or ("min" if low else "max"), "role": self.role or _ROLE.get(self.split, "detail")}
        given["published"] = self.published or self.split
        for name, value in given.items():
            object.__setattr__(self, name, value)
        if self.split not in ("", *SPLITS):
            raise BadSetting(f"a split is one of {', '.join(SPLITS)}, or none; not {self.split!r}")
        if self.goal not in ("max", "min"):
            raise BadSetting(f"a goal is max or min, not {self.goal!r}")
        if self.role not in ROLES:
            raise BadSetting(f"a role is one of {', '.join(ROLES)}, not {self.role!r}")
        if not self.metric:
            raise BadSetting("what was measured needs a name: metric=accuracy")

    @property
    def shape(self) -> tuple[int, ...]:
        """How long the axes behind that of the architectures are."""
        return tuple(len(getattr(self, f"{axis}s")) for axis in self.axes)

    @property
    def name(self) -> str:
        """``200/cifar10-valid/x-valid/accuracy``: recipe, data set, split as published, metric, as far as there are."""
        recipe = self.recipes[0] if len(self.recipes) == 1 else ""
        return "/".join(filter(None, (recipe, self.data, self.published, self.metric)))

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that say something, JSON-able."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name)) not in ("", ())}

    @classmethod
    def of(cls, about: dict[str, Any]) -> Measure:
        """Read what ``to_dict`` gave, among other things."""
        said: dict[str, Any] = {one.name: about[one.name] for one in fields(cls) if one.name in about}
        said |= {name: tuple(value) for name, value in said.items() if isinstance(value, list)}
        return cls(**said)


@dataclass(frozen=True, eq=False)
class Column:
    """Numbers of every row, ``(n, *measure.shape)``.

    Attributes:
        name: The column's name in its file.
        measure: What the numbers are.
        encoding: How they are stored.
        load: Gives the stored numbers, as they lie in the file, or decompressed.
        whole: Whether it is known that no number is missing.
    """

    name: str
    measure: Measure
    encoding: Encoding
    load: Callable[[], Stored]
    whole: bool = False

    @cached_property
    def unseen(self) -> Stored:
        """The numbers as they are stored, of which only those are known to be whole that were compared."""
        return self.load()

    @cached_property
    def stored(self) -> NDArray[Any]:
        """The numbers as they are stored, compared with their checksums; of level curves one for all epochs."""
        return self.unseen.whole()

    def _looked(self, unseen: Stored, rows: NDArray[np.integer[Any]]) -> None:
        """See that some rows of what is stored are whole."""
        known = self.__dict__
        looks = known["looks"] = known.get("looks", 0) + 1
        if "stored" in known or looks > LOOKS or rows.size > _FEW:
            _ = self.stored
        else:
            unseen.check_rows(rows.reshape(-1).tolist())

    def values(self, rows: Rows | None = None) -> NDArray[np.float64]:
        """Return values as doubles, NaN where one is missing, ``(n, *measure.shape)``.

        Args:
            rows: Which rows; None for all.
        """
        if rows is not None:
            self._looked(self.unseen, rows)
        found = self.encoding.decode(self.stored if rows is None else self.unseen.array[rows])
        if self.encoding.level:
            return np.broadcast_to(found[..., None], (*found.shape, len(self.measure.epochs)))
        return found

    def at(self, places: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Return the values at places of the flat stored array, of the places' shape."""
        flat = self.__dict__.get("_flat")  # once the whole column was compared
        if flat is None:
            unseen = self.unseen.flat
            self._looked(unseen, places)
            flat = unseen.array
            if "stored" in self.__dict__:
                self.__dict__["_flat"] = flat
        return self.encoding.decode(flat.take(places))

    def until(self, epoch: int, rows: Rows | None = None) -> NDArray[np.float64]:
        """Return the sum of the values of the epochs up to and with one, given by its position, ``(n, seeds)``.

        Summed one after the other from the first, as the published interface of NATS-Bench does, which rounding makes
        another number than a product.
        """
        one = self.layer().values(rows)
        total = one.copy()
        for place in range(1, epoch + 1):
            total += one if self.encoding.level else self.layer(epoch=place).values(rows)
        return total

    def layer(self, recipe: int = 0, epoch: int = 0) -> Layer:
        """Return the numbers of all seeds for one recipe after one epoch, both given by their positions."""
        shape = self.measure.shape[:-1] if self.encoding.level else self.measure.shape
        steps = [math.prod(shape[place + 1 :]) for place in range(len(shape))]
        strides = dict(zip(self.measure.axes, steps, strict=False))
        offset = strides.get("recipe", 0) * recipe + strides.get("epoch", 0) * epoch
        seeds = len(self.measure.seeds) if "seed" in strides else 1
        return Layer(self, offset, math.prod(shape), strides.get("seed", 0), seeds)


@dataclass(frozen=True, eq=False)
class Layer:
    """The numbers of every row and seed for one recipe after one epoch, as places of a flat column.

    Attributes:
        column: The column.
        offset: The place of the first row's first seed.
        row: How far rows are apart.
        seed: How far seeds are apart.
        seeds: How many there are.
    """

    column: Column
    offset: int
    row: int
    seed: int
    seeds: int

    def values(self, rows: Rows | None = None) -> NDArray[np.float64]:
        """Return the values of some rows, or of all, ``(n, seeds)``."""
        if rows is None:
            return self.column.encoding.decode(self._all)
        return self.column.at(rows[:, None] * self.row + (self.offset + self.seed * np.arange(self.seeds)))

    @property
    def _all(self) -> NDArray[Any]:
        stored = self.column.stored
        flat = stored.reshape(len(stored), -1)
        return flat[:, self.offset : self.offset + (self.seeds - 1) * self.seed + 1 : max(self.seed, 1)]


def mean_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average over the last axis, what is missing left out; NaN where all is."""
    there = ~np.isnan(values)
    count = there.sum(axis=-1)
    total = np.where(there, values, 0.0).sum(axis=-1)
    mean: NDArray[np.float64] = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return mean
