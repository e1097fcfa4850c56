"""The report of a predictor study: a summary, figures of each table, one page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from nasbed.core.files import slug
from nasbed.report.figures import FORMS, drawn, written
from nasbed.report.latex import rows_as_csv
from nasbed.report.page.page import write_chapters
from nasbed.studies.folder import NOTES, notes_of
from nasbed.studies.prediction.chapter import chapters
from nasbed.studies.prediction.figures import figures
from nasbed.studies.prediction.results import PredictorResults
from nasbed.studies.prediction.study import ASKED, PredictorStudy


def is_study(path: Path) -> bool:
    """Say whether a path is the folder of a predictor study."""
    return (path / NOTES).is_file() and ASKED in notes_of(path)


def results_in(folder: Path) -> PredictorResults:
    """Read what a folder has of the study that was asked for there last; raises as ``PredictorStudy.read`` does."""
    return PredictorResults.of(PredictorStudy.read(folder), folder)


def report(
    results: PredictorResults,
    title: str | None = None,
    author: str | None = None,
    notes: str | None = None,
    forms: Sequence[str] = FORMS,
) -> list[Path]:
    """Write the report of a study into its folder, and return the files.

    Args:
        results: Of the study.
        title: Of the page.
        author: Named below the title.
        notes: Text below it; an empty line begins a new paragraph.
        forms: Of the figures.
    """
    folder = results.path / "report"
    folder.mkdir(parents=True, exist_ok=True)
    words = ("tau", "rho", "rmse", "n")
    ceilings = {name: dict(zip(words, results.ceiling(name), strict=True)) for name in results.benchmarks}
    known = {
        name: {key: value if value == value else None for key, value in of.items()} for name, of in ceilings.items()
    }
    about = {"study": results.study.name, "cells": len(results.study.cells), "done": len(results.files)}
    paths = [
        written(folder / "summary.csv", rows_as_csv(results.summary)),
        written(
            folder / "study.json",
            json.dumps({**about, "warnings": results.warnings, "ceilings": known}, indent=2) + "\n",
        ),
    ]
    for name in results.benchmarks:
        for what, figure in figures(results, name).items():
            paths += drawn(figure, folder, f"{slug(name, 'table')}-{what}", forms)
    if results.benchmarks:
        title = title or f"Predictors on {', '.join(results.benchmarks)}"
        paths.append(write_chapters(chapters(results), folder / "report.html", title, author, notes))
    return paths
