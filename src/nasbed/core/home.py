"""Where nasbed keeps what it can make again: ``NASBED_HOME``, else the user's cache folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def home() -> Path:
    """Give the folder; it may not exist yet. Read anew at each call, so that a test can move it."""
    chosen = os.environ.get("NASBED_HOME")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "nasbed"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "nasbed" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nasbed"
