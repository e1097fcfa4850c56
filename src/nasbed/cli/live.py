"""What ``nasbed search`` does where every answer is a real training: a store, a progress line, and a way back."""

from __future__ import annotations

import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbed.cli.console import percent

if TYPE_CHECKING:
    from nasbed.core.live import LiveBenchmark
    from nasbed.core.optimizer import Optimizer
    from nasbed.run.history import History
    from nasbed.run.ledger import Budget
    from nasbed.run.live import Status

Workers = Annotated[int | None, typer.Option(help="Real training: how many at a time; 1 for one run if not given.")]
Executor = Annotated[str, typer.Option(help="Real training: where; 'nasbed list executors'.")]
Store = Annotated[
    Path | None, typer.Option(help="Real training: the file that keeps it; named for the search if not given.")
]
Recipe = Annotated[str | None, typer.Option(help="Real training: a recipe's name, or a TOML file.")]

_EVERY = 30.0  # seconds between two lines where there is no terminal


def default_store(optimizer: str, benchmark: str, seed: int) -> Path:
    """Name the file that keeps a search, in the current folder, after what was searched and how."""
    return Path("-".join(re.sub(r"[^\w.]+", "-", text) for text in (benchmark, optimizer, f"seed{seed}")) + ".sqlite")


def search(
    optimizer: Optimizer, benchmark: LiveBenchmark, budget: Budget, store: Path, settings: dict[str, Any]
) -> History:
    """Search, saying where the trainings are kept and, when it is interrupted, what goes on with them."""
    from nasbed.core.errors import Interrupted

    command = shlex.join(["nasbed", *sys.argv[1:]])
    try:
        from nasbed.run.live import search_live

        with _watching(store) as watch:
            return search_live(optimizer, benchmark, budget, store=store, progress=watch, **settings)
    except Interrupted as error:
        raise Interrupted(f"{error}: {command}") from None
    except KeyboardInterrupt:  # before the search had begun
        raise Interrupted(f"interrupted; what was trained is kept in {store}, and this goes on: {command}") from None


@contextmanager
def _watching(store: Path) -> Iterator[Callable[[Status], None]]:
    """Show on standard error how far the search is: a bar on a terminal, a line now and then elsewhere."""
    kept = f"every training is kept in {store}"
    if not sys.stderr.isatty():
        yield _Lines(kept)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    print(kept, file=sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda status: bar.update(task, completed=status.share, description=_said(status))


class _Lines:
    """Prints where the search keeps its trainings at its start, and then, every half minute, how far it is."""

    def __init__(self, kept: str) -> None:
        self.kept, self.said = kept, 0.0

    def __call__(self, status: Status) -> None:
        if not self.said:
            print(self.kept, file=sys.stderr)
        elif time.monotonic() - self.said < _EVERY:
            return
        self.said = time.monotonic()
        if status.evaluations:
            print(f"{_said(status)}, {status.seconds / 60:.1f} min, {100 * status.share:.0f} %", file=sys.stderr)


def _said(status: Status) -> str:
    """Say what has come of a search so far."""
    failed = f" ({status.failures} failed)" if status.failures else ""
    return f"{status.evaluations} trained{failed}, best {percent(status.best)} %"
