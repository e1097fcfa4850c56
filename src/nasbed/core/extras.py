"""Optional dependencies, imported where they are used and named when they are missing."""

from __future__ import annotations

import importlib
from typing import Any

from nasbed.core.errors import MissingExtra

_COPYLEFT = {
    "nevergrad": "directsearch, which is under the GPL",
    "pymoo": "moocore, which is under the LGPL",
}
"""Extras whose packages bring others under licences that ask something of whoever hands them on."""


def require(module: str, extra: str) -> Any:
    """Import an optional module, or say how to install the extra that brings it.

    Args:
        module: The module's dotted name, such as ``"matplotlib.pyplot"``.
        extra: The extra of nasbed that installs it, such as ``"report"``.

    Raises:
        MissingExtra: When the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and not module.startswith(error.name):
            raise  # the module is there, but something that it needs is broken: say that instead
        brings = f" (it brings {_COPYLEFT[extra]})" if extra in _COPYLEFT else ""
        raise MissingExtra(
            f"{module.split('.')[0]} is not installed; this needs it. Install it with: pip install 'nasbed[{extra}]' "
            f"or, in a checkout of nasbed: pip install '.[{extra}]'{brings}"
        ) from None
