"""Landscapes worked out by hand, and others against plain simulation."""

import json

import numpy as np
import pytest

from nasbed.core.errors import BadSetting
from nasbed.core.rng import Streams
from nasbed.landscape.landscape import Landscape
from nasbed.landscape.measures import Autocorrelation, FitnessDistance, Surroundings, random_walks
from nasbed.landscape.optima import LocalOptima
from nasbed.landscape.study import study
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201


def ones(space):
    return space.enumerate().sum(axis=1)


def rugged(space, seed=0, missing=0):
    random = np.random.default_rng(seed)
    values = random.normal(size=space.size)
    values[random.permutation(space.size)[:missing]] = np.nan
    return Landscape.of_values(space, values)


# ── one peak ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def peak(bits):
    space = bits(4)
    return Landscape.of_values(space, ones(space))


def test_on_one_peak_every_climb_ends_at_the_top(peak):
    optima = LocalOptima.of(peak)
    assert (optima.optima.tolist(), optima.strict.tolist(), optima.best.tolist(), optima.peaks) == (
        [15],
        [True],
        [True],
        1,
    )
    for climbing in (optima.best_improvement, optima.first_improvement):
        assert climbing.basins == pytest.approx([16])
        assert climbing.success == pytest.approx(1)
        assert climbing.steps == pytest.approx(2)  # as many as there are zeros
    assert (
        optima.best_improvement.evaluations == 1 + 4 * 3
    )  # the start, and all neighbours where it stood: 2 steps, 1 top
    by_zeros = np.cumsum([5.0, *(5 / (zeros + 1) for zeros in range(1, 5))])
    assert optima.first_improvement.evaluations == pytest.approx(by_zeros @ [1, 4, 6, 4, 1] / 16)


def test_on_one_peak_a_walk_forgets_a_half_and_the_way_is_straight(peak):
    walks, distance = Autocorrelation.of(peak, 5), FitnessDistance.of(peak)
    np.testing.assert_allclose(walks.rho, (1 - 2 / 4) ** np.arange(6))  # Weinberger: counting ones of n, 1 − 2/n
    assert walks.length == pytest.approx(1 / np.log(2))
    np.testing.assert_array_equal(distance.distances, 4 - ones(peak.space))
    assert distance.pearson == pytest.approx(-1)
    assert distance.spearman == pytest.approx(-1)


def test_on_one_peak_the_ways_up_are_the_zeros(peak):
    around = Surroundings.of(peak)
    np.testing.assert_array_equal(around.improving, (4 - ones(peak.space)) / 4)
    np.testing.assert_array_equal(around.neutral, 0)
    np.testing.assert_array_equal(around.difference, 1)
    assert Surroundings.of(peak, tolerance=1.0).as_dict()["neutral"] == 1
    places, shares = around.by_quantile(peak, 4)
    np.testing.assert_allclose(places, [0.125, 0.375, 0.625, 0.875])
    assert (np.diff(shares) < 0).all()


# ── two peaks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def trap(bits):
    """The top at 111, and a lower peak at 000, to which all of one 1 are drawn."""
    space = bits(3)
    return Landscape.of_values(space, np.array([2.5, 1, 2, 3])[ones(space)])


def test_two_peaks_divide_the_starts_between_them(trap):
    optima = LocalOptima.of(trap)
    assert optima.optima.tolist() == [7, 0]
    assert optima.best.tolist() == [True, False]
    assert optima.best_improvement.basins.tolist() == [4, 4]
    assert optima.first_improvement.basins == pytest.approx([6, 2])
    assert (optima.best_improvement.success, optima.first_improvement.success) == (0.5, pytest.approx(0.75))
    assert (optima.best_improvement.steps, optima.first_improvement.steps) == (0.75, pytest.approx(1))
    assert optima.best_improvement.evaluations == (2 * 4 + 6 * 7) / 8
    assert optima.first_improvement.evaluations == pytest.approx(45 / 8)  # 4, 4, three of 6 and three of 19/3


def test_a_trap_leads_away_from_the_best(bits):
    space = bits(4)
    deceptive = Landscape.of_values(space, np.array([3.0, 2.5, 2.0, 1.5, 4.0])[ones(space)])
    assert FitnessDistance.of(deceptive).pearson > 0


# ── plateaus ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_on_a_plateau_nothing_is_better_and_nothing_can_be_correlated(bits):
    found = study(Landscape.of_values(bits(3), np.full(8, 0.5)))
    facts = found.facts()
    assert facts["local_optima"]["optima"] == 8
    assert facts["local_optima"]["strict"] == 0
    assert facts["local_optima"]["peaks"] == 1
    assert facts["local_optima"]["first_improvement"]["success"] == 1
    assert facts["neighbourhood"]["neutral"] == 1
    assert facts["random_walk"]["length"] is None
    assert facts["fitness_distance"]["pearson"] is None
    assert "All architectures are worth the same." in found.sentence()
    json.dumps(found.as_dict(), allow_nan=False)


def test_a_shoulder_stops_a_climb_but_is_no_peak(bits):
    optima = LocalOptima.of(Landscape.of_values(bits(2), [1, 1, 0, 2]))  # 00 and 01 are level, from 01 it goes up to 11
    assert optima.optima.tolist() == [3, 0]
    assert optima.strict.tolist() == [True, False]
    assert optima.peaks == 1


# ── what is not there ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_goes_where_there_is_no_value(bits):
    island = Landscape.of_values(bits(2), [1, np.nan, np.nan, 2])
    found = study(island)
    assert LocalOptima.of(island).optima.tolist() == [3, 0]
    assert found.facts()["without_value"] == 2
    assert found.distance.distances.tolist() == [-1, -1, -1, 0]
    assert np.isnan(found.walks.rho).all()
    assert found.cells()[1][1][2] == "–"
    json.dumps(found.as_dict(), allow_nan=False)


def test_what_is_no_landscape_is_refused(bits):
    for values, why in (([1, 2], "has 4 values"), (np.full(4, np.nan), "has no value of any")):
        with pytest.raises(BadSetting, match=why):
            Landscape.of_values(bits(2), values)
    with pytest.raises(BadSetting, match="at least 1 lag"):
        Autocorrelation.of(Landscape.of_values(bits(2), [1, 2, 3, 4]), 0)


# ── against plain simulation ──────────────────────────────────────────────────────────────────────────────────────────


def climbed(landscape, start, generator):
    """Climb by first improvement, plainly: where it ends, in how many steps, after how many evaluations."""
    at, steps, seen = start, 0, 1
    while True:
        for near in generator.permutation(landscape.neighbourhood.of(at)):
            if np.isnan(landscape.values[near]):
                continue
            seen += 1
            if landscape.values[near] > landscape.values[at]:
                at, steps = near, steps + 1
                break
        else:
            return at, steps, seen


def test_first_improvement_is_what_many_climbs_come_to(bits):
    landscape = rugged(bits(6), missing=5)
    optima, generator = LocalOptima.of(landscape), np.random.default_rng(1)
    climbs = [climbed(landscape, start, generator) for start in landscape.order for _ in range(150)]
    ends, steps, seen = (np.array(x) for x in zip(*climbs, strict=True))
    shares = [(ends == optimum).mean() for optimum in optima.optima]
    first = optima.first_improvement
    np.testing.assert_allclose(shares, first.basins / first.basins.sum(), atol=0.012)
    assert first.basins.sum() == pytest.approx(59)
    assert first.success == pytest.approx(shares[0], abs=0.012)
    assert first.steps == pytest.approx(steps.mean(), rel=0.02)
    assert first.evaluations == pytest.approx(seen.mean(), rel=0.02)


def test_walks_come_to_the_exact_autocorrelation():
    space = NASBench101(vertices=4)
    landscape = Landscape.of_values(space, ones(space) + np.random.default_rng(0).normal(size=space.size))
    path = random_walks(landscape, Streams.from_seed(1, 200), 2000)
    assert all(path[0, k + 1] in landscape.neighbourhood.of(path[0, k]) for k in range(100))
    values = landscape.values[path[:, 100:]]
    values = values - values.mean()
    for lag in (1, 2, 3):
        sampled = (values[:, :-lag] * values[:, lag:]).mean() / values.var()
        assert sampled == pytest.approx(Autocorrelation.of(landscape, 3).rho[lag], abs=0.01)


def test_walk_k_of_many_is_walk_k_alone(bits):
    landscape = rugged(bits(5))
    many = random_walks(landscape, Streams.from_seed(3, 6), 40)
    alone = random_walks(landscape, Streams.from_seed(3, 1, first=4), 40)
    np.testing.assert_array_equal(many[4], alone[0])


def test_distance_is_the_number_of_decisions_that_differ():
    landscape = rugged(NASBench201())
    best = landscape.space.archs_of(np.flatnonzero(landscape.best))
    apart = (landscape.space.enumerate() != best).sum(axis=1)
    np.testing.assert_array_equal(FitnessDistance.of(landscape).distances, apart)


def test_laws_of_any_landscape():
    landscape = rugged(NASBench101(vertices=5), seed=2, missing=100)
    optima = LocalOptima.of(landscape)
    values = landscape.values
    for index in optima.optima:
        assert not (values[landscape.neighbourhood.of(index)] > values[index]).any()
    around = Surroundings.of(landscape)
    assert len(optima.optima) == (landscape.there & ~(around.improving > 0)).sum()
    for climbing in (optima.best_improvement, optima.first_improvement):
        assert climbing.basins.sum() == pytest.approx(2432)
        assert (climbing.basins >= 1 - 1e-9).all()
        assert 0 < climbing.success <= 1
    assert optima.best_improvement.steps < optima.first_improvement.steps
