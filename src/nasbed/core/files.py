"""Files that are there whole or not at all, written beside, then renamed; and the folder of what can be made again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nasbed.core.errors import BadSetting
from nasbed.core.locks import locked


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path beside ``path`` to write to; when the block ends well, it takes the name, else it is removed.

    One process at a time writes there; another waits. What a killed one has left is overwritten.

    Raises:
        BadSetting: When the folder does not exist or may not be written to, or somebody else writes for a minute.
    """
    check_place(path)
    beside = path.with_name(f".{path.name}.part")
    with locked(beside, f"writes {path}"):
        try:
            yield beside
            with beside.open("rb+") as file:
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


def put(path: Path, content: bytes) -> Path:
    """Write a file, whole or not at all, and give its path; raises as ``replacing`` does."""
    with replacing(path) as beside:
        beside.write_bytes(content)
    return path


@contextmanager
def scratch(path: Path) -> Iterator[Path]:
    """Give an empty folder beside ``path`` for what is needed to make it, until the block ends; remove dead ones."""
    remove_left(path.parent, path.name)
    folder = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
    with locked(folder, f"makes {path}"):
        folder.mkdir()
        try:
            yield folder
        finally:
            _remove(folder)


def remove_left(folder: Path, name: str | None = None) -> None:
    """Remove the unfinished files and folders in a folder whose locks nobody holds: whoever made them is gone.

    Args:
        folder: Where they are.
        name: Of what they should have become; anything if not given.
    """
    ours = re.compile(
        rf"(\.{'.+' if name is None else re.escape(name)}(\..+)?\.(part|shards)(\.gone)?)(\.lock)?(\.held)?"
    )
    found = (ours.fullmatch(path.name) for path in folder.iterdir())
    for part in {folder / match[1] for match in found if match}:
        with suppress(BadSetting, OSError), locked(part, f"makes {part}", patience=0.0):
            _remove(part)


def _remove(part: Path) -> None:
    if part.is_dir():
        from shutil import rmtree  # which imports every kind of compression

        # Under another name first, where a worker that outlives its command for a moment puts nothing more.
        part = part.rename(part.with_name(f"{part.name.removesuffix('.gone')}.gone"))
        rmtree(part, ignore_errors=True)
    else:
        part.unlink(missing_ok=True)


def check_place(path: Path) -> None:
    """See that a file can be written there, before the work whose result it shall hold.

    Raises:
        BadSetting: When the folder does not exist or may not be written to, or the name is a folder's.
    """
    if not path.parent.is_dir():
        raise BadSetting(f"there is no folder {path.parent} to write {path.name} to; make it first")
    if path.is_dir():
        raise BadSetting(f"{path} is a folder; give the name of a file")
    if not os.access(path.parent, os.W_OK):
        raise BadSetting(f"the folder {path.parent} may not be written to; choose another place for {path.name}")


def check_form(path: Path, what: str, form: str, *suffixes: str) -> None:
    """See that the name of a file to be written says what is written, and that it can be.

    Args:
        path: Of the file.
        what: Is written.
        form: Of what is written, in words.
        suffixes: That names of such files have, the usual one first.

    Raises:
        BadSetting: When the name says something else, with one that does not; or as ``check_place``.
    """
    if path.suffix.lower() not in suffixes:
        raise BadSetting(f"{what} is written as {form}; name the file {path.stem}{suffixes[0]}, not {path.name}")
    check_place(path)


def slug(text: str, otherwise: str) -> str:
    """Give a text as a file's name may have it; something else where nothing is left of it."""
    return re.sub(r"[^A-Za-z0-9._=-]+", "-", text).strip("-.") or otherwise
