"""A table as a benchmark: training is looked up."""

from __future__ import annotations

from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.benchmarks.costs import Formula
from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting, InvalidArchitecture, NotInTable
from nasbed.core.records import Archs, Evaluations
from nasbed.tables.column import mean_of
from nasbed.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from nasbed.core.rng import Streams


_FEW = 32
"""So many architectures are found by hash before compiled code and the index are worth loading."""
_TRIED = 32  # rows whose parameters tell whether a skeleton is the table's


@cache
def _kernels() -> ModuleType:
    """Give the compiled loops, imported when first needed."""
    from nasbed.benchmarks import tabular_kernels

    return tabular_kernels


class TabularBenchmark(Benchmark):
    """Answers from a table of trained architectures.

    Args:
        table: The table.
        name: What to call the benchmark; the file's name when not given.
        validation: Column of validation accuracies.
        test: Column of test accuracies.
        seconds: Column of training times.
    """

    def __init__(
        self,
        table: Table,
        name: str | None = None,
        validation: str = "validation_accuracy",
        test: str = "test_accuracy",
        seconds: str = "training_time",
    ) -> None:
        self.table = table
        self.name = name or table.path.stem
        self.space = table.space
        self.budgets = table.budgets
        self._validation = table.column(validation)
        self._test = table.column(test)
        self._seconds = table.column(seconds)
        self._found_by_hash = 0
        self._epochs = np.array(table.budgets, np.int64)
        self._each_budget = np.arange(len(table.budgets))[:, None]
        self._budget_index = {budget: i for i, budget in enumerate(table.budgets)}

    def rows(self, archs: Archs) -> NDArray[np.int64]:
        """Find the table's row of each architecture, ``(n, decisions)`` → ``(n,)``.

        Raises:
            NotInTable: When an architecture is not valid or the table does not have it.
        """
        if self._found_by_hash + len(archs) <= _FEW:
            self._found_by_hash += len(archs)
            rows = self._rows_by_hash(archs)
            found = not np.count_nonzero(rows < 0)
        else:
            rows = np.empty(len(archs), np.int64)
            found = _kernels().find_rows(self._classes(archs), self._row_of_class, rows)
        if not found:
            raise self._lost(archs, int(np.argmin(rows)))
        return rows

    def _lost(self, archs: Archs, lost: int) -> NotInTable:
        """Say which architecture is not there, and why."""
        why = "is not in the table" if self.space.valid(archs[lost : lost + 1])[0] else "is not valid"
        return NotInTable(f"architecture {lost} of {len(archs)} {why}: {archs[lost].tolist()}")

    def _rows_by_hash(self, archs: Archs) -> NDArray[np.int64]:
        """Find rows one by one, without anything compiled: a script that asks one question need not wait for numba."""
        rows = np.full(len(archs), -1, np.int64)
        for i, arch in enumerate(archs):
            with suppress(InvalidArchitecture, NotInTable):
                rows[i] = self.table.row_of(arch)
        return rows

    @cached_property
    def _classes(self) -> Callable[[Archs], NDArray[np.int64]]:
        """What numbers architectures: the space or, by their keys, the table; −1 for what is not valid or not there."""
        return self._rows_by_key if self.space.size is None else self.space.index

    @cached_property
    def _row_of_class(self) -> NDArray[np.int32]:
        """The row of each class, −1 where the table lacks it."""
        if self.space.size is None:
            return np.arange(len(self.table), dtype=np.int32)
        rows = np.full(self.space.size, -1, np.int32)
        classes = self.table.classes
        rows[self.space.index(self.table.archs) if classes is None else classes] = np.arange(len(self.table))
        return rows

    @cached_property
    def _sorted_keys(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        keys = self.space.key(self.table.archs)
        order = np.argsort(keys)
        return keys[order], order

    def _rows_by_key(self, archs: Archs) -> NDArray[np.int64]:
        keys, order = self._sorted_keys
        wanted = self.space.key(archs)
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[place] == wanted, order[place], -1)

    def query(
        self, archs: Archs, epochs: NDArray[np.int64] | int | None = None, streams: Streams | None = None
    ) -> Evaluations:
        """Look validation accuracy and training time up; see ``Benchmark.query``."""
        budget = self._budget(epochs)
        if isinstance(budget, np.ndarray) and budget.shape != (len(archs),):
            raise BadSetting(f"{len(archs)} architectures need one number of epochs each, or one for all")
        if streams is not None:
            return self._drawn(archs, budget, streams)
        rows = self.rows(archs)
        value = mean_of(self._validation.values(rows)[np.arange(len(rows)), budget])
        seconds = mean_of(self._seconds.values(rows)[np.arange(len(rows)), budget])
        return Evaluations(value, seconds, np.full(len(rows), self._epochs[budget]))

    def _drawn(self, archs: Archs, budget: NDArray[np.int64] | int, streams: Streams) -> Evaluations:
        """Look up a repeat that each stream draws."""
        if len(streams) != len(archs):
            raise BadSetting(f"{len(archs)} architectures need as many streams to draw from, not {len(streams)}")
        places, trained = np.empty(len(archs), np.int64), np.empty(len(archs), np.int64)
        found = _kernels().draw_places(
            self._classes(archs),
            self._row_of_class,
            budget if isinstance(budget, np.ndarray) else self._each_budget[budget],
            streams.keys,
            streams.positions,
            self._epochs,
            self.table.repeats,
            places,
            trained,
        )
        if not found:
            raise self._lost(archs, int(np.argmin(places)))
        return Evaluations(self._validation.at(places), self._seconds.at(places), trained)

    def _budget(self, epochs: NDArray[np.int64] | int | None) -> NDArray[np.int64] | int:
        """Give the position of each budget among ``budgets``."""
        if epochs is None:
            return len(self.budgets) - 1
        if isinstance(epochs, np.ndarray):
            place = np.minimum(np.searchsorted(self._epochs, epochs), len(self.budgets) - 1)
            wrong = self._epochs[place] != epochs
            if wrong.any():
                raise self._no_budget(int(epochs[wrong][0]))
            return place
        if epochs not in self._budget_index:
            raise self._no_budget(epochs)
        return self._budget_index[epochs]

    def _no_budget(self, epochs: int) -> NotInTable:
        return NotInTable(f"{self.name} has no results at {epochs} epochs; it has {', '.join(map(str, self.budgets))}")

    def outcomes(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give the validation accuracies of the repeats."""
        return self._validation.values(self.rows(archs))[:, self._budget(epochs)]

    def test(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give the mean test accuracy over the repeats."""
        rows = self.rows(archs)
        return mean_of(self._test.values(rows)[:, self._budget(epochs)])

    def optimum(self, epochs: int | None = None) -> tuple[float, float]:
        """Give the best mean validation and the best mean test accuracy in the table."""
        budget = int(self._budget(epochs))
        if budget not in self._optima:
            columns = (self._validation, self._test)
            best = [float(np.nanmax(mean_of(column.values(budget=budget)))) for column in columns]
            self._optima[budget] = (best[0], best[1])
        return self._optima[budget]

    @cached_property
    def _optima(self) -> dict[int, tuple[float, float]]:
        return {}

    # ── what networks cost ────────────────────────────────────────────────────────────────────────────────────

    @property
    def costs(self) -> tuple[str, ...]:
        """The table's parameters, and operations by formula where the skeleton is known that it was trained in."""
        return ("params", "flops") if self._formula is not None else ("params",)

    @cached_property
    def _formula(self) -> Formula | None:
        """That of the table's own skeleton, or of the published one if that has the table's parameters, or none."""
        formula = Formula(self.space, self.table.provenance.get("skeleton") or {})
        fits = formula.gives(self.table.trainable_parameters[:_TRIED], self.table.archs[:_TRIED])
        return formula if fits else None

    def cost(self, name: str, archs: Archs) -> NDArray[np.float64]:
        """Give what else each architecture costs; see ``Benchmark.cost``."""
        if name == "params":
            return self.table.trainable_parameters[self.rows(archs)].astype(np.float64)
        return super().cost(name, archs) if self._formula is None or name != "flops" else self._formula.of(name, archs)

    def describe(self) -> dict[str, Any]:
        """Give the table's own description under the benchmark's name."""
        return {**self.table.describe(), "name": self.name}


def digits101() -> TabularBenchmark:
    """Small NAS-Bench-101 modules trained by nasbed itself on scikit-learn's 8×8 digits; part of the package."""
    return TabularBenchmark(Table.open(Path(__file__).parent / "data" / "digits101.arrow"), "digits101")


def nasbench101() -> TabularBenchmark:
    """The 423,624 modules of NAS-Bench-101, once ``nasbed import`` has read a published file."""
    from nasbed.tables.cache import imported

    path = imported("nasbench_full") or imported("nasbench_only108")
    if path is None:
        raise NotInTable(
            "nasbench101 is not on this machine yet: fetch nasbench_full.tfrecord, then run: nasbed import PATH"
        )
    return TabularBenchmark(Table.open(path), "nasbench101")
