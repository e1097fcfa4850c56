"""One-shot settings: a search on a supernet from names, a TOML file and single fields, and the training of its find."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nasbed.core.bounds import check, kinds_of, number_in
from nasbed.core.errors import BadSetting, NasbedError, NotInTable, UnknownName
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.core.spelling import converted, settings
from nasbed.factory.settings import SMALL, training_settings

if TYPE_CHECKING:
    import torch

    from nasbed.core.records import Archs
    from nasbed.nets.blueprint import Blueprint
    from nasbed.nets.recipe import Recipe
    from nasbed.oneshot.methods import Method
    from nasbed.oneshot.running import Known
    from nasbed.oneshot.searching import OneShot
    from nasbed.tables.column import Measurement
    from nasbed.tables.table import Table

TABLES = ("settings", "skeleton", "recipe", "train")
"""What a file of settings and ``--set`` have fields of."""

_TRAIN = {"epochs": int, "every": int, "space": str, "named": str, "skeleton": dict, "recipe": dict}
EPOCHS = 200
"""How long what was found is trained where nobody says, and nothing was published for its space."""


@dataclass(frozen=True)
class OneShotSettings:
    """What a one-shot search is made of.

    Attributes:
        method: The name of a method.
        space: What spells a space.
        data: A data source, ``name`` or ``name:where``.
        epochs: How often all training images are seen; None for the method's own number.
        seed: Any integer.
        settings: Fields of the method that differ, ``weights.rate`` or nested.
        skeleton: Fields of the supernet that differ from those of trained networks, and its own.
        recipe: Fields of the recipe that differ: of it the augmentation and the precision count.
        train: How what was found is trained: ``epochs``, ``every``, ``space``, the name or the file of a recipe
            (``named``), and fields that differ in ``skeleton`` and ``recipe``.
    """

    method: str = "darts"
    space: str = "nasbench201"
    data: str = "digits"
    epochs: int | None = None
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    skeleton: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    train: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(
        cls, path: str | Path | None = None, given: Mapping[str, Any] | None = None, pairs: Sequence[str] = ()
    ) -> OneShotSettings:
        """Read settings: what is given comes before what a file says.

        Args:
            path: A TOML file with ``method``, ``space``, ``data``, ``epochs``, ``seed`` and the tables ``[settings]``,
                ``[skeleton]``, ``[recipe]`` and ``[train]``; None for none.
            given: The plain ones of these by name; those that are None are left out.
            pairs: Fields of tables, ``settings.weights.rate=0.05``.

        Raises:
            BadSetting: When the file cannot be read, or there is no such setting.
        """
        content = {} if path is None else _content(Path(path).expanduser())
        content |= {name: value for name, value in (given or {}).items() if value is not None}
        for key, value in settings(pairs).items():
            table, dot, rest = key.partition(".")
            if table not in TABLES or not dot:
                raise BadSetting(f"write {', '.join(f'{one}.NAME=VALUE' for one in TABLES)}, not {key!r}")
            content[table] = _with(content.get(table, {}), rest.split("."), value)
        return cls.checked(content)

    @classmethod
    def checked(cls, content: Mapping[str, Any]) -> OneShotSettings:
        """Make settings of plain values.

        Raises:
            BadSetting: When one is of another kind.
        """
        kinds = kinds_of(cls)  # type: ignore[arg-type]  # mypy knows no hash of a type
        for name, value in content.items():
            check(name, value, dict if name in TABLES else kinds[name])
        return cls(**content)

    def checked_all(self) -> None:
        """See that the method and its fields, the space, and the later training are there; nothing is made.

        Raises:
            UnknownName: When no method or space has the name.
            BadSetting: When there is no such field, or not such a value of it.
        """
        changed_method(self.method, self.settings)
        spaces.read(self.space)
        if self.train:
            self.evaluated()

    def searched(self, device: torch.device | str = "cpu") -> tuple[OneShot, str]:
        """Make the search, and return it with the precision that it computes in.

        Raises:
            UnknownName: When no method, space or data source has the name.
            BadSetting: When there is no such field, or not such a value of it, or the space has no supernet.
        """
        from nasbed.nets.recipe import settled
        from nasbed.oneshot.searching import OneShot

        where: Space = spaces.read(self.space)
        own = {name: value for name, value in self.skeleton.items() if name in ("affine", "fused", "tracked")}
        frame = {name: value for name, value in self.skeleton.items() if name not in own}
        blueprint, recipe = training_settings(where, self.data, frame, self.recipe)
        method, said = changed_method(self.method, self.settings), {**blueprint.settings(), **own}
        search = OneShot.of(method, where, self.data, self.epochs, self.seed, recipe, device, **said)
        search.name = self.method
        return search, settled(recipe, blueprint, device).precision

    def evaluated(self) -> tuple[Blueprint, Recipe, int, int]:
        """Return how what is found is trained: blueprint, recipe, epochs, and after how many each it is measured.

        It is what was published for the space, where images are of that kind: small ones are trained on in the space
        that was searched, by the data's own recipe.

        Raises:
            BadSetting: When there is no such field, or not such a value of it.
        """
        for name, value in self.train.items():
            if name not in _TRAIN:
                raise BadSetting(f"[train] has no {name!r}; it has {', '.join(_TRAIN)}")
            check(f"train.{name}", value, _TRAIN[name])
        where: Space = spaces.read(self.space)
        blueprint, _ = training_settings(where, self.data)
        is_small, published = blueprint.image_size <= SMALL, where.evaluation
        within = self.train.get("space") or ("" if is_small else published.get("space", ""))
        named = self.train.get("named") or (None if is_small else published.get("recipe"))
        skeleton = {**published.get("skeleton", {}), **self.train.get("skeleton", {})}
        found = spaces.read(within) if within else where
        if found.decisions != where.decisions or tuple(found.cardinalities) != tuple(where.cardinalities):
            raise BadSetting(f"{within} has other decisions than {self.space}: what was found is none of its rows")
        how = training_settings(found, self.data, skeleton, self.train.get("recipe", {}), named=named)
        epochs = self.train.get("epochs") or published.get("epochs", EPOCHS)
        return *how, epochs, self.train.get("every", 5)


def changed_method(name: str, changes: Mapping[str, Any]) -> Method:
    """Return a method with some fields changed.

    Raises:
        UnknownName: When no method has the name.
        BadSetting: When there is no such field, or not such a value of it.
    """
    from nasbed.oneshot.methods import method_of

    found: Method = _changed(method_of(name), changes, "")
    return found


def _changed(given: Any, changes: Mapping[str, Any], within: str) -> Any:
    kinds, found = kinds_of(type(given)), dict[str, Any]()  # type: ignore[arg-type]  # as above
    names = {one.name for one in fields(given)}
    for name, value in changes.items():
        if name not in names:
            raise UnknownName(f"setting of {within or 'a method'}", name, names)
        before, whole = getattr(given, name), f"{within}.{name}" if within else name
        if isinstance(value, Mapping):
            if not is_dataclass(before):
                raise BadSetting(f"settings.{whole} has no fields; it is {before!r}")
            found[name] = _changed(before, value, whole)
            continue
        fitted = converted(value, before)
        fitted = float(fitted) if number_in(kinds[name]) is float and type(fitted) is int else fitted
        check(f"settings.{whole}", fitted, kinds[name])
        found[name] = fitted
    return replace(given, **found)


def _with(table: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    """Return nested tables with one value changed."""
    name, *rest = path
    inner = table.get(name, {})
    return {**table, name: _with(inner if isinstance(inner, Mapping) else {}, rest, value) if rest else value}


def _content(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadSetting(f"the settings in {path} cannot be read: {error.strerror}") from None
    except ValueError as error:  # no UTF-8, or no TOML
        raise BadSetting(f"in {path}: {error}") from None
    known = [one.name for one in fields(OneShotSettings)]
    for name in content:
        if name not in known:
            try:
                raise UnknownName("setting of a one-shot search", name, known)
            except NasbedError as error:
                raise BadSetting(f"in {path}: {error}") from None
    return content


def known_of(table: Table, space: Space) -> Known:
    """Return what looks architectures up in a table: accuracies and other values, and how many of the table are worse.

    Of each data set and split the values after the longest training; means over seeds; shares in percent.

    Raises:
        BadSetting: When the table is of another space, or has no values.
    """
    if table.space != space:
        raise BadSetting(f"{table.path} is of {table.space.name}, not of {space.name}")
    longest: dict[tuple[str, str, str], Measurement] = {}
    for one in table.find():
        if one.role in ("told", "reported"):
            key = one.metric, one.data, one.published
            longest[key] = max(longest.get(key, one), one, key=lambda each: max(each.epochs, default=0))
    if not longest:
        raise BadSetting(f"{table.path} has no values of validation or test images")
    every = {one: one.factor * one.mean() for one in longest.values()}

    def known(rows: Archs) -> dict[str, tuple[Any, Any]]:
        found = {}
        for one, values in every.items():
            mine = np.array([_looked_up(one, row) for row in rows])
            is_worse = values < mine[:, None] if one.goal == "max" else values > mine[:, None]
            shares = np.where(np.isnan(mine), np.nan, is_worse.sum(axis=1) / np.count_nonzero(~np.isnan(values)))
            found[one.name] = mine, shares
        return found

    return known


def _looked_up(measurement: Measurement, row: Archs) -> float:
    try:
        return float(measurement.factor * measurement.mean(row[None])[0])
    except NotInTable:
        return float("nan")
