"""Hyperband whose new architectures a predictor chooses, which learns from the longest rung that tells enough.

References: Falkner, Klein and Hutter, "BOHB", ICML 2018, https://arxiv.org/abs/1807.01774 (which rung counts, and what
is sampled all the same); Klein, Tiao, Lienart, Archambeau and Seeger, "Model-based Asynchronous Hyperparameter and
Neural Architecture Search", 2020, https://arxiv.org/abs/2003.10865 (a Gaussian process in its place)
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Bounds, Chance, Count
from nasbed.core.records import Archs, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.guided.acquisition import expected_improvement
from nasbed.optimizers.guided.candidates import Some
from nasbed.optimizers.guided.helping import check_installed, in_words, learnable, libraries, predictor_of
from nasbed.optimizers.guided.told import Told
from nasbed.optimizers.halving.brackets_open import Jobs
from nasbed.optimizers.halving.halving_search import Hyperband
from nasbed.predictors.targets import Transformation

_LOG = logging.getLogger(__name__)


@dataclass(eq=False)
class GuidedHyperband(Hyperband):
    """Hyperband with a predictor and expected improvement, on the longest rung that has enough results.

    Candidates are the neighbours of the best of that rung, and some that are drawn. Where the predictor fails, a run
    draws, and its history says so.

    Attributes:
        predictor: A registered predictor, with settings if need be.
        encoding: What it sees of an architecture; of several, divided by ``|``, the first that the space has.
        target: What it learns; see ``guided``.
        min_points: So many results a rung has at least that it learns from.
        random_fraction: How likely a new architecture is sampled from the space all the same.
        parents: Of so many of the best the neighbours are candidates.
        drawn: And so many others.
    """

    kept = (*Hyperband.kept, "_told")

    predictor: str = "gp:steps=20"
    encoding: str = "default"
    target: Transformation = "log-error"
    min_points: Annotated[int, Bounds(least=2)] = 6
    random_fraction: Chance = 1 / 3
    parents: Count = 5
    drawn: Count = 100

    def __post_init__(self) -> None:
        """See that the predictor is there, and that each setting is of its type.

        Raises:
            UnknownName: When there is no such predictor.
            BadSetting: When a setting is not allowed.
            MissingExtra: When what the predictor needs is not installed.
        """
        super().__post_init__()
        check_installed(self.predictor)

    def reset(self) -> None:
        """Begin with no bracket open and no result."""
        super().reset()
        self._made = predictor_of(self.predictor, self.space, self.encoding, self.target)
        self._features = self._made.features
        self._told = Told(self.runs, self.space.decisions, 1)  # the rung stands in the place of a cost

    def choose(self, jobs: Jobs) -> Archs:
        """Take the best candidate, or sample; what was promoted is trained as it is."""
        archs = super().choose(jobs)
        fresh = np.flatnonzero(jobs.fresh)
        if len(fresh):
            chance = self.streams.drawing(fresh, Streams.uniform)[:, 0]
            with libraries().limit(limits=1, user_api="blas"):  # as in guided searches
                for run in fresh[chance >= self.random_fraction].tolist():
                    self._choose(run, archs)
        return archs

    def _choose(self, run: int, archs: Archs) -> None:
        """Put what is expected to be best in the place of what was drawn for one run, if a rung tells enough."""
        rows, values, _ = self._told.of(run)
        rungs = self._told.costs_of(run)[:, 0]
        enough = [rung for rung in np.unique(rungs).tolist() if (rungs == rung).sum() >= self.min_points]
        if not enough:
            return
        some = rungs == enough[-1]
        rows, values = rows[some], learnable(values[some])
        try:
            guide = self._made.guide()
            guide.learn(self._features(rows), values, self._features(rows[:0]))
            best = rows[np.argsort(-values, kind="stable")[: self.parents]]
            offer = self.streams.drawing(
                np.array([run]), lambda one: Some(self.space, self._features, best, "neighbours", self.drawn, one)
            )
            worths = expected_improvement(guide.believe(offer.numbers))
            if np.isnan(worths).all():
                raise ArithmeticError("it predicts what is no number")
            archs[run] = offer.rows[int(np.nanargmax(worths))]
        except Exception as error:  # the predictor may be anyone's
            _LOG.info("run %d draws, since %s failed: %s", run, self.predictor, error)
            self.streams.fell_back(np.array([run]), f"{self.predictor} failed: {in_words(error)}")

    def learn(self, trials: Trials, value: NDArray[np.float64], known: NDArray[np.bool_]) -> None:
        """Keep what did not fail and was trained for as long as a rung is."""
        if trials.epochs is None:
            return
        rungs = np.searchsorted(self.rungs, trials.epochs)
        on_a_rung = np.append(self.rungs, -1)[rungs] == trials.epochs
        rows = np.flatnonzero(known & on_a_rung & ~np.isnan(value))
        self._told.add(rows, trials.archs[rows], value[rows], np.zeros(len(rows)), rungs[rows, None].astype(float))
