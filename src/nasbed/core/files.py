"""Files that are there whole or not at all: written beside, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasbed.core.errors import BadSetting


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path beside ``path`` to write to; when the block ends well, it takes the name, else it is removed.

    Raises:
        BadSetting: When the folder does not exist or may not be written to.
    """
    check_place(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


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
