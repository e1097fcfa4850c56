"""Study: optimizers × benchmarks × settings × repetitions, written down in TOML and played as one.

A study is a product of parts. Every setting may be a list or a range, and each combination is a cell: one search with
all its repetitions, one Parquet file. What a file holds follows from the cell alone. Several benchmarks of one space
each have a seed of their own, derived from the study's, so that runs are independent: see ``statistics.selected``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, Self

from nasbed.core.errors import BadSetting, NasbedError, UnknownName
from nasbed.core.printing import Printed
from nasbed.core.registry import defaults_of
from nasbed.core.registry import optimizers as registered
from nasbed.core.spelling import fitted, named
from nasbed.studies.cell import BASE, SEARCH, Cell, Keep, Source, own_seed
from nasbed.studies.door import checked_source, evaluations, opened
from nasbed.studies.parts import Part, at
from nasbed.studies.playing import Progress, play_cells
from nasbed.studies.reading import PART, RUNS, Surface, fields_of
from nasbed.studies.results import Results
from nasbed.studies.values import Condition

PLAY = "nasbed.studies.work:play"


@dataclass(frozen=True)
class Study(Printed):
    """Optimizers × benchmarks × settings × repetitions.

    Attributes:
        name: Of its files and folder.
        optimizers: Which, with the values of their settings.
        benchmarks: Which, likewise; ``pace`` is a setting of each: see ``Paced``.
        search: The values of each setting in ``cell.SEARCH`` that is given.
        runs: Repetitions of each cell.
        keep: ``"trials"``, a row a trial, from which curves can be drawn; or ``"outcomes"``, a row a run, for sweeps.
        part: Runs that are played at a time.
        title: What figures say of it.
        surface: What its surface shows; None where it has none.
        differing: Settings of the search that are studied: cells that differ in them are compared with each other.
        origin: The file that it was read from, which errors name.
    """

    name: str
    optimizers: tuple[Part, ...]
    benchmarks: tuple[Part, ...]
    search: Mapping[str, list[Any]] = field(default_factory=dict)
    runs: int = RUNS
    keep: Keep = "trials"
    part: int = PART
    title: str = ""
    surface: Surface | None = None
    differing: tuple[str, ...] = ()
    origin: str = field(default="", compare=False)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a TOML file.

        Raises:
            BadSetting: When there is none, it is no TOML, or something in it is not allowed; with file and key.
        """
        path = Path(path).expanduser()
        try:
            given = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise BadSetting(f"{path} cannot be read: {error.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadSetting(f"{path} is no TOML: {error}") from None
        with at(str(path)):
            return replace(cls.of({"name": path.stem, **given}, folder=path.parent), origin=str(path))

    @classmethod
    def of(cls, given: Mapping[str, Any], folder: Path | None = None) -> Self:
        """Make a study of what a TOML file would have.

        Args:
            given: As TOML gives it.
            folder: Where relative paths of tables begin; the working directory if not given.

        Raises:
            BadSetting: When something in it is not allowed, with its key.
        """
        return cls(**fields_of(given, folder))

    def with_grid(self, key: str, values: Sequence[Any]) -> Self:
        """Try other values of a key: of a setting of the search, of the optimizers, or of one: ``OPTIMIZER.key``.

        Raises:
            UnknownName: When nobody has such a setting.
            BadSetting: When it may not have such values.
        """
        if key in SEARCH:
            if isinstance(SEARCH[key], tuple):  # of objectives, a word is a list of one
                values = [[value] if isinstance(value, str) else value for value in values]
            checked = [fitted(key, value, SEARCH[key]) for value in values]
            return replace(self, search={**self.search, key: checked})
        owner, _, setting = key.rpartition(".")
        known: list[str] = [*SEARCH]
        swept = []
        for part in self.optimizers:
            settings = defaults_of(registered[part.name])
            known += [name for name in settings if name not in known]
            if setting in settings and owner in ("", part.name, part.label):
                part = part.swept(setting, list(values), settings[setting], f"{part.name}.{setting}")
            swept.append(part)
        if tuple(swept) == self.optimizers and not any(setting in part.settings for part in swept):
            raise UnknownName("setting of the study's searches and optimizers", key, known)
        return replace(self, optimizers=tuple(swept))

    def with_conditions(self, texts: Sequence[str]) -> Self:
        """Try those combinations alone of which conditions hold, such as ``selected <= tournament``.

        A condition concerns every optimizer that has the settings in it.

        Raises:
            BadSetting: When one is no condition, or concerns nobody.
        """
        swept = list(self.optimizers)
        for text in texts:
            heard = False
            for i, part in enumerate(swept):
                with suppress(UnknownName):
                    condition = Condition.of(text, list(defaults_of(registered[part.name])))
                    swept[i], heard = replace(swept[i], where=(*swept[i].where, condition)), True
            if not heard:
                raise BadSetting(f"the condition {text!r} concerns none of the study's optimizers")
        return replace(self, optimizers=tuple(swept))

    @cached_property
    def varied(self) -> list[str]:
        """The keys of which more than one value is tried."""
        parts = [key for part in (*self.benchmarks, *self.optimizers) for key in part.varied]
        return list(dict.fromkeys([*parts, *(key for key, values in self.search.items() if len(values) > 1)]))

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Give every cell: benchmark by benchmark, search by search, optimizer by optimizer.

        Raises:
            BadSetting: When a combination is not allowed, two cells are the same, or there is none.
        """
        with at(self.origin) if self.origin else nullcontext():
            return self._product()

    def _product(self) -> tuple[Cell, ...]:
        sources = list(self._sources())
        own_streams = _of_one_space([source for _, source, _ in sources])
        searches = [dict(zip(self.search, some, strict=True)) for some in product(*self.search.values())]
        methods = list(self._methods())
        found: dict[str, Cell] = {}
        for (benchmark, source, of_benchmark), own in product(sources, searches):
            search = BASE.but(own)
            if source in own_streams:
                search = search.but({"seed": own_seed(search.seed, source.called, source.settings, source.pace)})
            of_search = {key: value for key, value in own.items() if key in self.varied}
            for name, settings, label, of_method in methods:
                varied = {**of_benchmark, **of_search, **of_method}
                cell = Cell(source, benchmark, name, settings, label, search, varied, self.runs, self.keep)
                if cell.hash in found:
                    raise BadSetting(
                        f"{cell.name} and {found[cell.hash].name} are the same search; leave one of them out"
                    )
                found[cell.hash] = cell
        if not found:
            raise BadSetting("the study has no cell: no combination of values keeps its conditions")
        names = [(cell.group, cell.label) for cell in found.values()]
        if len(set(names)) < len(names):
            twice = next(label for group, label in names if names.count((group, label)) > 1)
            raise BadSetting(f"two searches are called {twice!r}; give them labels of their own")
        return tuple(found.values())

    def _sources(self) -> Iterator[tuple[str, Source, dict[str, Any]]]:
        """Open every benchmark, and see that it can be searched so."""
        for i, part in enumerate(self.benchmarks):
            for settings in part.variants({"pace": 1.0}):
                with at(f"benchmarks[{i}]"):
                    own = {key: value for key, value in settings.items() if key != "pace"}
                    source = checked_source(part.name, own, float(settings.get("pace", 1.0)), self.search)
                yield _called(part, source, settings), source, {key: settings[key] for key in part.varied}

    def _methods(self) -> Iterator[tuple[str, dict[str, Any], str, dict[str, Any]]]:
        """Make every optimizer, and see that its settings fit together."""
        names = [part.label or part.name for part in self.optimizers]
        for i, part in enumerate(self.optimizers):
            maker, whole = registered[part.name], names.count(names[i]) > 1
            for own in part.variants(defaults_of(maker)):
                label = part.called(own, whole)
                try:
                    settings = maker(**own).settings()
                except NasbedError as error:
                    raise BadSetting(f"optimizers[{i}], as {label}: {error}; 'where' can leave it out") from None
                yield part.name, settings, label, {key: own[key] for key in part.varied}

    def run(
        self,
        out: str | Path,
        *,
        executor: str = "processes",
        workers: int | None = None,
        executor_settings: Mapping[str, Any] | None = None,
        command: str | None = None,
        progress: Progress | None = None,
    ) -> Results:
        """Play every cell that the folder does not have yet, and give what the folder then has.

        Args:
            out: The folder; it is made if need be.
            executor: Where searches are played: a registered name.
            workers: How many at a time; None for the executor's choice.
            executor_settings: Further settings of the executor.
            command: What was typed, to go on with; the arguments of this program if not given.
            progress: Called with the campaign's status at the start and after each part.

        Raises:
            BadSetting: When the study or the executor is not allowed, or another process works in the folder.
            Interrupted: At Ctrl-C; the same call goes on.
        """
        out, of_hash = Path(out).expanduser(), {cell.hash: cell for cell in self.cells}
        failures = play_cells(
            self.cells,
            PLAY,
            out,
            study=self.name,
            part=self.part,
            cost=lambda unit: unit.count * evaluations(of_hash[unit.cell.hash]),
            executor=executor,
            workers=workers,
            executor_settings=executor_settings,
            command=command,
            progress=progress,
        )
        return Results.of(self, out, failures)


def _called(part: Part, source: Source, settings: Mapping[str, Any]) -> str:
    """Name a benchmark as it calls itself, rather than by a path, and by those settings that this does not tell."""
    told = named(source.called)[1] if opened(source).table is None else {key: None for key in settings if key != "pace"}
    shown = replace(part, name=source.called)
    if part.label is not None:
        return shown.called(settings)
    return shown.called({key: value for key, value in settings.items() if key not in told})


def _of_one_space(sources: Sequence[Source]) -> list[Source]:
    """Return those sources whose space another one has, too: on streams of one seed, their runs would go together."""
    spaces = [opened(source).space.whole for source in sources]
    return [source for source, space in zip(sources, spaces, strict=True) if spaces.count(space) > 1]
