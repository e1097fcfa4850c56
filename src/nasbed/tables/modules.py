"""Modules of NAS-Bench-101 in a table: found by their published hash, and drawn as they were given."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile, InvalidArchitecture, NotInTable
from nasbed.core.graph import Graph
from nasbed.core.records import Archs
from nasbed.core.space import Space
from nasbed.tables.column import LOOKS, Measure
from nasbed.tables.file import ColumnFile, Stored

_DIGEST = struct.Struct(">QQ")
_PROBES = 8
"""How often a hash is looked for where it should be; about five find it. Halving bounds what uneven hashes cost."""


class Modules:
    """The modules of a table's rows.

    Args:
        file: The table's file.
        settings: Of its space.
        measures: What its columns hold.
    """

    def __init__(self, file: ColumnFile, settings: dict[str, Any], measures: Mapping[str, Measure]) -> None:
        self.file, self.settings = file, settings
        self._measures, self._looks = measures, 0
        self._hashes: Stored = file.stored("hash")
        self._by_hash: Stored | None = file.stored("by_hash") if "by_hash" in file else None
        self._digests = self._hashes.array.reshape(-1).data
        self._order = None if self._by_hash is None else self._by_hash.array.data

    @cached_property
    def hashes(self) -> NDArray[np.uint8]:
        """The published digest of each module, ``(n, 16)``."""
        return self._hashes.whole()

    @cached_property
    def vertices(self) -> NDArray[np.int8]:
        """How many vertices each module was given with, ``(n,)``."""
        return self.file.array("vertices")

    @cached_property
    def classes(self) -> NDArray[np.int32] | None:
        """The space's number of each module, ``(n,)``; None when the space does not number its modules."""
        return self.file.array("class") if "class" in self.file else None

    @cached_property
    def by_hash(self) -> NDArray[np.integer[Any]] | None:
        """The rows in ascending order of hash, ``(n,)``; None when they are in that order."""
        return None if self._by_hash is None else self._by_hash.whole()

    @cached_property
    def archs(self) -> Archs:
        """Each module as it was given, ``(n, decisions)``; fewer vertices leave places without edges."""
        return self.file.array("arch")

    @cached_property
    def trainings(self) -> tuple[tuple[int, ...], int]:
        """The budgets, and how many repeats each has, of trainings in the form of NAS-Bench-101.

        Raises:
            BadSetting: When the table has none.
        """
        for measure in self._measures.values():
            if measure.axes == ("recipe", "seed"):
                return tuple(map(int, measure.recipes)), len(measure.seeds)
        raise BadSetting(
            f"{self.file.path.name} has no trainings in the form of NAS-Bench-101, with repeats of each budget"
        )

    @cached_property
    def trainable_parameters(self) -> NDArray[np.integer[Any]]:
        """How many parameters the network of each module has, ``(n,)``."""
        return self.file.array("trainable_parameters")

    def row_of(self, digest: str) -> int:
        """Find the row of a module by its hash in hexadecimal.

        Raises:
            NotInTable: When the table does not have it.
        """
        try:
            wanted = _DIGEST.unpack(bytes.fromhex(digest))
        except (ValueError, TypeError, struct.error):
            raise NotInTable(f"{digest!r} is not a hash: 32 hexadecimal digits") from None
        try:
            row = self._find(wanted)
        except struct.error:  # a damaged order points outside of the file
            row = None
        if row is not None:
            return row
        _ = self.hashes, self.by_hash  # a damaged one would lead astray
        raise NotInTable(f"{self.file.path.name} has no module with the hash {digest}")

    def _find(self, wanted: tuple[int, int]) -> int | None:
        """Find the row of a digest, given as two words."""
        digests, order = self._digests, self._order
        low, high = 0, len(digests) // 16
        density = high  # of 2⁶⁴: digests are spread evenly, so the distance to one says how many rows away it is
        place, probes = wanted[0] * density >> 64, 0
        while low < high:
            row: int = place if order is None else order[place]
            found = _DIGEST.unpack_from(digests, 16 * row)
            if found == wanted:
                self._check(place, row)
                return row
            if found < wanted:
                low = place + 1
            else:
                high = place
            probes += 1
            if probes < _PROBES:
                place += (wanted[0] - found[0]) * density >> 64
                place = low if place < low else high - 1 if place >= high else place
            else:
                place = (low + high) // 2
        return None

    def _check(self, place: int, row: int) -> None:
        """See that what a hash was found by is whole; all hashes at once where many are asked for."""
        self._looks += 1
        if self._looks > LOOKS:
            _ = self.hashes, self.by_hash
            return
        self._hashes.part(row, row + 1)
        if self._by_hash is not None:
            self._by_hash.part(place, place + 1)

    def rows(self, archs: Archs, space: Any) -> NDArray[np.int64]:
        """Find rows one by one, without anything compiled, ``(n,)``; −1 for what is not there or not valid."""
        rows = np.full(len(archs), -1, np.int64)
        for i, arch in enumerate(archs):
            with suppress(InvalidArchitecture, NotInTable):
                rows[i] = self.row_of(space.module_hash(arch))
        return rows

    def graph(self, row: int) -> Graph:
        """Return a module with the vertices that it was given with, pruned or not."""
        most = int(self.settings["vertices"])
        arch, count = self.archs[row], int(self.vertices[row])
        places = [*range(count - 1), most - 1]
        matrix = [
            [int(arch[a + b * (b - 1) // 2]) if a < b else 0 for b in places]  # the space's order of edges
            for a in places
        ]
        inner = arch[most * (most - 1) // 2 :][: count - 2].tolist()
        return Graph(tuple(map(tuple, matrix)), ("input", *(self.settings["operations"][op] for op in inner), "output"))

    def verify(self, space: Space) -> None:
        """See that hashes, classes and orders fit the modules.

        Raises:
            CorruptFile: Saying which row does not.
        """
        hashing: Any = space
        self._compare("hash", self.hashes, hashing.hashes(self.archs))
        if self.classes is not None:
            self._compare("class", self.classes, space.index(self.archs))
        ordered = self.hashes if self.by_hash is None else self.hashes[self.by_hash]
        words = ordered.view(">u8").reshape(-1, 2)
        rising = (words[1:, 0] > words[:-1, 0]) | ((words[1:, 0] == words[:-1, 0]) & (words[1:, 1] > words[:-1, 1]))
        if not rising.all():
            raise CorruptFile(f"{self.file.path}: the hashes do not ascend at number {int(np.argmin(rising)) + 1}")

    def _compare(self, name: str, written: NDArray[Any], expected: NDArray[Any]) -> None:
        same = (written == expected).reshape(len(written), -1).all(axis=1)
        if not same.all():
            raise CorruptFile(f"{self.file.path}: the {name} of row {int(np.argmin(same))} does not fit its module")
