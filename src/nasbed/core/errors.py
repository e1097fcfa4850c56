"""Errors: what was given, what is allowed, what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_MOST = 80  # characters of what was given


class NasbedError(Exception):
    """The parent of every error that nasbed raises on purpose."""

    def __str__(self) -> str:
        """Give the sentence itself (``KeyError`` would quote it)."""
        return str(self.args[0]) if self.args else ""


def in_a_line(given: Any) -> str:
    """Write what was given, for a sentence: the first line of its text, cut where it is long."""
    line = repr(given).partition("\n")[0]
    return line if len(line) <= _MOST else f"{line[: _MOST - 1]}…"


def nearest(name: str, known: Iterable[str]) -> str:
    """Ask for the known name that is most like another; nothing where none is."""
    from difflib import get_close_matches  # which takes a while to import, and most names are right

    close = get_close_matches(str(name), list(known), n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}?" if close else ""


class UnknownName(NasbedError, KeyError):
    """A name that no registry knows."""

    def __init__(self, noun: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        hint = nearest(name, names) or f"There are: {', '.join(names) or 'none'}."
        super().__init__(f"no {noun} is called {name!r}. {hint}")


class BadSetting(NasbedError, ValueError):
    """A setting outside what is allowed."""


class NotNamed(BadSetting):
    """Networks that a file of the user's makes, which is run only where it is named; the message says how."""


class InvalidArchitecture(NasbedError, ValueError):
    """An architecture that its space does not contain."""


class NotListed(NasbedError, NotImplementedError):
    """What would take a list of all architectures, of a space that has too many or does not number them."""


class NotInTable(NasbedError, KeyError):
    """A valid architecture, budget or split for which a table has no result."""


class CorruptFile(NasbedError, ValueError):
    """A file whose checksum, length or form is wrong; the message says where."""


class MissingExtra(NasbedError, ImportError):
    """An optional dependency that is not installed; the message has the install line."""


class NothingTrained(NasbedError):
    """Every training failed; the message says why the first did."""


class NotJudged(NasbedError):
    """Searches that are over, and of which a benchmark could not say what they chose is worth; nothing is lost.

    Attributes:
        histories: All of them by label, as they were played; ``""`` where there is one.
    """

    def __init__(self, message: str, histories: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.histories = histories


class Interrupted(NasbedError):
    """Work stopped by Ctrl-C, with everything finished so far kept; the message says how to go on."""
