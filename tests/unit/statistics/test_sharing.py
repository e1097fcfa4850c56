"""Sharing: runs that share random streams over benchmarks count once, and tests that need more say that they do not."""

import re
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from made_runs import SPACE, ended

from nasbed.core.errors import BadSetting
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.statistics.bootstrap import bootstrap
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.exact import improvement_p
from nasbed.statistics.improvement import improvements, probability_of_improvement
from nasbed.statistics.interquartile import interquartile_mean, interquartile_means
from nasbed.statistics.profiles import optimality_gaps, performance_profiles
from nasbed.statistics.ranks import average_ranks
from nasbed.statistics.ranks_signed import signed_ranks
from nasbed.statistics.selected import selected, shared_seeds

LABELS = ("a", "b", "c")


def on(name, finals, seed=0, first_run=0, space=SPACE):
    """A comparison on a benchmark whose searches were played under a seed."""
    made = ended(finals, name, first_run=first_run)
    histories = {
        label: replace(one, info={**one.info, "seed": seed}, space=space) for label, one in made.histories.items()
    }
    return Comparison(histories)


def drawn(seed, runs=12, labels=LABELS):
    random = np.random.default_rng(seed)
    return {label: random.random(runs) for label in labels}


def test_the_same_runs_of_a_seed_on_benchmarks_of_one_space_share_their_streams():
    one = on("one", drawn(0), seed=5)
    assert shared_seeds([one, on("two", drawn(1), seed=5)]) == (5,)
    assert shared_seeds([one]) == ()
    others = {
        "another seed": on("two", drawn(1), seed=6),
        "other runs": on("two", drawn(1), seed=5, first_run=12),
        "another space": on("two", drawn(1), seed=5, space=NASBench101(vertices=4)),
        "no seed that is known": ended(drawn(1), "two"),
    }
    for why, other in others.items():
        assert shared_seeds([one, other]) == (), why


def test_a_part_of_a_space_shares_its_streams():
    part = SPACE.only(SPACE.enumerate()[:3])
    assert shared_seeds([on("one", drawn(0)), on("two", drawn(1), space=part)]) == (0,)


def test_other_runs_of_shared_streams_cannot_be_resampled_together():
    one, longer = on("one", drawn(0)), on("two", drawn(1, runs=20))
    with pytest.raises(BadSetting, match=r"\(seed 0\), but were not played by the same runs: 0 to 11, 0 to 19.* own"):
        average_ranks([one, longer])
    assert average_ranks([one, on("two", drawn(1, runs=20), seed=1)]).blocks == 32


@pytest.fixture
def shared():
    """Three benchmarks on which runs do alike, and their runs."""
    finals = [drawn(0), *(drawn(0) for _ in range(2))]
    return [on(f"b{i}", some) for i, some in enumerate(finals)], finals


def test_a_run_on_all_benchmarks_is_one_block(shared):
    comparisons, finals = shared
    once = average_ranks(on("b0", finals[0]))
    found = average_ranks(comparisons)
    assert found.blocks == 12
    np.testing.assert_allclose(found.ranks, once.ranks)
    assert found.friedman == pytest.approx(once.friedman)
    assert "mean over 3 benchmarks, whose runs share their random streams" in found.sentence()
    pairs, alone = signed_ranks(comparisons).pairs, signed_ranks(on("b0", finals[0])).pairs
    assert [pair.p for pair in pairs] == pytest.approx([pair.p for pair in alone])


def test_what_is_played_alike_on_three_benchmarks_is_no_surer_than_on_one(shared):
    comparisons, finals = shared
    for statistic, read in (
        (interquartile_means, lambda found: found.intervals[0]),
        (improvements, lambda found: found.pairs[0].probability),
    ):
        alone, three = (read(statistic(some, "test")) for some in (on("b0", finals[0]), comparisons))
        apart = [replace_seed(one, i) for i, one in enumerate(comparisons)]
        surer = read(statistic(apart, "test"))
        assert three.value == pytest.approx(alone.value, abs=0.02)
        assert width(three) > 0.85 * width(alone), statistic.__name__
        assert width(surer) < 0.8 * width(alone), statistic.__name__


def replace_seed(comparison, seed):
    histories = {label: replace(one, info={**one.info, "seed": seed}) for label, one in comparison.histories.items()}
    return replace(comparison, histories=histories)


def width(interval):
    return interval.high - interval.low


def test_runs_are_drawn_on_all_benchmarks_together():
    values = np.random.default_rng(2).random(9)
    together = bootstrap([np.stack([values, -values])], lambda drawn: drawn.mean(axis=-1))
    assert together == pytest.approx((0, 0, 0), abs=1e-12), "what is up on one is down on the other by as much"
    apart = bootstrap([values, -values], lambda drawn: drawn.mean(axis=-1))
    assert apart.low < -0.05 < 0.05 < apart.high


def test_a_run_that_found_nothing_on_one_benchmark_counts_on_none():
    lost = np.array([[0.1, np.nan, 0.3, 0.4], [0.5, 0.6, 0.7, np.nan]])
    found = bootstrap([lost], interquartile_mean)
    assert found.value == pytest.approx(np.mean([0.1, 0.3, 0.5, 0.7]), abs=0.05)


def test_benchmarks_that_share_streams_are_no_blocks_of_a_test(shared):
    comparisons, _ = shared
    said = r"share their random streams \(seed 0\).* seed of its own"
    ranks = average_ranks(comparisons, blocks="benchmarks")
    assert not ranks.significant
    assert np.isnan([ranks.friedman, ranks.critical_difference]).all()
    assert sorted(ranks.ranks) != [2, 2, 2]
    assert re.search(said, ranks.sentence())
    signed = signed_ranks(comparisons, blocks="benchmarks")
    assert re.search(said, signed.sentence())
    assert not any(pair.apart for pair in signed.pairs)


def test_separate_streams_keep_every_run():
    found = selected([on("one", drawn(0), seed=1), on("two", drawn(1), seed=2)])
    assert found.shared == ()
    assert [some.shape for some in found.strata(0)] == [(12,), (12,)]


def test_runs_that_go_together_are_dealt_together():
    """Every deal of five runs to two and three, counted one by one."""
    one, other = np.array([[1.0, 5.0], [2.0, 9.0]]), np.array([[2.0, 3.0, 4.0], [1.0, 2.0, 7.0]])
    whole = np.concatenate([one, other], axis=1)

    def better(runs):
        rest = [k for k in range(5) if k not in runs]
        return np.mean([probability_of_improvement(row[list(runs)], row[rest]) for row in whole])

    deals = np.array([better(runs) for runs in combinations(range(5), 2)])
    found = better((0, 1))
    tails = [(deals <= found + 1e-12).mean(), (deals >= found - 1e-12).mean()]
    assert improvement_p([(one, other)]) == pytest.approx(min(1, 2 * min(tails)), abs=1e-12)
    copies = np.stack([one[0]] * 3), np.stack([other[0]] * 3)
    assert improvement_p([copies]) == pytest.approx(improvement_p([(one[0], other[0])]), abs=1e-12)


def test_many_runs_that_go_together_are_tested_as_on_one_benchmark():
    finals = drawn(3, runs=60, labels=("a", "b"))
    finals["a"] += 0.12
    alone = improvements(on("b0", finals), "test").pairs[0]
    together = improvements([on(f"b{i}", finals) for i in range(3)], "test").pairs[0]
    assert together.p == pytest.approx(alone.p, rel=1e-2)
    assert together.probability == pytest.approx(alone.probability)


def test_profiles_and_gaps_count_runs_that_go_together_once(shared):
    comparisons, finals = shared
    alone = performance_profiles(on("b0", finals[0]), "test", at=[0.5])
    together = performance_profiles(comparisons, "test", at=[0.5])
    np.testing.assert_allclose(together.low, alone.low)
    np.testing.assert_allclose(together.high, alone.high)
    gaps = [optimality_gaps(some, 1.0, "test").intervals[0] for some in (on("b0", finals[0]), comparisons)]
    np.testing.assert_allclose(gaps[1], gaps[0])
    assert optimality_gaps(comparisons, 1.0).quantity.words == "test accuracy"
