"""Writes SYNTHETIC results in the formats of NATS-Bench and NAS-Bench-201, to measure readers and tables with.

The architectures are the real ones, in the official order, with the real numbers of parameters and multiply-adds. All
else is made up: nothing was trained. What the published files have of seeds, data sets, epochs and splits these have as
well, and their numbers are made the same way (means over batches of float32), so that they compress as those do.

    python benchmarks/synthetic_nats.py FOLDER [--space nasbench201] [--architectures 15625] [--processes 2]
    python benchmarks/synthetic_nats.py FILE.pth [--legacy] [--architectures 100]      (needs PyTorch)

A folder is written file by file; run again, it goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import bz2
import pickle
import time
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from nasbed.core.registry import spaces
from nasbed.nets import costs

TRAINED = {"cifar10-valid": 25_000, "cifar10": 50_000, "cifar100": 50_000, "ImageNet16-120": 151_700}
CLASSES = {"cifar10-valid": 10, "cifar10": 10, "cifar100": 100, "ImageNet16-120": 120}
SIDE = {"cifar10-valid": 32, "cifar10": 32, "cifar100": 32, "ImageNet16-120": 16}
SPLITS = {
    "cifar10-valid": {"x-valid": 25_000, "ori-test": 10_000},
    "cifar10": {"ori-test": 10_000},
    "cifar100": {"x-valid": 5_000, "x-test": 5_000, "ori-test": 10_000},
    "ImageNet16-120": {"x-valid": 3_000, "x-test": 3_000, "ori-test": 6_000},
}
RECIPES = {"nasbench201": ("12", "200"), "natssize": ("01", "12", "90")}
GENOTYPE = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
HALF_HAVE_ALL_SEEDS = 0.51
FOLDERS = {"nasbench201": "NATS-tss-v1_0-synthetic-simple", "natssize": "NATS-sss-v1_0-synthetic-simple"}


@cache
def architectures(name: str) -> list[str]:
    """The strings of a space in the official order."""
    space = spaces.make(name, {})
    return [space.format(arch) for arch in space.enumerate()]


@cache
def sizes(name: str, data: str) -> tuple[Any, Any]:
    """Parameters and multiply-adds of all architectures, in millions."""
    space = spaces.make(name, {})
    settings = {"classes": CLASSES[data], "image_size": SIDE[data]}
    archs = space.enumerate()
    return costs.params(space, archs, **settings) / 1e6, costs.flops(space, archs, **settings) / 1e6


class Maker:
    """Makes up the results of one architecture."""

    def __init__(self, space: str, index: int) -> None:
        self.space, self.index = space, index
        self.arch = architectures(space)[index]
        self.random = np.random.default_rng((20_200_101, index))
        self.quality = self.random.beta(5, 2)
        self.seconds = self.random.uniform(4, 20)

    def states(self) -> OrderedDict[str, Any]:
        """All that its file has."""
        return OrderedDict((hp, self.recipe(hp)) for hp in RECIPES[self.space])

    def recipe(self, hp: str) -> dict[str, Any]:
        """The state of an ``ArchResults``."""
        runs = {(data, seed): self.run(hp, data, seed) for data, seed in self.trainings(hp)}
        seeds = {data: sorted(seed for one, seed in runs if one == data) for data in TRAINED}
        return {
            "arch_index": self.index,
            "arch_str": self.arch,
            "all_results": runs,
            "dataset_seed": seeds,
            "clear_net_done": True,
        }

    def trainings(self, hp: str) -> list[tuple[str, int]]:
        """Data sets and seeds, in the order of the published files."""
        if hp == "12" and self.space == "nasbench201":
            return [("cifar10-valid", 777), *((data, 111) for data in TRAINED)]
        if hp in ("01", "90"):
            return [(data, 777) for data in TRAINED]
        if self.space == "natssize":
            return [(data, seed) for seed in (777, 888, 999) for data in TRAINED]
        chance = self.random.random()
        seeds = (999, 777, 888) if chance < HALF_HAVE_ALL_SEEDS else (777, 888) if chance < 0.86 else (777,)
        return [(data, seed) for seed in seeds for data in TRAINED]

    def run(self, hp: str, data: str, seed: int) -> dict[str, Any]:
        """The state of a ``ResultsCount``."""
        epochs, classes = int(hp), CLASSES[data]
        best = 100 / classes + (97 - 100 / classes) * self.quality ** (1 if classes == 10 else 2)
        progress = 1 - np.exp(-4 * (np.arange(epochs) + 1) / epochs)
        curve = 100 / classes + (best - 100 / classes) * progress + self.random.normal(0, 0.5, epochs)
        params, flops = sizes(self.space, data)
        long = epochs == 200
        rotated = long and data != "cifar10-valid"
        names = sorted(SPLITS[data], key=lambda split: rotated and split != "ori-test")
        state = {
            "name": data,
            "train_acc1es": self.epochs(self.accuracies(curve, TRAINED[data], 256)),
            "train_acc5es": None if long else self.epochs(self.accuracies(curve / 4 + 74, TRAINED[data], 256)),
            "train_losses": self.epochs(self.losses(curve, TRAINED[data], 256)),
            "train_times": OrderedDict.fromkeys(range(epochs), self.seconds * TRAINED[data] / 25_000),
            "arch_config": self.config(data),
            "params": np.float64(params[self.index]),
            "flop": float(flops[self.index]),
            "seed": f"{seed:04d}",
            "epochs": epochs,
            "latency": [np.float64(0.001 * self.seconds + 0.01)],
            "eval_names": names,
            "eval_acc1es": {},
            "eval_times": {
                f"{split}@{epoch}": self.seconds * images / 75_000
                for split, images in SPLITS[data].items()
                for epoch in range(epochs)
            },
            "eval_losses": {},
            "net_state_dict": None,
        }
        for split in names:
            self.evaluate(state, split, SPLITS[data][split], curve - 2)
        return state

    def evaluate(self, state: dict[str, Any], split: str, images: int, curve: Any) -> None:
        """Add what was measured on a split, after all epochs or only after the last."""
        epochs, data = state["epochs"], state["name"]
        every = epochs != 200 or split == ("x-valid" if data == "cifar10-valid" else "ori-test")
        first = 0 if every else epochs - 1
        keys = [f"{split}@{epoch}" for epoch in range(first, epochs)]
        state["eval_acc1es"].update(zip(keys, self.accuracies(curve[first:], images, 512), strict=True))
        state["eval_losses"].update(zip(keys, self.losses(curve[first:], images, 512), strict=True))

    def config(self, data: str) -> dict[str, Any]:
        """What the network was."""
        if self.space == "nasbench201":
            return {"channel": 16, "num_cells": 5, "arch_str": self.arch, "class_num": CLASSES[data]}
        names = {"name": "infer.shape.tiny", "channels": self.arch, "arch_str": self.arch, "genotype": GENOTYPE}
        return {**names, "class_num": CLASSES[data]}

    @staticmethod
    def epochs(values: list[float]) -> dict[int, float]:
        """Values by epoch."""
        return dict(enumerate(values))

    def accuracies(self, curve: Any, images: int, batch: int) -> list[float]:
        """Percentages as the published code averages them: a float32 a batch, weighted by its images."""
        last = images % batch or batch
        right = np.rint(np.clip(curve, 0, 100) / 100 * images)
        of_last = np.minimum(np.rint(right * last / images), last)
        percent = (of_last.astype(np.float32) * np.float32(100 / last)).astype(np.float64)
        return ((np.minimum(right - of_last, images - last) * 100 + percent * last) / images).tolist()

    def losses(self, curve: Any, images: int, batch: int) -> list[float]:
        """Losses that fall as accuracies rise, averaged in the same way."""
        last = images % batch or batch
        loss = -np.log(np.clip(curve, 1, 99) / 100)
        whole = (loss * self.random.lognormal(0, 0.02, len(loss))).astype(np.float32).astype(np.float64)
        part = (loss * self.random.lognormal(0, 0.1, len(loss))).astype(np.float32).astype(np.float64)
        return ((whole * (images - last) + part * last) / images).tolist()


def chosen(space: str, count: int) -> list[int]:
    """The indices of that many architectures, spread over the space."""
    return np.unique(np.linspace(0, len(architectures(space)) - 1, count).astype(int)).tolist()


def write_folder(folder: Path, space: str, count: int, processes: int) -> None:
    """Write those files of a folder that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    archs = architectures(space)
    meta = {"meta_archs": archs, "total_archs": len(archs), "arch2infos": None, "evaluated_indexes": set()}
    write(folder / "meta.pickle.pbz2", meta)
    todo = [index for index in chosen(space, count) if not (folder / f"{index:06d}.pickle.pbz2").exists()]
    with ProcessPoolExecutor(processes) as pool:
        began = time.perf_counter()
        written = pool.map(partial(write_one, folder, space), todo, chunksize=16)
        for done, _ in enumerate(written, 1):
            if done % 500 == 0 or done == len(todo):
                print(f"{done:,} of {len(todo):,} architectures, {time.perf_counter() - began:.0f} s", flush=True)


def write_one(folder: Path, space: str, index: int) -> None:
    """Write an architecture's file."""
    write(folder / f"{index:06d}.pickle.pbz2", Maker(space, index).states())


def write(path: Path, found: Any) -> None:
    """Write a bz2 pickle, which appears when it is whole."""
    part = path.with_suffix(".part")
    part.write_bytes(bz2.compress(pickle.dumps(found, protocol=4)))
    part.rename(path)


def write_pth(path: Path, count: int, legacy: bool) -> None:
    """Write a file as ``torch.save`` does; a legacy one, like v1_0, has 12 epochs on half of CIFAR-10 alone."""
    import torch

    archs = architectures("nasbench201")
    results = dict(records(chosen("nasbench201", count), legacy))
    found = {
        "meta_archs": archs,
        "total_archs": len(archs),
        "arch2infos": results,
        "evaluated_indexes": set(results),
    }
    torch.save(found, path, _use_new_zipfile_serialization=not legacy)


def records(indices: list[int], legacy: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    """The results of both recipes, named as in ``.pth`` files."""
    for index in indices:
        states = Maker("nasbench201", index).states()
        less = states["12"]
        if legacy:
            less["all_results"] = {key: run for key, run in less["all_results"].items() if key[0] == "cifar10-valid"}
            less["dataset_seed"] = {"cifar10-valid": less["dataset_seed"]["cifar10-valid"]}
        yield index, {"full": states["200"], "less": less}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--space", choices=RECIPES, default="nasbench201")
    parser.add_argument("--architectures", type=int, default=None)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--legacy", action="store_true")
    asked = parser.parse_args()
    count = asked.architectures or len(architectures(asked.space))
    if asked.path.suffix == ".pth":
        write_pth(asked.path, count, asked.legacy)
    else:
        write_folder(asked.path / FOLDERS[asked.space], asked.space, count, asked.processes)


if __name__ == "__main__":
    main()
