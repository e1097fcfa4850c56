"""Figures of statistics: what is drawn where, and what is not drawn."""

import matplotlib as mpl
import numpy as np
import pytest
from made_runs import ended

from nasbed import compare
from nasbed.core.errors import BadSetting
from nasbed.report import statistics_figures as figures
from nasbed.report.figures import course, outcome, style
from nasbed.statistics import (
    Comparison,
    anytime_areas,
    average_ranks,
    equivalences,
    improvements,
    interquartile_means,
    optimality_gaps,
    performance_profiles,
    relative_improvements,
    runs_needed,
    signed_ranks,
    times_to_targets,
    winners_curse,
)


@pytest.fixture(scope="module")
def comparison(landscape):
    return compare(["random", "local", "regularized-evolution"], landscape, runs=20, evaluations=40)


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_each_interval_is_a_dot_with_its_ends(comparison):
    found = interquartile_means(comparison)
    axes = figures.interquartile(found).axes[0]
    for i, (interval, container) in enumerate(zip(found.intervals, axes.containers, strict=True)):
        np.testing.assert_allclose(container.lines[0].get_xydata(), [[100 * interval.value, i]])
        (ends,) = container.lines[2][0].get_segments()
        np.testing.assert_allclose(ends[:, 0], [100 * interval.low, 100 * interval.high])
    assert axes.get_xlabel() == "interquartile mean of test accuracy (%)"
    assert [label.get_text() for label in axes.get_yticklabels()] == list(comparison.histories)


def test_a_diagram_of_ranks_names_every_search_and_joins_cliques():
    random = np.random.default_rng(0)
    finals = {name: random.normal(mean, 0.3, 60) for name, mean in (("a", 0), ("b", 0.05), ("c", 1), ("d", 1.05))}
    found = average_ranks(ended(finals))
    assert {frozenset(clique) for clique in found.cliques} == {frozenset("ab"), frozenset("cd")}
    axes = figures.critical_difference(found).axes[0]
    for label, rank in zip(found.labels, found.ranks, strict=True):
        assert any(label in text and f"{rank:.2f}" in text for text in texts(axes))
    bars = [line for line in axes.lines if line.get_linewidth() > 3]
    for bar, clique in zip(bars, found.cliques, strict=True):
        ranks = [found.ranks[found.labels.index(label)] for label in clique]
        low, high = bar.get_xdata()
        assert low < min(ranks) <= max(ranks) < high


def test_a_matrix_has_both_numbers_of_a_pair():
    axes = figures.improvement(improvements(ended({"a": [0.1, 0.4], "b": [0.2, 0.3], "c": [0.2, 0.5]}))).axes[0]
    assert texts(axes) == ["50", "25", "50", "38", "75", "62"]


def test_curves_of_targets_are_their_shares(comparison):
    found = times_to_targets(comparison)
    axes = figures.reached(found).axes[0]
    for line in axes.lines:
        at, shares = found.ecdf(line.get_label())
        np.testing.assert_allclose(line.get_xdata(), at)
        np.testing.assert_allclose(line.get_ydata(), 100 * shares)
    assert figures.reached(found, 0).axes[0].get_ylabel() == "runs that are there, %"


@pytest.mark.slow
def test_everything_can_be_saved_without_a_warning_and_matplotlib_stays_as_it_was(comparison, landscape, tmp_path):
    before = {name: value for name, value in mpl.rcParams.copy().items() if name != "backend"}  # found when first read
    drawn = [
        figures.interquartile(interquartile_means(comparison)),
        figures.areas(anytime_areas(comparison)),
        figures.critical_difference(average_ranks(comparison)),
        figures.improvement(improvements(comparison)),
        figures.reached(times_to_targets(comparison)),
        figures.curse(winners_curse(comparison, landscape)),
    ]
    for number, figure in enumerate(drawn):
        with style():
            figure.savefig(tmp_path / f"{number}.svg")
        assert (tmp_path / f"{number}.svg").stat().st_size > 5000
    assert {name: mpl.rcParams[name] for name in before} == before


FIND = (
    *(Comparison.separated, anytime_areas, average_ranks, equivalences, improvements, interquartile_means),
    *(optimality_gaps, performance_profiles, relative_improvements, runs_needed, signed_ranks, times_to_targets),
    winners_curse,
)


@pytest.mark.parametrize("find", FIND, ids=lambda find: find.__name__)
def test_every_statistic_draws_itself_has_a_frame_and_a_sentence(comparison, find):
    found = find(comparison)
    assert found.plot().axes[0].has_data() or found.plot().axes[0].texts
    assert len(found.frame()) == len(found.rows())
    assert found.sentence().endswith(".")
    assert found.sentence()[:40] in repr(found)


def test_margins_and_goals_are_drawn_in_percentage_points():
    finals = np.random.default_rng(0).normal(0.9, 0.01, (2, 20))
    made = ended({"a": finals[0], "b": finals[1]}, optimum=0.95)
    lines = equivalences(made, margin=0.005).plot().axes[0].lines
    assert {line.get_xdata()[0] for line in lines} >= {-0.5, 0.5}
    assert "goal 95 % on made" in optimality_gaps(made).plot().axes[0].get_title(loc="left")


def test_a_profile_falls_from_all_runs_to_none():
    found = performance_profiles(ended({"a": np.arange(20) / 20}))
    (line,) = performance_profiles(ended({"a": np.arange(20) / 20})).plot().axes[0].lines
    np.testing.assert_allclose(line.get_ydata(), 100 * found.shares[0])
    assert (np.diff(line.get_ydata()) <= 0).all()


def test_what_is_not_there_is_not_drawn():
    nothing = ended({"a": [np.nan]})
    for draw, found in (
        (figures.interquartile, interquartile_means(nothing)),
        (figures.areas, anytime_areas(nothing)),
        (figures.critical_difference, average_ranks(nothing)),
        (figures.improvement, improvements(nothing)),
        (figures.reached, times_to_targets(nothing)),
        (figures.curse, winners_curse(nothing)),
        (figures.signed, signed_ranks(nothing)),
        (figures.gaps, optimality_gaps(nothing)),
        (figures.profiles, performance_profiles(nothing)),
        (figures.relative, relative_improvements(nothing)),
        (figures.equivalence, equivalences(nothing)),
        (figures.needed, runs_needed(nothing)),
        (figures.separation, nothing.separated()),
    ):
        with pytest.raises(BadSetting, match="nothing to draw"):
            draw(found)


def test_one_run_is_drawn_without_an_interval():
    one = ended({"a": [0.5], "b": [0.6], "c": [0.7]})
    for figure in (
        figures.interquartile(interquartile_means(one)),
        figures.critical_difference(average_ranks(one)),
        figures.improvement(improvements(one)),
        figures.curse(winners_curse(one)),
    ):
        assert figure.axes


def names_inside(figure, stem):
    """What is written with that beginning, if all of it lies within the figure."""
    figure.draw_without_rendering()
    found = [text for text in figure.findobj(mpl.text.Text) if stem in text.get_text().replace("\n", "")]
    for text in found:
        (left, low), (right, high) = text.get_window_extent().get_points()
        assert min(left, low) > -1
        assert right < figure.bbox.x1 + 1
        assert high < figure.bbox.y1 + 1
    return [text.get_text().replace("\n", "") for text in found]


@pytest.mark.slow_where("3")
@pytest.mark.parametrize("searches", [2, 3, pytest.param(10, marks=pytest.mark.slow)])
def test_figures_bear_names_of_eighty_letters(landscape, tmp_path, searches):
    stem = "regularized-evolution:population=10,sample=3,selection=tournament,replacement="
    names = [stem + "x" * (79 - len(stem)) + str(i) for i in range(searches)]
    made = compare(dict.fromkeys(names, "random") | {names[0]: "local"}, landscape, runs=5, evaluations=9)
    drawn = [
        course(made, "test-regret"),
        outcome(made, "test"),
        figures.interquartile(interquartile_means(made)),
        figures.critical_difference(average_ranks(made)),
        figures.improvement(improvements(made)),
        figures.reached(times_to_targets(made)),
    ]
    for figure in drawn:
        said = names_inside(figure, "regularized-evolution:")
        assert [name for name in names if not any(name in text for text in said)] == []
        left, _, right, _ = figure.axes[0].get_position().extents
        assert (right - left) * figure.get_figwidth() > 2  # inches
