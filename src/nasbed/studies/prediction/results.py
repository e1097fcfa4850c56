"""Results of a predictor study: a row a cell, means over draws with their deviation, and what it all says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nasbed.core.benchmark import Benchmark
from nasbed.core.printing import Card, Printed
from nasbed.run import rows_file
from nasbed.statistics.prediction import IN_UNITS
from nasbed.studies.door import opened
from nasbed.studies.folder import PLAYED_AGAIN, about_of, cell_files, damaged_files
from nasbed.studies.prediction.cell import Clocks, PredictorCell, examples_of
from nasbed.studies.prediction.examples import Examples
from nasbed.studies.prediction.testsets import STANDARD, TEST_SETS

if TYPE_CHECKING:
    from nasbed.studies.prediction.study import PredictorStudy

ALL, UNSEEN, EACH = STANDARD
_HOUR = 3600.0

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class PredictorResults(Printed):
    """What is there of a predictor study.

    Attributes:
        study: What was asked.
        path: The folder.
        files: The file of each cell that is done, by its hash.
        failures: Why parts could not be played, by unit.
    """

    study: PredictorStudy
    path: Path
    files: Mapping[str, Path]
    failures: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, study: PredictorStudy, path: str | Path, failures: Mapping[str, str] | None = None) -> PredictorResults:
        """Look what a folder has; nothing is played, nothing written."""
        path = Path(path).expanduser()
        wanted = {cell.hash for cell in study.cells}
        files = {hash_: file for hash_, file in cell_files(path).items() if hash_ in wanted}
        return cls(study, path, files, failures or {})

    def _card(self) -> Card:
        facts = {
            "path": str(self.path),
            "done": f"{len(self.files):,} of {len(self.study.cells):,} cells",
            "see": "summary",
        }
        return Card(
            f"Results of the predictor study {self.study.name}",
            [self.sentence(name) for name in self.benchmarks],
            facts,
        )

    @property
    def done(self) -> list[PredictorCell]:
        """The cells that have a file, in the study's order."""
        return [cell for cell in self.study.cells if cell.hash in self.files]

    @property
    def missing(self) -> list[PredictorCell]:
        """The cells that have none."""
        return [cell for cell in self.study.cells if cell.hash not in self.files]

    def draws(self, cell: PredictorCell) -> dict[str, Any]:
        """Return a column for each measure on each test set, ``SET/MEASURE``, a number a draw.

        Raises:
            CorruptFile: When the cell's file is damaged.
        """
        table = rows_file.read(self.files[cell.hash], PLAYED_AGAIN)
        return {name: table[name].to_numpy() for name in table.column_names}

    @cached_property
    def summary(self) -> list[Row]:
        """A row for each cell that is done; None for what is not known.

        ``SET/MEASURE`` is the mean over draws and ``SET/MEASURE/sd`` the deviation over them; ``hours`` what the
        trainings cost that were learned from, in simulated time; ``fit`` and ``query`` seconds of one core, the latter
        for a thousand architectures, both medians over draws.
        """
        seconds = Clocks(self.path).of()
        rows = []
        for cell in self.done:
            found = self.draws(cell)
            row: Row = {
                "benchmark": cell.benchmark,
                "predictor": cell.predictor,
                "size": cell.size,
                "epochs": cell.epochs,
                "early": "+".join(map(str, cell.early)),
                "draws": cell.runs,
                "twins": float(found["twins"].mean()),
                "hours": float(found["cost"].mean()) / _HOUR,
            }
            if cell.hash in seconds:
                took = seconds[cell.hash]
                row |= {"fit": took.fit, "query": 1000 * took.query / max(took.asked, 1)}
            for name, values in found.items():
                if "/" in name:
                    row[name] = float(values.mean())
                    row[f"{name}/sd"] = float(values.std(ddof=1)) if len(values) > 1 else math.nan
            rows.append({name: _known(value) for name, value in row.items()})
        return rows

    @property
    def benchmarks(self) -> list[str]:
        """The names of the tables of which there is a cell."""
        return list(dict.fromkeys(cell.benchmark for cell in self.done))

    def benchmark(self, name: str) -> Benchmark:
        """Return a table by its name."""
        return opened(next(cell.source for cell in self.done if cell.benchmark == name))

    def rows(self, benchmark: str, **like: Any) -> list[Row]:
        """Return the summary's rows of a table, and of what else they are to be like."""
        asked = {"benchmark": benchmark, **like}
        return [row for row in self.summary if all(row[key] == value for key, value in asked.items())]

    def lines(self, benchmark: str) -> dict[str, list[Row]]:
        """Return the rows of each predictor and fidelity by their name, ascending by size."""
        found: dict[str, list[Row]] = {}
        for row in self.rows(benchmark):
            found.setdefault(self.label(row), []).append(row)
        return {name: sorted(rows, key=lambda row: int(row["size"])) for name, rows in found.items()}

    def label(self, row: Row) -> str:
        """Name the predictor of a row, with its fidelity where its table has rows of several."""
        ways = {(other["epochs"], other["early"]) for other in self.rows(row["benchmark"])}
        early = f" + {row['early']} of all" if row["early"] else ""
        return str(row["predictor"]) + (f", {row['epochs']} epochs{early}" if len(ways) > 1 else "")

    def ceiling(self, benchmark: str) -> tuple[float, float, float, int]:
        """Return how well architectures are predicted by the others of their function; see ``prediction.ceiling``."""
        return self.examples(benchmark).ceiling

    def examples(self, benchmark: str) -> Examples:
        """Return all architectures of a table, with what they are judged by."""
        whole = self.benchmark(benchmark)
        return examples_of(whole, whole.budgets[-1], ())

    def factor(self, benchmark: str, measure: str) -> float:
        """Return what a measure's numbers are multiplied with to be shown: 100 for errors of accuracies."""
        return 100.0 if measure in IN_UNITS and self.benchmark(benchmark).measure == "accuracy" else 1.0

    def sentence(self, benchmark: str) -> str:
        """Say which predictor ranks unseen functions best from most, and what is known of twins."""
        rows = self.rows(benchmark)
        largest = max(int(row["size"]) for row in rows)
        ranked = [row for row in rows if row["size"] == largest and row[f"{UNSEEN}/tau"] is not None]
        if not ranked:
            return f"{benchmark}: nothing was ranked."
        best = max(ranked, key=lambda row: float(row[f"{UNSEEN}/tau"]))
        tau, sd = best[f"{UNSEEN}/tau"], best[f"{UNSEEN}/tau/sd"]
        said = (
            f"From {largest:,} architectures of {benchmark}, {self.label(best)} ranks those of unseen functions best: "
            f"τ {tau:.3f}" + (f" ± {sd:.3f} over draws" if sd is not None else "")
        )
        if best["twins"] > 0.005:
            said += (
                f", and {best[f'{ALL}/tau']:.3f} on all others, {100 * best['twins']:.0f} % of which have a twin there"
            )
        return said + "."

    @property
    def warnings(self) -> list[str]:
        """What one should know before citing the study."""
        said: dict[str, None] = dict.fromkeys(self.study.left_out)
        infos = [about_of(file)["info"] for file in self.files.values()]
        for info in infos:
            said |= dict.fromkeys([*info["warnings"], *info["notes"]])
        used = {", ".join(f"{name} {version}" for name, version in info["versions"].items()) for info in infos}
        if len(used) > 1:
            said[f"the cells were played with different versions: {'; '.join(sorted(used))}"] = None
        for name in self.benchmarks:
            tau = self.ceiling(name)[0]
            for row in self.rows(name):
                if row[f"{ALL}/tau"] is not None and row[f"{ALL}/tau"] > tau:
                    what = f"{row['predictor']} from {row['size']:,} of {name}"
                    said[f"{what} ranks better than twins predict each other, τ {tau:.3f}: look for a leak"] = None
            if self.benchmark(name).split == "test":
                said[f"{name} has test results alone: what predictors learn here is no validation accuracy"] = None
        for one in self.study.sets:
            if one not in STANDARD:
                said[f"{one} leaks: {TEST_SETS[one].leak}"] = None
        for file in damaged_files(self.path):
            said[f"{file} was damaged, and what it had was played again; remove it once it is not needed"] = None
        if self.missing:
            said[f"{len(self.missing)} of {len(self.study.cells)} cells are not done"] = None
        return list(said)


def _known(value: Any) -> Any:
    return None if isinstance(value, float | np.floating) and not math.isfinite(value) else value
