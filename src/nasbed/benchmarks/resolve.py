"""From what a person names to a benchmark: a registered name, a table, a path, or data and a space to train on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nasbed.benchmarks.table import Recipe, TableBenchmark
from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting, NotInTable, UnknownName, in_a_line
from nasbed.core.registry import benchmarks, proxies, spaces
from nasbed.core.spelling import joined, named
from nasbed.tables.cache import cached_table_for, imported, is_published
from nasbed.tables.table import Table

EMBEDDED = {"nasbench101": "digits101", "nasbench201": "digits201"}
"""From a published benchmark to the one of its space that comes with the package."""

_NATS = "addresses: https://github.com/D-X-Y/NATS-Bench"


def resolve(name: str | Path | Table | Benchmark | Callable[..., Any], /, **settings: Any) -> Benchmark:
    """Make a benchmark.

    Args:
        name: A registered name; an open table; the path of a table, or of a published file that has been imported;
            each of these followed by settings, as in ``nasbench201:data=cifar100,hp=12``; or ``trained:DATA:SPACE``
            for real training, where DATA is a data source, ``name`` or ``name:where``, and SPACE a name or a file, such
            as ``model.py:build``; or ``scored:FILE:PROXY``
            for what ``nasbed score`` made, ``scored:PROXY:SPACE:DATA`` to score what is asked; or ``surrogate:FILE``
            for what a saved surrogate predicts. A function answers for architectures of the space that is given with
            it. A benchmark is returned as it is.
        **settings: What the benchmark's constructor takes.

    Raises:
        UnknownName: When it is neither a name nor a file.
        BadSetting: When the file is a published one that nobody has imported yet; for settings that are not allowed.
    """
    if isinstance(name, Benchmark):
        return name
    if callable(name) and not isinstance(name, type):
        from nasbed.benchmarks.function import FunctionBenchmark

        return FunctionBenchmark(name, **settings)
    if isinstance(name, str | Path):
        name = str(name)
        kind, _, words = name.partition(":")
        if kind == "trained":
            return _trained(words, **settings)
        if kind == "scored":
            return _scored(words, **settings)
        if kind == "surrogate":
            return _surrogate(words, **settings)
        if kind == "inherited":
            return _inherited(words, **settings)
        if not Path(name).expanduser().exists():
            name, inline = named(name)
            settings = joined(inline, settings)
        if len(Path(name).parts) > 1 or name not in benchmarks:  # where plug-ins are looked for
            table, called = _file_of(Path(name).expanduser())
            name, settings = "table", {"table": Table.open(table), **called, **settings}
    else:
        try:
            name, settings = "table", {"table": Table.open(name), **settings}
        except BadSetting:
            raise BadSetting(
                "a benchmark is given by its name, such as 'digits101', by the path of a table, or as a table or a "
                f"benchmark that is open, not by {in_a_line(name)}"
            ) from None
    made: Benchmark = benchmarks.make(name, settings)
    return made


def _file_of(path: Path) -> tuple[Path, dict[str, str]]:
    """Find the table of a path; where it was imported, which the cache names by a checksum, also what to call it."""
    if not path.exists() and not path.suffix and len(path.parts) == 1:
        raise UnknownName("benchmark", str(path), benchmarks)
    if not path.exists() or not is_published(path):
        return path, {}
    found = cached_table_for(path)
    if found is None:
        raise BadSetting(f"{path} has not been imported; run this once: nasbed import {path}")
    return found, {"called": path.stem if path.is_file() else path.name}


def _trained(words: str, **settings: Any) -> Benchmark:
    """Make a benchmark of ``DATA:SPACE``: the space follows the last colon, settings and functions aside."""
    from nasbed.benchmarks.trained import TrainedBenchmark

    data, _, space = words.rpartition(":")
    if "=" in space or data.endswith(".py"):  # settings of its own, or a function in a file
        data, _, kind = data.rpartition(":")
        space = f"{kind}:{space}"
    if not data or not space:
        raise BadSetting(f"write trained:DATA:SPACE, such as trained:digits:nasbench101, not 'trained:{words}'")
    return TrainedBenchmark(data, space, **settings)


def _scored(words: str, **settings: Any) -> Benchmark:
    """Make a benchmark of ``FILE``, ``FILE:PROXY`` or ``FILE:PROXY:BENCHMARK``, the last of which knows the truth.

    ``PROXY:SPACE:DATA``, or ``PROXY:SPACE`` for digits, is no file: those scores are computed when they are asked for.

    Raises:
        BadSetting: When there is no such file, or no space is named.
        UnknownName: When it has no such proxy, or there is no such benchmark.
    """
    from nasbed.benchmarks.scored import ScoredBenchmark, ScoringBenchmark
    from nasbed.scores.scores import Scores

    pieces = words.split(":")
    for length in range(len(pieces), 0, -1):
        path = Path(":".join(pieces[:length])).expanduser()
        if path.is_file():
            scores, rest = Scores.read(path), ":".join(pieces[length:])
            # a proxy's settings follow a colon as well: the longest name that was scored is meant
            there = (name for name in scores.columns if f"{rest}:".startswith(f"{name}:"))
            proxy = max(there, key=len, default=rest.partition(":")[0])
            truth = rest[len(proxy) + 1 :]
            return ScoredBenchmark(scores, proxy or None, truth=resolve(truth) if truth else None, **settings)
    place = next((i for i, piece in enumerate(pieces) if i and (piece in spaces or spaces.reader(piece))), None)
    if place is None or pieces[0] not in proxies:
        forms = "scored:FILE:PROXY, with a file that 'nasbed score' made, or scored:PROXY:SPACE:DATA"
        raise BadSetting(f"write {forms}, such as scored:naswot:nasbench201:digits, not 'scored:{words}'")
    after = place + 1 + pieces[place].endswith(".py")  # behind the function of a file
    data = ":".join(pieces[after:])
    return ScoringBenchmark(":".join(pieces[:place]), ":".join(pieces[place:after]), data or "digits", **settings)


def _surrogate(words: str, **settings: Any) -> Benchmark:
    """Open the surrogate that a file has.

    Raises:
        BadSetting: When no file is named, or there is none.
    """
    from nasbed.benchmarks.surrogate import SurrogateBenchmark

    if not words:
        raise BadSetting("write surrogate:FILE, with a file that SurrogateBenchmark.save wrote")
    return SurrogateBenchmark.open(Path(words).expanduser(), **settings)


def _inherited(words: str, **settings: Any) -> Benchmark:
    """Make a benchmark of ``FILE``, of ``FILE:BENCHMARK``, which knows the truth, or of either with settings between.

    Raises:
        BadSetting: When there is no such file.
    """
    from nasbed.benchmarks.inherited import InheritedBenchmark

    pieces = words.split(":")
    length = next((n for n in range(len(pieces), 0, -1) if Path(":".join(pieces[:n])).expanduser().is_file()), 0)
    if not length:
        forms = "inherited:FILE, with a supernet that a search saved, or inherited:FILE:BENCHMARK"
        raise BadSetting(f"write {forms}, not 'inherited:{words}'")
    path, rest = ":".join(pieces[:length]), pieces[length:]
    if rest and "=" in rest[0]:
        settings = joined(named(f"inherited:{rest.pop(0)}")[1], settings)
    return InheritedBenchmark(path, resolve(":".join(rest)) if rest else None, **settings)


def digits101(name: str | None = None) -> TableBenchmark:
    """Small NAS-Bench-101 modules trained by nasbed itself on scikit-learn's 8×8 digits; part of the package.

    Args:
        name: What to call it instead.
    """
    return _embedded("digits101", name)


def digits201(name: str | None = None) -> TableBenchmark:
    """All different cells of NAS-Bench-201, trained by nasbed itself on composed digits; part of the package.

    Args:
        name: What to call it instead.
    """
    return _embedded("digits201", name)


def nasbench101(recipe: Recipe = None, name: str | None = None) -> TableBenchmark:
    """The 423,624 modules of NAS-Bench-101, once ``nasbed import`` has read a published file.

    Args:
        recipe: The epochs of a training, when one budget alone is meant: 4, 12, 36 or 108.
        name: What to call it instead.
    """
    where = "https://storage.googleapis.com/nasbench/nasbench_full.tfrecord (1.95 GB)"
    return _imported("nasbench101", where, recipe=recipe, name=name)


def nasbench201(
    data: str = "cifar10",
    recipe: Recipe = None,
    test: str | None = None,
    hp: Recipe = None,
    name: str | None = None,
) -> TableBenchmark:
    """The 15,625 cells of NAS-Bench-201 and NATS-Bench's topology space, once 'nasbed import' has read them.

    Args:
        data: The data set: ``cifar10``, ``cifar100`` or ``ImageNet16-120``.
        recipe: The recipe, by its epochs; the longest when not given.
        test: The data set whose test results are reported; see ``nasbed.benchmarks.TableBenchmark``.
        hp: The recipe, as NATS-Bench calls it.
        name: What to call it instead of ``nasbench201:data=…``.
    """
    files = f"NATS-tss-v1_0-3ffb9-simple or NAS-Bench-201-v1_1-096897.pth ({_NATS})"
    return _imported("nasbench201", files, data=data, recipe=recipe, test=test, hp=hp, name=name)


def nasbenchmacro(name: str | None = None) -> TableBenchmark:
    """The 6,561 networks of NAS-Bench-Macro, once 'nasbed import' has read them.

    Args:
        name: What to call it instead.
    """
    where = "nas-bench-macro_cifar10.json (https://github.com/xiusu/NAS-Bench-Macro)"
    return _imported("nasbenchmacro", where, name=name)


def natssize(
    data: str = "cifar10",
    recipe: Recipe = None,
    test: str | None = None,
    hp: Recipe = None,
    name: str | None = None,
) -> TableBenchmark:
    """The 32,768 networks of NATS-Bench's size space, once 'nasbed import' has read them.

    Args:
        data: The data set: ``cifar10``, ``cifar100`` or ``ImageNet16-120``.
        recipe: The recipe, by its epochs; the longest when not given.
        test: The data set whose test results are reported; see ``nasbed.benchmarks.TableBenchmark``.
        hp: The recipe, as NATS-Bench calls it.
        name: What to call it instead of ``natssize:data=…``.
    """
    settings = {"data": data, "recipe": recipe, "test": test, "hp": hp, "name": name}
    return _imported("natssize", f"NATS-sss-v1_0-50262-simple ({_NATS})", **settings)


def transnas_macro(data: str = "class_scene", name: str | None = None) -> TableBenchmark:
    """The 3,256 networks of TransNAS-Bench-101's macro space, once 'nasbed import' has read a file of them.

    Args:
        data: The task: ``class_scene``, ``jigsaw``, ``room_layout``, or what else the file has.
        name: What to call it instead of ``transnas-macro:data=…``.
    """
    return _imported("transnas-macro", "a CSV file, such as transnas101_macro.csv", data=data, name=name)


def transnas_micro(data: str = "class_scene", name: str | None = None) -> TableBenchmark:
    """The 4,096 cells of TransNAS-Bench-101, once 'nasbed import' has read a file of them.

    Args:
        data: The task: ``class_scene``, ``jigsaw``, ``room_layout``, or what else the file has.
        name: What to call it instead of ``transnas-micro:data=…``.
    """
    return _imported("transnas-micro", "a CSV file, such as transnas101_micro.csv", data=data, name=name)


def instead_of(called: str) -> str:
    """Say with what one may begin who lacks a published benchmark; nothing where no table of its space comes along."""
    small = EMBEDDED.get(called)
    return f". Or begin with {small}, of the same space, which comes with nasbed" if small else ""


def _embedded(called: str, name: str | None) -> TableBenchmark:
    return TableBenchmark(Table.open(Path(__file__).parent / "data" / f"{called}.arrow"), name)


def _imported(called: str, files: str, **settings: Any) -> TableBenchmark:
    table = imported(called, settings.get("data", ""))
    if table is None:
        said = f"{called} is not on this machine yet: fetch {files}, then run: nasbed import PATH"
        raise NotInTable(said + instead_of(called))
    return TableBenchmark(table, called=called, **settings)
