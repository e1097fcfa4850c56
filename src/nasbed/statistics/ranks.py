"""Average ranks: which searches are told apart over many blocks, by Friedman's and Nemenyi's tests.

In each block, a run or a benchmark, the best search has rank 1, and equals share the mean of their ranks.

Reference: Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 7, 2006
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.statistics.exact import mean_ranks
from nasbed.statistics.means import CONFIDENCE
from nasbed.statistics.selected import Comparisons, Judged, Selected, naming_failed_runs, no_test, selected
from nasbed.statistics.statistic import Column, Statistic, few, known, listed, number, p_value
from nasbed.tables.column import mean_of

Blocks = Literal["runs", "benchmarks"]


@dataclass(frozen=True)
class RankDifference:
    """By how much the average ranks of two searches differ.

    Attributes:
        better: Label of the search with the better rank.
        worse: Label of the other.
        ranks: The difference, never negative.
        p: Nemenyi's; NaN where there is no test.
        apart: Whether they are told apart: Friedman's test finds a difference, and this is more than the critical one.
    """

    better: str
    worse: str
    ranks: float
    p: float
    apart: bool


@dataclass(frozen=True, eq=False)
class AverageRanks(Statistic):
    """The average rank of each search, and what follows from it.

    Attributes:
        labels: The searches.
        ranks: One a search; 1 is best.
        blocks: Over how many blocks.
        of: What a block is: ``"runs"`` or ``"benchmarks"``.
        left_out: Blocks in which a search had nothing, because all its trainings failed.
        friedman: Friedman's χ², corrected for ties; NaN with fewer than three searches or two blocks.
        friedman_p: How likely a χ² as large is, if all searches are alike.
        critical_difference: By how much two average ranks must differ to be told apart (Nemenyi, 95 %).
        p_values: Nemenyi's, ``(searches, searches)``.
        words: What was ranked.
        untested: Why there is no test, where the blocks are not independent; None where they are.
    """

    labels: tuple[str, ...]
    ranks: NDArray[np.float64]
    blocks: int
    of: Blocks
    left_out: int
    friedman: float
    friedman_p: float
    critical_difference: float
    p_values: NDArray[np.float64]
    words: str
    untested: str | None = None
    figure: ClassVar[str] = "ranks"

    @classmethod
    def ranked(
        cls, worth: NDArray[np.float64], labels: Sequence[str], words: str = "worth", of: Blocks = "runs"
    ) -> AverageRanks:
        """Rank searches in blocks.

        Args:
            worth: ``(searches, blocks)``, higher is better; a block with NaN is left out.
            labels: The searches.
            words: What is ranked.
            of: What a block is.
        """
        whole = worth[:, ~np.isnan(worth).any(axis=0)]
        k, n = whole.shape
        nothing = np.full((k, k), np.nan)
        missing = _missing(labels, n, of)
        if missing:
            unknown = np.full(k, np.nan), n, of, worth.shape[1] - n, np.nan, np.nan, np.nan, nothing
            return cls(tuple(labels), *unknown, words, missing=missing)
        of_each = np.apply_along_axis(mean_ranks, 0, -whole)
        ranks = of_each.mean(axis=1)
        chi, p, difference, pairs = np.nan, np.nan, np.nan, nothing
        if k > 2 and n > 1:
            chi, p = _friedman(of_each)
            scale = math.sqrt(k * (k + 1) / (6 * n))
            difference, pairs = _quantile(k) * scale, _nemenyi(ranks, scale)
        return cls(tuple(labels), ranks, n, of, worth.shape[1] - n, chi, p, difference, pairs, words)

    @property
    def significant(self) -> bool:
        """Whether Friedman's test says that not all searches are alike; only then pairs are to be looked at."""
        return self.friedman_p < 1 - CONFIDENCE  # false when it is NaN

    @property
    def order(self) -> list[int]:
        """The searches from the best average rank to the worst."""
        return [int(i) for i in np.argsort(self.ranks, kind="stable")]

    @property
    def pairs(self) -> list[RankDifference]:
        """Every pair of searches, by their order."""
        reach = self.critical_difference if self.significant else np.inf  # false of NaN, too
        found = []
        for i, j in combinations(self.order, 2):
            difference = float(self.ranks[j] - self.ranks[i])
            p = float(self.p_values[i, j])
            found.append(RankDifference(self.labels[i], self.labels[j], difference, p, difference > reach))
        return found

    @property
    def cliques(self) -> list[tuple[str, ...]]:
        """The largest groups of searches, neighbours by rank, that are not told apart from each other."""
        if np.isnan(self.critical_difference):
            return []
        order = self.order
        reach = self.critical_difference if self.significant else np.inf
        groups: list[tuple[int, int]] = []
        for i, first in enumerate(order):
            last = max(j for j, other in enumerate(order) if self.ranks[other] - self.ranks[first] <= reach)
            if last > i and (not groups or last > groups[-1][1]):
                groups.append((i, last))
        return [tuple(self.labels[k] for k in order[i : j + 1]) for i, j in groups]

    def facts(self) -> dict[str, Any]:
        """Give both tests, and the groups that are not told apart."""
        return {
            "metric": self.words,
            "blocks": self.blocks,
            "of": self.of,
            "left_out": self.left_out,
            "friedman": known(self.friedman),
            "friedman_p": known(self.friedman_p),
            "critical_difference": known(self.critical_difference),
            "cliques": [list(clique) for clique in self.cliques],
        }

    def columns(self) -> list[Column]:
        """Return ``optimizer, rank``, best rank first, and for people Nemenyi's p-value against each of the others."""
        order = self.order
        against = {j: [np.nan if i == j else float(self.p_values[i, j]) for i in order] for j in order}
        return [
            Column("optimizer", "optimizer", [self.labels[i] for i in order]),
            Column("rank", "average rank", [float(self.ranks[i]) for i in order], number),
            *(Column("", f"p against {self.labels[j]}", values, p_value) for j, values in against.items()),
        ]

    def rows(self) -> list[dict[str, Any]]:
        """Give ``optimizer, rank, nemenyi_p``, the last of which has the p-value against each of the others."""
        others = [
            {other: known(self.p_values[i, j]) for j, other in enumerate(self.labels) if j != i} for i in self.order
        ]
        return [{**row, "nemenyi_p": p} for row, p in zip(super().rows(), others, strict=True)]

    def frame(self) -> Any:
        """Give ``optimizer, rank`` as a ``pandas.DataFrame``, and a column of p-values a search."""
        rows = [{"optimizer": row["optimizer"], "rank": row["rank"], **row["nemenyi_p"]} for row in self.rows()]
        return require("pandas", "report").DataFrame(rows)

    def finding(self) -> str:
        """Say the ranks, Friedman's verdict and which pairs Nemenyi's test tells apart."""
        ranks = ", ".join(f"{self.labels[i]} {self.ranks[i]:.2f}" for i in self.order)
        blocks = f"{self.blocks:,} {self.of if self.blocks > 1 else self.of[:-1]}"
        said = f"Average ranks by {self.words} over {blocks} (1 is best): {ranks}."
        if self.untested is not None:
            return f"{said} {self.untested}"
        if self.blocks == 1:
            return f"{said} One {self.of[:-1]} says nothing of others: there is no test."
        if np.isnan(self.friedman):
            return f"{said} With two searches there is no Friedman test; Wilcoxon's signed ranks compare them."
        said += f" Friedman: χ² = {self.friedman:.1f}, p {_equals(self.friedman_p)}"
        warned = few(self.blocks, _fewest(len(self.labels)), "tell any two of them apart by ranks", self.of)
        if not self.significant:
            return f"{said}, so no two of them are told apart.{warned}"
        pairs = listed([f"{pair.better} over {pair.worse}" for pair in self.pairs if pair.apart]) or "no pair"
        return f"{said}; told apart by more than {self.critical_difference:.2f} ranks (Nemenyi): {pairs}.{warned}"


@naming_failed_runs
def average_ranks(comparisons: Comparisons, metric: Judged | None = None, blocks: Blocks = "runs") -> AverageRanks:
    """Rank the searches of a comparison, or of several, by what their runs ended with.

    Args:
        comparisons: One, or several of the same searches on different benchmarks.
        metric: What is ranked; see ``selected.selected``.
        blocks: ``"runs"``: each run of each benchmark is a block, run k against run k; where runs share random streams
            over benchmarks, each run is one block, by its mean over them. ``"benchmarks"``: each benchmark is one, by
            the mean over its runs, as the reference has it; claims about further benchmarks need this, and streams that
            are not shared.
    """
    chosen = selected(comparisons, metric)
    found = AverageRanks.ranked(in_blocks(chosen, blocks), chosen.labels, words_of(chosen, blocks), blocks)
    if not chosen.shared or blocks == "runs" or found.missing:
        return found
    nothing, untested = np.full_like(found.p_values, np.nan), no_test(chosen.shared)
    return replace(
        found, friedman=np.nan, friedman_p=np.nan, critical_difference=np.nan, p_values=nothing, untested=untested
    )


def words_of(chosen: Selected, blocks: Blocks) -> str:
    """Give what is ranked, and where runs are put together over benchmarks, that they are."""
    return chosen.words if blocks == "runs" else chosen.quantity.words


def in_blocks(chosen: Selected, blocks: Blocks) -> NDArray[np.float64]:
    """Give what is ranked, ``(searches, blocks)``, higher is better; NaN where a search has nothing in a block."""
    if blocks not in get_args(Blocks):
        raise BadSetting(f"a block is one of the {' or '.join(get_args(Blocks))}, not {blocks!r}")
    found = list(chosen.worth.values())
    if blocks == "runs":
        return np.mean(found, axis=0) if chosen.shared else np.concatenate(found, axis=1)
    return np.stack([mean_of(block) for block in found], axis=1)


def _missing(labels: Sequence[str], blocks: int, of: Blocks) -> str | None:
    if len(labels) < 2:
        return f"There is one search, {labels[0]}, and nothing to rank it against."
    return None if blocks else f"There are none of the {of} in which every search found something: nothing is ranked."


def _friedman(ranks: NDArray[np.float64]) -> tuple[float, float]:
    """Give Friedman's χ², corrected for ties, and its p-value, of ranks ``(searches, blocks)``.

    SciPy's ``friedmanchisquare`` gives the same; here and for Nemenyi's test, ``scipy.stats`` would take as long to
    import as all statistics of a page take.
    """
    k = len(ranks)
    off = ranks - (k + 1) / 2
    if not off.any():
        return 0.0, 1.0  # all are equal everywhere
    chi = (k - 1) * (off.sum(axis=1) ** 2).sum() / (off**2).sum()
    return float(chi), float(require("scipy.special", "report").chdtrc(k - 1, chi))


def _fewest(searches: int) -> int:
    """Give in how many blocks the greatest difference that ranks can have is one that the test tells apart."""
    return math.ceil((_quantile(searches) / (searches - 1)) ** 2 * searches * (searches + 1) / 6)


@cache
def _quantile(searches: int) -> float:
    """Give Nemenyi's q at 95 %: the studentised range's with endless degrees of freedom, over √2."""
    low, high = 0.0, 20.0
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if _beyond(np.array(middle), searches) > 1 - CONFIDENCE else (low, middle)
    return middle / math.sqrt(2)


def _nemenyi(ranks: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    """Give the p-value of each pair, ``(searches, searches)``."""
    return _beyond(np.abs(ranks[:, None] - ranks) / scale * math.sqrt(2), len(ranks))


def _beyond(q: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Give how likely so many standard normal numbers range over more than q, ``(…)``: the studentised range's tail.

    An integral over where the largest of them lies, by a sum that is exact to rounding, as for any smooth function
    that is 0 at both ends.
    """
    ndtr = require("scipy.special", "report").ndtr
    largest = np.linspace(-9, 9, 1001)
    density = np.exp(-(largest**2) / 2) / math.sqrt(2 * math.pi)
    below = (ndtr(largest) - ndtr(largest - q[..., None])) ** (count - 1)
    result: NDArray[np.float64] = 1 - count * (largest[1] - largest[0]) * (density * below).sum(axis=-1)
    return np.maximum(result, 0.0)


def _equals(p: float) -> str:
    return p_value(p) if p < 0.001 else f"= {p_value(p)}"
