"""The stratified bootstrap: its intervals, and that strata stay apart."""

import numpy as np
import pytest
from scipy import stats

from nasbed.statistics.bootstrap import Interval, bootstrap, expanded, interquartile_band
from nasbed.statistics.interquartile import interquartile_mean


def mean(values):
    return values.mean(axis=-1)


def test_the_interval_is_scipys_percentile_interval_expanded():
    values = np.random.default_rng(0).exponential(size=60)
    own = bootstrap([values], mean, resamples=20_000, seed=1)
    settings = {"n_resamples": 20_000, "method": "percentile", "confidence_level": 1 - 2 * expanded([60])}
    theirs = stats.bootstrap((values,), np.mean, rng=2, **settings).confidence_interval
    assert own.value == values.mean()
    assert own.low == pytest.approx(theirs.low, abs=0.01)
    assert own.high == pytest.approx(theirs.high, abs=0.01)


def test_it_covers_the_truth_as_often_as_it_says():
    random = np.random.default_rng(3)
    intervals = [bootstrap([random.normal(size=50)], mean, resamples=400, seed=k) for k in range(400)]
    covered = np.mean([found.low <= 0 <= found.high for found in intervals])
    assert 0.90 < covered < 0.98


def test_runs_of_one_stratum_never_stand_in_for_those_of_another():
    constant = [np.full(9, 0.2), np.full(9, 0.6)]
    assert bootstrap(constant, mean) == Interval(pytest.approx(0.4), pytest.approx(0.4), pytest.approx(0.4))
    pooled = bootstrap([np.concatenate(constant)], mean)
    assert pooled.high - pooled.low > 0.1


def test_runs_on_several_benchmarks_are_drawn_as_one_where_they_are_given_so():
    values = np.random.default_rng(0).normal(size=40)
    alone, thrice = bootstrap([values], mean), bootstrap([np.stack([values] * 3)], mean)
    assert thrice == pytest.approx(alone)
    apart = bootstrap([values] * 3, mean)  # as if three times as many runs had been played
    assert apart.high - apart.low < 0.7 * (alone.high - alone.low)


def test_the_same_seed_gives_the_same_interval_however_it_is_divided(monkeypatch):
    values = [np.random.default_rng(1).normal(size=30)]
    whole = bootstrap(values, mean, seed=5)
    assert bootstrap(values, mean, seed=5) == whole != bootstrap(values, mean, seed=6)
    monkeypatch.setattr("nasbed.statistics.bootstrap._CELLS_AT_ONCE", 999)
    assert bootstrap(values, mean, seed=5) == whole


def test_percentiles_are_expanded_for_few_runs_and_left_alone_for_many():
    quantile = np.sqrt(10 / 9) * stats.t.ppf(0.025, 9)
    assert expanded([10]) == pytest.approx(stats.norm.cdf(quantile))
    assert expanded([5, 5]) == pytest.approx(stats.norm.cdf(np.sqrt(10 / 8) * stats.t.ppf(0.025, 8)))
    assert expanded([10_000]) == pytest.approx(0.025, abs=1e-4)


def test_too_few_runs_have_no_interval():
    eight, nine = (bootstrap([np.arange(n) / 10], mean) for n in (8, 9))
    assert np.isnan(eight.low)
    assert eight.value == 0.35
    assert nine.low < nine.value < nine.high


def test_each_of_several_benchmarks_needs_five_runs():
    four, five = (bootstrap([np.arange(n) / 10] * 3, mean) for n in (4, 5))
    assert np.isnan(four.low)
    assert five.low < five.value < five.high


def test_the_band_of_a_curve_is_the_interval_of_every_point():
    values = np.sort(np.random.default_rng(0).gamma(2.0, size=(30, 3)), axis=0)  # the same runs are drawn then
    middle, low, high = interquartile_band(values)
    for point in range(3):
        alone = bootstrap([values[:, point]], interquartile_mean)
        assert middle[point] == pytest.approx(alone.value)
        assert (low[point], high[point]) == pytest.approx((alone.low, alone.high), rel=1e-9)


def test_a_band_begins_where_every_run_has_something_and_needs_nine_runs():
    values = np.random.default_rng(0).random((9, 2))
    values[3, 0] = np.nan
    middle, low, high = interquartile_band(values)
    assert np.isnan([middle[0], low[0], high[0]]).all()
    assert low[1] < middle[1] < high[1]
    assert np.isnan(interquartile_band(values[:8])[1]).all()
    assert interquartile_band(values[:3, 1:])[0][0] == pytest.approx(values[:3, 1].mean())


def test_what_is_not_there_does_not_count_and_one_run_has_no_interval():
    assert bootstrap([np.array([np.nan, 0.5])], mean).value == 0.5
    assert np.isnan(bootstrap([np.array([0.5])], mean).low)
    assert np.isnan(bootstrap([np.array([np.nan])], mean)).all()
    assert np.isnan(bootstrap([], mean)).all()
    assert bootstrap([np.array([0.5]), np.array([])], mean).text(100) == "50.00"
    assert Interval(np.nan, np.nan, np.nan).text() == "–"
    assert Interval(0.5, 0.25, 0.75).text(-1) == "-0.50 (-0.75 to -0.25)"
