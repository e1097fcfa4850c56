"""Claim: one campaign at a time works on a store.

The claim is a lock on a file beside the store. The system takes it back with the process, however that ends, so what
was killed leaves a file behind but no claim; an orderly end leaves neither.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from nasbed.core.errors import BadSetting
from nasbed.core.files import check_place


@contextmanager
def claimed(store: Path) -> Iterator[None]:
    """Hold the claim on a store's file while the block runs.

    Raises:
        BadSetting: When another process holds it, or no file can be made beside the store.
    """
    check_place(store)
    path = _beside(store)
    with _locked(path, store) as file:
        file.truncate(0)
        file.write(json.dumps({"process": os.getpid(), "machine": platform.node()}))
        file.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)  # while it is locked, so that nobody else's is removed


def holder(store: Path) -> dict[str, Any] | None:
    """Give ``process`` and ``machine`` of who holds the claim on a store; None when nobody does.

    The lock is not touched, so that looking never stands in a campaign's way; what another machine's process left
    behind when it was killed is taken for a claim.
    """
    try:
        found: dict[str, Any] = json.loads(_beside(store).read_text())
        if found["machine"] == platform.node():
            os.kill(found["process"], 0)  # sends nothing; says whether it is there
    except PermissionError:  # it is there, and somebody else's
        return found
    except (OSError, ValueError, KeyError):
        return None
    return found


def _beside(store: Path) -> Path:
    return store.with_name(f"{store.name}-claim")


def _locked(path: Path, store: Path) -> IO[str]:
    """Open the file and lock it; who held it may have removed it in between, and then it is made again."""
    while True:
        file = path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        except FileNotFoundError:
            pass
        except BlockingIOError:
            file.close()
            who = holder(store)
            where = "" if who is None else f", as process {who['process']} on {who['machine']}"
            raise BadSetting(
                f"another command works on {store} already{where}; let it work ('nasbed status {store}' shows how far "
                "it is), or stop it first"
            ) from None
        except BaseException:
            file.close()
            raise
        file.close()
