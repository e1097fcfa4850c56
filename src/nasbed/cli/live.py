"""What ``nasbed search`` does where every answer is a real training: a store, a progress line, and a way back."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbed.cli.console import progress
from nasbed.cli.stopping import same_command
from nasbed.cli.words import percent
from nasbed.core.errors import Interrupted

if TYPE_CHECKING:
    from nasbed.core.live import LiveBenchmark
    from nasbed.core.optimizer import Optimizer
    from nasbed.run.history import History
    from nasbed.run.live import Status
    from nasbed.run.settings import SearchSettings

Executor = Annotated[str, typer.Option(help="Real training: where; 'nasbed list executors'.")]
Store = Annotated[
    Path | None, typer.Option(help="Real training: the file that keeps it; named for the search if not given.")
]
Device = Annotated[str, typer.Option(help="Real training: on what; cpu, cuda, …")]
Recipe = Annotated[str | None, typer.Option(help="Real training: a recipe's name, or a TOML file.")]


def default_store(optimizer: str, benchmark: str, seed: int) -> Path:
    """Name the file that keeps a search, in the current folder, after what was searched and how."""
    return Path("-".join(re.sub(r"[^\w.]+", "-", text) for text in (benchmark, optimizer, f"seed{seed}")) + ".sqlite")


def search(
    optimizer: Optimizer, benchmark: LiveBenchmark, settings: SearchSettings, store: Path, where: dict[str, Any]
) -> History:
    """Search, saying where the trainings are kept and, when it is interrupted, what goes on with them."""
    from nasbed.run.live import search_live

    accuracies, begun = benchmark.measure == "accuracy", False
    try:
        with progress("searching") as move:

            def watch(status: Status) -> None:
                nonlocal begun
                if not begun:
                    print(f"every {'training' if accuracies else 'score'} is kept in {store}", file=sys.stderr)
                    begun = True
                move(status.share, _said(status, accuracies))

            return search_live(optimizer, benchmark, settings, store=store, progress=watch, **where)
    except Interrupted as error:
        raise Interrupted(f"{error}: {same_command()}") from None
    except KeyboardInterrupt:  # before the search had begun
        raise Interrupted(
            f"interrupted; what was trained is kept in {store}, and this goes on: {same_command()}"
        ) from None


def _said(status: Status, accuracies: bool) -> str:
    """Say what has come of a search so far."""
    failed = f" ({status.failures} failed)" if status.failures else ""
    value = f"{percent(status.best)} %" if accuracies else f"{status.best:.6g}"
    best = f", best {value}" if status.best == status.best else ""
    return f"{status.evaluations} {'trained' if accuracies else 'scored'}{failed}{best}, {status.seconds / 60:.1f} min"
