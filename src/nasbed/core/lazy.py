"""Lazy rooms: a room exports its public names, and imports what they name when it is first asked for."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any


def lazily(room: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and ``__dir__`` of a room.

    Its public names are those that its ``__init__`` imports under ``TYPE_CHECKING``, where editors and type checkers
    see them; ``__all__`` lists them. So they are written once, and importing a module of the room imports no other.

    Args:
        room: The dotted name of the package, its ``__name__``.
    """

    @cache
    def places() -> dict[str, str]:
        source = Path(str(sys.modules[room].__file__)).read_bytes()
        found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
        return {
            name.name: str(node.module)
            for node in found
            for name in node.names
            if str(node.module).startswith(f"{room}.") or node.module == room
        }

    def get(name: str) -> Any:
        if name == "__all__":
            return sorted(places())
        if name.startswith("__") or name not in places():
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        place = places()[name]
        if place == room:
            return importlib.import_module(f"{room}.{name}")
        value = getattr(importlib.import_module(place), name)
        setattr(sys.modules[room], name, value)
        return value

    return get, lambda: sorted({*vars(sys.modules[room]), *places()})
