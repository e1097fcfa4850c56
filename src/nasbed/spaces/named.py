"""Functions of the user's by name, so that a space that has them can be written to a file and read again.

They are the predicates of ``where`` and the layers of ``op``. A name is one of a registry, or ``module:function``.
Reading imports no module of that name, since opening data executes nothing: the function is looked up when it is first
asked, in what the program has imported.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nasbed.core.errors import BadSetting, NotNamed, nearest
from nasbed.core.registry import layers, predicates

OWN = "nasbed_own_"
"""How the names of modules begin that are files which a person named; the rest is from the file's checksum."""

_REGISTRIES = {"constraint": predicates, "layer": layers}


@dataclass(frozen=True)
class Named:
    """A function that a file names.

    Attributes:
        text: The name.
        role: What it is to a space: a ``constraint`` or a ``layer``.
    """

    text: str
    role: str = "constraint"

    def found(self) -> Callable[..., Any]:
        """Return the function of this name.

        Raises:
            BadSetting: When its module was not imported, or has none.
            UnknownName: When the registry has none.
        """
        if ":" not in self.text:
            registered: Callable[..., Any] = _REGISTRIES[self.role][self.text]
            return registered
        module = self.text.partition(":")[0]
        if module.startswith("nasbed."):
            importlib.import_module(module)
        function: Callable[..., Any] | None = _at(self.text)
        if function is None and module.startswith(OWN):
            raise NotNamed(
                f"the space's {self.role} {self.text.partition(':')[2]} is made by the code of a file, which is run "
                "only where the file is named: give the space as FILE.py:NAME"
            )
        if function is None:
            raise BadSetting(f"the space's {self.role} is {self.text}; import {module} first, which has to define it")
        return function

    def __call__(self, *values: Any, **settings: Any) -> Any:
        """Call the function of this name; see ``found``."""
        return self.found()(*values, **settings)


def name_of(function: Callable[..., Any], role: str = "constraint") -> str:
    """Return the name by which a file refers to a function.

    Args:
        function: A predicate, or what makes a layer.
        role: Which of them, as for ``Named``.

    Raises:
        BadSetting: When it has none, as a lambda or a function within another.
    """
    if isinstance(function, Named):
        return function.text
    place = f"{getattr(function, '__module__', '')}:{getattr(function, '__qualname__', '')}"
    for name, registered in _REGISTRIES[role].places().items():
        if registered == place:
            return name
    if _at(place) is not function:
        what = {"constraint": "predicate", "layer": "layer"}[role], {"constraint": "where", "layer": "op"}[role]
        raise BadSetting(
            f"the {what[0]} {getattr(function, '__qualname__', function)!r} of {what[1]} has no name to be written by; "
            "define it at the top of a module"
        )
    return place


def check_layer(name: str, at: str = "") -> None:
    """See that the registry has a layer.

    Args:
        name: Its name.
        at: Where it stands, in words.

    Raises:
        BadSetting: When it has not, with what it has and how to add one.
    """
    if name not in layers:
        place, known = f", at {at}" * bool(at), ", ".join(layers)
        raise BadSetting(
            f"no layer is called {name!r}{place}. {nearest(name, layers)} The registry of layers has: {known}. A "
            "layer of your own is written as op(function, …), with the function or class that makes it, or registered "
            "among the entry points nasbed.layers (docs/spaces.md)"
        )


def _at(place: str) -> Any:
    """Return what a place holds in an imported module; None where there is nothing."""
    module, _, attribute = place.partition(":")
    return getattr(sys.modules.get(module), attribute, None)
