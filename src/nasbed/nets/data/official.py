"""Official files: data sets that others publish, found on disk, checked and read straight from folder or archive."""

from __future__ import annotations

import hashlib
import os
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.nets.data.pictures import Pictures, Scale
from nasbed.nets.data.splits import index_file, last_file, near
from nasbed.readers.pickles import read_pickle

Batch = tuple[NDArray[np.uint8], NDArray[np.int64]]
"""The images of a file, ``(n, channels, size, size)`` as they are written, and their labels, ``(n,)``."""


@dataclass(frozen=True)
class Form:
    """One of the forms in which a data set is published.

    Attributes:
        folder: What its files unpack to.
        archive: What they are packed in; empty where nothing is read from an archive.
        archive_md5: The archive's checksum, for the reader of an error.
        algorithm: Of the checksums of the files.
        train: The checksum of each file of training images, in order.
        test: The checksum of each file of test images.
        decode: From a file's content, and what to call it in an error, to its images.
        content: From a file's bytes, and likewise, to the content, of which the checksum is: the bytes themselves, if
            they are always written alike.
    """

    folder: str
    archive: str
    archive_md5: str
    algorithm: str
    train: Mapping[str, str]
    test: Mapping[str, str]
    decode: Callable[[bytes, str], Batch]
    content: Callable[[bytes, str], bytes] = lambda content, name: content

    @cached_property
    def files(self) -> Mapping[str, str]:
        """All of them."""
        return {**self.train, **self.test}


@dataclass(frozen=True)
class Official:
    """A published data set.

    Attributes:
        source: Its name in ``SOURCES``.
        title: Its name among people.
        origin: Where its files come from.
        classes: How many classes there are.
        forms: In the order in which they are looked for.
    """

    source: str
    title: str
    origin: str
    classes: int
    forms: tuple[Form, ...]

    def pictures(self, where: str | None, split: str | None, unofficial: bool, scale: Scale) -> Pictures:
        """Read all of it.

        Args:
            where: The folder of the files, or an archive; the folder that ``NASBED_DATA`` names if None.
            split: An index file; the last file of training images validates if None.
            unofficial: Whether files with other contents are read too.
            scale: The published normalisation.

        Raises:
            BadSetting: When there are no such files, or the split does not fit them.
            CorruptFile: When a file is damaged, or has other contents and ``unofficial`` is not set.
        """
        form, batches, warnings = self.batches(where, unofficial)
        train, test = ([len(batches[file][1]) for file in files] for files in (form.train, form.test))
        if split is None:
            parts = last_file(train, sum(test))
        else:
            parts = index_file(_index_file(split, self._found(where)[1]), sum(train), sum(test))
        images, labels = (np.concatenate([batches[file][k] for file in form.files]) for k in (0, 1))
        return Pictures(_channels_last(images), labels, parts, self.classes, scale, warnings)

    def batches(self, where: str | None, unofficial: bool) -> tuple[Form, dict[str, Batch], tuple[str, ...]]:
        """Return the form that is there, the images of each of its files, and warnings; raises as ``pictures`` does."""
        form, path = self._found(where)
        return form, *self._read(form, path, unofficial)

    def _found(self, where: str | None) -> tuple[Form, Path]:
        """Give the first form that is there, and the folder of its files or its archive."""
        place = where or os.environ.get("NASBED_DATA")
        forms = [f"the archive {form.archive} (MD5 {form.archive_md5})" for form in self.forms if form.archive]
        forms += [
            f"the folder {form.folder} with {_listed(form.train)} and {_listed(form.test)}" for form in self.forms
        ]
        how = (
            f"Name the folder that has it, as in {self.source}:FOLDER, or set the environment variable NASBED_DATA to "
            f"that folder. Looked for are {', or '.join(forms)}; they come from {self.origin}"
        )
        if place is None:
            raise BadSetting(f"where the files of {self.title} are was not said. {how}")
        path = Path(place).expanduser()
        for form in self.forms:
            for folder in (path / form.folder, path):
                if any((folder / file).is_file() for file in form.files):
                    return form, folder
            for archive in (path / form.archive, path):
                if form.archive and archive.name == form.archive and archive.is_file():
                    return form, archive
        raise BadSetting(f"{path} has no {self.title}. {how}" if path.exists() else f"there is no {path}. {how}")

    def _read(self, form: Form, path: Path, unofficial: bool) -> tuple[dict[str, Batch], tuple[str, ...]]:
        """Give the images of each file, and warnings; a file is checked before anything in it is believed."""
        batches: dict[str, Batch] = {}
        changed = []
        for file, written in _contents(form, path):
            content = form.content(written, f"{file} in {path}")
            digest = hashlib.new(form.algorithm, content, usedforsecurity=False).hexdigest()
            if digest != form.files[file]:
                if not unofficial:
                    raise CorruptFile(
                        f"{file} in {path} is not the official one: its {form.algorithm.upper()} is {digest}, not "
                        f"{form.files[file]}. Get {self.title} anew from {self.origin}; or, if these shall be other "
                        f"images, allow them: {self.source}:{path},unofficial=true"
                    )
                changed.append(file)
            batches[file] = form.decode(content, f"{file} in {path}")
            _, labels = batches[file]
            if len(labels) and not 0 <= labels.min() <= labels.max() < self.classes:
                raise CorruptFile(f"{file} in {path} has labels that are not one of the {self.classes} classes")
        if missing := [file for file in form.files if file not in batches]:
            raise CorruptFile(f"{path} lacks {', '.join(missing)}; get all of {self.title} from {self.origin}")
        return batches, (f"not the official {self.title}: other contents in {', '.join(changed)}",) if changed else ()


def _contents(form: Form, path: Path) -> Iterator[tuple[str, bytes]]:
    """Give each file that is there with its bytes, one at a time; an archive is gone through once, nothing unpacked."""
    try:
        if path.is_dir():
            for file in form.files:
                if (path / file).is_file():
                    yield file, (path / file).read_bytes()
            return
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                content = archive.extractfile(member)
                if PurePosixPath(member.name).name in form.files and content is not None:
                    yield PurePosixPath(member.name).name, content.read()
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise CorruptFile(f"{path} cannot be read to its end ({error}); get it anew") from None


def pickled(content: bytes, name: str, *, size: int, labels: str) -> Batch:
    """Decode a pickle of ``data``, ``(n, 3 · size · size)`` bytes, and a list of labels under their key."""
    found = read_pickle(content, name, encoding="latin1")
    images = found.get("data") if isinstance(found, dict) else None
    if not (isinstance(images, np.ndarray) and images.dtype == np.uint8 and images.shape[1:] == (3 * size * size,)):
        raise CorruptFile(f"{name} has no 'data' of {3 * size * size} bytes for each image")
    numbers = found.get(labels)
    if not isinstance(numbers, list) or not all(type(number) is int and 0 <= number < 1 << 16 for number in numbers):
        raise CorruptFile(f"{name} has no list {labels!r} of small whole numbers")
    if len(numbers) != len(images):
        raise CorruptFile(f"{name} has {len(images):,} images, but {len(numbers):,} labels")
    return images.reshape(-1, 3, size, size), np.array(numbers, np.int64)


def binary(content: bytes, name: str, *, size: int, labels: int) -> Batch:
    """Decode records of some label bytes, the last of which counts, and ``3 · size · size`` bytes of an image."""
    record = labels + 3 * size * size
    if not content or len(content) % record:
        raise CorruptFile(f"{name} has {len(content):,} bytes, which is no whole number of records of {record:,}")
    rows = np.frombuffer(content, np.uint8).reshape(-1, record)
    return rows[:, labels:].reshape(-1, 3, size, size), rows[:, labels - 1].astype(np.int64)


def _channels_last(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(images.transpose(0, 2, 3, 1))


def _index_file(split: str, path: Path) -> Path:
    """Find an index file where it is said to be, or with the data."""
    found = near(split, path, path.parent)
    if found.is_file():
        return found
    raise BadSetting(
        f"there is no index file {split}, nor one beside {path}. Those of NAS-Bench-201 are called cifar-split.txt, "
        "cifar100-test-split.txt and imagenet-16-120-test-split.txt, and come with its code, AutoDL-Projects, in "
        "configs/nas-benchmark"
    )


def _listed(files: Mapping[str, str]) -> str:
    """Name files, of many the first and the last."""
    names = list(files)
    return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"
