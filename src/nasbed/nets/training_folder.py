"""Training folder: a pass that is measured every few epochs, kept in a folder, and gone on with from there.

The folder holds the state of the training, from which it goes on bit for bit on the CPU (``state.safetensors``), the
network as it was last measured and as it was best (``last.safetensors``, ``best.safetensors``; ``load_network`` reads
them), and the journal. Files are written beside and then renamed, the state after all others: what interrupts a
training, at whatever moment, leaves a folder that the same call goes on with.
"""

from __future__ import annotations

import csv
import json
import math
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from torch import Tensor

from nasbed.core.differences import differences
from nasbed.core.errors import BadSetting, CorruptFile, Interrupted
from nasbed.core.files import remove_left, replacing
from nasbed.nets.board import Board
from nasbed.nets.checkpoints import keep_network
from nasbed.nets.clock import Pace
from nasbed.nets.long_training import LongTraining, Measurement
from nasbed.nets.passes import Pass
from nasbed.nets.tensorfile import read_tensors, with_tensors, without_tensors, write_tensors

LOG, BOARD = "log.csv", "tensorboard"
"""The journal's files in it."""

FORMAT, EARLIER = "nasbed.training.2", "nasbed.training.1"
STATE, LAST, BEST = "state.safetensors", "last.safetensors", "best.safetensors"
OURS = {STATE, LAST, BEST, LOG, BOARD, "lock"}  # the last is of version 0.1
"""What a training's folder has in it."""


class TrainingFolder:
    """A pass and the folder in which it is kept.

    Args:
        training: The pass, of one network, at its beginning.
        folder: Where it is kept.
        plan: Everything that decides what comes of it, JSON-able; ``final`` and ``every`` among it.

    Attributes:
        measurements: Those so far, in their order.
        saved: The step from which the folder goes on.
    """

    def __init__(self, training: Pass, folder: Path, plan: dict[str, Any]) -> None:
        self.training, self.folder, self.plan = training, folder, plan
        self.led_by = "test" if plan["final"] else "validation"
        self.parts = ("train", "test") if plan["final"] else ("train", "validation", "test")
        self.measurements: list[Measurement] = []
        self.saved = 0
        images, batch = len(training.data.train), training.recipe.batch_size
        self.epoch_ends = [epoch * images // batch for epoch in range(1, training.epochs + 1)]
        self.moments = {1, *self.epoch_ends[plan["every"] - 1 :: plan["every"]], training.steps}
        training.moments = {}  # nothing is measured there

    @property
    def standing(self) -> LongTraining:
        """How it stands."""
        training = self.training
        return LongTraining(
            training.parameters[0],
            training.epochs,
            self.led_by,
            training.made,
            training.steps,
            tuple(self.measurements),
            training.failures[0],
            training.data.task.measure,
        )

    def run(
        self, minutes: float, stop: Callable[[], bool], progress: Callable[[LongTraining, float], None]
    ) -> LongTraining:
        """Go on where the folder is, to the end; ``augment`` says what the arguments are.

        Raises:
            BadSetting: When the folder belongs to a training with another plan.
            CorruptFile: When the state in the folder is damaged.
            Interrupted: When it was stopped, or at Ctrl-C.
        """
        scalars = self.load()
        try:
            return self._run(scalars, minutes, stop, progress)
        except KeyboardInterrupt:
            raise Interrupted(
                f"interrupted {self.standing.standing}; step {self.saved} of {self.training.steps} is the last that is "
                f"kept in {self.folder}, and from there the same command goes on"
            ) from None

    def _run(
        self,
        scalars: Sequence[Sequence[Any]],
        minutes: float,
        stop: Callable[[], bool],
        progress: Callable[[LongTraining, float], None],
    ) -> LongTraining:
        training = self.training
        if training.made == training.steps or training.failures[0]:
            return self.standing
        pace, kept = Pace(), time.monotonic()
        with closing(Journal(self.folder, training.data.task.metric, scalars)) as journal:
            while training.made < training.steps and training.failures[0] is None:
                if stop():
                    self.save(journal)
                    raise Interrupted(
                        f"stopped {self.standing.standing}; it is kept in {self.folder}, and the same command goes on"
                    )
                pace.run(training, self.next_end())
                loss = training.loss.item()
                if training.made in self.epoch_ends:
                    journal.learned(training.made, loss, training.rate(training.made - 1))
                    self.check(math.isfinite(loss))
                if training.made in self.moments:
                    self.measure(journal)
                over = training.failures[0] is not None
                if over or training.made in self.moments or time.monotonic() - kept >= 60 * minutes:
                    self.save(journal)
                    kept = time.monotonic()
                progress(self.standing, loss)
        return self.standing

    def next_end(self) -> int:
        """Give the next step at which something is noted: the end of an epoch, or after the first step."""
        made = self.training.made
        return 1 if made == 0 else self.epoch_ends[bisect_right(self.epoch_ends, made)]

    def measure(self, journal: Journal) -> None:
        """Measure all scores, and keep the network if it is the last or the best."""
        training = self.training
        training.network.eval()
        scores = {part: training.measured(part)[0][0] for part in self.parts}
        self.check(bool((training.finite & training.network.finite()).item()))
        self.check(
            all(math.isfinite(score.total) for score in scores.values()), f"values of {training.data.task.metric}"
        )
        if training.failures[0] is not None:
            return
        now = Measurement(training.made, training.epoch, training.clock.seconds, training.loss.item(), scores)
        self.measurements.append(now)
        journal.measured(self.measurements)
        self.keep_network(LAST, now)
        if self.standing.best == now:
            self.keep_network(BEST, now)

    def check(self, finite: bool, what: str = "weights or outputs") -> None:
        """End a training that has come to nothing."""
        if not finite:
            made, steps = self.training.made, self.training.steps
            self.training.fail_all(f"{what} were not finite after {made} of {steps} steps")

    def keep_network(self, name: str, measured: Measurement) -> None:
        """Write the network as it is."""
        facts = {"plan": self.plan, "led_by": self.led_by, "measurement": measured.to_dict()}
        keep_network(self.folder / name, self.training, 0, facts)

    def save(self, journal: Journal) -> None:
        """Write the state."""
        tensors: dict[str, Tensor] = {}
        facts = {
            "format": FORMAT,
            "plan": self.plan,
            "measurements": [measurement.to_dict() for measurement in self.measurements],
            "scalars": journal.scalars,
            "training": without_tensors(self.training.state_dict(), tensors),
        }
        write_tensors(self.folder / STATE, tensors, facts)
        self.saved = self.training.made

    def load(self) -> Sequence[Sequence[Any]]:
        """Go to where the folder's state is, and give its journal; without one, stay at the beginning."""
        remove_left(self.folder)
        path = self.folder / STATE
        if not path.exists():
            return ()
        tensors, facts = read_tensors(path, "put a whole copy in its place, or remove it to begin the training again")
        if facts.get("format") == EARLIER:
            raise BadSetting(
                f"the training in {self.folder} was begun by version 0.1 of nasbed, whose state this one cannot go on "
                "with; finish it with that version, or name another folder. Its networks open as before"
            )
        if facts.get("format") != FORMAT:
            raise CorruptFile(f"{path} is not the state of a training ({FORMAT}) but {facts.get('format')!r}")
        differing = differences(facts["plan"], json.loads(json.dumps(self.plan)))
        if differing:
            raise BadSetting(
                f"the training in {self.folder} was begun with other settings ({'; '.join(differing)}); "
                "go on with the earlier ones, or name another folder"
            )
        self.training.load_state_dict(with_tensors(facts["training"], tensors))
        self.measurements = [Measurement.from_dict(values) for values in facts["measurements"]]
        self.saved = self.training.made
        scalars: list[list[Any]] = facts["scalars"]
        return scalars


def claim(folder: Path, ours: Iterable[str] = OURS, state: str = STATE) -> None:
    """Make the folder, or see that it is a training's.

    Args:
        folder: The folder.
        ours: What a training's folder has in it.
        state: The file from which it goes on.

    Raises:
        BadSetting: When it is a file, or has files in it that no training made.
    """
    if folder.exists() and not folder.is_dir():
        raise BadSetting(f"{folder} is a file; name a folder for the training")
    folder.mkdir(parents=True, exist_ok=True)
    known = set(ours)
    foreign = sorted(path.name for path in folder.iterdir() if path.name not in known and not path.name.startswith("."))
    if foreign and not (folder / state).exists():
        raise BadSetting(f"{folder} has other files in it, such as {foreign[0]}; name a new folder for the training")


class Journal:
    """Writes a CSV file and a folder for TensorBoard; a step is in them once, however often a training goes on.

    Args:
        folder: Where.
        metric: What scores are called.
        scalars: Those of the training so far, as ``scalars`` had them when it was saved.

    Attributes:
        scalars: Name, value, step and time of everything that TensorBoard shows, JSON-able.
    """

    def __init__(self, folder: Path, metric: str, scalars: Sequence[Sequence[Any]] = ()) -> None:
        self.table, self.metric, self.board = folder / LOG, metric, Board(folder / BOARD)
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
        for part, score in last.scores.items():
            self._add(f"{self.metric}/{part}", score.value, last.step, time.time())
        with replacing(self.table) as beside, beside.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(
                ["step", "epoch", "training_time", "loss", *(f"{part}_{self.metric}" for part in last.scores)]
            )
            for m in measurements:
                values = (score.value for score in m.scores.values())
                rows.writerow([m.step, m.epoch, m.training_time, m.loss, *values])

    def close(self) -> None:
        """End it."""
        self.board.close()

    def _add(self, name: str, value: float, step: int, moment: float) -> None:
        self.scalars.append([name, value, step, moment])
        self.board.add(name, value, step, moment)
