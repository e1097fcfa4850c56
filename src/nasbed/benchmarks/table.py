"""A table as a benchmark: training is looked up.

A search is told one measurement of the table, that of a validation split where there is one, as a fraction where it is
in percent, and what the training took. A report is told the measurement of a test split. A *fidelity* is a recipe and
an epoch: where a table's short trainings are the beginnings of longer ones, the epochs of one recipe are the budgets of
a search; else each recipe's last epoch is one.

The name of a benchmark says what of it is not the table's usual, ``nasbench201:data=cifar100,recipe=12``, and of
several data sets always which it is of.

Of CIFAR-10, NAS-Bench-201 has two sets of trainings: ``cifar10-valid``, on one half of the training images, with a
validation split, and ``cifar10``, on all of them, without one. The benchmark ``cifar10`` searches on the first and, as
the published studies do, reports the second, unless it is asked for otherwise.

Reference: Dong et al., TPAMI 2021, https://arxiv.org/abs/2009.00437, section 4
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nasbed.benchmarks.costs import table_costs
from nasbed.benchmarks.fidelity import Fidelity, Floats, Integers, asked_of
from nasbed.core.benchmark import Benchmark, Cost
from nasbed.core.errors import BadSetting, NotInTable
from nasbed.core.records import Archs, Evaluations
from nasbed.core.spelling import spelled
from nasbed.tables.column import Measurement
from nasbed.tables.published import ONLY_TEST
from nasbed.tables.table import Table

if TYPE_CHECKING:
    from nasbed.core.rng import Streams

Recipe = str | int | None
"""What a recipe is called by: its name, or its epochs."""

_HALF = "-valid"
"""Marks trainings on one half of the images, which leave a validation split."""
_USUAL = "cifar10"

_IMPORTED = re.compile(r"-[0-9a-f]{64}$")
"""The checksum by which the cache tells files apart that were imported; not what anybody calls a table."""

_ALL = np.zeros(0, np.int64)


class TableBenchmark(Benchmark):
    """Answers from a table of trained architectures.

    A table of some architectures plays like one of all: its space is ``space.only(…)``.

    Args:
        table: The table.
        name: What to call the benchmark; when not given ``called``, with the data set of several and what else is not
            the table's usual.
        data: The data set; the first with a validation split when not given.
        recipe: The recipe; when not given the longest or, where recipes do not continue each other, all, which are then
            the budgets of a search.
        metric: What a search is told; accuracy, or what else a validation split has, when not given.
        test: The data set whose test results are reported: of ``cifar10``, the trainings on all images (``"cifar10"``,
            where the table has them) or on the half that was searched on (``"cifar10-valid"``).
        hp: The recipe, as NATS-Bench calls it.
        called: What the table is called; its file's name when not given.

    Raises:
        NotInTable: When the table has no such data set, recipe or metric, with what it has.
    """

    table: Table

    def __init__(
        self,
        table: Table,
        name: str | None = None,
        data: str | None = None,
        recipe: Recipe = None,
        metric: str | None = None,
        test: str | None = None,
        hp: Recipe = None,
        called: str | None = None,
    ) -> None:
        self.table = table
        self.space = table.space if table.complete else table.space.only(table.answered)
        known = table.data or ("",)
        names = [*(one.removesuffix(_HALF) for one in known if one.endswith(_HALF)), *known]
        usual = _USUAL if _USUAL in names else names[0]
        self.data = usual if data is None else data
        if self.data not in names:
            raise NotInTable(f"{table.path.name} has no data set {self.data!r}; it has: {', '.join(known)}")
        self._searched = self.data + _HALF if self.data + _HALF in known else self.data
        recipe = hp if recipe is None else recipe
        found = self._told(metric, recipe)
        told = found[-1]
        self.recipe, self.metric = told.recipe, told.metric
        self.continues = table.continues or recipe is not None
        self.split = "test" if told.role == "reported" else "validation"
        self.measure = self.tested = told.measure.words
        self._fidelities: dict[int, Fidelity] = {}
        for one in found[-1:] if self.continues else found:
            epochs, tested, time = one.epochs or (None,), self._tested(one, test), self._time(one)
            for epoch in epochs if self.continues else epochs[-1:]:
                budget = 1 if epoch is None else epoch
                if budget in self._fidelities:
                    has = ", ".join(one.recipe for one in found)
                    raise BadSetting(f"recipes of {table.path.name} train for {budget} epochs; say which: recipe={has}")
                self._fidelities[budget] = Fidelity(one, epoch, np.array([budget]), table, tested, time)
        self.budgets = tuple(self._fidelities)
        several = {"data": self.data} if len(known) > 1 else {}
        stem = called or _IMPORTED.sub("", table.path.stem)
        self.name = name or spelled(stem, {**several, **self._unusual(found, metric, recipe, test)})
        others = [one for one in table.recipes if one != self.recipe] if table.continues else []
        self._hint = f"; other recipes: recipe={', '.join(others)}" if others else ""

    # ── what is told ──────────────────────────────────────────────────────────────────────────────────────────

    def _told(self, metric: str | None, recipe: Recipe) -> list[Measurement]:
        """Choose what a search is told: of each recipe one measurement, ascending by epochs."""
        find, data = self.table.find, self._searched
        there = find(metric, None, data, None, "told") or find(metric, None, data, None, "reported")
        best = min(there, key=lambda one: (one.metric != "accuracy", one.published == "ori-test"), default=None)
        found = [] if best is None else find(best.metric, best.published, data, recipe, best.role)
        if not found:
            asked = f"{metric or 'anything'} on {data}" + (f" with the recipe {recipe}" if recipe else "")
            has = ", ".join(one.name for one in there or find())
            raise NotInTable(f"{self.table.path.name} has no validation or test results of {asked}; it has: {has}")
        order = ["", *self.table.recipes]
        return sorted(found, key=lambda one: order.index(one.recipe))

    def _tested(self, told: Measurement, test: str | None) -> Measurement | None:
        """Choose what is reported: the test results of the data set, else of the trainings that are searched."""
        own = self.table.find(self.metric, "test", self.data, self.recipe)
        reported = test or (self.data if own else self._searched)
        if reported not in (self.data, self._searched, self.data.removesuffix(_HALF)):
            raise BadSetting(f"a search on {self.data} cannot report the test results of {reported}")
        tests = self.table.find(self.metric, "test", reported, told.recipe)
        return min(tests, key=lambda one: (one.published == "ori-test", one.published), default=None)

    def _unusual(
        self, found: list[Measurement], metric: str | None, recipe: Recipe, test: str | None
    ) -> dict[str, str | int]:
        """Return those settings that change what is told or reported, as the table's measurements have them."""
        told, unusual = found[-1], dict[str, str | int]()
        if recipe is not None:
            usual = self._told(metric, None)
            if told.recipe != usual[-1].recipe or (not self.table.continues and len(found) < len(usual)):
                unusual["recipe"] = int(told.recipe) if told.recipe.isdecimal() else told.recipe
        if metric is not None and told.metric != self._told(None, None)[-1].metric:
            unusual["metric"] = told.metric
        if test is not None and self._tested(told, test) != self._tested(told, None):
            unusual["test"] = test
        return unusual

    def _time(self, told: Measurement) -> tuple[Measurement, ...]:
        """Find what training took: up to each epoch, or epoch by epoch."""
        find, data = self.table.find, self._searched
        whole = find("training_time", "", data, told.recipe) or find("training_time", "", "", told.recipe)
        if whole:
            return (whole[0],)
        return (*find("time", "train", data, told.recipe)[:1], *find("time", told.published, data, told.recipe)[:1])

    # ── answers ───────────────────────────────────────────────────────────────────────────────────────────────

    def query(self, archs: Archs, epochs: Integers | int | None = None, streams: Streams | None = None) -> Evaluations:
        """Look validation results and training time up; see ``Benchmark.query``.

        With streams, one of the seeds that an architecture was trained with is drawn, each as likely; 1 word.
        """
        archs = self.space.read(archs)
        asked = asked_of(self, epochs, len(archs), streams, self._hint)
        if len(asked) == 1:
            fidelity = self._fidelities[asked[0]]
            value, seconds = self._answers(fidelity, archs, _ALL, streams)
            return Evaluations(value, seconds, fidelity.epochs.repeat(len(archs)))
        value, seconds = np.empty((2, len(archs)))
        for one in asked:
            some = np.flatnonzero(epochs == one)
            value[some], seconds[some] = self._answers(self._fidelities[one], archs[some], some, streams)
        return Evaluations(value, seconds, np.array(epochs))

    def _answers(
        self, fidelity: Fidelity, archs: Archs, some: Integers, streams: Streams | None
    ) -> tuple[Floats, Floats]:
        """Return values and times: the means, or those of a seed that each of some streams draws."""
        if streams is None:
            return fidelity.mean(self.table.rows(archs))
        number, row_of, draw = self._lookup
        index, places = number(archs), np.empty((2, len(archs)), np.int64)
        if not draw(index, row_of, some, streams.keys, streams.positions, fidelity.seeds, fidelity.layout, places):
            self.table.rows(archs)  # which says what is not there
        value, seconds = fidelity.value.column.at(places[0]), fidelity.seconds.column.at(places[1])
        return fidelity.told.measure.told(value), fidelity.paid(value, seconds)

    @cached_property
    def _lookup(self) -> tuple[Callable[[Archs], Integers], Integers, Callable[..., bool]]:
        """What numbers architectures; the row of each number, none where they are the same; the compiled loop."""
        from nasbed.benchmarks.drawing_kernels import draw

        table = self.table
        if table.by_key or not table.space.is_enumerable:
            return table.rows, _ALL, draw
        return table.space.index, _ALL if table.row_of_index is None else table.row_of_index, draw

    def _fidelity(self, epochs: int | None) -> Fidelity:
        return self._fidelities[asked_of(self, epochs, 1, None, self._hint)[0]]

    def outcomes(self, archs: Archs, epochs: int | None = None) -> Floats:
        """Return the values of the seeds, each as often as makes all of them equally likely; see ``Benchmark``."""
        return self._fidelity(epochs).outcomes(self.table.rows(self.space.read(archs)))

    def test(self, archs: Archs, epochs: int | None = None) -> Floats:
        """Return the mean test result over the seeds; NaN at budgets for which there is none."""
        return self._fidelity(epochs).tested(self.table.rows(self.space.read(archs)))

    def known(self, archs: Archs, epochs: int | None = None) -> dict[str, Floats]:
        """Return parameters, and the mean result on the training images; see ``Benchmark.known``."""
        fidelity = self._fidelity(epochs)
        told = fidelity.told
        known = super().known(archs, epochs)
        for one in self.table.find(told.metric, "train", told.data, told.recipe)[:1]:
            if fidelity.at in (None, *one.epochs):
                known["train"] = one.measure.told(one.mean(archs, fidelity.at))
        return known

    def optimum(self, epochs: int | None = None) -> tuple[float, float]:
        """Return the best mean validation and the best mean test result in the table; NaN where there are none."""
        return self._fidelity(epochs).best

    # ── what networks cost ────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def cost_functions(self) -> Mapping[str, Cost]:
        """What the table has of costs, by name, and parameters and operations by formula where it has none."""
        return table_costs(self.table, tuple(dict.fromkeys((self._searched, self.data, ""))), self.recipe)

    # ── what one should know ──────────────────────────────────────────────────────────────────────────────────

    def describe(self) -> dict[str, Any]:
        """Return the table's own description under the benchmark's name, with its splits and warnings."""
        last = self._fidelity(None)
        told, test = last.told, last.test
        caution = {"caution": ONLY_TEST, "split": self.split} if self.split == "test" else {}
        return {
            **self.table.describe(),
            "space": dict(self.space.describe()),
            "name": self.name,
            **({"data": self.data} if self.data else {}),
            **({"recipe": self.recipe} if self.continues and self.recipe else {}),
            "budgets": list(self.budgets),
            "splits": {"told": told.name, "reported": test.name if test else "nothing: the table has no test results"},
            **self.measures,
            "warnings": self.warnings,
            **caution,
        }

    @property
    def warnings(self) -> list[str]:
        """What one should know before citing these numbers."""
        last, called = self._fidelity(None), self.data or self.name
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
