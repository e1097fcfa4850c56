"""What is made once of a key, and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Made(dict[K, V], Generic[K, V]):
    """From a key to what is made of it, once; forgets all when there are too many.

    Args:
        make: Makes it; a ``KeyError`` says that the key is none.
        most: How many are too many. The published NAS-Bench-101 has 2,494 matrices, its space 6,472 structures.
    """

    def __init__(self, make: Callable[[K], V], most: int = 2**14) -> None:
        super().__init__()
        self._make, self._most = make, most

    def __missing__(self, key: K) -> V:
        made = self._make(key)
        if len(self) >= self._most:
            self.clear()
        self[key] = made
        return made
