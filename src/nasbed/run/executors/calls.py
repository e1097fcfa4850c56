"""Calls: how they travel to another process, how they are made there, and how their answers come back."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from nasbed.core.errors import BadSetting
from nasbed.core.executor import Outcome, Work, in_one_line, resolved

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
"""For workers' environments: as many workers as cores, each with as many threads, would fight."""

_OF_SCRIPT = pickle.SHORT_BINUNICODE + b"\x08__main__"
"""How a pickle names the module of the script that is running."""


def packed(tag: str, work: Work, args: tuple[Any, ...]) -> bytes:
    """Pickle a call.

    Raises:
        BadSetting: When it cannot be pickled, or its function or the class of an argument is in the script that is
            running, which no worker imports.
    """
    if getattr(work, "__module__", None) == "__main__":
        raise BadSetting(f"{work!r} is defined in the running script; move it to a module that can be imported")
    try:
        call = pickle.dumps((work, args))
    except Exception as error:  # pickling raises whatever the objects raise
        raise BadSetting(f"the call {tag!r} cannot be sent to a worker process: {error}") from None
    if _OF_SCRIPT in call:
        raise BadSetting(
            f"the call {tag!r} has an object whose class is defined in the running script, which no worker runs again; "
            "import the class, if only from the script's own file: from my_script import MySpace"
        )
    return call


def answer(call: bytes) -> bytes:
    """Make a packed call here and now, and pickle its value, or None and the error.

    The value inside is pickled by itself: one that cannot be read at the other end spoils no more than its own call.
    """
    try:
        work, args = pickle.loads(call)
        value = pickle.dumps(resolved(work)(*args))
    except Exception as error:
        return pickle.dumps((None, in_one_line(error)))
    return pickle.dumps((value, None))


def opened(tag: str, answer: bytes) -> Outcome:
    """Read an answer; a value that this process cannot read is an error of its call."""
    value, error = pickle.loads(answer)
    return Outcome(tag, error=error) if error is not None else Outcome.of(tag, pickle.loads, value)


def serve(pipe: int) -> None:
    """Answer the calls that come through a pipe until its other end is gone: all that a worker process does.

    A thread listens all the time, so that a worker whose parent is gone, however it went, ends at once, in the middle
    of a call too. Nothing heavy is imported until a call needs it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which stops us
    connection, calls = Connection(pipe), SimpleQueue[bytes]()
    threading.Thread(target=_listen, args=(connection, calls), daemon=True).start()
    try:
        while True:
            connection.send_bytes(answer(calls.get()))
    except OSError:
        os._exit(0)


def _listen(connection: Connection, calls: SimpleQueue[bytes]) -> None:
    try:
        while True:
            calls.put(connection.recv_bytes())
    except (EOFError, OSError):
        os._exit(0)
