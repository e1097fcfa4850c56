"""Folders such as ``NATS-tss-v1_0-3ffb9-simple``: a bz2 pickle for each architecture, another with the list of all.

A folder may have the files of some architectures only.

Reference: https://github.com/D-X-Y/NATS-Bench
"""

from __future__ import annotations

import bz2
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.readers.natsbench.source import Source, space_of
from nasbed.readers.natsbench.state import published_of
from nasbed.readers.natsbench.trainings import Published
from nasbed.readers.pickles import read_pickle

META = "meta.pickle.pbz2"
_FILE = re.compile(r"(\d{1,6})\.pickle\.pbz2")
_UNPACKED_AT_MOST = 16 * 2**20
"""Of one file, bytes; the published ones have 1.4 MB at most."""
_RATIO_AT_MOST, _SMALL = 400, 2**20
"""By how much a file may unpack beyond a small one; of the published ones, lists do so by 39, results by 4."""


@dataclass(frozen=True, eq=False)
class Folder(Source):
    """The results in a folder, or some of them; an item is a file's name."""

    def __iter__(self) -> Iterator[Published]:
        """Read file after file."""
        for index, file in self.items:
            where = str(self.path / file)
            yield published_of(read_pickle(_unpacked(self.path / file), where), index, self.archs, where)

    def checksums(self) -> dict[str, str]:
        """Give the SHA-256 of the list, and one over those of all other files in the order of their names."""
        all_files = hashlib.sha256()
        for file in sorted(file for _, file in self.items):
            all_files.update(f"{hashlib.sha256((self.path / file).read_bytes()).hexdigest()}  {file}\n".encode())
        return {
            META: hashlib.sha256((self.path / META).read_bytes()).hexdigest(),
            f"sha256sum of {len(self):,} files": all_files.hexdigest(),
        }


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
    for file in sorted(entry.name for entry in path.iterdir()):
        if not (match := _FILE.fullmatch(file)):
            continue
        index = int(match[1])
        if index in files or index >= len(archs):
            why = f"it and {files[index]} are of one" if index in files else f"{space} ends at {len(archs) - 1}"
            raise CorruptFile(f"{path / file} can be of no architecture: {why}")
        files[index] = file
    if not files:
        raise BadSetting(f"{path} has no results beside its list; they would be in files like 000000.pickle.pbz2")
    return Folder(path, path.resolve().name, space, tuple(archs), tuple(sorted(files.items())))


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
