"""Saved searches: an optimizer's state in a file that another process goes on from, bit for bit.

The file is NumPy's ``.npz``: the arrays of the state, and a line of JSON that says how they belong together and what
they are of. Nothing in it executes. What does not fit the optimizer or the space that it is loaded for is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from nasbed.core.checked import Arrays, read_described, write_described
from nasbed.core.differences import differences
from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.optimizer import Optimizer
from nasbed.core.rng import Streams
from nasbed.core.space import Space

_FORMAT = 1


def save(optimizer: Optimizer, path: str | Path) -> Path:
    """Write the state of a started optimizer, whole or not at all.

    Trials that are out are known to it, but kept by who asked for them: tell them after loading, or never.

    Raises:
        BadSetting: When the folder does not exist, or the state has something that is neither data nor an array.
    """
    arrays: Arrays = {}
    about = {
        "format": _FORMAT,
        **_identity(optimizer, optimizer.space),
        "runs": optimizer.runs,
        "budgets": list(optimizer.budgets),
        "state": _taken_apart(optimizer.state_dict(), arrays),
    }
    return write_described(Path(path), arrays, json.dumps(about).encode())


def load(path: str | Path, optimizer: Optimizer, space: Space) -> Optimizer:
    """Start an optimizer where another one, of the same kind and settings, was saved.

    Args:
        path: What ``save`` wrote.
        optimizer: It is started afresh, with the number of runs and the budgets that were saved.
        space: What was searched.

    Returns:
        The optimizer.

    Raises:
        BadSetting: When there is no such file, or it is of another optimizer, setting, space or version of nasbed.
        CorruptFile: When it is no saved search, or damaged.
    """
    remedy = "save it again, or put a whole copy in its place"
    arrays, about = read_described(Path(path), "a search saved by nasbed", "a search", _FORMAT, remedy)
    saved = {name: about.get(name) for name in _identity(optimizer, space)}
    unlike = differences(saved, json.loads(json.dumps(_identity(optimizer, space))))
    if unlike:
        raise BadSetting(f"{path} is of another search: {'; '.join(unlike)}. Load it with what it was saved with")
    try:
        state = _put_together(about["state"], arrays)
        streams = Streams(state["streams"]["keys"].copy(), state["streams"]["positions"].copy())
        optimizer.start(space, streams, about["budgets"])
        optimizer.load_state_dict(state)
    except BadSetting:
        raise
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise CorruptFile(f"{path} does not have the state of {type(optimizer).__name__}: {error}") from None
    return optimizer


def _identity(optimizer: Optimizer, space: Space) -> dict[str, Any]:
    """Say what a state is of: one that differs in any of it would go on otherwise, or not at all."""
    kind = type(optimizer)
    return {
        "nasbed": version("nasbed"),
        "optimizer": f"{kind.__module__}:{kind.__qualname__}",
        "settings": optimizer.settings(),
        "space": {"name": space.kind, "settings": space.settings()},
    }


def _taken_apart(value: Any, arrays: Arrays) -> Any:
    """Put the arrays of a nested value aside, and give the rest of it as JSON."""
    if isinstance(value, Mapping):
        return {"mapping": [[_taken_apart(k, arrays), _taken_apart(v, arrays)] for k, v in value.items()]}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [_taken_apart(item, arrays) for item in value]}
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.hasobject:
            raise BadSetting("a state has an array of Python objects, which is not data that can be saved")
        name = f"array_{len(arrays)}"
        arrays[name] = np.asarray(value)
        return {"array" if isinstance(value, np.ndarray) else "scalar": name}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise BadSetting(f"a state has a {type(value).__name__}, which is not data that can be saved")


def _put_together(value: Any, arrays: Arrays) -> Any:
    """Undo ``_taken_apart``."""
    if not isinstance(value, dict):
        return value
    (kind, content), *rest = value.items()
    if rest:
        raise ValueError(f"{len(rest) + 1} kinds of one value")
    if kind == "mapping":
        return {_put_together(k, arrays): _put_together(v, arrays) for k, v in content}
    if kind in ("list", "tuple"):
        items = [_put_together(item, arrays) for item in content]
        return items if kind == "list" else tuple(items)
    if kind in ("array", "scalar"):
        return arrays[content] if kind == "array" else arrays[content][()]
    raise ValueError(f"no kind of value is called {kind!r}")
