"""Names of what was measured in published trainings: data sets, splits, metrics, and the columns that hold them."""

from __future__ import annotations

from collections.abc import Iterable

from nasbed.core.errors import NotInTable

TRAIN = "train"
RUN_METRICS = {"params": "million", "flops": "million", "epochs": "epochs", "latency": "s"}
"""What a training has one number of, with its unit; of latencies there may be several measurements."""

UNITS = {"accuracy": "percent", "top5": "percent", "loss": "", "time": "s"}
"""What is measured epoch by epoch, with its unit."""

MEANINGS = {
    "accuracy": "percentage of the images classified correctly",
    "top5": "percentage of the images whose class is among the five likeliest",
    "loss": "mean cross-entropy",
    "time": "time of one pass over the images",
    "params": "trainable parameters",
    "flops": "multiply-adds of one image",
    "epochs": "epochs trained",
    "latency": "time of a batch of 256 images, each measurement",
}

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


def group_name(hp: str, data: str) -> str:
    """Name the trainings with one recipe on one data set."""
    return f"{hp}/{data}"


def column_name(hp: str, data: str, split: str | None, metric: str) -> str:
    """Name a column: ``200/cifar10-valid/x-valid/accuracy``, or ``200/cifar10-valid/params``."""
    return "/".join((hp, data, *([] if split is None else [split]), metric))


def published_split(split: str, there: Iterable[str], data: str) -> str:
    """Give what a file calls a split: ``valid`` is x-valid; ``test`` is x-test or, where there is none, ori-test.

    Raises:
        NotInTable: When the data set does not have it, with the splits that it has.
    """
    known = list(there)
    wanted = {"valid": ["x-valid"], "validation": ["x-valid"], "test": ["x-test", "ori-test"]}.get(split, [split])
    for name in wanted:
        if name in known:
            return name
    why = f". {data}: {WARNINGS[data]}" if data in WARNINGS else ""
    raise NotInTable(f"{data} has no split {split!r} here; it has: {', '.join(known)}{why}")
