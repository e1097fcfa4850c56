"""NATS-Bench as published, over tables of nasbed's, or files read one by one: what both spaces have in common.

A script moves over by its import alone. The same script with the same seed gets the same numbers: seeds are drawn from
Python's global ``random`` where it is published that they are. ``docs/compat.md`` says what differs.

Reference: Dong et al., TPAMI 2021, https://github.com/D-X-Y/NATS-Bench, ``nats_bench/api_utils.py`` (1.8)
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator, Mapping
from functools import cached_property
from operator import index as integer
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nasbed.compat.nats_bench.answers import Answers, Lazily, Trials, no_recipe
from nasbed.compat.nats_bench.errors import NotMeasured
from nasbed.compat.nats_bench.places import find_answers
from nasbed.compat.nats_bench.printed import Splits, framed, information
from nasbed.compat.nats_bench.result import NO_WEIGHTS, Info
from nasbed.compat.nats_bench.results import ArchResults
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


class NASBenchMetaAPI:
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

    full_epochs_in_paper: ClassVar[int]
    is_size: ClassVar[bool]
    is_topology: ClassVar[bool]
    search_space_name: ClassVar[str]
    _space: ClassVar[str]
    _splits_printed: ClassVar[Splits]

    def __init__(
        self,
        file_path_or_dict: str | PathLike[str] | Mapping[str, Any] | Any | None = None,
        fast_mode: bool = False,
        verbose: bool = True,
    ) -> None:
        self.verbose = verbose
        self._fast_mode = fast_mode
        self._answers: Answers = find_answers(file_path_or_dict, self._space, fast_mode, self._say)
        self.filename = Path(file_path_or_dict).name if isinstance(file_path_or_dict, (str, PathLike)) else None
        folder = self._answers.folder if isinstance(self._answers, Lazily) else None
        self._archive_dir = None if folder is None else str(folder)
        self._length = self._answers.architectures
        self._used_time: float = 0
        self._say(f"{len(self.evaluated_indexes):,} of {len(self):,} architectures are there: {self._answers.name}")

    # ── architectures ─────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def meta_archs(self) -> list[str]:
        """The strings of all architectures in the official order."""
        return list(self._answers.archs)

    @cached_property
    def archstr2index(self) -> dict[str, int]:
        """From a string to its index."""
        return {arch: index for index, arch in enumerate(self.meta_archs)}

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> str:
        return self.meta_archs[index]

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({len(self.evaluated_indexes)}/{len(self)} architectures, "
            f"fast_mode={self.fast_mode}, file={self.filename})"
        )

    def arch(self, index: int) -> str:
        """Give an architecture's string.

        Raises:
            BadSetting: A ``ValueError``: when there is no such index.
        """
        return self.meta_archs[self._in_range(index)]

    def random(self) -> int:
        """Draw an index from Python's global ``random``."""
        return random.randint(0, len(self) - 1)

    def query_index_by_arch(self, arch: Any) -> int:
        """Give the index of a string, of something with ``tostr()``, or of an index; −1 when it is no architecture's.

        Raises:
            BadSetting: A ``ValueError``: for an index that there is not.
        """
        if isinstance(arch, str):
            return self.archstr2index.get(arch, -1)
        if isinstance(arch, (int, np.integer)):
            return self._in_range(arch)
        return self.archstr2index.get(arch.tostr(), -1) if hasattr(arch, "tostr") else -1

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
        if "valid-accuracy" in info:
            accuracy, last = info["valid-accuracy"], info
        else:
            accuracy, last = (
                info.get("valtest-accuracy"),
                self.get_more_info(arch, trained_on, None, hp, is_random=True),
            )
        seconds = info["train-all-time"], last.get("valid-per-time")
        if accuracy is None or None in seconds:
            raise NotMeasured(f"{arch} has no validation accuracy, or no times, on {trained_on} with hp={hp!r}")
        cost = sum(seconds)
        latency = self.get_latency(arch, dataset, hp)
        if account_time:
            self._used_time += cost
        return accuracy, latency, cost, self._used_time

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
        for index in (
            range(len(self)) if every and isinstance(self._answers, Lazily) else sorted(self.evaluated_indexes)
        ):
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

    # ── state ─────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def evaluated_indexes(self) -> set[int]:
        """Indices with results: those of the table, or, in the fast mode, those that have been read."""
        return self._answers.evaluated

    @property
    def arch2infos_dict(self) -> Mapping[int, dict[str, ArchResults]]:
        """From the index of an evaluated architecture to its results by recipe, made when asked for."""
        return _ByIndex(self._answers)

    @property
    def avaliable_hps(self) -> list[str]:
        """The recipes, by their epochs: those of the table, or, in the fast mode, of what has been read."""
        return list(self._answers.hps)

    @property
    def used_time(self) -> float:
        """Seconds that ``simulate_train_eval`` has cost."""
        return self._used_time

    def reset_time(self) -> None:
        """Count from nothing again."""
        self._used_time = 0

    @property
    def fast_mode(self) -> bool:
        """Whether files are read when they are asked for."""
        return self._fast_mode

    def reset_fast_mode(self, fast_mode: bool) -> None:
        """Say that files are read when they are asked for, or are not; what is opened stays open."""
        self._fast_mode = fast_mode

    @property
    def archive_dir(self) -> str | None:
        """The folder that is read in the fast mode."""
        return self._archive_dir

    def reset_archive_dir(self, archive_dir: str | None) -> None:
        """Take files from another folder from now on, when they are reloaded."""
        self._archive_dir = archive_dir

    @property
    def full_train_epochs(self) -> int:
        """How long networks are trained in full."""
        return self.full_epochs_in_paper

    def reload(self, archive_root: str | PathLike[str] | None = None, index: int | None = None) -> None:
        """Read an architecture's file again, or those of all, from a folder; None: from the one that is open.

        Raises:
            BadSetting: A ``ValueError``: when there is no folder, or a table is open.
            NotMeasured: When it has no such file.
        """
        from nasbed.tables.natsbench.folder import open_folder

        root = archive_root or self._archive_dir
        if root is None or not Path(root).is_dir():
            raise BadSetting(f"Invalid archive_root : {root}; it is a folder like NATS-tss-v1_0-3ffb9-simple")
        if not isinstance(self._answers, Lazily):
            raise BadSetting("only what was created with fast_mode=True can be reloaded: a table does not change")
        folder = open_folder(Path(root))
        if folder.archs != tuple(self.meta_archs):
            raise BadSetting(f"{root} has architectures of {folder.space}")
        for found in dict(folder.files) if index is None else [self._in_range(index)]:
            self._answers.reread(folder, found)

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

    # ── inside ────────────────────────────────────────────────────────────────────────────────────────────────

    def _trials(self, index: Any, hp: str | int, data: str) -> Trials:
        return self._answers.trials(self._index(index), str(hp), data)

    def _index(self, arch: Any) -> int:
        index = self.query_index_by_arch(arch)
        if index < 0:
            raise NotMeasured(f"{arch!r} is no architecture of {self._space}; they are like {self.meta_archs[0]!r}")
        return index

    def _in_range(self, index: Any) -> int:
        if not 0 <= index < self._length:
            raise BadSetting(f"Invalid architecture index {index} vs [0, {self._length}].")
        return integer(index)

    def _say(self, sentence: str) -> None:
        if self.verbose:
            print(f"nats_bench: {sentence}")


class _ByIndex(Mapping[int, dict[str, ArchResults]]):
    """Reads the results of an evaluated architecture when asked for."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def __getitem__(self, index: int) -> dict[str, ArchResults]:
        if index not in self._answers.evaluated:
            raise KeyError(index)
        return self._answers.infos(index)

    def __len__(self) -> int:
        return len(self._answers.evaluated)

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._answers.evaluated))


def _meant(dataset: str, split: str) -> tuple[str, str]:
    """Give the data set and the split that ``find_best`` means by these names."""
    if dataset == "cifar10":
        return {"valid": ("cifar10-valid", "x-valid"), "test": ("cifar10", "ori-test")}.get(split, (dataset, split))
    if dataset in ("cifar100", "ImageNet16-120") and split == "test":
        return dataset, "x-test"
    return dataset, "x-valid" if split == "valid" else split
