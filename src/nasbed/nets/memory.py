"""Memory: have the C library keep what a training step frees, because the next step wants it again.

The GNU C library asks the system anew for every block above 32 MB, and the system clears every page of it: with the
published skeleton and batch more than a quarter of a step (``benchmarks/training.py``).
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

TRIM_THRESHOLD, MMAP_THRESHOLD, MMAP_MAX = -1, -3, -4
"""Options of ``mallopt``: how much free memory is kept, which blocks come from the system, and how many of them."""

KEEPING = {TRIM_THRESHOLD: -1, MMAP_MAX: 0}

GIVING_BACK = {TRIM_THRESHOLD: 64 << 20, MMAP_THRESHOLD: 32 << 20, MMAP_MAX: 65536}
"""Where the library's own adjustment, which ends with the first call, would have led."""


@contextmanager
def kept_memory() -> Iterator[None]:
    """Give no memory back to the system until the end; where the C library is another, do nothing.

    The setting is the process's: there is no smaller one.
    """
    library: Any = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not hasattr(library, "mallopt"):
        yield
        return
    for option, value in KEEPING.items():
        library.mallopt(option, value)
    try:
        yield
    finally:
        for option, value in GIVING_BACK.items():
            library.mallopt(option, value)
        library.malloc_trim(0)
