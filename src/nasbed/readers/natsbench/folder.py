"""Sources of published results; and folders such as ``NATS-tss-v1_0-3ffb9-simple``: a bz2 pickle for each architecture,
another with the list of all. A folder may have the files of some architectures only.

Reference: https://github.com/D-X-Y/NATS-Bench
"""

from __future__ import annotations

import bz2
import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.readers.natsbench.state import published_of
from nasbed.readers.natsbench.trainings import Published
from nasbed.readers.pickles import read_pickle, shown

META = "meta.pickle.pbz2"
_FILE = re.compile(r"(\d{1,6})\.pickle\.pbz2")
_UNPACKED_AT_MOST = 16 * 2**20
"""Of one file, bytes; the published ones have 1.4 MB at most."""
_RATIO_AT_MOST, _SMALL = 400, 2**20
"""By how much a file may unpack beyond a small one; of the published ones, lists do so by 39, results by 4."""

_SPACES = {
    "83abc799e45cf34e9d2163654668ab998b9a54d01c39e72ca1f71f2cdf356d84": "nasbench201",
    "8b99b4c0aabe959924c6fb36c0ee4a3f79362343e36b7752b90deee9409b492f": "natssize",
}
"""By the SHA-256 of its architectures in the official order, a line each."""


@dataclass(frozen=True, eq=False)
class Source(ABC):
    """Results of some architectures of a space, read one by one, in no promised order.

    Attributes:
        path: The folder or file.
        name: What people call it: the folder's or file's own name.
        space: ``nasbench201`` or ``natssize``.
        archs: The strings of all architectures of the space in the official order, with or without results here.
        items: The index of each architecture that is to be read, and where its results are.
    """

    path: Path
    name: str
    space: str
    archs: tuple[str, ...]
    items: tuple[tuple[int, Any], ...]

    def __len__(self) -> int:
        """How many architectures have results here."""
        return len(self.items)

    @abstractmethod
    def __iter__(self) -> Iterator[Published]:
        """Read them one by one.

        Raises:
            CorruptFile: When a file is cut off, foreign, contradicts the index or wants to call anything.
        """

    def parts(self, count: int) -> Sequence[Self]:
        """Divide it into at most ``count`` of about one size, which can be pickled, to be read by as many processes."""
        size = -(-len(self) // count)
        return [replace(self, items=self.items[start : start + size]) for start in range(0, len(self), size)]

    @abstractmethod
    def checksums(self) -> dict[str, str]:
        """SHA-256 of what it is read from, by file name, for the provenance of a table."""


@dataclass(frozen=True, eq=False)
class Folder(Source):
    """The results in a folder, or some of them; an item is a file's name."""

    def __iter__(self) -> Iterator[Published]:
        """Read file after file."""
        for index, file in self.items:
            where = str(self.path / file)
            yield published_of(read_pickle(_unpacked(self.path / file), where), index, self.archs[index], where)

    def checksums(self) -> dict[str, str]:
        """Give the SHA-256 of the list, and one over those of all other files in the order of their names."""
        files = [META, *sorted(file for _, file in self.items)]
        each = {file: hashlib.sha256((self.path / file).read_bytes()).hexdigest() for file in files}
        lines = "".join(f"{each[file]}  {file}\n" for file in files[1:])
        return {META: each[META], f"sha256sum of {len(self):,} files": hashlib.sha256(lines.encode()).hexdigest()}


def open_folder(path: Path) -> Folder:
    """Open a folder that has a list of architectures in it.

    Raises:
        BadSetting: When no architecture's file is in it.
        CorruptFile: When the list is damaged, or there are two files for one architecture or one for none.
    """
    where = str(path / META)
    meta = read_pickle(_unpacked(path / META), where)
    if not isinstance(meta, dict) or "meta_archs" not in meta:
        raise CorruptFile(f"{where} has no list 'meta_archs' and is therefore none of NATS-Bench; get the folder anew")
    archs = meta["meta_archs"]
    space = space_of(archs, where)
    files: dict[int, str] = {}
    for file in sorted(entry.name for entry in path.iterdir() if _FILE.fullmatch(entry.name)):
        index = int(file.partition(".")[0])
        if index in files or index >= len(archs):
            why = f"it and {files[index]} are of one" if index in files else f"{space} ends at {len(archs) - 1}"
            raise CorruptFile(f"{path / file} can be of no architecture: {why}")
        files[index] = file
    if not files:
        raise BadSetting(f"{path} has no results beside its list; they would be in files like 000000.pickle.pbz2")
    return Folder(path, path.resolve().name, space, tuple(archs), tuple(sorted(files.items())))


def space_of(archs: Any, name: str) -> str:
    """Give the name of the space of which these are all architectures, in the official order.

    Raises:
        CorruptFile: When they are of none, not all, or in another order.
    """
    is_list = isinstance(archs, list) and all(isinstance(arch, str) for arch in archs)
    lines = "\n".join(archs if is_list else ()).encode("utf-8", "surrogatepass")
    space = _SPACES.get(hashlib.sha256(lines).hexdigest())
    if space is None:
        what = f"{len(archs):,} architectures, {shown(archs)}," if is_list else shown(archs)
        raise CorruptFile(
            f"{name}: {what} stand where all architectures of {' or '.join(_SPACES.values())} should be, in the "
            "official order; get it anew"
        )
    return space


def _unpacked(path: Path) -> bytes:
    """Return what a bz2 file holds, of which no more is unpacked than a published file could have."""
    if not path.is_file() or path.stat().st_size > _UNPACKED_AT_MOST:
        raise CorruptFile(f"{path} is no file of at most {_UNPACKED_AT_MOST >> 20} MiB; no published one has more")
    packed = path.read_bytes()
    room = min(_UNPACKED_AT_MOST, _SMALL + _RATIO_AT_MOST * len(packed))
    stream = bz2.BZ2Decompressor()
    try:
        written = stream.decompress(packed, room + 1)
    except OSError as error:
        raise CorruptFile(f"{path} cannot be unpacked ({error}); get it anew") from None
    if len(written) > room:
        raise CorruptFile(f"{path} unpacks to more than {room >> 20} MiB, which no published file of its size does")
    if not stream.eof or stream.unused_data:
        raise CorruptFile(f"{path} cannot be unpacked ({'it goes on' if stream.eof else 'it ends early'}); get it anew")
    return written
