"""Processes: calls run in worker processes of this machine, each fed through a pipe of its own.

A worker is a fresh interpreter, not a fork, and does not run the caller's script again. Whatever becomes of it (killed,
out of memory, a crash in native code) concerns its own call alone, and a new one takes its place. Workers sit in
process groups of their own, where Ctrl-C does not reach them, and end by themselves when their pipe closes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Pipe, wait
from typing import Any

from nasbed.core.bounds import Count, check
from nasbed.core.executor import Executor, Outcome, Work, usable_cores
from nasbed.run.executors.calls import ONE_THREAD, opened, packed


class ProcessExecutor(Executor):
    """Runs calls in worker processes, which are started when they are first needed and used again.

    Args:
        workers: How many calls run at the same time; None for as many as this process may use cores.

    Raises:
        BadSetting: When workers is less than 1.
    """

    def __init__(self, workers: Count | None = None) -> None:
        check("workers", workers, Count | None)
        self._slots = workers or usable_cores()
        self._queue: deque[tuple[str, bytes]] = deque()
        self._workers: list[_Worker] = []

    @property
    def slots(self) -> int:
        """The number of workers."""
        return self._slots

    def submit(self, tag: str, work: Work, *args: Any) -> None:
        """Queue a call.

        Raises:
            BadSetting: When the call cannot be pickled, or its function is in the script that is running, which no
                worker imports.
        """
        self._queue.append((tag, packed(tag, work, args)))

    def as_completed(self) -> Iterator[Outcome]:
        """Hand calls to workers and wait for whichever ends first."""
        self._hand_out()
        while busy := {worker.pipe: worker for worker in self._workers if worker.tag is not None}:
            ready = wait(list(busy))
            for worker in [worker for pipe, worker in busy.items() if pipe in ready]:
                tag, answer, worker.tag = str(worker.tag), worker.answer(), None
                if answer is None:
                    self._bury(worker)
                self._hand_out()  # before the caller looks at the outcome, so that nobody idles meanwhile
                yield Outcome(tag, error=worker.epitaph()) if answer is None else opened(tag, answer)
                self._hand_out()

    def _hand_out(self) -> None:
        """Give queued calls to idle workers, old ones first, while there are both."""
        while self._queue:
            worker = next((worker for worker in self._workers if worker.tag is None), None)
            if worker is None:
                if len(self._workers) == self._slots:
                    return
                worker = _Worker()
                self._workers.append(worker)
            if worker.process.poll() is None:
                worker.begin(*self._queue.popleft())
            else:  # it died while idle, which is no call's fault
                self._bury(worker)

    def _bury(self, worker: _Worker) -> None:
        """Forget a worker that has ended."""
        self._workers.remove(worker)
        worker.stop()

    def close(self) -> None:
        """Kill the workers, whatever they are doing, and forget what has not begun."""
        self._queue.clear()
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.process.kill()
        for worker in workers:
            worker.stop()


class _Worker:
    """One worker process and our end of its pipe."""

    def __init__(self) -> None:
        self.tag: str | None = None  # of the call that it is making
        self.pipe, theirs = Pipe()
        serve = f"from nasbed.run.executors.calls import serve; serve({theirs.fileno()})"
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {serve}"],
            stdin=subprocess.DEVNULL,
            stdout=2,  # what a call prints goes to standard error
            env={**os.environ, **ONE_THREAD},
            pass_fds=[theirs.fileno()],
            process_group=0,
        )
        theirs.close()

    def begin(self, tag: str, call: bytes) -> None:
        """Send a call. To a worker that has just died too: its end, which is its answer, is the call's."""
        self.tag = tag
        with suppress(OSError):
            self.pipe.send_bytes(call)

    def answer(self) -> bytes | None:
        """Wait for its answer; None when it has ended."""
        try:
            return self.pipe.recv_bytes()
        except (EOFError, OSError):
            return None

    def stop(self) -> None:
        """End the process if it has not ended, and close the pipe."""
        self.process.kill()
        self.process.wait()
        self.pipe.close()

    def epitaph(self) -> str:
        """Say how the process ended."""
        code = self.process.returncode
        if code >= 0:
            return f"the worker ended with exit code {code}"
        return f"the worker was killed by {signal.Signals(-code).name}"
