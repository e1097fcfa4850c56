"""Sources: which data there are, by name, and what comes after the name.

``cifar10``, ``cifar10:/data/cifar``, ``cifar10:split=cifar-split.txt``, ``random:size=16,classes=5``: after a colon the
place of the files, then settings, all with commas between. A source that finds its files by itself looks for them in
the folder that the environment variable ``NASBED_DATA`` names.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from nasbed.core.errors import BadSetting
from nasbed.core.registry import Registry
from nasbed.nets.data.pictures import Pictures

SOURCES = Registry(
    "data source",
    {
        "digits": "nasbed.nets.data.digits:digits",
        "cluttered-digits": "nasbed.nets.data.cluttered:cluttered_digits",
        "cifar10": "nasbed.nets.data.cifar:cifar10",
        "cifar100": "nasbed.nets.data.cifar:cifar100",
        "imagenet16-120": "nasbed.nets.data.imagenet16:imagenet16_120",
        "folder": "nasbed.nets.data.folder:folder",
        "arrays": "nasbed.nets.data.arrays:arrays",
        "random": "nasbed.nets.data.random:random",
        "task": "nasbed.nets.data.task_file:task",
    },
    plural="data",
)
"""From a name to a function that gives ``Pictures``; its arguments are the settings, ``where`` is the place."""

FILE = re.compile(r"(.+\.\w+)(?::\w+)?")
"""A file, and what in it is meant."""

_SETTING = re.compile(r"[a-z_]+=")


def pictures(name: str) -> Pictures:
    """Read the images of a source.

    Args:
        name: Its name, with place and settings.

    Raises:
        UnknownName: When no source has the name.
        BadSetting: When it has no such setting, or not that value, or its files are not there.
        CorruptFile: When its files are not what they should be.
        MissingExtra: When a package that brings or reads the images is not installed.
    """
    source, settings = parsed(name)
    defaults = {key: parameter.default for key, parameter in inspect.signature(SOURCES[source]).parameters.items()}
    given = {key: _value(key, text, defaults.get(key)) for key, text in settings.items()}
    found: Pictures = SOURCES.make(source, given)
    return found


def parsed(name: str) -> tuple[str, dict[str, str]]:
    """Take a name apart: the source, and its settings as text, the place among them as ``where``."""
    source, _, rest = name.partition(":")
    where, pieces = [], rest.split(",") if rest else []
    while pieces and not _SETTING.match(pieces[0]):  # a place may have commas of its own
        where.append(pieces.pop(0))
    settings = {"where": ",".join(where)} if where else {}
    for piece in pieces:
        key, equals, text = piece.partition("=")
        if not equals or not _SETTING.match(piece):
            raise BadSetting(f"{piece!r} in {name!r} is not a setting; write it as key=value, such as size=32")
        if key in settings:
            raise BadSetting(f"{name!r} gives {key} twice")
        settings[key] = text
    return source, settings


def stamp(name: str) -> float:
    """Return when the file of a source was last written; 0 where it has none: what was read before may be another."""
    file = FILE.fullmatch(parsed(name)[1].get("where", ""))
    path = None if file is None else Path(file[1]).expanduser()
    return path.stat().st_mtime if path is not None and path.is_file() else 0.0


def _value(key: str, text: str, default: Any) -> Any:
    """Read a setting as what its default is: true or false, an integer, else text."""
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise BadSetting(f"{key} is true or false, not {text!r}")
        return text.lower() == "true"
    if isinstance(default, int):
        if not text.isdecimal():
            raise BadSetting(f"{key} is a whole number, not {text!r}")
        return int(text)
    return text
