"""Log: what each step of a one-shot search came to, as lines of JSON and for TensorBoard."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from nasbed.nets.board import Board
from nasbed.oneshot.course import Moment

LOG, BOARD = "log.jsonl", "tensorboard"
"""Its file and its folder, in the folder of the search."""


class Log:
    """Writes a line of JSON a step, and numbers for TensorBoard; a step is in both once.

    Args:
        folder: Where.
        length: How much of the log counts: what is behind is of steps that are made again.
        moments: What each epoch so far came to.
    """

    def __init__(self, folder: Path, length: int, moments: list[Moment]) -> None:
        path = folder / LOG
        before = path.read_bytes()[:length] if path.exists() else b""
        self.board = Board(folder / BOARD)
        path.write_bytes(before)
        self.file = path.open("ab")
        for line in before.splitlines():
            self._show(json.loads(line))
        for moment in moments:
            self.epoch(moment)

    def step(self, number: int, losses: Mapping[str, float], entropy: float | None) -> None:
        """Add a step."""
        values = {"step": number, **{f"{what}_loss": loss for what, loss in losses.items()}}
        values |= {} if entropy is None else {"entropy": entropy}
        self.file.write(json.dumps(values).encode() + b"\n")
        self._show(values)

    def epoch(self, moment: Moment) -> None:
        """Show what an epoch came to."""
        if moment.skips is not None:
            self.board.add("skips", moment.skips, moment.step)
        for name, value in moment.known.items():
            self.board.add(f"table/{name}", value, moment.step)

    def flushed(self) -> int:
        """Hand everything to the system, and return how long the log is."""
        self.file.flush()
        return self.file.tell()

    def close(self) -> None:
        """End it."""
        self.file.close()
        self.board.close()

    def _show(self, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            if name != "step":
                self.board.add(name, value, int(values["step"]))
