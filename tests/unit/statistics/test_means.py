"""Intervals of means: Student's where runs are not skewed, wider where they are, none where none would cover."""

import numpy as np
import pytest
from scipy import stats

from nasbed.statistics.means import FEWEST, mean_with_ends, outside_p, pooled_mean_with_ends, student_reach

RANDOM = np.random.default_rng(0)


def test_students_interval_is_scipys():
    values = RANDOM.normal(size=(12, 2))
    theirs = stats.t.interval(0.95, 11, values.mean(axis=0), stats.sem(values))
    np.testing.assert_allclose(values.mean(axis=0) + student_reach(values), theirs[1], rtol=1e-12)
    assert np.isnan(student_reach(values[:1])).all()


def test_runs_that_are_not_skewed_have_students_interval():
    values = stats.norm.ppf((np.arange(60) + 0.5) / 60)
    mean, low, high = mean_with_ends(values)
    assert (low, high) == pytest.approx((mean - student_reach(values), mean + student_reach(values)), rel=1e-9)


def test_the_end_on_the_side_of_the_lost_runs_is_where_halls_transformed_t_is_students_quantile():
    values = -np.random.default_rng(3).exponential(size=60)
    mean, low, high = mean_with_ends(values)
    skewness = 2 * stats.skew(values, bias=False) / np.sqrt(60)
    t = (mean - low) / stats.sem(values)
    transformed = t + skewness * (t**2 / 3 + 1 / 6) + skewness**2 * t**3 / 27
    assert transformed == pytest.approx(stats.t.ppf(0.975, 59), rel=1e-9)
    assert high - mean == pytest.approx(student_reach(values))
    mirrored = mean_with_ends(-values)
    assert mirrored[1:] == pytest.approx((-high, -low))


def test_points_of_a_curve_are_computed_as_one_by_one():
    values = RANDOM.gamma(0.5, size=(60, 4))
    together = mean_with_ends(values)
    for point in range(4):
        np.testing.assert_allclose([end[point] for end in together], mean_with_ends(values[:, point]))


@pytest.mark.parametrize(
    "values",
    [
        np.arange(FEWEST - 1.0),
        np.full(60, 0.5),
        np.append(np.full(31, 0.73), np.linspace(0.5, 0.7, 29)),
        np.append(np.arange(59.0), np.nan),
        np.array([1.0]),
        np.array([]),
    ],
    ids=["few", "alike", "more than half alike", "unknown", "one", "none"],
)
def test_means_without_an_interval(values):
    mean, low, high = mean_with_ends(values)
    assert np.isnan([low, high, outside_p(values, 0.1)]).all()
    assert mean == pytest.approx(values.mean() if len(values) else np.nan, nan_ok=True)


def test_half_of_the_runs_may_be_alike():
    mean, low, high = mean_with_ends(np.append(np.full(30, 0.73), np.linspace(0.5, 0.7, 30)))
    assert low < mean < high


def test_strata_are_pooled_by_their_own_spread():
    one, other = RANDOM.normal(0, 1, 30), RANDOM.normal(100, 1, 30)
    mean, low, high = pooled_mean_with_ends([one, other])
    assert mean == pytest.approx(np.concatenate([one, other]).mean())
    error = np.sqrt(30 * one.var(ddof=1) + 30 * other.var(ddof=1)) / 60
    assert high - mean == pytest.approx(stats.t.ppf(0.975, 58) * error, rel=0.1)
    assert low < mean


def test_a_margin_is_at_the_level_at_which_the_interval_ends_there():
    for values in (RANDOM.normal(0.1, 1, 60), -RANDOM.exponential(size=60)):
        _, low, high = mean_with_ends(values, 0.9)
        assert outside_p(values, max(-low, high)) == pytest.approx(0.1)
    assert outside_p(values, 1e9) < 1e-9


def pool(name):
    """Runs that are skewed, lumpy, of two values, or of which one in ten is lost."""
    random = np.random.default_rng(1)
    return {
        "normal": random.normal(size=50_000),
        "exponential": -random.exponential(size=50_000),
        "lognormal": -np.exp(random.normal(size=50_000)),
        "two values": random.integers(0, 2, 50_000) * 1.0,
        "lumps": np.minimum(random.integers(-6, 4, 50_000), 0) + random.normal(size=50_000) / 100,
        "lost": random.normal(size=50_000) - 8 * (random.random(50_000) < 0.1),
    }[name]


@pytest.mark.parametrize("runs", [50, 100])
@pytest.mark.parametrize("name", ["normal", "exponential", "lognormal", "two values", "lumps", "lost"])
def test_intervals_cover_in_92_of_100_where_they_are_given(name, runs):
    runs_of = pool(name)
    values = np.random.default_rng(runs).choice(runs_of, (runs, 4000))
    _, low, high = mean_with_ends(values)
    given = ~np.isnan(low)
    inside = (low <= runs_of.mean()) & (runs_of.mean() <= high)
    assert inside[given].mean() >= 0.92
