"""Truth: what scored architectures are worth once they are trained, read off a benchmark or a CSV."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting, InvalidArchitecture, NotInTable, UnknownName
from nasbed.core.printing import Printed
from nasbed.core.records import Archs
from nasbed.core.space import Space
from nasbed.readers.csv import known_declaration, numbers, read_csv
from nasbed.readers.measure import Measure
from nasbed.scores.scores import Scores
from nasbed.tables.column import mean_of

SPLITS = ("test", "validation")
"""What every benchmark can be asked for: means over its repeats."""


@dataclass(frozen=True, eq=False)
class Truth(Printed):
    """One number an architecture, to hold scores against.

    Attributes:
        name: Where it is from: ``"digits101:test"``.
        what: What the numbers are, in words, with their unit: ``"test accuracy (%)"``.
        values: ``(n,)``; NaN where an architecture has none.
        warnings: What one must know before one believes them, in sentences.
    """

    name: str
    what: str
    values: NDArray[np.float64]
    warnings: tuple[str, ...] = ()

    @classmethod
    def of_benchmark(
        cls, benchmark: Benchmark, scores: Scores, column: str | None = None, epochs: int | None = None
    ) -> Truth:
        """Read a benchmark's mean test or validation accuracy, or a column of its table.

        Args:
            benchmark: Whose answers.
            scores: Whose architectures; those of another space are translated where they have a place in it.
            column: ``"test"``, ``"validation"`` or the name of a column; test, where there is any, if not given.
            epochs: At which budget; the benchmark's largest if not given.

        Raises:
            NotInTable: When there is nothing at the budget, or none of the architectures.
            UnknownName: When there is no such column.
        """
        at = benchmark.budgets[-1] if epochs is None else epochs
        if at not in benchmark.budgets:
            known = ", ".join(map(str, benchmark.budgets))
            raise NotInTable(f"{benchmark.name} has nothing at {at} epochs; it has {known}")
        archs = _translated(scores, benchmark.space)
        answers: dict[str, Callable[[Archs], NDArray[np.float64]]] = {
            "test": lambda some: benchmark.test(some, at),
            "validation": lambda some: benchmark.query(some, at).value,
        }
        if column is None:
            column = "validation" if np.isnan(_answered(archs, answers["test"])).all() else "test"
        if column in answers:
            measure, split = benchmark.measure, benchmark.split
            if column == "test":
                measure, split = benchmark.tested, column
            percent = measure == "accuracy"
            said = "accuracy (%)" if percent else measure
            what = f"{split} {said} at {at} epochs" if measure == benchmark.tested else measure
            values = _answered(archs, answers[column]) * (100 if percent else 1)
        else:
            read, what = _column(benchmark, column, at)
            values = _answered(archs, read)
        if np.isnan(values).all():
            raise NotInTable(f"{benchmark.name} has no {column} of any of the {len(archs)} architectures scored")
        warnings = tuple(map(str, benchmark.describe().get("warnings", ())))
        return cls(f"{benchmark.name}:{column}", what, values, warnings)

    @classmethod
    def of_csv(cls, path: str | Path, scores: Scores, column: str | None = None) -> Truth:
        """Read a column of a CSV, in which the column that names architectures finds itself.

        Args:
            path: The file.
            scores: Whose architectures.
            column: The column's name; it may be left out where only one is of numbers.

        Raises:
            BadSetting: When the file cannot be read, or names no architectures of the space.
            CorruptFile: When it is no CSV file, or the column has what is no number.
            UnknownName: When there is no such column.
            NotInTable: When it has none of the architectures.
        """
        path = Path(path).expanduser()
        header, rows = read_csv(path)
        place = _architectures(scores.space, header, rows, path)
        chosen = _chosen(header, rows, place, column, path)
        values = numbers([row[chosen] for row in rows], header[chosen], path)
        archs = np.stack([_parsed(scores.space, row[place], number, path) for number, row in enumerate(rows, 2)])
        found = _looked_up(scores.space, scores.archs, archs, values)
        if np.isnan(found).all():
            raise NotInTable(f"{path} has no {header[chosen]} of any of the {len(scores)} architectures scored")
        name, what, warnings = f"{path.name}:{header[chosen]}", header[chosen], tuple[str, ...]()
        with suppress(BadSetting):  # raised where nothing is known of files of this name
            declared = known_declaration(path.name)
            if header[chosen] in declared.columns:
                measure = declared.columns[header[chosen]]
                found[found == declared.missing.get(header[chosen], math.nan)] = np.nan
                what, warnings = _in_words(measure), tuple(filter(None, [measure.meaning]))
        return cls(name, what, found, warnings)


def _column(benchmark: Benchmark, name: str, epochs: int) -> tuple[Callable[[Archs], NDArray[np.float64]], str]:
    """Give what reads a column of a benchmark's table, the mean over repeats or seeds at a budget, and what it is."""
    table: Any = getattr(benchmark, "table", None)
    if table is None or name not in table.columns:
        raise UnknownName(f"column of {benchmark.name}", name, [*SPLITS, *(() if table is None else table.columns)])
    column = table.column(name)
    measure = column.measure
    ends = table.continues or "recipe" not in measure.axes
    what = name if table.continues else name.replace("_", " ")
    unit = f" ({measure.unit})" if table.continues and measure.unit else ""
    last = epochs if epochs in measure.epochs else measure.epochs[-1] if measure.epochs else epochs

    def read(archs: Archs) -> NDArray[np.float64]:
        values = column.values(table.rows(archs))
        if "epoch" in measure.axes:
            values = values[..., measure.epochs.index(last)]
        if "recipe" in measure.axes:
            values = values[:, measure.recipes.index(str(epochs))]
        return mean_of(values.reshape(len(archs), -1))

    at = f" at {last if ends else epochs} epochs" if measure.epochs or not table.continues else ""
    return read, f"{what}{unit}{at}"


def _translated(scores: Scores, space: Space) -> list[Archs | None]:
    """Give each architecture as a row of another space, ``(1, decisions)``; None where it has no place there."""
    if scores.space == space:
        return [arch[None] for arch in scores.archs]
    if scores.space.name != space.name:
        raise BadSetting(f"the scores are of {scores.space.name}, what they are held against of {space.name}")
    rows: list[Archs | None] = []
    for arch in scores.archs:
        try:
            rows.append(space.parse(scores.space.format(arch))[None])
        except InvalidArchitecture:
            rows.append(None)
    return rows


def _answered(archs: list[Archs | None], ask: Callable[[Archs], NDArray[np.float64]]) -> NDArray[np.float64]:
    """Ask for all at once; where some are not there, for halves, down to those that are not: they are NaN."""
    values = np.full(len(archs), np.nan)
    blocks = [np.array([i for i, arch in enumerate(archs) if arch is not None], np.int64)]
    while blocks:
        some = blocks.pop()
        if not len(some):
            continue
        rows = np.concatenate([archs[i] for i in some])  # those that are None were left out
        try:
            values[some] = ask(rows)
        except NotInTable:
            if len(some) > 1:
                blocks += np.array_split(some, 2)
    return values


def _architectures(space: Space, header: list[str], rows: list[list[str]], path: Path) -> int:
    """Find the column whose first entry the space reads as an architecture."""
    for place, text in enumerate(rows[0]):
        if text.strip().isdecimal():
            continue  # a number may be read as an index, but is more likely to be something else
        try:
            space.parse(text)
        except InvalidArchitecture:
            continue
        return place
    raise BadSetting(f"{path} names no architectures of {space.name}; its columns are {', '.join(header)}")


def _chosen(header: list[str], rows: list[list[str]], place: int, column: str | None, path: Path) -> int:
    """Find the column of values."""
    others = [i for i in range(len(header)) if i != place]
    if column is not None:
        if column not in [header[i] for i in others]:
            raise UnknownName(f"column of {path}", column, [header[i] for i in others])
        return header.index(column)
    if len(others) != 1:
        names = ", ".join(header[i] for i in others)
        raise BadSetting(f"{path} has several columns; name one after a colon, as in {path}:COLUMN: {names}")
    return others[0]


def _parsed(space: Space, text: str, number: int, path: Path) -> Archs:
    try:
        return space.parse(text)
    except InvalidArchitecture as error:
        raise BadSetting(f"row {number} of {path}: {error}") from None


def _in_words(measure: Measure) -> str:
    """Say what a column means: ``accuracy (percent) on ori-test, cifar10-valid, 200 epochs, seed 888``."""
    seeds = f"seed{'s' * (len(measure.seeds) > 1)} {', '.join(map(str, measure.seeds))}" if measure.seeds else ""
    unit = f" ({measure.unit})" if measure.unit else ""
    split = f" on {measure.published}" if measure.split else ""
    epochs = f"{measure.epochs[0]} epochs" if measure.epochs else ""
    parts = [f"{measure.metric}{unit}{split}", measure.data, epochs, seeds]
    return ", ".join(filter(None, parts))


def _looked_up(space: Space, wanted: Archs, archs: Archs, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the value of each wanted architecture: of the very row, else of those that are equal to it, on average."""
    keys = space.key(archs).tolist()
    of_row: dict[bytes, list[float]] = {}
    of_key: dict[int, list[float]] = {}
    for arch, key, value in zip(archs, keys, values.tolist(), strict=True):
        if not math.isnan(value):
            of_row.setdefault(arch.tobytes(), []).append(value)
            of_key.setdefault(key, []).append(value)
    found = (
        of_row.get(arch.tobytes()) or of_key.get(key, [math.nan])
        for arch, key in zip(wanted, space.key(wanted).tolist(), strict=True)
    )
    return np.array([math.fsum(some) / len(some) for some in found])
