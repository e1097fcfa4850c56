"""Law: a statement that every member of a noun keeps, as a function that raises where it is broken."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from nasbed.core.printing import Printed

T = TypeVar("T")


class DoesNotApply(Exception):
    """Raised by a law about something that its subject does not promise, with the reason."""


def must_be_importable(kind: type) -> None:
    """See that another process can import a class.

    Raises:
        DoesNotApply: When it cannot, since the class is in the running script, in a function or in a notebook.
    """
    if getattr(sys.modules.get(kind.__module__), kind.__qualname__, None) is not kind or kind.__module__ == "__main__":
        raise DoesNotApply(f"{kind.__qualname__} is not in a module that another process can import")


def refuses(error: type[Exception], call: Callable[..., object], *args: object) -> None:
    """See that a call raises an error."""
    try:
        call(*args)
    except error:
        return
    raise AssertionError(f"{getattr(call, '__qualname__', call)} raised no {error.__name__} for {args!r}")


@dataclass(frozen=True)
class Law(Printed, Generic[T]):
    """One law of a noun.

    Attributes:
        holds: Takes a subject and a seed; raises ``AssertionError`` when the subject breaks the law.
    """

    holds: Callable[[T, int], None]

    @property
    def name(self) -> str:
        """The function's name, which says the law in short."""
        return self.holds.__name__

    def __call__(self, subject: T, seed: int = 0) -> None:
        """See that a subject keeps the law.

        Raises:
            AssertionError: When it does not.
            DoesNotApply: When it makes no such promise.
        """
        self.holds(subject, seed)

    def __str__(self) -> str:
        return self.name


@dataclass(eq=False)
class Laws(Printed, Generic[T]):
    """The laws of one noun, in the order of their writing: a collection, as pytest's ``parametrize`` wants it."""

    noun: str
    _laws: list[Law[T]] = field(default_factory=list)

    def law(self, holds: Callable[[T, int], None]) -> Law[T]:
        """Add a function to the laws: a decorator."""
        made = Law(holds)
        self._laws.append(made)
        return made

    def __iter__(self) -> Iterator[Law[T]]:
        return iter(self._laws)

    def __len__(self) -> int:
        return len(self._laws)

    def __contains__(self, law: object) -> bool:
        return law in self._laws

    def check(self, subject: T, seed: int = 0) -> list[str]:
        """See that a subject keeps every law, and give the names of those that apply to it.

        Raises:
            AssertionError: When it breaks one; the message opens with the law's name.
        """
        kept = []
        for law in self:
            try:
                law(subject, seed)
            except DoesNotApply:
                continue
            except AssertionError as error:
                raise AssertionError(f"{law.name}: {law.holds.__doc__ or ''}\n{error}") from error
            kept.append(law.name)
        return kept
