"""Spelling: ``naswot``, ``naswot:variant=output`` and lists of them, as people type proxies and files name columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.core.registry import proxies
from nasbed.scores.scores import BESIDE

Named = dict[str, tuple[str, dict[str, Any]]]
"""How each proxy is called, with its registered name and its settings."""

_WORDS = {"true": True, "false": False, "none": None}


def read(text: str) -> Named:
    """Read proxies with commas between, or ``all``; settings follow a colon: ``naswot:variant=output,snip``.

    Parameters and FLOPs are left out: formulas give them, for everybody. No proxy is imported, so that settings are not
    checked.

    Raises:
        UnknownName: When no proxy has the name.
        BadSetting: When a setting is none, or a proxy is named twice.
    """
    if text.strip() == "all":
        return {name: (name, {}) for name in proxies if name not in BESIDE}
    pieces: list[list[str]] = []
    for piece in (piece.strip() for piece in text.split(",")):
        if pieces and "=" in piece and ":" not in piece.partition("=")[0]:
            pieces[-1].append(piece)  # another setting of the proxy before
        else:
            pieces.append([piece])
    named: Named = {}
    for first, *more in pieces:
        name, _, inline = first.partition(":")
        if name not in proxies:
            raise UnknownName("proxy", name, [*proxies, "all"])
        settings = dict(_setting(pair, name) for pair in [*([inline] if inline else []), *more])
        called = spelled(name, settings)
        if called in named:
            raise BadSetting(f"the proxy {called} is named twice")
        named[called] = (name, settings)
    return {called: what for called, what in named.items() if called not in BESIDE}


def spelled(name: str, settings: Mapping[str, Any]) -> str:
    """Write a name with its settings."""
    return name + ":" * bool(settings) + ",".join(f"{key}={value}" for key, value in settings.items())


def _setting(pair: str, name: str) -> tuple[str, Any]:
    key, equals, text = (part.strip() for part in pair.partition("="))
    if not equals or not key:
        raise BadSetting(f"{pair!r} is no setting of the proxy {name!r}; write it as {name}:key=value")
    if text.lower() in _WORDS:
        return key, _WORDS[text.lower()]
    for kind in (int, float):
        try:
            return key, kind(text)
        except ValueError:
            continue
    return key, text
