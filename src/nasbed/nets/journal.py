"""Journal: a long training's accuracies and losses as files that other programs read, a CSV and TensorBoard's."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nasbed.core.extras import require
from nasbed.core.files import replacing
from nasbed.nets.long_training import Measurement

LOG, BOARD = "log.csv", "tensorboard"
"""What it writes, in its folder."""


class Journal:
    """Writes a CSV file and a folder for TensorBoard; a step is in them once, however often a training goes on.

    TensorBoard's files are written anew each time: of several, it takes one for the first by the second in their names.

    Args:
        folder: Where.
        scalars: Those of the training so far, as ``scalars`` had them when it was saved.

    Attributes:
        scalars: Name, value, step and time of everything that TensorBoard shows, JSON-able.
    """

    def __init__(self, folder: Path, scalars: Sequence[Sequence[Any]] = ()) -> None:
        writer = require("torch.utils.tensorboard", "torch").SummaryWriter
        self.table = folder / LOG
        for earlier in (folder / BOARD).glob("events.out.tfevents.*"):
            earlier.unlink()
        self.board = writer(str(folder / BOARD), purge_step=0)  # for a TensorBoard that shows the earlier file now
        self.scalars: list[list[Any]] = []
        for name, value, step, moment in scalars:
            self._add(name, value, step, moment)

    def learned(self, step: int, loss: float, rate: float) -> None:
        """Note how the training itself goes."""
        self._add("training/loss", loss, step, time.time())
        self._add("training/learning_rate", rate, step, time.time())

    def measured(self, measurements: Sequence[Measurement]) -> None:
        """Note the last of all measurements so far."""
        last = measurements[-1]
        for part, accuracy in last.accuracies.items():
            self._add(f"accuracy/{part}", accuracy.value, last.step, time.time())
        with replacing(self.table) as beside, beside.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["step", "epoch", "training_time", "loss", *(f"{part}_accuracy" for part in last.accuracies)])
            for m in measurements:
                values = (accuracy.value for accuracy in m.accuracies.values())
                rows.writerow([m.step, m.epoch, m.training_time, m.loss, *values])

    def close(self) -> None:
        """End it."""
        self.board.close()

    def _add(self, name: str, value: float, step: int, moment: float) -> None:
        self.scalars.append([name, value, step, moment])
        self.board.add_scalar(name, value, step, moment)
