"""Test sets: on which architectures a predictor is judged, and what those know that it learned from.

An architecture that computes the same as one that was learned from is no new one: its value is known but for the noise
of a training. In a space with many such twins, figures on all other architectures say how well a predictor looks up.
So three test sets are always judged on, and those of published protocols, which leak, are there by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import UnknownName
from nasbed.core.seeds import derived_seed

Places = NDArray[np.int64]


class Draw(NamedTuple):
    """Which architectures are learned from, and in which order the others come.

    Attributes:
        order: All architectures, in an order that the seed and the draw's number decide, ``(n,)``.
        size: So many of the first are learned from.
        functions: The same number for architectures that compute the same, ``(n,)``.
        seen: Those of the functions that were learned from, ``(m,)``.
        apart: Further random numbers of this draw.
    """

    order: Places
    size: int
    functions: NDArray[np.uint64]
    seen: NDArray[np.uint64]
    apart: np.random.Generator

    @property
    def learned(self) -> Places:
        """Those that are learned from; a larger training set of the same draw has them, too."""
        return self.order[: self.size]

    @property
    def others(self) -> Places:
        """All others."""
        return self.order[self.size :]

    @property
    def unseen(self) -> Places:
        """The others whose function was not learned from."""
        others = self.others
        return others[~np.isin(self.functions[others], self.seen)]

    @property
    def one_each(self) -> Places:
        """One architecture, the first, for each function that was not learned from."""
        unseen = self.unseen
        return unseen[np.sort(np.unique(self.functions[unseen], return_index=True)[1])]


class TestSet(NamedTuple):
    """On what a predictor is judged.

    Attributes:
        about: What it is of.
        leak: What of it was learned from; empty for nothing.
        places: Which architectures, in the draw's order.
    """

    about: str
    leak: str
    places: Callable[[Draw], Places]


STANDARD = {
    "all-others": TestSet(
        "all architectures that were not learned from",
        "some compute the same as one that was learned from",
        lambda draw: draw.others,
    ),
    "unseen-functions": TestSet(
        "those that compute what none that was learned from does", "", lambda draw: draw.unseen
    ),
    "one-for-each-unseen-function": TestSet("one for each of these functions", "", lambda draw: draw.one_each),
}
"""Those that are always judged on."""

PUBLISHED = {
    "whole-space": TestSet(
        "all architectures, as of TNASP (2021) and PINAT (2023)",
        "those that were learned from are among them",
        lambda draw: draw.order,
    ),
    "naslib-200": TestSet(
        "200 drawn from all architectures, as NASLib's PredictorEvaluator does, whose check for duplicates is off",
        "those that were learned from may be among them",
        lambda draw: draw.apart.permutation(draw.order)[:200],
    ),
    "other-half": TestSet(
        "the other half of the space, where training sets are from the first, as of FGP (2025)",
        "some compute the same as one that was learned from",
        lambda draw: draw.order[max(draw.size, (len(draw.order) + 1) // 2) :],
    ),
    "others-100": TestSet(
        "100 of all others, as of the small split of TNASP (2021)",
        "some compute the same as one that was learned from, and 100 are few",
        lambda draw: draw.others[:100],
    ),
}
"""Those of published protocols."""

TEST_SETS = {**STANDARD, **PUBLISHED}


def draw(functions: NDArray[np.uint64], size: int, seed: int, number: int) -> Draw:
    """Return a draw: it depends on the seed, its number and how many architectures there are alone.

    Args:
        functions: The same number for architectures that compute the same, ``(n,)``.
        size: How many are learned from.
        seed: Of the study.
        number: Of the draw.
    """
    order = np.random.default_rng(derived_seed("predict", seed, number)).permutation(len(functions))
    seen = np.unique(functions[order[:size]])
    return Draw(order, size, functions, seen, np.random.default_rng(derived_seed("predict", seed, number, "apart")))


def protocols(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of all test sets that are judged on: the standard ones, and published ones that were asked for.

    Raises:
        UnknownName: When there is no such protocol.
    """
    for name in names:
        if name not in TEST_SETS:
            raise UnknownName("published protocol", name, PUBLISHED)
    return tuple(dict.fromkeys([*STANDARD, *names]))
