"""Optimizer: what to try next?"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from nasbed.core.bounds import check_settings
from nasbed.core.errors import BadSetting
from nasbed.core.meaning import Configured
from nasbed.core.records import Evaluations, Trials
from nasbed.core.space import Space
from nasbed.core.state import Stateful

if TYPE_CHECKING:
    from nasbed.core.rng import Streams  # kept from running: numba takes longer to import than a table to open


class Optimizer(Configured, Stateful, ABC):
    """A search method that plays many independent runs at once.

    A subclass is a dataclass whose fields are its settings; what is given is held against their types, such as those
    of ``nasbed.core.bounds``. ``start`` gives it a space, one stream a run and the epochs that may be asked for; from
    then on ``ask`` and ``tell`` alternate or, where trainings run side by side, several trials are out before one of
    them, whichever is done first, is told. It may be told of trials that it never asked for. It never sees a benchmark.
    What changes meanwhile is named by ``kept``, or given by ``state`` and taken back by
    ``load_state``.
    """

    space: Space
    streams: Streams
    budgets: tuple[int, ...]
    """The epochs that a trial may be trained for, ascending; empty where nobody said."""

    def __post_init__(self) -> None:
        """See that each setting is of its field's type; a subclass that has more to see calls this first.

        Raises:
            BadSetting: When one is not.
        """
        check_settings(self)

    def start(self, space: Space, streams: Streams, budgets: Sequence[int] = ()) -> Self:
        """Begin: remember what there is to search and to draw from, and forget every earlier search.

        Args:
            space: Where architectures are from.
            streams: One a run.
            budgets: The epochs that a trial may name, ascending. Methods that train for the study's epochs alone do
                not read them.

        Raises:
            BadSetting: When the settings cannot be met with these budgets.
        """
        self.space, self.streams, self.budgets = space, streams, tuple(budgets)
        self.reset()
        return self

    @property
    def runs(self) -> int:
        """How many searches are played at once."""
        return len(self.streams)

    @abstractmethod
    def reset(self) -> None:
        """Make the empty state of ``self.runs`` searches in ``self.space``."""

    @abstractmethod
    def ask(self) -> Trials:
        """Propose one trial a run; see ``Trials.active`` for runs that have none."""

    @abstractmethod
    def tell(self, trials: Trials, evaluations: Evaluations) -> None:
        """Hear one answer a run. Rows that are not active are ignored; a NaN value is a failed training.

        The rows of different runs may be trials of different numbers, and some were perhaps never asked for.
        """

    def drop(self, trials: Trials) -> None:
        """Hear that one trial a run was dropped, where its row is active, and will have no answer.

        A method that waits for answers goes on without it; the others need not listen.
        """
        return

    def state(self) -> dict[str, Any]:
        """Give the arrays and numbers that ``reset`` makes and ``tell`` changes: those that ``kept`` names."""
        return super().state_dict()

    def settings(self) -> dict[str, Any]:
        """Give the constructor arguments.

        Raises:
            BadSetting: When the class is no dataclass, so that nobody knows them.
        """
        maker = next(one for one in type(self).__mro__ if "__init__" in vars(one))
        if "__dataclass_fields__" not in vars(maker):
            raise BadSetting(
                f"{type(self).__name__} is no dataclass, so that a history could not say with which settings it was "
                "made; write @dataclass(eq=False) above the class, and its settings as fields, or define settings()"
            )
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.init}  # type: ignore[arg-type]

    def state_dict(self) -> dict[str, Any]:
        """Give what lets another optimizer with the same settings go on bit for bit."""
        return {"streams": self.streams.state_dict(), **self.state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from where ``state_dict`` was taken, after ``start`` with the same space and number of runs."""
        self.load_state({name: value for name, value in state.items() if name != "streams"})
        self.streams.load_state_dict(state["streams"])

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take back what ``state`` gave."""
        super().load_state_dict(state)
