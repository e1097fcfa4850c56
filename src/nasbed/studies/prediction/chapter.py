"""The chapter of a page on one table of a predictor study."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from nasbed.report.latex import rows_as_csv
from nasbed.report.page.chapters import Chapter
from nasbed.report.page.encoding import numbers
from nasbed.report.page.parts import Code, Download, Figure, Part, Section, Switch, Table, View, shown
from nasbed.statistics.prediction import IN_UNITS, LEVEL, WORDS
from nasbed.studies.prediction.results import ALL, UNSEEN, PredictorResults, Row
from nasbed.studies.prediction.testsets import STANDARD, TEST_SETS

_DASHES = ("solid", "dash", "dashdot", "dot")
_DRAWN = ("tau", "rho", "tau_rounded", "precision10", "best10", "rmse", "coverage")
_CEILING = (
    " Dashed, for τ and ρ on all others: how well architectures of one function predict each other, which nothing "
    "exceeds but by having seen them."
)
_TWINS = "twins predict each other"
_SHARES = ("precision10", "precision20", "coverage")


def chapters(results: PredictorResults, address: str = "c", is_alone: bool = True) -> list[Chapter]:
    """Write a chapter on each table.

    Args:
        results: Of the study.
        address: What the chapters' addresses on the page begin with.
        is_alone: Whether there are no other chapters on the page.
    """
    names = results.benchmarks
    is_named = len(names) > 1 or not is_alone
    return [_chapter(results, name, f"{address}{i}", is_named) for i, name in enumerate(names)]


def _chapter(results: PredictorResults, benchmark: str, address: str, is_named: bool) -> Chapter:
    sections = [
        Section("ranking", "How well they rank", _ranking(results, benchmark)),
        Section("judged", "On what they are judged", _judged(results, benchmark)),
        Section("believed", "What they believe", _believed(results, benchmark)),
        Section("costs", "What it costs", _costs(results, benchmark)),
        Section("origin", "What was run", _origin(results, benchmark)),
    ]
    about = results.benchmark(benchmark)
    words = f"{about.split} {about.measure}" if about.measure == "accuracy" else about.measure
    at = f" after {about.budgets[-1]} epochs" if about.budgets[-1] > 1 else ""
    detail = f"Predicted is the {words}{at}; figures are means over {results.study.draws} draws."
    name = f"Predictors on {benchmark}" if is_named else ""
    return Chapter(name, address, results.sentence(benchmark), detail, results.warnings, None, sections)


def _ranking(results: PredictorResults, benchmark: str) -> list[Part]:
    sets = results.study.sets
    views = {
        f"{measure}|{name}": View(_traces(results, benchmark, f"{name}/{measure}"), _layout(measure))
        for measure in _DRAWN
        for name in sets
        if any(row[f"{name}/{measure}"] is not None for row in results.rows(benchmark))
    }
    measures = list(dict.fromkeys(key.partition("|")[0] for key in views))
    lines, tops = results.lines(benchmark), results.ceiling(benchmark)[3] > 0
    figure = Figure(
        "curves",
        f"Means over {results.study.draws} draws of the architectures that are learned from, with the deviation over "
        "draws." + _CEILING * tops,
        views,
        [
            Switch("measure", {name: WORDS[name] for name in measures}),
            Switch("judged on", {name: name.replace("-", " ") for name in sets}),
        ],
        {"x": True},
        [*((label, i) for i, label in enumerate(lines)), *([(_TWINS, -1)] if tops else [])],
        420,
    )
    return [figure, _table(results, benchmark), _everything(results, benchmark), _download(results, benchmark)]


def _traces(results: PredictorResults, benchmark: str, column: str) -> list[dict[str, Any]]:
    name, _, measure = column.partition("/")
    factor = 100.0 if measure in _SHARES else results.factor(benchmark, measure)
    found: list[dict[str, Any]] = []
    lines = results.lines(benchmark)
    for i, (label, rows) in enumerate(lines.items()):
        at = [int(row["size"]) for row in rows]
        mean, sd = (factor * _column(rows, one) for one in (column, f"{column}/sd"))
        edge = {
            "x": at,
            "mode": "lines",
            "line": {"width": 0, "color": f"@{i}"},
            "hoverinfo": "skip",
            "legendgroup": str(i),
        }
        if not np.isnan(sd).any():
            found.append({**edge, "y": numbers(mean - sd)})
            found.append({**edge, "y": numbers(mean + sd), "fill": "tonexty", "fillcolor": f"@{i}/0.18"})
        found.append(
            {
                "x": at,
                "y": numbers(mean),
                "mode": "lines+markers",
                "name": shown(label),
                "legendgroup": str(i),
                "line": {"color": f"@{i}", "width": 2, "dash": _DASHES[i % len(_DASHES)]},
                "marker": {"color": f"@{i}"},
            }
        )
    tau, rho, _, _ = results.ceiling(benchmark)
    top = {"tau": tau, "rho": rho}.get(measure, np.nan)
    if name == ALL and top == top:
        sizes = sorted({int(row["size"]) for rows in lines.values() for row in rows})
        found.append(_across(sizes, top, _TWINS))
    if measure == "coverage":
        sizes = sorted({int(row["size"]) for rows in lines.values() for row in rows})
        found.append(_across(sizes, 100 * LEVEL, "as often as it says"))
    return found


def _across(sizes: list[int], value: float, label: str) -> dict[str, Any]:
    ends = [sizes[0], sizes[-1]]
    line = {"color": "@faint", "width": 1.5, "dash": "dash"}
    return {"x": ends, "y": numbers([value, value]), "mode": "lines", "name": label, "line": line}


def _layout(measure: str) -> dict[str, Any]:
    words = WORDS[measure] + (" (%)" if measure in _SHARES else "")
    return {"xaxis": {"title": "architectures learned from"}, "yaxis": {"title": words}}


def _column(rows: list[Row], name: str) -> Any:
    return np.array([np.nan if row[name] is None else row[name] for row in rows], np.float64)


def _table(results: PredictorResults, benchmark: str) -> Table:
    headers = ["predictor", "learned from", "τ, all others", "τ, unseen functions", "τ, one for each"]
    headers += ["ρ, unseen", "best of top 10, unseen", "precision@10, unseen"]
    columns = [f"{name}/tau" for name in STANDARD] + [f"{UNSEEN}/{one}" for one in ("rho", "best10", "precision10")]
    rows = [
        [label, f"{row['size']:,}", *(written_of(results, benchmark, row, column) for column in columns)]
        for label, some in results.lines(benchmark).items()
        for row in some
    ]
    return Table(headers, rows, "Means over draws ± the deviation over draws.", "" if len(rows) <= 30 else "All of it")


def _everything(results: PredictorResults, benchmark: str) -> Table:
    """Return every measure on unseen functions."""
    rows = [
        [label, f"{row['size']:,}", *(written_of(results, benchmark, row, f"{UNSEEN}/{one}") for one in WORDS)]
        for label, some in results.lines(benchmark).items()
        for row in some
    ]
    headers = [
        "predictor",
        "learned from",
        *(words + (", %" if one in _SHARES else "") for one, words in WORDS.items()),
    ]
    return Table(headers, rows, "On unseen functions; means over draws ± the deviation over draws.", "All measures")


def written_of(results: PredictorResults, benchmark: str, row: Row, column: str) -> str:
    """Write a mean with its deviation over draws, as people read it."""
    measure = column.partition("/")[2]
    mean, sd = row[column], row[f"{column}/sd"]
    if mean is None:
        return "–"
    factor = 100.0 if measure in _SHARES else results.factor(benchmark, measure)
    digits = 0 if measure in _SHARES or measure == "n" else 2 if factor == 100 else 4 if measure in IN_UNITS else 3
    said = f"{factor * mean:.{digits}f}"
    return said if sd is None else f"{said} ± {factor * sd:.{digits}f}"


def _judged(results: PredictorResults, benchmark: str) -> list[Part]:
    tau, rho, off, twins = results.ceiling(benchmark)
    rows = [
        [name.replace("-", " "), TEST_SETS[name].about, TEST_SETS[name].leak or "nothing"]
        for name in results.study.sets
    ]
    parts: list[Part] = [Table(["test set", "what it is", "what leaks"], rows)]
    if twins:
        unit = " points" if results.factor(benchmark, "rmse") == 100 else ""
        error = results.factor(benchmark, "rmse") * off
        copies = " The table has the same value for all architectures of a function." if off == 0 else ""
        parts.insert(
            0,
            f"{twins:,} architectures compute the same as others.{copies} Their values differ by how their trainings "
            f"came out, by {error:.2f}{unit} (root mean square): the mean of the others predicts each with τ {tau:.3f} "
            f"and ρ {rho:.3f}, and a predictor that does better on all others has seen what it predicts.",
        )
        sizes = sorted({(int(row["size"]), float(row["twins"])) for row in results.rows(benchmark)})
        counted = [[f"{size:,}", f"{100 * share:.0f} %"] for size, share in dict(sizes).items()]
        parts.append(Table(["learned from", "others with a twin"], counted, "How much a predictor may just look up."))
    else:
        parts.insert(0, "No two architectures of this table compute the same, so the three standard test sets are one.")
    return parts


def _believed(results: PredictorResults, benchmark: str) -> list[Part]:
    rows = [
        [
            label,
            f"{row['size']:,}",
            *(written_of(results, benchmark, row, f"{UNSEEN}/{one}") for one in ("coverage", "width", "rmse")),
        ]
        for label, some in results.lines(benchmark).items()
        for row in some
    ]
    headers = ["predictor", "learned from", "measured within 90 % intervals (%)", "width of these", "RMSE"]
    said = (
        "A predicted mean ± 1.645 predicted deviations should hold what is measured nine times in ten. Below that a "
        "predictor is surer than it may be; the predictor conformal calibrates any other."
    )
    return [said, Table(headers, rows, "On unseen functions.", "" if len(rows) <= 30 else "All of it")]


def _costs(results: PredictorResults, benchmark: str) -> list[Part]:
    rows = [
        [
            label,
            f"{row['size']:,}",
            "–" if row["hours"] is None else f"{row['hours']:,.3g}",
            *("–" if row.get(one) is None else f"{row[one]:.3g}" for one in ("fit", "query")),
        ]
        for label, some in results.lines(benchmark).items()
        for row in some
    ]
    headers = ["predictor", "learned from", "hours of training", "seconds to learn", "seconds to predict 1,000"]
    said = (
        "Hours are simulated, those of the trainings that were learned from, with shorter trainings of all that was "
        "predicted where these are read. Seconds are of one core, medians over draws, by the processor's clock; the "
        "encoding of what is predicted is in them, that of the whole space, which is done once, is not."
    )
    return [said, Table(headers, rows, "", "" if len(rows) <= 30 else "All of it")]


def _origin(results: PredictorResults, benchmark: str) -> list[Part]:
    about = results.benchmark(benchmark).describe()
    facts = [
        ["table", str(about["name"])],
        ["checksum of its data", str(about.get("checksum") or "–")],
        ["draws", f"{results.study.draws:,}, numbers 0 to {results.study.draws - 1:,}"],
        ["seed", str(results.study.seed)],
        ["of a test set at most", f"{results.study.most:,} architectures"],
    ]
    specs = [cell.spec for cell in results.done if cell.benchmark == benchmark]
    return [Table(["", ""], facts), Code(json.dumps(specs, indent=2, ensure_ascii=False), "All cells, as JSON")]


def _download(results: PredictorResults, benchmark: str) -> Download:
    return Download("All measures on all test sets", "predictors.csv", rows_as_csv(results.rows(benchmark)))
