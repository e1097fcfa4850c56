"""Executor: where does work run?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Outcome:
    """How one submitted call ended.

    Attributes:
        tag: What ``submit`` was given to know the call by.
        value: What the function returned; None when it failed.
        error: What went wrong, in one line; None when it went well.
    """

    tag: str
    value: Any = None
    error: str | None = None


class Executor(ABC):
    """Runs calls somewhere and hands back their outcomes as they end, in any order.

    Used as a context manager; leaving it stops what still runs. A worker that dies (out of memory, killed) makes
    an outcome with an error, never a lost call.
    """

    @property
    @abstractmethod
    def slots(self) -> int:
        """How many calls run at the same time."""

    @abstractmethod
    def submit(self, tag: str, function: Callable[..., Any], *args: Any) -> None:
        """Start or queue a call; function and arguments must be picklable."""

    @abstractmethod
    def as_completed(self) -> Iterator[Outcome]:
        """Wait for outcomes until nothing is pending; calls may be submitted in between."""

    @abstractmethod
    def close(self) -> None:
        """Stop everything that still runs."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
