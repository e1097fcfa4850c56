"""A correlation as a folder: figures, tables, and what was held against what."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from nasbed.report.correlation import COEFFICIENTS, Agreement, Correlation, Estimate, Search
from nasbed.report.correlation_figures import overview, scatter
from nasbed.report.drawn import drawn, prepared, written
from nasbed.report.latex import markdown as table


def save(correlation: Correlation, folder: Path, forms: Sequence[str]) -> list[Path]:
    """Write everything, and give the files' paths.

    ``scatter-PROXY`` and ``overview`` in each form, the summary as CSV and Markdown, and ``correlation.json`` with what
    was scored, how, and everything that came of it. A file of an earlier correlation is replaced, any other left alone.

    Raises:
        BadSetting: For a form that there is not, or where no folder can be made.
    """
    prepared(folder, forms)
    paths = drawn(overview(correlation), folder, "overview", forms)
    for proxy in correlation.agreements:
        name = re.sub(r"[^A-Za-z0-9._=-]+", "-", proxy)
        paths += drawn(scatter(correlation, proxy), folder, f"scatter-{name}", forms)
    paths.append(written(folder / "correlation.csv", correlation.frame().to_csv(lineterminator="\n")))
    paths.append(written(folder / "correlation.md", markdown(correlation)))
    paths.append(written(folder / "correlation.json", json.dumps(correlation.as_dict(), indent=2) + "\n"))
    return paths


def markdown(correlation: Correlation) -> str:
    """Write coefficients and best-of-N as two Markdown tables, with what they rest on below."""
    title = (
        f"# {correlation.scores.name}: scores of {len(correlation.there):,} networks of "
        f"{correlation.scores.space.name} against {correlation.truth.name}"
    )
    notes = [
        f"The truth is {correlation.truth.what}. Intervals are of 95 %: percentiles of "
        f"{correlation.resamples:,} bootstrap resamples of the architectures.",
        "Best of N: mean ± standard deviation, over endless searches, of the truth of the best-scored of N "
        "architectures drawn with replacement; exact.",
        *(f"Warning: {warning}" for warning in correlation.warnings),
    ]
    tables = [table(rows(correlation)).rstrip() for rows in (coefficient_rows, search_rows)]
    return "\n\n".join([title, *tables, *notes]) + "\n"


def coefficient_rows(correlation: Correlation) -> tuple[list[str], list[list[str]]]:
    """Give the coefficients as headers and rows of text."""
    headers = ["proxy", "Kendall τ", "Spearman ρ", "Pearson r", "best-scored", "its rank"]
    return headers, [_cells(agreement) for agreement in correlation.agreements.values()]


def search_rows(correlation: Correlation) -> tuple[list[str], list[list[str]]]:
    """Give the best of N as headers and rows of text, with what chance and the truth itself come to."""
    ns = [search.n for search in correlation.perfect]
    headers = ["chosen by", *(f"best of {n:,}" for n in ns)]
    rows = [[a.proxy, *map(_search, a.searches)] for a in correlation.agreements.values()]
    chance = ["at random", *[_search(correlation.random)] * len(ns)]
    return headers, [*rows, chance, ["the truth itself", *map(_search, correlation.perfect)]]


def _cells(agreement: Agreement) -> list[str]:
    estimates = [_estimate(getattr(agreement, name)) for name in COEFFICIENTS]
    best = agreement.best
    tied = f", first of {best.ties} alike" if best.ties > 1 else ""
    return [agreement.proxy, *estimates, f"{best.truth:.4g}", f"{best.rank:,} of {agreement.n:,}{tied}"]


def _estimate(estimate: Estimate) -> str:
    if estimate.value != estimate.value:
        return "–"
    interval = f" ({estimate.low:.3f} to {estimate.high:.3f})" if estimate.low == estimate.low else ""
    return f"{estimate.value:.3f}{interval}"


def _search(search: Search) -> str:
    digits = ".2f" if abs(search.mean) >= 1 else ".3g"
    return f"{search.mean:{digits}} ± {search.std:{digits}}"
