"""Benchmark: how good is an architecture, at what cost?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.core.errors import BadSetting, in_a_line
from nasbed.core.extras import require
from nasbed.core.printing import Card, Printed, titled
from nasbed.core.records import Archs, Evaluations
from nasbed.core.rows import whole
from nasbed.core.space import Space

if TYPE_CHECKING:
    from nasbed.core.live import LiveBenchmark
    from nasbed.core.rng import Streams  # kept from running: numba takes longer to import than a table to open


Cost = Callable[[Archs], NDArray[np.float64]]
"""What each architecture costs, ``(n, decisions)`` → ``(n,)``."""


def needed(given: Any) -> Benchmark:
    """Return what is given, if it is a benchmark.

    Raises:
        BadSetting: When it is something else, such as a benchmark's name.
    """
    if not isinstance(given, Benchmark):
        raise BadSetting(f"a benchmark is needed, such as nasbed.benchmark('digits101'), not {in_a_line(given)}")
    return given


class Benchmark(Printed, ABC):
    """Answers validation results and costs. Test results are read by the recorder alone, after the choice."""

    name: str
    space: Space
    budgets: tuple[int, ...]
    """The epochs it can answer for, ascending; the last is the default."""
    measure: str = "accuracy"
    """What its validation values are: accuracies in [0, 1], or in words something else of which more is better."""
    tested: str = "accuracy"
    """What its test values are, likewise."""
    split: str = "validation"
    """Which split its values are of: ``"test"`` where there is no other, which titles, axes and sentences then say."""
    continues: bool = False
    """Whether a short training is the beginning of a longer one, which a search may go on with. Where each budget was
    trained by itself, with a schedule of its own, it is not."""
    table: Any = None
    """The table (``nasbed.tables.Table``) that it answers from; None where it answers from something else."""

    def _card(self) -> Card:
        facts = {
            "space": self.space,
            "epochs": list(self.budgets),
            "searched by": f"{self.split} {self.measure}" if self.measure == "accuracy" else self.measure,
            "reported": None if self.live and not self.live.trains else f"test {self.tested}",
            "table": None if self.table is None else str(self.table.path),
        }
        return Card(f"{self.name}, {titled(self)}", facts=facts)

    @property
    def live(self) -> LiveBenchmark | None:
        """The benchmark itself where its answers are made when they are asked for; None where they are looked up."""
        return None

    @abstractmethod
    def query(
        self, archs: Archs, epochs: NDArray[np.int64] | int | None = None, streams: Streams | None = None
    ) -> Evaluations:
        """Train, or look up, each architecture.

        Args:
            archs: ``(n, decisions)``; also one row, a text or several, as ``Space.read`` takes them.
            epochs: Budget of each or of all; None for the largest.
            streams: With n streams, one repeat is drawn for each architecture, as if it were trained anew;
                without, the mean of the repeats is given.

        Raises:
            NotInTable: When there is no result for an architecture or a budget.
        """

    def outcomes(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64] | None:
        """Give every value that a query with streams may draw, ``(n, repeats)``, each as likely as the others.

        NaN where a repeat failed or is missing. None where the benchmark cannot list them.
        """
        return None

    @abstractmethod
    def test(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give the mean test accuracy of each architecture, ``(n,)``; for reports, never for a search.

        NaN where the benchmark has no test results.
        """

    @property
    def cost_functions(self) -> Mapping[str, Cost]:
        """What ``cost`` knows, by name."""
        return {}

    @property
    def costs(self) -> tuple[str, ...]:
        """The names that ``cost`` knows."""
        return tuple(self.cost_functions)

    def cost(self, name: str, archs: Archs) -> NDArray[np.float64]:
        """Give what else each architecture costs, ``(n,)``; lower is better. It needs no training.

        Args:
            name: ``"params"``, ``"flops"`` or ``"peak_memory"``, in bytes, of the network, or ``"latency"`` in seconds.
            archs: ``(n, decisions)``, or as ``query`` takes them.

        Raises:
            BadSetting: When it does not know such a cost, with those that it knows.
        """
        if name in self.cost_functions:
            return self.cost_functions[name](self.space.read(archs))
        known = ", ".join(("seconds", *self.costs))
        raise BadSetting(f"{self.name} knows no cost called {name!r}; it knows {known}")

    def known(self, archs: Archs, epochs: int | None = None) -> dict[str, NDArray[np.float64]]:
        """Return what is known of architectures besides, which no search is told and no training is done for.

        Returns:
            ``(n,)`` each, as far as there are: ``parameters``, and ``train``, the mean result on training images after
            so many epochs.
        """
        return {"parameters": self.cost("params", archs)} if "params" in self.costs else {}

    def frame(self, rows: ArrayLike | str | Sequence[str] | None = None, epochs: int | None = None) -> Any:
        """Return a ``pandas.DataFrame`` of one row an architecture.

        ``hash``, or ``index`` in the official order, and ``architecture`` as text; ``parameters``; and, for each
        budget, ``seconds`` of training, ``train``, ``validation`` and ``test``, means over the repeats, NaN for what is
        not known. Where there are several budgets, names end in theirs: ``validation_108``. ``measure`` says what
        validation values are.

        Args:
            rows: Which architectures, as ``query`` takes them; None for all that there are.
            epochs: Which budget; None for all or, of learning curves, for the last.

        Raises:
            BadSetting: When all are asked for and answers would have to be made, or cannot be listed.
        """
        pandas = require("pandas", "report")
        if rows is None and (self.live is not None or not self.space.is_enumerable):
            raise BadSetting(f"{self.name} has no list of its architectures; give rows: benchmark.frame(archs)")
        archs = self.space.enumerate() if rows is None else self.space.checked(self.space.read(rows))
        name, numbers = self.space.identify(archs)
        columns: dict[str, Any] = {name: numbers, "architecture": self.space.texts(archs)}
        budgets = self.budgets[-1 if self.continues else 0 :] if epochs is None else (epochs,)
        for budget in budgets:
            end = f"_{budget}" if len(budgets) > 1 else ""
            answers, known = self.query(archs, budget), self.known(archs, budget)
            columns |= {"parameters": whole(known.pop("parameters"))} if "parameters" in known else {}
            told = {"seconds": answers.seconds, **known, self.split: answers.value}
            told.setdefault("test", self.test(archs, budget))
            columns |= {f"{one}{end}": values for one, values in told.items()}
        return pandas.DataFrame(columns)

    @property
    def measures(self) -> dict[str, str]:
        """What its values are, for ``describe``: ``measure``, and ``tested`` where that is no accuracy."""
        return {"measure": self.measure, **({} if self.tested == "accuracy" else {"tested": self.tested})}

    def optimum(self, epochs: int | None = None) -> tuple[float, float]:
        """Give the best mean validation and the best mean test accuracy there are; NaN where that is not known."""
        return float("nan"), float("nan")

    def describe(self) -> dict[str, Any]:
        """Give what ``nasbed info`` prints and a report cites: provenance, checksum, splits, warnings."""
        return {"name": self.name, "space": dict(self.space.describe()), "budgets": list(self.budgets)}
