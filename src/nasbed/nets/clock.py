"""Clock: how long the steps of a training take, apart from everything that is done between them.

On the CPU with one thread it reads the thread's processor time: the same work costs the same whatever else the machine
does, and trainings side by side do not make each other look slow. Elsewhere (a GPU, several threads) only the wall's
clock sees all of the work.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch


@dataclass
class Clock:
    """Adds up stretches of time.

    Attributes:
        device: Where the work is done; a GPU is waited for at the ends of a stretch.
        threads: How many threads of the CPU work.
        seconds: What the stretches so far add up to.
    """

    device: torch.device
    threads: int = 1
    seconds: float = 0.0
    _since: float = 0.0

    def start(self) -> None:
        """Begin a stretch."""
        self._since = self._now()

    def stop(self) -> None:
        """End it."""
        self.seconds += self._now() - self._since

    @property
    def running(self) -> float:
        """Seconds up to this moment of a stretch; on a GPU without waiting."""
        return self.seconds + self._read() - self._since

    def _now(self) -> float:
        finish(self.device)
        return self._read()

    def _read(self) -> float:
        alone = self.device.type == "cpu" and self.threads == 1
        return time.thread_time() if alone else time.perf_counter()


def finish(device: torch.device) -> None:
    """Wait until a device has done what it was given; a CPU always has."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
