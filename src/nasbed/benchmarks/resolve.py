"""From what a person names to a benchmark: a registered name, a table, a path, or data and a space to train on."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasbed.benchmarks.tabular import TabularBenchmark
from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting, UnknownName
from nasbed.core.registry import benchmarks
from nasbed.tables.curves.cache import cached_curves_for, is_published
from nasbed.tables.curves.table import CurveTable
from nasbed.tables.opening import AnyTable, open_table
from nasbed.tables.table import Table


def resolve(name: str | Path | AnyTable, **settings: Any) -> Benchmark:
    """Make a benchmark.

    Args:
        name: A registered name; an open table; the path of a table, or of a published file that has been imported;
            each of these followed by settings, as in ``nasbench201:data=cifar100,hp=12``; or ``trained:DATA:SPACE``
            for real training, where DATA is a data source, ``name`` or ``name:where``; or ``scored:FILE:PROXY``
            for what ``nasbed score`` made, ``scored:PROXY:SPACE:DATA`` to score what is asked.
        **settings: What the benchmark's constructor takes.

    Raises:
        UnknownName: When it is neither a name nor a file.
        BadSetting: When the file is a published one that nobody has imported yet; for settings that are not allowed.
    """
    if isinstance(name, Table | CurveTable):
        return _of_table(name, settings)
    if isinstance(name, str) and name.partition(":")[0] == "trained":
        return _trained(name, settings)
    if isinstance(name, str) and name.partition(":")[0] == "scored":
        from nasbed.benchmarks.scored import of_words

        return of_words(name.partition(":")[2], **settings)
    if isinstance(name, str) and "=" in (inline := name.partition(":")[2]):
        return resolve(name.partition(":")[0], **_settings(inline), **settings)
    path = Path(name).expanduser()
    if len(path.parts) == 1 and str(name) in benchmarks:  # plug-ins are looked for only when it may be a name
        made: Benchmark = benchmarks.make(str(name), settings)
        return made
    if not path.is_file() and not (path.is_dir() and is_published(path)):
        if path.suffix or len(path.parts) > 1:
            raise BadSetting(f"there is no file {path}; give a table's path or one of: {', '.join(benchmarks)}")
        raise UnknownName("benchmark", str(name), benchmarks)
    if path.suffix == ".tfrecord":
        from nasbed.tables.cache import cached_table_for

        found = cached_table_for(path)
        if found is None:
            raise BadSetting(f"{path} has not been imported; run this once: nasbed import {path}")
        settings = {"name": path.stem, **settings}  # the cache's own names are checksums
        path = found
    elif is_published(path):
        found = cached_curves_for(path)
        if found is None:
            raise BadSetting(f"{path} has not been imported; run this once: nasbed import {path}")
        settings = {"name": path.name.removesuffix(path.suffix if path.is_file() else ""), **settings}
        path = found
    return _of_table(open_table(path), settings)


def _settings(text: str) -> dict[str, Any]:
    """Read ``key=value,key=value``; a value is a whole number, none, or text."""
    found: dict[str, Any] = {}
    for pair in text.split(","):
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or not key:
            raise BadSetting(f"{pair!r} is not a setting; write it as key=value, such as data=cifar100")
        found[key] = int(value) if value.isdecimal() else None if value == "none" else value
    return found


def _of_table(table: AnyTable, settings: dict[str, Any]) -> Benchmark:
    if isinstance(table, Table):
        return TabularBenchmark(table, **settings)
    from nasbed.benchmarks.curves import CurveBenchmark

    unknown = set(settings) - {*inspect.signature(CurveBenchmark).parameters} - {"table"}
    if unknown:
        raise BadSetting(f"{table.path.name} has no setting {min(unknown)!r}; it has: name, data, hp, test")
    return CurveBenchmark(table, **settings)


def _trained(name: str, settings: Mapping[str, Any]) -> Benchmark:
    """Make a benchmark of ``trained:DATA:SPACE``: the space is what follows the last colon."""
    from nasbed.benchmarks.trained import TrainedBenchmark

    data, _, space = name.partition(":")[2].rpartition(":")
    if not data or not space:
        raise BadSetting(f"write trained:DATA:SPACE, such as trained:digits:nasbench101, not {name!r}")
    return TrainedBenchmark(data, space, **settings)
