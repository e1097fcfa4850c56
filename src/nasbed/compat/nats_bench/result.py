"""``ResultsCount``, one training.

It answers by the published rules: an epoch counts from 0 and None is the last; times add up from the first epoch on.

Reference: https://github.com/D-X-Y/NATS-Bench, ``nats_bench/api_utils.py``
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, NotInTable
from nasbed.core.printing import Shown
from nasbed.readers.natsbench.trainings import Run

Info = dict[str, Any]
FIELDS = ("iepoch", "loss", "accuracy", "cur_time", "all_time")
_METRICS = ("loss", "accuracy", "time")
NO_WEIGHTS = (
    "there are no trained weights here: the 'simple' files have none, and of the 'full' ones they are not read; "
    "nasbed.nets.blueprint makes the network untrained"
)


class NotMeasured(NotInTable, ValueError):
    """A result that there is not; a ``KeyError`` and a ``ValueError``, since the published code raises either."""


class ResultsCount(Shown):
    """One training of one architecture.

    Attributes:
        name: The data set.
        seed: Of the training, in four digits.
        epochs: How many there were.
        params: Trainable parameters in millions.
        flop: Multiply-adds of one image in millions.
        latency: Seconds for a batch, each measurement; None where there is none.
        arch_config: How the network is built.
        eval_names: The splits that it was evaluated on.
        net_state_dict: None: trained weights are in no file that is read here.
    """

    net_state_dict = None

    def __init__(self, run: Run) -> None:
        other = run.other
        self.name = run.data
        self.seed: Any = other.get("seed", f"{run.seed:04d}")
        self.epochs, self.params, self.flop = run.epochs, run.params, run.flops
        self.latency: list[float] | None = list(run.latency) or None
        self.arch_config: dict[str, Any] = dict(other.get("arch_config", {}))
        self._curves = {name.partition("/")[2]: curve for name, curve in run.curves.items()}
        self._splits = _by_split(run)
        self.eval_names: list[str] = list(other.get("eval_names", self._splits))
        self._sums: dict[tuple[str, int], float] = {}

    # ── the published dictionaries, in new objects ────────────────────────────────────────────────────────────

    @property
    def train_acc1es(self) -> dict[int, float]:
        """Accuracy (%) on what was trained on, by epoch."""
        return dict(enumerate(self._curves["accuracy"].tolist()))

    @property
    def train_acc5es(self) -> dict[int, float] | None:
        """Likewise of the five best guesses; None where the file has none."""
        return dict(enumerate(self._curves["top5"].tolist())) if "top5" in self._curves else None

    @property
    def train_losses(self) -> dict[int, float]:
        """Loss on what was trained on, by epoch."""
        return dict(enumerate(self._curves["loss"].tolist()))

    @property
    def train_times(self) -> dict[int, float] | None:
        """Seconds of each epoch; None where the file has none."""
        return dict(enumerate(self._curves["time"].tolist())) if "time" in self._curves else None

    @property
    def eval_acc1es(self) -> dict[str, float]:
        """Accuracy (%) by ``split@epoch``."""
        return self._by_key("accuracy")

    @property
    def eval_losses(self) -> dict[str, float]:
        """Loss by ``split@epoch``."""
        return self._by_key("loss")

    @property
    def eval_times(self) -> dict[str, float]:
        """Seconds of an evaluation by ``split@epoch``."""
        return self._by_key("time")

    def _by_key(self, metric: str) -> dict[str, float]:
        return {
            f"{split}@{epoch}": value
            for split, values in self._splits.items()
            for epoch, value in enumerate(values[metric].tolist())
            if value == value or (metric == "loss" and self.has(split, epoch))  # a loss may be NaN and measured
        }

    # ── asking ────────────────────────────────────────────────────────────────────────────────────────────────

    def get_train(self, iepoch: int | None = None) -> Info:
        """Give ``iepoch``, ``loss``, ``accuracy`` (%), ``cur_time`` and ``all_time`` (s) on what was trained on.

        Raises:
            NotMeasured: A ``ValueError``: when there was no such epoch.
        """
        return dict(zip(FIELDS, self.train_at(iepoch), strict=True))

    def get_eval(self, name: str, iepoch: int | None = None) -> Info:
        """Give what ``get_train`` gives of a split: ``x-valid`` (or ``valid``), ``x-test``, ``ori-test``.

        Raises:
            NotMeasured: A ``ValueError`` and ``KeyError``: when it was not evaluated then.
        """
        return dict(zip(FIELDS, self.eval_at(name, iepoch), strict=True))

    def train_at(self, iepoch: int | None) -> tuple[Any, ...]:
        """Give the values of ``get_train``."""
        epoch = self._epoch(iepoch)
        curves = self._curves
        loss, accuracy = curves["loss"].item(epoch), curves["accuracy"].item(epoch)
        if "time" not in curves:
            return epoch, loss, accuracy, None, None
        return epoch, loss, accuracy, curves["time"].item(epoch), self._sum("train", curves["time"], epoch)

    def eval_at(self, name: str, iepoch: int | None) -> tuple[Any, ...]:
        """Give the values of ``get_eval``."""
        epoch = self._epoch(iepoch)
        split = "x-valid" if name == "valid" else name
        if not self.has(split, epoch):
            raise NotMeasured(self._lacks(split, epoch))
        values = self._splits[split]
        loss, accuracy, seconds = (values[metric].item(epoch) for metric in _METRICS)
        if seconds == seconds:
            whole = self._sum(split, values["time"], epoch)
            if whole == whole:
                return epoch, loss, accuracy, seconds, whole
        if any((times["time"] == times["time"]).any() for times in self._splits.values()):
            raise NotMeasured(
                f"{self.name} of seed {self.seed}: the times of {split} are not whole up to epoch {epoch}"
            )
        return epoch, loss, accuracy, None, None

    def has(self, split: str, epoch: int) -> bool:
        """Say whether a split was evaluated after an epoch."""
        if split not in self._splits:
            return False
        accuracy = self._splits[split]["accuracy"].item(epoch)
        return bool(accuracy == accuracy)

    def get_times(self) -> Info:
        """Give seconds an epoch and in all: ``T-train@epoch``, ``T-train@total``, then of each split, or None."""
        times = {"train": self._curves.get("time")}
        times.update((name, self._splits[name]["time"] if name in self._splits else None) for name in self.eval_names)
        found: Info = {}
        for name, curve in times.items():
            whole = None if curve is None or np.isnan(curve).any() else total(curve)
            found[f"T-{name}@epoch"] = None if whole is None else whole / self.epochs
            found[f"T-{name}@total"] = whole
        return found

    def get_latency(self) -> float:
        """Give seconds for a batch, on average, −1.0 where there is none."""
        return -1.0 if self.latency is None else mean(self.latency)

    def get_total_epoch(self) -> int:
        """Give how many epochs there were."""
        return self.epochs

    def get_eval_set(self) -> list[str]:
        """Give the splits that it was evaluated on."""
        return self.eval_names

    def get_net_param(self, clone: bool = False) -> Any:
        """Refuse: there are no weights here.

        Raises:
            NotMeasured: Always.
        """
        raise NotMeasured(NO_WEIGHTS)

    def get_config(self, str2structure: Callable[[str], Any] | None = None) -> dict[str, Any]:
        """Give how the network is built: what the published ``get_cell_based_tiny_net`` takes.

        Args:
            str2structure: Turns the cell's string into what goes by ``genotype``; None leaves it a string.
        """
        config = self.arch_config
        if config.get("name") == "infer.shape.tiny":
            genotype = config["genotype"] if str2structure is None else str2structure(config["genotype"])
            found = {"name": "infer.shape.tiny", "channels": config["channels"], "genotype": genotype}
        else:
            cell = config["arch_str"]
            found = {"name": "infer.tiny", "C": config["channel"], "N": config["num_cells"]}
            found |= {"arch_str": cell} if str2structure is None else {"genotype": str2structure(cell)}
        return found | {"num_classes": config["class_num"]}

    # ── changing ──────────────────────────────────────────────────────────────────────────────────────────────

    def update_latency(self, latency: Iterable[float]) -> None:
        """Take other measurements of latency (s)."""
        self.latency = list(latency)

    def reset_pseudo_train_times(self, estimated_per_epoch_time: float) -> None:
        """Let every epoch have taken so many seconds."""
        self._curves["time"] = np.full(self.epochs, float(estimated_per_epoch_time))
        self._sums.clear()

    def reset_pseudo_eval_times(self, eval_name: str, estimated_per_epoch_time: float) -> None:
        """Let every evaluation of a split have taken so many seconds.

        Raises:
            BadSetting: A ``ValueError``: when it was not evaluated on that split.
        """
        if eval_name not in self._splits:
            raise BadSetting(f"invalid eval name : {eval_name}; there are {', '.join(self.eval_names) or 'none'}")
        self._splits[eval_name]["time"] = np.full(self.epochs, float(estimated_per_epoch_time))
        self._sums.clear()

    def state_dict(self) -> dict[str, Any]:
        """Give everything by its published name."""
        names = (
            "name net_state_dict train_acc1es train_acc5es train_losses train_times arch_config params flop seed "
            "epochs latency eval_names eval_acc1es eval_times eval_losses"
        )
        return {name: getattr(self, name) for name in names.split()}

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.name}, arch={self.arch_config.get('arch_str')}, FLOP={self.flop:.2f}M, "
            f"Param={self.params:.3f}MB, seed={self.seed}, {len(self.eval_names)} eval-sets: "
            f"[{', '.join(self.eval_names)}])"
        )

    def _epoch(self, iepoch: int | None) -> int:
        if iepoch is None:
            return self.epochs - 1
        if not 0 <= iepoch < self.epochs:
            raise NotMeasured(f"invalid iepoch={iepoch} < {self.epochs}: epochs count from 0; None is the last")
        return iepoch

    def _sum(self, name: str, seconds: NDArray[np.float64], epoch: int) -> float:
        """Add up seconds from the first epoch on, from left to right."""
        key = name, epoch
        if key not in self._sums:
            self._sums[key] = total(seconds[: epoch + 1])
        return self._sums[key]

    def _lacks(self, split: str, epoch: int) -> str:
        at = {name: sum(self.has(name, i) for i in range(self.epochs)) for name in self._splits}
        there = ", ".join(f"{name} ({count} of {self.epochs} epochs)" for name, count in at.items()) or "none"
        return f"{self.name} of seed {self.seed} was not evaluated on {split} after epoch {epoch}; it was on: {there}"


def mean(values: Sequence[Any]) -> Any:
    """Average, adding up as ``total`` does."""
    return reduce(add, values) / len(values)


def total(values: NDArray[np.float64]) -> float:
    """Add up from left to right, as ``sum`` did until Python 3.12, and NumPy's ``sum`` does not, to the last digit."""
    whole: float = np.add.accumulate(values)[-1].item()
    return whole


def _by_split(run: Run) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Give, by split and metric, one value an epoch, NaN where there is none."""
    splits: dict[str, dict[str, NDArray[np.float64]]] = {}
    for (split, epoch), values in run.evaluations.items():
        curves = splits.setdefault(split, {metric: np.full(run.epochs, np.nan) for metric in _METRICS})
        for metric in _METRICS:
            if metric in values:
                curves[metric][epoch] = values[metric]
    return splits
