"""Splits: which images are trained on, validated on and tested on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.files import put
from nasbed.nets.data.pictures import PARTS

Parts = dict[str, NDArray[np.int64]]
"""The numbers of the images of ``train``, ``validation`` and ``test``."""

SHARE = 0.2
"""Of the training images of each class, for a part that has none."""

SEED = 101
"""Decides which images these are."""


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
        mine, others = (
            checked(numbers[key], train, f"{key} in {path}", "training images") for key in ("train", "valid")
        )
        return {"train": mine, "validation": others, "test": train + np.arange(test)}
    if set(numbers) == {"xvalid", "xtest"}:
        mine, others = (checked(numbers[key], test, f"{key} in {path}", "test images") for key in ("xvalid", "xtest"))
        return {"train": np.arange(train), "validation": train + mine, "test": train + others}
    raise BadSetting(
        f"{path} lists {', '.join(map(str, numbers)) or 'nothing'}; a split has train and valid, or xvalid and xtest"
    )


def split_by_name(path: Path, names: Sequence[str]) -> Parts:
    """Divide as a file says which ``write_split`` wrote: ``{"train": ["ant/1.png", …], "validation": …, "test": …}``.

    Args:
        path: The file.
        names: The name of each image, which are in a part or in none.

    Returns:
        The numbers of the images of each part, ascending.

    Raises:
        BadSetting: When there is no such file, it is of another form, or it names an image that there is not.
    """
    listed = _read(path)
    if set(listed) != set(PARTS):
        raise BadSetting(f"{path} lists {', '.join(map(str, listed)) or 'nothing'}; a split has {', '.join(PARTS)}")
    numbers = {name: number for number, name in enumerate(names)}
    parts: Parts = {}
    for part in PARTS:
        mine = listed[part]
        if not isinstance(mine, list) or not mine or not all(isinstance(name, str) for name in mine):
            raise BadSetting(f"{part} in {path} is not a list of one or more names of images")
        if lost := [name for name in mine if name not in numbers]:
            raise BadSetting(
                f"{path} names {lost[0]}, which is not among the {len(names):,} images ({len(lost):,} such names in "
                f"{part}); put it back, or take its name out of the split"
            )
        parts[part] = np.sort(np.array([numbers[name] for name in mine], np.int64))
    return parts


def write_split(path: Path, parts: Parts, names: Sequence[str]) -> None:
    """Write which images are in which part, by name, for ``split_by_name``; the file is there whole or not at all.

    Raises:
        BadSetting: When the folder does not exist or may not be written to.
    """
    put(path, as_text(parts, names).encode())


def as_text(parts: Parts, names: Sequence[str]) -> str:
    """Write a division as JSON, a name a line."""
    listed = {part: [names[number] for number in parts[part]] for part in PARTS}
    return json.dumps(listed, indent=1, ensure_ascii=False) + "\n"


def near(file: str, *folders: Path) -> Path:
    """Return where a file is: as it is named, or in the first of some folders; as it is named where it is nowhere."""
    named = Path(file).expanduser()
    return next((place for place in (named, *(folder / named for folder in folders)) if place.is_file()), named)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise BadSetting(f"the split {path} cannot be read: {error.strerror}") from None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadSetting(f"{path} is not a split: a JSON object with lists of images")
    return {key: value[1] if _typed(value) else value for key, value in found.items()}


def _typed(value: Any) -> bool:
    """Say whether a list is written as the published files do: ``["int", ["0", "5", …]]``."""
    return isinstance(value, list) and len(value) == 2 and value[0] == "int" and isinstance(value[1], list)


def checked(numbers: Any, count: int, what: str, kind: str) -> NDArray[np.int64]:
    """Return numbers of images that are of some; raise BadSetting for a number of none, or if there is no number."""
    try:
        found = np.array([int(number) for number in numbers], np.int64)
    except (TypeError, ValueError, OverflowError):
        raise BadSetting(f"{what} is not a list of numbers of images") from None
    if len(found) == 0:
        raise BadSetting(f"{what} is empty; every part needs images")
    if found.min() < 0 or found.max() >= count:
        raise BadSetting(
            f"{what} has the number {found.max() if found.max() >= count else found.min()}, but there are {count:,} "
            f"{kind}, from 0; is it the split of other data?"
        )
    return found


def completed(parts: Parts, labels: NDArray[np.int64], kinds: Sequence[str]) -> Parts:
    """Give each part that has no images a fifth of the training images of each class, the same at every call.

    Args:
        parts: Those that there are; ``train`` is one.
        labels: The class of every image, ``(n,)``; all 0 where there are no classes.
        kinds: What errors call each class.

    Raises:
        BadSetting: When a class has too few training images to be in every part.
    """
    missing = [part for part in PARTS if part not in parts]
    mine = parts["train"]
    for kind, count in zip(kinds, np.bincount(labels[mine], minlength=len(kinds)), strict=True):
        if count <= len(missing):
            raise BadSetting(f"{kind} has {count} pictures to train on; it needs one or more for each part")
    shared = in_shares(labels[mine], dict.fromkeys(missing, SHARE), "train", SEED)
    return parts | {part: mine[rows] for part, rows in shared.items()}


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
