"""Where the interface finds trainings: read from published files when asked for, or looked up in a table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbed.compat.made import Made
from nasbed.compat.nats_bench.result import Info, NotMeasured, ResultsCount
from nasbed.compat.nats_bench.results import ArchResults
from nasbed.compat.nats_bench.sheets import Sheet, Sizes, compute_costs
from nasbed.core.errors import BadSetting
from nasbed.readers.natsbench.state import published_of
from nasbed.readers.natsbench.trainings import Published, Run

if TYPE_CHECKING:
    from nasbed.readers.natsbench.folder import Folder  # which takes longer to import than a table to open

Read = Callable[[], Published]
Trials = tuple[Sequence[int], Sequence[ResultsCount]]
"""Seeds, ascending, and the training of each."""

_KEPT = 256
"""How many architectures' files are kept as read: 0.3 MB each."""


class Answers(ABC):
    """Trainings by architecture, recipe and data set.

    Attributes:
        space: Name of the space.
        name: What people call it.
        architectures: How many architectures the space has.
        folder: Where files are read; None where there are none.
        evaluated: Indices of those that have been read, or, in a table, of those that are there.
        hps: The recipes that have been seen.
    """

    folder: Path | None = None

    def __init__(self, space: str, name: str, architectures: int, evaluated: Iterable[int], hps: Iterable[str]) -> None:
        self.space, self.name, self.architectures = space, name, architectures
        self.evaluated, self.hps = set(evaluated), list(hps)

    @abstractmethod
    def strings(self) -> list[str]:
        """Give the strings of all architectures of the space in the official order."""

    @abstractmethod
    def trained(self, index: int) -> list[tuple[str, str]]:
        """Give the recipes by which, and the data sets on which, an architecture was trained.

        Raises:
            NotMeasured: When there is nothing.
        """

    @abstractmethod
    def trials(self, index: int, hp: str, data: str) -> Trials:
        """Give an architecture's trainings by a recipe on a data set.

        Raises:
            NotMeasured: When there is none.
        """

    @abstractmethod
    def copied(self, index: int, hp: str, data: str) -> Trials:
        """Give them in new objects.

        Raises:
            NotMeasured: When there is none.
        """

    @abstractmethod
    def published(self, index: int) -> Published:
        """Give all of an architecture as a source has it.

        Raises:
            NotMeasured: When there is nothing.
        """

    def infos(self, index: int, hp: str | None = None) -> dict[str, ArchResults]:
        """Give all of an architecture, by recipe, in new objects; or what it has by one recipe.

        Raises:
            NotMeasured: When there is nothing.
        """
        published = self.published(index)
        runs: dict[str, list[Run]] = {}
        for run in published.runs:
            runs.setdefault(run.hp, []).append(run)
        if hp is not None and hp not in runs:
            raise no_recipe(index, hp, runs)
        return {
            name: ArchResults(index, published.arch, ((run.seed, ResultsCount(run)) for run in some))
            for name, some in runs.items()
            if hp in (None, name)
        }

    def sheet(self, index: int, hp: str, data: str, iepoch: int | None) -> Sheet:
        """Give what trainings gave after an epoch, counted from 0; None: after the last.

        Raises:
            NotMeasured: When there is none, or no such epoch.
        """
        return Sheet.of(*self.trials(index, hp, data), iepoch)

    def sizes(self, index: int, hp: str, data: str) -> Sizes:
        """Give what trainings say of the network.

        Raises:
            NotMeasured: When there is none.
        """
        return Sizes.of(*self.trials(index, hp, data))

    def costs(self, index: int, hp: str, data: str) -> Info:
        """Give what trainings cost, on average; see ``compute_costs``.

        Raises:
            NotMeasured: When there is none.
        """
        return compute_costs(*self.trials(index, hp, data))

    def askable(self, every: bool) -> Sequence[int]:
        """Give the indices of those that are there, ascending; of files, with ``every``, also of those not read yet."""
        return sorted(self.evaluated)

    def unfound(self, index: int, there: int) -> NotMeasured:
        """Give the error of an architecture that is not among so many that are there."""
        return NotMeasured(
            f"Did not find {index}: {self.name} has results of {there:,} of {self.architectures:,} architectures"
        )

    def reread(self, root: Path, index: int | None) -> None:
        """Take the results of an architecture, or of all, from another folder from now on.

        Raises:
            BadSetting: When these are of a table, or the folder is of another space.
            NotMeasured: When it has no file of it.
        """
        raise BadSetting("only what was created with fast_mode=True can be reloaded: a table does not change")


class Lazily(Answers):
    """Reads an architecture's results when they are asked for.

    Args:
        space: Name of the space.
        name: What people call it.
        archs: The strings of all architectures in the official order.
        read: By index, what reads an architecture's results.
        folder: Where files are read; None where there are none.
    """

    def __init__(
        self, space: str, name: str, archs: Sequence[str], read: Mapping[int, Read], folder: Path | None = None
    ) -> None:
        super().__init__(space, name, len(archs), (), ())
        self.folder, self._archs, self._read = folder, archs, dict(read)
        self._kept: Made[int, dict[tuple[str, str], Trials]] = Made(self._trials_of, _KEPT)

    @classmethod
    def of(cls, folder: Folder) -> Lazily:
        """Read a folder's files."""
        return cls(folder.space, folder.name, folder.archs, _readers(folder), folder.path)

    @classmethod
    def of_states(cls, states: Mapping[int, Mapping[str, Any]], archs: Sequence[str], space: str) -> Lazily:
        """Read what has been loaded already: by index and recipe, the published states."""
        name = "a dictionary"
        readers = {index: partial(published_of, some, index, archs[index], name) for index, some in states.items()}
        found = cls(space, name, archs, readers)
        found.evaluated |= set(readers)
        found.hps += dict.fromkeys(hp for some in states.values() for hp in some)
        return found

    def strings(self) -> list[str]:
        """Give the strings of all architectures."""
        return list(self._archs)

    def trained(self, index: int) -> list[tuple[str, str]]:
        """Give the recipes by which, and the data sets on which, an architecture was trained."""
        return list(self._kept[index])

    def trials(self, index: int, hp: str, data: str) -> Trials:
        """Give an architecture's trainings by a recipe on a data set."""
        found = self._kept[index]
        if (hp, data) not in found:
            raise absent(index, hp, data, list(found))
        return found[hp, data]

    def copied(self, index: int, hp: str, data: str) -> Trials:
        """Give them in new objects."""
        info = self.infos(index, hp)[hp]
        if data not in info.dataset_seed:
            raise absent(index, hp, data, self.trained(index))
        return info.get_dataset_seeds(data), list(info.query(data).values())

    def published(self, index: int) -> Published:
        """Read all of an architecture."""
        if index not in self._read:
            raise self.unfound(index, len(self._read))
        published = self._read[index]()
        self.evaluated.add(index)
        self.hps.extend(hp for hp in dict.fromkeys(run.hp for run in published.runs) if hp not in self.hps)
        return published

    def askable(self, every: bool) -> Sequence[int]:
        """Give all indices, or those of architectures that have been read."""
        return range(self.architectures) if every else super().askable(every)

    def reread(self, root: Path, index: int | None) -> None:
        """Take the results of an architecture, or of all, from another folder from now on."""
        from nasbed.readers.natsbench.folder import open_folder

        folder = open_folder(root)
        if folder.archs != tuple(self._archs):
            raise BadSetting(f"{root} has architectures of {folder.space}")
        readers = _readers(folder)
        for found in readers if index is None else [index]:
            if found not in readers:
                raise NotMeasured(f"{root} has no file of architecture {found}")
            self._read[found] = readers[found]
            self._kept.pop(found, None)

    def _trials_of(self, index: int) -> dict[tuple[str, str], Trials]:
        found: dict[tuple[str, str], Trials] = {}
        for hp, info in self.infos(index).items():
            for data in info.get_dataset_names():
                found[hp, data] = info.get_dataset_seeds(data), list(info.query(data).values())
        return found


def _readers(folder: Folder) -> dict[int, Read]:
    return {index: partial(_read_file, folder, index, file) for index, file in folder.items}


def _read_file(folder: Folder, index: int, file: str) -> Published:
    return next(iter(replace(folder, items=((index, file),))))


def no_recipe(index: int, hp: str, there: Iterable[str]) -> NotMeasured:
    """Give the error of an architecture that was not trained by a recipe."""
    return NotMeasured(f"The {index}-th architecture only has hyper-parameters of {list(there)} instead of {hp}.")


def absent(index: int, hp: str, data: str, there: Iterable[tuple[str, str]]) -> NotMeasured:
    """Give the error of an architecture that was not trained so; ``there`` are the recipes and data that it was."""
    by_recipe: dict[str, list[str]] = {}
    for recipe, trained_on in there:
        by_recipe.setdefault(recipe, []).append(trained_on)
    if hp not in by_recipe:
        return no_recipe(index, hp, by_recipe)
    return NotMeasured(
        f"the {index}-th architecture was not trained on {data!r} with hp={hp!r}; it was on {', '.join(by_recipe[hp])}"
    )
