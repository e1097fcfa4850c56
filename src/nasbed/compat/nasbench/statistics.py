"""Statistics of all modules as the published interface holds them, read from a table when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from nasbed.compat.nasbench.reader import Reader, Statistics

_CHUNK = 4096


class FixedStatistics(Mapping[str, Statistics]):
    """From a module's hash to what does not depend on training; in the order of the file, read when asked for."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def __getitem__(self, module_hash: str) -> Statistics:
        return self._reader.fixed(self._reader.table.row_of_hash(module_hash))

    def __iter__(self) -> Iterator[str]:
        return _hashes(self._reader.table.hashes)

    def __len__(self) -> int:
        return len(self._reader.table)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} modules)"


class ComputedStatistics(Mapping[str, dict[int, list[Statistics]]]):
    """From a module's hash to what training gave, by budget and repeat; in the order of the file, read when asked."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def __getitem__(self, module_hash: str) -> dict[int, list[Statistics]]:
        return self._reader.computed(self._reader.table.row_of_hash(module_hash))

    def __iter__(self) -> Iterator[str]:
        return _hashes(self._reader.table.hashes)

    def __len__(self) -> int:
        return len(self._reader.table)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} modules)"


def _hashes(hashes: NDArray[np.uint8]) -> Iterator[str]:
    for start in range(0, len(hashes), _CHUNK):
        text = hashes[start : start + _CHUNK].tobytes().hex()
        yield from (text[i : i + 32] for i in range(0, len(text), 32))
