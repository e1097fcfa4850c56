"""Guided search: train what a predictor that learned from all trainings so far says is worth most.

References: Jones, Schonlau and Welch, "Efficient Global Optimization of Expensive Black-Box Functions", Journal of
Global Optimization 13, 1998; for architectures White, Neiswanger and Savani, "BANANAS", AAAI 2021,
https://arxiv.org/abs/1910.11858
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Count, Positive
from nasbed.core.errors import BadSetting
from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Archs, Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.guided.acquisition import LEAST, WITHOUT_CHANCE, Acquisition, independent_draws
from nasbed.optimizers.guided.candidates import Candidates, Listing, Offer, Scored, Some, is_listed, names_of
from nasbed.optimizers.guided.fronts import added, as_gain, scalarised, weights_of
from nasbed.optimizers.guided.helping import best_of, check_installed, in_words, learnable, libraries, predictor_of
from nasbed.optimizers.guided.told import Names, Rows, Told
from nasbed.optimizers.novelty import Novelty
from nasbed.optimizers.worth import worth
from nasbed.predictors.encoded import EncodedPredictor
from nasbed.predictors.guide import Belief, Guide
from nasbed.predictors.kernel import Floats
from nasbed.predictors.targets import Transformation, targets

T = TypeVar("T")

_LOG = logging.getLogger(__name__)

_KEPT = 2**31
"""So many bytes of what was computed of listed candidates are kept between steps, in all runs together; what more there
is, is computed anew at each step, and comes out the same."""

_OF_COSTS: Transformation = "standardised"

_JOINT = 1000
"""So many candidates are drawn together, those of the highest mean and two deviations: it takes the cube in time."""


@dataclass(eq=False)
class Guided(Optimizer):
    """Bayesian optimisation: a predictor, an acquisition, candidates, and a batch, each of which can be chosen.

    A run begins with architectures that are drawn. Then, whenever it has none planned, its predictor learns from all
    that the run was told, and the candidates that are worth most are planned. An architecture is proposed once: what is
    one is said by the space's index, or its key where it does not number its architectures. Answers that are awaited
    count as if they had come out as expected. What failed is not learned from; what is over a limit is as bad as the
    worst that is not, and worse. Where a predictor fails, a run draws, which its history counts as a fallback.

    The defaults are the same for all spaces.

    Attributes:
        predictor: A registered predictor, with settings if need be, such as ``gp:steps=20``.
        encoding: What the predictor sees of an architecture; default is what suits the space. Of several, divided by
            ``|``, the first that the space has.
        target: What it learns: the logarithm of the distance to the best, normal quantiles of ranks, or the values.
        acquisition: Expected improvement, the same for each second of training, probability of improvement, mean and
            ``kappa`` deviations, the mean, a draw for each candidate (its), or one for all together (thompson). Where
            there are costs beside the value, expected hypervolume improvement (ehvi; of one cost), or expected
            improvement of a random weighing (parego); the others go by the value alone.
        kappa: How many deviations ucb adds.
        candidates: All of the space; neighbours of the best ``parents`` and ``drawn`` others; ``drawn`` mutants of the
            best ``parents``; or, auto, all of a space of at most 32,768, and neighbours in a larger one.
        parents: See ``candidates``.
        drawn: See ``candidates``.
        batch: So many proposals are planned at a time.
        fantasies: Whether, in a batch, each counts as if it had come out as expected before the next is chosen; if not,
            a batch is the best so many at one look.
        noisy: Whether a candidate is judged by what one training of it may show; if not, by what its trainings show in
            the mean. Where many architectures compute the same, this tries more of those that compute the best.
        initial: So many architectures are drawn at first.
        warm: These are not any, but the best of 1,000 by the numbers of this encoding, of which more is better, such as
            columns:table=FILE.arrow,of=[naswot]; by the mean of the ranks, where there are several.
    """

    kept = ("_known", "_told", "_out", "_queue", "_names", "_asked")

    predictor: str = "gp"
    encoding: str = "default"
    target: Transformation = "log-error"
    acquisition: Acquisition = "ei"
    kappa: Positive = 1.0
    candidates: Candidates = "auto"
    parents: Count = 10
    drawn: Count = 100
    batch: Count = 1
    fantasies: bool = True
    noisy: bool = False
    initial: Count = 5
    warm: str = ""

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
        """Know nothing."""
        made = self._made()
        if self.acquisition == "thompson" and not made.guide().is_joint:
            raise BadSetting(
                f"{self.predictor} does not know how candidates vary together; use acquisition=its, or predictor=gp"
            )
        self._features, self._learns = made.features, made.learns
        self._listing = Listing(self.space, made.features) if is_listed(self.space, self.candidates) else None
        self._scored = Scored(self.space, self.warm) if self.warm else None
        self._guides = [made.guide() for _ in range(self.runs)]
        self._others = list[list[Guide]]()  # of each cost, one a run, where these are learned
        self._clocks = list[Guide]()
        if self.acquisition == "ei-per-second":
            clock = self._made("standardised")
            self._clocks = [clock.guide() for _ in range(self.runs)]
        self._known = Novelty(self.runs, self.space, lambda archs: names_of(self.space, archs))
        self._told = Told(self.runs, self.space.decisions)
        self._out = Rows(self.runs, self.space.decisions)
        self._queue = Rows(self.runs, self.space.decisions)
        self._names = Names(self.runs)
        self._numbers = self._no_numbers()
        self._asked = 0

    def _made(self, target: Transformation | None = None) -> EncodedPredictor:
        """Make the predictor, of this search's target or another."""
        return predictor_of(self.predictor, self.space, self.encoding, target or self.target)

    # ── what to try next ──────────────────────────────────────────────────────────────────────────────────────

    def ask(self) -> Trials:
        """Propose what is planned, after planning where nothing is; draw while little is known."""
        # Threads that share a small matrix wait for each other, and add up in another order.
        with libraries().limit(limits=1, user_api="blas"):
            return self._asked_for()

    def _asked_for(self) -> Trials:
        archs = np.empty((self.runs, self.space.decisions), np.int8)
        drawn = np.zeros(self.runs, np.bool_)
        self._keep_columns()
        if self._scored is not None and not self._asked:
            for run in range(self.runs):
                for number, arch in enumerate(self._drawing(run, partial(self._scored.best, self.initial))):
                    self._queue.add(run, number, arch)
        for run in range(self.runs):
            if self._asked >= self.initial and self._told.counts[run] > 1 and not len(self._queue.of(run)):
                self._plan(run)
            drawn[run] = not len(self._queue.of(run))
            if not drawn[run]:
                archs[run] = self._queue.shift(run)
        if drawn.any():
            rows = np.flatnonzero(drawn)
            archs[rows] = self.streams.drawing(rows, self.space.sample)
        active = self._known.make_new(archs, np.full((self.runs, 2), -1), self.streams)
        names = names_of(self.space, archs)
        for run in np.flatnonzero(np.ones(self.runs, np.bool_) if active is None else active).tolist():
            self._names.add(run, names[run])
            self._out.add(run, self._asked, archs[run])
        self._asked += 1
        return Trials(archs, active=active, number=np.full(self.runs, self._asked - 1))

    def _keep_columns(self) -> None:
        """Let as many runs keep what they computed of listed candidates as there is room for."""
        if self._listing is not None:
            each = 6 * len(self._listing.numbers) * (int(self._told.counts.max()) + self.batch)
            for run, guide in enumerate(self._guides):
                guide.keep(run < _KEPT // max(each, 1))

    def _plan(self, run: int) -> None:
        """Put a batch into one run's queue; nothing where its predictor fails, or there is nothing new to choose."""
        try:
            self._fill(run)
        except Exception as error:  # the predictor may be anyone's, and its failure is no reason to lose a search
            _LOG.info("run %d draws, since %s failed: %s", run, self.predictor, error)
            self.streams.fell_back(np.array([run]), f"{self.predictor} failed: {in_words(error)}")

    def _fill(self, run: int) -> None:
        archs, values, seconds = self._told.of(run)
        numbers, learned, costs = self._numbers_of(run, archs), learnable(values), self._told.costs_of(run)
        pending = self._features(self._out.of(run))
        offer = self._offer(run, archs, learned)
        left = self.batch
        while left:
            if self.acquisition == "parego" and costs.shape[1]:
                chances = self._drawing(run, lambda one: one.uniform(1 + costs.shape[1]))[0]
                learned = scalarised(learnable(values), costs, weights_of(chances))
            self._guides[run].learn(numbers, learned, pending)
            if self._others:
                worths = self._added(run, offer, numbers, learned, pending)
            else:
                worths = self._worths(run, offer, numbers, seconds)
            for candidate in best_of(worths, 1 if self.fantasies else left):
                free = offer.free(self._names.of(run))
                if worths[candidate] == -np.inf and free.any() and left == self.batch:
                    raise ArithmeticError("it predicts what is no number")
                if not free[candidate]:
                    return
                arch = self._drawing(run, partial(offer.take, candidate, self._names.of(run)))
                self._queue.add(run, left, arch)
                self._names.add(run, names_of(self.space, arch[None])[0])
                pending = np.concatenate([pending, offer.numbers[candidate][None]])
                left -= 1

    def _offer(self, run: int, archs: Archs, values: Floats) -> Offer:
        """Return what one run may choose from."""
        if self._listing is not None:
            return self._listing
        best = archs[np.argsort(-values, kind="stable")[: self.parents]]
        return self._drawing(run, lambda one: Some(self.space, self._features, best, self.candidates, self.drawn, one))

    def _worths(self, run: int, offer: Offer, numbers: Floats, seconds: Floats) -> Floats:
        """Return what each candidate is worth to one run, ``(m,)``; what is known is worth less than anything."""
        belief = offer.believed(self._guides[run])
        belief = belief.of_a_training() if self.noisy else belief
        if self.acquisition == "its":
            found = independent_draws(belief, self._drawing(run, lambda one: one.normal(len(belief.mean)))[0])
        elif self.acquisition == "thompson":
            found = self._joint(run, offer, belief)
        else:
            found = WITHOUT_CHANCE[self.acquisition](belief, self.kappa)
            if not found.any():  # too small for numbers: what is most deviations up is least unlikely
                found = (belief.mean - belief.best) / np.maximum(belief.deviation, LEAST)
        if self._clocks:
            found = found / self._expected_seconds(run, offer, numbers, seconds)
        return np.where(offer.free(self._names.of(run)) & ~np.isnan(found), found, -np.inf)

    def _added(self, run: int, offer: Offer, numbers: Floats, values: Floats, pending: Floats) -> Floats:
        """Return what each candidate is expected to add to the front of one run, ``(m,)``."""
        gains = as_gain(self._told.costs_of(run)[:, 0])
        self._others[0][run].learn(numbers, gains, pending)
        beliefs = [offer.believed(guide) for guide in (self._guides[run], self._others[0][run])]
        known = targets(values, self._learns).values, targets(gains, _OF_COSTS).values
        found = added([one.of_a_training() for one in beliefs] if self.noisy else beliefs, np.column_stack(known))
        return np.where(offer.free(self._names.of(run)) & ~np.isnan(found), found, -np.inf)

    def _joint(self, run: int, offer: Offer, belief: Belief) -> Floats:
        """Return a joint draw for the most promising candidates; others are worth nothing."""
        promising = np.where(offer.free(self._names.of(run)), belief.mean + 2.0 * belief.deviation, -np.inf)
        some = np.sort(np.argsort(-promising, kind="stable")[:_JOINT])
        normals = self._drawing(run, lambda one: one.normal(len(some)))[0]
        found = np.full(len(promising), -np.inf)
        found[some] = self._guides[run].draw(offer.numbers[some], normals)
        return found

    def _expected_seconds(self, run: int, offer: Offer, numbers: Floats, seconds: Floats) -> Floats:
        """Return how long each candidate is expected to take, as a multiple of the usual, ``(m,)``."""
        logs = np.log(np.where(seconds > 0, seconds, 1e-9))
        self._clocks[run].learn(numbers, logs, numbers[:0])
        found: Floats = np.exp(offer.believed(self._clocks[run]).mean * logs.std())
        return found

    def _numbers_of(self, run: int, archs: Archs) -> Floats:
        """Return the numbers of what one run was told, ``(n, numbers)``; those of before are not computed again."""
        if self._listing is not None:
            return self._listing.numbers_of(archs)
        kept = self._numbers[run]
        self._numbers[run] = kept = np.concatenate([kept, self._features(archs[len(kept) :])])
        return kept

    def _drawing(self, run: int, draw: Callable[[Streams], T]) -> T:
        """Draw from one run's stream."""
        return self.streams.drawing(np.array([run]), draw)

    # ── what came of it ───────────────────────────────────────────────────────────────────────────────────────

    def tell(self, trials: Trials, evaluations: Evaluations) -> None:
        """Keep what a run learns from: what did not fail, and was trained for as long as its own trials are."""
        active = np.ones(self.runs, np.bool_) if trials.active is None else trials.active
        rows = np.flatnonzero(active)
        if not len(rows):
            return
        self._forget_out(trials, active)
        self._known.note(np.where(active[:, None], trials.archs, trials.archs[rows[0]]), active)
        value = worth(evaluations)
        learned = active & ~np.isnan(value)
        if trials.epochs is not None and self.budgets:
            learned &= trials.epochs >= self.budgets[-1]
        for run, name in zip(rows.tolist(), names_of(self.space, trials.archs[rows]), strict=True):
            self._names.add(run, name)
        costs = np.zeros((self.runs, 0)) if evaluations.costs is None else evaluations.costs
        if self.acquisition == "ehvi" and costs.shape[1] > 1:
            raise BadSetting(f"ehvi is for the value and one cost, not {costs.shape[1]}; use acquisition=parego")
        rows = np.flatnonzero(learned & np.isfinite(costs).all(axis=1))
        self._told.add(rows, trials.archs[rows], value[rows], evaluations.seconds[rows], costs[rows])
        self._watch_costs()

    def _watch_costs(self) -> None:
        """Have what learns each cost, once there are costs, where these are learned."""
        if self.acquisition == "ehvi" and len(self._others) != self._told.objectives:
            made = self._made(_OF_COSTS)
            self._others = [[made.guide() for _ in range(self.runs)] for _ in range(self._told.objectives)]

    def drop(self, trials: Trials) -> None:
        """Wait no longer for what was dropped."""
        self._forget_out(trials, np.ones(self.runs, np.bool_) if trials.active is None else trials.active)

    def _forget_out(self, trials: Trials, active: NDArray[np.bool_]) -> None:
        if trials.number is not None:
            for run in np.flatnonzero(active).tolist():
                self._out.remove(run, int(trials.number[run]))

    def state(self) -> dict[str, Any]:
        """Return what was told and planned, and what the predictors remember."""
        memories = {name: np.stack([one.memory for one in some]) for name, some in self._remembering().items()}
        return {**super().state(), **memories}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what ``state`` gave; predictors learn the rest again when they are next asked."""
        super().load_state({name: value for name, value in state.items() if name in self.kept})
        self._watch_costs()
        for name, some in self._remembering().items():
            for one, memory in zip(some, np.asarray(state[name]), strict=True):
                one.memory = memory
        self._numbers = self._no_numbers()

    def _no_numbers(self) -> list[Floats]:
        return [self._features(np.zeros((0, self.space.decisions), np.int8))] * self.runs

    def _remembering(self) -> dict[str, list[Guide]]:
        others = {f"others{i}": some for i, some in enumerate(self._others)}
        return {"guides": self._guides, **({"clocks": self._clocks} if self._clocks else {}), **others}
