"""Calls for executors to make: importable, so that any worker can."""

from __future__ import annotations

import os
import time

from nasbed.core.errors import BadSetting


def double(x: float) -> float:
    """Give twice a number."""
    return 2 * x


def fail(text: str) -> None:
    """Fail as a bug would."""
    raise RuntimeError(text)


def refuse(text: str) -> None:
    """Fail as nasbed does on purpose."""
    raise BadSetting(text)


def process() -> int:
    """Tell the process that makes the call."""
    return os.getpid()


def die() -> None:
    """End the process at once, as one that is killed does."""
    os._exit(9)


def wait(seconds: float) -> None:
    """Take some time."""
    time.sleep(seconds)
