"""``ArchResults``, all trainings of an architecture by one recipe.

Reference: https://github.com/D-X-Y/NATS-Bench, ``nats_bench/api_utils.py``
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

from nasbed.compat.nats_bench.result import FIELDS, NO_WEIGHTS, Info, NotMeasured, ResultsCount, mean
from nasbed.compat.nats_bench.sheets import chosen, compute_costs, measured
from nasbed.core.errors import BadSetting
from nasbed.core.printing import Shown
from nasbed.readers.natsbench.state import published_of

Splits = dict[str, dict[str, str]]

_OTHER = {"valid": "x-valid", "test": "x-test"}

TOPOLOGY: Splits = {"cifar10-valid": {"valid": "x-valid"}, "cifar10": {"test ": "ori-test"}}
"""By data set the splits to print, by their titles; other data sets have both."""

SIZE: Splits = {**TOPOLOGY, "cifar10-valid": {"valid": "x-valid", "test": "ori-test"}}


class ArchResults(Shown):
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

    @staticmethod
    def create_from_state_dict(state_dict: Mapping[str, Any]) -> ArchResults:
        """Take what a published file has of an architecture and a recipe.

        Raises:
            CorruptFile: A ``ValueError``: when it is something else.
        """
        index, arch = state_dict.get("arch_index", -1), state_dict.get("arch_str", "")
        found = published_of({"": state_dict}, index, arch, "the state")
        return ArchResults(index, arch, ((run.seed, ResultsCount(run)) for run in found.runs))

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
        return compute_costs(self._seeds(dataset), self._of(dataset))

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
        return dict(zip(FIELDS, chosen(values, seeds, is_random), strict=True))

    def get_latency(self, dataset: str) -> float:
        """Give seconds for a batch, the mean over seeds.

        Raises:
            NotMeasured: A ``ValueError``: when it was not measured.
        """
        latencies = [result.get_latency() for result in self._of(dataset)]
        if min(latencies) <= 0:
            raise NotMeasured(f"no latency was measured of architecture {self.arch_index} on {dataset}: {latencies}")
        return float(mean(latencies))

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


def information(results: ArchResults, splits: Splits, extra_info: str | None = None) -> list[str]:
    """Give the lines: the architecture, the data sets, then two for each of them."""
    names = results.get_dataset_names()
    lines = [results.arch_str, f"datasets : {names}, extra-info : {extra_info}"]
    for name in names:
        costs = results.get_compute_costs(name)
        latency = None if costs["latency"] is None else f"{costs['latency'] * 1000:.2f}"
        parts = {"train": "train", **splits.get(name, _OTHER)}
        shown = [f"{title} : [{_metric(results, name, split)}]" for title, split in parts.items()]
        lines.append(f"{name:14s} FLOP={costs['flops']:6.2f} M, Params={costs['params']:.3f} MB, latency={latency} ms.")
        lines.append(f"{name:14s} {', '.join(shown)}")
    return lines


def framed(results: ArchResults, splits: Splits) -> str:
    """Give the lines under a title that says how many epochs there were."""
    title = ">" * 40 + f" {results.get_total_epoch():03d} epochs " + ">" * 40
    return "\n".join([title, *information(results, splits)])


def _metric(results: ArchResults, name: str, split: str) -> str:
    try:
        info = results.get_metrics(name, split)
    except NotMeasured:
        return "not measured"
    return f"loss = {info['loss']:.3f} & top1 = {info['accuracy']:.2f}%"
