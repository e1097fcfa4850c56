"""Inline: calls run here, one after another, when somebody waits for them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from nasbed.core.executor import Executor, Outcome, Work


class InlineExecutor(Executor):
    """Runs calls in this process: for small work, for debuggers and for tests."""

    def __init__(self) -> None:
        self._queue: deque[tuple[str, Work, tuple[Any, ...]]] = deque()

    @property
    def slots(self) -> int:
        """One."""
        return 1

    def submit(self, tag: str, work: Work, *args: Any) -> None:
        """Queue a call."""
        self._queue.append((tag, work, args))

    def as_completed(self) -> Iterator[Outcome]:
        """Make the calls in the order in which they came."""
        while self._queue:
            tag, work, args = self._queue.popleft()
            yield Outcome.of(tag, work, *args)

    def close(self) -> None:
        """Forget what has not begun."""
        self._queue.clear()
