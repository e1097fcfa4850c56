"""Texts: plain values that a file has beside its numbers, each different one kept once.

They are JSON with marks for what JSON lacks. Since much of it repeats an architecture's own string and number, those
are left out and put back, so that a space has a handful of texts and not one an architecture.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from nasbed.core.errors import CorruptFile
from nasbed.readers.pickles import shown

_OWN = "\x01"
"""Stands for the architecture's own string; JSON writes this character otherwise."""

_MARK = "of"

_INDEX = "arch_index"
"""Where the published files repeat an architecture's number."""


def written(value: Any, architecture: str, index: int) -> str:
    """Write a plain value of an architecture as text.

    Raises:
        CorruptFile: When it is not plain: not made of numbers, texts, arrays, lists, tuples, dictionaries.
    """
    text = json.dumps(_marked(value, index))
    return text.replace(json.dumps(architecture), _OWN) if architecture else text


def read(text: str, architecture: str, index: int) -> Any:
    """Undo ``written``."""
    return _unmarked(json.loads(text.replace(_OWN, json.dumps(architecture, ensure_ascii=False))), index)


def _marked(value: Any, index: int) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biufU":
            raise CorruptFile(f"an array of {value.dtype} is not a plain value")
        return {_MARK: "array", "dtype": str(value.dtype), "values": value.tolist()}
    if isinstance(value, np.generic):
        return _marked(value.item(), index)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list):
        return [_marked(item, index) for item in value]
    if isinstance(value, tuple | set | frozenset):
        kind = "tuple" if isinstance(value, tuple) else type(value).__name__
        return {_MARK: kind, "values": [_marked(item, index) for item in value]}
    if isinstance(value, Mapping):
        if all(isinstance(key, str) for key in value) and _MARK not in value:
            return {key: _own_index(key, item, index) for key, item in value.items()}
        return {_MARK: "dict", "values": [[_marked(key, index), _marked(item, index)] for key, item in value.items()]}
    raise CorruptFile(f"{shown(value)} is not a plain value: numbers, texts, arrays, lists and dictionaries are")


def _own_index(key: str, value: Any, index: int) -> Any:
    own = key == _INDEX and type(value) is int and value == index
    return {_MARK: "index"} if own else _marked(value, index)


def _unmarked(value: Any, index: int) -> Any:
    if isinstance(value, list):
        return [_unmarked(item, index) for item in value]
    if not isinstance(value, dict):
        return value
    if _MARK not in value:
        return {key: _unmarked(item, index) for key, item in value.items()}
    if value[_MARK] == "index":
        return index
    if value[_MARK] == "array":
        return np.array(value["values"], value["dtype"])
    items = [_unmarked(item, index) for item in value["values"]]
    kinds: dict[str, Any] = {"tuple": tuple, "set": set, "frozenset": frozenset}
    return dict(items) if value[_MARK] == "dict" else kinds[value[_MARK]](items)
