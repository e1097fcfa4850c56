"""Correlations: SciPy's coefficients, honest intervals, exact searches, and what is shown of them."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nasbed.core.errors import BadSetting
from nasbed.core.proxy import WORST
from nasbed.report.correlation import coefficient_rows, markdown, overview, scatter, search_rows
from nasbed.scores.scores import Scores
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.statistics.correlation import Correlation, _coefficients, coefficients, correlate
from nasbed.statistics.truth import Truth

SPACE = NASBench201()
values = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=3, max_size=40)


def scipys(x, y):
    return [stats.kendalltau(x, y).statistic, stats.spearmanr(x, y).statistic, stats.pearsonr(x, y).statistic]


def made(n=200, slope=1.0, seed=0, **columns):
    """Scores of random cells, and a truth that goes with the first."""
    random = np.random.default_rng(seed)
    x = random.normal(size=n)
    truth = 90 + slope * x + random.normal(size=n)
    scores = Scores(SPACE, SPACE.enumerate()[:n], {"naswot": x, **columns}, np.ones(n), {}, "some")
    return scores, Truth("table:test", "test accuracy (%)", truth)


@given(values)
def test_coefficients_are_scipys_whatever_is_tied(pairs):
    x, y = np.array(pairs, float).T
    found = coefficients(x, y)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert np.isnan(found).all()
    else:
        np.testing.assert_allclose(found, scipys(x, y), atol=1e-12)


@given(values, st.integers(0, 2**32 - 1))
def test_a_resample_correlates_as_if_its_pairs_stood_there_as_often(pairs, seed):
    x, y = np.array(pairs, float).T
    draws = np.bincount(np.random.default_rng(seed).integers(len(x), size=len(x)), minlength=len(x)).astype(np.int32)
    found = _coefficients(draws[None], x, x, y)[0]
    again = coefficients(np.repeat(x, draws), np.repeat(y, draws))
    np.testing.assert_allclose(found, again, atol=1e-12)


@pytest.mark.slow
def test_an_interval_covers_the_truth_as_often_as_it_says():
    population, rho = 60, 0.6
    expected = 2 / np.pi * np.arcsin(rho)  # Kendall's τ of a bivariate normal distribution
    covered = 0
    for seed in range(120):
        random = np.random.default_rng(seed)
        x = random.normal(size=population)
        y = rho * x + np.sqrt(1 - rho**2) * random.normal(size=population)
        scores = Scores(SPACE, SPACE.enumerate()[:population], {"naswot": x}, np.ones(population))
        tau = correlate(scores, Truth("t", "t", y), resamples=300).agreements["naswot"].kendall
        covered += tau.low <= expected <= tau.high
    assert 0.88 <= covered / 120 <= 1.0


def test_intervals_are_the_same_each_time_and_follow_the_seed():
    scores, truth = made()
    first, again, other = (
        correlate(scores, truth, seed=seed, resamples=100).agreements["naswot"].kendall for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other
    assert first.value == other.value


def test_all_proxies_are_held_against_the_same_resamples():
    scores, truth = made()
    twice = Scores(SPACE, scores.archs, {"a": scores["naswot"], "b": 3 * scores["naswot"] + 1}, scores.seconds)
    found = correlate(twice, truth, resamples=50).agreements
    assert found["a"].kendall == found["b"].kendall


def test_the_best_scored_has_its_rank_among_those_scored():
    scores, truth = made(50)
    best = correlate(scores, truth).agreements["naswot"].best
    row = int(np.argmax(scores["naswot"]))
    assert best.architecture == SPACE.format(scores.archs[row])
    assert best.truth == truth.values[row]
    assert best.rank == stats.rankdata(-truth.values, "min")[row]


def test_best_of_n_is_what_drawing_comes_to():
    scores, truth = made(80, ties=np.repeat([1.0, 2.0, 3.0, 4.0], 20))
    found = correlate(scores, truth, searches=(5, 20)).agreements
    random = np.random.default_rng(1)
    for proxy in ("naswot", "ties"):
        for search in found[proxy].searches:
            drawn = random.integers(80, size=(40_000, search.n))
            heard = scores[proxy][drawn] + 1e-9 * random.random(drawn.shape)  # equals at random
            chosen = truth.values[np.take_along_axis(drawn, heard.argmax(axis=1)[:, None], axis=1)[:, 0]]
            assert search.mean == pytest.approx(chosen.mean(), abs=0.03)
            assert search.std == pytest.approx(chosen.std(), abs=0.03)


def test_the_best_of_one_is_chance():
    scores, truth = made()
    found = correlate(scores, truth, searches=(1,))
    for search in (found.agreements["naswot"].searches[0], found.perfect[0], found.random):
        assert search.mean == pytest.approx(truth.values.mean())
        assert search.std == pytest.approx(truth.values.std())


def test_searches_larger_than_what_was_scored_are_left_out():
    scores, truth = made(50)
    assert [search.n for search in correlate(scores, truth).perfect] == [10]


@pytest.mark.parametrize("nothing", [np.nan, np.inf, -np.inf, WORST])
def test_what_is_no_number_ranks_below_all_and_is_counted(nothing):
    scores, truth = made(60)
    spoilt = scores["naswot"].copy()
    spoilt[:6] = nothing
    found = correlate(Scores(SPACE, scores.archs, {"naswot": spoilt}, scores.seconds), truth)
    agreement = found.agreements["naswot"]
    lowest = np.where(np.arange(60) < 6, scores["naswot"].min() - 1, scores["naswot"])
    assert agreement.kendall.value == pytest.approx(stats.kendalltau(lowest, truth.values).statistic)
    assert agreement.pearson.value == pytest.approx(stats.pearsonr(spoilt[6:], truth.values[6:]).statistic)
    assert np.isnan(agreement.pearson.low), "Pearson's r has no interval"
    assert agreement.failed == 6
    assert "naswot has no number for 6 networks" in found.warnings


def test_architectures_without_a_truth_are_left_out_and_counted():
    scores, truth = made(60)
    partly = np.where(np.arange(60) < 20, np.nan, truth.values)
    found = correlate(scores, Truth("t", "t", partly))
    assert found.agreements["naswot"].n == 40
    assert found.agreements["naswot"].kendall.value == pytest.approx(
        stats.kendalltau(scores["naswot"][20:], partly[20:]).statistic
    )
    assert "20 of the 60 architectures scored are not in t" in found.warnings


def test_a_score_that_does_not_vary_correlates_with_nothing():
    scores, truth = made(60, flat=np.ones(60))
    agreement = correlate(scores, truth).agreements["flat"]
    assert np.isnan(agreement.kendall.value)
    assert agreement.best.ties == 60


@pytest.mark.parametrize(
    ("settings", "said"), [({"resamples": 5}, "at least 20 resamples"), ({"searches": (0,)}, "at least 1 architecture")]
)
def test_settings_that_are_not_allowed_are_named(settings, said):
    with pytest.raises(BadSetting, match=said):
        correlate(*made(), **settings)


def test_two_architectures_are_too_few():
    scores, truth = made(60)
    few = np.where(np.arange(60) < 58, np.nan, truth.values)
    with pytest.raises(BadSetting, match=r"is known of 2 of the 60 .* needs 3"):
        Correlation(scores, Truth("t", "t", few))


# ── what is shown ─────────────────────────────────────────────────────────────────────────────────────────────────────


def axes_of(figure):
    (axes,) = figure.axes
    return axes


def dots(axes):
    return np.concatenate([part.get_offsets() for part in axes.collections[:3]])


def test_every_architecture_is_a_dot_and_the_best_has_a_ring():
    scores, truth = made(80)
    axes = axes_of(scatter(correlate(scores, truth), "naswot"))
    drawn = dots(axes)
    np.testing.assert_allclose(np.sort(drawn[:, 0]), np.sort(scores["naswot"]))
    np.testing.assert_allclose(np.sort(drawn[:, 1]), np.sort(truth.values))
    best = int(np.argmax(scores["naswot"]))
    assert axes.collections[3].get_offsets().tolist() == [[scores["naswot"][best], truth.values[best]]]


def test_scores_that_span_orders_of_magnitude_are_drawn_on_a_logarithmic_scale():
    scores, truth = made(80, wide=np.geomspace(1, 1e6, 80))
    found = correlate(scores, truth)
    assert axes_of(scatter(found, "wide")).get_xscale() == "log"
    assert axes_of(scatter(found, "naswot")).get_xscale() == "linear"


def test_a_few_far_scores_are_triangles_at_the_end_of_the_axis():
    scores, truth = made(200)
    far = scores["naswot"].copy()
    far[:2] = -1e6
    found = correlate(Scores(SPACE, scores.archs, {"naswot": far}, scores.seconds), truth)
    figure = scatter(found, "naswot")
    assert axes_of(figure).get_xlim()[0] > -10
    assert len(axes_of(figure).collections[1].get_offsets()) == 2
    assert "2 beyond the axis" in figure._supxlabel.get_text()


def test_a_figure_says_what_is_wrong_with_the_truth():
    scores, truth = made(50)
    told = Truth(truth.name, truth.what, truth.values, ("only test accuracies are known",))
    assert "only test accuracies" in scatter(correlate(scores, told), "naswot")._supxlabel.get_text()


def test_the_overview_has_a_row_a_proxy_the_highest_at_the_top():
    scores, truth = made(80, noise=np.random.default_rng(5).normal(size=80), flops=np.arange(80.0))
    labels = [label.get_text() for label in axes_of(overview(correlate(scores, truth))).get_yticklabels()]
    assert labels[-1] == "naswot"
    assert sorted(labels) == ["flops", "naswot", "noise"]


def test_tables_have_every_proxy_and_both_bounds():
    scores, truth = made(150, params=np.arange(150.0))
    found = correlate(scores, truth)
    assert [row[0] for row in coefficient_rows(found)[1]] == ["naswot", "params"]
    headers, rows = search_rows(found)
    assert headers == ["chosen by", "best of 10", "best of 100"]
    assert [row[0] for row in rows] == ["naswot", "params", "at random", "the truth itself"]
    assert "| naswot | 0." in markdown(found)


@pytest.mark.slow
def test_a_folder_has_figures_tables_and_what_was_held_against_what(tmp_path):
    scores, truth = made(60, **{"naswot:variant=notebook": np.arange(60.0)})
    found = correlate(scores, truth)
    written = found.save(tmp_path / "out", ("png", "svg", "pdf"))
    assert sorted(written) == sorted((tmp_path / "out").iterdir())
    assert (tmp_path / "out" / "scatter-naswot-variant=notebook.pdf").read_bytes().startswith(b"%PDF")
    about = json.loads((tmp_path / "out" / "correlation.json").read_text())
    assert about["truth"] == {"name": "table:test", "what": "test accuracy (%)"}
    frame = pd.read_csv(tmp_path / "out" / "correlation.csv", index_col="proxy")
    assert frame.loc["naswot", "kendall"] == pytest.approx(found.agreements["naswot"].kendall.value)
    assert about["proxies"][0]["kendall_low"] == found.agreements["naswot"].kendall.low


@pytest.mark.slow
def test_the_same_correlation_gives_the_same_bytes(tmp_path):
    for folder in ("a", "b"):
        correlate(*made(60)).save(tmp_path / folder, ("svg", "pdf"))
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_form_that_there_is_not_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(BadSetting, match="png, svg, pdf, not 'bmp'"):
        correlate(*made(60)).save(tmp_path / "out", ("png", "bmp"))
    assert not (tmp_path / "out").exists()
