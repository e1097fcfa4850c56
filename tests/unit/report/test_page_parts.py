"""The parts of a page: numbers in few bytes, bands, lines of descent and what changed along them."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed import compare
from nasbed.optimizers.evolution import RegularizedEvolution
from nasbed.report.page.architectures import change, main_line
from nasbed.report.page.bands import bands, offered_of, points
from nasbed.report.page.encoding import as_json, numbers
from nasbed.report.page.importance import explained
from nasbed.report.page.parts import Table
from nasbed.report.page.progress import band
from nasbed.report.page.reaching import _fewer
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.statistics.random_search import RecordedReference, recorded


@pytest.fixture(scope="module")
def evolution(landscape):
    return compare({"e": RegularizedEvolution(8, 3)}, landscape, runs=10, evaluations=60, seed=4).histories["e"]


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=20))
def test_numbers_are_rounded_to_digits_and_none_is_not_finite(values):
    found = numbers(values)
    as_json(found)  # refuses what JSON has no form for
    for value, shown in zip(values, found, strict=True):
        if np.isfinite(value) and abs(value) < 1e308:
            assert shown == pytest.approx(value, rel=1e-4, abs=1e-300)
        elif not np.isfinite(value):
            assert shown is None


def test_a_column_is_of_numbers_when_all_of_it_is():
    rows = [["a", "< 0.001", "1.64 ± 0.23", "–", "3 → 4 vertices"], ["b", "0.5", "4.3 (3.8 to 4.7)", "12", "edge 0→1"]]
    assert Table(["search", "p", "mean", "n", "change"], rows).numeric == {1, 2, 3}
    assert Table(["", ""], [["seed", "0"]]).numeric == frozenset()


def test_a_band_is_drawn_where_there_is_one():
    low = np.array([np.nan, 1, 2, np.nan, np.nan, 3])
    found = band([0, 1, 2, 3, 4, 5], low, low + 1, 0)
    assert [(trace["x"], trace["y"], "fill" in trace) for trace in found] == [
        ([1, 2], [1, 2], False),
        ([1, 2], [2, 3], True),
        ([5], [3], False),
        ([5], [4], True),
    ]
    assert band([0, 1], np.full(2, np.nan), np.full(2, np.nan), 0) == []


def test_of_few_runs_the_median_is_shown_at_first():
    assert [next(iter(offered_of(runs))) for runs in (1, 49, 50)] == ["median", "median", "mean"]
    assert set(offered_of(10)) == set(offered_of(100))


def test_bands_hold_their_line_and_a_regret_turns_them(evolution):
    at = points(evolution, "evaluations")
    several = bands(evolution, ["validation", "test"], "evaluations", at)
    found = bands(evolution, ["test"], "evaluations", at)["test"]
    for name, one in several["test"].items():
        np.testing.assert_array_equal(one.middle, found[name].middle)
    best = evolution.optimum[1]
    for one in found.values():
        assert not (one.low > one.middle + 1e-12).any()
        assert not (one.middle > one.high + 1e-12).any()
        turned = one.below(best)
        np.testing.assert_allclose(turned.middle, best - one.middle)
        np.testing.assert_allclose(turned.low, best - one.high)
        np.testing.assert_allclose(turned.high, best - one.low)
    np.testing.assert_allclose(found["mean"].middle, evolution.test[at.astype(int) - 1].mean(axis=1))
    np.testing.assert_allclose(found["median"].middle, np.median(evolution.test[at.astype(int) - 1], axis=1))


def test_points_begin_with_the_first_and_end_with_the_last(evolution):
    for clock in ("evaluations", "unique", "epochs"):
        at = points(evolution, clock)
        assert at[0] == 1
        assert at[-1] == evolution.clock(clock)[-1].min() or clock == "unique"
        assert (np.diff(at) >= 1).all()
    assert len(points(evolution, "seconds")) <= 140


def test_a_main_line_goes_from_a_founder_to_the_incumbent_by_better_parents(evolution):
    for run in range(evolution.runs):
        line = main_line(evolution, run)
        assert line[-1] == evolution.incumbents[-1, run]
        assert (evolution.parents[line[0], run] < 0).all()
        assert set(line) <= set(evolution.lineage(run))
        for before, step in pairwise(line):
            assert before in evolution.parents[step, run]


def test_of_two_parents_the_better_one_is_followed(evolution):
    parents = np.full((3, 1, 2), -1)
    parents[2, 0] = 0, 1
    history = replace(
        evolution,
        archs=evolution.archs[:3, :1],
        value=np.array([[0.5], [0.6], [0.7]]),
        tried=np.ones((3, 1), bool),
        parents=parents,
        number=None,
        **dict.fromkeys(("test", "mean_validation", "fidelity", "costs", "excess", "ended")),
    )
    assert main_line(history, 0) == [1, 2]


def test_a_change_is_said_as_the_graphs_show_it():
    space = NASBench101()
    one = space.parse("0110/0011/0001/0000:conv3x3,maxpool")
    for text, said in (
        ("0110/0011/0001/0000:conv3x3,conv3x3", "vertex 2: maxpool3x3 → conv3x3-bn-relu"),
        ("0110/0001/0001/0000:conv3x3,maxpool", "edge 1→2 removed"),
        ("0111/0011/0001/0000:conv3x3,maxpool", "edge 0→3 added"),
        ("0110/0011/0001/0000:conv3x3,maxpool", "nothing that the output depends on"),
        ("011/001/000:conv3x3", "4 → 3 vertices, 5 → 3 edges, maxpool3x3 removed"),
        ("01/00:", "4 → 2 vertices, 5 → 1 edges, conv3x3-bn-relu removed, maxpool3x3 removed"),
    ):
        assert change(space, one, space.parse(text)) == said


@given(st.integers(300, 600), st.integers(0, 99))
def test_a_thinned_curve_lies_on_the_whole_one(steps, seed):
    times = np.random.default_rng(seed).uniform(0, 100, steps)
    at = np.concatenate([[0.0], np.sort(times), [100.0]])
    share = np.linspace(0, 1, len(at))
    fewer, kept = _fewer(at, share, 100.0)
    assert len(fewer) <= 200
    assert (np.diff(kept) >= 0).all()
    assert kept[0] == share[np.flatnonzero(at <= fewer[0])[-1]]
    assert kept[-1] == 1


def test_a_reference_comes_back_from_a_file(landscape):
    reference = compare(["random"], landscape, runs=2, evaluations=9).reference
    at = np.arange(1.0, 10)
    written = recorded(reference, at)
    back = RecordedReference.from_dict(written.as_dict())
    np.testing.assert_array_equal(back.test_after(at), reference.test_after(at))
    np.testing.assert_array_equal(back.validation_after(at), reference.validation_after(at))
    assert np.isnan(back.test_after(10))
    assert RecordedReference.from_dict(None) is None


def test_a_decision_explains_what_its_values_differ_by():
    random = np.random.default_rng(0)
    groups = random.integers(0, 3, 2000).astype(np.int8)
    noise = random.normal(0, 1, 2000)
    assert explained(groups, groups.astype(float)) == pytest.approx(1)
    assert explained(groups, noise) == pytest.approx(0, abs=0.01)
    between = np.var([0.0, 1.0, 2.0])
    assert explained(groups, groups + noise) == pytest.approx(between / (between + 1), abs=0.03)
    assert explained(np.zeros(2000, np.int8), noise) == 0
