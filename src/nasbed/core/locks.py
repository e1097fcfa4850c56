"""Locks: one process at a time, for as long as it lives, on this machine, in any container and over a shared disk.

A lock is held and not noted. It is on a file of its own beside what it guards, ``.NAME.lock`` beside ``NAME``, which
is removed at an orderly end. The system lets go of the lock of a process that dies, however it dies: whoever can take
the lock knows that the other is gone. What the file says of its holder is for people to read, and decides nothing.

On a disk without locks, a second file is the lock by being there, ``.NAME.lock.held``. What a killed process leaves
there is taken over only where filelock can prove that it is gone (on the same machine, in the same container);
elsewhere the error names the file to remove.
"""

from __future__ import annotations

import errno
import logging
import os
import platform
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from nasbed.core.errors import BadSetting

PATIENCE = 60.0
"""Seconds for which another process's work on a file is waited for, if it is short."""

CLAIM = 0.5
"""Seconds that long work waits for another holder, who may only be asking who is at work; not for the work's end."""

_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP}


class Held(BadSetting):
    """A lock that another process holds."""


@contextmanager
def locked(path: Path, doing: str, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock of a file or folder while the block runs. It need not exist yet; its folder must.

    Another lock of the same path is waited for, also one of this process. Ctrl-C ends the wait.

    Args:
        path: What is guarded.
        doing: What nobody else may do meanwhile, for the error: ``"works on a.sqlite"``.
        patience: Seconds to wait for another holder.

    Raises:
        Held: When it is still held after that.
        BadSetting: When no lock can be had there, such as in a folder that may not be written to.
    """
    place = _place(path)
    with _taken(place, doing, patience):
        own = _inode(place)
        try:
            yield
        finally:
            if own is not None and own == _inode(place):  # else somebody has removed ours, and it is another's
                with suppress(OSError):  # while it is locked
                    place.unlink()


def claimed(store: Path, shown: Path | None = None) -> AbstractContextManager[None]:
    """Hold the lock of what a command works on, perhaps for days.

    Args:
        store: The file.
        shown: What ``nasbed status`` is asked for; the store if not given.
    """
    name = store if shown is None else shown
    return locked(store, f"works on {name} ('nasbed status {name}' shows how far it is)", CLAIM)


def clear(path: Path) -> None:
    """Remove the lock's file if a process that is gone left it; a lock that is held stays."""
    if _place(path).exists():
        with suppress(BadSetting, OSError), locked(path, f"clears {path}", patience=0.0):
            pass  # its orderly end removes the file


def holder(path: Path) -> dict[str, Any] | None:
    """Return ``process`` and ``machine`` of the lock's holder; None when nobody holds it, whatever was left there."""
    place = _place(path)
    said = _said(place)
    if not place.exists():
        return None
    try:
        with locked(path, "is asked about", patience=0.0):
            return None
    except BadSetting:  # it is held; or one may not ask, and what was said must do
        return said


def _place(path: Path) -> Path:
    return path.absolute().with_name(f".{path.name.lstrip('.')}.lock")


def _marker(place: Path) -> Path:
    return place.with_name(f"{place.name}.held")


def _inode(place: Path) -> tuple[int, int] | None:
    with suppress(OSError):
        found = place.stat()
        return found.st_dev, found.st_ino
    return None


def _text(place: Path) -> str:
    with suppress(OSError, ValueError):
        return place.read_text()
    return ""


def _said(place: Path) -> dict[str, Any]:
    """Read what is said of a lock's holder."""
    process, machine, *_ = [*(_text(place) or _text(_marker(place))).splitlines(), "", ""]
    known = process.isdecimal()
    return {"process": int(process) if known else None, "machine": machine.partition("?")[0] if known else None}


def _taken(place: Path, doing: str, patience: float) -> AbstractContextManager[object]:
    """Take a lock, and say for what is waited if it takes long."""
    if not place.parent.is_dir():
        raise BadSetting(f"there is no folder {place.parent}; make it first")
    try:
        try:
            return _take(place, doing, min(patience, CLAIM))
        except Held:
            if patience <= CLAIM:
                raise
        logging.getLogger("nasbed").warning("waiting for another process, which %s%s", doing, _who(place))
        return _take(place, doing, patience - CLAIM)
    except OSError as error:
        raise BadSetting(
            f"{place} cannot be locked ({error.strerror or error}), so another process could be at work there, too; "
            "see that the folder may be written to, or choose another place"
        ) from None


def _take(place: Path, doing: str, patience: float) -> AbstractContextManager[object]:
    from filelock import FileLock, SoftFileLock, Timeout  # which takes a while, and most commands write nothing

    marker, advice = _marker(place), ""
    try:
        try:
            lock = FileLock(place, timeout=patience, fallback_to_soft=False).acquire()
        except OSError as error:
            if error.errno not in _NO_LOCKS or _text(place):  # who has written there had locks
                raise
            advice = f". Its disk has no locks: if that process has ended, remove {marker}"
            return SoftFileLock(marker, timeout=patience).acquire()
    except Timeout:
        raise Held(f"another process {doing}{_who(place)}; wait for its end, or stop it first{advice}") from None
    with suppress(OSError):  # nobody needs it
        place.write_text(f"{os.getpid()}\n{platform.node()}\n")
    return lock


def _who(place: Path) -> str:
    said = _said(place)
    return "" if said["process"] is None else f", as process {said['process']} on {said['machine']}"
