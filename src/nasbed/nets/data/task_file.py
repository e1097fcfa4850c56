"""Task file: a Python function of anyone's, whose task may have any dataset, loss and score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.nets.data.arrays import floats_of, images_of, labels_of
from nasbed.nets.data.pictures import PARTS, Pictures
from nasbed.nets.data.splits import completed
from nasbed.nets.own_file import beside, checksum_of, divided, function_of, says
from nasbed.nets.task import Task


def task(where: str | None = None) -> Pictures:
    """A dataset, a loss and a metric of your own: 'task:FILE.py:FUNCTION', which returns a nasbed.Task.

    The function is called once in each process, without arguments, and must return the same each time. The checksum of
    the data covers the file, so that nothing goes on with another. What the file imports is not covered.

    Args:
        where: The file and the function.
    """
    path, function = divided(where or "", "which function gives the task?", "make", "task:{}")
    checksum = checksum_of(path)
    with says(f"{path}:{function}", path), beside(path):
        made = function_of(path, function, checksum, "without arguments")()
        if not isinstance(made, Task):
            raise BadSetting(f"{path}:{function} must return a nasbed.Task, not {type(made).__name__}")
    if made.name == Task.name:
        made = replace(made, name=f"{path.name}:{function}")
    with says(f"reading the data of {made.name}"):
        found = _pictures(made)
    judged = made.completed(found.labels[found.parts["train"]], found.classes)
    return replace(found, task=replace(judged, checksum=checksum))


def _pictures(made: Task) -> Pictures:
    """Bring a task's data into the form of a source."""
    from nasbed.nets.data.sources import pictures

    if isinstance(made.data, str):
        found = pictures(made.data)
        if made.outputs not in (0, found.classes):
            found = replace(found, classes=0)
        return found
    given = made.data if isinstance(made.data, Mapping) else {"train": made.data}
    if "train" not in given or not set(given) <= set(PARTS):
        raise BadSetting(f"the data of {made.name} are for {', '.join(PARTS)}, the first at least, not {list(given)}")
    read = {part: _arrays(given[part], f"{part} of {made.name}") for part in PARTS if part in given}
    ends = np.cumsum([0, *(len(images) for images, _ in read.values())])
    parts = {part: np.arange(start, end) for part, start, end in zip(read, ends[:-1], ends[1:], strict=True)}
    try:
        images, targets = (np.concatenate(arrays) for arrays in zip(*read.values(), strict=True))
    except ValueError as error:
        raise BadSetting(f"the parts of {made.name} differ in their shapes: {error}") from None
    labels, classes = _labels(targets, made)
    kinds = [f"the class {label} of {made.name}" for label in range(classes)] or [made.name]
    parts = completed(parts, labels if classes else np.zeros(len(labels), np.int64), kinds)
    return Pictures(images_of(images, f"what {made.name} has of images"), labels, parts, classes)


def _labels(targets: NDArray[Any], made: Task) -> tuple[NDArray[Any], int]:
    """Return targets, and how many classes there are: where they are whole numbers and nobody says anything else."""
    what = f"what {made.name} has of targets"
    if targets.dtype.kind in "iub" and targets.ndim == 1 and (not made.outputs or made.loss is None):
        return labels_of(targets.astype(np.int64), len(targets), what)
    if targets.dtype.kind in "iub":
        return targets.astype(np.int64), 0
    found = floats_of(targets, what)
    return found[:, None] if found.ndim == 1 else found, 0


def _arrays(data: Any, what: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Read a dataset: images, channels last, and targets."""
    torch = require("torch", "torch")
    if isinstance(data, tuple) and len(data) == 2:
        images, targets = data
        images = _image(images, 4)
        targets = targets.detach().cpu().numpy() if isinstance(targets, torch.Tensor) else np.asarray(targets)
    elif hasattr(data, "__getitem__") and hasattr(data, "__len__"):
        pairs = [data[number] for number in range(len(data))]
        if not pairs or not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs):
            raise BadSetting(f"{what} must give pairs of an image and its target, at least one")
        images = _stacked([_image(image, 3) for image, _ in pairs], f"images in {what}")
        targets = _stacked([np.asarray(target) for _, target in pairs], f"targets in {what}")
    else:
        raise BadSetting(
            f"{what} is {type(data).__name__}; it may be a data source's name, a dataset of PyTorch's, or a pair of "
            "images and targets"
        )
    if len(images) != len(targets):
        raise BadSetting(f"{what} has {len(images)} images and {len(targets)} targets")
    return images, targets


def _image(image: Any, axes: int) -> NDArray[Any]:
    """Return one or many images as an array, channels last; a tensor's are first."""
    torch = require("torch", "torch")
    if not isinstance(image, torch.Tensor):
        return np.asarray(image)
    found: NDArray[Any] = image.detach().cpu().numpy()
    return np.moveaxis(found, -3, -1) if found.ndim == axes else found


def _stacked(arrays: list[NDArray[Any]], what: str) -> NDArray[Any]:
    shapes = sorted({array.shape for array in arrays})
    if len(shapes) > 1:
        raise BadSetting(f"{what} have several shapes, {shapes[0]} and {shapes[1]} among them; give all of them one")
    return np.stack(arrays)
