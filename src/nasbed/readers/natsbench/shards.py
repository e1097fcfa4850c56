"""Shards: published trainings taken apart into arrays, some architectures at a time.

Each process that reads a part of a source writes shards, and whoever builds the table puts them together: so neither
needs more memory than a few architectures, or one column, take. In a shard, the trainings of one group of which the
same was measured are a block: its numbers lie in a file, those of one name together, and a JSON file beside it says
where.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count, islice, takewhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import CorruptFile
from nasbed.readers.natsbench.texts import written
from nasbed.readers.natsbench.trainings import Published, Run

AT_MOST = 100  # architectures a shard, about 10 MB
SUFFIX = ".shard"
_DIGITS = 5
_ROOM, _ROOM_PER_VALUE = 1 << 20, 32
_PLACES = 4  # numbers that say what a training is

Group = tuple[str, str]
"""Recipe and data set."""


@dataclass(frozen=True, eq=False)
class Block:
    """Trainings of one group of which the same was measured.

    Attributes:
        path: The shard's numbers.
        group: The group.
        layout: The epochs of each name; none where a training has one number of it.
        count: How many trainings there are.
        start: Where in the file their numbers begin.
    """

    path: Path
    group: Group
    layout: dict[str, list[int]]
    count: int
    start: int

    @property
    def places(self) -> NDArray[np.int64]:
        """Of each training the shard's row, the seed, the place in the source and the text, ``(4, count)``."""
        return self._read(np.int64, 0, _PLACES)

    def values(self, name: str) -> NDArray[np.float64]:
        """Read the numbers of a name, ``(count, epochs)``."""
        sizes = {one: len(epochs) or 1 for one, epochs in self.layout.items()}
        return self._read(np.float64, _PLACES + sum(sizes[one] for one in takewhile(name.__ne__, sizes)), sizes[name]).T

    def _read(self, kind: type[Any], begin: int, rows: int) -> NDArray[Any]:
        """Read rows of one number a training."""
        offset = self.start + np.dtype(kind).itemsize * self.count * begin
        return np.fromfile(self.path, kind, rows * self.count, offset=offset).reshape(rows, -1)


class Shard:
    """A shard that was written.

    Attributes:
        index: The official index of each architecture.
        other: Of each the text that has what else is said of it.
        texts: By number.
        blocks: The trainings.
    """

    def __init__(self, path: Path) -> None:
        about = json.loads(path.with_suffix(".json").read_text())
        self.index, self.other = (np.array(about[name], np.int64) for name in ("index", "other"))
        self.texts: list[str] = about["texts"]
        self.blocks = [
            Block(path, (hp, data), dict(layout), number, start) for hp, data, layout, number, start in about["blocks"]
        ]


class _Architectures:
    """Architectures, taken apart as they come.

    Args:
        name: What errors call that from which they come.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.texts: dict[str, int] = {}
        self.index: list[int] = []
        self.other: list[int] = []
        # By recipe, data set, measurements of the latency and layout. Nearly all layouts are one object, whose hash
        # would take longer than all else here.
        self.blocks: dict[tuple[str, str, int, int], list[tuple[tuple[int, ...], Run]]] = {}

    def add(self, published: Published) -> None:
        """Take an architecture.

        Raises:
            CorruptFile: When something beside its numbers is no plain value, or its recipe is not named by its epochs.
        """
        what = f"{self.name}, architecture {published.index}"
        try:
            self.other.append(self._text(published.other, published))
            for order, run in enumerate(published.runs):
                what = f"{self.name}, architecture {published.index}, training {run.hp}/{run.data}/{run.seed}"
                if not (run.hp.isascii() and run.hp.isdigit() and len(run.hp) <= _DIGITS):
                    raise CorruptFile("a recipe is named by its epochs")
                key = run.hp, run.data, len(run.latency), id(run.measured.layout)
                place = len(self.index), run.seed, order, self._text(run.other, published)
                self.blocks.setdefault(key, []).append((place, run))
        except CorruptFile as error:
            raise CorruptFile(f"{what}: {error}") from None
        self.index.append(published.index)

    def _text(self, other: Mapping[str, Any], published: Published) -> int:
        return self.texts.setdefault(written(other, published.arch, published.index), len(self.texts))

    def write(self, path: Path) -> None:
        """Write a shard."""
        blocks = []
        with path.with_suffix(SUFFIX).open("wb") as file:
            for (hp, data, latencies, _), trainings in self.blocks.items():
                places, runs = zip(*trainings, strict=True)
                latency = [("latency", tuple(range(latencies)))] if latencies else []
                layout = [*((name, ()) for name in ("epochs", "params", "flops")), *latency, *runs[0].measured.layout]
                blocks.append((hp, data, layout, len(runs), file.tell()))
                known = np.array([[run.epochs, run.params, run.flops, *run.latency] for run in runs], np.float64)
                numbers = np.hstack([known, np.stack([run.measured.numbers for run in runs])])
                file.write(np.array(places, np.int64).T.tobytes() + numbers.T.tobytes())
        about = {"index": self.index, "other": self.other, "texts": list(self.texts), "blocks": blocks}
        path.with_suffix(".json").write_text(json.dumps(about))


def write_shards(source: Iterable[Published], stem: Path, each: Callable[[], None] = lambda: None) -> None:
    """Read a source to its end into shards ``<stem>-<number>.shard``, and call ``each`` after each architecture."""
    name, architectures = str(getattr(source, "path", "it")), iter(source)
    for number in count():
        shard = _Architectures(name)
        for published in islice(architectures, AT_MOST):
            shard.add(published)
            each()
        if not shard.index:
            return
        shard.write(stem.with_name(f"{stem.name}-{number}"))


def check_room(shape: tuple[int, ...], values: int, name: str) -> None:
    """Refuse to put values side by side that would take much more room than they have: most of it would be empty.

    Raises:
        CorruptFile: When they would.
    """
    if math.prod(shape) > _ROOM + _ROOM_PER_VALUE * values:
        raise CorruptFile(f"hardly two trainings have {name} with the same seeds and after the same epochs")
