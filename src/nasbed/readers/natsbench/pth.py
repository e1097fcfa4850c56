"""Files such as ``NAS-Bench-201-v1_1-096897.pth``: all architectures in one pickle of gigabytes.

Read at once, such a pickle becomes some thirty gigabytes of Python objects. Instead its instructions are walked
through, which finds where each architecture begins and ends, and each is read by itself. So the memory that it takes is
the mapped file, which the system can drop, one architecture, and what several share, such as the names of their keys.

Reference: https://github.com/D-X-Y/NAS-Bench-201
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import CorruptFile
from nasbed.readers.natsbench.source import Source, space_of
from nasbed.readers.natsbench.state import published_of
from nasbed.readers.natsbench.trainings import Published
from nasbed.readers.pickle_opcodes import walk
from nasbed.readers.pickle_parts import Lent, Parts, lend
from nasbed.readers.pickles import shown
from nasbed.readers.torch_storage import TorchFile, open_torch

_RECIPES = {"less": "12", "full": "200"}
"""What the file calls the two recipes, and what NATS-Bench does."""
_ARCHS, _RESULTS = "meta_archs", "arch2infos"
_PROTOCOLS = (2, 3)


@dataclass(frozen=True, eq=False)
class Pth(Source):
    """The results in a file, or some of them; an item is where in the pickle it begins and ends.

    Attributes:
        lent: What they borrow from each other.
    """

    lent: Lent = field(repr=False)

    def __iter__(self) -> Iterator[Published]:
        """Read one architecture after the other."""
        file = open_torch(self.path, verify=False)
        parts = Parts(file.pickle, self.lent, file.unpickler)
        for index, (start, stop) in self.items:
            _, states = parts.read(start, stop)
            where = f"{self.path}, architecture {index}"
            if not isinstance(states, dict) or not set(states) <= set(_RECIPES):
                raise CorruptFile(f"{where}: {shown(states)} stands where {' and '.join(_RECIPES)} should be")
            named = {hp: states[name] for name, hp in _RECIPES.items() if name in states}
            yield published_of(named, index, self.archs, where)

    def checksums(self) -> dict[str, str]:
        """Give the SHA-256 of the file."""
        with self.path.open("rb") as file:
            return {self.name: hashlib.file_digest(file, "sha256").hexdigest()}


def open_pth(path: Path) -> Pth:
    """Open a file that ``torch.save`` wrote: walk through it and read the list of its architectures.

    Raises:
        CorruptFile: When it is damaged, or has not the results of NAS-Bench-201.
    """
    file, name = open_torch(path), str(path)
    if file.pickle[:1].tobytes() != b"\x80" or file.pickle[1] not in _PROTOCOLS:
        raise CorruptFile(f"{name}: its pickle is of another protocol than the published files' ({_PROTOCOLS[0]})")
    whole = walk(file.pickle, name)
    sections = {_key(file, key, value): (key, value, stop) for key, value, stop in whole.items.tolist()}
    missing = {_ARCHS, _RESULTS} - set(sections)
    if missing:
        raise CorruptFile(f"{name} lacks {' and '.join(sorted(missing))} and is no published file of NAS-Bench-201")
    items = whole.inner[whole.inner[:, 0] == sections[_RESULTS][1], 1:]
    lent = lend(file.pickle, _parts(whole.items, sections[_RESULTS], items), whole.remembered, name, file.unpickler)
    key, _, stop = sections[_ARCHS]
    _, archs = Parts(file.pickle, lent, file.unpickler).read(key, stop)
    space = space_of(archs, name)
    indices = _indices([_key(file, key, value) for key, value, _ in items.tolist()], len(archs), name)
    places = tuple(zip(indices, items[:, [0, 2]].tolist(), strict=True))
    return Pth(path, path.name, space, tuple(archs), places, lent)


def _key(file: TorchFile, start: int, stop: int) -> Any:
    """Read the key of an item."""
    return file.unpickler(b"\x80\x02" + file.pickle[start:stop].tobytes() + b".").read()


def _indices(keys: list[Any], size: int, name: str) -> list[int]:
    """Give the keys of the results, if they are indices of different architectures."""
    foreign = next((key for key in keys if type(key) is not int or not 0 <= key < size), None)
    if not keys or foreign is not None or len(set(keys)) < len(keys):
        twice = "results of one architecture twice" if keys else "no results"
        what = twice if foreign is None else f"results of {shown(foreign)}"
        raise CorruptFile(f"{name} has {what}; get the file anew")
    return keys


def _parts(sections: NDArray[np.int64], results: tuple[int, int, int], items: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give where each part of the pickle begins and ends, in order: sections, and in one the architectures."""
    key, _, stop = results
    first = int(items[0, 0]) if len(items) else stop
    others = sections[sections[:, 0] != key][:, [0, 2]]
    parts = np.concatenate([[[0, sections[0, 0]], [key, first]], others, items[:, [0, 2]]])
    return np.ascontiguousarray(parts[np.argsort(parts[:, 0], kind="stable")])
