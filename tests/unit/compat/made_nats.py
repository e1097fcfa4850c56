"""Folders in the published format of NATS-Bench with made-up numbers, and what is odd in genuine ones."""

import bz2
import itertools
import pickle
import random
from collections import OrderedDict
from functools import cache

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
CLASSES = {"cifar10-valid": 10, "cifar10": 10, "cifar100": 100, "ImageNet16-120": 120}
SPLITS = {
    "cifar10-valid": ["x-valid", "ori-test"],
    "cifar10": ["ori-test"],
    "cifar100": ["ori-test", "x-valid", "x-test"],
    "ImageNet16-120": ["ori-test", "x-valid", "x-test"],
}


@cache
def strings(space):
    if space == "natssize":
        return [":".join(map(str, some)) for some in itertools.product(range(8, 72, 8), repeat=5)]
    from nasbed.spaces.nasbench201 import NASBench201  # the official order is not that of a product

    made = NASBench201()
    return [made.format(arch) for arch in made.enumerate()]


def result(draw, arch, data, seed, epochs, per_epoch, times):
    """Make one training, evaluated on the splits ``per_epoch`` after every epoch, on the others after the last."""
    names = SPLITS[data]
    measured = {name: range(epochs) if name in per_epoch else [epochs - 1] for name in names}
    keys = [f"{name}@{epoch}" for name, some in measured.items() for epoch in some]
    config = {"channel": 16, "num_cells": 5, "arch_str": arch, "class_num": CLASSES[data]}
    if ":" in arch:
        config = {"name": "infer.shape.tiny", "channels": arch, "arch_str": arch, "genotype": "|a~0|"} | {
            "class_num": CLASSES[data]
        }
    return {
        "name": data,
        "net_state_dict": None,
        "train_acc1es": {i: draw.uniform(10, 100) for i in range(epochs)},
        "train_acc5es": {i: draw.uniform(10, 100) for i in range(epochs)} if epochs < 20 else None,
        "train_losses": {i: draw.uniform(0, 3) for i in range(epochs)},
        "train_times": OrderedDict((i, draw.uniform(1, 2)) for i in range(epochs)) if times else None,
        "arch_config": config,
        "params": 0.1 * CLASSES[data],
        "flop": 15.5,
        "seed": f"{seed:04d}",
        "epochs": epochs,
        "latency": [draw.uniform(0.01, 0.02) for _ in range(2)],
        "eval_names": list(names),
        "eval_acc1es": {key: draw.uniform(10, 100) for key in keys},
        "eval_losses": {key: draw.uniform(0, 3) for key in keys},
        "eval_times": {f"{n}@{i}": draw.uniform(0.1, 1) for n in names for i in range(epochs)} if times else {},
    }


def state(draw, index, arch, epochs, seeds, times=True):
    """Make all trainings by one recipe; seeds come in no order, as in the genuine files."""
    few = epochs < 20
    results = {}
    for data in CLASSES:
        every = SPLITS[data] if few else {"cifar10-valid": ["x-valid"]}.get(data, ["ori-test"])
        for seed in reversed(seeds.get(data, seeds[None])):
            results[data, seed] = result(draw, arch, data, seed, epochs, every, times)
    return {
        "arch_index": index,
        "arch_str": arch,
        "all_results": results,
        "dataset_seed": {data: sorted(seed for name, seed in results if name == data) for data in CLASSES},
        "clear_net_done": True,
    }


def states(space="nasbench201", indices=(0, 7, 15_000), archs=None):
    """Make states of architectures: the second lacks seeds, the third disagrees with itself and has no times."""
    draw, archs = random.Random(0), archs or strings(space)
    recipes = {"12": 12, "200": 40} if space == "nasbench201" else {"01": 1, "12": 12, "90": 30}
    found = {}
    for place, index in enumerate(indices):
        found[index] = {}
        for hp, epochs in recipes.items():
            seeds = {None: [777, 888, 999] if place != 1 else [777, 888]}
            if hp == "12" and space == "nasbench201":
                seeds = {None: [111], "cifar10-valid": [111, 777]}
            found[index][hp] = state(draw, index, archs[index], epochs, seeds, times=place != 2)
        if place == 2:
            last = list(found[index].values())[-1]["all_results"]
            for seed, flops in ((777, 10.0), (888, 15.5), (999, 11.0)):
                if ("cifar100", seed) in last:
                    last["cifar100", seed]["flop"] = flops
            last["cifar10", 777]["latency"] = None
            del last["cifar100", 777]["eval_acc1es"][f"x-test@{last['cifar100', 777]['epochs'] - 1}"]
    return found


def folder(path, space="nasbench201", indices=(0, 7, 15_000)):
    """Write a folder and give its path."""
    archs = strings(space)
    path.mkdir(parents=True, exist_ok=True)
    write(path / "meta.pickle.pbz2", {"meta_archs": archs, "total_archs": len(archs), "arch2infos": None})
    for index, some in states(space, indices, archs).items():
        write(path / f"{index:06d}.pickle.pbz2", OrderedDict(some))
    return path


def write(path, value):
    with bz2.open(path, "wb", compresslevel=1) as file:
        pickle.dump(value, file, protocol=4)
