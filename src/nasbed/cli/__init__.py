"""The command line: one thin command a verb, over functions that any program can call."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave with its exit code: 0, 2 for bad input, 130 after Ctrl-C."""
    from nasbed.cli.app import app
    from nasbed.cli.door import run

    raise SystemExit(run(app, arguments))
