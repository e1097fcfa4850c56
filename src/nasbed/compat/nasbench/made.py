"""A dictionary that makes what it is asked for and has not got.

Not ``lru_cache``, which touches the neighbours of what it finds: memory far away costs more here than arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
_KEPT = 2**14
"""How many are remembered; the published table has 2,494 matrices, its space 6,472 structures."""


class Made(dict[K, V], Generic[K, V]):
    """From a key to what is made of it, once.

    Args:
        make: Makes it; a ``KeyError`` says that the key is none.
    """

    def __init__(self, make: Callable[[K], V]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: K) -> V:
        if len(self) >= _KEPT:
            self.clear()
        made = self[key] = self._make(key)
        return made
