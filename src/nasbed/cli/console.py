"""What commands print: results to standard output, progress to standard error, and only where somebody watches."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import textwrap
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Literal, Protocol

from nasbed.cli.columns import BETWEEN, Column, blocks, folded, widths

SECONDS_BETWEEN_LINES = 30.0
"""Between two lines of progress where there is no terminal."""

_WIDE = 100  # characters of a terminal on which a bar has all its parts

WIDTH_OF_A_FILE = 200
"""Characters of a table's lines where neither a terminal nor ``COLUMNS`` says how many."""


def print_json(value: Any) -> None:
    """Print a value as JSON; what is not a number is null."""
    print(json.dumps(_plain(value), indent=2))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if hasattr(value, "tolist"):  # NumPy's numbers and arrays
        return _plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], title: str | None = None) -> None:
    """Print rows under headers; numbers are aligned to the right and never broken, text is, where it must be.

    No header is broken inside a word. Columns that do not fit side by side follow below, named again.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False, width=width() or WIDTH_OF_A_FILE)
    columns = [Column(header, [row[i] for row in rows]) for i, header in enumerate(headers)]
    for number, block in enumerate(blocks(columns, console.width)):
        table = Table(title=None if number else title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
        table.show_edge, table.padding = False, (0, BETWEEN - 1, 0, 0)  # the box has a space of its own
        room = widths(block, console.width)
        for column, characters in zip(block, room, strict=True):
            justify: Literal["right", "left"] = "right" if column.numbers else "left"
            table.add_column(folded(column.header, characters), justify=justify, overflow="fold", width=characters)
        for cells in zip(*(column.cells for column in block), strict=True):
            table.add_row(*map(folded, cells, room))
        if number:
            console.print()
        console.print(table)


def width() -> int | None:
    """Return how many characters a line of the output has; None for a file, which has no width to fit.

    ``COLUMNS`` says it for files, too.
    """
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit():
        return shutil.get_terminal_size().columns
    return None


_LISTED = 6
"""Of a longer list of mappings, such as the sessions of a table made on many machines, the ends are printed."""


def print_facts(facts: Mapping[str, Any]) -> None:
    """Print names and values, one a line; mappings are indented, what is empty is left out."""
    for line in _lines(facts, ""):
        print_text(line)


def print_text(text: str) -> None:
    """Print a sentence; where lines have a width, broken between words."""
    room = width()
    if room is None:
        print(text)
        return
    indent = " " * (len(text) - len(text.lstrip()) + 2 * text.startswith(" "))
    print(textwrap.fill(text, room, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False))


def _lines(facts: Mapping[str, Any], indent: str) -> Iterator[str]:
    width = max((len(str(name)) for name, value in facts.items() if not isinstance(value, Mapping)), default=0)
    for name, value in facts.items():
        if isinstance(value, Mapping):
            if value:
                yield f"{indent}{name}"
                yield from _lines(value, indent + "  ")
        elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
            yield f"{indent}{name}"
            between = f"… {len(value) - 2:,} more …"
            for item in value if len(value) <= _LISTED else (value[0], between, value[-1]):
                first, *others = _lines(item, "") if isinstance(item, Mapping) else [str(item)]
                yield f"{indent}  - {first}"
                yield from (f"{indent}    {line}" for line in others)
        elif value is not None and value != []:
            text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
            yield f"{indent}{name!s:<{width}}  {text}".rstrip()


def print_warnings(warnings: Iterable[str]) -> None:
    """Print what one should know, a line each."""
    for warning in warnings:
        print_text(f"warning: {warning}")


_quiet: ContextVar[bool] = ContextVar("quiet", default=False)
"""Whether the command that runs was asked to be quiet."""


@contextmanager
def quietly(quiet: bool) -> Iterator[None]:
    """Print neither progress nor notes while the block runs, if that was asked for."""
    token = _quiet.set(quiet)
    try:
        yield
    finally:
        _quiet.reset(token)


def is_quiet() -> bool:
    """Return whether the command that runs prints results, warnings and errors alone."""
    return _quiet.get()


def print_note(text: str, apart: bool = False) -> None:
    """Print a sentence beside the result, such as what one may do next; nothing with ``--quiet``.

    Args:
        text: The sentence.
        apart: Whether there is an empty line before it.
    """
    if not is_quiet():
        if apart:
            print()
        print_text(text)


class Move(Protocol):
    """Moves a bar: to a share from 0 to 1, and to a new text where there is one."""

    def __call__(self, share: float, text: str = "") -> None:
        """Move."""


@contextmanager
def progress(what: str, remaining: bool = True) -> Iterator[Move]:
    """Show a bar on standard error while the block runs; give the function that moves it.

    The bar runs to and fro until it is moved. Where nobody watches, the text is printed instead, every half minute,
    which is what a cluster's log keeps.

    Args:
        what: What is done.
        remaining: Whether the bar says how long it will take; not, when the text does.
    """
    if is_quiet():
        yield lambda share, text="": None
        return
    if not sys.stderr.isatty():
        with _log(what) as move:
            yield move
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.table import Column as Place

    console = Console(stderr=True)
    is_wide = console.width >= _WIDE
    last = (TimeRemainingColumn(),) if remaining and is_wide else ()
    bar = BarColumn(bar_width=30 if is_wide else 10)
    text = TextColumn("{task.fields[text]}", table_column=Place(ratio=1, no_wrap=True, overflow="ellipsis"))
    columns = (SpinnerColumn(), TextColumn("{task.description}"), bar, TaskProgressColumn(), *last, text)
    with Progress(*columns, console=console, transient=True, expand=True) as shown:
        task = shown.add_task(what, total=None, text="")
        yield lambda share, text="": shown.update(task, total=1.0 if share > 0 else None, completed=share, text=text)


@contextmanager
def _log(what: str) -> Iterator[Move]:
    """Print the latest text now and then, whether anything has moved or not: a log shall show life."""
    latest, over = "", threading.Event()

    def keep_saying() -> None:
        while not over.wait(SECONDS_BETWEEN_LINES):
            if latest:
                print(f"{datetime.now():%H:%M:%S} {what} {latest}", file=sys.stderr, flush=True)

    def move(share: float, text: str = "") -> None:
        nonlocal latest
        latest = text and f"{text}, {100 * share:.0f} %"

    thread = threading.Thread(target=keep_saying, daemon=True)
    thread.start()
    try:
        yield move
    finally:
        over.set()
        thread.join()
