"""Borrowed searches: what other libraries' methods need to be an optimizer here.

A foreign method plays one run: it proposes a row, or hears of one. ``BorrowedSearch`` keeps one of them for each run,
seeded from the run's stream, and does what they do not know of. Most spaces have rows that are no architectures: such
a proposal is refused and the method asked again, ``tries`` times at most; then the run draws from the space.

The state of a foreign method is not ours to read, and a pickle of it would be code to be trusted. So what is kept is
all that was asked and told, in the order it was: a loaded search hears it again, which takes as long as it took.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Count
from nasbed.core.errors import BadSetting
from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Archs, Evaluations, Trials

_SEEDS = 2**31  # the smallest range of seeds that all of the libraries take


class Answer(NamedTuple):
    """What one run is told of one trial.

    Attributes:
        value: Higher is better; NaN where the training failed.
        costs: The other objectives; lower is better.
        excess: By how much it is over the study's limits; 0 where it keeps them, None where there are none.
    """

    value: float
    costs: tuple[float, ...] = ()
    excess: float | None = None

    @property
    def failed(self) -> bool:
        """Whether there is nothing to learn a value from."""
        return self.value != self.value or any(cost != cost for cost in self.costs)


class Searcher(ABC):
    """A foreign method that plays one run. What it does follows from its seed and from what it hears alone."""

    @abstractmethod
    def propose(self) -> tuple[Any, Archs] | None:
        """Give a ticket and a row, ``(decisions,)``, valid or not; None where it waits for what is out."""

    @abstractmethod
    def refuse(self, ticket: Any) -> None:
        """Hear that a proposal is no architecture, and will never be trained."""

    @abstractmethod
    def hear(self, ticket: Any | None, arch: Archs, answer: Answer) -> None:
        """Hear of an architecture, ``(decisions,)``; the ticket is None for what it did not propose."""


class _Told(NamedTuple):
    """What a call of tell said, to be said again; the excess is NaN where there are no limits."""

    archs: Archs
    number: NDArray[np.int64]
    active: NDArray[np.bool_]
    value: NDArray[np.float64]
    costs: NDArray[np.float64]
    excess: NDArray[np.float64]


@dataclass(eq=False)
class BorrowedSearch(Optimizer):
    """A foreign method for each run.

    Attributes:
        tries: How many rows in a row that are no architectures a run is proposed before it draws from the space.
    """

    tries: Count = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check()

    @abstractmethod
    def check(self) -> None:
        """See that the library is there and knows the settings.

        Raises:
            MissingExtra: When it is not installed.
            BadSetting: When it does not.
        """

    @abstractmethod
    def searcher(self, seed: int) -> Searcher:
        """Make the method of a run that searches ``self.space``; the seed is from 0 to 2³¹ − 1."""

    def reset(self) -> None:
        """Begin with searchers that have heard nothing; 1 word."""
        self._begin(self.streams.integers(_SEEDS)[:, 0])

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Copy by the state: what libraries make cannot always be copied."""
        copied = type(self)(**self.settings())
        if "space" in vars(self):  # it was started
            copied.start(self.space, copy.deepcopy(self.streams, memo), self.budgets)
            copied.load_state_dict(self.state_dict())
        return copied

    def _begin(self, seeds: NDArray[np.int64]) -> None:
        self._seeds = seeds
        self._searchers = [self.searcher(int(seed)) for seed in seeds]
        self._tickets: list[dict[int, Any]] = [{} for _ in seeds]  # of what is out, by number
        self._asked: list[Archs] = []
        self._told: list[_Told] = []
        self._order: list[bool] = []  # of what happened: whether it was a call of tell

    def ask(self) -> Trials:
        """Take each run's next proposal that is an architecture, or draw one from the space."""
        archs, lost = self._proposals()
        if len(lost):
            archs[lost] = self.streams.drawing(lost, self.space.sample)
        trials = Trials(archs, number=np.full(self.runs, len(self._asked)))
        self._asked.append(archs)
        self._order.append(False)
        return trials

    def _proposals(self) -> tuple[Archs, NDArray[np.int64]]:
        """Ask every run's searcher; give the rows, and the runs that got none."""
        archs, lost = np.zeros((self.runs, self.space.decisions), np.int8), []
        for run in range(self.runs):
            proposal = self._proposal(run)
            if proposal is None:
                lost.append(run)
            else:
                self._tickets[run][len(self._asked)], archs[run] = proposal
        return archs, np.array(lost, np.int64)

    def _proposal(self, run: int) -> tuple[Any, Archs] | None:
        searcher = self._searchers[run]
        for _ in range(self.tries):
            proposal = searcher.propose()
            if proposal is None or self.space.valid(proposal[1][None])[0]:
                return proposal
            searcher.refuse(proposal[0])
        self.streams.fell_back(np.array([run]))
        return None

    def tell(self, trials: Trials, evaluations: Evaluations) -> None:
        """Let each run's searcher hear; what it did not propose comes to it without a ticket."""
        told = _kept(trials, evaluations)
        self._hear(told)
        self._told.append(told)
        self._order.append(True)

    def _hear(self, told: _Told) -> None:
        for run in np.flatnonzero(told.active).tolist():
            ticket = self._tickets[run].pop(int(told.number[run]), None)
            over = float(told.excess[run])
            answer = Answer(float(told.value[run]), tuple(told.costs[run].tolist()), None if np.isnan(over) else over)
            self._searchers[run].hear(ticket, told.archs[run], answer)

    def state(self) -> dict[str, Any]:
        """Give the seeds and all that was asked and told."""
        asked = np.array(self._asked, np.int8).reshape(-1, self.runs, self.space.decisions)
        objectives = np.array([told.costs.shape[1] for told in self._told], np.int64)
        steps, most = len(self._told), max(objectives, default=0)
        told: dict[str, NDArray[Any]] = {
            "told_archs": np.zeros((steps, self.runs, self.space.decisions), np.int8),
            "told_number": np.zeros((steps, self.runs), np.int64),
            "told_active": np.zeros((steps, self.runs), np.bool_),
            "told_value": np.zeros((steps, self.runs)),
            "told_costs": np.zeros((steps, self.runs, most)),
            "told_excess": np.zeros((steps, self.runs)),
        }
        for step, parts in enumerate(self._told):
            for name, column in told.items():
                part = getattr(parts, name.removeprefix("told_"))
                column[step, ..., : part.shape[-1]] = part  # fewer objectives than at another step leave zeros
        order = np.array(self._order, np.bool_)
        return {"seeds": self._seeds.copy(), "order": order, "asked": asked, "objectives": objectives, **told}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Let fresh searchers hear all of it again; what was drawn from the space is taken from the record.

        Raises:
            BadSetting: When they do not propose the same again.
        """
        self._begin(np.array(state["seeds"], np.int64))
        asked = iter(np.array(state["asked"], np.int8))
        told = iter(zip(*(np.array(state[f"told_{name}"]) for name in _Told._fields), strict=True))
        objectives = iter(np.asarray(state["objectives"]).tolist())
        for is_told in np.asarray(state["order"]).tolist():
            if is_told:
                heard = _Told(*next(told))
                heard = heard._replace(costs=heard.costs[:, : next(objectives)])
                self._hear(heard)
                self._told.append(heard)
            else:
                before = next(asked)
                archs, lost = self._proposals()
                archs[lost] = before[lost]
                if (archs != before).any():
                    raise BadSetting(
                        f"trial {len(self._asked)} is not what {type(self).__name__} proposed before; load the search "
                        "with the version of the library that it was saved with"
                    )
                self._asked.append(archs)
            self._order.append(is_told)


def _kept(trials: Trials, evaluations: Evaluations) -> _Told:
    """Copy what a call of tell says; rows that are not active say nothing."""
    n = len(trials.archs)
    active = np.ones(n, np.bool_) if trials.active is None else trials.active.copy()
    return _Told(
        np.where(active[:, None], trials.archs, np.int8(0)),
        np.full(n, -1) if trials.number is None else trials.number.copy(),
        active,
        np.where(active, evaluations.value, np.nan),
        np.zeros((n, 0)) if evaluations.costs is None else np.where(active[:, None], evaluations.costs, 0.0),
        np.full(n, np.nan) if evaluations.excess is None else np.where(active, evaluations.excess, np.nan),
    )
