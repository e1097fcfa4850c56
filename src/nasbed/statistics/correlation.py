"""Correlation: how well scores of untrained networks go with what the networks are worth once they are trained.

Three coefficients. Those of ranks have bootstrap intervals: architectures are drawn again, with replacement, as many as
there are. All proxies are held against the same draws. Pearson's r has none: a few networks far from all others decide
it, and where they are not among those scored, nothing tells of them (of three hundred cells of NAS-Bench-201 the
bootstrap's interval misses the r of all 9,445 that were scored in 6 % to 100 % of cases, by the score).

The best-of-N figures are exact means over endless searches that score N architectures, drawn with replacement from
those that were scored, and train the one with the best score, as the table of Mellor et al., "Neural architecture
search without training", ICML 2021, has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.printing import Card, Printed
from nasbed.core.proxy import WORST
from nasbed.core.registry import reports
from nasbed.core.seeds import derived_seed
from nasbed.scores.scores import Scores
from nasbed.statistics.bootstrap import FEWEST, expanded, percentiles
from nasbed.statistics.means import CONFIDENCE
from nasbed.statistics.random_search import expected_best
from nasbed.statistics.statistic import Interval, few, number
from nasbed.statistics.top import TOP, Top, top_of, weighted_tau
from nasbed.statistics.truth import Truth

COEFFICIENTS = ("kendall", "spearman", "pearson")
RESAMPLES = 1000
SEARCHES = (10, 100, 1000)
"""How many architectures a search scores; those of the published table."""

_FEWEST = 3  # architectures: two always correlate perfectly


@dataclass(frozen=True)
class Search(Printed):
    """What searches by a score come to that look at so many architectures each.

    Attributes:
        n: How many they score.
        mean: Mean, over endless searches, of the truth of the one with the best score.
        std: Its standard deviation over them.
    """

    n: int
    mean: float
    std: float


@dataclass(frozen=True)
class Best(Printed):
    """The architecture with the best score.

    Attributes:
        architecture: As text; the first of several with that score.
        truth: What it is worth.
        rank: Its place among those scored by what they are worth, 1 for the best.
        ties: How many have the best score.
    """

    architecture: str
    truth: float
    rank: int
    ties: int


@dataclass(frozen=True)
class Agreement(Printed):
    """How one proxy goes with the truth.

    Attributes:
        proxy: Its name.
        n: How many architectures have both.
        failed: How many of them have no number as score; they rank below all others, and Pearson's r leaves them out.
        kendall: Kendall's τ-b, with the interval of its bootstrap (percentiles); NaN where a side does not vary.
        spearman: Spearman's ρ, likewise.
        pearson: Pearson's r, without an interval.
        best: The best-scored architecture.
        searches: Best of N.
        weighted: Vigna's weighted τ, hyperbolic, which counts most what happens at the top; NaN where a side does not
            vary.
        top: What is found of the best.
    """

    proxy: str
    n: int
    failed: int
    kendall: Interval
    spearman: Interval
    pearson: Interval
    best: Best
    searches: tuple[Search, ...]
    weighted: float
    top: tuple[Top, ...]


@dataclass(frozen=True, eq=False)
class Correlation(Printed):
    """Scores held against one truth.

    Attributes:
        scores: The scores.
        truth: The truth of the same architectures.
        resamples: How often architectures are drawn again.
        seed: Of the draws.
        searches: The N of the best of N; those that are more than were scored are left out.
        top: Shares of the architectures whose overlap with the best-scored is told; those of less than one are left
            out.
    """

    scores: Scores
    truth: Truth
    resamples: int = RESAMPLES
    seed: int = 0
    searches: Sequence[int] = SEARCHES
    top: Sequence[float] = TOP

    def __post_init__(self) -> None:
        if self.resamples < 20:
            raise BadSetting(f"intervals need at least 20 resamples, not {self.resamples}")
        if any(n < 1 for n in self.searches):
            raise BadSetting(f"a search scores at least 1 architecture, not {min(self.searches)}")
        if not all(0 < share < 1 for share in self.top):
            raise BadSetting(f"the top is a share between 0 and 1, such as 0.05, not {', '.join(map(str, self.top))}")
        if len(self.there) < _FEWEST:
            raise BadSetting(
                f"{self.truth.name} is known of {len(self.there)} of the {len(self.scores)} architectures scored; "
                f"a correlation needs {_FEWEST}"
            )

    @cached_property
    def there(self) -> NDArray[np.int64]:
        """Which architectures have a truth, ``(n,)``."""
        return np.flatnonzero(~np.isnan(self.truth.values))

    @cached_property
    def worth(self) -> NDArray[np.float64]:
        """What those are worth, ``(n,)``."""
        return self.truth.values[self.there]

    def scored(self, proxy: str) -> NDArray[np.float64]:
        """Give a proxy's scores of those that have a truth, ``(n,)``; NaN for what is no number."""
        values = self.scores[proxy][self.there]
        return np.where(np.isfinite(values) & (values != WORST), values, np.nan)

    @cached_property
    def agreements(self) -> dict[str, Agreement]:
        """How each proxy goes with the truth, in the order of the scores' columns."""
        return {proxy: self._agreement(proxy) for proxy in self.scores.columns}

    @cached_property
    def random(self) -> Search:
        """What choosing at random comes to."""
        return Search(1, float(self.worth.mean()), float(self.worth.std()))

    @cached_property
    def perfect(self) -> tuple[Search, ...]:
        """What searches come to that choose by the truth itself."""
        return self._best_of(self.worth)

    @property
    def warnings(self) -> list[str]:
        """What one should know before citing these numbers."""
        lost = len(self.scores) - len(self.there)
        said = [f"{lost:,} of the {len(self.scores):,} architectures scored are not in {self.truth.name}"] * bool(lost)
        said += [f"{a.proxy} has no number for {a.failed:,} networks" for a in self.agreements.values() if a.failed]
        return [*self.scores.about.get("warnings", []), *self.truth.warnings, *said]

    def summary(self) -> list[dict[str, Any]]:
        """Give one JSON-able row a proxy; None for what is not known."""
        return [_row(agreement) for agreement in self.agreements.values()]

    def as_dict(self) -> dict[str, Any]:
        """Give everything, JSON-able: what was held against what, how, and what came of it."""
        return {
            "scores": self.scores.name,
            "space": dict(self.scores.space.describe()),
            "plan": self.scores.about.get("plan"),
            "truth": {"name": self.truth.name, "what": self.truth.what},
            "architectures": {"scored": len(self.scores), "with truth": len(self.there)},
            "bootstrap": {"resamples": self.resamples, "seed": self.seed, "confidence": CONFIDENCE},
            "best of": "exact over draws with replacement from the architectures that have a truth",
            "proxies": self.summary(),
            "random": {"mean": self.random.mean, "std": self.random.std},
            "perfect": {str(search.n): {"mean": search.mean, "std": search.std} for search in self.perfect},
            "warnings": self.warnings,
        }

    def frame(self) -> Any:
        """Give the summary as a ``pandas.DataFrame``, NaN for what is not known."""
        return require("pandas", "report").DataFrame(self.summary()).set_index("proxy")

    def sentence(self) -> str:
        """Say which proxy goes best with the truth, over all and at the top."""
        by = {agreement.proxy: agreement for agreement in self.agreements.values()}
        best = by[max(by, key=lambda proxy: np.nan_to_num(by[proxy].kendall.value, nan=-np.inf))]
        said = f"Of {len(by)} prox{'ies' if len(by) > 1 else 'y'}, {best.proxy} goes best with {self.truth.what}: "
        said += f"Kendall's τ {best.kendall.text(digits=3)} over {best.n:,} networks, "
        said += f"weighted to the top {number(best.weighted, digits=3)}"
        parts = [f"{100 * top.precision:.0f} % of the best {100 * top.share:g} %" for top in best.top]
        said += f"; its best-scored have {', '.join(parts)}" if parts else ""
        return said + "." + few(best.n, FEWEST, "give it an interval", "networks")

    def _card(self) -> Card:
        headers, rows = reports["coefficients"](self)
        title = f"Correlation of {self.scores.name} with {self.truth.name}"
        return Card(title, [self.sentence(), *self.warnings], {}, headers, rows)

    def plot(self) -> Any:
        """Return a ``matplotlib`` figure of the coefficients of all proxies, which a notebook shows."""
        return reports["agreement"](self)

    def save(self, folder: str | Path, forms: Sequence[str] = ("png", "svg")) -> list[Path]:
        """Write figures, ``correlation.csv``, ``.md`` and ``.json`` into a folder; see ``report.correlation``."""
        written: list[Path] = reports["correlation"](self, Path(folder).expanduser(), forms)
        return written

    # ── how ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _agreement(self, proxy: str) -> Agreement:
        values = self.scored(proxy)
        ranked = np.where(np.isnan(values), -np.inf, values)
        found = _coefficients(self._draws, ranked, values, self.worth)
        kendall, spearman = (_estimate(some, len(ranked)) for some in found.T[:2])
        pearson = Interval(float(found[0, 2]))
        failed, best, searches = int(np.isnan(values).sum()), self._best(ranked), self._best_of(ranked)
        weighted = weighted_tau(ranked, self.worth)
        top = tuple(top_of(ranked, self.worth, share) for share in self.top if share * len(ranked) >= 1)
        return Agreement(proxy, len(ranked), failed, kendall, spearman, pearson, best, searches, weighted, top)

    @cached_property
    def _draws(self) -> NDArray[np.int32]:
        """How often each architecture is in each resample, ``(1 + resamples, n)``; the first is what there is."""
        n = len(self.there)
        random = np.random.Generator(np.random.Philox(derived_seed("bootstrap", self.seed, n)))
        draws = np.ones((1 + self.resamples, n), np.int32)
        for row in draws[1:]:
            row[:] = np.bincount(random.integers(n, size=n), minlength=n)
        return draws

    def _best(self, ranked: NDArray[np.float64]) -> Best:
        first = int(np.argmax(ranked))
        worth = float(self.worth[first])
        text = self.scores.space.format(self.scores.archs[self.there[first]])
        return Best(text, worth, 1 + int((self.worth > worth).sum()), int((ranked == ranked[first]).sum()))

    def _best_of(self, ranked: NDArray[np.float64]) -> tuple[Search, ...]:
        """Give mean and deviation of the best of N; equal scores are as likely to be taken."""
        n = np.array([n for n in self.searches if n <= len(ranked)], np.int64)
        if not len(n):
            return ()
        middle = self.worth.mean()  # the deviation from it, so that squares lose no digits
        chances, off = np.ones(len(ranked)), self.worth - middle
        heard = np.where(np.isneginf(ranked), np.finfo(np.float64).min, ranked)  # the worst of scores, but one
        mean, square = (expected_best(heard, chances, n, of=of) for of in (off, off**2))
        std = np.sqrt(np.maximum(square - mean**2, 0.0))
        return tuple(Search(int(k), float(middle + m), float(s)) for k, m, s in zip(n, mean, std, strict=True))


def correlate(scores: Scores, truth: Truth, **settings: Any) -> Correlation:
    """Hold scores against a truth of the same architectures; settings are those of ``Correlation``."""
    return Correlation(scores, truth, **settings)


def coefficients(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float, float]:
    """Give Kendall's τ-b, Spearman's ρ and Pearson's r of pairs, both ``(n,)``.

    >>> coefficients(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0]))
    (0.3333333333333333, 0.5, 0.5)
    """
    tau, rho, r = _coefficients(np.ones((1, len(x)), np.int32), x, x, y)[0].tolist()
    return tau, rho, r


def _coefficients(
    weights: NDArray[np.int32], ranked: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give the three coefficients of each resample, ``(resamples, 3)``."""
    from nasbed.statistics.rank_kernels import correlations

    out = np.empty((len(weights), 3))
    values = np.ascontiguousarray([x, y])
    correlations(weights, *_order_and_level(ranked), *_order_and_level(y), *values, out)
    return out


def _order_and_level(values: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the order by ascending value, and each value's place among the different ones."""
    levels = np.unique(values, return_inverse=True)[1].astype(np.int64)
    return np.argsort(levels, kind="stable"), levels


def _estimate(found: NDArray[np.float64], n: int) -> Interval:
    """Take the first for the value and the others for its interval, which too few architectures do not have."""
    value, drawn = float(found[0]), found[1:][~np.isnan(found[1:])]
    if np.isnan(value) or not len(drawn) or n < FEWEST:
        return Interval(value)
    return Interval(value, *percentiles(drawn, expanded([n])))


def _row(agreement: Agreement) -> dict[str, Any]:
    row: dict[str, Any] = {"proxy": agreement.proxy, "n": agreement.n, "failed": agreement.failed}
    for name in COEFFICIENTS:
        row |= getattr(agreement, name).as_dict(name)
    row["weighted_kendall"] = agreement.weighted
    best = agreement.best
    row |= {"best": best.architecture, "best_truth": best.truth, "best_rank": best.rank, "best_ties": best.ties}
    for search in agreement.searches:
        row |= {f"best_of_{search.n}": search.mean, f"best_of_{search.n}_std": search.std}
    for top in agreement.top:
        row |= {
            f"top_{100 * top.share:g}_percent": top.precision,
            f"top_{100 * top.share:g}_percent_best_rank": top.rank,
        }
    return {name: None if isinstance(value, float) and np.isnan(value) else value for name, value in row.items()}
