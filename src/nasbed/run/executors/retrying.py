"""Retrying: another executor, on which a call that fails is made again; and the first call, which looks around."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nasbed.core.errors import BadSetting
from nasbed.core.executor import Executor, Outcome, Work


class RetryingExecutor(Executor):
    """Hands back a call's error only when the call has failed so many times: workers die for reasons of their own.

    Args:
        executor: Where the calls are made.
        attempts: How often each is made at most.

    Raises:
        BadSetting: When attempts is less than 1.
    """

    def __init__(self, executor: Executor, attempts: int) -> None:
        if attempts < 1:
            raise BadSetting(f"attempts must be at least 1, not {attempts}")
        self.executor, self.attempts = executor, attempts
        self._calls: dict[str, tuple[int, Work, tuple[Any, ...]]] = {}

    @property
    def slots(self) -> int:
        """Those of the executor."""
        return self.executor.slots

    def submit(self, tag: str, work: Work, *args: Any) -> None:
        """Start or queue a call, whose tag is that of no other one under way."""
        self._calls[tag] = 1, work, args
        self.executor.submit(tag, work, *args)

    def as_completed(self) -> Iterator[Outcome]:
        """Wait for outcomes that stand."""
        for outcome in self.executor.as_completed():
            tried, work, args = self._calls.pop(outcome.tag)
            if outcome.error is not None and tried < self.attempts:
                self._calls[outcome.tag] = tried + 1, work, args
                self.executor.submit(outcome.tag, work, *args)
            else:
                yield outcome

    def close(self) -> None:
        """Stop everything that still runs."""
        self._calls.clear()
        self.executor.close()


def survey(executor: Executor, done: str, work: Work, *args: Any) -> dict[str, Any]:
    """Have a worker look whether something can be done, and return what it found.

    Args:
        executor: Where.
        done: What cannot be if it fails: ``"trained"``.
        work: What looks.
        *args: What it is called with.

    Raises:
        BadSetting: When it fails, with the reason.
    """
    executor.submit("survey", work, *args)
    (outcome,) = executor.as_completed()
    if outcome.error is not None:
        raise BadSetting(f"nothing can be {done}: {outcome.error}")
    found: dict[str, Any] = outcome.value
    return found
