"""What all values of the notation have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol


class Use(NamedTuple):
    """One place where a part stands in another.

    Attributes:
        label: What the place is called in the names of decisions; empty where it adds nothing to them.
        part: What stands there.
        values: For which values of the other's decision it is used; None for all.
    """

    label: str
    part: Expression
    values: frozenset[int] | None = None


class Resolving(Protocol):
    """What a part asks while a row is resolved."""

    def value(self, part: Expression) -> int:
        """Return the value of a part's decision; 0 where it has a single one."""

    def __call__(self, part: Any) -> Any:
        """Return a part resolved, the same object each time; a plain setting as it is."""


@dataclass(frozen=True, eq=False)
class Expression(ABC):
    """A value of the notation. Two are the same only if they are one object.

    Attributes:
        label: What decisions in it are called by; empty for its place.
    """

    label: str

    @property
    def values(self) -> tuple[Any, ...]:
        """What may be decided here, in the order of the decision's values; a single one where nothing is."""
        return (None,)

    @property
    def is_plain(self) -> bool:
        """Whether it stands for a plain setting, such as a number of channels, and for no layer."""
        return False

    @property
    def suffix(self) -> str:
        """What the decision itself is called, behind the name of the part; empty where the part has no more to name."""
        return ""

    @abstractmethod
    def uses(self) -> Iterator[Use]:
        """Give the parts that it is made of, each with its place."""

    @abstractmethod
    def resolved(self, at: Resolving) -> Any:
        """Return it with nothing left open."""

    @abstractmethod
    def document(self, write: Callable[[Any], Any]) -> dict[str, Any]:
        """Return it as a document of its file form, in which ``write`` gives what it is made of."""


def are_plain(options: Sequence[Any]) -> bool:
    """Say whether options are plain settings."""
    return not isinstance(options[0], Expression) or options[0].is_plain


def labels(parts: Sequence[Any], places: Iterator[str]) -> list[str]:
    """Return what parts are called by that stand side by side: their labels, with the place where that is not alone."""
    found = [getattr(part, "label", "") for part in parts]
    often = Counter(label for label, _ in {(label, id(part)) for label, part in zip(found, parts, strict=True)})
    return [
        f"{label}-{place}" if often[label] > 1 and label else label or place
        for label, place in zip(found, places, strict=True)
    ]


def options_used(options: Sequence[Any], values: Iterator[set[int]]) -> Iterator[Use]:
    """Give the options that are parts, each with the values of the decision that use it."""
    found = labels(options, map(str, range(len(options))))
    for label, option, some in zip(found, options, values, strict=True):
        if isinstance(option, Expression):
            yield Use(label, option, frozenset(some))


def named(part: Expression) -> dict[str, str]:
    """Return the label of a part for its document; nothing where it has none."""
    return {"name": part.label} if part.label else {}
