"""Tables as text: LaTeX with booktabs, Markdown, CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nasbed.statistics.statistic import Cells, Statistic

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "–": "--",
    "±": r"$\pm$",
    "ρ": r"$\rho$",
    "τ": r"$\tau$",
    "ℓ": r"$\ell$",
    "−": "$-$",
    "≤": r"$\le$",
    "×": r"$\times$",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
}
_NUMBER = re.compile(r"^[<>≤]?\s*[-–+±−]?[\d.,]*( %)?( \(.*\))?$")


def latex(table: Statistic | Cells, caption: str = "", label: str = "") -> str:
    r"""Write a table for a paper that says ``\usepackage{booktabs}``.

    Args:
        table: A statistic, or headers and rows.
        caption: Below it; the statistic's own sentence when not given.
        label: For ``\ref``.
    """
    headers, rows = _cells(table)
    said = caption or (table.sentence() if isinstance(table, Statistic) else "")
    columns = "".join("r" if numeric else "l" for numeric in _numeric(headers, rows))
    lines = [r"\begin{table}", r"\centering", rf"\begin{{tabular}}{{{columns}}}", r"\toprule", _row(headers)]
    lines += [r"\midrule", *map(_row, rows), r"\bottomrule", r"\end{tabular}"]
    lines += [rf"\caption{{{escaped(said)}}}"] if said else []
    lines += [rf"\label{{{label}}}"] if label else []
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def markdown(table: Statistic | Cells) -> str:
    """Write a Markdown table; numbers to the right."""
    headers, rows = _cells(table)
    rule = ["---:" if numeric else "---" for numeric in _numeric(headers, rows)]
    lines = [[cell.replace("|", r"\|") for cell in row] for row in (headers, rule, *rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def comma_separated(table: Statistic | Cells) -> str:
    """Write a CSV: of a statistic the rows for programs, not rounded and empty for what is not known."""
    return rows_as_csv(table.rows()) if isinstance(table, Statistic) else _csv([table[0], *table[1]])


def rows_as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Write rows, perhaps with different columns, as CSV."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return _csv([names, *([row.get(name) for name in names] for row in rows)])


def _csv(lines: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue()


def escaped(text: str) -> str:
    """Write text so that LaTeX prints it as it is."""
    return "".join(_SPECIAL.get(letter, letter) for letter in text)


def _cells(table: Statistic | Cells) -> Cells:
    return table.cells() if isinstance(table, Statistic) else table


def _numeric(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[bool]:
    """Say which columns hold numbers alone, and are aligned to the right."""
    return [bool(rows) and all(_NUMBER.match(row[i]) for row in rows) for i in range(len(headers))]


def _row(cells: Sequence[str]) -> str:
    return " & ".join(map(escaped, cells)) + r" \\"
