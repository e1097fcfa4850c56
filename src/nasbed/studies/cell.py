"""Cell: one search of a study, all its repetitions: the smallest thing that a study has a file for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from nasbed.core.files import slug
from nasbed.core.seeds import derived_seed
from nasbed.run.settings import NAMES, SearchSettings

Keep = Literal["trials", "outcomes"]
"""What a cell's file has: a row a trial, or a row a run."""

BASE = SearchSettings(workers=1)
"""What a study's searches are, where it does not say otherwise."""

SEARCH = {name: getattr(BASE, name) for name in NAMES if name not in ("patience", "runs", "first_run")}
"""The settings of a search that a study may name, with their defaults."""

_FORM = 1  # of the files; a later form makes other hashes


def hash_of(spec: Mapping[str, Any]) -> str:
    """Return 16 hexadecimal digits that stand for JSON-able values, in whatever order they are named."""
    text = json.dumps(spec, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def own_seed(seed: int, called: str, settings: Mapping[str, Any] | None = None, pace: float = 1.0) -> int:
    """Return the seed of searches on one of several benchmarks of a space: ``nasbed search`` plays the same with it.

    Args:
        seed: Of the study.
        called: What the benchmark calls itself.
        settings: Of the benchmark.
        pace: Of its trainings.
    """
    given = {str(key): str(value) for key, value in sorted((settings or {}).items())}
    return derived_seed("study", seed, called, given, pace)


@dataclass(frozen=True)
class Source:
    """Where a cell's answers come from.

    Attributes:
        name: What ``nasbed.benchmarks.resolve`` takes.
        settings: Of the benchmark.
        pace: How many simulated seconds a second of the benchmark's trainings stands for.
        called: What the benchmark calls itself.
        stem: The same without what is in the settings: by this cells are known.
        checksum: Of its table; None where it has none.
    """

    name: str
    settings: dict[str, Any]
    pace: float
    called: str
    stem: str
    checksum: str | None


@dataclass(frozen=True)
class Cell:
    """One search with all its repetitions.

    Attributes:
        source: Whom it asks.
        benchmark: What the study calls that.
        optimizer: Its registered name.
        settings: All its settings.
        label: What the study calls it.
        search: How it searches; ``runs`` says how often.
        varied: What distinguishes it from the study's other cells, by key: ``{"tournament": 5}``.
        runs: How many repetitions.
        keep: What its file has.
    """

    source: Source
    benchmark: str
    optimizer: str
    settings: dict[str, Any]
    label: str
    search: SearchSettings
    varied: dict[str, Any]
    runs: int
    keep: Keep

    @cached_property
    def spec(self) -> dict[str, Any]:
        """Give everything that decides what its file holds, JSON-able; versions aside, which the file names."""
        search = {name: getattr(self.search, name) for name in SEARCH} | {"limits": self.search.limits or None}
        if self.search.absent == BASE.absent:  # which cells of version 0.1 do not name
            del search["absent"]
        what = {
            "form": _FORM,
            "benchmark": {
                "name": self.source.stem,
                "settings": self.source.settings,
                "pace": self.source.pace,
                "checksum": self.source.checksum,
            },
            "optimizer": self.optimizer,
            "settings": self.settings,
            "search": search,
            "runs": self.runs,
            "keep": self.keep,
        }
        spec: dict[str, Any] = json.loads(json.dumps(what, default=str))
        return spec

    @cached_property
    def hash(self) -> str:
        """Give 16 hexadecimal digits that stand for ``spec``."""
        return hash_of(self.spec)

    @property
    def group(self) -> tuple[str, str]:
        """Give what it shares with the cells that search alike: the benchmark, and how they search."""
        return self.benchmark, self.searched([key for key in SEARCH if key in self.varied])

    def searched(self, keys: Iterable[str]) -> str:
        """Write some settings of the search: ``epochs=4,workers=8``."""
        search = self.spec["search"]
        if "seed" in self.varied:
            search = {**search, "seed": self.varied["seed"]}  # the study's, from which a benchmark's own may be derived
        return ",".join(f"{key}={search.get(key, SEARCH[key])}" for key in keys)

    @property
    def name(self) -> str:
        """Give a name for people: benchmark, optimizer, and what varies of the search."""
        benchmark, search = self.group
        return " / ".join(filter(None, (benchmark, self.label, search)))

    @property
    def file(self) -> str:
        """Give its file's name: a piece of the cell's own name, and the hash, by which it is found."""
        return f"{slug(self.name, 'cell')[:80]}-{self.hash}.parquet"
