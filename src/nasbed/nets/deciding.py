"""Deciding: the argument from which a function that builds a network takes its decisions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from nasbed.core.errors import BadSetting
from nasbed.core.records import Decision
from nasbed.core.registry import spaces

MOST_DECISIONS = 4_096
"""The most decisions that a function may ask for."""

_MOST_CALLS = 100_000
_MOST_VALUES = 127  # a row holds the position of each as an int8
_NAME = re.compile(r"[^\s=:,#\[({-][^\s=:,#]*")


class Deciding:
    """Answers ``d(name, *options)`` with one of the options, and notes what was asked.

    The same name has the same answer throughout one network. Options are numbers, texts, true, false, none, tuples of
    these, or classes and functions, which are called by their names. A single option is no decision.

    Args:
        what: What asks, in messages.
        known: The values of each name so far, which grows: a name has the same ones in all networks.
        positions: The position of the value to answer with, by name.
        other: Answers for names that ``positions`` lacks, by name and number of values.
    """

    def __init__(
        self,
        what: str,
        known: dict[str, tuple[Any, ...]],
        positions: Mapping[str, int],
        other: Callable[[str, int], int],
    ) -> None:
        self.what, self.known, self.positions, self.other = what, known, positions, other
        self.asked: dict[str, int] = {}
        self._calls = 0

    def __call__(self, name: str, /, *options: Any) -> Any:
        """Return the option that is decided on for a name.

        Raises:
            BadSetting: When the name is none, or has other options than elsewhere, or too much is asked.
        """
        self._calls += 1
        if self._calls > _MOST_CALLS or len(self.asked) > MOST_DECISIONS:
            raise self._error(f"asks for more than {MOST_DECISIONS:,} decisions, or without end; let fewer be decided")
        values = self._values(name, options)
        if len(values) == 1:
            return options[0]
        if name not in self.asked:
            given = self.positions.get(name)
            self.asked[name] = self.other(name, len(values)) if given is None else given
        return options[self.asked[name]]

    @property
    def text(self) -> str:
        """What was answered so far, as the space writes it."""
        return text_of(self.asked, self.known)

    def _values(self, name: str, options: tuple[Any, ...]) -> tuple[Any, ...]:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise self._error(f"names a decision by a text without spaces and none of = : , #, not {name!r}")
        if not options:
            raise self._error(f"asks for {name!r} without options; give it some: d({name!r}, 16, 32)")
        values = tuple(self._plain(name, option) for option in options)
        before = self.known.setdefault(name, values)
        if before is not values and before != values:
            raise self._error(
                f"asks for {name!r} of {_listed(before)} and elsewhere of {_listed(values)}; a name has the same "
                "options wherever it is asked for, so use two names"
            )
        if before is values:
            self._check_new(name, values)
        return values

    def _check_new(self, name: str, values: tuple[Any, ...]) -> None:
        if len(values) > _MOST_VALUES:
            raise self._error(
                f"gives {name!r} {len(values):,} options; {_MOST_VALUES} at most: make several decisions of it"
            )
        if len(set(map(repr, values))) < len(values):
            raise self._error(f"gives {name!r} an option twice: {_listed(values)}")

    def _plain(self, name: str, option: Any) -> Any:
        """Return an option as it can be written down."""
        if isinstance(option, tuple):
            return tuple(self._plain(name, one) for one in option)
        plain = option.item() if hasattr(option, "item") else option
        if isinstance(plain, str | int | float | None):
            return plain
        if callable(plain) and isinstance(getattr(plain, "__name__", None), str):
            return plain.__name__
        hint = "; give its class, and call what is chosen" if callable(plain) else ""
        if isinstance(plain, list | range | set):
            hint = f"; write them one by one, d({name!r}, 16, 32), or with a star, d({name!r}, *widths)"
        raise self._error(
            f"gives {name!r} the option {plain!r:.80}, which is no number, text, true, false, none, tuple of these, "
            f"class or function{hint}"
        )

    def _error(self, why: str) -> BadSetting:
        return BadSetting(f"{self.what} {why}")


def text_of(positions: Mapping[str, int], known: Mapping[str, tuple[Any, ...]]) -> str:
    """Write decisions as model spaces do: ``width=32 depth=2``."""
    words = spaces["model"].words
    return " ".join(f"{name}={words(Decision(name, known[name]))[at]}" for name, at in positions.items())


def _listed(values: tuple[Any, ...]) -> str:
    return ", ".join(map(repr, values[:6])) + (", …" if len(values) > 6 else "")
