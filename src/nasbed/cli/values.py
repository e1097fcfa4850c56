"""From what people type to settings: ``key=value``, ``name:key=value,key=value``, ``4,12,36``."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nasbed.core.errors import BadSetting

if TYPE_CHECKING:
    from nasbed.benchmarks.curves import CurveBenchmark
    from nasbed.benchmarks.tabular import TabularBenchmark
    from nasbed.core.optimizer import Optimizer
    from nasbed.core.space import Space


def settings(pairs: Sequence[str]) -> dict[str, Any]:
    """Read ``key=value`` pairs; numbers, true, false and none are what they look like, the rest is text.

    Raises:
        BadSetting: For a pair without ``=``, or a key that comes twice.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        key = key.strip().replace("-", "_")
        if not equals or not key:
            raise BadSetting(f"{pair!r} is not a setting; write it as key=value, such as population=30")
        if key in found:
            raise BadSetting(f"the setting {key!r} is given twice")
        found[key] = _value(text.strip())
    return found


def _value(text: str) -> Any:
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def integers(text: str, what: str) -> list[int]:
    """Read integers with commas between, such as ``4,12,36``.

    Raises:
        BadSetting: When it is anything else.
    """
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise BadSetting(f"{what} are integers with commas between, such as 4,12,36; not {text!r}") from None


def optimizer(text: str, pairs: Sequence[str] = ()) -> Optimizer:
    """Make an optimizer from ``name`` or ``name:key=value,key=value``, and further settings.

    Raises:
        UnknownName: When no optimizer has the name.
        BadSetting: When it does not have the setting, or not that value.
    """
    from nasbed.core.registry import optimizers

    name, _, inline = text.partition(":")
    given = settings([*(pair for pair in inline.split(",") if pair), *pairs])
    parameters = inspect.signature(optimizers[name]).parameters
    for key, value in given.items():
        default = parameters[key].default if key in parameters else value
        if isinstance(default, bool | int | float) and not _alike(value, default):
            raise BadSetting(f"the setting {key} of {name!r} is like {default}, not {value!r}")
    made: Optimizer = optimizers.make(name, given)
    return made


def _alike(value: Any, default: float) -> bool:
    """Say whether a value can stand where a true or false, an integer or a number stands."""
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    return isinstance(value, int) or (isinstance(default, float) and isinstance(value, float))


def module_space(name: str, vertices: int | None, edges: int | None, operations: str | None) -> Space:
    """Make a space by its name and those settings that were given.

    Raises:
        UnknownName: When no space has the name.
        BadSetting: When it does not have the setting, or not that value.
    """
    from nasbed.core.registry import spaces

    names = None if operations is None else tuple(name.strip() for name in operations.split(","))
    if names is not None and ("" in names or len(set(names)) < len(names)):
        raise BadSetting(f"operations are different names with commas between, not {operations!r}")
    given = {"vertices": vertices, "edges": edges, "operations": names}
    made: Space = spaces.make(name, {key: value for key, value in given.items() if value is not None})
    return made


def any_table(name: str, done: str) -> TabularBenchmark | CurveBenchmark:
    """Find the table of a name or a path, of whichever kind, as a benchmark; see ``tabular``."""
    from nasbed.benchmarks.curves import CurveBenchmark
    from nasbed.benchmarks.resolve import resolve
    from nasbed.benchmarks.tabular import TabularBenchmark

    found = resolve(name)
    if not isinstance(found, TabularBenchmark | CurveBenchmark):
        raise BadSetting(f"{name} is not a table; only tables can be {done}")
    return found


def tabular(name: str, done: str) -> TabularBenchmark:
    """Find the table of a name or a path, as a benchmark.

    Args:
        name: A benchmark's name, or the path of a table.
        done: What can be done to tables alone: ``"exported"``.

    Raises:
        UnknownName: When there is no such benchmark.
        BadSetting: When there is no such file, or the benchmark is not a table.
    """
    from nasbed.benchmarks.resolve import resolve
    from nasbed.benchmarks.tabular import TabularBenchmark

    found = resolve(name)
    if not isinstance(found, TabularBenchmark):
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
