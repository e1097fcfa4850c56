"""Spelling: ``name:key=value,key=value``, one grammar for Python, commands and study files.

A value is true, false or none, a whole number, a number, a list such as ``[1,2]``, or text. Text that would be taken
for something else, or has a comma in it, stands in double quotes: ``split="a,b.txt"``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from numbers import Integral, Real
from typing import Any

from nasbed.core.errors import BadSetting

_WORDS = {"true": True, "false": False, "none": None}
_SETTINGS = re.compile(r":(?=\s*[A-Za-z_][\w.-]*\s*=)")  # what begins the settings; names, as paths, may have colons


def named(text: str) -> tuple[str, dict[str, Any]]:
    """Read a name, which may have colons in it, and the settings that may follow it.

    Raises:
        BadSetting: For what is no setting, or is given twice.
    """
    found = _SETTINGS.search(text)
    return (text, {}) if found is None else (text[: found.start()], settings(pieces(text[found.end() :])))


def settings(pairs: Iterable[str]) -> dict[str, Any]:
    """Read ``key=value`` pairs; a hyphen in a key is an underscore.

    Raises:
        BadSetting: For a pair without ``=``, or a key that comes twice.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        key = key.strip().replace("-", "_")
        if not equals or not key:
            raise BadSetting(f"{pair.strip()!r} is not a setting; write it as key=value, such as population=30")
        found = joined(found, {key: value(text)})
    return found


def joined(settings: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Put settings together.

    Raises:
        BadSetting: When one is given twice.
    """
    for key in more:
        if key in settings:
            raise BadSetting(f"the setting {key!r} is given twice")
    return {**settings, **more}


def pieces(text: str) -> list[str]:
    """Divide a text at its commas, but for those in brackets and quotes that are closed again."""
    found, depth, quoted, escaped = [""], 0, False, False
    for letter in text:
        quoted ^= letter == '"' and not escaped
        escaped = letter == "\\" and quoted and not escaped
        depth += 0 if quoted else (letter == "[") - (letter == "]")
        if letter == "," and not quoted and depth <= 0:
            found.append("")
        else:
            found[-1] += letter
    return text.split(",") if quoted or depth else found


def value(text: str) -> Any:
    """Read a value.

    >>> value("30"), value("1e3"), value("none"), value("[1,pay]"), value('"30"')
    (30, 1000.0, None, [1, 'pay'], '30')
    """
    word = text.strip()
    if word.lower() in _WORDS:
        return _WORDS[word.lower()]
    if word[:1] == "[" and word[-1:] == "]":
        return [value(piece) for piece in pieces(word[1:-1])] if word[1:-1].strip() else []
    for kind in (int, float, json.loads if word[:1] == '"' else str):
        with suppress(ValueError):
            return kind(word)
    return word


def spelled(name: str, settings: Mapping[str, Any]) -> str:
    """Write a name with its settings, so that ``named`` reads the same again."""
    return name + ":" * bool(settings) + ",".join(f"{key}={written(value)}" for key, value in settings.items())


def written(given: Any) -> str:
    """Write a value, so that ``value`` reads the same again."""
    if isinstance(given, list | tuple):
        return f"[{','.join(map(written, given))}]"
    text = str(given)
    doubtful = isinstance(given, str) and (not text or value(text) != text or set(text) & set(',[]"'))
    return json.dumps(text) if doubtful else text


def converted(given: Any, default: Any) -> Any:
    """Return a value in the form that the default has: a list as a tuple, the word none as None."""
    if isinstance(given, str) and given == "none" and not isinstance(default, str):
        return None
    return tuple(given) if isinstance(default, tuple) and isinstance(given, list) else given


def fitted(key: str, given: Any, default: Any) -> Any:
    """Return a value that can stand where the default stands, as ``converted`` does.

    Raises:
        BadSetting: When it is of another kind than a default that is a list, a number, or true or false.
    """
    given = converted(given, default)
    if given is None or (isinstance(default, tuple) and isinstance(given, tuple)):
        return given
    if isinstance(default, bool):
        fits = isinstance(given, bool)
    elif isinstance(default, int | float):
        fits = isinstance(given, Real if isinstance(default, float) else Integral) and not isinstance(given, bool)
    else:
        fits = not isinstance(default, tuple)
    if not fits:
        raise BadSetting(f"{key} is like {written(default)}, not {given!r}")
    return given
