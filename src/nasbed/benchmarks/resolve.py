"""From what a person names to a benchmark: a registered name, a table, a path, or data and a space to train on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasbed.benchmarks.tabular import TabularBenchmark
from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting, UnknownName
from nasbed.core.registry import benchmarks
from nasbed.tables.table import Table


def resolve(name: str | Path | Table, **settings: Any) -> Benchmark:
    """Make a benchmark.

    Args:
        name: A registered name; an open table; the path of a table, or of a published file that has been imported;
            ``trained:DATA:SPACE`` for real training, where DATA is a data source, ``name`` or ``name:where``.
        **settings: What the benchmark's constructor takes.

    Raises:
        UnknownName: When it is neither a name nor a file.
        BadSetting: When the file is a published one that nobody has imported yet; for settings that are not allowed.
    """
    if isinstance(name, Table):
        return TabularBenchmark(name, **settings)
    if isinstance(name, str) and name.partition(":")[0] == "trained":
        return _trained(name, settings)
    path = Path(name).expanduser()
    if len(path.parts) == 1 and str(name) in benchmarks:  # plug-ins are looked for only when it may be a name
        made: Benchmark = benchmarks.make(str(name), settings)
        return made
    if not path.is_file():
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
    return TabularBenchmark(Table.open(path), **settings)


def _trained(name: str, settings: Mapping[str, Any]) -> Benchmark:
    """Make a benchmark of ``trained:DATA:SPACE``: the space is what follows the last colon."""
    from nasbed.benchmarks.trained import TrainedBenchmark

    data, _, space = name.partition(":")[2].rpartition(":")
    if not data or not space:
        raise BadSetting(f"write trained:DATA:SPACE, such as trained:digits:nasbench101, not {name!r}")
    return TrainedBenchmark(data, space, **settings)
