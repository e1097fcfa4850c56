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
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import CorruptFile
from nasbed.readers.natsbench.texts import written
from nasbed.readers.natsbench.trainings import Layout, Published, Run

AT_MOST = 100  # architectures a shard, about 10 MB
SUFFIX = ".shard"
_DIGITS = 5
_ROOM, _ROOM_PER_VALUE = 1 << 20, 32
_BYTES = 8  # of a number

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
        return np.fromfile(self.path, np.int64, 4 * self.count, offset=self.start).reshape(4, -1)

    @cached_property
    def _begins(self) -> dict[str, int]:
        sizes = [len(epochs) or 1 for epochs in self.layout.values()]
        return dict(zip(self.layout, np.cumsum([4, *sizes]).tolist(), strict=False))

    def values(self, name: str) -> NDArray[np.float64]:
        """Read the numbers of a name, ``(count, epochs)``."""
        epochs, offset = len(self.layout[name]) or 1, self.start + _BYTES * self.count * self._begins[name]
        return np.fromfile(self.path, np.float64, epochs * self.count, offset=offset).reshape(epochs, -1).T


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


@dataclass(eq=False)
class _Block:
    """The trainings of a block, as they come."""

    layout: Layout
    places: list[tuple[int, ...]] = field(default_factory=list)
    known: list[list[float]] = field(default_factory=list)
    measured: list[NDArray[np.float64]] = field(default_factory=list)


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
        self.blocks: dict[tuple[str, str, int, int, int], _Block] = {}

    def add(self, published: Published) -> None:
        """Take an architecture.

        Raises:
            CorruptFile: When one of its trainings comes twice, or does not fit together.
        """
        self.index.append(published.index)
        seen, what = set(), f"{self.name}, architecture {published.index}"
        try:
            self.other.append(self._text(published.other, published))
            for order, run in enumerate(published.runs):
                what = f"{self.name}, architecture {published.index}, training {run.hp}/{run.data}/{run.seed}"
                if not (run.hp.isascii() and run.hp.isdigit() and len(run.hp) <= _DIGITS):
                    raise CorruptFile("a recipe is named by its epochs")
                if (run.hp, run.data, run.seed) in seen:
                    raise CorruptFile("it comes twice")
                seen.add((run.hp, run.data, run.seed))
                self._take(order, run, published)
        except CorruptFile as error:
            raise CorruptFile(f"{what}: {error}") from None

    def _take(self, order: int, run: Run, published: Published) -> None:
        # Nearly all layouts are one object, whose hash would take longer than all else here.
        key = run.hp, run.data, run.epochs, len(run.latency), id(run.measured.layout)
        if key not in self.blocks:
            self.blocks[key] = _Block(run.measured.layout)
            wrong = next((name for name, epochs in run.measured.layout if max(epochs, default=0) >= run.epochs), None)
            if wrong is not None:
                raise CorruptFile(f"{wrong} has values after the {run.epochs} epochs of training")
        block = self.blocks[key]
        block.places.append((len(self.index) - 1, run.seed, order, self._text(run.other, published)))
        block.known.append([run.epochs, run.params, run.flops, *run.latency])
        block.measured.append(run.measured.numbers)

    def _text(self, other: Mapping[str, Any], published: Published) -> int:
        return self.texts.setdefault(written(other, published.arch, published.index), len(self.texts))

    def write(self, path: Path) -> None:
        """Write a shard."""
        blocks = []
        with path.with_suffix(SUFFIX).open("wb") as file:
            for (hp, data, _, latencies, _), block in self.blocks.items():
                latency = [("latency", tuple(range(latencies)))] if latencies else []
                layout = [*((name, ()) for name in ("epochs", "params", "flops")), *latency, *block.layout]
                blocks.append((hp, data, layout, len(block.places), file.tell()))
                np.ascontiguousarray(np.array(block.places, np.int64).T).tofile(file)
                numbers = np.hstack([np.array(block.known, np.float64), np.stack(block.measured)])
                np.ascontiguousarray(numbers.T).tofile(file)
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
