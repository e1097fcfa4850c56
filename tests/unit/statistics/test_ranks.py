"""Average ranks: Demšar's published example, SciPy's and scikit-posthocs' figures, and laws of ranks."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from made_runs import ended
from scipy import stats

from nasbed.core.errors import BadSetting
from nasbed.statistics.ranks import AverageRanks, _beyond, average_ranks

DEMSAR = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975],  # printed alike, but ranked 2 and 3: rounded
        [0.957, 0.978, 0.946, 0.970],
    ]
).T
"""Accuracies of C4.5 and its variants m, cf and m+cf on 14 data sets: Demšar, JMLR 2006, Table 6."""
LABELS = ("C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf")


def test_demsars_example_is_reproduced():
    found = AverageRanks.ranked(DEMSAR, LABELS)
    np.testing.assert_allclose(found.ranks, [3.143, 2.000, 2.893, 1.964], atol=5e-4)
    assert found.critical_difference == pytest.approx(1.25, abs=0.005)  # for four at 95 %, section 3.2.2
    by_ranks = 12 * 14 / (4 * 5) * ((found.ranks**2).sum() - 4 * 25 / 4)
    assert by_ranks == pytest.approx(9.28, abs=0.005)  # as published, which does not correct for ties
    assert found.friedman == pytest.approx(stats.friedmanchisquare(*DEMSAR).statistic)
    assert found.friedman > by_ranks
    assert found.friedman_p < 0.05


def test_the_published_q_is_used():
    for k, q in ((3, 2.343), (5, 2.728), (10, 3.164)):  # Demšar, Table 5a
        found = AverageRanks.ranked(np.random.default_rng(k).random((k, 25)), [str(i) for i in range(k)])
        assert found.critical_difference == pytest.approx(q * np.sqrt(k * (k + 1) / (6 * 25)), rel=5e-4)


def test_the_tail_of_the_studentised_range_is_scipys():
    q = np.array([[0.0, 0.3, 1.0], [2.0, 3.3, 8.0]])
    for k in (2, 3, 10, 30):
        np.testing.assert_allclose(_beyond(q, k), stats.studentized_range.sf(q, k, np.inf), atol=1e-12)


@pytest.mark.slow
def test_p_values_are_those_of_scikit_posthocs():
    worth = np.round(np.random.default_rng(4).normal(np.arange(6)[:, None] / 4, 1, (6, 30)), 1)
    code = "import json, sys, numpy, scikit_posthocs as s; worth = numpy.array(json.load(sys.stdin)); "
    code += "print(json.dumps(s.posthoc_nemenyi_friedman(-worth.T).to_numpy().tolist()))"
    command = [sys.executable, "-W", "ignore", "-c", code]  # by itself: it imports pyplot, which changes matplotlib
    ran = subprocess.run(command, input=json.dumps(worth.tolist()), capture_output=True, text=True, check=True)
    found = AverageRanks.ranked(worth, "abcdef").p_values
    np.testing.assert_allclose(found, json.loads(ran.stdout), atol=1e-9)
    assert ((found < 0.05) & (found > 0)).any()


@given(arrays(float, (4, 6), elements=st.sampled_from([0.1, 0.2, 0.3])))
def test_ranks_of_each_block_add_up_and_equals_share_theirs(worth):
    found = AverageRanks.ranked(worth, "abcd")
    assert found.ranks.sum() == pytest.approx(4 * 5 / 2)
    assert ((found.ranks >= 1) & (found.ranks <= 4)).all()
    assert 0 <= found.friedman_p <= 1
    np.testing.assert_allclose(found.ranks[::-1], AverageRanks.ranked(worth[::-1], "dcba").ranks)
    np.testing.assert_array_equal(np.isnan(found.p_values), False)


def test_cliques_are_the_largest_groups_within_the_critical_difference():
    best_to_worst = np.arange(5)[:, None] + np.zeros(40)
    apart = AverageRanks.ranked(-best_to_worst, "abcde")
    assert apart.critical_difference < 1
    assert apart.cliques == []
    few = AverageRanks.ranked(-best_to_worst[:, :4], "abcde")
    assert few.critical_difference == pytest.approx(2.728 * np.sqrt(30 / 24), rel=1e-3)  # 3.05: four neighbours
    assert few.cliques == [("a", "b", "c", "d"), ("b", "c", "d", "e")]
    sentence = few.sentence()
    assert "a over e" in sentence
    assert "a over d" not in sentence


def test_where_friedman_sees_nothing_no_pair_is_told_apart():
    found = AverageRanks.ranked(np.random.default_rng(0).random((6, 12)), "abcdef")
    assert found.friedman_p > 0.05
    assert [len(clique) for clique in found.cliques] == [6]
    assert "no two of them are told apart" in found.sentence()
    equal = AverageRanks.ranked(np.full((3, 9), 0.5), "abc")
    assert (equal.friedman, equal.friedman_p, equal.ranks.tolist()) == (0.0, 1.0, [2, 2, 2])


def test_blocks_are_runs_or_benchmarks():
    one = ended({"a": [0.9, 0.9, 0.2], "b": [0.1, 0.1, 0.8], "c": [0.0, 0.0, 0.0]}, "one")
    two = ended({"a": [0.9, 0.9, 0.9], "b": [0.5, 0.5, 0.5], "c": [0.7, 0.7, np.nan]}, "two")
    runs, benchmarks = average_ranks([one, two]), average_ranks([one, two], blocks="benchmarks")
    assert (runs.blocks, runs.left_out, benchmarks.blocks) == (5, 1, 2)
    np.testing.assert_allclose(runs.ranks, [6 / 5, (2 + 2 + 1 + 3 + 3) / 5, (3 + 3 + 3 + 2 + 2) / 5])
    np.testing.assert_allclose(benchmarks.ranks, [1.0, 2.5, 2.5])
    regret = average_ranks([one, two], "test-regret")
    np.testing.assert_allclose(regret.ranks, runs.ranks)
    with pytest.raises(BadSetting, match="runs or benchmarks"):
        average_ranks(one, blocks="seeds")


@pytest.mark.parametrize(
    ("finals", "said"),
    [
        ({"a": [0.5, 0.6]}, "one search"),
        ({"a": [np.nan], "b": [0.5], "c": [0.5]}, "none of the runs"),
        ({"a": [0.5], "b": [0.4], "c": [0.3]}, "One run says nothing"),
        ({"a": [0.5, 0.5], "b": [0.4, 0.4]}, "With two searches there is no Friedman test"),
    ],
)
def test_what_cannot_be_said_is_said(finals, said):
    found = average_ranks(ended(finals))
    assert said in found.sentence()
    assert len(found.rows()) == len(finals) == len(found.cells()[1])
    json.dumps(found.as_dict(), allow_nan=False)
