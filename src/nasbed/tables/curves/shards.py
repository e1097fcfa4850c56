"""Shards: published trainings taken apart into arrays, some architectures at a time.

Each process that reads a part of a source writes shards, and whoever builds the table puts them together: so neither
needs more memory than a few architectures, or one column, take. A shard is a file of arrays, one behind the other, and
a JSON file beside it, which says where each begins.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import CorruptFile
from nasbed.tables.curves.encoding import ABSENT
from nasbed.tables.curves.names import TRAIN
from nasbed.tables.curves.texts import Texts
from nasbed.tables.natsbench.published import Published, Run

AT_MOST = 100  # architectures a shard, about 10 MB
SUFFIX = ".shard"

Group = tuple[str, str]
"""Recipe and data set."""


class _Runs:
    """The trainings of one group, as they come."""

    def __init__(self) -> None:
        self.row: list[int] = []
        self.numbers: dict[str, list[Any]] = {name: [] for name in ("seed", "order", "epochs", "params", "flops")}
        self.other: list[int] = []
        self.latency: list[tuple[float, ...]] = []
        self.curves: dict[str, list[tuple[int, NDArray[np.float64]]]] = {}
        self.evaluations: dict[str, list[tuple[int, list[int], list[float]]]] = {}

    def add(self, row: int, order: int, run: Run, texts: Texts) -> None:
        """Take one training apart."""
        number = len(self.row)
        self.row.append(row)
        for name, values in self.numbers.items():
            values.append(order if name == "order" else getattr(run, name))
        self.other.append(texts.code(run.other))
        self.latency.append(run.latency)
        for name, curve in run.curves.items():
            if len(curve) != run.epochs or not name.startswith(f"{TRAIN}/"):
                raise CorruptFile(f"the curve {name} has {len(curve)} values for {run.epochs} epochs of training")
            self.curves.setdefault(name, []).append((number, np.asarray(curve, np.float64)))
        found: dict[tuple[str, str], tuple[list[int], list[float]]] = {}
        for (split, epoch), measured in run.evaluations.items():
            for metric, value in measured.items():
                epochs, values = found.setdefault((split, metric), ([], []))
                epochs.append(epoch)
                values.append(value)
        for (split, metric), (epochs, values) in found.items():
            if split == TRAIN:
                raise CorruptFile(f"an evaluation of the split {TRAIN!r} would be taken for the training itself")
            self.evaluations.setdefault(f"{split}/{metric}", []).append((number, epochs, values))

    def arrays(self) -> tuple[dict[str, NDArray[Any]], dict[str, list[int]]]:
        """Give arrays with an axis for the trainings, and the epochs of those that have a second."""
        runs = len(self.row)
        arrays: dict[str, NDArray[Any]] = {name: np.array(values) for name, values in self.numbers.items()}
        arrays["row"], arrays["other"] = np.array(self.row, np.int64), np.array(self.other, np.int64)
        epochs: dict[str, list[int]] = {}
        if any(self.latency):
            most = max(map(len, self.latency))
            arrays["latency"], epochs["latency"] = np.full((runs, most), ABSENT), list(range(most))
            for number, values in enumerate(self.latency):
                arrays["latency"][number, : len(values)] = values
        for name, curves in self.curves.items():
            most = max(len(curve) for _, curve in curves)
            arrays[name], epochs[name] = np.full((runs, most), ABSENT), list(range(most))
            for number, curve in curves:
                arrays[name][number, : len(curve)] = curve
        for name, found in self.evaluations.items():
            epochs[name] = sorted({epoch for _, some, _ in found for epoch in some})
            place = {epoch: i for i, epoch in enumerate(epochs[name])}
            arrays[name] = np.full((runs, len(place)), ABSENT)
            for number, some, measured in found:
                arrays[name][number, [place[epoch] for epoch in some]] = measured
        return arrays, epochs


class Shards:
    """Writes shards as architectures come.

    Args:
        stem: Where to: shard number i is ``<stem>-<i>.shard``.
    """

    def __init__(self, stem: Path) -> None:
        self.stem, self.written = stem, 0
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
        self._other.append(self._texts.code(published.other))
        seen = set()
        for order, run in enumerate(published.runs):
            which = run.hp, run.data, run.seed
            try:
                if which in seen:
                    raise CorruptFile("it comes twice")
                seen.add(which)
                self._groups.setdefault((run.hp, run.data), _Runs()).add(row, order, run, self._texts)
            except CorruptFile as error:
                raise CorruptFile(
                    f"architecture {published.index}, training {'/'.join(map(str, which))}: {error}"
                ) from None
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
    shards, count = Shards(stem), 0
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
