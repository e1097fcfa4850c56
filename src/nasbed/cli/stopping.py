"""Stopping: the first Ctrl-C, or a cluster's signal to end, is a wish that is heard between two steps."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Give the function that says whether somebody wants the block to stop; who asks twice stops it at once.

    Outside the main thread, where Python allows no handlers, nobody is heard.
    """
    asked = False

    def ask(number: int, frame: Any) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        print("nasbed: stopping after this step; once more stops at once", file=sys.stderr, flush=True)

    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM) if main}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def same_command() -> str:
    """Give the command line that is running, to be typed again."""
    return shlex.join(["nasbed", *sys.argv[1:]])
