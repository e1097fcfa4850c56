"""Locks: one process at a time, for as long as it lives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasbed.core.errors import BadSetting


@contextmanager
def alone(path: Path, what: str) -> Iterator[None]:
    """Hold a lock on a file while the block runs; the system lets go of it however the process ends.

    Where the system or the file's disk has no such locks, nothing is held.

    Args:
        path: A file that exists for this alone; it is made, and stays.
        what: What nobody else may do meanwhile, for the error: ``"trains in runs/best"``.

    Raises:
        BadSetting: When another process holds it.
    """
    with path.open("a") as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadSetting(f"another process {what}; wait for its end, or stop it first") from None
        except (ImportError, OSError):  # Windows; some network disks
            pass
        yield
