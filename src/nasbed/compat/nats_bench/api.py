"""NATS-Bench as published, over tables of nasbed's, or files read one by one: what both spaces have in common.

A script moves over by its import alone. The same script with the same seed gets the same numbers: seeds are drawn from
Python's global ``random`` where it is published that they are. ``docs/compat.md`` says what differs.

Reference: Dong et al., TPAMI 2021, https://github.com/D-X-Y/NATS-Bench, ``nats_bench/api_utils.py`` (1.8)
"""

from __future__ import annotations

import random
import warnings
from typing import Any

from nasbed.compat.nats_bench.answers import no_recipe
from nasbed.compat.nats_bench.archive import Archive
from nasbed.compat.nats_bench.result import NO_WEIGHTS, Info, NotMeasured
from nasbed.compat.nats_bench.results import ArchResults, framed, information
from nasbed.core.errors import BadSetting

_DATA = ("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120")
_COMMENT = (
    "In this dict, train-loss/accuracy/time is the metric on the {} of CIFAR-10. The test-loss/accuracy/time is the "
    "performance of the CIFAR-10 test set after training on the {} by {} epochs. The per-time and total-time indicate "
    "the per epoch and total time costs, respectively."
)
_PARTS = {"cifar10-valid": "train set", "cifar10": "train+valid sets"}
_CIFAR10 = (("train", "train"), ("valid", "x-valid"), ("test", "ori-test"))
_SPLITS = {"cifar10-valid": _CIFAR10, "cifar10": _CIFAR10}
"""By data set what ``get_more_info`` calls its splits."""
_SPLITS_ELSE = (("train", "train"), ("valid", "x-valid"), ("test", "x-test"), ("valtest", "ori-test"))
_NAMES = {
    title: (f"{title}-loss", f"{title}-accuracy", f"{title}-per-time", f"{title}-all-time")
    for title in ("train", "valid", "test", "valtest")
}


class NASBenchMetaAPI(Archive):
    """What both spaces' interfaces have in common.

    Args:
        file_path_or_dict: A published folder (read file by file in the fast mode, else imported the first time), a
            published ``.pth`` (imported the first time), what such a file holds, a table or its path; None for what has
            been imported, or lies in ``TORCH_HOME``.
        fast_mode: Read an architecture's file when it is asked for, instead of importing all.
        verbose: Say what is opened, and what is imported.

    Raises:
        BadSetting: A ``ValueError``: when there is nothing of the kind, or it is of the other space.
        CorruptFile: A ``ValueError``: when a file is damaged, foreign or wants to run anything.
    """

    # ── results ───────────────────────────────────────────────────────────────────────────────────────────────

    def get_more_info(
        self, index: Any, dataset: str, iepoch: int | None = None, hp: str | int = "12", is_random: bool | int = True
    ) -> Info:
        """Give loss, accuracy (%) and seconds an epoch and in all, of training and of each split that was evaluated.

        Args:
            index: The architecture: its index or string.
            dataset: What was trained on: ``cifar10-valid``, ``cifar10``, ``cifar100`` or ``ImageNet16-120``.
            iepoch: After which epoch, from 0; None: after the last.
            hp: The recipe, by its epochs.
            is_random: True: one of the seeds, drawn from Python's global ``random``; False: their mean; else a seed.

        Returns:
            ``train-loss``, ``train-accuracy``, ``train-per-time``, ``train-all-time``, and likewise ``valid-``,
            ``test-`` and ``valtest-`` (valid and test together), as far as they were measured then.

        Raises:
            NotMeasured: A ``ValueError`` and ``KeyError``: when there is no such training, seed or epoch.
        """
        sheet = self._answers.sheet(self._index(index), str(hp), dataset, iepoch)
        if is_random is True:
            is_random = random.choice(sheet.seeds)
        info: Info = {}
        for title, split in _SPLITS.get(dataset, _SPLITS_ELSE):
            values = sheet.chosen(split, is_random)
            if values is not None:
                loss, accuracy, per_time, all_time = _NAMES[title]
                info[loss], info[accuracy], seconds = values
                info[per_time] = None if seconds is None else seconds / sheet.epochs
                info[all_time] = seconds
            elif title == "valid" and dataset == "cifar10-valid":
                raise NotMeasured(
                    f"{dataset} was not evaluated on {split} after epoch {sheet.epochs - 1} with hp={hp!r}; it was on: "
                    f"{', '.join(sheet.splits)}"
                )
            if title == "train" and dataset in _PARTS:
                info["comment"] = _COMMENT.format(_PARTS[dataset], _PARTS[dataset], hp)
        return info

    def simulate_train_eval(
        self, arch: Any, dataset: str, iepoch: int | None = None, hp: str | int = "12", account_time: bool = True
    ) -> tuple[float, float | None, float, float]:
        """Train and validate an architecture as it was once done, with a seed drawn from Python's global ``random``.

        Args:
            arch: Its string or index.
            dataset: ``cifar10`` (trained on its half, ``cifar10-valid``), ``cifar100`` or ``ImageNet16-120``.
            iepoch: After which epoch, from 0; None: after the last.
            hp: The recipe, by its epochs.
            account_time: Add the cost to ``used_time``.

        Returns:
            Validation accuracy (%; on validation and test images together where only those were measured after that
            epoch), latency (s), the cost of training and validating once (s), and ``used_time`` (s).

        Raises:
            BadSetting: A ``ValueError``: for another data set.
            NotMeasured: A ``ValueError`` and ``KeyError``: when there is no such training or epoch.
        """
        if dataset not in _DATA[1:]:
            raise BadSetting(f"Invalid dataset name : {dataset} vs {_DATA[1:]}")
        trained_on = "cifar10-valid" if dataset == "cifar10" else dataset
        info = self.get_more_info(arch, trained_on, iepoch, hp, is_random=True)
        accuracy, last = info.get("valid-accuracy"), info
        if "valid-accuracy" not in info:
            accuracy = info.get("valtest-accuracy")
            last = self.get_more_info(arch, trained_on, None, hp, is_random=True)
        seconds = info["train-all-time"], last.get("valid-per-time")
        if accuracy is None or None in seconds:
            raise NotMeasured(f"{arch} has no validation accuracy, or no times, on {trained_on} with hp={hp!r}")
        cost = sum(seconds)
        latency = self.get_latency(arch, dataset, hp)
        if account_time:
            self.used_time += cost
        return accuracy, latency, cost, self.used_time

    def get_cost_info(self, index: Any, dataset: str, hp: str | int = "12") -> Info:
        """Give ``flops`` and ``params`` (millions), ``latency`` (s), and seconds of training and of evaluations.

        Raises:
            NotMeasured: A ``ValueError`` and ``KeyError``: when there is no such training.
        """
        return self._answers.costs(self._index(index), str(hp), dataset)

    def get_latency(self, index: Any, dataset: str, hp: str | int = "12") -> float | None:
        """Give seconds for a batch of 256 images, the mean of the seeds; None when it was not measured.

        Raises:
            NotMeasured: A ``ValueError`` and ``KeyError``: when there is no such training.
        """
        return self._answers.sizes(self._index(index), str(hp), dataset).mean_latency

    def find_best(
        self,
        dataset: str,
        metric_on_set: str,
        flop_max: float | None = None,
        param_max: float | None = None,
        hp: str | int = "12",
        enforce_all: bool | None = None,
        *,
        FLOP_max: float | None = None,  # noqa: N803 - the name in earlier versions
        Param_max: float | None = None,  # noqa: N803
    ) -> tuple[int, float | None]:
        """Find the most accurate architecture, by the mean of its seeds after the last epoch; the first of equals.

        Args:
            dataset: What was trained on; ``cifar10`` and ``valid`` mean ``cifar10-valid``.
            metric_on_set: ``valid``, ``test``, ``train``, or a split's own name.
            flop_max: At most so many million multiply-adds.
            param_max: At most so many million parameters.
            hp: The recipe, by its epochs.
            enforce_all: In the fast mode: read all architectures (None: yes), or look among those that have been read.
            FLOP_max: The same as ``flop_max``.
            Param_max: The same as ``param_max``.

        Returns:
            Index and accuracy (%); −1 and None when no architecture is left.

        Raises:
            BadSetting: A ``ValueError``: when all are asked for without the fast mode.
            NotMeasured: A ``ValueError`` and ``KeyError``: when there is no such training.
        """
        data, split = _meant(dataset, metric_on_set)
        flop_max = FLOP_max if flop_max is None else flop_max
        param_max = Param_max if param_max is None else param_max
        if enforce_all and not self.fast_mode:
            raise BadSetting("enforce_all can only be set when fast_mode=True; without it, all that is there is asked")
        every = self.fast_mode if enforce_all is None else enforce_all
        best, highest = -1, None
        for index in self._answers.askable(every):
            if flop_max is not None or param_max is not None:
                sizes = self._answers.sizes(index, str(hp), data)
                if flop_max is not None and sizes.agreed(sizes.flops) > flop_max:
                    continue
                if param_max is not None and sizes.agreed(sizes.params) > param_max:
                    continue
            sheet = self._answers.sheet(index, str(hp), data, None)
            values = sheet.chosen(split, False)
            if values is None:
                raise NotMeasured(
                    f"{data} was not evaluated on {split} in the end; it was on: {', '.join(sheet.splits)}"
                )
            if highest is None or highest < values[1]:
                best, highest = index, values[1]
        return best, highest

    def query_meta_info_by_index(self, arch_index: Any, hp: str | int = "12") -> ArchResults:
        """Give all of an architecture's trainings by a recipe, in new objects.

        Raises:
            NotMeasured: A ``ValueError`` and ``KeyError``: when there is none.
        """
        return self._answers.infos(self._index(arch_index), str(hp))[str(hp)]

    def query_by_index(self, arch_index: Any, dataname: str | None = None, hp: str | int = "12") -> Any:
        """Give an architecture's trainings on a data set, by their seeds; for None all, as ``ArchResults``.

        Raises:
            NotMeasured: A ``ValueError`` and ``KeyError``: when there is none.
        """
        if dataname is None:
            return self.query_meta_info_by_index(arch_index, hp)
        return dict(zip(*self._answers.copied(self._index(arch_index), str(hp), dataname), strict=True))

    def query_by_arch(self, arch: Any, hp: str | int = "12") -> str | None:
        """Give what ``query_info_str_by_arch`` gives."""
        return self.query_info_str_by_arch(arch, hp)

    def query_info_str_by_arch(self, arch: Any, hp: str | int = "12") -> str | None:
        """Describe an architecture's results by a recipe; None, with a warning, when there are none of it.

        Raises:
            NotMeasured: A ``ValueError`` and ``KeyError``: when it was not trained by that recipe.
        """
        index = self._index(arch)
        try:
            infos = self._answers.infos(index)
        except NotMeasured:
            warnings.warn(f"Find this arch-index : {index}, but this arch is not evaluated.", stacklevel=2)
            return None
        if str(hp) not in infos:
            raise no_recipe(index, str(hp), infos)
        return "\n".join(information(infos[str(hp)], self._splits_printed, f"arch-index={index}"))

    def get_net_config(self, index: Any, dataset: str) -> dict[str, Any]:
        """Give how an architecture's network for a data set is built, as the published model builder takes it.

        Raises:
            NotMeasured: A ``ValueError`` and ``KeyError``: when it was not trained on it.
        """
        found = self._index(index)
        trained = self._answers.trained(found)
        hp = next((hp for hp, data in trained if data == dataset), trained[0][0])
        return self._trials(found, hp, dataset)[1][0].get_config(None)

    def get_net_param(self, index: Any, dataset: str, seed: int | None, hp: str | int = "12") -> Any:
        """Refuse: trained weights are not in the files that are read here.

        Raises:
            NotMeasured: Always.
        """
        self._trials(index, hp, dataset)
        raise NotMeasured(NO_WEIGHTS)

    def statistics(self, dataset: str, hp: str | int) -> dict[int, int]:
        """Count architectures by how many trainings they have on a data set by a recipe.

        Raises:
            BadSetting: A ``ValueError``: for another data set.
        """
        if dataset not in _DATA:
            raise BadSetting(f"{dataset} not in {list(_DATA)}")
        counts: dict[int, int] = {}
        for index in self.evaluated_indexes:
            try:
                found = len(self._trials(index, hp, dataset)[0])
            except NotMeasured:
                found = 0
            counts[found] = counts.get(found, 0) + 1
        return counts

    def show(self, index: int = -1) -> None:
        """Print an architecture's results by every recipe; for −1, those of all that have been evaluated."""
        if index >= len(self):
            print(f"This index ({index}) is out of range (0~{len(self)}).")
        elif index >= 0:
            self._show(index)
        else:
            print(self)
            evaluated = sorted(self.evaluated_indexes)
            for i, found in enumerate(evaluated):
                print(f"\n{'-' * 10} The ({i:5d}/{len(evaluated):5d}) {found:06d}-th architecture! {'-' * 10}")
                print(f"arch : {self.meta_archs[found]}")
                self._show(found)

    def _show(self, index: int) -> None:
        try:
            infos = self._answers.infos(index)
        except NotMeasured:
            print(f"The {index}-th architecture has not been evaluated or not saved.")
            return
        for info in infos.values():
            print(framed(info, self._splits_printed))
        print(f"{'<' * 40}------------{'<' * 40}")

    def clear_params(self, index: int, hp: str | int | None = None) -> None:
        """Do nothing: there are no weights to be removed.

        Raises:
            NotMeasured: A ``ValueError``: when the architecture was not trained by that recipe.
        """
        if index not in self.evaluated_indexes:
            warnings.warn(
                f"The {index}-th architecture is not in the benchmark data yet, no need to clear params.", stacklevel=2
            )
        elif hp is not None:
            self.query_meta_info_by_index(index, hp)


def _meant(dataset: str, split: str) -> tuple[str, str]:
    """Give the data set and the split that ``find_best`` means by these names."""
    if dataset == "cifar10":
        return {"valid": ("cifar10-valid", "x-valid"), "test": ("cifar10", "ori-test")}.get(split, (dataset, split))
    if dataset in ("cifar100", "ImageNet16-120") and split == "test":
        return dataset, "x-test"
    return dataset, "x-valid" if split == "valid" else split
