"""The stratified bootstrap: its intervals, and that strata stay apart."""

import numpy as np
import pytest
from scipy import stats

from nasbed.statistics.bootstrap import Interval, bootstrap


def mean(values):
    return values.mean(axis=-1)


def test_the_interval_is_scipys_percentile_interval():
    values = np.random.default_rng(0).exponential(size=60)
    own = bootstrap([values], mean, resamples=20_000, seed=1)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", rng=2).confidence_interval
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


def test_the_same_seed_gives_the_same_interval_however_it_is_divided(monkeypatch):
    values = [np.random.default_rng(1).normal(size=30)]
    whole = bootstrap(values, mean, seed=5)
    assert bootstrap(values, mean, seed=5) == whole != bootstrap(values, mean, seed=6)
    monkeypatch.setattr("nasbed.statistics.bootstrap._CELLS_AT_ONCE", 999)
    assert bootstrap(values, mean, seed=5) == whole


def test_what_is_not_there_does_not_count_and_one_run_has_no_interval():
    assert bootstrap([np.array([np.nan, 0.5])], mean).value == 0.5
    assert np.isnan(bootstrap([np.array([0.5])], mean).low)
    assert np.isnan(bootstrap([np.array([np.nan])], mean)).all()
    assert np.isnan(bootstrap([], mean)).all()
    assert bootstrap([np.array([0.5]), np.array([])], mean).text(100) == "50.00"
    assert Interval(np.nan, np.nan, np.nan).text() == "–"
    assert Interval(0.5, 0.25, 0.75).text(-1) == "-0.50 (-0.75 to -0.25)"
