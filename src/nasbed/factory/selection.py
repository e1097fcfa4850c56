"""Selection: which part of a campaign a command does.

Filters say what is done at all: a pattern on hashes, a list of what remains, a range of the canonical order. What they
leave is dealt out to workers that know nothing of each other, as the nodes of a batch system. What is dealt is a module
with a repeat, all budgets in one hand, so that everybody has as many long trainings: number j of them goes, with
``offset`` k, to worker ``(j + k) mod n``, as in the published ``run_evaluation.py``. A published list of what remains
counts repeats from 1; nasbed's own lists, names and stores count from 0.
Reference: https://github.com/google-research/nasbench
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, product
from pathlib import Path
from typing import Any

from nasbed.core.errors import BadSetting
from nasbed.core.printing import Printed
from nasbed.factory.job import Job
from nasbed.factory.units import Unit

Name = tuple[str, int, int]
"""A training: hash, epochs, repeat."""


@dataclass(frozen=True)
class Selection(Printed):
    """Part of a campaign; without settings all of it.

    Attributes:
        only: A regular expression with which an architecture's name begins (a module's hash, a cell's index), as
            published.
        listed: A file that lists what is to be done, a unit if it trains any of it: ``name``, ``name/epochs`` or
            ``name/epochs/repeat`` a line, repeats from 0; or, as published, JSON ``[[name, repeat], …]``, repeats
            from 1.
        start: The first place in the canonical order, from 0.
        stop: The place in the canonical order after the last; None for the end.
        worker: Which of the workers this is, from 0.
        of: How many there are.
        offset: How far the deal is turned.
    """

    only: str | None = None
    listed: str | Path | None = None
    start: int = 0
    stop: int | None = None
    worker: int = 0
    of: int = 1
    offset: int = 0

    def __post_init__(self) -> None:
        if self.of < 1:
            raise BadSetting(f"there must be at least one worker, not {self.of}")
        if not 0 <= self.worker < self.of:
            raise BadSetting(
                f"of {self.of} workers the numbers are 0 to {self.of - 1}, not {self.worker}; "
                f"a SLURM array of so many is --array=0-{self.of - 1}"
            )
        if self.start < 0 or (self.stop is not None and self.stop <= self.start):
            raise BadSetting(f"a range A:B has 0 <= A < B, not {self.start}:{'' if self.stop is None else self.stop}")
        try:
            re.compile(self.only or "")
        except re.error as error:
            raise BadSetting(f"{self.only!r} is no regular expression: {error}") from None

    @property
    def shard(self) -> str:
        """What is put into the name of a worker's store; empty for a worker that is alone."""
        if self.of == 1:
            return ""
        return f".worker-{self.worker}-of-{self.of}" + (f"-offset-{self.offset}" if self.offset else "")

    def units(self, job: Job) -> list[Unit]:
        """Choose from a job's units, in their order.

        Raises:
            BadSetting: When the filters leave nothing, or the list names what the job has not.
        """
        start, stop = self.start, job.size if self.stop is None else min(self.stop, job.size)
        places: Iterable[int] = range(start, stop)
        if self.listed is not None:
            listed = {job.unit_of(*name) for name in self._trainings(job)}
            places = [place for place in places if job.unit(place) in listed]
        if self.only is not None:
            pattern = re.compile(self.only)
            places = [place for place in places if pattern.match(job.unit(place).module)]
        # All budgets of one architecture and repeat are in one hand.
        hands = [list(hand) for _, hand in groupby(places, key=lambda place: place // len(job.budgets))]
        if not hands:
            raise BadSetting(f"of the campaign's {job.size} units the filters leave none")
        return [job.unit(place) for hand in hands[(self.worker - self.offset) % self.of :: self.of] for place in hand]

    def among(self, retries: list[Unit], job: Job, chosen: list[Unit]) -> list[Unit]:
        """Choose from units of one repeat each: those that ``units`` chose, and of a list those that it names."""
        units = set(chosen)
        listed = None if self.listed is None else set(self._trainings(job))
        names = [(unit.module, unit.epochs, unit.repeat) for unit in retries]
        return [
            unit
            for unit, name in zip(retries, names, strict=True)
            if job.unit_of(*name) in units and (listed is None or name in listed)
        ]

    def describe(self) -> dict[str, Any]:
        """Give the settings that are not the defaults, as JSON-able values."""
        return {
            name: str(value) if isinstance(value, Path) else value
            for name, value in vars(self).items()
            if value != getattr(Selection, name)
        }

    def _trainings(self, job: Job) -> Iterator[Name]:
        """Go through the trainings that the list names."""
        path = Path(str(self.listed)).expanduser()
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadSetting(f"the list {path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
        return _published(text, path, job) if text.lstrip().startswith("[") else _lines(text, job)


def _lines(text: str, job: Job) -> Iterator[Name]:
    """Read ``hash``, ``hash/epochs`` or ``hash/epochs/repeat`` a line, repeats from 0; ``#`` begins a comment."""
    budgets, repeats = {str(epochs): epochs for epochs in job.budgets}, {str(r): r for r in range(job.repeats)}
    entries = (line.partition("#")[0].strip() for line in text.splitlines())
    for entry in filter(None, entries):
        module, epochs, repeat, *more = [*(part.strip() for part in entry.split("/")), None, None]
        known = module in job.modules and epochs in (None, *budgets) and repeat in (None, *repeats)
        if not known or module is None or any(part is not None for part in more):
            raise BadSetting(
                f"{entry!r} in the list is none of the campaign's trainings; write hash, hash/epochs or "
                f"hash/epochs/repeat with epochs among {', '.join(budgets)} and repeats from 0 to {job.repeats - 1}"
            )
        some = budgets.values() if epochs is None else [budgets[epochs]]
        yield from product([module], some, repeats.values() if repeat is None else [repeats[repeat]])


def _published(text: str, path: Path, job: Job) -> Iterator[Name]:
    """Read ``[[hash, repeat], …]``, repeats from 1: of each, all budgets."""
    form = "[[hash, repeat], …], as published"
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise BadSetting(f"the list {path} is no JSON of the form {form}: {error}") from None
    for entry in entries:
        if not isinstance(entry, list) or [type(part) for part in entry] not in ([str, int], [int, int]):
            raise BadSetting(f"{json.dumps(entry)} in the list {path} is not of the form {form}")
        module, repeat = str(entry[0]), entry[1]
        if module not in job.modules or not 1 <= repeat <= job.repeats:
            raise BadSetting(
                f"{json.dumps(entry)} in the list {path} is none of the campaign's trainings: as published, a list in "
                f"JSON counts repeats from 1, here to {job.repeats}; one of lines hash/epochs/repeat counts from 0"
            )
        yield from product([module], job.budgets, [repeat - 1])
