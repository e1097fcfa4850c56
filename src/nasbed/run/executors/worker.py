"""Worker: the process at the other end of a ProcessExecutor's pipes.

Calls come in through what was standard input, answers go out through what was standard output; what a call prints
goes to standard error. A thread listens all the time, so that a worker whose parent is gone, however it went, ends at
once, in the middle of a call too. Nothing heavy is imported until a call needs it.
"""

from __future__ import annotations

import os
import signal
import threading
from queue import SimpleQueue
from typing import IO

from nasbed.run.executors.calls import answer, receive, send


def main() -> None:
    """Answer calls until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which stops us
    incoming, outgoing = _taken_over()
    calls: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(incoming, calls), daemon=True).start()
    try:
        while True:
            send(outgoing, answer(calls.get()))
    except BrokenPipeError:
        os._exit(0)


def _taken_over() -> tuple[IO[bytes], IO[bytes]]:
    """Take standard input and output for the calls and leave harmless ones in their places."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return incoming, outgoing


def _listen(incoming: IO[bytes], calls: SimpleQueue[bytes]) -> None:
    try:
        while True:
            calls.put(receive(incoming))
    except EOFError:
        os._exit(0)
