"""What travels between the nouns: trials go out, evaluations come back."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.core.printing import in_lines, in_notebook

INPUT, OUTPUT = "input", "output"
"""The labels of a graph's ends."""

Archs = NDArray[np.int8]
"""Architectures: int8, shape ``(n, decisions)``; only their space knows what the integers mean."""


class Decision(NamedTuple):
    """One place of a row.

    Attributes:
        name: What it decides, such as ``stage1.block2.kernel``; no other decision of the space has this name.
        values: What it may be, such as ``(3, 5, 7)``; a row holds the position of one.
    """

    name: str
    values: tuple[Any, ...]


class Trials(NamedTuple):
    """What an optimizer asks for: one architecture a run. Values, never changed in place.

    The first field is all that a simple method needs. A method that wants to know which of its trials it is told
    about numbers them: the trials of its call number n of ``ask``, counted from 0 since the start, are number n in
    every run. ``parents`` and ``continues`` name earlier trials by these numbers.

    Attributes:
        archs: int8, shape ``(runs, decisions)``.
        epochs: Training budget of each, shape ``(runs,)``; None means the study's.
        active: Which runs propose something, shape ``(runs,)``; None means all. A run that is not active has
            nothing to propose before it is told of a trial that is out, or, if none is, nothing ever; its row is to be
            ignored.
        number: Which trial of its run each row is, int64 ``(runs,)``; −1 for one that was never asked.
        parents: The trials that each was bred from, int64 ``(runs, 2)``; −1 where there is no such parent. None for a
            method that does not breed.
        continues: The trial whose training each goes on with, int64 ``(runs,)``: its architecture, trained for fewer
            epochs; only the epochs between are paid for. −1, or None for all, for a training of its own.
    """

    archs: Archs
    epochs: NDArray[np.int64] | None = None
    active: NDArray[np.bool_] | None = None
    number: NDArray[np.int64] | None = None
    parents: NDArray[np.int64] | None = None
    continues: NDArray[np.int64] | None = None

    def __repr__(self) -> str:
        return in_lines(self)

    def _repr_html_(self) -> str:
        return in_notebook(self)


class Evaluations(NamedTuple):
    """What a benchmark answers: validation results and their cost, one a trial.

    Attributes:
        value: Validation accuracy in [0, 1], or what else ``Benchmark.measure`` says; higher is better, NaN where the
            training failed. Float64, ``(n,)``.
        seconds: Simulated or measured training time. Float64, ``(n,)``.
        epochs: Epochs trained. Int64, ``(n,)``.
        costs: The study's other objectives, such as parameters; lower is better. Float64, ``(n, objectives)``; None
            where accuracy is the only one.
        excess: By how much each is over the study's limits, as a share of them, summed; 0 for what keeps all of them.
            Float64, ``(n,)``; None where there are none.
    """

    value: NDArray[np.float64]
    seconds: NDArray[np.float64]
    epochs: NDArray[np.int64]
    costs: NDArray[np.float64] | None = None
    excess: NDArray[np.float64] | None = None

    def __repr__(self) -> str:
        return in_lines(self)

    def _repr_html_(self) -> str:
        return in_notebook(self)
