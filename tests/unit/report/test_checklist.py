"""The checklist: what histories say of the 14 practices, and what is marked as missing."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from made_runs import ended

import nasbed
from nasbed.optimizers.random import RandomSearch
from nasbed.report.page.checklist import checklist
from nasbed.report.page.page import html


@dataclass(eq=False)
class Mine(RandomSearch):
    """A method that nasbed does not bring."""


def items(comparison):
    """Mark and text of each practice, by its number."""
    _, table = checklist(comparison).parts
    numbers = [row[0].partition(".")[0] for row in table.rows]
    assert numbers == [str(number) for number in range(1, 15)]
    return {int(number): (row[1][2:], row[2]) for number, row in zip(numbers, table.rows, strict=True)}


@pytest.fixture(scope="module")
def whole():
    """A comparison that says as much as any."""
    methods = ["random", "regularized-evolution", "regularized-evolution:population=20"]
    made = nasbed.compare(methods, evaluations=30, runs=10, fresh_seed=1)
    return replace(made, command="nasbed compare …")


def test_what_the_histories_of_a_whole_comparison_say_is_filled_in(whole):
    found = items(whole)
    assert [number for number, (mark, _) in found.items() if mark != "said"] == [12, 13]
    for number, said in {
        1: "trained by nasbed; data digits",
        2: "regularized-evolution:population=20: of nasbed",
        3: "one command",
        4: "digits101, data digits, space nasbench101",
        5: "regularized-evolution and regularized-evolution:population=20 differ in population alone",
        6: "30 evaluations a run; incumbents by validation accuracy, judged by test accuracy",
        7: "epochs trained, simulated training time",
        8: "random search: random; random sampling: test accuracy 86.",
        9: "10 runs of each, numbers 0 to 9 of seed 0; again under seed 1, whose findings",
        10: "digits101 is a table",
        11: "all searches with python",
        12: "Missing: how they were chosen",
        13: "seconds of training a run, on average: random",
        14: "trained on processor",
    }.items():
        assert said in found[number][1]


def test_what_bare_histories_do_not_say_is_missing():
    found = items(ended({"a": [0.5, 0.6], "b": [0.7, 0.6]}))
    assert {number for number, (mark, _) in found.items() if mark == "missing"} == {1, 2, 3, 5, 8, 10, 11}
    assert "more runs: 2 say little" in found[9][1]
    assert found[2][1] == "Missing: the code of a, b"
    assert "Missing: the hardware" in found[14][1]


def test_what_differs_between_searches_is_named(landscape):
    first, second = (nasbed.search(Mine(), landscape, evaluations=count, runs=2) for count in (5, 6))
    second.info["versions"]["numpy"] = "0.1"
    second.info["benchmark"]["checksum"] = "4567"
    found = items(nasbed.statistics.Comparison({"one": first, "two": second}, differing={"checksum", "evaluations"}))
    assert found[4][1].endswith('checksum was "0123", now "4567"')
    assert "budget.evaluations was 5" in found[6][1]
    assert "one set of versions for all searches" in found[11][1]
    assert found[2] == ("missing", "Missing: the code of one, two")


def test_searches_that_were_told_test_results_miss_a_split():
    told = ended({"a": np.linspace(0.5, 0.6, 12)})
    told.histories["a"].info["benchmark"]["split"] = "test"
    assert "Missing: a split of its own to search by" in items(told)[6][1]


@pytest.mark.slow
def test_the_page_has_it_and_what_a_fresh_seed_found(whole):
    text = html(whole)
    for said in ("Lindauer and Hutter (JMLR 21(243), 2020)", "Under a fresh seed", "Played again under seed 1"):
        assert said in text
