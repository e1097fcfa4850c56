"""Landscape: a value for each architecture of a space, and who is whose neighbour."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.core.benchmark import Benchmark, needed
from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.printing import Printed
from nasbed.core.space import Space

_ROWS_AT_ONCE = 1 << 16


@dataclass(frozen=True, eq=False)
class Neighbourhood(Printed):
    """Which architectures are one decision away from which, over a whole enumerated space.

    Architectures are those that ``Space.index`` numbers; two are neighbours when the row that ``enumerate`` gives of
    either is one decision away from a row of the other. Being neighbours is mutual, and none is its own neighbour.

    Where a row is the only one of its architecture, as in NAS-Bench-201, these are the neighbours of
    ``Space.neighbors``. Where many rows spell one architecture, as in NAS-Bench-101, they are all that any spelling
    has: a move that changes the pruned module takes an edge of it away or changes an operation, which every spelling of
    it allows, or is the way back from such a move.

    Attributes:
        offsets: Where each architecture's neighbours begin, ``(size + 1,)``.
        near: Their numbers, ascending within each architecture, int32.
    """

    offsets: NDArray[np.int64]
    near: NDArray[np.int32]

    def of(self, index: int) -> NDArray[np.int32]:
        """Give the neighbours of one architecture."""
        return self.near[self.offsets[index] : self.offsets[index + 1]]


def neighbourhood(space: Space) -> Neighbourhood:
    """Find all neighbours in a space.

    Raises:
        BadSetting: When the space does not number its architectures.
        MissingExtra: When SciPy is not installed.
    """
    if not space.is_enumerable:
        raise BadSetting(f"the space {space.name} does not number its architectures, so it cannot be looked over whole")
    archs = space.enumerate()
    ones, others = [], []
    for start in range(0, len(archs), _ROWS_AT_ONCE):
        rows = archs[start : start + _ROWS_AT_ONCE]
        own = np.arange(start, start + len(rows), dtype=np.int32)
        for move in range(len(space.moves)):
            near = space.index(space.moved(rows, np.full(len(rows), move)))
            there = (near >= 0) & (near != own)
            ones.append(own[there])
            others.append(near[there].astype(np.int32))
    pairs = np.concatenate([*ones, *others]), np.concatenate([*others, *ones])
    graph = require("scipy.sparse", "report").csr_array((np.ones(len(pairs[0]), np.bool_), pairs), (space.size,) * 2)
    graph.sum_duplicates()
    return Neighbourhood(graph.indptr.astype(np.int64), graph.indices)


Split = Literal["validation", "test"]


@dataclass(frozen=True, eq=False)
class Landscape(Printed):
    """What a search that moves from neighbour to neighbour walks on.

    Attributes:
        space: The architectures.
        values: One for each, in the order of ``space.enumerate``, higher is better, ``(size,)``; NaN for what is not
            there: nobody goes where no training ended.
        neighbourhood: Who is whose neighbour.
        name: Whose values.
        what: What they are, in words.
        factor: What they are multiplied with to be shown.
        warnings: What one must know before one believes them, in sentences.
    """

    space: Space
    values: NDArray[np.float64]
    neighbourhood: Neighbourhood
    name: str = "values"
    what: str = "value"
    factor: float = 1.0
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, benchmark: Benchmark, split: Split = "validation", epochs: int | None = None) -> Landscape:
        """Take the mean of each architecture's repeats from a benchmark that knows the whole space.

        Args:
            benchmark: Whose answers.
            split: Validation values, which a search climbs on, or test accuracies.
            epochs: Training budget; None for the benchmark's largest.

        Raises:
            BadSetting: When the benchmark really trains, the space does not number its architectures, or there is no
                value at all.
            NotInTable: When the benchmark lacks an architecture or the budget.
        """
        if split not in get_args(Split):
            raise BadSetting(f"a landscape is of {' or '.join(get_args(Split))} values, not of {split!r}")
        if needed(benchmark).live is not None:
            raise BadSetting(f"{benchmark.name} knows no architecture before it is asked; a landscape needs a table")
        space = benchmark.space
        if not space.is_enumerable:
            raise BadSetting(f"{benchmark.name} is on a space that does not number its architectures: {space.name}")
        archs = space.enumerate()
        values = benchmark.test(archs, epochs) if split == "test" else benchmark.query(archs, epochs).value
        measure = benchmark.tested if split == "test" else benchmark.measure
        seen = f"{benchmark.split if split == 'validation' else split} " if measure == benchmark.tested else ""
        found = cls.of_values(
            space, values, benchmark.name, f"{seen}{measure}", 100.0 if measure == "accuracy" else 1.0
        )
        return replace(found, warnings=tuple(map(str, benchmark.describe().get("warnings", ()))))

    @classmethod
    def of_values(
        cls, space: Space, values: ArrayLike, name: str = "values", what: str = "value", factor: float = 1.0
    ) -> Landscape:
        """Take values in the order of ``space.enumerate``.

        Raises:
            BadSetting: When they are not one for each architecture, or all NaN.
        """
        found = np.asarray(values, np.float64)
        if not space.is_enumerable or found.shape != (space.size,):
            raise BadSetting(f"a landscape on {space.name} has {space.size} values, not an array of {found.shape}")
        if np.isnan(found).all():
            raise BadSetting(f"{name} has no {what} of any architecture of {space.name}")
        return cls(space, found, neighbourhood(space), name, what, factor)

    @cached_property
    def there(self) -> NDArray[np.bool_]:
        """Which architectures have a value."""
        return ~np.isnan(self.values)

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Those that have one, the best first; of equals the lowest number first."""
        order = np.argsort(-self.values, kind="stable")  # NaN come last
        return order[: int(self.there.sum())]

    @cached_property
    def best(self) -> NDArray[np.bool_]:
        """Which architectures have the highest value there is."""
        result: NDArray[np.bool_] = self.values == np.nanmax(self.values)
        return result
