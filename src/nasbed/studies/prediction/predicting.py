"""Predicting: one predictor that learns from a table, or was stored, and what it says of architectures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.core.printing import Card, Printed
from nasbed.core.records import Archs
from nasbed.predictors.encoded import EncodedPredictor
from nasbed.predictors.storing import load
from nasbed.statistics.prediction import Floats, Quality, quality
from nasbed.studies.prediction.examples import Examples
from nasbed.studies.prediction.explaining import Explanation, explain
from nasbed.studies.prediction.judging import made
from nasbed.studies.prediction.testsets import STANDARD, Draw, draw

LEARNED = 100
"""From how many architectures a predictor learns, if nothing is said."""


@dataclass(frozen=True, eq=False)
class Prediction(Printed):
    """A predictor that has learned, and what it is held against.

    Attributes:
        predictor: It.
        called: Its spelling, or the file that it was stored in.
        examples: The architectures with values that it is held against; None where there is no table.
        draw: Which of them it learned from; others are those that it did not learn from.
    """

    predictor: EncodedPredictor
    called: str
    examples: Examples | None = None
    draw: Draw | None = None

    @classmethod
    def learned(
        cls,
        benchmark: Benchmark,
        called: str = "default",
        size: int = LEARNED,
        epochs: int | None = None,
        seed: int = 0,
    ) -> Prediction:
        """Let a predictor learn from some architectures of a benchmark, which the seed draws.

        Args:
            benchmark: A table.
            called: The predictor, with settings if need be, such as ``gp:encoding=graf``.
            size: From how many.
            epochs: After how many epochs values are that it learns from; the most if not given.
            seed: Of the draw, and of what is random in the predictor.

        Raises:
            BadSetting: When the table has not so many, or not that fidelity, or the predictor not such settings.
        """
        examples = Examples.of(benchmark, epochs)
        if not 1 <= size <= len(examples):
            raise BadSetting(
                f"{benchmark.name} has {len(examples):,} architectures; learn from 1 to as many, not from {size:,}"
            )
        one = draw(examples.functions, size, seed, 0)
        predictor = made(called, examples, seed)
        predictor.fit(examples.rows[one.learned], examples.learnable[one.learned])
        return cls(predictor, called, examples, one)

    @classmethod
    def stored(cls, path: str | Path, benchmark: Benchmark | None = None) -> Prediction:
        """Read a predictor that was stored, and hold it against a table where one is given.

        Raises:
            BadSetting: When there is no such file, or the table is of another space.
            CorruptFile: When it is none, or damaged.
            MissingExtra: When what the predictor needs is not installed.
        """
        predictor = load(path)
        if benchmark is None:
            return cls(predictor, str(path))
        if benchmark.space.whole != predictor.space.whole:
            raise BadSetting(
                f"{path} learned from architectures of {predictor.space.whole!r}, and {benchmark.name} has others: "
                f"{benchmark.space.whole!r}"
            )
        examples = Examples.of(benchmark)
        whole = examples.space.whole
        number = whole.index if whole.is_enumerable else whole.key
        known = np.isin(number(examples.rows), number(predictor.archs_))
        order = np.concatenate([np.flatnonzero(known), np.flatnonzero(~known)])
        seen = np.unique(whole.function_key(predictor.archs_))
        one = Draw(order, int(known.sum()), examples.functions, seen, np.random.default_rng(0))
        return cls(predictor, str(path), examples, one)

    def _card(self) -> Card:
        facts = {"learned from": f"{len(self.predictor.archs_):,} architectures of {self.predictor.space.name}"}
        return Card(f"Prediction by {self.called}", facts=facts)

    @cached_property
    def everything(self) -> tuple[Floats, Floats]:
        """Mean and deviation of all architectures of the table, ``(n,)`` both."""
        return self.predictor.predict(self._examples.rows)

    @property
    def _examples(self) -> Examples:
        if self.examples is None:
            raise BadSetting("there is no table to hold the predictor against; name a benchmark")
        return self.examples

    @cached_property
    def qualities(self) -> dict[str, Quality]:
        """What it is worth on each of the three test sets; none where there is no table."""
        if self.examples is None or self.draw is None:
            return {}
        mean, deviation = self.everything
        found = {}
        for name, one in STANDARD.items():
            at = one.places(self.draw)
            found[name] = quality(mean[at], deviation[at], self.examples.values[at], self.examples.step)
        return found

    @cached_property
    def explanation(self) -> Explanation:
        """What of the encoding carries it, on architectures that it did not learn from.

        Raises:
            BadSetting: When there is no table, or none that it did not learn from.
        """
        places = self._examples.rows[:0] if self.draw is None else self.draw.others
        if len(places) < 3:
            raise BadSetting("it takes 3 architectures that were not learned from to say what carries a predictor")
        return explain(self.predictor, self._examples.rows[places], self._examples.values[places])

    def best(self, count: int) -> Archs:
        """Return so many architectures that are predicted best, of those that it did not learn from; a function once.

        Raises:
            BadSetting: When there is no table.
        """
        others = self._examples.rows[:0] if self.draw is None else self.draw.others
        ranked = others[np.argsort(-self.everything[0][others], kind="stable")]
        first = np.sort(np.unique(self._examples.functions[ranked], return_index=True)[1])
        return self._examples.rows[ranked[first[:count]]]

    def rows(self, archs: Archs) -> list[dict[str, Any]]:
        """Return what is predicted of architectures, and what was measured, None where that is not known.

        Args:
            archs: They, ``(n, decisions)``.
        """
        mean, deviation = self.predictor.predict(archs)
        measured = self._measured(archs)
        names = self.predictor.space.texts(archs)
        return [
            {
                "architecture": name,
                "predicted": float(m),
                "deviation": float(d),
                "measured": None if v != v else float(v),
            }
            for name, m, d, v in zip(names, mean, deviation, measured, strict=True)
        ]

    def _measured(self, archs: Archs) -> NDArray[np.float64]:
        found = np.full(len(archs), np.nan)
        if self.examples is None:
            return found
        space = self.examples.space
        there = space.index(archs) >= 0
        answers = {int(i): float(v) for i, v in zip(space.index(self.examples.rows), self.examples.values, strict=True)}
        found[there] = [answers.get(int(i), np.nan) for i in space.index(archs[there])]
        return found

    def facts(self, archs: Archs) -> dict[str, Any]:
        """Return all of it, JSON-able, with what is predicted of some architectures."""
        benchmark = None if self.examples is None else self.examples.benchmark
        return {
            "predictor": self.called,
            "space": self.predictor.space.name,
            "learned_from": len(self.predictor.archs_),
            "benchmark": None if benchmark is None else benchmark.name,
            "measure": None if benchmark is None else benchmark.measure,
            "split": None if benchmark is None else benchmark.split,
            "epochs": None if self.examples is None else self.examples.epochs,
            "notes": list(self.predictor.notes),
            "test_sets": {name: one._asdict() for name, one in self.qualities.items()},
            "architectures": self.rows(archs),
        }
