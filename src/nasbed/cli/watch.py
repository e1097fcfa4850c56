"""What a long campaign shows: a bar where somebody watches, now and then a line where a log is kept."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nasbed.run.campaign import Status

PAUSE = 30.0  # seconds between two lines of a log


@contextmanager
def watching(what: str) -> Iterator[Callable[[Status], None]]:
    """Show on standard error how far a campaign is while the block runs; give the function that is told."""
    with _bar(what) if sys.stderr.isatty() else _log(what) as tell:
        yield tell


def in_words(status: Status) -> str:
    """Say how far a campaign is, how fast it goes and when it will end."""
    parts = [f"{status.done:,} of {status.total:,} units"]
    if status.failures:
        parts.append(f"{status.failures} given up")
    if status.rate is not None:
        parts.append(f"{status.rate:.3g} units/s")
    if status.speed is not None:
        parts.append(f"{status.speed:,.0f} images/s")
    if status.left:
        parts.append(f"{duration(status.left)} left")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """Write a time span with its two largest units: ``35 s``, ``2 min 5 s``, ``3 h 20 min``, ``2 d 4 h``."""
    whole = round(seconds)
    for unit, size, smaller, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


@contextmanager
def _bar(what: str) -> Iterator[Callable[[Status], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[said]}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=1.0, said="")
        yield lambda status: bar.update(
            task, total=max(status.total, 1), completed=status.done, said=in_words(status), refresh=True
        )


@contextmanager
def _log(what: str) -> Iterator[Callable[[Status], None]]:
    """Print a line at the start, every half minute, whether anything has ended or not, and at the end."""
    latest: list[Status] = []
    over = threading.Event()

    def say() -> None:
        now = datetime.now().astimezone().isoformat(" ", "seconds")
        print(f"{now}  {what}: {in_words(latest[-1])}", file=sys.stderr, flush=True)

    def keep_saying() -> None:
        while not over.wait(PAUSE):
            say()

    thread = threading.Thread(target=keep_saying, daemon=True)

    def tell(status: Status) -> None:
        latest[:] = [status]
        if not thread.is_alive():
            say()
            thread.start()

    try:
        yield tell
    finally:
        over.set()
        if latest:
            thread.join()
            say()
