"""Fresh seed: a comparison played once more under another seed, and whether it finds the same.

A seed is the one thing of a comparison that means nothing: what is found under one seed alone may be chance. Both
comparisons tell pairs of searches apart by the same rule (``Comparison.separated``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.core.optimizer import Optimizer
from nasbed.core.printing import Printed
from nasbed.run.settings import SearchSettings
from nasbed.run.watching import Progress, Status
from nasbed.statistics.comparison import Comparison, compare
from nasbed.statistics.selected import naming_failed_runs
from nasbed.statistics.separation import Difference
from nasbed.statistics.statistic import Column, Statistic, decimals, scaled

Verdict = Literal["found again", "not found again", "found under the fresh seed alone", "the opposite", "not apart"]


@dataclass(frozen=True)
class Repeated(Printed):
    """One pair of searches under both seeds.

    Attributes:
        better: The search with the higher mean under the first seed.
        worse: The other.
        first: By how much ``better`` is better under the first seed: mean over runs.
        second: By how much it is under the fresh seed; negative where it is worse.
        apart: Whether the two are told apart, under the first and under the fresh seed.
    """

    better: str
    worse: str
    first: float
    second: float
    apart: tuple[bool, bool]

    @classmethod
    def of(cls, first: Difference, second: Difference) -> Repeated:
        """Hold two differences of one pair against each other."""
        sign = 1 if first.better == second.better else -1
        return cls(first.better, first.worse, first.mean, sign * second.mean, (first.apart, second.apart))

    @property
    def verdict(self) -> Verdict:
        """What came of the first finding."""
        if self.apart == (True, True):
            return "found again" if self.second > 0 else "the opposite"
        if self.apart == (False, False):
            return "not apart"
        return "not found again" if self.apart[0] else "found under the fresh seed alone"

    @property
    def agrees(self) -> bool:
        """Whether both seeds say the same of the pair."""
        return self.verdict in ("found again", "not apart")


@dataclass(frozen=True)
class FreshSeed(Statistic):
    """What a comparison found, pair by pair, beside what it finds under another seed.

    Attributes:
        seeds: The first seed and the fresh one.
        metric: By what searches are told apart, in words.
        pairs: All pairs, in the order of the searches.
        factor: What differences are multiplied with to be shown.
        unit: What they are then.
    """

    seeds: tuple[int, int]
    metric: str
    pairs: tuple[Repeated, ...]
    factor: float
    unit: str
    figure: ClassVar[str] = "fresh-seed"

    @property
    def agrees(self) -> bool:
        """Whether both seeds say the same of every pair."""
        return all(pair.agrees for pair in self.pairs)

    def facts(self) -> dict[str, Any]:
        """Give the seeds, the metric, and whether the findings agree."""
        return {"seeds": list(self.seeds), "metric": self.metric, "agrees": self.agrees}

    def columns(self) -> list[Column]:
        """Return ``better, worse, first, second, verdict``."""
        write = scaled(self.factor, decimals(self.factor))
        first, second = (f"difference, seed {seed}" for seed in self.seeds)
        return [
            Column("better", "better", [pair.better for pair in self.pairs]),
            Column("worse", "than", [pair.worse for pair in self.pairs]),
            Column("first", first, [pair.first for pair in self.pairs], write),
            Column("second", second, [pair.second for pair in self.pairs], write),
            Column("verdict", "verdict", [pair.verdict for pair in self.pairs]),
        ]

    def finding(self) -> str:
        """Say whether the findings agree, and of which pairs they do not."""
        old, fresh = self.seeds
        said = f"Played again under seed {fresh} in place of {old}, by {self.metric}"
        if self.agrees:
            apart = sum(pair.apart[0] for pair in self.pairs)
            what = "pair is" if len(self.pairs) == 1 else "pairs are"
            return f"{said}, the findings agree: {apart} of {len(self.pairs)} {what} told apart, alike under both."
        parts = [f"{pair.better} over {pair.worse}: {self._told(pair)}" for pair in self.pairs if not pair.agrees]
        return f"{said}, the findings do not agree: {'; '.join(parts)}."

    def _told(self, pair: Repeated) -> str:
        differences = (f"{self.factor * value:+.{decimals(self.factor)}f}" for value in (pair.first, pair.second))
        return f"{pair.verdict} ({', then '.join(differences)}{self.unit})"


@naming_failed_runs
def fresh_seed(comparison: Comparison) -> FreshSeed:
    """Hold a comparison against the one that repeats it under another seed, ``Comparison.again``."""
    again = comparison.again
    if again is None:
        never = "The comparison was not played again under another seed, as fresh_seed=1 does."
        return FreshSeed((0, 0), "", (), 1.0, "", missing=never)
    first, second = comparison.separated(), again.separated()
    others = {frozenset((one.better, one.worse)): one for one in second.differences}
    pairs = [Repeated.of(one, others[frozenset((one.better, one.worse))]) for one in first.differences]
    few = "One search, or fewer than two runs of each, find nothing that a fresh seed could confirm."
    missing = few if not pairs or min(first.runs, second.runs) < 2 else None
    seeds = _seed(comparison), _seed(again)
    return FreshSeed(seeds, first.metric, tuple(pairs), first.factor, first.unit, missing=missing)


def compare_again(
    optimizers: Sequence[str | Optimizer] | Mapping[str, str | Optimizer],
    benchmark: str | Benchmark,
    settings: SearchSettings,
    seed: int,
    *followers: Progress,
) -> Comparison:
    """Play a comparison, and once more under another seed; see ``comparison.compare``.

    Args:
        optimizers: As ``compare`` takes them, like what follows.
        benchmark: Likewise.
        settings: Likewise; the seed among them is that of the first.
        seed: The fresh one.
        *followers: Likewise; searches of the second comparison have the seed behind their labels.

    Returns:
        The first comparison, with the second as ``again``.

    Raises:
        BadSetting: As ``compare``, or when the seeds are one.
    """
    fresh = replace(settings, seed=seed)
    if seed == settings.seed:
        raise BadSetting(f"a fresh seed differs from that of the comparison, which is {seed}, too; give another")

    def part(follower: Progress, number: int) -> Progress:
        def tell(status: Status) -> None:
            label = f"{status.search} (seed {seed})" if number else status.search
            follower(replace(status, search=label, share=(number + status.share) / 2))

        return tell

    first, second = (
        compare(optimizers, benchmark, how, *(part(follower, number) for follower in followers))
        for number, how in enumerate((settings, fresh))
    )
    return replace(first, again=second)


def _seed(comparison: Comparison) -> int:
    return int(next(iter(comparison.histories.values())).info.get("seed") or 0)
