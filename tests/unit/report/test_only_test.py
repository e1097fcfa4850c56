"""Benchmarks that have test accuracies alone: titles, axes, tables and sentences say test, and never validation."""

import re

import made_runs
import pytest

from nasbed.cli import search as search_command
from nasbed.report.folder import markdown
from nasbed.report.page.page import html
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.curse import winners_curse


def searched(split):
    """Give a comparison whose searches were told of a split."""
    found = made_runs.comparison({"a": [[0.1, 0.4], [0.2, 0.5]], "b": [[0.3, 0.3], [0.2, 0.6]]})
    for history in found.histories.values():
        history.info["benchmark"]["split"] = split
        history.info["optimizer"] = "made"
    return found


def texts(comparison):
    """Give everything that people read of a comparison."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("plotly")
    from nasbed.report.figures import course, outcome

    for figure in (
        course(comparison, "validation"),
        course(comparison, "validation-regret"),
        outcome(comparison, "test"),
    ):
        for axes in figure.axes:
            yield from (axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel())
    yield markdown(comparison)
    yield winners_curse(comparison).sentence()
    yield from winners_curse(comparison).cells()[0]
    yield comparison.separated("validation").sentence()
    page = html(comparison)
    yield re.sub(r"<(script|style).*?</\1>|<pre.*?</pre>", "", page, flags=re.DOTALL)


def test_nothing_that_people_read_says_validation_where_there_is_only_test():
    said = list(texts(searched("test")))
    assert [text for text in said if "validation" in text.lower()] == []
    assert any("test accuracy" in text for text in said[:9])


def test_validation_is_called_so_where_there_is_any():
    said = list(texts(searched("validation")))
    assert "validation accuracy (%)" in said
    assert any("validation (heard) %" in text for text in said)


def test_a_search_that_is_printed_says_it_too(capsys):
    comparison: Comparison = searched("test")
    history = comparison.histories["a"]
    search_command._print("made", history, search_command._chosen(history), None)
    printed = capsys.readouterr().out
    assert "chosen by test" in printed
    assert "test (heard) %" in printed
    assert "validation" not in printed
