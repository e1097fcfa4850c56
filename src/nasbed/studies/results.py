"""Results: what a study's folder holds of the study, as tables, comparisons and figures."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.core.files import slug
from nasbed.core.printing import Card, Printed
from nasbed.report.figures import FORMS, drawn, written
from nasbed.report.latex import rows_as_csv
from nasbed.run import rows_file
from nasbed.run.history import History, Metric
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.means import mean_with_ends
from nasbed.statistics.random_search import RandomReference, random_reference
from nasbed.statistics.summary import spread
from nasbed.studies.cell import SEARCH, Cell
from nasbed.studies.door import opened
from nasbed.studies.folder import PLAYED_AGAIN, about_of, cell_files, damaged_files
from nasbed.studies.reading import Surface
from nasbed.studies.surface import Grid, draw, grid_of
from nasbed.studies.work import CLOCKS, outcomes

if TYPE_CHECKING:
    from nasbed.studies.study import Study

MOST_COMPARED = 24
"""Searches in one comparison: figures with more lines say nothing."""


@dataclass(frozen=True, eq=False)
class Results(Printed):
    """What is there of a study.

    Attributes:
        study: What was asked.
        path: The folder.
        files: The file of each cell that is done, by its hash.
        stale: Cells' files that the study, as it now is, does not ask for: of an earlier form of it.
        failures: Why parts could not be played, by unit.
    """

    study: Study
    path: Path
    files: Mapping[str, Path]
    stale: list[Path]
    failures: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, study: Study, path: str | Path, failures: Mapping[str, str] | None = None) -> Results:
        """Look what a folder has; nothing is played, nothing written."""
        path = Path(path).expanduser()
        there = cell_files(path)
        wanted = {cell.hash for cell in study.cells}
        files = {hash_: file for hash_, file in there.items() if hash_ in wanted}
        return cls(study, path, files, [f for h, f in there.items() if h not in wanted], failures or {})

    def _card(self) -> Card:
        facts = {
            "path": str(self.path),
            "done": f"{len(self.files):,} of {len(self.study.cells):,} cells",
            "failures": len(self.failures) or None,
            "stale": len(self.stale) or None,
            "see": "summary grids() comparisons; done and missing are cells",
        }
        return Card(f"Results of the study {self.study.title or self.study.name}", facts=facts)

    @property
    def done(self) -> list[Cell]:
        """The cells that have a file, in the study's order."""
        return [cell for cell in self.study.cells if cell.hash in self.files]

    @property
    def missing(self) -> list[Cell]:
        """The cells that have none."""
        return [cell for cell in self.study.cells if cell.hash not in self.files]

    def history(self, cell: Cell) -> History:
        """Read what all runs of a cell tried.

        Raises:
            BadSetting: When the study kept outcomes alone, or the cell is not done.
            CorruptFile: When its file is damaged.
        """
        if cell.keep != "trials":
            raise BadSetting(f'{cell.name} kept outcomes alone; a study with keep = "trials" keeps histories')
        return History.from_parquet(self._file(cell))

    def outcomes(self, cell: Cell) -> dict[str, NDArray[Any]]:
        """Give a row a run of a cell, by column: see ``studies.outcomes``.

        Raises:
            BadSetting: When the cell is not done.
            CorruptFile: When its file is damaged.
        """
        file = self._file(cell)
        table = outcomes(self.history(cell)) if cell.keep == "trials" else rows_file.read(file, PLAYED_AGAIN)
        return {name: table[name].to_numpy() for name in table.column_names if name != "arch"}

    def _file(self, cell: Cell) -> Path:
        if cell.hash not in self.files:
            raise BadSetting(f"{cell.name} is not done yet; run the study to its end")
        return self.files[cell.hash]

    @cached_property
    def summary(self) -> list[dict[str, Any]]:
        """Give a row for each cell that is done: what varies, and what it came to; accuracies in [0, 1].

        Of each metric the mean over runs, with the 95 % interval of the mean for the study's own metric and its
        quartiles; what a run spent on average by each clock, but for one that is called as a setting that varies; None
        for what is not known.
        """
        return [self._row(cell) for cell in self.done]

    def _row(self, cell: Cell) -> dict[str, Any]:
        found = self.outcomes(cell)
        row: dict[str, Any] = {"benchmark": cell.benchmark, "optimizer": cell.label, **cell.varied, "runs": cell.runs}
        for metric in get_args(Metric):
            row[metric] = mean_with_ends(found[metric])[0]
        names = (f"{self.metric}-low", f"{self.metric}-high", "q1", "median", "q3")
        row |= dict(zip(names, spread(found[self.metric])[1:], strict=True))
        row |= {clock: found[clock].mean() for clock in CLOCKS if clock not in cell.varied}
        return {name: _known(value) for name, value in row.items()}

    @cached_property
    def measures(self) -> dict[str, dict[str, str]]:
        """Say of each benchmark what each metric's numbers are; see ``Benchmark.measure`` and ``tested``."""
        found = {cell.benchmark: self._file(cell) for cell in self.done}
        abouts = {name: about_of(file)["info"]["benchmark"] for name, file in found.items()}
        return {
            name: {m: about.get("tested" if m.startswith("test") else "measure", "accuracy") for m in get_args(Metric)}
            for name, about in abouts.items()
        }

    @property
    def metric(self) -> str:
        """What the study is about: what its surface shows, else the final test regret."""
        return self.study.surface.metric if self.study.surface else "test-regret"

    @cached_property
    def comparisons(self) -> dict[str, Comparison]:
        """Give a comparison for each benchmark and way of searching, of those searches that are done, by name.

        Ways that differ in what is studied alone are one; labels then say what each search has of that. None where
        outcomes alone were kept, and none of more than ``MOST_COMPARED`` searches.
        """
        groups: dict[tuple[str, str], dict[str, Cell]] = {}
        for cell in self.done:
            varied = [key for key in SEARCH if key in cell.varied]
            studied = cell.searched(key for key in varied if key in self.study.differing)
            alike = cell.searched(key for key in varied if key not in self.study.differing)
            label = ", ".join(filter(None, (cell.label, studied)))
            groups.setdefault((cell.benchmark, alike), {})[label] = cell
        return {
            " / ".join(filter(None, group)): self._compared(cells)
            for group, cells in groups.items()
            if self.study.keep == "trials" and len(cells) <= MOST_COMPARED
        }

    def _compared(self, cells: Mapping[str, Cell]) -> Comparison:
        histories = {label: self._judged(cell) for label, cell in cells.items()}
        reference = None if self.study.differing else _reference(list(cells.values()))
        return Comparison(histories, reference, differing=self.study.differing)

    def _judged(self, cell: Cell) -> History:
        """Give a cell's history with the benchmark at hand, which knows how good random search is."""
        return replace(self.history(cell), answers=opened(cell.source))

    @property
    def _benchmarks(self) -> list[Benchmark]:
        """What the cells asked, each once."""
        asked = {cell.benchmark: cell.source for cell in self.done}
        return [opened(source) for source in asked.values()]

    @property
    def surface(self) -> Surface | None:
        """What the surface shows: what the study says, or the two keys that vary, where there are two of numbers.

        None where several searches have the same two values, as those of several optimizers have.
        """
        if self.study.surface is not None or len(self.study.varied) != 2:
            return self.study.surface
        x, y = self.study.varied
        swept = [(c.varied[x], c.varied[y]) for c in self.study.cells if {x, y} <= set(c.varied)]
        numbers = [isinstance(value, int | float) and not isinstance(value, bool) for pair in swept for value in pair]
        points = {
            (c.benchmark, str(c.varied[x]), str(c.varied[y])) for c in self.study.cells if {x, y} <= set(c.varied)
        }
        return Surface(x, y) if numbers and all(numbers) and len(points) == len(swept) else None

    def grids(self) -> dict[str, Grid]:
        """Give the surface's numbers for each benchmark, and for each value of whatever else varies, by name.

        Nothing where the study has no surface, or one of its two settings has but one value.
        """
        shown = self.surface
        if shown is None:
            return {}
        others = [key for key in self.study.varied if key not in (shown.x, shown.y)]
        by: dict[str, list[dict[str, Any]]] = {}
        for row in self.summary:
            if shown.x in row and shown.y in row:
                own = ",".join(f"{key}={row[key]}" for key in others if key in row)
                by.setdefault(" / ".join(filter(None, (str(row["benchmark"]), own))), []).append(row)
        measures = {name: self.measures[str(rows[0]["benchmark"])][shown.metric] for name, rows in by.items()}
        return {name: grid_of(rows, shown.x, shown.y, shown.metric, measures[name]) for name, rows in by.items()}

    @cached_property
    def versions(self) -> dict[str, int]:
        """Say with which versions the cells were played, each with how many."""
        versions = (info["versions"].items() for info in self._infos)
        return dict(Counter(", ".join(f"{name} {version}" for name, version in some) for some in versions))

    @cached_property
    def _infos(self) -> list[dict[str, Any]]:
        return [about_of(file)["info"] for file in self.files.values()]

    @property
    def warnings(self) -> list[str]:
        """What one should know before citing the study."""
        said: dict[str, None] = {}
        for info in self._infos:
            said |= dict.fromkeys(info["benchmark"].get("warnings", []))
        if len(self.versions) > 1:
            mixed = "; ".join(f"{count} with {versions}" for versions, count in self.versions.items())
            said[f"the cells were played with different versions: {mixed}"] = None
        for file in damaged_files(self.path):
            said[f"{file} was damaged, and what it had was played again; remove it once it is not needed"] = None
        if self.stale:
            count = len(self.stale)
            said[f"{count} files in {self.path / 'cells'} are of an earlier form of the study and are not used"] = None
        if self.missing:
            said[f"{len(self.missing)} of {len(self.study.cells)} cells are not done"] = None
        return list(said)

    def report(self, title: str | None = None, author: str | None = None, notes: str | None = None) -> list[Path]:
        """Write the report into the folder and give its files: the summary, one page, comparisons, surfaces.

        Args:
            title: Of the page; the study's own if not given.
            author: Named below the title.
            notes: Text below it; an empty line begins a new paragraph.
        """
        from nasbed.report.page.page import write as write_page  # with what only a page needs

        folder = self.path / "report"
        folder.mkdir(parents=True, exist_ok=True)
        about = {"study": self.study.name, "cells": len(self.study.cells), "done": len(self.files)}
        about |= {"versions": self.versions, "warnings": self.warnings, "summary": self.summary}
        paths = [
            written(folder / "summary.csv", rows_as_csv(self.summary)),
            written(folder / "study.json", json.dumps(about, indent=2) + "\n"),
        ]
        for name, comparison in self.comparisons.items():
            paths += comparison.save(folder / slug(name, "cell"))
        if self.comparisons:
            title = title or self.study.title or self.study.name
            page = folder / "report.html"
            paths.append(write_page(self.comparisons, page, title, self._benchmarks, author, notes))
        grids = self.grids()
        for name, grid in grids.items():
            stem = "surface" if len(grids) == 1 else f"surface-{slug(name, 'cell')}"
            paths.append(written(folder / f"{stem}.csv", grid.csv()))
            called = name if len(grids) > 1 or not self.study.title else ""
            title = "\n".join(filter(None, (self.study.title, called))) + f" · mean of {self.study.runs} runs"
            paths += drawn(draw(grid, title), folder, stem, FORMS)
        return paths


def _reference(cells: list[Cell]) -> RandomReference | None:
    """Give what random search is expected to reach, where one of the cells is that and pays for what it knows."""
    for cell in cells:
        how, settings = cell.search, cell.settings
        if cell.optimizer == "random" and settings["replacement"] and how.duplicates == "pay":
            return random_reference(opened(cell.source), how.epochs, how.repeats)
    return None


def _known(value: Any) -> Any:
    """Give a number as Python has it, None for NaN, and text for what a table cannot hold."""
    if isinstance(value, float):
        return None if math.isnan(value) else float(value)
    return value if value is None or isinstance(value, str | int) else str(value)
