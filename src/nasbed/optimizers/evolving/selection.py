"""Selection: who of a population becomes a parent.

Each rule chooses some at a time. They are named by rank, 0 for the best, and have children in the order in which they
are given. What a rule prefers depends on ranks alone, but for roulette, which goes by the values themselves.

Reference: Goldberg and Deb, "A Comparative Analysis of Selection Schemes Used in Genetic Algorithms", FOGA 1991; Eiben
and Smith, "Introduction to Evolutionary Computing", Springer 2003, chapter 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nasbed.core.compiled import kernel, overwrite
from nasbed.core.rng import Streams, below, unit, word_at
from nasbed.optimizers.worth import OVER


class Selection(Protocol):
    """A rule of selection."""

    def ranks(self, values: NDArray[np.float64], streams: Streams, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Choose parents in some runs, whose streams alone move on.

        Args:
            values: What the members of all runs are worth, the best first, ``(runs, members)``; −inf for those whose
                training failed.
            streams: Of all runs.
            rows: Which runs choose, ``(n,)``.

        Returns:
            Ranks, ``(n, selected)``.
        """
        ...


@dataclass(frozen=True)
class Best:
    """The best, each in turn: truncation selection.

    Reference: Mühlenbein and Schlierkamp-Voosen, "Predictive Models for the Breeder Genetic Algorithm", Evolutionary
    Computation 1(1), 1993.

    Attributes:
        selected: How many.
    """

    selected: int = 1

    def ranks(self, values: NDArray[np.float64], streams: Streams, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Draw nothing."""
        return np.tile(np.arange(self.selected), (len(rows), 1))


@dataclass(frozen=True)
class Middle:
    """Those in the middle of the ranking, the best of them first: neither the best nor just anybody, for comparison.

    Of members that cannot be centred, those half a rank better are taken: rank 1 of four.

    Attributes:
        selected: How many.
    """

    selected: int = 1

    def ranks(self, values: NDArray[np.float64], streams: Streams, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Draw nothing."""
        first = (values.shape[1] - self.selected) // 2
        return np.tile(np.arange(first, first + self.selected), (len(rows), 1))


@dataclass(frozen=True)
class Anybody:
    """Different members, all alike, in random order: no selection, the reference of every other rule.

    Attributes:
        selected: How many; each takes 1 word.
    """

    selected: int = 1

    def ranks(self, values: NDArray[np.float64], streams: Streams, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Shuffle, as far as needed."""
        chosen: NDArray[np.int64] = _some(streams.keys, streams.positions, rows, values.shape[1], self.selected)
        return chosen


@dataclass(frozen=True)
class Tournament:
    """The best of a few that are drawn, all alike.

    The best of n different ones of N is of rank i with the chance C(N−1−i, n−1) / C(N, n); drawn with replacement, with
    ((N−i)ⁿ − (N−i−1)ⁿ) / Nⁿ. Goldberg and Deb (1991) have its pressure. Different ones are drawn by Floyd's algorithm
    (Bentley and Floyd, "A sample of brilliance", CACM 30(9), 1987).

    Attributes:
        size: How many are drawn; each takes 1 word.
        selected: How many of them, the best first.
        distinct: Whether different ones are drawn; else anybody may be drawn, and selected, more than once.
    """

    size: int
    selected: int = 1
    distinct: bool = True

    def ranks(self, values: NDArray[np.float64], streams: Streams, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Hold a tournament in each of some runs."""
        drawing = streams.keys, streams.positions, rows, values.shape[1]
        chosen: NDArray[np.int64] = _tournament(*drawing, self.size, self.selected, self.distinct)
        return chosen


@dataclass(frozen=True)
class EpsilonGreedy:
    """The best; now and then anybody, the best too.

    Reference: Sutton and Barto, "Reinforcement Learning", MIT Press 1998, section 2.2.

    Attributes:
        epsilon: How often anybody.
        selected: How many, each drawn anew; 2 words each.
    """

    epsilon: float
    selected: int = 1

    def ranks(self, values: NDArray[np.float64], streams: Streams, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Draw whether, and whom."""
        drawing = streams.keys, streams.positions, rows, values.shape[1]
        chosen: NDArray[np.int64] = _greedy(*drawing, self.epsilon, self.selected)
        return chosen


@dataclass(frozen=True)
class Roulette:
    """Each with a chance in proportion to its value: the wheel of Holland's genetic algorithm.

    Accuracies lie close together, so that all have nearly the same chance; what is better than the worst tells more.
    That is called windowing. Values below zero have no chance, nor has what failed or is over a limit; where nobody has
    one, all have the same.

    Reference: Goldberg, "Genetic Algorithms in Search, Optimization, and Machine Learning", Addison-Wesley 1989; for
    windowing Eiben and Smith (2003), section 3.7.1.

    Attributes:
        from_worst: Whether values count from the worst that has a chance, else from zero.
        selected: How many, each drawn anew; 1 word each.
    """

    from_worst: bool = False
    selected: int = 1

    def ranks(self, values: NDArray[np.float64], streams: Streams, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Spin the wheel."""
        drawing = streams.keys, streams.positions, rows, values
        chosen: NDArray[np.int64] = _roulette(*drawing, self.from_worst, self.selected)
        return chosen


@dataclass(frozen=True)
class Ranking:
    """Each with a chance that falls in equal steps with its rank: linear ranking.

    Rank i of N has the chance (s − (2s − 2) i / (N − 1)) / N, where s is the pressure: how many children the best has
    for each of an average member.

    Reference: Baker, "Adaptive Selection Methods for Genetic Algorithms", ICGA 1985.

    Attributes:
        pressure: From 1, all alike, to 2, the worst has no chance.
        selected: How many, each drawn anew; 1 word each.
    """

    pressure: float = 1.5
    selected: int = 1

    def ranks(self, values: NDArray[np.float64], streams: Streams, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Draw from the chances of the ranks."""
        members = values.shape[1]
        fall = (2 * self.pressure - 2) * np.arange(members) / max(members - 1, 1)
        ends = np.cumsum((self.pressure - fall) / members)
        chosen: NDArray[np.int64] = _by_rank(streams.keys, streams.positions, rows, ends, self.selected)
        return chosen


@kernel
def _some(keys: Any, positions: Any, rows: Any, members: int, selected: int) -> Any:
    """Shuffle as far as needed; a word for each."""
    chosen = np.empty((len(rows), selected), np.int64)
    for i in range(len(rows)):
        run, order = rows[i], np.arange(members)
        for k in range(selected):
            other = k + below(word_at(keys[run], positions[run]), members - k)
            positions[run] += 1
            order[k], order[other] = order[other], order[k]
        overwrite(chosen[i], order)
    return chosen


@kernel
def _tournament(keys: Any, positions: Any, rows: Any, members: int, size: int, selected: int, distinct: bool) -> Any:
    """Draw ``size`` members, a word for each, and give the best of them in order."""
    chosen = np.empty((len(rows), selected), np.int64)
    drawn = np.zeros(members, np.int64)  # how often each was drawn
    for i in range(len(rows)):
        run = rows[i]
        drawn[:] = 0
        for k in range(size):
            bound = members - size + k + 1 if distinct else members
            rival = below(word_at(keys[run], positions[run] + k), bound)
            if distinct and drawn[rival]:
                rival = bound - 1  # Floyd's way to draw different ones: it could not be drawn before
            drawn[rival] += 1
        positions[run] += size
        rank, taken = 0, 0
        while taken < selected:
            if drawn[rank]:
                drawn[rank] -= 1
                chosen[i, taken] = rank
                taken += 1
            else:
                rank += 1
    return chosen


@kernel
def _greedy(keys: Any, positions: Any, rows: Any, members: int, epsilon: float, selected: int) -> Any:
    """Give the best, or with chance epsilon anybody; 2 words each, whether they are needed or not."""
    chosen = np.empty((len(rows), selected), np.int64)
    for i in range(len(rows)):
        run = rows[i]
        for k in range(selected):
            chosen[i, k] = 0
            if unit(word_at(keys[run], positions[run])) < epsilon:
                chosen[i, k] = below(word_at(keys[run], positions[run] + 1), members)
            positions[run] += 2
    return chosen


@kernel
def _roulette(keys: Any, positions: Any, rows: Any, values: Any, from_worst: bool, selected: int) -> Any:
    """Spin a wheel with a slot for each value, a word a ball; where all slots are empty, all have the same."""
    members = values.shape[1]
    chosen = np.empty((len(rows), selected), np.int64)
    ends = np.empty(members)  # where each one's slot of the wheel ends
    for i in range(len(rows)):
        run = rows[i]
        least = 0.0
        if from_worst:
            for rank in range(members):
                if values[run, rank] > OVER:
                    least = values[run, rank]
        total = 0.0
        for rank in range(members):
            total += max(values[run, rank] - least, 0.0)
            ends[rank] = total
        for k in range(selected):
            word = word_at(keys[run], positions[run])
            positions[run] += 1
            rank = below(word, members)
            if total > 0:
                ball = unit(word) * total
                rank = 0
                while ball >= ends[rank]:
                    rank += 1
            chosen[i, k] = rank
    return chosen


@kernel
def _by_rank(keys: Any, positions: Any, rows: Any, ends: Any, selected: int) -> Any:
    """Draw from chances that are the same in all runs, given as their sums; a word each."""
    chosen = np.empty((len(rows), selected), np.int64)
    for i in range(len(rows)):
        run = rows[i]
        for k in range(selected):
            ball = unit(word_at(keys[run], positions[run]))
            positions[run] += 1
            rank = 0
            while rank < len(ends) - 1 and ball >= ends[rank]:
                rank += 1
            chosen[i, k] = rank
    return chosen
