"""Making: functions that make what a registry's names stand for, and whose help says each name and each setting."""

from __future__ import annotations

from collections.abc import Callable
from functools import WRAPPER_ASSIGNMENTS, update_wrapper
from typing import Any, TypeVar, cast

_Function = TypeVar("_Function", bound=Callable[..., Any])


def makes(plural: str) -> Callable[[_Function], _Function]:
    """Return what decorates a function that makes things of one noun; checkers of types see the function."""

    def making(function: _Function) -> _Function:
        return cast(_Function, Makes(function, plural))

    return making


class Makes:
    """A function that makes what a registry's names stand for, whose help says each name and setting.

    That is put together when it is asked for, since it takes importing all of them.
    """

    def __init__(self, function: Callable[..., Any], plural: str) -> None:
        self._function, self._plural = function, plural
        update_wrapper(self, function, [name for name in WRAPPER_ASSIGNMENTS if name != "__doc__"])

    def __call__(self, *names: Any, **settings: Any) -> Any:
        """Call the function."""
        return self._function(*names, **settings)

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        from nasbed.core.meaning import guide
        from nasbed.core.registry import NOUNS

        return f"{self._function.__doc__}\n\n{guide(NOUNS[self._plural])}"

    def __repr__(self) -> str:
        return f"nasbed.{self._function.__name__}(name, **settings)"

    def __reduce__(self) -> str:
        return self._function.__name__
