"""A table: named measurements over architectures, seeds and epochs, in a memory-mapped Arrow file and what lies beside
it.

A row is an architecture. Which one it is, one of these columns says:

* ``index``: the space's number, ascending, where the space numbers its architectures;
* ``arch``: a row of the space, ``(decisions,)``, where it does not;
* both, and the published MD5 digest ``hash``, of modules of NAS-Bench-101, which are kept as they were given, unpruned
  if they were: ``vertices`` says how many vertices a module had, ``class`` the space's number, ``by_hash`` the rows in
  ascending order of hash, unless they are in that order already.

The other columns are what was measured: ``(n, *axes)``, with axes for recipes, seeds and epochs as far as the metadata
name them. Numbers come back to the last bit. What was attached later lies beside the table, as ``companions`` has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from nasbed.core.errors import BadSetting, CorruptFile, NotInTable
from nasbed.core.files import replacing
from nasbed.core.printing import Card
from nasbed.tables.architectures import Architectures
from nasbed.tables.column import Column, Measure, Measurement
from nasbed.tables.companions import check_room, companion_path, open_columns
from nasbed.tables.published import HALVES, ONLY_TEST, WARNINGS

ROW_COLUMNS = ("index", "arch", "hash", "vertices", "class", "by_hash")

Progress = Callable[[float], None]
"""Called now and then with the share of an import or export that is done."""


class Table(Architectures):
    """What was measured; see the module's text for the file. Values are read from the mapped file when asked for."""

    @classmethod
    def open(cls, path: str | Path | Table) -> Table:
        """Map a table file; a table that is open is returned as it is.

        Raises:
            BadSetting: When it is no path, there is no such file, or it lies beside a table.
            CorruptFile: When it is no table, is damaged, has been cut off, or was made by a later version.
        """
        if isinstance(path, Table):
            return path
        if not isinstance(path, str | Path):
            raise BadSetting(f"a table is opened by the path of its file, not by {path!r}")
        file = open_columns(Path(path).expanduser())
        if "room" in file.metadata:
            whole = f"{file.path.stem.removesuffix('.' + file.metadata['room'])}.arrow"
            raise BadSetting(f"{file.path} is what lies beside a table; open {whole}")
        lacking = [name for name, about in file.columns.items() if not about.get("cold") and name not in file]
        if lacking or str(file.metadata.get("rows")) not in file:
            raise CorruptFile(f"{file.path} lacks the columns {', '.join(lacking) or 'that say what its rows are'}")
        return cls(file)

    def _card(self) -> Card:
        rows = "all of the space" if self.complete else "a part of the space"
        facts = {
            "file": str(self.path),
            "space": self.space,
            "trainings": list(self.groups) or None,
            "measured": [one.name for one in self.find()],
            "lacking": self.missing,
            "warnings": "; ".join(self.warnings),
        }
        return Card(f"Table of {len(self):,} architectures, {rows}", facts=facts)

    # ── measurements ──────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def _measured(self) -> list[tuple[str, Measure, Callable[[], Measurement]]]:
        """What was measured, in the order of the file: of which recipe, what, and what makes it once asked for."""
        places: dict[tuple[str, ...], list[tuple[str, int]]] = {}
        for name, measure in self.measures.items():
            for i, recipe in enumerate(measure.recipes or ("",)):
                key = recipe, measure.data, measure.published, measure.metric
                places.setdefault(key, []).append((name, i))
        return [(key[0], self.measures[some[0][0]], cache(partial(self._made, some))) for key, some in places.items()]

    def _made(self, places: list[tuple[str, int]]) -> Measurement:
        """Make a measurement of one recipe, given in which columns it is, and at which position the recipe is there."""
        found: dict[int, tuple[Column, int, int]] = {}
        for name, i in places:
            measure = self.measures[name]
            axis = measure.epochs if "epoch" in measure.axes else measure.epochs[i : i + 1] or (0,)
            found |= {epoch: (self.columns[name], i, place) for place, epoch in enumerate(axis)}
        columns = dict(sorted(found.items()))
        column, i, _ = columns[max(columns)]
        recipes, epochs = column.measure.recipes[i : i + 1], tuple(columns) if column.measure.epochs else ()
        measure = replace(column.measure, recipes=recipes, epochs=epochs, axes=("seed", "epoch"))
        return Measurement(measure, columns, self._numbered)

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Which trainings there are, by recipe and data set: ``200/cifar10-valid``, …."""
        pairs = dict.fromkeys((recipe, measure.data) for recipe, measure, _ in self._measured if recipe)
        return tuple("/".join(filter(None, pair)) for pair in sorted(pairs, key=lambda pair: _ascending(pair[0])))

    @cached_property
    def recipes(self) -> tuple[str, ...]:
        """The recipes, ascending where they are named by their epochs."""
        return tuple(sorted({recipe for recipe, *_ in self._measured if recipe}, key=_ascending))

    @cached_property
    def data(self) -> tuple[str, ...]:
        """The data sets of which results were measured, in the order of the file."""
        measures = list(self.measures.values())
        return tuple(dict.fromkeys(one.data for one in [one for one in measures if one.published] or measures))

    def find(
        self,
        metric: str | None = None,
        split: str | None = None,
        data: str | None = None,
        recipe: str | int | None = None,
        role: str | None = None,
    ) -> list[Measurement]:
        """Return all measurements that are as asked, in the order of the file; an empty text asks for no such thing."""
        split = {"validation": "valid"}.get(split or "", split)
        return [
            make()
            for name, measure, make in self._measured
            if metric in (None, measure.metric)
            and data in (None, measure.data)
            and role in (None, measure.role)
            and split in (None, measure.published, measure.split)
            and (recipe is None or _ascending(name) == _ascending(str(recipe)))
        ]

    def measurement(
        self,
        metric: str = "accuracy",
        *,
        split: str | None = None,
        data: str | None = None,
        recipe: str | int | None = None,
    ) -> Measurement:
        """Return what was measured.

        Args:
            metric: ``accuracy``, ``loss``, ``training_time``, ``params``, ….
            split: ``train``, ``valid`` or ``test``, or what the source calls it, such as ``ori-test``; of several test
                splits the one without images of the validation split. None where only one has it.
            data: The data set; None where there is but one with such a measurement.
            recipe: The recipe; None for the longest that there is.

        Raises:
            NotInTable: When there is none, or several, with what there is.
        """
        found = self.find(metric, split, data, recipe)
        if recipe is None and found:
            longest = max(_ascending(one.recipe) for one in found)
            found = [one for one in found if _ascending(one.recipe) == longest]
        if split is not None and len({one.published for one in found}) > 1:
            chosen = min((one.published for one in found), key=lambda name: (name == "ori-test", name))
            found = [one for one in found if one.published == chosen]
        if len(found) == 1:
            return found[0]
        asked = ", ".join(filter(None, (metric, split, data, None if recipe is None else f"recipe {recipe}")))
        if found:
            raise NotInTable(
                f"{self.path.name} has several measurements of {asked}: {', '.join(one.name for one in found)}; say "
                "which, by data, split and recipe"
            )
        has = ", ".join(dict.fromkeys(replace(one, recipes=()).name for one in self.measures.values()))
        lost = "".join(f"; {name} cannot be read: {why}" for name, why in self.missing.items())
        raise NotInTable(
            f"{self.path.name} has no {asked}; it has {has}, with the recipes {', '.join(self.recipes)}{lost}"
        )

    # ── the file ──────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def warnings(self) -> list[str]:
        """What one should know before citing a number."""
        roles = {measure.role for measure in self.measures.values()}
        only_test = ["there are " + ONLY_TEST] if "reported" in roles and "told" not in roles else []
        halved = {measure.data for measure in self.measures.values() if measure.published in HALVES}
        about = [f"{data}: {WARNINGS[data]}" for data in self.data if data in WARNINGS and data in halved]
        return [*only_test, *self.provenance.get("warnings", []), *about]

    def describe(self) -> dict[str, Any]:
        """Return provenance, checksum, what was measured, warnings and sizes, JSON-able."""
        return {
            "path": str(self.path),
            "space": dict(self.space.describe()),
            "architectures": len(self),
            "rows": "all of the space" if self.complete else "a part of the space",
            "measurements": dict(self._in_words()),
            "attached": {name: self.measures[name].meaning or self.measures[name].unit for name in self.attached},
            "warnings": self.warnings,
            "provenance": self.provenance,
            "checksum": self.checksum,
            "bytes": self.path.stat().st_size,
            "beside": {file.path.name: file.path.stat().st_size for file in self.beside.companions.values()},
            "missing": self.missing,
        }

    def _in_words(self) -> Iterator[tuple[str, str]]:
        """Say of each measurement what it is."""
        for one in self.find():
            unit = f" in {one.unit}" if one.unit else ""
            seeds = f"seeds {', '.join(map(str, one.seeds))}" if one.seeds else "one number for all seeds"
            after = f"after {one.after} epochs" if one.epochs else ""
            good = {"max": "high is good", "min": "low is good"}[one.goal]
            yield one.name, "; ".join(filter(None, (f"{one.split or 'no images'}{unit}", one.role, good, seeds, after)))

    def copy(self, path: str | Path) -> Table:
        """Copy the table and what lies beside it, the table last; return the copy.

        Raises:
            BadSetting: When it cannot be written there.
        """
        from shutil import copyfile  # which imports every kind of compression

        path = Path(path).expanduser()
        places = {companion_path(path, room): file.path for room, file in self.beside.companions.items()}
        for place in places:
            check_room(place)
        for place, source in {**places, path: self.path}.items():
            with replacing(place) as part:
                copyfile(source, part)
        return Table.open(path)

    def verify(self) -> None:
        """See that the files are to the bit what was written, and that rows are different architectures of the space.

        A companion that is not there is no damage; ``missing`` tells of it.

        Raises:
            CorruptFile: Saying what differs.
        """
        self.file.verify()
        for room, fault in self.beside.faults.items():
            if companion_path(self.path, room).exists():
                raise CorruptFile(fault)
        for companion in self.beside.companions.values():
            companion.verify()
        if "hash" in self.file:
            self.modules.verify()
        elif "index" in self.file:
            numbers = self.indices
            if (np.diff(numbers) <= 0).any() or numbers[0] < 0 or numbers[-1] >= int(self.space.size or 0):
                raise CorruptFile(
                    f"{self.path}: its rows are not different architectures in the order of their numbers"
                )
        elif not self.space.valid(self.archs).all():
            raise CorruptFile(f"{self.path}: it has a row that is no architecture of {self.space.name}")
        for name, column in self.columns.items():
            if self.metadata["columns"].get(name, {}).get("cold"):
                _ = column.stored


def _ascending(recipe: str) -> tuple[int, str]:
    """Sort recipes that are named by their epochs by these."""
    return (int(recipe), "") if recipe.isdecimal() else (-1, recipe)
