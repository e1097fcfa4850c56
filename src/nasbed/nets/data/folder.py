"""Folder: anyone's pictures, PNG or JPEG, in a folder for each class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.extras import require
from nasbed.nets.data.pictures import PARTS, Pictures
from nasbed.nets.data.splits import Parts, in_shares

NAMES = {"train": ("train",), "validation": ("validation", "valid", "val"), "test": ("test",)}
"""What the folder of a part may be called."""

SUFFIXES = (".png", ".jpg", ".jpeg")

SHARE = 0.2
"""Of each class, for a part that has no folder."""

SEED = 101
"""Decides which images these are."""

MODES = {"1": "L", "L": "L", "LA": "L", "P": "RGB", "RGB": "RGB", "RGBA": "RGB", "CMYK": "RGB", "YCbCr": "RGB"}
"""What is made of each kind of pixel, in Pillow's names: a byte, or three. One of more bits is not read."""


def folder(where: str | None = None, size: int = 0) -> Pictures:
    """Pictures of your own, PNG or JPEG, a folder for each class: 'folder:PATH', or 'folder:PATH,size=32' to resize.

    ``PATH/train``, ``PATH/validation`` and ``PATH/test`` hold the folders of the classes, or ``PATH`` itself does. A
    part that has no folder gets a fifth of each class of the training images, the same at every call. Classes are
    numbered in the order of their names. Pictures are grey if all of them are.

    Args:
        where: The path.
        size: Height and width that all are resized to, whatever their shape; they must have one already if 0.
    """
    if where is None:
        raise BadSetting("which folder holds the pictures? Name it: folder:PATH")
    homes = _homes(Path(where).expanduser())
    classes = [each.name for each in _folders(homes["train"])]
    if len(classes) < 2:
        raise BadSetting(f"{homes['train']} must hold a folder for each class; it holds {len(classes)}")
    files: list[Path] = []
    labels: list[int] = []
    parts: Parts = {}
    for part, home in homes.items():
        first = len(files)
        for each in _folders(home):
            if each.name not in classes:
                raise BadSetting(f"{each} is of a class that is not trained on; those are {', '.join(classes)}")
            mine = sorted(file for file in each.iterdir() if _is_picture(file))
            files += mine
            labels += [classes.index(each.name)] * len(mine)
        parts[part] = np.arange(first, len(files))
    numbers = np.array(labels, np.int64)
    _complete(parts, numbers, classes)
    return Pictures(_pixels(files, size), numbers, parts, len(classes), warnings=_left_out(homes, files))


def _homes(path: Path) -> dict[str, Path]:
    """Give the folder of each part that has one; all images are in that of ``train`` if none has."""
    if not path.is_dir():
        raise BadSetting(f"there is no folder {path}; name the one that holds the pictures: folder:PATH")
    homes = {part: path / name for part, names in NAMES.items() for name in names if _folders(path / name)}
    return homes if "train" in homes else {"train": path}


def _folders(path: Path) -> list[Path]:
    """Give the folders in a folder, by name."""
    return sorted(each for each in path.iterdir() if _shown(each) and each.is_dir()) if path.is_dir() else []


def _shown(path: Path) -> bool:
    return not path.name.startswith(".")


def _is_picture(path: Path) -> bool:
    return _shown(path) and path.suffix.lower() in SUFFIXES and path.is_file()


def _left_out(homes: dict[str, Path], files: Sequence[Path]) -> tuple[str, ...]:
    """Warn of what is beside the pictures: a suffix that is not read may be meant as one."""
    there = [file for home in homes.values() for each in _folders(home) for file in each.iterdir() if _shown(file)]
    others = len(there) - len(files)
    return (f"{others} files beside the pictures are neither PNG nor JPEG and were left out",) if others else ()


def _complete(parts: Parts, labels: NDArray[np.int64], classes: Sequence[str]) -> None:
    """Give parts that have no images some of the training images."""
    missing = [part for part in PARTS if part not in parts]
    mine = parts["train"]
    for name, count in zip(classes, np.bincount(labels[mine], minlength=len(classes)), strict=True):
        if count <= len(missing):
            raise BadSetting(f"the class {name!r} has {count} pictures; it needs one or more for each part")
    for part, rows in in_shares(labels[mine], dict.fromkeys(missing, SHARE), "train", SEED).items():
        parts[part] = mine[rows]


def _pixels(files: Sequence[Path], size: int) -> NDArray[np.uint8]:
    """Read all pictures, ``(n, size, size, channels)``."""
    read = [_image(file, size) for file in files]
    channels = max(image.shape[2] for image in read)
    side = read[0].shape[0]
    for file, image in zip(files, read, strict=True):
        high, wide, _ = image.shape
        if (high, wide) != (side, side):
            raise BadSetting(
                f"{file} has {wide}×{high} pixels; pictures must be square and of one size, or be resized to one, such "
                f"as: folder:PATH,size={min(high, wide)}"
            )
    return np.stack([np.broadcast_to(image, (side, side, channels)) for image in read])


def _image(file: Path, size: int) -> NDArray[np.uint8]:
    """Read one picture, ``(height, width, 1 or 3)``."""
    pillow = require("PIL.Image", "torch")
    try:
        with pillow.open(file) as picture:
            if picture.mode not in MODES:
                raise ValueError(f"its pixels are {picture.mode}, not a byte for each colour")
            picture = picture.convert(MODES[picture.mode])
    except (OSError, SyntaxError, ValueError, pillow.DecompressionBombError) as error:  # all that Pillow ends in
        raise CorruptFile(f"{file} cannot be read ({error}); replace it or take it out") from None
    pixels = np.asarray(picture.resize((size, size)) if size else picture)
    return pixels.reshape(*pixels.shape[:2], -1)
