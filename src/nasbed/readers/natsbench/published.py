"""Published results, opened whichever format they are in; and files such as ``NAS-Bench-201-v1_1-096897.pth``: all
architectures in one pickle of gigabytes.

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

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.readers.natsbench.folder import META, Source, open_folder, space_of
from nasbed.readers.natsbench.state import published_of
from nasbed.readers.natsbench.trainings import Published
from nasbed.readers.pickle_opcodes import walk
from nasbed.readers.pickle_parts import Lent, Parts, lend
from nasbed.readers.pickles import shown
from nasbed.readers.torch_storage import TorchFile, open_torch

_ALLOWED = (
    "a folder like NATS-tss-v1_0-3ffb9-simple or NATS-sss-v1_0-50262-simple (unpacked from its .tar), or a file like "
    "NAS-Bench-201-v1_1-096897.pth"
)
_RECIPES = {"less": "12", "full": "200"}
"""What the file calls the two recipes, and what NATS-Bench does."""
_ARCHS, _RESULTS = "meta_archs", "arch2infos"
_PROTOCOLS = (b"\x80\x02", b"\x80\x03")


def open_published(path: Path | str) -> Source:
    """Open a ``NATS-tss`` or ``NATS-sss`` folder or a ``NAS-Bench-201`` ``.pth`` file, told apart by what they hold.

    Raises:
        BadSetting: When there is nothing of the kind.
        CorruptFile: When its index is damaged.
    """
    path = Path(path)
    if (path / META).is_file():
        return open_folder(path)
    if path.is_file() and path.suffix in (".pth", ".pt"):
        return open_pth(path)
    raise BadSetting(f"{path} is no folder with a {META} in it, and no .pth file; give {_ALLOWED}")


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
            yield published_of(named, index, self.archs[index], where)

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
    if file.pickle[:2].tobytes() not in _PROTOCOLS:
        raise CorruptFile(f"{name}: its pickle is of another protocol than the published files' (2)")
    whole = walk(file.pickle, name)
    sections = {_key(file, key, value): (key, value, stop) for key, value, stop in whole.items.tolist()}
    missing = {_ARCHS, _RESULTS} - set(sections)
    if missing:
        raise CorruptFile(f"{name} lacks {' and '.join(sorted(missing))} and is no published file of NAS-Bench-201")
    begin, value, end = sections[_RESULTS]
    items = whole.inner[whole.inner[:, 0] == value, 1:]
    # Where each part begins and ends: what is before all, each other section, what is before the results, each of them.
    others = whole.items[whole.items[:, 0] != begin][:, [0, 2]]
    before = [[0, whole.items[0, 0]], [begin, np.append(items[:, 0], end)[0]]]
    parts = np.concatenate([before, others, items[:, [0, 2]]])
    lent = lend(file.pickle, parts[np.argsort(parts[:, 0], kind="stable")], whole.remembered, name, file.unpickler)
    start, _, stop = sections[_ARCHS]
    _, archs = Parts(file.pickle, lent, file.unpickler).read(start, stop)
    space = space_of(archs, name)
    indices = [_key(file, key, value) for key, value, _ in items.tolist()]
    wrong = [index for index in indices if type(index) is not int or not 0 <= index < len(archs)]
    if wrong or not indices or len(set(indices)) < len(indices):
        raise CorruptFile(
            f"{name} has results of {shown(wrong or indices)}; it should have those of different architectures, of "
            f"the numbers 0 to {len(archs) - 1}; get the file anew"
        )
    places = tuple(zip(indices, items[:, [0, 2]].tolist(), strict=True))
    return Pth(path, path.name, space, tuple(archs), places, lent)


def _key(file: TorchFile, start: int, stop: int) -> Any:
    """Read the key of an item."""
    return file.unpickler(b"\x80\x02" + file.pickle[start:stop].tobytes() + b".").read()
