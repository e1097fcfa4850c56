"""Made-up trainings in the published form, as a source gives them and as files of its format."""

import bz2
import pickle
from dataclasses import replace
from functools import cache

import numpy as np

from nasbed.compat.nats_bench.trainings import published_of
from nasbed.core.registry import spaces
from nasbed.readers.natsbench.trainings import Measured, Published, Run
from nasbed.tables.nats_import import columns_of, read_part
from nasbed.tables.writing import write_table

SPLITS = {
    "cifar10-valid": ("x-valid", "ori-test"),
    "cifar10": ("ori-test",),
    "cifar100": ("x-valid", "x-test", "ori-test"),
}
IMAGES = {"train": 25_000, "x-valid": 25_000, "x-test": 5_000, "ori-test": 10_000}


def percentage(right, images, batch=256):
    """A mean over batches as the published code has it: percentages in single precision, weighted by their sizes."""
    total, left = 0.0, right
    sizes = [batch] * (images // batch) + ([images % batch] if images % batch else [])
    for size in sizes:
        here = min(size, left)
        left -= here
        total += float(np.float32(here) * np.float32(100.0 / size)) * size
    return total / images


def measured_of(curves, evaluations):
    """Put together what `Run` says of a training."""
    found = {name: dict(enumerate(curve)) for name, curve in curves.items()}
    for (split, epoch), measured in evaluations.items():
        for metric, value in measured.items():
            found.setdefault(f"{split}/{metric}", {})[epoch] = value
    layout = tuple((name, tuple(some)) for name, some in found.items())
    return Measured(layout, np.array([value for some in found.values() for value in some.values()], np.float64))


def made_run(random, hp, data, seed, *, last_only=(), top5=False):
    epochs = int(hp)
    curves = {
        "train/accuracy": np.array([percentage(int(random.integers(25_000)), 25_000) for _ in range(epochs)]),
        "train/loss": random.uniform(0, 3, epochs),
        "train/time": np.full(epochs, random.uniform(5, 60)),
    }
    if top5:
        curves["train/top5"] = random.uniform(0, 100, epochs)
    evaluations = {}
    for split in SPLITS[data]:
        time = float(random.uniform(1, 9))
        for epoch in range(epochs):
            found = {"time": time}
            if split not in last_only or epoch == epochs - 1:
                right = int(random.integers(IMAGES[split]))
                found |= {"accuracy": percentage(right, IMAGES[split]), "loss": float(random.uniform(0, 3))}
            evaluations[split, epoch] = found
    return Run(
        hp=hp,
        data=data,
        seed=seed,
        epochs=epochs,
        params=float(random.uniform(0.05, 2)),
        flops=float(random.uniform(5, 200)),
        measured=measured_of(curves, evaluations),
        latency=(float(random.uniform(0.01, 0.02)),),
        other={"name": data, "seed": f"{seed:04d}", "arch_config": {"channel": 16, "class_num": 10}},
    )


def made(
    index, space="nasbench201", seed=0, hps=("2", "12"), data=("cifar10-valid", "cifar10", "cifar100"), seeds=None
):
    """All trainings of an architecture; architectures of odd number lack the last seed of the longest recipe."""
    random = np.random.default_rng([seed, index])
    space = spaces.make(space, {})
    text = space.format(space.archs_of(np.array([index]))[0])
    runs = []
    for hp in hps:
        some = seeds or ((111,) if hp == hps[0] else (999, 777, 888)[index % 2 :])
        for name in data:
            last_only = ("x-valid", "x-test") if hp == hps[-1] and name == "cifar100" else ()
            runs += [made_run(random, hp, name, s, last_only=last_only, top5=hp == hps[0]) for s in some]
    runs = [replace(run, other={**run.other, "arch": text}) for run in runs]
    other = {hp: {"arch_index": index, "arch_str": text, "dataset_seed": {name: [111] for name in data}} for hp in hps}
    return Published(index, text, tuple(runs), other)


class _Source(list):
    path = "made up"


def table_of(some, path, space="nasbench201", provenance=None):
    part, space = read_part(_Source(some), path.with_suffix(".part")), spaces.make(space, {})
    return write_table(
        path,
        space,
        space.archs_of(np.sort(part.index)),
        columns_of([part], lambda share: None),
        provenance={"source": "a test", **(provenance or {})},
        continues=True,
    )


def run_of(table, index, recipe, data, seed):
    """One training of an architecture."""
    return next(run for run in published_of(table, index, f"{recipe}/{data}").runs if run.seed == seed)


@cache
def texts(space):
    """All architectures of a space as text."""
    space = spaces.make(space, {})
    return tuple(space.format(arch) for arch in space.enumerate())


def folder_of(some, folder, space="nasbench201"):
    """Write architectures as a ``NATS-…-simple`` folder, in the published dictionaries."""
    folder.mkdir()
    archs = list(texts(space))
    _write(folder / "meta.pickle.pbz2", {"meta_archs": archs, "total_archs": len(archs), "arch2infos": None})
    for published in some:
        states = {}
        for hp, about in published.other.items():
            runs = [run for run in published.runs if run.hp == hp]
            seeds = {}
            for run in runs:
                seeds.setdefault(run.data, []).append(run.seed)
            states[hp] = {
                **about,
                "dataset_seed": seeds,
                "all_results": {(run.data, run.seed): _state(run) for run in runs},
            }
        _write(folder / f"{published.index:06d}.pickle.pbz2", states)
    return folder


def _state(run):
    evaluated = {name: {} for name in ("eval_acc1es", "eval_losses", "eval_times")}
    for (split, epoch), found in run.evaluations.items():
        for metric, name in (("accuracy", "eval_acc1es"), ("loss", "eval_losses"), ("time", "eval_times")):
            if metric in found:
                evaluated[name][f"{split}@{epoch}"] = found[metric]
    names = {"train_acc1es": "accuracy", "train_acc5es": "top5", "train_losses": "loss", "train_times": "time"}
    curves = {
        state: dict(enumerate(run.curves[f"train/{name}"].tolist())) if f"train/{name}" in run.curves else None
        for state, name in names.items()
    }
    return {
        **run.other,
        **curves,
        **evaluated,
        "params": np.float64(run.params),
        "flop": run.flops,
        "epochs": run.epochs,
        "latency": list(run.latency),
        "net_state_dict": None,
    }


def _write(path, value):
    path.write_bytes(bz2.compress(pickle.dumps(value, protocol=4), 1))


def same(a, b):
    """See that two architectures' trainings are one, to the bit."""
    assert (a.index, a.arch, len(a.runs)) == (b.index, b.arch, len(b.runs))
    assert a.other == b.other
    for one, two in zip(a.runs, b.runs, strict=True):
        same_run(one, two)


def same_run(a, b):
    for name in ("hp", "data", "seed", "epochs", "params", "flops", "latency", "other"):
        assert getattr(a, name) == getattr(b, name), name
    assert set(a.curves) == set(b.curves)
    for name, curve in a.curves.items():
        np.testing.assert_array_equal(curve.view(np.uint64), b.curves[name].view(np.uint64), name)
    assert sorted(a.evaluations) == sorted(b.evaluations)
    for place, found in a.evaluations.items():
        assert {k: np.float64(v).view(np.uint64) for k, v in found.items()} == {
            k: np.float64(v).view(np.uint64) for k, v in b.evaluations[place].items()
        }, place
