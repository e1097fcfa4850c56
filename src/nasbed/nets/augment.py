"""Augment: one module trained for long, in a folder from which it goes on after any end.

The folder holds the state of the training, from which it goes on bit for bit on the CPU (``state.safetensors``), the
network as it was last measured and as it was best (``last.safetensors``, ``best.safetensors``; ``load_network`` reads
them), and the journal. Files are written beside and then renamed, the state after all others: what interrupts a
training, at whatever moment, leaves a folder that the same call goes on with.

Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635, and the published ``augment_and_evaluate``.
"""

from __future__ import annotations

import json
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nasbed.core.differences import differences
from nasbed.core.errors import BadSetting, CorruptFile, Interrupted
from nasbed.core.graph import Graph
from nasbed.core.locks import alone
from nasbed.nets.cells import pruned
from nasbed.nets.data.source import Data, Part
from nasbed.nets.journal import BOARD, LOG, Journal, Measurement
from nasbed.nets.pace import Pace
from nasbed.nets.passes import Pass, using_threads
from nasbed.nets.recipe import Recipe
from nasbed.nets.saved import save_network
from nasbed.nets.skeleton import Skeleton
from nasbed.nets.tensorfile import read_tensors, with_tensors, without_tensors, write_tensors
from nasbed.nets.training import check_training

FORMAT = "nasbed.training.1"
STATE, LAST, BEST = "state.safetensors", "last.safetensors", "best.safetensors"
OURS = {STATE, LAST, BEST, LOG, BOARD, "lock"}


@dataclass(frozen=True)
class LongTraining:
    """What came of a long training so far.

    Attributes:
        trainable_parameters: Of the network.
        epochs: How long it is.
        led_by: The part of the data by whose accuracy ``best`` is chosen. Where that is ``test``, as nothing else is
            held out, the best test accuracy is too good an estimate; the last one is not.
        step: How many steps are made.
        steps: Of how many.
        measurements: In their order.
        failure: Why it ended early, in one line; None when it did not.
    """

    trainable_parameters: int
    epochs: int
    led_by: str
    step: int
    steps: int
    measurements: tuple[Measurement, ...]
    failure: str | None = None

    @property
    def best(self) -> Measurement | None:
        """The first of the highest accuracy; None before anything is measured."""
        return max(self.measurements, key=self._led, default=None)

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values; accuracies are ``[correct, images]``, times in seconds."""
        return {
            **vars(self),
            "measurements": [measurement.to_dict() for measurement in self.measurements],
            "best": None if self.best is None else self.best.to_dict(),
        }

    def _led(self, measurement: Measurement) -> float:
        return measurement.accuracies[self.led_by].value

    @property
    def standing(self) -> str:
        """How far it is, in half a sentence."""
        text = f"at epoch {self.epochs * self.step / self.steps:.1f} of {self.epochs}"
        if self.best is None:
            return f"{text}, nothing measured yet"
        last = self.measurements[-1]
        return (
            f"{text}, {self.led_by} accuracy {100 * self._led(last):.2f} % at epoch {last.epoch:.1f} "
            f"(the best {100 * self._led(self.best):.2f} % at epoch {self.best.epoch:.1f})"
        )


def augment(
    graph: Graph,
    skeleton: Skeleton,
    recipe: Recipe,
    data: Data,
    epochs: int,
    seed: int,
    folder: str | Path,
    *,
    final: bool = True,
    every: int = 5,
    minutes: float = 10.0,
    device: torch.device | str = "cpu",
    threads: int = 1,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[LongTraining, float], None] = lambda standing, loss: None,
) -> LongTraining:
    """Train the network of one module for long, or go on with that.

    Without ``final`` the weights are, at every step, those of ``train`` with the same arguments.

    Args:
        graph: The module; it is pruned first.
        skeleton: The frame around it.
        recipe: How it is trained; published are the schedule ``stepwise`` and 200 epochs.
        data: What it is trained on; its images must fit the skeleton.
        epochs: How often every training image is seen.
        seed: Any integer.
        folder: Where everything is kept; it is made if it does not exist.
        final: Whether it is trained on the validation images, too, and ``best`` chosen by test accuracy.
        every: After how many epochs accuracies are measured; also after the first step and at the end.
        minutes: How much work, at most, an end without warning undoes.
        device: Where; data are moved there when they are elsewhere.
        threads: How many threads PyTorch may use on the CPU. Another number can round differently.
        stop: Asked several times a second, between steps, whether to save and stop.
        progress: Called as often with how the training stands and with its loss.

    Raises:
        BadSetting: When data, skeleton, epochs and recipe do not fit together, when the folder belongs to a training
            that differs in any of them, or when another process is at it.
        InvalidArchitecture: When the module cannot be built in the skeleton.
        CorruptFile: When the state in the folder is damaged.
        Interrupted: When it was stopped, or at Ctrl-C; the same call goes on.
    """
    if every < 1 or not minutes >= 0:
        raise BadSetting(f"accuracies are measured every 1 or more epochs, not {every}; minutes are 0 or more")
    if recipe.clock == "time":
        raise BadSetting("a schedule that reads the clock cannot be gone on with to the same result; use clock=step")
    data = (joined(data) if final else data).to(device)
    check_training(skeleton, recipe, data, epochs, (seed,), None)
    plan = {
        "module": {"adjacency": [list(row) for row in pruned(graph).adjacency], "labels": list(pruned(graph).labels)},
        "skeleton": skeleton.to_dict(),
        "recipe": recipe.to_dict(),
        "data": {"name": data.name.partition(":")[0], "checksum": data.checksum},
        "final": final,
        "epochs": epochs,
        "seed": seed,
        "every": every,
        "versions": {"nasbed": version("nasbed"), "torch": str(torch.__version__), "numpy": np.__version__},
    }
    folder = Path(folder)
    _claim(folder)
    with alone(folder / "lock", f"trains in {folder}"), using_threads(threads):
        training = Pass(graph, skeleton, recipe, data, epochs, (seed,), None, threads)
        work = _Work(training, pruned(graph), folder, plan)
        try:
            return work.run(minutes, stop, progress)
        except KeyboardInterrupt:
            raise Interrupted(
                f"interrupted {work.standing.standing}; step {work.saved} of {training.steps} is the last that is kept "
                f"in {folder}, and from there the same command goes on"
            ) from None


def joined(data: Data) -> Data:
    """Give the same data with the validation images among those that are trained on."""
    images = torch.cat([data.train.images, data.validation.images])
    labels = torch.cat([data.train.labels, data.validation.labels])
    return replace(data, train=Part(images, labels, data.train.scale))


class _Work:
    """A pass in its folder: goes on, measures, saves."""

    def __init__(self, training: Pass, graph: Graph, folder: Path, plan: dict[str, Any]) -> None:
        self.training, self.graph, self.folder, self.plan = training, graph, folder, plan
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
            training.network.trainable_parameters,
            training.epochs,
            self.led_by,
            training.made,
            training.steps,
            tuple(self.measurements),
            training.failures[0],
        )

    def run(
        self, minutes: float, stop: Callable[[], bool], progress: Callable[[LongTraining, float], None]
    ) -> LongTraining:
        """Go on where the folder is, to the end."""
        training = self.training
        scalars = self.load()
        if training.made == training.steps or training.failures[0]:
            return self.standing
        pace, kept = Pace(), time.monotonic()
        with closing(Journal(self.folder, scalars)) as journal:
            while training.made < training.steps and training.failures[0] is None:
                if stop():
                    self.save(journal)
                    raise Interrupted(
                        f"stopped {self.standing.standing}; it is kept in {self.folder}, and the same command goes on"
                    )
                pace.run(training, self.next_end())
                if training.made in self.moments:
                    self.measure(journal)
                if training.made in self.epoch_ends:
                    journal.learned(training.made, training.loss.item(), training.rate(training.made - 1))
                if training.made in self.moments or time.monotonic() - kept >= 60 * minutes:
                    self.save(journal)
                    kept = time.monotonic()
                progress(self.standing, training.loss.item())
        return self.standing

    def next_end(self) -> int:
        """Give the next step at which something is noted: the end of an epoch, or after the first step."""
        made = self.training.made
        return 1 if made == 0 else self.epoch_ends[bisect_right(self.epoch_ends, made)]

    def measure(self, journal: Journal) -> None:
        """Measure all accuracies, and keep the network if it is the last or the best."""
        training = self.training
        training.network.eval()
        accuracies = {part: training.accuracies(part)[0] for part in self.parts}
        if not (training.finite & training.sound()).item():
            training.fail_all(f"weights or outputs were not finite after {training.made} of {training.steps} steps")
            return
        now = Measurement(training.made, training.epoch, training.clock.seconds, training.loss.item(), accuracies)
        self.measurements.append(now)
        journal.measured(self.measurements)
        self.keep_network(LAST, now)
        if self.standing.best == now:
            self.keep_network(BEST, now)

    def keep_network(self, name: str, measured: Measurement) -> None:
        """Write the network as it is."""
        facts = {"plan": self.plan, "led_by": self.led_by, "measurement": measured.to_dict()}
        save_network(self.folder / name, self.training.network, self.graph, self.training.recipe, facts)

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
        for half_written in self.folder.glob(".*.part"):
            half_written.unlink()
        path = self.folder / STATE
        if not path.exists():
            return ()
        try:
            tensors, facts = read_tensors(path)
        except CorruptFile as error:
            raise CorruptFile(f"{error}; remove it to begin the training again, or restore it") from None
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


def _claim(folder: Path) -> None:
    """Make the folder, or see that it is a training's.

    Raises:
        BadSetting: When it is a file, or has files in it that no training made.
    """
    if folder.exists() and not folder.is_dir():
        raise BadSetting(f"{folder} is a file; name a folder for the training")
    folder.mkdir(parents=True, exist_ok=True)
    foreign = sorted(path.name for path in folder.iterdir() if path.name not in OURS and not path.name.startswith("."))
    if foreign and not (folder / STATE).exists():
        raise BadSetting(f"{folder} has other files in it, such as {foreign[0]}; name a new folder for the training")
