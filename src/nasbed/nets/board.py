"""Board: what TensorBoard shows of a training, in a folder that is written anew each time that the training goes on."""

from __future__ import annotations

from pathlib import Path

from nasbed.core.extras import require


class Board:
    """Writes numbers for TensorBoard.

    Its files are written anew each time: of several, TensorBoard takes one for the first by the second in their names.
    So whoever goes on with a training adds what was there before.

    Args:
        folder: Where.
    """

    def __init__(self, folder: Path) -> None:
        writer = require("torch.utils.tensorboard", "torch").SummaryWriter
        for earlier in folder.glob("events.out.tfevents.*"):
            earlier.unlink()
        self._writer = writer(str(folder), purge_step=0)  # for a TensorBoard that shows the earlier file now

    def add(self, name: str, value: float, step: int, moment: float | None = None) -> None:
        """Add a number.

        Args:
            name: What it is, as ``training/loss``.
            value: The number.
            step: After how many steps.
            moment: When, in seconds since 1970; None for now.
        """
        self._writer.add_scalar(name, value, step, moment)

    def close(self) -> None:
        """End it."""
        self._writer.close()
