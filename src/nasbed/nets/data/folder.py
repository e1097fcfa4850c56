"""Folder: anyone's pictures, PNG or JPEG, in a folder for each class, or with a file of numbers to predict."""

from __future__ import annotations

import csv
import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.files import slug
from nasbed.core.home import home
from nasbed.nets.data.picture_files import SUFFIXES, pixels
from nasbed.nets.data.pictures import PARTS, Pictures
from nasbed.nets.data.splits import Parts, as_text, completed, near, split_by_name, write_split

NAMES = {"train": ("train",), "validation": ("validation", "valid", "val"), "test": ("test",)}
"""What the folder of a part may be called."""

_MOST = float(np.finfo(np.float32).max)
"""That a number may be; one that is not finite is not below it either."""

_LOG = logging.getLogger(__name__)


def folder(where: str | None = None, size: int = 0, split: str | None = None, targets: str | None = None) -> Pictures:
    """Pictures of your own, PNG or JPEG of any size, a folder for each class: 'folder:PATH', or 'folder:PATH,size=32'.

    ``PATH/train``, ``PATH/validation`` and ``PATH/test`` hold the folders of the classes, or ``PATH`` itself does. A
    part that has no folder gets a fifth of each class of the training images, the same at every call. Classes are
    numbered in the order of their names. Pictures are grey if all of them are.

    Args:
        where: The path.
        size: Height and width that all are resized to, whatever their shape; pictures of several shapes get a size
            that suits them if 0.
        split: A JSON file of the names of the pictures of each part. It is written if it is not there, and read from
            then on, so that pictures which come later move none of the others; they are left out.
        targets: A CSV file of numbers to predict in place of classes: the name of a picture, seen from the path, and
            one or more numbers in a row.
    """
    if where is None:
        raise BadSetting("which folder holds the pictures? Name it: folder:PATH")
    path = Path(where).expanduser()
    if not path.is_dir():
        raise BadSetting(f"there is no folder {path}; name the one that holds the pictures: folder:PATH")
    found = _by_class(path) if targets is None else _by_targets(path, near(targets, path))
    found = _divided(found, path) if split is None else _divided_by(found, near(split, path))
    images, adapted = pixels([path / name for name in found.names], size)
    classes = len(found.kinds) if targets is None else 0
    return Pictures(images, found.labels, found.parts, classes, warnings=(*found.warnings, *adapted))


@dataclass(frozen=True, eq=False)
class _Found:
    """Pictures that are not read yet.

    Attributes:
        names: Their paths, seen from the folder, with slashes on every system.
        labels: As in ``Pictures``.
        parts: Those that have a folder.
        kinds: What errors call each class; all pictures are of one kind where numbers are predicted.
        warnings: As in ``Pictures``.
    """

    names: Sequence[str]
    labels: NDArray[np.int64] | NDArray[np.float32]
    parts: Parts
    kinds: Sequence[str]
    warnings: tuple[str, ...]

    def completed(self) -> _Found:
        """Return the same pictures with some of the training images in each part that has no folder."""
        kinds = self.labels if self.labels.ndim == 1 else np.zeros(len(self.names))
        return replace(self, parts=completed(self.parts, kinds.astype(np.int64), self.kinds))


def _divided(found: _Found, path: Path) -> _Found:
    """Complete the parts; what had to be divided is kept for the reader, never read again, in ``NASBED_HOME``."""
    whole = found.completed()
    if len(found.parts) < len(PARTS):
        digest = hashlib.sha256(as_text(whole.parts, whole.names).encode()).hexdigest()
        kept = home() / "splits" / f"{slug(path.resolve().name, 'folder')}-{digest[:12]}.json"
        with suppress(OSError, BadSetting):  # a home that takes no files: the next call divides in the same way
            kept.parent.mkdir(parents=True, exist_ok=True)
            if not kept.exists():
                write_split(kept, whole.parts, whole.names)
            _LOG.info("which pictures of %s are in which part is in %s", path, kept)
    return whole


def _divided_by(found: _Found, split: Path) -> _Found:
    """Divide as a file says, and leave out what it does not name; or write the file if it is not there."""
    if not split.is_file():
        whole = found.completed()
        write_split(split, whole.parts, whole.names)
        return whole
    parts = split_by_name(split, found.names)
    used = np.unique(np.concatenate(list(parts.values())))
    labels, kinds = found.labels[used], found.kinds
    if labels.ndim == 1:  # a class that came later is left out whole, and does not move the numbers of the others
        present, labels = np.unique(labels, return_inverse=True)
        kinds = [kinds[label] for label in present]
    others = len(found.names) - len(used)
    return _Found(
        names=[found.names[number] for number in used],
        labels=labels,
        parts={part: np.searchsorted(used, rows) for part, rows in parts.items()},
        kinds=kinds,
        warnings=found.warnings + ((f"{others:,} pictures are not in {split} and were left out",) if others else ()),
    )


def _by_class(path: Path) -> _Found:
    """Find the pictures of each class."""
    homes = {part: path / name for part, names in NAMES.items() for name in names if _folders(path / name)}
    if "train" not in homes:
        homes = {"train": path}
    classes = [each.name for each in _folders(homes["train"])]
    if len(classes) < 2:
        raise BadSetting(
            f"{homes['train']} must hold a folder for each class; it holds {len(classes)}. Where numbers are to be "
            "predicted, name the file that has them: folder:PATH,targets=targets.csv"
        )
    names: list[str] = []
    labels: list[int] = []
    parts: Parts = {}
    others = 0
    for part, place in homes.items():
        first = len(names)
        for each in _folders(place):
            if each.name not in classes:
                raise BadSetting(f"{each} is of a class that is not trained on; those are {', '.join(classes)}")
            files = sorted(file for file in each.iterdir() if _shown(file))
            mine = [file.relative_to(path).as_posix() for file in files if _is_picture(file)]
            others += len(files) - len(mine)
            names += mine
            labels += [classes.index(each.name)] * len(mine)
        parts[part] = np.arange(first, len(names))
    # A suffix that is not read may be meant as a picture.
    warnings = (f"{others} files beside the pictures are neither PNG nor JPEG and were left out",) if others else ()
    return _Found(names, np.array(labels, np.int64), parts, [f"the class {name!r}" for name in classes], warnings)


def _by_targets(path: Path, file: Path) -> _Found:
    """Find the pictures that a CSV file names, and the numbers of each."""
    rows = dict(sorted(_rows(file)))
    for name in rows:
        if not _is_picture(path / name):
            raise BadSetting(f"{file} names {name}, but there is no such PNG or JPEG in {path}")
    names = list(rows)
    part_of = {called: part for part, several in NAMES.items() for called in several}
    found = [part_of.get(name.partition("/")[0], "") for name in names]
    parts = {part: np.array([i for i, mine in enumerate(found) if mine == part], np.int64) for part in PARTS}
    if not len(parts["train"]):
        parts = {"train": np.arange(len(names))}
    elif "" in found:
        raise BadSetting(f"{names[found.index('')]} in {file} is in none of the folders train, validation and test")
    others = sum(each.relative_to(path).as_posix() not in rows for each in path.rglob("*") if _is_picture(each))
    return _Found(
        names,
        np.array(list(rows.values()), np.float32),
        {part: mine for part, mine in parts.items() if len(mine)},
        [str(file)],
        (f"{others:,} pictures are not in {file} and were left out",) if others else (),
    )


def _rows(file: Path) -> Iterator[tuple[str, list[float]]]:
    """Read the names and numbers of a CSV file, whose first line may be a heading."""
    seen: dict[str, int] = {}
    count = 0
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            table = csv.reader(lines)
            for name, *texts in filter(None, table):
                numbers = [_number(text) for text in texts]
                if table.line_num == 1 and texts and all(number is None for number in numbers):
                    continue
                place = f"line {table.line_num} of {file}"
                good = [number for number in numbers if number is not None and abs(number) <= _MOST]
                count = count or len(good)
                if not good or len(good) != len(numbers) or len(good) != count:
                    raise BadSetting(
                        f"{place} is not a picture's name and {count or 'one or more'} numbers: {[name, *texts]}"
                    )
                if name in seen:
                    raise BadSetting(f"{place} names {name} again, after line {seen[name]}")
                seen[name] = table.line_num
                yield name, good
    except OSError as error:
        raise BadSetting(f"the targets {file} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadSetting(f"the targets {file} are no CSV file ({error})") from None
    if not seen:
        raise BadSetting(f"the targets {file} name no picture; a row is its name and one or more numbers")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _folders(path: Path) -> list[Path]:
    """Give the folders in a folder, by name."""
    return sorted(each for each in path.iterdir() if _shown(each) and each.is_dir()) if path.is_dir() else []


def _shown(path: Path) -> bool:
    return not path.name.startswith(".")


def _is_picture(path: Path) -> bool:
    return _shown(path) and path.suffix.lower() in SUFFIXES and path.is_file()
