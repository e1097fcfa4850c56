"""Signed ranks: whether one search beats another in paired runs, by Wilcoxon's test, corrected for many pairs by Holm.

The test is exact up to fifty pairs that differ, with ties among them or without; of more it is SciPy's approximation.

References: Wilcoxon, "Individual Comparisons by Ranking Methods", Biometrics Bulletin 1, 1945; Holm, "A Simple
Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6, 1979
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.statistics.exact import fewest, mean_ranks, signed_rank_p
from nasbed.statistics.means import CONFIDENCE
from nasbed.statistics.ranks import Blocks, in_blocks, words_of
from nasbed.statistics.selected import Comparisons, Judged, naming_failed_runs, no_test, selected
from nasbed.statistics.statistic import Column, Statistic, few, number, p_value, told_apart

_COUNTED = 50  # pairs; of more, SciPy takes the normal approximation, too

_TEXTS = ("better", "worse", "wins", "losses", "ties")


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Correct p-values so that one of them errs with the chance it says, ``(n,)``; NaN stays and does not count."""
    p = np.asarray(p_values, np.float64)
    there = np.flatnonzero(~np.isnan(p))
    order = there[np.argsort(p[there], kind="stable")]
    corrected = p.copy()
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1.0)
    return corrected


@dataclass(frozen=True)
class Pair:
    """Two searches in paired blocks.

    Attributes:
        better: The one with the larger sum of ranks of those differences that are in its favour.
        worse: The other.
        wins: In how many blocks the better one was better.
        losses: In how many it was worse.
        ties: In how many both were equal; they do not count.
        effect: From −1 to 1: the share of the ranks in favour of the better less that of the others.
        p: Wilcoxon's, of two sides; NaN without a block that both have.
        corrected: The same by Holm, over all pairs.
    """

    better: str
    worse: str
    wins: int
    losses: int
    ties: int
    effect: float
    p: float
    corrected: float

    @property
    def apart(self) -> bool:
        """Whether they are told apart."""
        return self.corrected < 1 - CONFIDENCE  # false when it is NaN


@dataclass(frozen=True)
class SignedRanks(Statistic):
    """Every pair of searches.

    Attributes:
        pairs: In the order of the searches.
        of: What was paired: ``"runs"`` or ``"benchmarks"``.
        words: What was compared.
        blocks: How many blocks the pair that has the fewest has in common.
    """

    pairs: tuple[Pair, ...]
    of: Blocks
    words: str
    blocks: int
    figure: ClassVar[str] = "signed-ranks"

    @classmethod
    def compared(
        cls, worth: Mapping[str, NDArray[np.float64]], words: str = "worth", of: Blocks = "runs"
    ) -> SignedRanks:
        """Compare every pair.

        Args:
            worth: ``(blocks,)`` for each search, higher is better; NaN where a search has nothing.
            words: What is compared.
            of: What a block is.
        """
        if len(worth) < 2:
            return cls((), of, words, 0, missing="There is one search, and nothing to pair it with.")
        tested = [_tested(worth[a], worth[b]) for a, b in combinations(worth, 2)]
        corrected = holm([p for _, _, p in tested])
        pairs = [
            _pair(names, difference, effect, p, final)
            for names, (difference, effect, p), final in zip(combinations(worth, 2), tested, corrected, strict=True)
        ]
        nothing = f"No two searches have {of} in common that found something."
        missing = nothing if all(np.isnan(pair.p) for pair in pairs) else None
        return cls(tuple(pairs), of, words, min(len(difference) for difference, _, _ in tested), missing=missing)

    def facts(self) -> dict[str, Any]:
        """Say what was compared, and how."""
        return {"metric": self.words, "of": self.of, "test": "Wilcoxon signed-rank, two-sided", "correction": "Holm"}

    def columns(self) -> list[Column]:
        """Return ``better, worse, wins, losses, ties, effect, p, corrected_p, apart``."""
        return [
            *(Column(name, name, [getattr(pair, name) for pair in self.pairs]) for name in _TEXTS),
            Column("effect", "effect", [pair.effect for pair in self.pairs], number),
            Column("p", "p", [pair.p for pair in self.pairs], p_value),
            Column("corrected_p", "p (Holm)", [pair.corrected for pair in self.pairs], p_value),
            Column("apart", "", [pair.apart for pair in self.pairs]),
        ]

    def finding(self) -> str:
        """Say which pairs are told apart, or that one block says nothing of that."""
        if all(pair.wins + pair.losses + pair.ties < 2 for pair in self.pairs):
            return f"By {self.words}, one of the {self.of} allows no statement: what differs may be chance."
        apart = [f"{pair.better} over {pair.worse}" for pair in self.pairs if pair.apart]
        others = [f"{pair.better} and {pair.worse}" for pair in self.pairs if not pair.apart]
        said = f"By {self.words} in paired {self.of} (Wilcoxon, Holm-corrected, 5 %), {told_apart(apart, others)}."
        needed = fewest(lambda n: 2.0 ** (1 - n), len(self.pairs))
        tests = "a pair" if len(self.pairs) == 1 else f"any of {len(self.pairs)} pairs"
        return said + few(self.blocks, needed, f"tell {tests} apart by it", self.of)


@naming_failed_runs
def signed_ranks(comparisons: Comparisons, metric: Judged | None = None, blocks: Blocks = "runs") -> SignedRanks:
    """Compare every pair of searches block by block; see ``ranks.average_ranks`` for the settings."""
    chosen = selected(comparisons, metric)
    worth = dict(zip(chosen.labels, in_blocks(chosen, blocks), strict=True))
    if chosen.shared and blocks == "benchmarks":
        return SignedRanks((), blocks, chosen.quantity.words, 0, missing=no_test(chosen.shared))
    return SignedRanks.compared(worth, words_of(chosen, blocks), blocks)


def _tested(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[Sequence[float], float, float]:
    """Give the paired differences, the effect in favour of the first, and the p-value."""
    difference = (one - other)[~np.isnan(one - other)]
    counting = difference[difference != 0]
    if not len(counting):
        return difference.tolist(), 0.0, 1.0 if len(difference) else np.nan
    ranks = mean_ranks(np.abs(counting))
    sum_of_signed = float((np.sign(counting) * ranks).sum())
    if len(counting) <= _COUNTED:
        p = signed_rank_p(ranks, ranks[counting > 0].sum())
    else:  # the sum is as good as normal, with this variance if each sign is as likely
        p = math.erfc(abs(sum_of_signed) / math.sqrt(2 * (ranks**2).sum()))
    return difference.tolist(), sum_of_signed / float(ranks.sum()), p


def _pair(names: tuple[str, str], difference: Sequence[float], effect: float, p: float, corrected: float) -> Pair:
    better, worse, sign = (*names, 1) if effect >= 0 else (*names[::-1], -1)
    wins, losses = (sum(sign * way * d > 0 for d in difference) for way in (1, -1))
    ties = len(difference) - wins - losses
    return Pair(better, worse, wins, losses, ties, sign * effect, p, float(corrected))
