"""Executor: where does work run?"""

from __future__ import annotations

import importlib
import os
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Self

from nasbed.core.errors import NasbedError
from nasbed.core.printing import Printed

Work = Callable[..., Any] | str
"""A function, or where one is: ``"module:function"``, imported by whoever makes the call and by nobody else."""


@dataclass(frozen=True)
class Outcome(Printed):
    """How one submitted call ended.

    Attributes:
        tag: What ``submit`` was given to know the call by.
        value: What the function returned; None when it failed.
        error: What went wrong, in one line; None when it went well.
    """

    tag: str
    value: Any = None
    error: str | None = None

    @classmethod
    def of(cls, tag: str, work: Work, *args: Any) -> Outcome:
        """Make a call here and now; an exception becomes the error."""
        try:
            return cls(tag, resolved(work)(*args))
        except Exception as error:
            return cls(tag, error=in_one_line(error))


def resolved(work: Work) -> Callable[..., Any]:
    """Give the function itself, imported if only its place is known."""
    if not isinstance(work, str):
        return work
    module, _, name = work.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def in_one_line(error: Exception) -> str:
    """Say what an exception says; of one that nasbed did not raise on purpose also its type and where it came from."""
    said = " ".join(str(error).split())
    if isinstance(error, NasbedError):
        return said
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({PurePath(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {said}{where}"


class Executor(Printed, ABC):
    """Runs calls somewhere and hands back their outcomes as they end, in any order.

    Used as a context manager; leaving it stops what still runs. A worker that dies (out of memory, killed) makes
    an outcome with an error, never a lost call.
    """

    @property
    @abstractmethod
    def slots(self) -> int:
        """How many calls run at the same time."""

    @abstractmethod
    def submit(self, tag: str, work: Work, *args: Any) -> None:
        """Start or queue a call; the function, if it is not named by its place, and its arguments are picklable."""

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


def usable_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
