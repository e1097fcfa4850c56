"""Where nasbed keeps what it can make again: ``NASBED_HOME``, else the user's cache folder."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path


def home() -> Path:
    """Give the folder; it may not exist yet. Read anew at each call, so that a test can move it."""
    chosen = os.environ.get("NASBED_HOME")
    return Path(chosen).expanduser() if chosen else _cache_of("nasbed")


def find_place_for_kernels() -> None:
    """Name numba a folder for compiled code where it would find none, and then refuse to compile at all.

    It keeps code beside its source, or in the user's cache folder. Where neither may be written to, ``NASBED_HOME``
    may, or the system's folder for temporary files; there in a folder that nobody else can write to: what is in it is
    run.
    """
    if "NUMBA_CACHE_DIR" in os.environ or any(
        map(_takes_files, (Path(__file__).with_name("__pycache__"), _cache_of("numba")))
    ):
        return
    kernels = home() / "kernels"
    if not _takes_files(kernels):
        kernels = _temporary()
    os.environ["NUMBA_CACHE_DIR"] = str(kernels)


def _temporary() -> Path:
    import tempfile  # which most need not

    user = getattr(os, "getuid", int)()
    with suppress(OSError):
        folder = Path(tempfile.gettempdir()) / f"nasbed-kernels-{user}"
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        return folder if (found.st_uid, found.st_mode & 0o777) == (user, 0o700) else Path(tempfile.mkdtemp())
    return Path(os.devnull)


def _cache_of(program: str) -> Path:
    """Give the user's cache folder of a program, by the system's convention."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or _user() / "AppData" / "Local") / program / "Cache"
    if sys.platform == "darwin":
        return _user() / "Library" / "Caches" / program
    return Path(os.environ.get("XDG_CACHE_HOME") or _user() / ".cache") / program


def _user() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # a number without a name, as in some containers
        return Path(os.devnull)  # in which nothing can be made: what asks for it goes without, or says so


def _takes_files(folder: Path) -> bool:
    """Say whether files can be put into a folder, which is made if need be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)
