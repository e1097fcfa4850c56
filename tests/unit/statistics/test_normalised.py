"""Normalised regret: 0 at a table's best, 1 where random search of the same budget ends on average."""

from dataclasses import replace

import made_runs
import numpy as np
import pytest
from made_runs import ended

import nasbed
from nasbed import compare
from nasbed.core.errors import BadSetting
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.interquartile import interquartile_means
from nasbed.statistics.normalised import evaluations_within, mean_seconds
from nasbed.statistics.random_search import random_reference
from nasbed.statistics.ranks import average_ranks
from nasbed.statistics.reading import read
from nasbed.statistics.selected import selected


def known(name, finals, mean, optimum=1.0):
    """A comparison of what runs ended with, for which random search comes to a mean."""
    return replace(ended(finals, name, optimum=optimum), random_mean=mean)


def test_the_best_is_0_and_random_search_1():
    one = known("one", {"a": [1.0, 0.8, 0.9]}, mean=0.8)
    two = known("two", {"a": [0.4, 0.5, 0.45]}, mean=0.4, optimum=0.5)
    found = selected([one, two])
    np.testing.assert_allclose(found.blocks["one"], [[0, 1, 0.5]], atol=1e-12)
    np.testing.assert_allclose(found.blocks["two"], [[1, 0, 0.5]], atol=1e-12)
    assert (found.quantity.words, found.quantity.unit, found.quantity.is_regret) == ("normalised test regret", "", True)


def test_benchmarks_of_different_scales_count_alike():
    wide = known("wide", {"a": [0.9, 0.9], "b": [0.5, 0.5]}, mean=0.5)
    narrow = known("narrow", {"a": [0.99, 0.99], "b": [0.998, 0.998]}, mean=0.99)
    means = interquartile_means([wide, narrow])
    assert [one.value for one in means.intervals] == pytest.approx([0.6, 0.6])
    assert "normalised test regret" in means.sentence()


def test_one_comparison_is_normalised_when_asked():
    one = known("one", {"a": [0.9], "b": [0.8]}, mean=0.8)
    assert selected(one).quantity.words == "test accuracy"
    np.testing.assert_allclose(selected(one, "normalised-regret").worth["one"], [[-0.5], [-1.0]])
    with pytest.raises(BadSetting, match="needs the best that there is"):
        selected(ended({"a": [0.9], "b": [0.8]}), "normalised-regret")


def test_where_it_is_not_known_accuracies_are_pooled():
    one, two = known("one", {"a": [0.9, 0.8]}, mean=0.8), ended({"a": [0.9, 0.8]}, "two")
    assert selected([one, two]).quantity.words == "test accuracy"
    beyond = known("beyond", {"a": [0.9, 0.8]}, mean=1.0)
    assert selected([one, beyond]).quantity.words == "test accuracy", "random search that ends at the best has no scale"


def test_numbers_of_another_kind_are_pooled_once_normalised():
    one = known("one", {"a": [0.9, 0.8], "b": [0.9, 0.7]}, mean=0.8)
    years = known("years", {"a": [-3.0, -2.0], "b": [-1.0, -2.0]}, mean=-4.0, optimum=-1.0)
    about = {"name": "years", "measure": "negative mae", "tested": "negative mae"}
    histories = {k: replace(h, info={**h.info, "benchmark": about}) for k, h in years.histories.items()}
    years = replace(years, histories=histories)
    assert average_ranks([one, years]).blocks == 4
    with pytest.raises(BadSetting, match="do not mean the same by test"):
        average_ranks([one, years], "test")


def test_the_scale_is_random_searchs_exact_expectation(landscape):
    without = compare(["local"], landscape, runs=3, evaluations=20)
    exact = float(random_reference(landscape).test_after(20))
    assert without.reference is None
    assert without.normaliser == pytest.approx(exact, abs=1e-12)
    many = compare(["random"], landscape, runs=2000, evaluations=20)
    regret = selected(many, "normalised-regret").blocks["landscape"]
    assert regret.mean() == pytest.approx(1, abs=4 * regret.std() / np.sqrt(2000))


def test_without_test_results_the_scale_is_of_validation(untested):
    many = compare(["random"], untested, runs=2000, evaluations=20)
    regret = selected(many, "normalised-regret")
    values = regret.blocks["landscape"]
    assert regret.quantity.words == "normalised validation regret"
    assert values.mean() == pytest.approx(1, abs=4 * values.std() / np.sqrt(2000))


def test_time_stands_for_as_many_evaluations_as_it_is_enough_for(landscape):
    each = mean_seconds(landscape, None)
    assert evaluations_within({"seconds": 10 * each}, None, 1, landscape) == 10
    assert evaluations_within({"seconds": 10 * each}, None, 4, landscape) == 40
    assert evaluations_within({"epochs": 100}, 4, 1, landscape) == 25
    assert evaluations_within({"evaluations": 7, "epochs": 1000}, None, 1, landscape) == 7
    budget = compare(["local"], landscape, runs=3, seconds=20 * each)
    assert budget.normaliser == pytest.approx(float(random_reference(landscape).test_after(20)))


@pytest.mark.slow
def test_a_folder_keeps_the_scale(landscape, tmp_path):
    one = compare(["local"], landscape, runs=3, evaluations=9)
    one.save(tmp_path, ["svg"])
    (back,) = read([tmp_path]).values()
    assert back.normaliser == one.normaliser


def test_where_no_benchmark_is_at_hand_random_search_itself_is_the_scale():
    history = made_runs.history([[0.3], [0.5]])
    named = replace(history, info={**history.info, "optimizer": "RandomSearch"})
    assert Comparison({"a": history, "b": named}).normaliser == pytest.approx(0.4)
    assert np.isnan(Comparison({"a": history}).normaliser)


def test_searches_that_differ_in_what_is_studied_have_no_one_scale(landscape):
    histories = {str(n): nasbed.search("random", landscape, evaluations=n, runs=2) for n in (3, 4)}
    assert np.isnan(Comparison(histories, differing={"evaluations"}).normaliser)
