"""A table as a benchmark: training is looked up.

A search is told one measurement of the table, that of a validation split where there is one, as a fraction where it is
in percent, and what the training took. A report is told the measurement of a test split. A *fidelity* is a recipe and
an epoch: where a table's short trainings are the beginnings of longer ones, the epochs of one recipe are the budgets of
a search; else each recipe's last epoch is one.

Of CIFAR-10, NAS-Bench-201 has two sets of trainings: ``cifar10-valid``, on one half of the training images, with a
validation split, and ``cifar10``, on all of them, without one. The benchmark ``cifar10`` searches on the first and, as
the published studies do, reports the second, unless it is asked for otherwise.

Reference: Dong et al., TPAMI 2021, https://arxiv.org/abs/2009.00437, section 4
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nasbed.benchmarks.costs import table_costs
from nasbed.benchmarks.fidelity import Fidelity, Floats, Integers, scaled
from nasbed.core.benchmark import Benchmark, Cost
from nasbed.core.errors import BadSetting, NotInTable
from nasbed.core.records import Archs, Evaluations
from nasbed.tables.column import Measurement, spelled
from nasbed.tables.published import ONLY_TEST
from nasbed.tables.table import Table

if TYPE_CHECKING:
    from nasbed.core.rng import Streams

_HALF = "-valid"
"""Marks trainings on one half of the images, which leave a validation split."""
_USUAL = ("cifar10", "cifar10-valid")

_ROLES = ("told", "reported")

_FIRST = np.zeros(1, np.int64)
_NONE = np.zeros(0, np.int64)


class TableBenchmark(Benchmark):
    """Answers from a table of trained architectures.

    A table of some architectures plays like one of all: its space is ``space.only(…)``.

    Args:
        table: The table.
        name: What to call the benchmark; the file's name when not given.
        data: The data set; the first with a validation split when not given.
        recipe: The recipe; when not given the longest or, where recipes do not continue each other, all, which are then
            the budgets of a search.
        metric: What a search is told; accuracy, or what else a validation split has, when not given.
        test: The data set whose test results are reported: of ``cifar10``, the trainings on all images (``"cifar10"``,
            where the table has them) or on the half that was searched on (``"cifar10-valid"``).
        hp: The recipe, as NATS-Bench calls it.

    Raises:
        NotInTable: When the table has no such data set, recipe or metric, with what it has.
    """

    table: Table

    def __init__(
        self,
        table: Table,
        name: str | None = None,
        data: str | None = None,
        recipe: str | int | None = None,
        metric: str | None = None,
        test: str | None = None,
        hp: str | int | None = None,
    ) -> None:
        self.table, self.name = table, name or table.path.stem
        self.space = table.space if table.complete else table.space.only(table.archs)
        known = table.data or ("",)
        halves = [one.removesuffix(_HALF) for one in known if one.endswith(_HALF)]
        usual = next((one for one in _USUAL if one in (*known, *halves)), next(iter((*halves, *known))))
        self.data = usual if data is None else data
        if self.data not in (*known, *halves):
            raise NotInTable(f"{table.path.name} has no data set {self.data!r}; it has: {', '.join(known)}")
        self._searched = self.data + _HALF if self.data + _HALF in known else self.data
        wanted = recipe if recipe is not None else hp
        found = self._told(metric, wanted)
        self.continues = table.continues or wanted is not None
        self.recipe, self.metric = found[-1].recipe, found[-1].metric
        reported = self._reported(test)
        failed = bool(table.metadata.get("failed", False))
        self._fidelities: list[Fidelity] = []
        for one in found[-1:] if self.continues else found:
            tests = table.find(self.metric, "test", reported, one.recipe)
            chosen = min(tests, key=lambda some: (some.published == "ori-test", some.published), default=None)
            for epoch in (one.epochs or (None,)) if self.continues else (one.epochs or (None,))[-1:]:
                self._fidelities.append(Fidelity(one, epoch, len(table), failed, chosen, self._time(one)))
        self.budgets = tuple(1 if one.at is None else one.at for one in self._fidelities)
        if len(set(self.budgets)) < len(self.budgets):
            names = ", ".join(one.recipe for one in found)
            raise BadSetting(f"recipes of {table.path.name} train for as many epochs; say which: recipe={names}")
        self._epochs = np.array(self.budgets, np.int64)
        told = found[0]
        self.split = "test" if told.role == "reported" else "validation"
        words = told.metric.replace("_", " ") if told.goal == "max" else f"negative {told.metric.replace('_', ' ')}"
        self.measure = "accuracy" if told.unit in ("percent", "fraction") else words

    # ── what is told ──────────────────────────────────────────────────────────────────────────────────────────

    def _told(self, metric: str | None, recipe: str | int | None) -> list[Measurement]:
        """Choose what a search is told: of each recipe one measurement, ascending by epochs."""
        table = self.table
        there = next(filter(None, (table.find(metric, None, self._searched, None, role) for role in _ROLES)), [])
        if not there:
            raise NotInTable(
                f"{table.path.name} has no validation or test results of {metric or 'anything'} on {self._searched}; "
                f"it has: {', '.join(one.name for one in table.find())}"
            )
        metrics = [one.metric for one in there]
        there = [
            one for one in there if one.metric == (metric or ("accuracy" if "accuracy" in metrics else metrics[0]))
        ]
        there = [one for one in there if one.published != "ori-test"] or there
        order = ["", *table.recipes]
        there.sort(key=lambda one: order.index(one.recipe))
        if recipe is None:
            return there
        chosen = [one for one in there if one in table.find(recipe=recipe)]
        if not chosen:
            there_are = ", ".join(one.recipe for one in there)
            raise NotInTable(f"{self._searched} was not trained with the recipe {recipe} here; there are: {there_are}")
        return chosen[:1]

    def _reported(self, test: str | None) -> str:
        """Choose the data set whose test results are reported."""
        own = self.table.find(self.metric, "test", self.data, self.recipe)
        reported = test or (self.data if own else self._searched)
        if reported != self.data and reported not in (self._searched, self.data.removesuffix(_HALF)):
            raise BadSetting(f"a search on {self.data} cannot report the test results of {reported}")
        return reported

    def _time(self, told: Measurement) -> tuple[Measurement, ...]:
        """Find what training took: up to each epoch, or epoch by epoch."""
        find, data = self.table.find, self._searched
        whole = find("training_time", "", data, told.recipe) or find("training_time", "", "", told.recipe)
        if whole:
            return (whole[0],)
        return (*find("time", "train", data, told.recipe)[:1], *find("time", told.published, data, told.recipe)[:1])

    # ── answers ───────────────────────────────────────────────────────────────────────────────────────────────

    def rows(self, archs: Archs) -> Integers:
        """Find the table's row of each architecture, ``(n, decisions)`` → ``(n,)``.

        Raises:
            NotInTable: When an architecture is not valid or the table does not have it.
        """
        return self.table.rows(archs)

    def query(self, archs: Archs, epochs: Integers | int | None = None, streams: Streams | None = None) -> Evaluations:
        """Look validation results and training time up; see ``Benchmark.query``.

        With streams, one of the seeds that an architecture was trained with is drawn, each as likely; 1 word.
        """
        if streams is not None and len(streams) != len(archs):
            raise BadSetting(f"{len(archs)} architectures need as many streams to draw from, not {len(streams)}")
        budget = self._budget(epochs, len(archs))
        if isinstance(budget, int):
            return Evaluations(
                *self._answered(budget, archs, streams), self._epochs[budget : budget + 1].repeat(len(archs))
            )
        if streams is not None and self._layout is not None:
            answer = self._drawn(self._fidelities[0], self._layout, budget, archs, streams)
            return Evaluations(*answer, self._epochs[budget])
        value, seconds = np.empty((2, len(archs)))
        for one in np.unique(budget).tolist():
            some = np.flatnonzero(budget == one)
            ask = partial(self._answered, one, archs[some])
            value[some], seconds[some] = ask(None) if streams is None else streams.drawing(some, ask)
        return Evaluations(value, seconds, self._epochs[budget])

    def _answered(self, budget: int, archs: Archs, streams: Streams | None) -> tuple[Floats, Floats]:
        fidelity = self._fidelities[budget]
        if streams is None:
            return fidelity.mean(self.rows(archs))
        return self._drawn(fidelity, fidelity.layout, _FIRST, archs, streams)

    def _drawn(
        self, fidelity: Fidelity, layout: Integers, budget: Integers, archs: Archs, streams: Streams
    ) -> tuple[Floats, Floats]:
        """Look up a seed that each stream draws, of fidelities whose numbers lie in the columns of one."""
        number, row_of, draw = self._lookup
        places = np.empty((2, len(archs)), np.int64)
        if not draw(number(archs), row_of, budget, streams.keys, streams.positions, fidelity.seeds, layout, places):
            self.rows(archs)  # which says what is not there
        value, seconds = fidelity.value.column.at(places[0]), fidelity.seconds.column.at(places[1])
        return scaled(value, fidelity.told), fidelity.paid(value, seconds)

    @cached_property
    def _layout(self) -> Integers | None:
        """Where the values and times of all fidelities lie; None unless all lie in the same columns, with all seeds."""
        all_of, first = self._fidelities, self._fidelities[0]
        columns = first.value.column, first.seconds.column
        together = all(one.has_all and (one.value.column, one.seconds.column) == columns for one in all_of)
        return np.concatenate([one.layout for one in all_of]) if together else None

    @cached_property
    def _lookup(self) -> tuple[Callable[[Archs], Integers], Integers, Callable[..., bool]]:
        """What numbers architectures; the row of each number, none where they are the same; the compiled loop."""
        from nasbed.benchmarks.drawing_kernels import draw

        table = self.table
        if table.by_key or table.space.size is None:
            return table.rows, _NONE, draw
        return table.space.index, _NONE if table.row_of_index is None else table.row_of_index, draw

    def _budget(self, epochs: Integers | int | None, count: int) -> Integers | int:
        """Return the position of each budget among ``budgets``."""
        if epochs is None:
            return len(self.budgets) - 1
        if isinstance(epochs, np.ndarray):
            if epochs.shape != (count,):
                raise BadSetting(f"{count} architectures need one number of epochs each, or one for all")
            place = np.minimum(np.searchsorted(self._epochs, epochs), len(self.budgets) - 1)
            wrong = self._epochs[place] != epochs
            if wrong.any():
                raise self._no_budget(int(epochs[wrong][0]))
            return place
        if epochs not in self.budgets:
            raise self._no_budget(int(epochs))
        return self.budgets.index(epochs)

    def _no_budget(self, epochs: int) -> NotInTable:
        others = [recipe for recipe in self.table.recipes if recipe != self.recipe] if self.table.continues else []
        hint = f"; other recipes: recipe={', '.join(others)}" if others else ""
        on = f" on {self.data}" if self.data else ""
        has = f"each number from {spelled(self.budgets)}" if len(self.budgets) > 4 else spelled(self.budgets)
        return NotInTable(f"{self.name} has no results{on} at {epochs} epochs; it has {has}{hint}")

    def outcomes(self, archs: Archs, epochs: int | None = None) -> Floats:
        """Return the values of the seeds, each as often as makes all of them equally likely; see ``Benchmark``."""
        return self._fidelities[int(self._budget(epochs, len(archs)))].outcomes(self.rows(archs))

    def test(self, archs: Archs, epochs: int | None = None) -> Floats:
        """Return the mean test result over the seeds; NaN at budgets for which there is none."""
        return self._fidelities[int(self._budget(epochs, len(archs)))].tested(self.rows(archs))

    def optimum(self, epochs: int | None = None) -> tuple[float, float]:
        """Return the best mean validation and the best mean test result in the table; NaN where there are none."""
        return self._fidelities[int(self._budget(epochs, 0))].best

    # ── what networks cost ────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def cost_functions(self) -> Mapping[str, Cost]:
        """What the table has of costs, by name, and parameters and operations by formula where it has none."""
        return table_costs(self.table, tuple(dict.fromkeys((self._searched, self.data, ""))), self.recipe)

    # ── what one should know ──────────────────────────────────────────────────────────────────────────────────

    def describe(self) -> dict[str, Any]:
        """Return the table's own description under the benchmark's name, with its splits and warnings."""
        told, test = self._fidelities[-1].told, self._fidelities[-1].test
        caution = {"caution": ONLY_TEST, "split": self.split} if self.split == "test" else {}
        return {
            **self.table.describe(),
            "space": dict(self.space.describe()),
            "name": self.name,
            **({"data": self.data} if self.data else {}),
            **({"recipe": self.recipe} if self.continues and self.recipe else {}),
            "budgets": list(self.budgets),
            "splits": {"told": told.name, "reported": test.name if test else "nothing: the table has no test results"},
            "measure": self.measure,
            "warnings": self.warnings,
            **caution,
        }

    @property
    def warnings(self) -> list[str]:
        """What one should know before citing these numbers."""
        last, called = self._fidelities[-1], self.data or self.name
        told, test = last.told, last.test
        said = [f"{called} has {ONLY_TEST}"] if self.split == "test" else []
        said += self.table.provenance.get("warnings", [])
        if test is None:
            said.append(f"{called} has no test results; nothing can be reported but validation")
        elif told.role == "told" and test.data != told.data:
            said.append(
                f"validation is of {told.name}, trained on 25k images, and test of {test.name}, the "
                "same architectures trained again on all 50k, as published studies report it"
            )
        elif test.published == "ori-test" and told.role == "told" and told.data != "cifar10-valid":
            said.append(f"{test.name} has the images of x-valid among its own")
        if not last.time:
            said.append("the table has no training times: an evaluation costs no seconds")
        return said
