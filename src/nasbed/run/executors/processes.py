"""Processes: calls run in worker processes of this machine, each fed through pipes of its own.

A worker is a fresh interpreter, not a fork, and does not run the caller's script again. Whatever becomes of it (killed,
out of memory, a crash in native code) concerns its own call alone, and a new one takes its place. Workers sit in
process groups of their own, where Ctrl-C does not reach them, and end by themselves when their pipe closes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any

from nasbed.core.errors import BadSetting
from nasbed.core.executor import Executor, Outcome, Work
from nasbed.run.executors.calls import ONE_THREAD, opened, packed, receive, send

_Event = tuple["_Worker", bytes | None]


class ProcessExecutor(Executor):
    """Runs calls in worker processes, which are started when they are first needed and used again.

    Args:
        workers: How many calls run at the same time; None for as many as this process may use cores.

    Raises:
        BadSetting: When workers is less than 1.
    """

    def __init__(self, workers: int | None = None) -> None:
        if workers is not None and workers < 1:
            raise BadSetting(f"workers must be at least 1, not {workers}")
        self._slots = workers or usable_cores()
        self._queue: deque[tuple[str, bytes]] = deque()
        self._workers: list[_Worker] = []
        self._events: SimpleQueue[_Event] = SimpleQueue()

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
        while any(worker.tag is not None for worker in self._workers):
            worker, answer = self._events.get()
            tag, worker.tag = worker.tag, None
            if answer is None:
                self._bury(worker)
            self._hand_out()  # before the caller looks at the outcome, so that nobody idles meanwhile
            if tag is not None:
                yield Outcome(tag, error=worker.epitaph()) if answer is None else opened(tag, answer)
                self._hand_out()

    def _hand_out(self) -> None:
        """Give queued calls to idle workers, old ones first, while there are both."""
        while self._queue:
            worker = next((worker for worker in self._workers if worker.tag is None), None)
            if worker is None:
                if len(self._workers) == self._slots:
                    return
                worker = _Worker(self._events)
                self._workers.append(worker)
            if worker.process.poll() is None:
                worker.begin(*self._queue.popleft())
            else:  # it died while idle, which is no call's fault
                self._bury(worker)

    def _bury(self, worker: _Worker) -> None:
        """Forget a worker that has ended; its end may have been noticed twice."""
        if worker in self._workers:
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
        self._events = SimpleQueue()


class _Worker:
    """One worker process, its pipes, and the thread that waits for its answers."""

    def __init__(self, events: SimpleQueue[_Event]) -> None:
        self.tag: str | None = None  # of the call that it is making
        code = f"import sys; sys.path[:] = {sys.path!r}; from nasbed.run.executors.worker import main; main()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **ONE_THREAD},
            process_group=0,
        )
        self.calls: IO[bytes] = self.process.stdin  # type: ignore[assignment]  # a pipe was asked for
        self.answers: IO[bytes] = self.process.stdout  # type: ignore[assignment]
        self.listener = Thread(target=self._listen, args=(events,), daemon=True)
        self.listener.start()

    def begin(self, tag: str, call: bytes) -> None:
        """Send a call. To a worker that has just died too: its end, which ``_listen`` reports, is the call's."""
        self.tag = tag
        with contextlib.suppress(BrokenPipeError):
            send(self.calls, call)

    def _listen(self, events: SimpleQueue[_Event]) -> None:
        """Report each answer, and the worker's end as None."""
        try:
            while True:
                events.put((self, receive(self.answers)))
        except EOFError:
            events.put((self, None))

    def stop(self) -> None:
        """End the process if it has not ended, and close the pipes."""
        self.process.kill()
        self.process.wait()
        self.listener.join()
        self.answers.close()
        with contextlib.suppress(BrokenPipeError):  # what was left in the buffer
            self.calls.close()

    def epitaph(self) -> str:
        """Say how the process ended."""
        code = self.process.returncode
        if code >= 0:
            return f"the worker ended with exit code {code}"
        return f"the worker was killed by {signal.Signals(-code).name}"


def usable_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
