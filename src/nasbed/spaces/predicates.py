"""Predicates of ``where`` by name, so that a space with constraints can be written to a file and read again.

A name is one of the registry ``predicates``, or ``module:function``. Reading imports no module of that name, since
opening data executes nothing: the function is looked up when it is first asked, in what the program has imported.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nasbed.core.errors import BadSetting
from nasbed.core.registry import predicates


@dataclass(frozen=True)
class Named:
    """A predicate that a file names.

    Attributes:
        text: The name.
    """

    text: str

    def __call__(self, part: Any) -> bool:
        """Ask the function of this name.

        Raises:
            BadSetting: When there is none, or its module was not imported.
        """
        return bool(_found(self.text)(part))


def name_of(predicate: Callable[[Any], bool]) -> str:
    """Return the name by which a file refers to a predicate.

    Raises:
        BadSetting: When it has none, as a lambda or a function within another.
    """
    if isinstance(predicate, Named):
        return predicate.text
    place = f"{getattr(predicate, '__module__', '')}:{getattr(predicate, '__qualname__', '')}"
    for name, registered in predicates.places().items():
        if registered == place:
            return name
    if _at(place) is not predicate:
        raise BadSetting(
            f"the predicate {getattr(predicate, '__qualname__', predicate)!r} of where has no name to be written by; "
            "define it with def at the top of a module"
        )
    return place


def _found(text: str) -> Callable[[Any], bool]:
    if ":" not in text:
        registered: Callable[[Any], bool] = predicates[text]
        return registered
    module = text.partition(":")[0]
    if module.startswith("nasbed."):
        importlib.import_module(module)
    predicate: Callable[[Any], bool] | None = _at(text)
    if predicate is None:
        raise BadSetting(f"the space's constraint is {text}; import {module} first, which has to define it")
    return predicate


def _at(place: str) -> Any:
    """Return what a place holds in an imported module; None where there is nothing."""
    module, _, attribute = place.partition(":")
    return getattr(sys.modules.get(module), attribute, None)
