"""Where the interface finds trainings: read from published files when asked for, or looked up in a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Generic, Protocol, TypeVar

from nasbed.compat.nats_bench.errors import NotMeasured
from nasbed.compat.nats_bench.result import ResultsCount
from nasbed.compat.nats_bench.results import ArchResults
from nasbed.compat.nats_bench.sheets import Sheet, Sizes
from nasbed.tables.natsbench.folder import Folder
from nasbed.tables.natsbench.published import Published, Run

K = TypeVar("K")
V = TypeVar("V")
Trials = tuple[Sequence[int], Sequence[ResultsCount]]
"""Seeds, ascending, and the training of each."""

_KEPT = 256
"""How many architectures' files are kept as read: 0.3 MB each."""


class Answers(Protocol):
    """Trainings by architecture, recipe and data set."""

    @property
    def space(self) -> str:
        """Name of the space."""
        ...

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def archs(self) -> Sequence[str]:
        """The strings of all architectures in the official order."""
        ...

    @property
    def architectures(self) -> int:
        """How many architectures the space has."""
        ...

    @property
    def evaluated(self) -> set[int]:
        """Indices of those that have been read, or, in a table, of those that are there."""
        ...

    @property
    def hps(self) -> list[str]:
        """The recipes that have been seen."""
        ...

    def trials(self, index: int, hp: str, data: str) -> Trials:
        """Give an architecture's trainings by a recipe on a data set.

        Raises:
            NotMeasured: When there is none.
        """
        ...

    def sheet(self, index: int, hp: str, data: str, iepoch: int | None) -> Sheet:
        """Give what they gave after an epoch, counted from 0; None: after the last.

        Raises:
            NotMeasured: When there is none, or no such epoch.
        """
        ...

    def sizes(self, index: int, hp: str, data: str) -> Sizes:
        """Give what they say of the network.

        Raises:
            NotMeasured: When there is none.
        """
        ...

    def infos(self, index: int) -> dict[str, ArchResults]:
        """Give all of an architecture, by recipe, in new objects.

        Raises:
            NotMeasured: When there is nothing.
        """
        ...


class Lazily:
    """Reads the file of an architecture when it is asked for.

    Args:
        folder: The published files.
    """

    def __init__(self, folder: Folder) -> None:
        self.space, self.name, self.archs = folder.space, folder.name, folder.archs
        self.path, self.architectures = folder.path, len(folder.archs)
        self.evaluated: set[int] = set()
        self.hps: list[str] = []
        self._folder, self._files = folder, dict(folder.files)
        self._others: dict[int, Folder] = {}
        self._read: Latest[int, dict[tuple[str, str], Trials]] = Latest(self._trials_of, _KEPT)

    def trials(self, index: int, hp: str, data: str) -> Trials:
        """Give an architecture's trainings by a recipe on a data set."""
        found = self._read[index]
        if (hp, data) not in found:
            raise absent(index, hp, data, list(found))
        return found[hp, data]

    def sheet(self, index: int, hp: str, data: str, iepoch: int | None) -> Sheet:
        """Give what they gave after an epoch."""
        return Sheet.of(*self.trials(index, hp, data), iepoch)

    def sizes(self, index: int, hp: str, data: str) -> Sizes:
        """Give what they say of the network."""
        return Sizes.of(*self.trials(index, hp, data))

    def infos(self, index: int) -> dict[str, ArchResults]:
        """Give all of an architecture, by recipe, in new objects."""
        return infos_of(self._published(index))

    def reread(self, folder: Folder, index: int) -> None:
        """Take an architecture's file from another folder from now on."""
        files = dict(folder.files)
        if index not in files:
            raise NotMeasured(f"{folder.path} has no file of architecture {index}")
        self._others[index] = replace(folder, files=((index, files[index]),))
        self._read.pop(index, None)

    def _trials_of(self, index: int) -> dict[tuple[str, str], Trials]:
        found: dict[tuple[str, str], Trials] = {}
        for hp, info in self.infos(index).items():
            for data in info.get_dataset_names():
                found[hp, data] = info.get_dataset_seeds(data), list(info.query(data).values())
        return found

    def _published(self, index: int) -> Published:
        folder = self._others.get(index)
        if folder is None:
            if index not in self._files:
                raise NotMeasured(
                    f"{self.name} has no file of architecture {index}; it has those of {len(self._files):,} of "
                    f"{len(self.archs):,} architectures"
                )
            folder = replace(self._folder, files=((index, self._files[index]),))
        published = next(iter(folder))
        self.evaluated.add(index)
        self.hps.extend(hp for hp in dict.fromkeys(run.hp for run in published.runs) if hp not in self.hps)
        return published


class Latest(dict[K, V], Generic[K, V]):
    """From a key to what is made of it, once; forgets all when there are too many.

    Args:
        make: Makes it.
        most: How many are too many.
    """

    def __init__(self, make: Callable[[K], V], most: int) -> None:
        super().__init__()
        self._make, self._most = make, most

    def __missing__(self, key: K) -> V:
        value = self._make(key)
        if len(self) >= self._most:
            self.clear()
        self[key] = value
        return value


def infos_of(published: Published) -> dict[str, ArchResults]:
    """Give all trainings of an architecture, by recipe."""
    runs: dict[str, list[Run]] = {}
    for run in published.runs:
        runs.setdefault(run.hp, []).append(run)
    return {
        hp: ArchResults(published.index, published.arch, ((run.seed, ResultsCount(run)) for run in some))
        for hp, some in runs.items()
    }


def absent(index: int, hp: str, data: str, there: Iterable[tuple[str, str]]) -> NotMeasured:
    """Give the error of an architecture that was not trained so; ``there`` are the recipes and data that it was."""
    by_recipe: dict[str, list[str]] = {}
    for recipe, trained_on in there:
        by_recipe.setdefault(recipe, []).append(trained_on)
    if hp not in by_recipe:
        return NotMeasured(
            f"The {index}-th architecture only has hyper-parameters of {list(by_recipe)} instead of {hp}."
        )
    return NotMeasured(
        f"the {index}-th architecture was not trained on {data!r} with hp={hp!r}; it was on {', '.join(by_recipe[hp])}"
    )
