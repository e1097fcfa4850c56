"""Tables as text: what LaTeX, Markdown and spreadsheets read back."""

import csv
import io

import numpy as np
from made_runs import ended

from nasbed.report.latex import comma_separated, escaped, latex, markdown
from nasbed.statistics.improvement import improvements
from nasbed.statistics.interquartile import interquartile_means

TABLE = (["search_name", "regret %"], [["a|b & c", "1.00 (0.50 to 2.00)"], ["d", "–"]])


def test_latex_is_a_table_of_booktabs():
    assert latex(TABLE, "Of 100 % & more", "tab:one").splitlines() == [
        r"\begin{table}",
        r"\centering",
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"search\_name & regret \% \\",
        r"\midrule",
        r"a|b \& c & 1.00 (0.50 to 2.00) \\",
        r"d & -- \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\caption{Of 100 \% \& more}",
        r"\label{tab:one}",
        r"\end{table}",
    ]


def test_what_latex_would_take_for_its_own_is_escaped():
    assert escaped(r"\_{}~^ p < 0.001 ±") == (
        r"\textbackslash{}\_\{\}\textasciitilde{}\textasciicircum{} p \textless{} 0.001 $\pm$"
    )


def test_markdown_keeps_its_columns():
    assert markdown(TABLE).splitlines() == [
        "| search_name | regret % |",
        "| --- | ---: |",
        r"| a\|b & c | 1.00 (0.50 to 2.00) |",
        "| d | – |",
    ]


def test_a_statistics_csv_is_not_rounded_and_empty_for_what_is_not_known():
    found = interquartile_means(ended({"a": [1 / 3, 1 / 3], "b": [np.nan, np.nan]}))
    rows = list(csv.DictReader(io.StringIO(comma_separated(found))))
    assert float(rows[0]["interquartile_mean"]) == 1 / 3
    assert rows[1]["interquartile_mean"] == ""
    assert comma_separated(TABLE).splitlines()[1] == "a|b & c,1.00 (0.50 to 2.00)"


def test_a_statistic_says_its_own_caption():
    found = improvements(ended({"a": [0.1, 0.2], "b": [0.3, 0.4]}))
    assert escaped(found.sentence()) in latex(found)
