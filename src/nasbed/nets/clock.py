"""Clock: how long the steps of a training take, apart from everything that is done between them.

On the CPU with one thread it reads the thread's processor time: the same work costs the same whatever else the machine
does, and trainings side by side do not make each other look slow. Elsewhere (a GPU, several threads) only the wall's
clock sees all of the work.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from nasbed.nets.passes import Pass


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


@dataclass
class Pace:
    """Finds how many steps take about so long.

    Attributes:
        seconds: How long a stretch shall be; one step is the least.
        steps: How many steps the next one has.
    """

    seconds: float = 0.25
    steps: int = 1

    def run(self, training: Pass, until: int) -> None:
        """Go on for one stretch, but not beyond a number of steps."""
        made, began = training.made, time.monotonic()
        training.run(min(until, made + self.steps))
        took = max(time.monotonic() - began, 1e-9)
        self.steps = max(1, min(2 * self.steps, round((training.made - made) * self.seconds / took)))
