"""What a source says beside its numbers, plain values, as texts, of which a table keeps each different one once.

They are JSON with marks for what JSON lacks. Since much of it repeats an architecture's own string and number, those
are left out and put back, so that a space has a handful of texts and not one an architecture.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from nasbed.core.errors import CorruptFile
from nasbed.readers.pickles import shown

_OWN = "\x01"
"""Stands for the architecture's own string; JSON writes this character otherwise."""

_MARK = "of"
_PLAIN = frozenset({type(None), bool, int, float, str})
_KINDS: dict[str, Any] = {"tuple": tuple, "set": set, "frozenset": frozenset, "dict": dict}

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
    if type(value) in _PLAIN:
        return value
    if isinstance(value, list):
        return [one if type(one) in _PLAIN else _marked(one, index) for one in value]
    if isinstance(value, dict) and _MARK not in value and set(map(type, value)) <= {str}:
        found = {key: one if type(one) in _PLAIN else _marked(one, index) for key, one in value.items()}
        own = found.get(_INDEX)
        return {**found, _INDEX: {_MARK: "index"}} if type(own) is int and own == index else found
    for name, kind in _KINDS.items():
        if isinstance(value, kind):
            items = map(list, value.items()) if kind is dict else value
            return {_MARK: name, "values": [_marked(item, index) for item in items]}
    if isinstance(value, np.generic):
        return _marked(value.item(), index)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufU":
        return {_MARK: "array", "dtype": str(value.dtype), "values": value.tolist()}
    raise CorruptFile(f"{shown(value)} is not a plain value: numbers, texts, arrays, lists and dictionaries are")


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
    return _KINDS[value[_MARK]](_unmarked(item, index) for item in value["values"])
