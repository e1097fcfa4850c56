"""Inherited weights as a benchmark: what a search hears of an architecture is how good it is as a part of a supernet.

Nothing is trained. Asking again is never worth its time: the answer follows from the file and the settings alone. The
search process does not import PyTorch; workers do, and keep the supernet loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.benchmarks.costs import formulas
from nasbed.benchmarks.fidelity import asked_of
from nasbed.benchmarks.made import MadeBenchmark
from nasbed.core.benchmark import Benchmark, Cost
from nasbed.core.errors import BadSetting
from nasbed.core.executor import Executor, Work
from nasbed.core.live import Answer
from nasbed.core.records import Archs
from nasbed.core.rng import Streams
from nasbed.core.space import Space
from nasbed.encodings.block import Block
from nasbed.factory.settings import measure_of
from nasbed.nets.blueprint import blueprint_of, some_rows
from nasbed.oneshot.told import space_of, supernet_facts
from nasbed.run.executors.retrying import survey
from nasbed.scores.asked import Asked
from nasbed.scores.scores import BESIDE, Scores

JUDGE = "nasbed.oneshot.work:judge_unit"
SURVEY = "nasbed.oneshot.work:survey"

_SCALED = 32  # architectures by which scores are scaled where predictors learn from them


class InheritedBenchmark(MadeBenchmark):
    """Judges architectures by the weights that they inherit from a trained supernet.

    Args:
        file: What ``OneShot.save`` wrote.
        truth: What knows the test results of the same architectures: a benchmark, which is asked for nothing else,
            after the search. Without it, test results are those with inherited weights.
        data: A data source in place of that of the supernet's training.
        normalisation: What normalisations read: ``recalibrated`` averages of each architecture, those ``tracked`` in
            the supernet's training, or the ``batch``. See ``nasbed.oneshot.inheriting``. By default ``recalibrated``
            or, where options read a share of the channels, what was read in training.
        batch: Images at a time.
        calibration: How many training images ``recalibrated`` averages are of.
        images: By how many validation images each is judged; 0 for all.
        latencies: A file of ``nasbed latency``, which makes ``latency``, in milliseconds, a cost; empty for none.
        tests: Whether each is judged by test images, too, where no benchmark knows the truth.
        space: The space, where it is one of your own that no file describes.
        attempts: After how many failures an architecture is given up.
        device: Where they are judged.
        executor: A registered name: where ``query`` has them judged.
        workers: How many at a time; None for the executor's choice.

    Raises:
        BadSetting: When there is no such file, or the truth is about another space.
        CorruptFile: When it holds no supernet, or is damaged.
    """

    budgets, trains = (0,), False

    def __init__(
        self,
        file: str | Path,
        truth: Benchmark | None = None,
        *,
        data: str | None = None,
        normalisation: str | None = None,
        batch: int = 64,
        calibration: int = 1024,
        images: int = 0,
        latencies: str = "",
        tests: bool = True,
        space: Space | None = None,
        attempts: int = 3,
        device: str = "cpu",
        executor: str = "processes",
        workers: int | None = None,
    ) -> None:
        self.path, self.truth, self.seed = Path(file).expanduser(), truth, 0
        self.facts = supernet_facts(self.path)
        super().__init__(space_of(self.facts) if space is None else space, attempts, device, executor, workers)
        if truth is not None and truth.space != self.space:
            raise BadSetting(f"the supernet is of {self.space!r}, {truth.name} is of {truth.space!r}; give one of that")
        self.data = self.facts["data"] if data is None else data
        made = self.facts["supernet"]
        usual = "recalibrated" if made["share"] == 1 else "tracked" if made["tracked"] else "batch"
        self.settings = {"normalisation": normalisation or usual, "batch": batch, "calibration": calibration}
        self.images, self.latencies, self.tests = images, latencies, tests and truth is None
        told = measure_of(self.data).words
        self.measure = f"{told} with inherited weights"
        self.tested = self.measure if truth is None else truth.tested
        self.name = f"inherited:{self.path.stem}"

    def call(self, arch: Archs, epochs: int, seed: int) -> tuple[Work, tuple[Any, ...]]:
        """Give the call that judges one architecture; the answer does not depend on the seed."""
        (row,) = self.space.canonical(arch[None])
        what = str(self.path), self.space, row.tolist(), self.data
        return JUDGE, (*what, self.settings, self.images, self.tests, self.device)

    def answer(self, value: Any) -> Answer:
        """Read a judgement, and the test result that the truth knows."""
        test = float("nan") if value["test"] is None else value["test"]
        if self.truth is not None:
            test = float(self.truth.test(np.array([value["row"]], np.int8))[0])
        return Answer(value["validation"], test, value["seconds"])

    def survey(self, executor: Executor, epochs: int) -> dict[str, Any]:
        """Have a worker see whether architectures can be judged, with which versions and data."""
        what = str(self.path), self.space, self.data, self.settings, self.device
        return survey(executor, "judged", SURVEY, *what)

    def test(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give the test result that the truth knows; without one, that with inherited weights."""
        if self.truth is None:
            return np.array([answer.test for answer in self.answers(archs, epochs)], np.float64)
        archs = self.space.read(archs)
        asked_of(self, epochs, len(archs))
        return self.truth.test(archs)

    @cached_property
    def cost_functions(self) -> Mapping[str, Cost]:
        """Parameters and operations, by formula, of the architectures' own networks; and latency, where it is known."""
        known: dict[str, Cost] = dict(formulas(self.space, self.facts["network"], some_rows(self.space)))
        if self.latencies:
            from nasbed.nets.latencies import Latencies

            blueprint = blueprint_of(self.space, **self.facts["network"])
            known["latency"] = partial(Latencies.read(self.latencies).of, blueprint)
            known["latency"](some_rows(self.space))  # which refuses those of other networks
        return known

    def describe(self) -> dict[str, Any]:
        """Say which supernet judges, and how."""
        return {
            **super().describe(),
            **self.measures,
            "supernet": {
                name: self.facts[name] for name in ("method", "seed", "epoch", "epochs") if name in self.facts
            },
            "data": self.data.partition(":")[0],
            **self.settings,
            "judged_by": self.images,
            "attempts": self.attempts,
            "warnings": [f"validation is the {self.measure}, not that of a training of its own"],
        }


@dataclass(frozen=True, eq=False)
class InheritedScores(Block):
    """How good architectures are with the weights that they inherit: what predictors may learn from beside structure.

    Attributes:
        file: What ``OneShot.save`` wrote.
        normalisation: What normalisations read; see ``InheritedBenchmark``.
        images: By how many validation images each architecture is judged; 0 for all.
        calibration: How many training images ``recalibrated`` averages are of.
        executor: A registered name: where they are judged.
    """

    file: str = ""
    normalisation: str | None = None
    images: int = 0
    calibration: int = 1024
    executor: str = "processes"

    simplified = False
    names = ("inherited score",)

    @property
    def known(self) -> Archs:
        """Some architectures, by whose numbers all are scaled."""
        return self.space.canonical(self.space.sample(Streams.from_seed(0, _SCALED)))

    @cached_property
    def _benchmark(self) -> InheritedBenchmark:
        if not self.file:
            raise BadSetting(
                "inherited scores are of a supernet; name its file, such as inherited:file=net.safetensors"
            )
        made = InheritedBenchmark(
            self.file,
            normalisation=self.normalisation,
            images=self.images,
            calibration=self.calibration,
            executor=self.executor,
            tests=False,
        )
        if made.space != self.space:
            raise BadSetting(f"the supernet {self.file} is of {made.space!r}, not of {self.space!r}")
        return made

    def values(self, rows: Archs) -> NDArray[np.float64]:
        """Return the score of each row, ``(n, 1)``."""
        return self._benchmark.query(rows).value[:, None]


def inherited_scores(files: Sequence[str | Path], asked: Asked, **settings: Any) -> Scores:
    """Judge some architectures by one supernet or by several, such as those of one training: a column for each.

    Args:
        files: What ``OneShot.save`` wrote, of one space; columns are in the order of their epochs.
        asked: Which architectures.
        **settings: Of ``InheritedBenchmark``.

    Raises:
        BadSetting: When there are none, or they are of several spaces.
    """
    made = [InheritedBenchmark(file, tests=False, **settings) for file in files]
    if not made or any(one.space != made[0].space for one in made):
        raise BadSetting(f"supernets of one space are compared; given are {', '.join(map(str, files)) or 'none'}")
    archs = asked.archs(made[0].space)
    made.sort(key=lambda one: float(one.facts.get("epoch", 0)))
    columns, seconds = dict[str, NDArray[np.float64]](), np.zeros(len(archs))
    for one in made:
        answers = one.query(archs)
        columns[_column(one, columns)] = answers.value
        seconds += answers.seconds
        one.close()
    columns |= {name: cost(archs) for name, cost in made[0].cost_functions.items() if name in BESIDE}
    about = {"plan": {"supernets": [one.describe() for one in made]}, "warnings": made[0].describe()["warnings"]}
    return Scores(made[0].space, archs, columns, seconds, about, made[0].path.parent.name or "supernets")


def _column(one: InheritedBenchmark, taken: Mapping[str, Any]) -> str:
    """Name the column of a supernet by its epoch; where several have that, by its file."""
    name = f"epoch {one.facts['epoch']:g}" if "epoch" in one.facts else one.path.stem
    return name if name not in taken else one.path.stem
