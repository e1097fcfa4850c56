"""A law of every noun with settings: its constructor refuses what the type of a setting does not allow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

from nasbed.core.bounds import check, kinds_of
from nasbed.core.errors import BadSetting

_TRIED: tuple[Any, ...] = (object(), "nonsense", True, None, math.nan, math.inf, -1, 0, 0.5, 2.5, 10**9, [])
"""Of these each setting is given those that are not for it."""


class Made(Protocol):
    """What can be made again from its settings, by its class."""

    def settings(self) -> Mapping[str, Any]:
        """Give the constructor arguments."""


def what_a_setting_may_not_be_is_refused(made: Made, seed: int) -> None:
    """A value that a setting's type does not allow is a BadSetting, which ``core.bounds.check_settings`` raises."""
    for name, kind in kinds_of(type(made)).items():
        for value in _TRIED:
            if _refuses(check, name, value, kind):
                settings = {**made.settings(), name: value}
                assert _refuses(type(made), **settings), f"{name}={value!r} is taken"


def _refuses(call: Any, *values: Any, **settings: Any) -> bool:
    """Say whether a call raises BadSetting; anything else that it raises is a fault of its own."""
    try:
        call(*values, **settings)
    except BadSetting:
        return True
    return False
