"""The door: what goes wrong inside a command leaves as one sentence and an exit code, never as a traceback.

The first Ctrl-C, or a cluster's signal to end, may be a wish that is heard between two steps: ``stopping``.
"""

from __future__ import annotations

import logging
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any

import typer

from nasbed.cli.console import is_quiet
from nasbed.core.errors import Interrupted, NasbedError, NothingTrained

IN_VAIN, BAD_INPUT, INTERRUPTED = 1, 2, 130
_STOPPED = "interrupted; nothing of this was kept, and the same command begins again"

_UsageError: type[Exception] = typer.BadParameter.__mro__[1]
"""The parent of all complaints about a command's words; Typer does not name it."""


def run(app: typer.Typer, arguments: Sequence[str]) -> int:
    """Run a command line and give its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without – and → shows ? instead
    if sys.stderr.isatty():
        _show_compiling()
    try:
        # SIGTERM, which batch systems send some seconds before they kill, is taken for Ctrl-C.
        with _handled(signal.default_int_handler, signal.SIGTERM):
            code = typer.main.get_command(app).main(list(arguments), prog_name="nasbed", standalone_mode=False)
        sys.stdout.flush()
    except _UsageError as error:
        return _leave(BAD_INPUT, _complaint(error))
    except Interrupted as error:
        return _leave(INTERRUPTED, str(error))
    except (KeyboardInterrupt, typer.Abort):
        return _leave(INTERRUPTED, _STOPPED)
    except NothingTrained as error:
        return _leave(IN_VAIN, str(error))
    except NasbedError as error:
        return _leave(BAD_INPUT, str(error))
    except SystemError as error:
        if not _is_ctrl_c(error):
            raise
        return _leave(INTERRUPTED, "interrupted; the same command goes on with what was kept, or begins again")
    except BrokenPipeError:
        return _unheard()
    except SystemExit as left:  # Typer makes one of a broken pipe
        if isinstance(left.__context__, BrokenPipeError):
            return _unheard()
        raise
    except (MemoryError, OverflowError) as error:
        return _leave(
            BAD_INPUT, f"this is more than fits this machine ({error}); ask for fewer runs or a smaller budget"
        )
    except OSError as error:
        return _leave(BAD_INPUT, f"{error.strerror or error}" + (f": {error.filename}" if error.filename else ""))
    return _leave(INTERRUPTED, _STOPPED) if code == INTERRUPTED else code or 0  # Typer turns Ctrl-C into a code


class _Shown(logging.Handler):
    """Prints what is logged, above a bar where there is one."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one sentence, unless the command is quiet."""
        if is_quiet():
            return
        print(f"nasbed: {record.getMessage()}", file=sys.stderr, flush=True)


def _show_compiling() -> None:
    logs = logging.getLogger("nasbed.core.compiled")
    if not logs.handlers:
        logs.addHandler(_Shown())
        logs.setLevel(logging.INFO)


@contextmanager
def _handled(handler: Callable[[int, Any], Any], *numbers: int) -> Iterator[None]:
    """Have signals handled while the block runs; outside the main thread, where Python allows no handlers, none is."""
    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, handler) for number in numbers if main}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _is_ctrl_c(error: BaseException | None) -> bool:
    """Say whether an error comes of Ctrl-C, as numba's does where it is pressed while compiled code is called."""
    return error is not None and (isinstance(error, KeyboardInterrupt) or _is_ctrl_c(error.__cause__))


def _unheard() -> int:
    """Leave without a word: whoever read the output has seen enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _leave(code: int, sentence: str) -> int:
    print(f"nasbed: {' '.join(sentence.split())}", file=sys.stderr)  # some libraries' reasons have many lines
    return code


def _complaint(error: Any) -> str:
    """Write what Typer says of wrong words as one sentence, with the help to read."""
    text = " ".join(error.format_message().split())
    context = getattr(error, "ctx", None)
    if context is None:
        return text
    return f"{text.rstrip('.')}{'' if text.endswith('?') else ';'} see {context.command_path} --help"


@contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Give the function that says whether somebody wants the block to stop; who asks twice stops it at once.

    Outside the main thread nobody is heard.
    """
    asked = False

    def ask(number: int, frame: Any) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        print("nasbed: stopping after this step; once more stops at once", file=sys.stderr, flush=True)

    with _handled(ask, signal.SIGINT, signal.SIGTERM):
        yield lambda: asked


def same_command() -> str:
    """Give the command line that is running, to be typed again."""
    return shlex.join(["nasbed", *sys.argv[1:]])
