"""Study: optimizers × benchmarks × settings × repetitions, written down in TOML and played as one.

A study is a product of parts. Every setting may be a list or a range, and each combination is a cell: one search with
all its repetitions, one Parquet file. What a file holds follows from the cell alone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, get_args

from nasbed.core.errors import BadSetting, NasbedError, UnknownName
from nasbed.core.registry import optimizers as registered
from nasbed.run.history import Metric
from nasbed.studies.cell import SEARCH, Cell, Keep, Source
from nasbed.studies.parts import Part, at, checked_value, checked_values, defaults_of
from nasbed.studies.values import Condition

if TYPE_CHECKING:
    from nasbed.studies.results import Results
    from nasbed.studies.running import Progress

RUNS = 100
PART = 100
"""Runs that are played at a time: they share the work of a step, and are what Ctrl-C may cost."""

_KEYS = ("name", "title", "runs", "seed", "keep", "part", "benchmarks", "optimizers", "search", "surface")


@dataclass(frozen=True)
class Surface:
    """What the surface of a sweep shows.

    Attributes:
        x: The swept key along the one axis.
        y: The swept key along the other.
        metric: ``test-regret``, ``test``, ``validation-regret``, ``mean-validation`` or ``validation``.
    """

    x: str
    y: str
    metric: str = "test-regret"


@dataclass(frozen=True)
class Study:
    """Optimizers × benchmarks × settings × repetitions.

    Attributes:
        name: Of its files and folder.
        optimizers: Which, with the values of their settings.
        benchmarks: Which, likewise; ``pace`` is a setting of each: see ``studies.pace``.
        search: The values of each setting in ``cell.SEARCH`` that is given.
        runs: Repetitions of each cell.
        keep: ``"trials"``, a row a trial, from which curves can be drawn; or ``"outcomes"``, a row a run, for sweeps.
        part: Runs that are played at a time.
        title: What figures say of it.
        surface: What its surface shows; None where it has none.
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
        for key in given:
            if key not in _KEYS:
                raise BadSetting(str(UnknownName("key of a study", key, _KEYS)))
        search = given.get("search", {})
        if not isinstance(search, Mapping):
            raise BadSetting(f"search: it is a table of settings, not {search!r}")
        values = {key: checked_values(key, value, SEARCH, f"search.{key}", "a search") for key, value in search.items()}
        if "seed" in given:
            values["seed"] = checked_values("seed", given["seed"], SEARCH, "seed", "a search")
        methods = tuple(_optimizer(one, place) for place, one in _entries(given, "optimizers"))
        asked = tuple(_benchmark(one, place, folder) for place, one in _entries(given, "benchmarks", ["digits101"]))
        return cls(
            _text(given, "name", "study"),
            methods,
            asked,
            values,
            _count(given, "runs", RUNS),
            checked_keep(given.get("keep", "trials")),
            _count(given, "part", PART),
            _text(given, "title", ""),
            _surface(given.get("surface"), [*values, *(key for part in (*methods, *asked) for key in part.settings)]),
        )

    def with_grid(self, key: str, values: Sequence[Any]) -> Self:
        """Try other values of a key: of a setting of the search, of the optimizers, or of one: ``OPTIMIZER.key``.

        Raises:
            UnknownName: When nobody has such a setting.
            BadSetting: When it may not have such values.
        """
        if key in SEARCH:
            checked = [checked_value(key, value, SEARCH[key]) for value in values]
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
        searches = [dict(zip(self.search, some, strict=True)) for some in product(*self.search.values())]
        methods = list(self._methods())
        found: dict[str, Cell] = {}
        for (benchmark, source, of_benchmark), own in product(sources, searches):
            search = {**SEARCH, **own}
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
        from nasbed.studies.door import checked_source

        for i, part in enumerate(self.benchmarks):
            for settings in part.variants({"pace": 1.0}):
                with at(f"benchmarks[{i}]"):
                    own = {key: value for key, value in settings.items() if key != "pace"}
                    source = checked_source(part.name, own, float(settings.get("pace", 1.0)), self.search)
                yield _shown(part, settings, source), source, {key: settings[key] for key in part.varied}

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
        from nasbed.studies.running import run

        return run(
            self,
            Path(out).expanduser(),
            executor=executor,
            settings={**(executor_settings or {}), **({} if workers is None else {"workers": workers})},
            command=command,
            progress=progress,
        )


def checked_keep(given: Any) -> Keep:
    """Give what a cell's file is to have.

    Raises:
        BadSetting: When there is no such thing.
    """
    if given not in get_args(Keep):
        raise BadSetting(f"keep: it is {' or '.join(get_args(Keep))}, not {given!r}")
    kept: Keep = given
    return kept


def _shown(part: Part, settings: Mapping[str, Any], source: Source) -> str:
    """Name a benchmark: as the study does, or by what it calls itself rather than by a path."""
    return replace(part, name=source.called).called(settings)


def _entries(given: Mapping[str, Any], key: str, default: Any = None) -> Iterator[tuple[str, Any]]:
    """Go through a list of parts, which a single one may stand for; give each with its place."""
    found = given.get(key, default)
    found = [found] if isinstance(found, str | Mapping) else found
    if not isinstance(found, list | tuple) or not found:
        raise BadSetting(f"{key}: it is a list of names or tables, one at least, not {found!r}")
    for i, one in enumerate(found):
        yield f"{key}[{i}]", one


def _optimizer(given: Any, place: str) -> Part:
    with at(place):
        name = given.get("name") if isinstance(given, Mapping) else str(given).partition(":")[0]
        known = defaults_of(registered[name]) if isinstance(name, str) else None
    return Part.of(given, known, place)


def _benchmark(given: Any, place: str, folder: Path | None) -> Part:
    """Read a benchmark; a relative path is taken from where the study lies."""
    part = Part.of(given, None, place)
    if isinstance(given, str):
        part = replace(part, label=None)  # it would be a path, which differs from machine to machine
    if folder is not None and (folder / part.name).is_file():
        part = replace(part, name=str(folder / part.name))
    for key, values in part.settings.items():
        if key == "pace" and not all(isinstance(v, int | float) and not isinstance(v, bool) and v > 0 for v in values):
            raise BadSetting(f"{place}.pace: it is a positive number, not {values[0]!r}")
    return part


def _text(given: Mapping[str, Any], key: str, default: str) -> str:
    value = given.get(key, default)
    if not isinstance(value, str):
        raise BadSetting(f"{key}: it is text, not {value!r}")
    return value


def _count(given: Mapping[str, Any], key: str, default: int) -> int:
    value = given.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BadSetting(f"{key}: it is a whole number of at least 1, not {value!r}")
    return value


def _surface(given: Any, keys: Sequence[str]) -> Surface | None:
    """Read what the surface shows, of keys that the study gives."""
    if given is None:
        return None
    with at("surface"):
        if not isinstance(given, Mapping) or not {"x", "y"} <= set(given):
            raise BadSetting('it is a table with x and y, two keys that are swept: x = "population"')
        for key in given:
            if key not in ("x", "y", "metric"):
                raise UnknownName("key of a surface", key, ("x", "y", "metric"))
        shown = Surface(**given)
        for key in (shown.x, shown.y):
            if key not in keys:
                raise UnknownName("setting that the study gives", str(key), keys)
        if shown.metric not in get_args(Metric):
            raise UnknownName("metric", str(shown.metric), get_args(Metric))
        return shown
