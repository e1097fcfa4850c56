"""A correlation as a folder: figures, tables, and what was held against what."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nasbed.core.errors import BadSetting
from nasbed.core.files import replacing
from nasbed.report.correlation import COEFFICIENTS, Agreement, Correlation, Estimate, Search
from nasbed.report.correlation_figures import overview, scatter
from nasbed.report.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMS = ("png", "svg", "pdf")
_UNDATED = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}  # the same correlation gives the same bytes


def save(correlation: Correlation, folder: Path, forms: Sequence[str]) -> list[Path]:
    """Write everything, and give the files' paths.

    ``scatter-PROXY`` and ``overview`` in each form, the summary as CSV and Markdown, and ``correlation.json`` with what
    was scored, how, and everything that came of it. A file of an earlier correlation is replaced, any other left alone.

    Raises:
        BadSetting: For a form that there is not, or where no folder can be made.
    """
    for form in forms:
        if form not in FORMS:
            raise BadSetting(f"figures are {', '.join(FORMS)}, not {form!r}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"no folder can be made at {folder}: {error.strerror}; choose another place") from None
    written = [_draw(overview(correlation), folder / f"overview.{form}") for form in forms]
    for proxy in correlation.agreements:
        name = re.sub(r"[^A-Za-z0-9._=-]+", "-", proxy)
        figure = scatter(correlation, proxy)
        written += [_draw(figure, folder / f"scatter-{name}.{form}") for form in forms]
    written.append(_write(folder / "correlation.csv", correlation.frame().to_csv(lineterminator="\n")))
    written.append(_write(folder / "correlation.md", markdown(correlation)))
    written.append(_write(folder / "correlation.json", json.dumps(correlation.as_dict(), indent=2) + "\n"))
    return written


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
    return (
        "\n\n".join([title, _table(*coefficient_rows(correlation)), _table(*search_rows(correlation)), *notes]) + "\n"
    )


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


def _table(headers: list[str], rows: list[list[str]]) -> str:
    lines = [headers, ["---", *["---:"] * (len(headers) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _draw(figure: Figure, path: Path) -> Path:
    with style(), replacing(path) as beside:
        figure.savefig(beside, format=path.suffix[1:], metadata=_UNDATED.get(path.suffix[1:], {}))
    return path


def _write(path: Path, text: str) -> Path:
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")
    return path
