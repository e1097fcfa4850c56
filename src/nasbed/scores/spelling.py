"""Spelling: ``snip``, ``naswot:variant=notebook`` and lists of them, as people type proxies and files name columns."""

from __future__ import annotations

from typing import Any

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.core.registry import proxies
from nasbed.core.spelling import pieces, spelled
from nasbed.core.spelling import settings as read_settings
from nasbed.scores.scores import BESIDE

Named = dict[str, tuple[str, dict[str, Any]]]
"""How each proxy is called, with its registered name and its settings."""


def read(text: str) -> Named:
    """Read proxies with commas between, or ``all``; settings follow a colon: ``naswot:variant=notebook,snip``.

    Parameters and FLOPs are left out: formulas give them, for everybody. No proxy is imported, so that settings are not
    checked.

    Raises:
        UnknownName: When no proxy has the name.
        BadSetting: When a setting is none, or a proxy is named twice.
    """
    if text.strip() == "all":
        return {name: (name, {}) for name in proxies if name not in BESIDE}
    together: list[list[str]] = []
    for piece in (piece.strip() for piece in pieces(text)):
        if together and "=" in piece and ":" not in piece.partition("=")[0]:
            together[-1].append(piece)  # another setting of the proxy before
        else:
            together.append([piece])
    named: Named = {}
    for first, *more in together:
        name, _, inline = first.partition(":")
        if name not in proxies:
            raise UnknownName("proxy", name, [*proxies, "all"])
        own = read_settings([*([inline] if inline else []), *more])
        called = spelled(name, own)
        if called in named:
            raise BadSetting(f"the proxy {called} is named twice")
        named[called] = (name, own)
    return {called: what for called, what in named.items() if called not in BESIDE}
