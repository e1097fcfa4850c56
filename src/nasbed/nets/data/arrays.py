"""Arrays: anyone's images and what is to be learned of them, in a NumPy file."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.nets.data.pictures import PARTS, Pictures
from nasbed.nets.data.splits import checked, completed

NEEDED = ("images", "labels")

LARGEST = 64 << 30
"""Bytes of all arrays of a file, unpacked: a small file may be packed such that it fills any memory."""


def arrays(where: str | None = None) -> Pictures:
    """Images and labels of your own in a NumPy file: 'arrays:FILE.npz'.

    ``images`` are ``(n, size, size)`` or ``(n, size, size, channels)``, bytes or floats. ``labels`` are whole numbers
    ``(n,)``, classes from 0, or floats ``(n,)`` or ``(n, targets)``, numbers to predict. ``train``, ``validation`` and
    ``test``, where they are given, list the numbers of the images of a part; training gets all images that no part
    lists, and a part that is not given gets a fifth of each class of the training images, the same at every call.

    Args:
        where: The file.
    """
    if where is None:
        raise BadSetting("which file holds the arrays? Name it: arrays:FILE.npz")
    path = Path(where).expanduser()
    found, others = _read(path)
    images = images_of(found["images"], f"'images' in {path}")
    labels, classes = labels_of(found["labels"], len(images), f"'labels' in {path}")
    parts = {part: _numbers(found[part], len(images), f"{part!r} in {path}") for part in PARTS if part in found}
    if "train" not in parts:
        parts["train"] = np.setdiff1d(np.arange(len(images)), np.concatenate([[], *parts.values()])).astype(np.int64)
    kinds = [f"the class {label} in {path}" for label in range(classes)] or [str(path)]
    parts = completed(parts, labels.astype(np.int64) if classes else np.zeros(len(images), np.int64), kinds)
    warnings = (f"{path} has other arrays, which are not read: {', '.join(others)}",) if others else ()
    return Pictures(images, labels, parts, classes, warnings=warnings)


def _read(path: Path) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """Read the arrays that are known here, and name the others; none may hold Python objects, which could run code."""
    if not path.is_file():
        raise BadSetting(f"there is no file {path}; name the one that holds the arrays: arrays:FILE.npz")
    if not zipfile.is_zipfile(path):
        raise CorruptFile(
            f"{path} is not a file of arrays; write one with numpy.savez({path.name!r}, images=…, labels=…)"
        )
    found: dict[str, NDArray[Any]] = {}
    doing = str(path)
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            size = sum(member.file_size for member in file.zip.infolist())
            names = file.files if size <= LARGEST else []
            for name in (*NEEDED, *PARTS):
                doing = f"the array {name!r} in {path}"
                if name in names:
                    found[name] = np.asarray(file[name])
    except Exception as error:  # a damaged file ends in any of a dozen kinds, in NumPy, zipfile and zlib
        raise CorruptFile(f"{doing} cannot be read ({error}); write it anew with numpy.savez") from None
    if size > LARGEST:
        raise BadSetting(f"the arrays in {path} take {size >> 30:,} GiB unpacked; at most {LARGEST >> 30} are read")
    if lacking := [name for name in NEEDED if name not in found]:
        raise BadSetting(f"{path} has no array {lacking[0]!r}; it has {', '.join(names) or 'none'}")
    return found, [name for name in names if name not in found]


def images_of(images: NDArray[Any], what: str) -> NDArray[np.uint8] | NDArray[np.float32]:
    """Check images, and give them as ``(n, size, size, channels)``, uint8 or float32."""
    if images.ndim not in (3, 4) or images.shape[1] != images.shape[2] or not images.size:
        raise BadSetting(
            f"{what} has the shape {images.shape}; it must be (images, size, size) or (images, size, size, channels), "
            "channels last, square, and not empty"
        )
    images = images.reshape(*images.shape[:3], -1)
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind != "f":
        raise BadSetting(f"{what} is {images.dtype}; images are uint8, from 0 to 255, or float32")
    return floats_of(images, what)


def labels_of(labels: NDArray[Any], count: int, what: str) -> tuple[NDArray[np.int64] | NDArray[np.float32], int]:
    """Check labels, and give them with the number of classes: int64 ``(n,)``, or float32 ``(n, targets)`` and 0."""
    if labels.ndim == 0 or len(labels) != count:
        raise BadSetting(f"{what} has the shape {labels.shape}; there are {count:,} images, and each needs one")
    if labels.dtype.kind == "f":
        if labels.ndim > 2 or not labels.size:
            raise BadSetting(f"{what} has the shape {labels.shape}; numbers to predict are (images,) or (images, few)")
        return floats_of(labels.reshape(count, -1), what), 0
    if labels.dtype.kind not in "iu" or labels.ndim != 1:
        raise BadSetting(
            f"{what} is {labels.dtype} of shape {labels.shape}; classes are whole numbers of shape (images,), and "
            "numbers to predict are floats"
        )
    classes = np.unique(labels)
    if (classes != np.arange(len(classes))).any() or len(classes) < 2:
        raise BadSetting(
            f"{what} has {len(classes):,} different classes from {classes[0]} to {classes[-1]}; number two or more of "
            "them from 0 and leave none out. Numbers to predict are to be saved as float32"
        )
    return labels.astype(np.int64), len(classes)


def floats_of(values: NDArray[Any], what: str) -> NDArray[np.float32]:
    """Return numbers in single precision; raise BadSetting if one is not finite in it."""
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused with all that is
        result = values.astype(np.float32)
    if not np.isfinite(result).all():
        raise BadSetting(f"{what} has values that are not finite in single precision; replace them or leave them out")
    return result


def _numbers(numbers: NDArray[Any], count: int, what: str) -> NDArray[np.int64]:
    """Check the numbers of the images of a part."""
    if numbers.dtype.kind not in "iu" or numbers.ndim != 1:
        raise BadSetting(f"{what} is {numbers.dtype} of shape {numbers.shape}; a part is a list of numbers of images")
    return checked(numbers, count, what, "images")
