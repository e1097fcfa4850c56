"""The command line: one thin command a verb, over functions that any program can call."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave with its exit code: 0, 1 for nothing trained, 2 for bad input, 130 after Ctrl-C."""
    try:
        from nasbed.cli.app import application
        from nasbed.cli.door import run

        words = sys.argv[1:] if arguments is None else arguments
        code = run(application(words), words)
    except KeyboardInterrupt:  # before there was a door, or once more while it was closing
        print("nasbed: interrupted; the same command goes on or begins again", file=sys.stderr)
        code = 130
    raise SystemExit(code)
