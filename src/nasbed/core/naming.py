"""Registries: from a published name to the class that bears it, resolved when first asked for.

A plug-in package adds its own names through entry points, in the group ``nasbed.<noun>s``::

    [project.entry-points."nasbed.spaces"]
    myspace = "mypackage.space:MySpace"
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from nasbed.core.bounds import check, kinds_of
from nasbed.core.errors import BadSetting, UnknownName, in_a_line, nearest
from nasbed.core.extras import require
from nasbed.core.meaning import summary_of
from nasbed.core.printing import Printed
from nasbed.core.spelling import converted, fitted, joined, pieces
from nasbed.core.spelling import settings as read_settings


@dataclass(eq=False)
class Registry(Printed):
    """Names of one noun, each with the place of its code.

    Attributes:
        noun: What the names name, in the singular: ``"space"``.
        builtin: ``name -> "module:attribute"`` of what nasbed itself brings.
        unlisted: Likewise, of what cannot be made without settings: found by name, but not among the names.
        plural: The noun's plural, which names the entry-point group; with an s when not given.
        extra: The optional package that the code of all of them needs, if any; nasbed's extra has the same name.
        readers: ``module:attribute`` of what makes one of a file, by how its name ends: ``.toml``. A file of Python is
            followed by the name of a function, ``model.py:build``.
    """

    noun: str
    builtin: dict[str, str] = field(default_factory=dict)
    unlisted: dict[str, str] = field(default_factory=dict)
    plural: str = ""
    extra: str = ""
    readers: dict[str, str] = field(default_factory=dict)
    _plugins: dict[str, str] | None = field(default=None, init=False, repr=False)

    def places(self) -> dict[str, str]:
        """Give every name with its place; nasbed's own names win over a plug-in's."""
        if self._plugins is None:
            from importlib.metadata import entry_points  # takes longer to import than a registered name to find

            found = entry_points(group=f"nasbed.{self.plural or self.noun + 's'}")
            self._plugins = {point.name: point.value for point in found}
        return {**self._plugins, **self.builtin}

    def __contains__(self, name: object) -> bool:
        return name in self.builtin or name in self.places()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.places()))

    def __getitem__(self, name: str) -> Any:
        """Import and return what the name stands for.

        Raises:
            UnknownName: When no such name is registered, with the nearest one.
            MissingExtra: When the package that all of them need is not installed.
        """
        place = self.builtin.get(name) or self.unlisted.get(name) or self.places().get(name)
        if place is None:
            raise UnknownName(self.noun, name, self.places())
        if self.extra:
            require(self.extra, self.extra)
        return _at(place)

    def make(self, name: str, settings: Mapping[str, Any]) -> Any:
        """Call what the name stands for with settings.

        Raises:
            UnknownName: When no such name is registered.
            BadSetting: When it takes no such setting, with those that it takes, or not such a value.
        """
        return self.call(name, self[name], settings)

    def call(self, name: str, maker: Callable[..., Any], settings: Mapping[str, Any]) -> Any:
        """Call something with settings, as ``make`` does, whether it is registered or not."""
        defaults, kinds, given = defaults_of(maker), kinds_of(maker), dict[str, Any]()
        for key, value in settings.items():
            if key not in defaults:
                has = f"it has: {', '.join(defaults) or 'none'}"
                hint = nearest(key, defaults)
                raise BadSetting(f"the {self.noun} {name!r} has no setting {key!r}; {has}{'. ' * bool(hint)}{hint}")
            if kinds[key] is Any:
                given[key] = fitted(key, value, defaults[key])
                continue
            given[key] = converted(value, defaults[key])
            if given[key] is not None or defaults[key] is not None:
                check(key, given[key], kinds[key])
        return maker(**given)

    def read(self, text: str, settings: Mapping[str, Any] | None = None) -> Any:
        """Make what ``NAME`` or ``NAME:key=value,key=value`` spells, with further settings; see ``core.spelling``.

        Where there are ``readers``, a path that ends as they say is read.

        Raises:
            UnknownName: When no such name is registered.
            BadSetting: As ``make``, for what is no setting, or is given twice, and for what is no text.
        """
        if not isinstance(text, str):
            example = next(iter(self), self.noun)
            hint = f"; to have one of this class, call it: {text.__name__}()" if isinstance(text, type) else ""
            given = in_a_line(text)
            raise BadSetting(f"the {self.noun} is named by a text, such as {example!r}, not by {given}{hint}")
        if reader := self.reader(text):
            if settings:
                raise BadSetting(f"the {self.noun} in {text} has its settings there; it takes no {', '.join(settings)}")
            return _at(reader)(text)
        name, _, inline = text.partition(":")
        found = self[name] and read_settings(pieces(inline) if inline else ())
        given = joined(found, settings or {})
        if name in self.unlisted and not given:
            file = "; name its file, such as space.toml or model.py:build" if self.readers else ""
            raise BadSetting(f"the {self.noun} {name!r} is not made by its name alone{file}")
        return self.make(name, given)

    def reader(self, text: str) -> str | None:
        """Return the place of what reads the file that a text names; None where it names none."""
        path = text.partition(":")[0]
        return next((place for end, place in self.readers.items() if path.endswith(end)), None)

    def describe(self, name: str) -> str:
        """Give the first line of the docstring of what the name stands for, read from its source and not imported."""
        if name not in self:
            raise UnknownName(self.noun, name, self.places())
        found = summary_of(self.places()[name])
        return (self[name].__doc__ or "").strip().split("\n")[0] if found is None else found


def _at(place: str) -> Any:
    """Import what ``module:attribute`` names."""
    module, _, attribute = place.partition(":")
    return attrgetter(attribute)(importlib.import_module(module))


def defaults_of(maker: Any) -> dict[str, Any]:
    """Return the settings that a class or function takes, each with its default; None where it has none."""
    found = {}
    for one in inspect.signature(maker).parameters.values():
        whole = isinstance(one.default, int) and not isinstance(one.default, bool)
        default = float(one.default) if whole and one.annotation in ("float", float) else one.default
        found[one.name] = None if one.default is one.empty else default
    return found
