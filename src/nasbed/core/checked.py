"""Checked files: the checksum of a whole file in the file itself, compared before anything in it is decoded.

Wherever its format has room for a text (metadata, a comment, a field of JSON) a file has its *seal*: ``MARK`` and the
SHA-256 that the file has with ``BLANK`` in the seal's place. A file is read into memory as a whole, compared, and
decoded from there, so what is decoded is what was compared.

Files of version 0.1 have no seal. Their form says so a second time, by the names of their fields, and whoever decodes a
file holds the two against each other: damage cannot make a checked file look like an unchecked one.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.files import put

MARK = b"nasbed-sha256:"
BLANK = MARK + b"0" * 64
FORMAT = 2
_ABOUT = "about"  # the array that says what the others are of
"""Of JSON and of arrays; version 0.1 named none."""

Arrays = dict[str, NDArray[Any]]


class Content(NamedTuple):
    """What a file has.

    Attributes:
        data: Its bytes.
        sealed: Whether they were compared with a checksum; those of version 0.1 have none.
    """

    data: bytes
    sealed: bool


def sealed(data: bytes) -> bytes:
    """Put the checksum in place of ``BLANK``, wherever that is.

    Raises:
        ValueError: When there is no blank, or another seal.
    """
    if set(_seals(data).values()) != {BLANK}:
        raise ValueError("what is sealed has a blank for the seal, and no other")
    return data.replace(BLANK, _seal_of(data, _seals(data)))


def write_checked(path: Path, data: bytes) -> Path:
    """Write a file that has a blank for its seal, whole or not at all, and give its path.

    Raises:
        BadSetting: When nothing can be written there.
    """
    return put(path, sealed(data))


def read_checked(path: Path, remedy: str) -> Content:
    """Read a whole file and compare it with its seal.

    Args:
        path: The file.
        remedy: What to do when it is damaged, for the error.

    Raises:
        BadSetting: When it cannot be read.
        CorruptFile: When it is not what was written.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadSetting(f"{path} cannot be read: {error.strerror}") from None
    return Content(data, is_sealed(data, path, remedy))


def is_sealed(data: bytes, path: Path, remedy: str) -> bool:
    """Say whether a file's bytes have a seal, and compare it.

    Raises:
        CorruptFile: When it differs.
    """
    seals = _seals(data)
    if seals and set(seals.values()) != {_seal_of(data, seals)}:
        raise CorruptFile(f"{path} is damaged: it is not what was written; {remedy}")
    return bool(seals)


def _seals(data: bytes) -> dict[int, bytes]:
    """Find the seals: where they begin, and what they are."""
    found, place = dict[int, bytes](), data.find(MARK)
    while place >= 0:
        found[place] = data[place : place + len(BLANK)]
        place = data.find(MARK, place + len(BLANK))
    return found


def _seal_of(data: bytes, places: Iterable[int]) -> bytes:
    """Hash data with ``BLANK`` in some places."""
    digest, start, view = hashlib.sha256(), 0, memoryview(data)
    for place in places:
        digest.update(view[start:place])
        digest.update(BLANK)
        start = place + len(BLANK)
    digest.update(view[start:])
    return MARK + digest.hexdigest().encode()


# ── JSON ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def write_json(path: Path, values: Mapping[str, Any], indent: int | None = None) -> Path:
    """Write an object of JSON with its seal, whole or not at all."""
    text = json.dumps({"format": FORMAT, "seal": BLANK.decode(), **values}, indent=indent)
    return write_checked(path, text.encode() + b"\n")


def read_json(path: Path, what: str, remedy: str) -> dict[str, Any]:
    """Read an object of JSON, with or, of version 0.1, without a seal.

    Raises:
        CorruptFile: When it is damaged or something else.
    """
    data, whole = read_checked(path, remedy)
    try:
        found = json.loads(data)
        if not isinstance(found, dict):
            raise ValueError("it is not an object")
        if whole != (found.pop("format", None) == FORMAT) or whole != ("seal" in found):
            raise ValueError("its checksum is missing, or it is of a later version")
    except (ValueError, RecursionError) as error:
        raise CorruptFile(f"{path} is not {what}, or is damaged: {error}; {remedy}") from None
    found.pop("seal", None)
    return found


# ── arrays ────────────────────────────────────────────────────────────────────────────────────────────────────────


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> Path:
    """Write named arrays as NumPy's ``.npz``, with a seal in the comment of the archive, whole or not at all."""
    from zipfile import ZipFile  # which imports every kind of compression

    file, named = BytesIO(), {**arrays, "format": np.array(FORMAT)}
    np.savez_compressed(file, **named)  # type: ignore[arg-type]
    with ZipFile(file, "a") as archive:
        archive.comment = BLANK
    return write_checked(path, file.getvalue())


def read_arrays(path: Path, what: str, remedy: str) -> Arrays:
    """Read what ``write_arrays`` wrote, or version 0.1 without a seal; nothing in it executes.

    Raises:
        CorruptFile: When it is damaged or something else.
    """
    from zipfile import BadZipFile, ZipFile

    data, whole = read_checked(path, remedy)
    try:
        if not whole and (bad := ZipFile(BytesIO(data)).testzip()) is not None:
            raise ValueError(f"{bad!r} is not what was written")
        with np.load(BytesIO(data), allow_pickle=False) as file:
            arrays = dict(file)
        if whole != ("format" in arrays and arrays.pop("format") == FORMAT):
            raise ValueError("its checksum is missing, or it is of a later version")
    except (OSError, EOFError, ValueError, RuntimeError, struct.error, BadZipFile, zlib.error) as error:
        raise CorruptFile(f"{path} is not {what}, or is damaged: {error}; {remedy}") from None
    return arrays


def write_described(path: Path, arrays: Mapping[str, NDArray[Any]], about: bytes) -> Path:
    """Write arrays, and a line of JSON that says what they are of; see ``write_arrays``."""
    return write_arrays(path, {**arrays, _ABOUT: np.frombuffer(about, np.uint8)})


def read_described(path: Path, what: str, thing: str, form: int, remedy: str) -> tuple[Arrays, dict[str, Any]]:
    """Read arrays and what a file says of them.

    Args:
        path: What ``write_described`` wrote.
        what: What the file is, such as ``a search saved by nasbed``.
        thing: What is loaded from it.
        form: The format that is known, as the description names its own.
        remedy: What to do where it is damaged.

    Raises:
        BadSetting: When there is no such file, or it has another format.
        CorruptFile: When it is something else, or damaged.
    """
    if not path.is_file():
        raise BadSetting(f"there is no file {path} to load {thing} from")
    arrays = read_arrays(path, what, remedy)
    try:
        about = json.loads(arrays.pop(_ABOUT).tobytes())
        known = about["format"] == form
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptFile(f"{path} is not {what}: {error}") from None
    if not known:
        raise BadSetting(f"{path} has format {about['format']}; this nasbed reads format {form}")
    return arrays, about
