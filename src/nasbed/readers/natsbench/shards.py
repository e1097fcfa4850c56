"""Shards: published trainings taken apart into arrays, some architectures at a time.

Each process that reads a part of a source writes shards, and whoever builds the table puts them together: so neither
needs more memory than a few architectures, or one column, take. A shard is a file of arrays, one behind the other, and
a JSON file beside it, which says where each begins.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import CorruptFile
from nasbed.readers.natsbench.texts import Texts
from nasbed.readers.natsbench.trainings import ABSENT, Layout, Published, Run

AT_MOST = 100  # architectures a shard, about 10 MB
SUFFIX = ".shard"
_DIGITS = 5
_ROOM, _ROOM_PER_VALUE = 1 << 20, 32

Group = tuple[str, str]
"""Recipe and data set."""


class _Runs:
    """The trainings of one group, as they come."""

    def __init__(self) -> None:
        self.row: list[int] = []
        self.numbers: dict[str, list[Any]] = {name: [] for name in ("seed", "order", "epochs", "params", "flops")}
        self.other: list[int] = []
        self.latency: list[tuple[float, ...]] = []
        self.measured: dict[Layout, tuple[list[int], list[NDArray[np.float64]]]] = {}

    def add(self, row: int, order: int, run: Run, texts: Texts) -> None:
        """Take one training apart."""
        number = len(self.row)
        self.row.append(row)
        for name, values in self.numbers.items():
            values.append(order if name == "order" else getattr(run, name))
        self.other.append(texts.code(run.other))
        self.latency.append(run.latency)
        wrong = next((name for name, epochs in run.measured.layout if max(epochs, default=0) >= run.epochs), None)
        if wrong is not None:
            raise CorruptFile(f"{wrong} has values after the {run.epochs} epochs of training")
        numbers, values = self.measured.setdefault(run.measured.layout, ([], []))
        numbers.append(number)
        values.append(run.measured.numbers)

    def arrays(self) -> tuple[dict[str, NDArray[Any]], dict[str, list[int]]]:
        """Give arrays with an axis for the trainings, and the epochs of those that have a second."""
        runs = len(self.row)
        arrays: dict[str, NDArray[Any]] = {name: np.array(values) for name, values in self.numbers.items()}
        arrays["row"], arrays["other"] = np.array(self.row, np.int64), np.array(self.other, np.int64)
        epochs: dict[str, list[int]] = {}
        found: dict[str, list[tuple[Sequence[int], tuple[int, ...], NDArray[np.float64]]]] = {}
        if any(self.latency):
            found["latency"] = [
                ([number], tuple(range(len(some))), np.array([some])) for number, some in enumerate(self.latency)
            ]
        for layout, (numbers, values) in self.measured.items():
            together, begin = np.stack(values), 0
            for name, after in layout:
                found.setdefault(name, []).append((numbers, after, together[:, begin : begin + len(after)]))
                begin += len(after)
        for name, some in found.items():
            arrays[name], epochs[name] = _side_by_side(some, runs, name)
        return arrays, epochs


def _side_by_side(
    found: list[tuple[Sequence[int], tuple[int, ...], NDArray[np.float64]]], runs: int, name: str
) -> tuple[NDArray[np.float64], list[int]]:
    """Give some trainings' values, ``(runs, epochs)``, ABSENT where there is none, and the epochs that any has."""
    epochs = sorted({epoch for _, after, _ in found for epoch in after})
    check_room((runs, len(epochs)), sum(some.size for _, _, some in found), name)
    values = np.full((runs, len(epochs)), ABSENT)
    for numbers, after, some in found:
        values[np.ix_(np.asarray(numbers), np.searchsorted(epochs, after))] = some
    return values, epochs


def check_room(shape: tuple[int, ...], values: int, name: str) -> None:
    """Refuse to put values side by side that would take much more room than they have: most of it would be empty.

    Raises:
        CorruptFile: When they would.
    """
    if math.prod(shape) > _ROOM + _ROOM_PER_VALUE * values:
        raise CorruptFile(f"hardly two trainings have {name} with the same seeds and after the same epochs")


class Shards:
    """Writes shards as architectures come.

    Args:
        stem: Where to: shard number i is ``<stem>-<i>.shard``.
        name: What errors call that from which they come.
    """

    def __init__(self, stem: Path, name: str = "it") -> None:
        self.stem, self.written, self.name = stem, 0, name
        self._start()

    def _start(self) -> None:
        self._indices: list[int] = []
        self._other: list[int] = []
        self._groups: dict[Group, _Runs] = {}
        self._texts = Texts()

    def add(self, published: Published) -> None:
        """Take an architecture.

        Raises:
            CorruptFile: When one of its trainings comes twice, or does not fit together.
        """
        row = len(self._indices)
        self._indices.append(published.index)
        self._texts.architecture, self._texts.index = published.arch, published.index
        seen, what = set(), f"{self.name}, architecture {published.index}"
        try:
            self._other.append(self._texts.code(published.other))
            for order, run in enumerate(published.runs):
                what = f"{self.name}, architecture {published.index}, training {run.hp}/{run.data}/{run.seed}"
                if not (run.hp.isascii() and run.hp.isdigit() and len(run.hp) <= _DIGITS):
                    raise CorruptFile("a recipe is named by its epochs")
                if (run.hp, run.data, run.seed) in seen:
                    raise CorruptFile("it comes twice")
                seen.add((run.hp, run.data, run.seed))
                self._groups.setdefault((run.hp, run.data), _Runs()).add(row, order, run, self._texts)
        except CorruptFile as error:
            raise CorruptFile(f"{what}: {error}") from None
        if len(self._indices) == AT_MOST:
            self.flush()

    def flush(self) -> None:
        """Write what there is."""
        if not self._indices:
            return
        numbers: dict[str, NDArray[Any]] = {"index": np.array(self._indices, np.int64), "other": np.array(self._other)}
        groups: list[Any] = []
        for (hp, data), runs in self._groups.items():
            arrays, epochs = runs.arrays()
            numbers |= {f"{len(groups)}/{name}": array for name, array in arrays.items()}
            groups.append({"hp": hp, "data": data, "names": list(arrays), "epochs": epochs})
        path = self.stem.with_name(f"{self.stem.name}-{self.written}")
        places: dict[str, Any] = {}
        with path.with_suffix(SUFFIX).open("wb") as file:
            for name, array in numbers.items():
                places[name] = [array.dtype.str, array.shape, file.tell()]
                array.tofile(file)
        about = {"groups": groups, "texts": self._texts.all, "places": places}
        path.with_suffix(".json").write_text(json.dumps(about))
        self.written += 1
        self._start()


def write_shards(source: Iterable[Published], stem: Path, each: Callable[[], None] | None = None) -> int:
    """Read a source to its end into shards, and call ``each`` after each architecture; give how many there were."""
    shards, count = Shards(stem, str(getattr(source, "path", "it"))), 0
    for published in source:
        shards.add(published)
        count += 1
        if each is not None:
            each()
    shards.flush()
    return count


@dataclass(frozen=True, eq=False)
class Shard:
    """A shard that was written.

    Attributes:
        path: Its arrays.
    """

    path: Path

    @cached_property
    def about(self) -> dict[str, Any]:
        """Groups, with the names of their arrays and the epochs of these; texts."""
        found: dict[str, Any] = json.loads(self.path.with_suffix(".json").read_text())
        return found

    @cached_property
    def _groups(self) -> dict[Group, int]:
        return {(group["hp"], group["data"]): i for i, group in enumerate(self.about["groups"])}

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Read an array of the architectures: ``index`` or ``other``."""
        dtype, shape, offset = self.about["places"][name]
        found: NDArray[Any] = np.fromfile(self.path, dtype, math.prod(shape), offset=offset).reshape(shape)
        return found

    def get(self, group: Group, name: str) -> NDArray[Any] | None:
        """Read an array of a group's trainings; None where there is none."""
        number = self._groups.get(group)
        if number is None or name not in self.about["groups"][number]["names"]:
            return None
        return self[f"{number}/{name}"]

    def of(self, group: Group, name: str) -> NDArray[Any]:
        """Read an array that every group of the shard has."""
        found = self.get(group, name)
        if found is None:
            raise CorruptFile(f"{self.path} has no {name} of {'/'.join(group)}")
        return found

    def epochs(self, group: Group, name: str) -> list[int]:
        """Give the epochs of an array's second axis; none where it has none."""
        number = self._groups.get(group)
        found: list[int] = [] if number is None else self.about["groups"][number]["epochs"].get(name, [])
        return found
