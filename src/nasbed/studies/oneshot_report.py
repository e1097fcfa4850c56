"""What came of a one-shot study: a summary, figures and a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from nasbed.core.checked import read_json
from nasbed.core.files import slug
from nasbed.oneshot.course import Course
from nasbed.studies.oneshot_study import STUDY, OneShotStudy, Outcome

_NAMES, _EXPLAINING = 3, 4  # columns of a summary, at its beginning and at its end
_PERCENTILE = "percentile by "
_CHAPTERS = 12  # of single searches on a page


def summary(outcomes: Sequence[Outcome]) -> tuple[list[str], list[list[str]]]:
    """Return headers and a row for each variant and method: means over seeds, and from the worst to the best."""
    measured = list(dict.fromkeys(name for one in outcomes for name in one.values))
    shares = list(dict.fromkeys(name for one in outcomes for name in one.better))
    headers = ["space", "method", "seeds", *measured, *(f"{_PERCENTILE}{name}" for name in shares)]
    headers += ["skips", "entropy", "normalisation", "first"]
    rows = []
    for variant, method in dict.fromkeys((one.variant, one.method) for one in outcomes):
        some = [one for one in outcomes if (one.variant, one.method) == (variant, method)]
        rows.append(
            [
                variant,
                method,
                str(len(some)),
                *(_spread([one.values.get(name) for one in some], 2) for name in measured),
                *(_spread([100 * one.better[name] for one in some if name in one.better], 1) for name in shares),
                _spread([one.skips for one in some], 1),
                _spread([one.entropy for one in some], 4),
                some[0].normalisation or "–",
                some[0].first or "–",
            ]
        )
    return headers, rows


def _spread(values: Sequence[float | None], digits: int) -> str:
    """Write a mean, and the least and the greatest value."""
    there = [value for value in values if value is not None and not np.isnan(value)]
    if not there:
        return "–"
    mean = f"{np.mean(there):.{digits}f}"
    return mean if len(there) == 1 else f"{mean} ({min(there):.{digits}f} to {max(there):.{digits}f})"


def report(study: OneShotStudy, outcomes: Sequence[Outcome], folder: Path) -> list[Path]:
    """Write the summary as CSV and Markdown, figures and a page into ``report`` in a study's folder; give the paths.

    Raises:
        MissingExtra: When what draws is not installed.
    """
    from nasbed.report.figures import drawn, prepared, written
    from nasbed.report.latex import markdown
    from nasbed.report.oneshot import dots
    from nasbed.report.page.chapters import Chapter
    from nasbed.report.page.oneshot import chapter
    from nasbed.report.page.page import write_chapters
    from nasbed.report.page.parts import Section, Table

    place = prepared(folder / "report", ["png"])
    headers, rows = summary(outcomes)
    counts = {"method": len(study.methods), "space": len(study.variants), "seed": study.seeds}
    said = f"{study.name}: {', '.join(f'{count} {noun}' + 's' * (count > 1) for noun, count in counts.items())}."
    csv = "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in [headers, *rows])
    paths = [written(place / "summary.csv", csv)]
    paths.append(
        written(place / "summary.md", "\n\n".join(filter(None, [said, study.note, markdown((headers, rows))])))
    )
    for name, values in _drawn_of(outcomes).items():
        for variant in dict.fromkeys(one.variant for one in outcomes):
            groups: dict[str, list[float]] = {}
            for one, value in zip(outcomes, values, strict=True):
                if one.variant == variant:
                    groups.setdefault(one.method, []).append(value)
            figure = dots(groups, name, f"{study.name}, {variant}")
            paths += drawn(figure, place, slug(f"{variant}-{name}", "figure"), ["png"])
    listed = [[one.variant, one.method, str(one.seed), one.architecture] for one in outcomes]
    parts = [
        *(
            Table(some, cells, "Means over seeds, and from the least to the greatest.")
            for some, cells in _apart(headers, rows)
        ),
        Table(["space", "method", "seed", "architecture"], listed, folded=f"All {len(listed)} architectures"),
    ]
    warnings = [study.note] if study.note else []
    whole = Chapter("Study", "study", said, "", warnings, None, [Section("summary", "Summary", parts)])
    courses = read_outcomes(folder)[1][:_CHAPTERS]
    chapters = [whole, *(chapter(course, i, False) for i, course in enumerate(courses))]
    return [*paths, write_chapters(chapters, place / "page.html", study.name)]


def _apart(headers: list[str], rows: list[list[str]]) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Divide a summary into tables that fit a page: one for each measurement, and one for what explains them."""
    measured = [name for name in headers[_NAMES:-_EXPLAINING] if not name.startswith(_PERCENTILE)]
    wanted = [[name, f"{_PERCENTILE}{name}"] for name in measured] + [headers[-_EXPLAINING:]]
    for names in wanted:
        columns = [*range(_NAMES), *(headers.index(name) for name in names if name in headers)]
        yield [headers[i] for i in columns], [[row[i] for i in columns] for row in rows]


def _drawn_of(outcomes: Sequence[Outcome]) -> dict[str, list[float]]:
    """Return what is drawn, by its name: a number for each outcome, NaN for none."""
    nothing = float("nan")
    shares = list(dict.fromkeys(name for one in outcomes for name in one.better))
    measured = list(dict.fromkeys(name for one in outcomes for name in one.values))
    found = {f"{_PERCENTILE}{name}": [100 * one.better.get(name, nothing) for one in outcomes] for name in shares}
    found |= {} if shares else {name: [one.values.get(name, nothing) for one in outcomes] for name in measured}
    return found | {"skips": [nothing if one.skips is None else float(one.skips) for one in outcomes]}


def read_outcomes(folder: Path) -> tuple[list[Outcome], list[Course]]:
    """Return what a study's folder has: outcomes, and the courses of its searches."""
    found = read_json(folder / STUDY, "a one-shot study", "run the study again")
    courses = [Course.read(path.parent) for path in sorted(folder.glob("*/*/course.json"))]
    return [Outcome(**one) for one in found["outcomes"]], courses
