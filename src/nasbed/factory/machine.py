"""Machine: where the trainings of a campaign run, which decides none of their results."""

from __future__ import annotations

import inspect
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nasbed.core.executor import Executor, usable_cores
from nasbed.core.registry import executors


@dataclass(frozen=True)
class Machine:
    """Where trainings run.

    Attributes:
        executor: A registered name.
        workers: How many units at once; None for the executor's choice.
        settings: Further settings of the executor.
        device: Where networks are trained.
        threads: How many threads PyTorch may use on the CPU for one of them.
    """

    executor: str
    workers: int | None
    settings: Mapping[str, Any]
    device: str
    threads: int

    @property
    def shares_sums(self) -> bool:
        """Whether results would depend on company: threads share a pass's sums by how many networks are in it."""
        return self.threads > 1 and self.device == "cpu"

    def start(self) -> Executor:
        """Make the executor; where it can be told, trainings of several threads do not fight for cores."""
        given = {**self.settings} if self.workers is None else {"workers": self.workers, **self.settings}
        taken = inspect.signature(executors[self.executor]).parameters
        if self.threads > 1 and "cpus" in taken:
            given = {"cpus": self.threads, **given}
        elif self.threads > 1 and "workers" in taken:
            given = {"workers": max(1, usable_cores() // self.threads), **given}
        made: Executor = executors.make(self.executor, given)
        return made

    def describe(self, slots: int) -> dict[str, Any]:
        """Say what it is, and how many units an executor has at once, for the notes of a session."""
        return {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
            "executor": self.executor,
            "workers": slots,
            "device": self.device,
            "threads": self.threads,
        }


def _processor() -> str:
    """Give the processor's name, which Linux tells only in a file."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")
