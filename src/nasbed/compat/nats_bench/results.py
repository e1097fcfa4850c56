"""``ResultsCount``, one training, and ``ArchResults``, all trainings of an architecture by one recipe.

They answer by the published rules: an epoch counts from 0 and None is the last; times add up from the first epoch on; a
mean is over all seeds there are, and is missing when one of them lacks it.

Reference: https://github.com/D-X-Y/NATS-Bench, ``nats_bench/api_utils.py``
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.compat.nats_bench.errors import NotMeasured
from nasbed.core.errors import BadSetting
from nasbed.tables.natsbench.published import Run

Info = dict[str, Any]
Number = int | float
_FIELDS = ("iepoch", "loss", "accuracy", "cur_time", "all_time")
_METRICS = ("loss", "accuracy", "time")
_AGREED = 888
"""The seed whose parameters and FLOPs count when seeds differ: those of others are wrong in some published files."""


def mean(values: Sequence[float]) -> float:
    """Average from left to right, as the published code does: NumPy's order of adding differs in the last digit."""
    return sum(values) / len(values)


class ResultsCount:
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
        self.epochs, self.params, self.flop = run.epochs, np.float64(run.params), run.flops  # the published types
        self.latency: list[Any] | None = [np.float64(seconds) for seconds in run.latency] or None
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
        return dict(zip(_FIELDS, self.train_at(iepoch), strict=True))

    def get_eval(self, name: str, iepoch: int | None = None) -> Info:
        """Give what ``get_train`` gives of a split: ``x-valid`` (or ``valid``), ``x-test``, ``ori-test``.

        Raises:
            NotMeasured: A ``ValueError`` and ``KeyError``: when it was not evaluated then.
        """
        return dict(zip(_FIELDS, self.eval_at(name, iepoch), strict=True))

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

    def get_times(self, average: Callable[[list[float]], float] = mean, total: Callable[..., float] = sum) -> Info:
        """Give seconds an epoch and in all: ``T-train@epoch``, ``T-train@total``, then of each split, or None."""
        times = {"train": self._curves.get("time")}
        times.update((name, self._splits[name]["time"] if name in self._splits else None) for name in self.eval_names)
        found: Info = {}
        for name, curve in times.items():
            seconds = None if curve is None or np.isnan(curve).any() else curve.tolist()
            found[f"T-{name}@epoch"] = None if seconds is None else average(seconds)
            found[f"T-{name}@total"] = None if seconds is None else total(seconds)
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
            self._sums[key] = sum(seconds[: epoch + 1].tolist())
        return self._sums[key]

    def _lacks(self, split: str, epoch: int) -> str:
        at = {name: sum(self.has(name, i) for i in range(self.epochs)) for name in self._splits}
        there = ", ".join(f"{name} ({count} of {self.epochs} epochs)" for name, count in at.items()) or "none"
        return f"{self.name} of seed {self.seed} was not evaluated on {split} after epoch {epoch}; it was on: {there}"


NO_WEIGHTS = (
    "there are no trained weights here: the 'simple' files have none, and of the 'full' ones they are not read; "
    "nasbed.nets.build makes the network untrained"
)


class ArchResults:
    """All trainings of one architecture by one recipe.

    Attributes:
        arch_index: The official index.
        arch_str: The architecture's string.
        all_results: By data set and seed.
        dataset_seed: By data set the seeds, ascending.
        clear_net_done: True: there are no weights.
    """

    clear_net_done = True

    def __init__(self, arch_index: int, arch_str: str, results: Iterable[tuple[int, ResultsCount]] = ()) -> None:
        self.arch_index, self.arch_str = arch_index, arch_str
        self.all_results: dict[tuple[str, int], ResultsCount] = {}
        self.dataset_seed: dict[str, list[int]] = {}
        for seed, result in results:
            self.update(result.name, seed, result)

    def update(self, dataset_name: str, seed: int, result: ResultsCount) -> None:
        """Take one training more.

        Raises:
            BadSetting: A ``ValueError``: when there is one of that seed.
        """
        if (dataset_name, seed) in self.all_results:
            raise BadSetting(f"{self.arch_index}-th arch already has this seed ({seed}) on {dataset_name}")
        self.all_results[dataset_name, seed] = result
        self.dataset_seed[dataset_name] = sorted([*self.dataset_seed.get(dataset_name, []), seed])

    def get_dataset_names(self) -> list[str]:
        """Give the data sets."""
        return list(self.dataset_seed)

    def get_dataset_seeds(self, dataset: str) -> list[int]:
        """Give the seeds of a data set, ascending, in a new list."""
        return list(self._seeds(dataset))

    def get_compute_costs(self, dataset: str) -> Info:
        """Give ``flops``, ``params`` (millions), ``latency`` (s or None) and the times of ``get_times``, on average."""
        return compute_costs(self._of(dataset), self._seeds(dataset))

    def get_metrics(self, dataset: str, setname: str, iepoch: int | None = None, is_random: bool | int = False) -> Info:
        """Give ``iepoch``, ``loss``, ``accuracy`` (%), ``cur_time`` and ``all_time`` (s).

        Args:
            dataset: What was trained on.
            setname: ``train``, ``x-valid``, ``x-test`` or ``ori-test``.
            iepoch: After which epoch, from 0; None: after the last.
            is_random: False: the mean of all seeds; True: one of them, drawn from Python's global ``random``; else the
                seed itself.

        Raises:
            NotMeasured: A ``KeyError`` and ``ValueError``: when one of the seeds lacks it.
        """
        seeds = self._seeds(dataset)
        values = measured(self._of(dataset), setname, iepoch)
        if is_random is True:
            is_random = seeds[random.randint(0, len(seeds) - 1)]
        return dict(zip(_FIELDS, chosen(values, seeds, is_random), strict=True))

    def get_latency(self, dataset: str) -> float:
        """Give seconds for a batch, the mean over seeds.

        Raises:
            NotMeasured: A ``ValueError``: when it was not measured.
        """
        latencies = [result.get_latency() for result in self._of(dataset)]
        if min(latencies) <= 0:
            raise NotMeasured(f"no latency was measured of architecture {self.arch_index} on {dataset}: {latencies}")
        return mean(latencies)

    def get_total_epoch(self, dataset: str | None = None) -> int:
        """Give how many epochs there were, on one data set or on all.

        Raises:
            BadSetting: A ``ValueError``: when trainings differ in it.
        """
        results = list(self.all_results.values()) if dataset is None else self._of(dataset)
        epochs = [result.epochs for result in results]
        if len(set(epochs)) != 1:
            raise BadSetting(f"trainings have different numbers of epochs: {epochs}")
        return epochs[0]

    def query(self, dataset: str, seed: int | None = None) -> Any:
        """Give the training of a seed, or all of a data set by their seeds."""
        if seed is None:
            return {seed: self.all_results[dataset, seed] for seed in self._seeds(dataset)}
        if (dataset, seed) not in self.all_results:
            raise NotMeasured(
                f"architecture {self.arch_index}: no seed {seed} among {self._seeds(dataset)} of {dataset}"
            )
        return self.all_results[dataset, seed]

    def arch_idx_str(self) -> str:
        """Give the index in six digits."""
        return f"{self.arch_index:06d}"

    def reset_latency(self, dataset: str, seed: int | None, latency: float) -> None:
        """Let a training, or all of a data set, have this latency (s)."""
        for result in self._some(dataset, seed):
            result.update_latency([latency])

    def reset_pseudo_train_times(self, dataset: str, seed: int | None, estimated_per_epoch_time: float) -> None:
        """Let every epoch of a training, or of all of a data set, have taken so many seconds."""
        for result in self._some(dataset, seed):
            result.reset_pseudo_train_times(estimated_per_epoch_time)

    def reset_pseudo_eval_times(
        self, dataset: str, seed: int | None, eval_name: str, estimated_per_epoch_time: float
    ) -> None:
        """Let every evaluation on a split have taken so many seconds, of a training or of all of a data set."""
        for result in self._some(dataset, seed):
            result.reset_pseudo_eval_times(eval_name, estimated_per_epoch_time)

    def get_net_param(self, dataset: str, seed: int | None = None) -> Any:
        """Refuse: there are no weights here.

        Raises:
            NotMeasured: Always.
        """
        raise NotMeasured(NO_WEIGHTS)

    def clear_params(self) -> None:
        """Do nothing: there are no weights."""

    def state_dict(self) -> dict[str, Any]:
        """Give everything by its published name."""
        return {
            "arch_index": self.arch_index,
            "arch_str": self.arch_str,
            "all_results": {key: result.state_dict() for key, result in self.all_results.items()},
            "dataset_seed": {data: list(seeds) for data, seeds in self.dataset_seed.items()},
            "clear_net_done": self.clear_net_done,
        }

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(arch-index={self.arch_index}, arch={self.arch_str}, {len(self.all_results)} runs, "
            f"clear={self.clear_net_done})"
        )

    def _seeds(self, dataset: str) -> list[int]:
        if dataset not in self.dataset_seed:
            there = ", ".join(self.dataset_seed) or "nothing"
            raise NotMeasured(f"architecture {self.arch_index} was not trained on {dataset!r}; it was on {there}")
        return self.dataset_seed[dataset]

    def _of(self, dataset: str) -> list[ResultsCount]:
        return [self.all_results[dataset, seed] for seed in self._seeds(dataset)]

    def _some(self, dataset: str, seed: int | None) -> list[ResultsCount]:
        return self._of(dataset) if seed is None else [self.query(dataset, seed)]


def measured(results: Sequence[ResultsCount], setname: str, iepoch: int | None) -> list[tuple[Any, ...]]:
    """Give of each training what ``get_train`` or ``get_eval`` gives, as tuples."""
    if setname == "train":
        return [result.train_at(iepoch) for result in results]
    return [result.eval_at(setname, iepoch) for result in results]


def chosen(values: Sequence[tuple[Any, ...]], seeds: Sequence[int], seed: int | bool) -> tuple[Any, ...]:
    """Give the values of a seed, or, for False, their means; what the first lacks is None.

    Raises:
        NotMeasured: A ``ValueError``: when there is no such seed.
    """
    if seed is False:
        return tuple(None if field[0] is None else mean(field) for field in zip(*values, strict=True))
    if seed not in seeds or isinstance(seed, bool):
        raise NotMeasured(f"can not find random seed ({seed}) from {list(seeds)}; True draws one, False averages")
    return values[seeds.index(seed)]


def compute_costs(
    results: Sequence[ResultsCount],
    seeds: Sequence[int],
    average: Callable[[Any], float] = mean,
    total: Callable[..., float] = sum,
) -> Info:
    """Average what trainings cost; where parameters or FLOPs differ between seeds, those of seed 888 count."""
    info: Info = {
        "flops": average(_agreed([result.flop for result in results], seeds)),
        "params": average(_agreed([result.params for result in results], seeds)),
        "latency": average_latency(results, average),
    }
    times: dict[str, list[float]] = {}
    for result in results:
        for name, seconds in result.get_times(average, total).items():
            times.setdefault(name, []).append(seconds)
    return info | {name: None if None in seconds else average(seconds) for name, seconds in times.items()}


def average_latency(results: Sequence[ResultsCount], average: Callable[[Any], float] = mean) -> float | None:
    """Average the latencies there are (s); None where there is none."""
    found = [latency for latency in (result.get_latency() for result in results) if latency > 0]
    return average(found) if found else None


def _agreed(values: list[float], seeds: Sequence[int]) -> list[float]:
    if len({f"{value:.5f}" for value in values}) < 2 or _AGREED not in seeds:
        return values
    return [values[seeds.index(_AGREED)]]


def _by_split(run: Run) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Give, by split and metric, one value an epoch, NaN where there is none."""
    splits: dict[str, dict[str, NDArray[np.float64]]] = {}
    for (split, epoch), values in run.evaluations.items():
        curves = splits.setdefault(split, {metric: np.full(run.epochs, np.nan) for metric in _METRICS})
        for metric in _METRICS:
            if metric in values:
                curves[metric][epoch] = values[metric]
    return splits
