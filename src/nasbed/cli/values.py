"""From what people type to settings: ``key=value``, ``name:key=value,key=value``, ``4,12,36``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbed.core.errors import BadSetting
from nasbed.core.spelling import settings

if TYPE_CHECKING:
    from nasbed.core.space import Space
    from nasbed.tables.table import Table

_TABLES = (".arrow", ".csv")
"""What the files of tables, and those that they are imported from, end with, and no file of a space does."""


def integers(text: str, what: str) -> list[int]:
    """Read integers with commas between, such as ``4,12,36``.

    Raises:
        BadSetting: When it is anything else.
    """
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise BadSetting(f"{what} are integers with commas between, such as 4,12,36; not {text!r}") from None


def module_space(name: str, vertices: int | None, edges: int | None, operations: str | None) -> Space:
    """Make a space by its name, its file or a table's, and those settings that were given.

    Raises:
        UnknownName: When no space has the name.
        BadSetting: When it does not have the setting, or not that value.
    """
    from nasbed.core.registry import spaces

    names = None if operations is None else tuple(name.strip() for name in operations.split(","))
    if names is not None and ("" in names or len(set(names)) < len(names)):
        raise BadSetting(f"operations are different names with commas between, not {operations!r}")
    given = {"vertices": vertices, "edges": edges, "operations": names}
    settings = {key: value for key, value in given.items() if value is not None}
    if Path(name).suffix in _TABLES and Path(name).is_file():
        if settings:
            raise BadSetting(f"{name} has a space with its settings; give no {', '.join(settings)}")
        return table_of(name, "asked for their space").space
    made: Space = spaces.read(name, settings)
    return made


def space_around(
    architecture: str, name: str, vertices: int | None, edges: int | None, operations: str | None
) -> Space:
    """Make the space of an architecture; one that is named may be outside a space that nobody limited.

    Raises:
        UnknownName, BadSetting: As ``module_space``.
    """
    where = module_space(name, vertices, edges, operations)
    return where if (vertices, edges, operations) != (None, None, None) else where.around_named(architecture)


def table_of(name: str, done: str) -> Table:
    """Find the table of a name or a path.

    Args:
        name: A benchmark's name, or the path of a table.
        done: What can be done to tables alone: ``"exported"``.

    Raises:
        UnknownName: When there is no such benchmark.
        BadSetting: When there is no such file, or the benchmark is not a table.
    """
    from nasbed.benchmarks.resolve import resolve

    found: Table | None = resolve(name).table
    if found is None:
        raise BadSetting(f"{name} is not a table; only tables can be {done}")
    return found


def training_overrides(pairs: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Divide ``skeleton.key=value`` and ``recipe.key=value`` into settings of the one and of the other.

    Raises:
        BadSetting: For a setting of anything else.
    """
    found: dict[str, dict[str, Any]] = {"skeleton": {}, "recipe": {}}
    for key, value in settings(pairs).items():
        noun, dot, name = key.partition(".")
        if noun not in found or not dot:
            raise BadSetting(f"write skeleton.NAME=VALUE or recipe.NAME=VALUE, not {key!r}")
        found[noun][name] = value
    return found["skeleton"], found["recipe"]
