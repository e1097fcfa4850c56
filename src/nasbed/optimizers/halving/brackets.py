"""Brackets: how many architectures are trained for how long, and how many of them then for longer.

References: Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", AISTATS
2016, https://arxiv.org/abs/1502.07943; Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter
Optimization", JMLR 18(185), 2018, https://jmlr.org/papers/v18/16-558.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

from nasbed.core.errors import BadSetting

Counts = Literal["table", "formula"]
"""Whether Hyperband's brackets begin with as many as its published table says, or as its published formula does."""


@dataclass(frozen=True)
class Bracket:
    """One round of successive halving.

    Attributes:
        counts: How many architectures each of its rungs trains, never more than the rung before.
        epochs: For how many epochs, ascending.
    """

    counts: tuple[int, ...]
    epochs: tuple[int, ...]

    def __post_init__(self) -> None:
        falling = all(a >= b for a, b in pairwise(self.counts))
        rising = all(a < b for a, b in pairwise(self.epochs))
        if not (len(self.counts) == len(self.epochs) > 0 and falling and rising and self.counts[-1] >= 1):
            raise BadSetting(f"a bracket trains ever fewer for ever longer, not {self.counts} for {self.epochs} epochs")

    def cost(self, resume: bool) -> int:
        """Give the epochs that the whole bracket trains.

        Args:
            resume: Whether a rung goes on with the trainings of the one before, and pays for what is added alone.
        """
        before = (0, *self.epochs[:-1]) if resume else (0,) * len(self.epochs)
        return sum(n * (r - paid) for n, r, paid in zip(self.counts, self.epochs, before, strict=True))


def halved(count: int, rungs: Sequence[int], eta: int) -> Bracket:
    """Give the bracket that begins with ``count`` architectures and keeps one of ``eta`` at each rung.

    It ends at the last rung. Few architectures begin at a later one, so that at least one of them is left there.

    Args:
        count: At the beginning, from 1.
        rungs: All epochs there are to train for, ascending.
        eta: One of so many is kept.
    """
    steps = 0
    while steps + 1 < len(rungs) and eta ** (steps + 1) <= count:
        steps += 1
    return Bracket(tuple(count // eta**i for i in range(steps + 1)), tuple(rungs[-1 - steps :]))


def hyperband_brackets(rungs: Sequence[int], eta: int, counts: Counts = "table") -> tuple[Bracket, ...]:
    """Give Hyperband's brackets, from the one with the most architectures to the one without halving.

    With S rungs, bracket s = S−1 … 0 begins at the rung s from the end. The paper says twice with how many: for
    R = 81 and η = 3 its Table 1 has 81, 27, 9, 6 and 5, which is ``⌊S / (s+1)⌋·η^s`` and what the programs published
    with BOHB and DEHB do; line 2 of its Algorithm 1 is ``⌈S·η^s / (s+1)⌉``, which is 81, 34, 15, 8 and 5.

    Args:
        rungs: All epochs there are to train for, ascending.
        eta: One of so many is kept.
        counts: Which of the two.

    Raises:
        BadSetting: For a third.
    """
    check_counts(counts)
    size = len(rungs)

    def first(s: int) -> int:
        power: int = eta**s
        return size // (s + 1) * power if counts == "table" else -(-size * power // (s + 1))

    return tuple(halved(first(s), rungs[-1 - s :], eta) for s in reversed(range(size)))


def check_counts(counts: str) -> None:
    """Refuse what is neither the table nor the formula.

    Raises:
        BadSetting: With both.
    """
    if counts not in get_args(Counts):
        raise BadSetting(f"Hyperband's counts are those of its {' or its '.join(get_args(Counts))}, not {counts!r}")
