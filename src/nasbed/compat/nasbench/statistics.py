"""Statistics of all modules as the published interface holds them, read from a table when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from nasbed.tables.table import Table

T = TypeVar("T")
_CHUNK = 4096


class ByHash(Mapping[str, T]):
    """From a module's hash to what a row of the table says of it; in the order of the file, read when asked for.

    Args:
        table: The table.
        read: Gives what is asked for of a row.
    """

    def __init__(self, table: Table, read: Callable[[int], T]) -> None:
        self._table, self._read = table, read

    def __getitem__(self, module_hash: str) -> T:
        return self._read(self._table.row_of_hash(module_hash))

    def __iter__(self) -> Iterator[str]:
        hashes = self._table.hashes
        for start in range(0, len(hashes), _CHUNK):
            text = hashes[start : start + _CHUNK].tobytes().hex()
            yield from (text[i : i + 32] for i in range(0, len(text), 32))

    def __len__(self) -> int:
        return len(self._table)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} modules)"
