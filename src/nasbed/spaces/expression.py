"""What all values of the notation have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.uint64]
"""What passes along an edge, one number a row; 0 for nothing."""


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


class Flowing(Protocol):
    """What a part asks while signals are followed through it; see ``spaces.flow``."""

    numbers: NDArray[np.int64]
    reshapes: bool

    def value(self, part: Expression) -> NDArray[np.int8]:
        """Return the values of a part's decision, one a row."""

    def some(self, rows: NDArray[np.int64]) -> Flowing:
        """Return the flow of some rows."""

    def reshaping(self, changes: bool) -> Flowing:
        """Return the flow in which layers change the shape of what they read, or not: there nothing is an identity."""

    def layer(self, part: Expression, x: Signal) -> Signal:
        """Return what a layer makes of a signal."""

    def options(
        self, part: Expression, options: Mapping[int, Expression], before: Sequence[Signal], source: Sequence[Signal]
    ) -> Signal:
        """Return what comes out of the option that each row takes."""

    def merged(self, how: str, signals: Sequence[Signal], there: Sequence[NDArray[np.bool_]]) -> Signal:
        """Return signals merged."""


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

    def layers(self) -> Iterator[str]:
        """Give the layers that it names itself, for the registry ``layers`` to know."""
        return iter(())

    @abstractmethod
    def resolved(self, at: Resolving) -> Any:
        """Return it with nothing left open."""

    @property
    def passed(self) -> str:
        """What it passes on, resolved: ``nothing``, what it reads ``unchanged``, or that ``changed``."""
        return "changed"

    @property
    def is_leaf(self) -> bool:
        """Whether it is a layer of which nothing is open."""
        return False

    @property
    def idle(self) -> tuple[int, ...]:
        """The values of its decision at which nothing is computed, those first that pass something on."""
        return ()

    def flow(self, at: Flowing, before: Sequence[Signal], source: Sequence[Signal]) -> Signal:
        """Return what comes out of it, ``(n,)``: by default that of a layer.

        Args:
            at: What follows signals.
            before: What came out of the parts before it in a sequence, the nearest last.
            source: What it reads where there are none.
        """
        return at.layer(self, (before or source)[-1])

    @property
    def called(self) -> str:
        """What it is called as an operation: its label, or what it is made of."""
        return self.label or str(self)

    def alternatives(self) -> Iterator[Expression]:
        """Give the parts of which one stands in its place: by default itself."""
        yield self

    def labels(self, at: Flowing, numbers: Mapping[str, int]) -> NDArray[np.int8]:
        """Return the number of what stands in its place, by what that is called, ``(n,)``; −1 for nothing."""
        return np.full(len(at.numbers), numbers[self.called], np.int8)

    def chain(self, at: Flowing) -> Iterator[tuple[Expression, NDArray[np.bool_] | None]]:
        """Give the parts that stand one after the other, each with the rows in which it is there; None for all."""
        yield self, None

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
