"""What is known of published results: their files, names, units, and what one should know before citing them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nasbed.readers.measure import SPLITS, Measure
from nasbed.readers.names import MEASURES, POINTS, TRAIN

PUBLISHED = {
    "3d64db8180fb1b0207212f9032205064312b6907a3bbc81eabea10db2f5c7e9c": "nasbench_full",
    "4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1": "nasbench_only108",
}
"""Names of TFRecord files by SHA-256. Reference: https://github.com/google-research/nasbench"""

MODULES = "1f4a7db984f8bb44da50e51b6c7e830bd26a761a39d60997ef500b7610ef0449"
"""SHA-256 of the digests of all 423,624 modules in the published order of enumeration, 16 bytes each."""

DOUBLES = (*(f"{point}{measure}" for point in POINTS for measure in MEASURES), "total_time")
"""The columns of the doubles of a TFRecord, in their order there."""

PATHS = tuple(f"{point}checkpoint_path" for point in POINTS)
"""The columns of its texts."""

REPORTED = tuple(f"{point}{measure}" for point in ("", "halfway_") for measure in MEASURES[1:])
"""The columns of trainings that queries read; other ones are cold."""

PARAMETERS = Measure("params", meaning="trainable parameters", goal="min", role="cost")

_METRICS = {
    "accuracy": ("percent", "percentage of the images classified correctly"),
    "top5": ("percent", "percentage of the images whose class is among the five likeliest"),
    "loss": ("nats", "mean cross-entropy"),
    "time": ("s", "time of one pass over the images"),
    "params": ("million", "trainable parameters"),
    "flops": ("million", "multiply-adds of one image"),
    "epochs": ("epochs", "epochs trained"),
    "latency": ("s", "time of a batch of 256 images, each measurement"),
}
"""What is measured of trainings of NAS-Bench-201: its unit, and what it is."""

_MOMENTS = {"start_": "before training", "halfway_": "halfway through training", "": "at the end of training"}

HALVES = ("x-valid", "x-test", "ori-test")
"""Splits of NAS-Bench-201, which divides the images of its data sets as ``WARNINGS`` says."""

WARNINGS = {
    "cifar10-valid": "trained on one half (25k) of CIFAR-10's training images; x-valid is the other half, ori-test the "
    "10k test images",
    "cifar10": "trained on all 50k training images of CIFAR-10, so that it has no validation split; ori-test is the "
    "10k test images. The training with a validation split is cifar10-valid",
    "cifar100": "ori-test, CIFAR-100's 10k test images, is the union of x-valid and x-test: it has the images that "
    "validation has",
    "ImageNet16-120": "ori-test, the 6k test images, is the union of x-valid and x-test: it has the images that "
    "validation has",
}
"""What one should know of a data set's splits; https://arxiv.org/abs/2001.00326, section 2.2."""

ONLY_TEST = "only TEST accuracies: a search is told what is reported, so that no result of it is an honest test"
"""What is said of results without a validation split."""


def column_name(recipe: str, data: str, split: str | None, metric: str) -> str:
    """Name a column of NAS-Bench-201: ``200/cifar10-valid/x-valid/accuracy``, or ``200/cifar10-valid/params``."""
    return "/".join(filter(None, (recipe, data, split, metric)))


def run_measure(
    recipe: str, data: str, split: str | None, metric: str, seeds: Sequence[int | str], epochs: Sequence[int] | None
) -> Measure:
    """Say what a column of NAS-Bench-201's trainings holds.

    Args:
        recipe: The recipe, named by its epochs.
        data: The data set.
        split: As published; None for what is about no images.
        metric: What was measured.
        seeds: Of the second axis.
        epochs: Of the third axis, after so many epochs; of what is about no images, numbers of measurements; None for
            no such axis.
    """
    axis = "repeat" if split is None else "epoch"
    along: dict[str, Any] = {} if epochs is None else {f"{axis}s": tuple(epochs)}
    unit, meaning = _METRICS.get(metric, ("", ""))
    return Measure(
        metric,
        split if split in (TRAIN, *SPLITS) else "",
        data,
        (recipe,),
        tuple(seeds),
        axes=("seed",) if epochs is None else ("seed", axis),
        unit=unit,
        role="" if metric == "accuracy" else "detail" if split or metric == "epochs" else "cost",
        **along,
        published=split or "",
        meaning=meaning,
    )


def training_measure(name: str, recipes: Sequence[int], seeds: int, data: str) -> Measure:
    """Say what a column of trainings in the form of NAS-Bench-101 holds, ``(n, recipes, seeds)``.

    Args:
        name: The column's: ``validation_accuracy``, ``halfway_training_time``, ….
        recipes: The epochs of each.
        seeds: How many trainings a recipe has.
        data: What was trained on.
    """
    point = next(point for point in POINTS if name.startswith(point))  # all names begin with the last, which is empty
    metric, moment = name.removeprefix(point), _MOMENTS[point]
    split = metric.removesuffix("_accuracy") if metric.endswith("_accuracy") else ""
    unit, meaning = {
        f"{split}_accuracy": ("fraction", f"fraction of the {split} images classified correctly, {moment}"),
        "training_time": ("s", f"time of the training steps, {moment}"),
        "total_time": ("s", "time of the whole training, with evaluations and saving"),
        "current_epoch": ("epochs", f"epochs trained, {moment}"),
        "checkpoint_path": ("", f"where the weights were saved, {moment}"),
        "record": ("", "number of the record in the imported file, minus the number of the slot"),
    }.get(metric, ("", ""))
    return Measure(
        "accuracy" if split else metric,
        split,
        data,
        tuple(map(str, recipes)),
        tuple(range(seeds)),
        tuple(int(epochs * POINTS[point]) for epochs in recipes),
        axes=("recipe", "seed"),
        unit=unit,
        role="" if split else "cost" if metric == "training_time" else "detail",
        meaning=meaning,
    )
