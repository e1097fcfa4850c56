"""Judging: one predictor learns from one draw, and is held against every test set."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from nasbed.core.extras import require
from nasbed.core.registry import predictors
from nasbed.core.spelling import joined, named
from nasbed.encodings.joining import DEFAULT
from nasbed.predictors.encoded import EncodedPredictor
from nasbed.statistics.prediction import Quality, quality
from nasbed.studies.prediction.examples import Examples
from nasbed.studies.prediction.testsets import TEST_SETS, draw

MOST = 20_000
"""Architectures of a test set that are predicted; of more, so many that the draw takes first."""


class Seconds(NamedTuple):
    """What a predictor took, of one core, by the processor's clock.

    Attributes:
        fit: To learn.
        query: To predict all that it is judged on.
        asked: How many these are.
    """

    fit: float
    query: float
    asked: int


class Judged(NamedTuple):
    """What came of a draw.

    Attributes:
        qualities: By test set.
        cost: What the trainings that it learned from took, in simulated seconds, with early values of all that it was
            asked about; NaN where the benchmark knows no times.
        seconds: What the predictor took.
        notes: What it says of how it learned.
        twins: Which part of all others compute the same as one that was learned from.
    """

    qualities: dict[str, Quality]
    cost: float
    seconds: Seconds
    notes: tuple[str, ...]
    twins: float


def made(text: str, examples: Examples, seed: int = 0) -> EncodedPredictor:
    """Make a predictor of a spelling, such as ``gp:encoding=graf``, for the space of some examples.

    Raises:
        UnknownName: When there is no such predictor.
        BadSetting: When it does not have such settings.
        MissingExtra: When what it needs is not installed.
    """
    name, settings = named(text)
    known: dict[str, Any] = {"space": examples.space, "seed": seed, **settings}
    known["encoding"] = examples.encoding(str(settings.get("encoding", DEFAULT)))
    predictor: EncodedPredictor = predictors.make(name, joined(known, {}))
    return predictor


def judge(
    predictor: EncodedPredictor,
    examples: Examples,
    size: int,
    number: int,
    seed: int = 0,
    sets: Sequence[str] = tuple(TEST_SETS),
    most: int = MOST,
) -> Judged:
    """Let a predictor learn from one draw, and hold it against every test set.

    Args:
        predictor: It; what it learned before is forgotten.
        examples: What there is to learn from, and to be judged by.
        size: From how many it learns.
        number: Of the draw.
        seed: Of the study.
        sets: Names of test sets.
        most: How many of a test set are predicted at most.
    """
    one = draw(examples.functions, size, seed, number)
    places = {name: TEST_SETS[name].places(one)[:most] for name in sets}
    asked = np.unique(np.concatenate([*places.values(), one.others[:1]]))
    predictor.features  # noqa: B018 - of the space: made once, and not a part of what a fit takes
    with _libraries().limit(limits=1):
        began = time.process_time()
        predictor.fit(examples.rows[one.learned], examples.learnable[one.learned])
        learned = time.process_time()
        mean, deviation = predictor.predict(examples.rows[asked])
        ended = time.process_time()
    qualities = {}
    for name, some in places.items():
        at = np.searchsorted(asked, some)
        qualities[name] = quality(mean[at], deviation[at], examples.values[some], examples.step)
    others = asked[~np.isin(asked, one.learned)]
    cost = float(examples.seconds[one.learned].sum() + examples.early_seconds[others].sum())
    took = Seconds(learned - began, ended - learned, len(asked))
    seen = 1.0 - len(one.unseen) / max(len(one.others), 1)
    return Judged(qualities, cost, took, predictor.notes, seen)


@cache
def _libraries() -> Any:
    """Return what limits the threads of libraries, so that sums come in one order, and times are of one core."""
    for module in ("scipy.linalg", "sklearn"):
        require(module, "predictors")
    return require("threadpoolctl", "predictors").ThreadpoolController()
