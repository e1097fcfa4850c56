"""Splits: which images are trained on, validated on and tested on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting

Parts = dict[str, NDArray[np.int64]]
"""The numbers of the images of ``train``, ``validation`` and ``test``."""


def last_file(files: Sequence[int], test: int) -> Parts:
    """Validate on the last file of training images, or the last fifth of an only one.

    Of CIFAR-10's five it is the fifth, as NAS-Bench-101 did: 40,000, 10,000 and 10,000 images.

    Args:
        files: How many training images each file has.
        test: How many test images there are; their numbers follow those of training images.
    """
    train = sum(files)
    first = train - (files[-1] if len(files) > 1 else train // 5)
    return {"train": np.arange(first), "validation": np.arange(first, train), "test": train + np.arange(test)}


def index_file(path: Path, train: int, test: int) -> Parts:
    """Divide as an index file of NAS-Bench-201 says.

    One with ``train`` and ``valid`` divides the training images, and the test images stay whole; one with ``xvalid``
    and ``xtest`` divides the test images into validation and test, and all training images are trained on. A file of
    one's own may list numbers plainly, ``{"train": [0, 2], "valid": [1]}``.

    Args:
        path: The file.
        train: How many training images there are.
        test: How many test images there are; their numbers follow those of training images.

    Raises:
        BadSetting: When there is no such file, it is of another form, or it has numbers of images that there are not.
    """
    numbers = _read(path)
    if set(numbers) == {"train", "valid"}:
        mine, others = (_checked(numbers[key], train, f"{key} in {path}", "training") for key in ("train", "valid"))
        return {"train": mine, "validation": others, "test": train + np.arange(test)}
    if set(numbers) == {"xvalid", "xtest"}:
        mine, others = (_checked(numbers[key], test, f"{key} in {path}", "test") for key in ("xvalid", "xtest"))
        return {"train": np.arange(train), "validation": train + mine, "test": train + others}
    raise BadSetting(
        f"{path} lists {', '.join(map(str, numbers)) or 'nothing'}; a split has train and valid, or xvalid and xtest"
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise BadSetting(f"the split {path} cannot be read: {error.strerror}") from None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadSetting(f"{path} is not a split: a JSON object with lists of numbers of images")
    return {key: value[1] if _typed(value) else value for key, value in found.items()}


def _typed(value: Any) -> bool:
    """Say whether a list is written as the published files do: ``["int", ["0", "5", …]]``."""
    return isinstance(value, list) and len(value) == 2 and value[0] == "int" and isinstance(value[1], list)


def _checked(numbers: Any, count: int, what: str, kind: str) -> NDArray[np.int64]:
    try:
        found = np.array([int(number) for number in numbers], np.int64)
    except (TypeError, ValueError, OverflowError):
        raise BadSetting(f"{what} is not a list of numbers of images") from None
    if len(found) == 0:
        raise BadSetting(f"{what} is empty; every part needs images")
    if found.min() < 0 or found.max() >= count:
        raise BadSetting(
            f"{what} has the number {found.max() if found.max() >= count else found.min()}, but there are {count:,} "
            f"{kind} images, from 0; is it the split of other data?"
        )
    return found


def balanced(labels: NDArray[np.int64], sizes: dict[str, int], rest: str, seed: int) -> Parts:
    """Divide images into parts that hold as many of each class, the same at every call.

    Args:
        labels: ``(n,)``.
        sizes: How many images of *each class* a part gets.
        rest: The part that gets all others.
        seed: Decides which.

    Returns:
        The numbers of the images of each part, ascending.
    """
    return _dealt(labels, lambda count: sizes, rest, seed)


def in_shares(labels: NDArray[np.int64], shares: dict[str, float], rest: str, seed: int) -> Parts:
    """Divide images into parts that hold the same share of each class, the same at every call.

    Args:
        labels: ``(n,)``.
        shares: Which share of each class a part gets, rounded; at least one image.
        rest: The part that gets all others.
        seed: Decides which.

    Returns:
        The numbers of the images of each part, ascending.
    """
    return _dealt(
        labels, lambda count: {part: max(round(share * count), 1) for part, share in shares.items()}, rest, seed
    )


def _dealt(labels: NDArray[np.int64], sizes_of: Callable[[int], dict[str, int]], rest: str, seed: int) -> Parts:
    """Shuffle each class and deal it out; ``sizes_of`` says how many of a class of that size each part gets."""
    generator = np.random.Generator(np.random.Philox(seed))
    taken: dict[str, list[NDArray[np.int64]]] = {}
    for label in np.unique(labels):
        mine = generator.permutation(np.flatnonzero(labels == label))
        for part, size in sizes_of(len(mine)).items():
            taken.setdefault(part, []).append(mine[:size])
            mine = mine[size:]
        taken.setdefault(rest, []).append(mine)
    return {part: np.sort(np.concatenate(rows)) for part, rows in taken.items()}
