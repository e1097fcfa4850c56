"""The predictor study: predictors × training sizes × fidelities × draws, on tables, as one.

Reference: White et al., "How Powerful are Performance Predictors in Neural Architecture Search?", NeurIPS 2021,
https://arxiv.org/abs/2104.01177
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, Self

from nasbed.core.errors import BadSetting, MissingExtra
from nasbed.core.files import slug
from nasbed.core.printing import Printed
from nasbed.core.registry import predictors as predictors_known
from nasbed.core.spelling import named
from nasbed.studies.cell import Source
from nasbed.studies.door import opened, source_of
from nasbed.studies.folder import Unit, notes_of
from nasbed.studies.playing import Progress, play_cells
from nasbed.studies.prediction.cell import Clocks, Played, PredictorCell, examples_of
from nasbed.studies.prediction.judging import MOST, made
from nasbed.studies.prediction.results import PredictorResults
from nasbed.studies.prediction.testsets import protocols

PLAY = "nasbed.studies.prediction.cell:play"

ASKED = "predictors"
"""What the notes of a folder have what was asked under."""

PREDICTORS = ("gp", "xgboost", "default", "random-forest", "bayesian-ridge")
SIZES = (25, 50, 100, 200, 400)
DRAWS = 20
PART = 5
"""Draws that are played at a time."""

_LEFT = 3  # architectures that are not learned from, at least


@dataclass(frozen=True)
class PredictorStudy(Printed):
    """Predictors × training sizes × fidelities × draws on tables.

    Attributes:
        name: Of its files and folder.
        sources: The tables.
        predictors: Spellings, such as ``gp:encoding=graf``.
        sizes: From how many architectures they learn; sizes that a table does not have are left out, said so.
        epochs: Fidelities that are learned from; None for the largest of each table.
        early: Which fidelities are read of all architectures beside their structure, one way or several.
        draws: How often training sets are drawn.
        seed: Of the draws.
        sets: Names of the test sets.
        most: How many architectures of a test set are predicted at most.
        part: Draws that are played at a time; nothing that comes out depends on it.
    """

    name: str
    sources: tuple[Source, ...]
    predictors: tuple[str, ...] = PREDICTORS
    sizes: tuple[int, ...] = SIZES
    epochs: tuple[int | None, ...] = (None,)
    early: tuple[tuple[int, ...], ...] = ((),)
    draws: int = DRAWS
    seed: int = 0
    sets: tuple[str, ...] = protocols(())
    most: int = MOST
    part: int = PART

    @classmethod
    def of(
        cls,
        benchmarks: Sequence[str] = ("digits101",),
        predictors: Sequence[str] | None = None,
        sizes: Sequence[int] = SIZES,
        *,
        epochs: Sequence[int | None] = (None,),
        early: Sequence[Sequence[int]] = ((),),
        draws: int = DRAWS,
        seed: int = 0,
        published: Sequence[str] = (),
        most: int = MOST,
        name: str | None = None,
    ) -> Self:
        """Make a study, and see that all of it can be played.

        Args:
            benchmarks: Names or paths of tables, with settings if need be.
            predictors: As above; if not given, those of ``PREDICTORS`` whose libraries are installed.
            sizes: As above.
            epochs: As above.
            early: As above.
            draws: As above.
            seed: As above.
            published: Test sets of published protocols beside the three standard ones; see ``testsets.PUBLISHED``.
            most: As above.
            name: Of the study's folder; that of its tables, if not given.

        Raises:
            UnknownName: When there is no such table, predictor or protocol.
            BadSetting: When settings are not allowed, or nothing is left to be played.
            MissingExtra: When what a predictor needs is not installed.
        """
        predictors = [name for name in PREDICTORS if _is_installed(name)] if predictors is None else predictors
        for what, number in (("draws", draws), ("most", most), *(("a size", size) for size in sizes)):
            if number < 1:
                raise BadSetting(f"{what} is at least 1, not {number}")
        for what, some in (("benchmark", benchmarks), ("predictor", predictors), ("size", sizes)):
            if not some:
                raise BadSetting(f"a predictor study needs a {what} at least")
        sources = tuple(source_of(*_split(text)) for text in benchmarks)
        called = name or "-".join(["predictors", *(slug(source.called, "table") for source in sources)])
        study = cls(
            called,
            sources,
            tuple(dict.fromkeys(predictors)),
            tuple(sorted(set(sizes))),
            tuple(dict.fromkeys(epochs)),
            tuple(dict.fromkeys(tuple(one) for one in early)),
            draws,
            seed,
            protocols(published),
            most,
        )
        if not study.cells:
            raise BadSetting(
                f"no table has {min(sizes)} architectures to learn from and {_LEFT} others; learn from fewer"
            )
        return study

    @classmethod
    def read(cls, folder: str | Path) -> Self:
        """Read from a folder what was asked there last, and open its tables.

        Raises:
            BadSetting: When no predictor study was begun there, or a table is not where it was.
            CorruptFile: When its notes are damaged.
        """
        asked = notes_of(Path(folder).expanduser()).get(ASKED)
        if asked is None:
            raise BadSetting(f"{folder} is not the folder of a predictor study")
        given = {**asked, "early": [tuple(one) for one in asked["early"]]}
        given |= {"sources": [source_of(*one) for one in asked["sources"]]}
        fields_of: dict[str, Any] = {
            n: tuple(value) if isinstance(value, list) else value for n, value in given.items()
        }
        return cls(**fields_of)

    @property
    def asked(self) -> dict[str, Any]:
        """Everything that makes the study again, JSON-able; how it is played aside."""
        found = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "part"}
        return {**found, "sources": [(source.name, source.settings) for source in self.sources]}

    @cached_property
    def cells(self) -> tuple[PredictorCell, ...]:
        """Every cell: table by table, fidelity by fidelity, predictor by predictor, size by size."""
        found = []
        for source, epochs, early in product(self.sources, self.epochs, self.early):
            benchmark = opened(source)
            at = benchmark.budgets[-1] if epochs is None else epochs
            examples = examples_of(benchmark, at, early)
            for predictor in self.predictors:
                made(predictor, examples, self.seed)  # which says what is wrong with it
                found += [
                    PredictorCell(
                        source, source.called, predictor, size, at, early, self.seed, self.draws, self.sets, self.most
                    )
                    for size in self.sizes
                    if size + _LEFT <= len(examples)
                ]
        return tuple({cell.hash: cell for cell in found}.values())

    @property
    def left_out(self) -> list[str]:
        """Which sizes tables do not have, a sentence each."""
        there = {(cell.benchmark, cell.size) for cell in self.cells}
        return [
            f"{source.called} has too few architectures to learn from {size:,}; that size is left out"
            for source in self.sources
            for size in self.sizes
            if (source.called, size) not in there
        ]

    def run(
        self,
        out: str | Path,
        *,
        executor: str = "processes",
        workers: int | None = None,
        executor_settings: Mapping[str, Any] | None = None,
        command: str | None = None,
        progress: Progress | None = None,
    ) -> PredictorResults:
        """Play every cell that the folder does not have yet, and give what the folder then has.

        Args:
            out: The folder; it is made if need be.
            executor: Where predictors learn: a registered name.
            workers: How many at a time; None for the executor's choice.
            executor_settings: Further settings of the executor.
            command: What was typed, to go on with; the arguments of this program if not given.
            progress: Called with the campaign's status at the start and after each part.

        Raises:
            BadSetting: When the executor is not allowed, or another process works in the folder.
            Interrupted: At Ctrl-C; the same call goes on.
        """
        out = Path(out).expanduser()
        sizes, clocks = {cell.hash: cell.size for cell in self.cells}, Clocks(out)

        def cost(unit: Unit) -> float:
            return float(unit.count * (100 + sizes[unit.cell.hash]))

        def file_of(unit: str, played: Any) -> bytes:
            part = Played(*played)
            clocks.add(unit, part.seconds)
            return part.file

        failures = play_cells(
            self.cells,
            PLAY,
            out,
            study=self.name,
            part=self.part,
            cost=cost,
            executor=executor,
            workers=workers,
            executor_settings=executor_settings,
            command=command,
            progress=progress,
            file_of=file_of,
            notes={ASKED: self.asked},
        )
        return PredictorResults.of(self, out, failures)


def _is_installed(name: str) -> bool:
    try:
        predictors_known[name].check_installed()
    except MissingExtra:
        return False
    return True


def _split(text: str) -> tuple[str, dict[str, Any]]:
    """Part a table's name from its settings, but for a path that has a colon of its own."""
    return (text, {}) if Path(text).expanduser().exists() else named(text)


def early_of(text: str) -> list[tuple[int, ...]]:
    """Read ways of reading early values: ``none,4,4+12``.

    Raises:
        BadSetting: When it is something else.
    """
    try:
        return [() if one == "none" else tuple(int(part) for part in one.split("+")) for one in text.split(",")]
    except ValueError:
        raise BadSetting(f"early values are epochs, such as none,4,4+12; not {json.dumps(text)}") from None
