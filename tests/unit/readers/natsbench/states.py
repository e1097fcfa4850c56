"""States of trainings as the published files have them, small and made up."""

import bz2
import pickle
from collections import OrderedDict
from functools import cache

import numpy as np

from nasbed.core.registry import spaces


@cache
def archs_of(name):
    space = spaces.make(name, {})
    return [space.format(arch) for arch in space.enumerate()]


def run_state(data="cifar10-valid", seed=777, epochs=2, splits=("x-valid", "ori-test"), **changes):
    keys = [f"{split}@{epoch}" for split in splits for epoch in range(epochs)]
    return {
        "name": data,
        "train_acc1es": {epoch: 10.0 + epoch for epoch in range(epochs)},
        "train_acc5es": None,
        "train_losses": {epoch: 2.0 - epoch / 8 for epoch in range(epochs)},
        "train_times": OrderedDict((epoch, 5.5) for epoch in range(epochs)),
        "arch_config": {"channel": 16, "num_cells": 5, "class_num": 10},
        "params": np.float64(0.5),
        "flop": 12.25,
        "seed": f"{seed:04d}",
        "epochs": epochs,
        "latency": [np.float64(0.0125)],
        "eval_names": list(splits),
        "eval_acc1es": {key: 9.0 + i for i, key in enumerate(keys)},
        "eval_times": dict.fromkeys(keys, 0.75),
        "eval_losses": {key: 1.0 + i / 16 for i, key in enumerate(keys)},
        "net_state_dict": None,
    } | changes


def state(index, space="nasbench201", runs=None, **changes):
    runs = runs or {
        (data, seed): run_state(data, seed) for data in ("cifar10-valid", "cifar100") for seed in (777, 888)
    }
    return {
        "arch_index": index,
        "arch_str": archs_of(space)[index],
        "all_results": runs,
        "dataset_seed": {data: sorted(seed for one, seed in runs if one == data) for data, _ in runs},
        "clear_net_done": True,
    } | changes


def states(index, space="nasbench201"):
    return OrderedDict((hp, state(index, space)) for hp in ("12", "200"))


def write(path, value):
    path.write_bytes(bz2.compress(pickle.dumps(value, 4)))


@cache
def meta(space):
    """The list of all architectures, as its file has it."""
    archs = archs_of(space)
    found = {"meta_archs": archs, "total_archs": len(archs), "arch2infos": None, "evaluated_indexes": set()}
    return bz2.compress(pickle.dumps(found, 4), 1)


def write_folder(folder, found, space="nasbench201"):
    """Write a folder: the list of all architectures, and what was found of some."""
    folder.mkdir(exist_ok=True)
    (folder / "meta.pickle.pbz2").write_bytes(meta(space))
    for index, value in found.items():
        write(folder / f"{index:06d}.pickle.pbz2", value)
    return folder
