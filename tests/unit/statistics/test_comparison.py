"""Comparisons: what they say of their runs, and what they leave in a folder."""

import json

import made_runs
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nasbed import compare
from nasbed.core.errors import BadSetting
from nasbed.optimizers.climbing.local import LocalSearch
from nasbed.optimizers.evolution import RegularizedEvolution
from nasbed.optimizers.random import RandomSearch
from nasbed.run.history import History
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.means import mean_with_ends
from nasbed.statistics.random_search import random_reference
from nasbed.statistics.summary import curve, horizon, median_ends

OPTIMIZERS = {"random": "random", "evolution": RegularizedEvolution(8, 3), "local": LocalSearch()}


@pytest.fixture(scope="module")
def comparison(landscape):
    return compare(OPTIMIZERS, landscape, runs=60, evaluations=40, seed=2)


def test_the_summary_is_what_the_histories_say(comparison, landscape):
    for row, (label, history) in zip(comparison.summary(), comparison.histories.items(), strict=True):
        assert row["optimizer"] == label
        assert row["runs"] == 60
        assert row["evaluations"] == 40
        assert row["epochs"] == 480
        regret = landscape.optimum()[1] - landscape.test(history.best)
        assert row["validation"] == pytest.approx(history.best_value.mean())
        assert row["mean_validation"] == pytest.approx(landscape.query(history.best).value.mean())
        assert row["test"] == pytest.approx(landscape.test(history.best).mean())
        assert row["test_regret"] == pytest.approx(regret.mean())
        assert row["test_regret_median"] == pytest.approx(np.median(regret))
        ends = [float(end) for end in mean_with_ends(regret)[1:]]
        given = [row["test_regret_low"], row["test_regret_high"]]
        assert given == ([None, None] if np.isnan(ends[0]) else pytest.approx(ends))
        unique = [len(set(landscape.space.key(history.archs[:, run]))) for run in range(60)]
        assert row["unique_evaluations"] == pytest.approx(np.mean(unique))
        best = landscape.validation.mean(axis=1).argmax()
        assert row["optimum_found"] == pytest.approx((landscape.space.index(history.best) == best).mean())
    assert json.loads(json.dumps(comparison.summary())) == comparison.summary()
    assert list(comparison.frame().index) == list(OPTIMIZERS)


def test_curves_are_means_over_the_runs(comparison):
    for label, line in comparison.curves("test", at=np.array([1.0, 7.0, 40.0])).items():
        test = comparison.histories[label].test[[0, 6, 39]]
        np.testing.assert_allclose(line.mean, test.mean(axis=1))
        np.testing.assert_allclose(line.median, np.median(test, axis=1))
        np.testing.assert_allclose([line.low, line.high], mean_with_ends(test.T)[1:], rtol=1e-12)
        assert (line.median_low <= line.median).all()
        assert (line.median <= line.median_high).all()


def test_the_median_has_the_interval_that_scipy_finds_by_the_binomial_test():
    values = np.random.default_rng(0).gamma(2.0, size=(31, 3))
    low, high = median_ends(values)
    for point in range(3):
        theirs = stats.quantile_test(values[:, point]).confidence_interval(0.95)
        assert (low[point], high[point]) == (theirs.low, theirs.high)


def test_a_median_has_an_interval_from_six_runs_on():
    for runs, given in ((0, False), (1, False), (5, False), (6, True)):
        values = np.arange(2.0 * runs).reshape(runs, 2)
        assert np.isfinite(median_ends(values)).all() == given
    assert np.isnan(median_ends(np.append(np.arange(6.0), np.nan))).all()


def test_a_mean_is_over_the_same_runs_at_every_point(comparison):
    history = comparison.histories["local"]
    ends, starts = history.clock("seconds")[[-1, 0]]
    assert horizon(history, "seconds") == ends.min() < ends.max()
    line = curve(history, "test", "seconds")
    assert line.at[-1] == ends.min()
    np.testing.assert_array_equal(np.isnan(line.mean), line.at < starts.max())


def test_a_run_with_nothing_left_to_try_does_not_shorten_the_curves(landscape):
    history = compare([RandomSearch(replacement=False)], landscape, runs=3, evaluations=200).histories
    assert horizon(next(iter(history.values())), "evaluations") == 91


def test_random_search_follows_its_exact_expectation(landscape):
    comparison = compare(["random"], landscape, runs=2000, evaluations=30)
    history = comparison.histories["random"]
    for n in (1, 10, 30):
        for metric, expected in (
            ("validation", comparison.reference.validation_after(n)),
            ("test", comparison.reference.test_after(n)),
        ):
            values = history.metric(metric)[n - 1]
            assert abs(values.mean() - expected) < 4 * values.std() / np.sqrt(len(values))


def test_the_expectation_is_only_given_where_it_holds(landscape):
    assert compare(["random"], landscape, runs=2, evaluations=2).reference is not None
    assert compare(["local"], landscape, runs=2, evaluations=2).reference is None
    assert compare(["random"], landscape, runs=2, evaluations=2, duplicates="free").reference is None
    assert compare([RandomSearch(replacement=False)], landscape, runs=2, evaluations=2).reference is None
    drawn, averaged = random_reference(landscape), random_reference(landscape, repeats="mean")
    np.testing.assert_allclose(drawn.values.mean(axis=1), averaged.values[:, 0])


def test_a_folder_has_everything_and_keeps_what_is_not_its_own(comparison, tmp_path):
    folder = tmp_path / "new" / "study"
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")
    (folder / "summary.csv").write_text("old")
    written = comparison.save(folder)
    assert sorted(written) == sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "notes.txt")
    names = {p.relative_to(folder).as_posix() for p in written}
    figures = {"validation", "test-regret-by-evaluations", "test-regret-by-seconds", "final"}
    assert {f"{name}.{form}" for name in figures for form in ("png", "svg")} < names
    assert (folder / "notes.txt").read_text() == "mine"
    pd.testing.assert_frame_equal(pd.read_csv(folder / "summary.csv", index_col=0), comparison.frame())
    about = json.loads((folder / "comparison.json").read_text())
    assert about["benchmark"]["checksum"] == "0123"
    assert about["seed"] == 2
    assert about["warnings"] == ["This landscape is made up."]
    assert about["optimizers"]["evolution"]["settings"]["population"] == 8
    assert about["versions"]["nasbed"]
    for label, history in comparison.histories.items():
        back = History.from_parquet(folder / about["optimizers"][label]["history"])
        np.testing.assert_array_equal(back.metric("test")[-1], history.metric("test")[-1])
    text = (folder / "summary.md").read_text()
    assert "This landscape is made up." in text
    assert comparison.separated().sentence() in text


@pytest.mark.slow
def test_statistics_are_figures_and_tables_for_papers_and_programs(comparison, tmp_path):
    comparison.save(tmp_path, ["pdf"])
    names = {p.name for p in (tmp_path / "statistics").iterdir()}
    assert {"ranks.pdf", "ranks.csv", "ranks.md", "ranks.tex", "signed-ranks.tex", "winners-curse.pdf"} <= names
    assert (tmp_path / "final.pdf").read_bytes().startswith(b"%PDF")
    assert r"\toprule" in (tmp_path / "summary.tex").read_text()
    assert "This landscape is made up." in (tmp_path / "summary.tex").read_text()
    assert not list(tmp_path.rglob("*.png"))
    with pytest.raises(BadSetting, match="figures are png, svg, pdf, not 'gif'"):
        comparison.save(tmp_path, ["gif"])


@pytest.mark.slow
def test_the_same_comparison_gives_the_same_bytes(landscape, tmp_path):
    for name in ("a", "b"):
        comparison = compare(["random", "local"], landscape, runs=5, evaluations=9)
        comparison.save(tmp_path / name, ["svg", "pdf"])
    for path in (tmp_path / "a").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes(), path.name


@pytest.mark.slow
def test_without_test_results_searches_are_judged_by_validation(untested, tmp_path):
    comparison = compare(["random", "local"], untested, runs=5, evaluations=9)
    assert comparison.metric == "validation"
    assert comparison.summary()[0]["test"] is None
    assert comparison.summary()[0]["test_regret_low"] is None
    figures = {p.stem for p in comparison.save(tmp_path) if p.suffix == ".png" and p.parent == tmp_path}
    assert figures == {"validation", "final"}


@pytest.mark.slow
def test_a_single_run_can_be_compared_and_tells_nothing_apart(landscape, tmp_path):
    comparison = compare(["random", "local"], landscape, runs=1, evaluations=3)
    comparison.save(tmp_path, ["svg"])
    assert not comparison.separated().pairs[0].apart


def test_labels_name_settings_that_are_not_defaults(landscape):
    comparison = compare(
        [RegularizedEvolution(population=19), LocalSearch(), "random"], landscape, runs=2, evaluations=2
    )
    assert list(comparison.histories) == ["RegularizedEvolution(population=19)", "LocalSearch", "random"]


@pytest.mark.slow
def test_labels_that_no_file_can_bear_still_get_files_of_their_own(landscape, tmp_path):
    comparison = compare({"a/b": "random", "A:B": "random", "…": "random"}, landscape, runs=2, evaluations=2)
    comparison.save(tmp_path, ["svg"])
    assert sorted(p.name for p in (tmp_path / "histories").iterdir()) == [
        "A-B-2.parquet",
        "a-b.parquet",
        "search.parquet",
    ]


def test_progress_goes_from_nothing_to_everything_once(landscape):
    heard = []
    compare(["random", "local"], landscape, runs=3, evaluations=200, progress=heard.append)
    shares = [status.share for status in heard]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert list(dict.fromkeys(status.search for status in heard)) == ["random", "local"]


@pytest.mark.parametrize(
    ("optimizers", "complaint"),
    [([], "nothing to compare"), (["random", "random"], "two searches are called 'random'")],
)
def test_what_cannot_be_compared_is_said(landscape, optimizers, complaint):
    with pytest.raises(BadSetting, match=complaint):
        compare(optimizers, landscape, runs=2, evaluations=2)


@pytest.mark.parametrize(
    ("other", "complaint"),
    [
        (made_runs.history([[0.1], [0.2]]), "the same number of runs, not 3 \\(a\\) and 2 \\(b\\)"),
        (made_runs.history([[0.1]] * 3, first_run=5), "the same number of the first run, not 0 \\(a\\) and 5 \\(b\\)"),
        (
            made_runs.history([[0.1]] * 3, benchmark="another"),
            "the same benchmark, not made \\(a\\) and another \\(b\\)",
        ),
    ],
)
def test_histories_that_cannot_be_held_against_each_other_are_refused_at_the_door(other, complaint):
    with pytest.raises(BadSetting, match=complaint):
        Comparison({"a": made_runs.history([[0.1], [0.2], [0.3]]), "b": other})
    with pytest.raises(BadSetting, match="nothing to compare"):
        Comparison({})


def test_evaluations_of_different_lengths_are_warned_of():
    uneven = compare(["random", "hyperband"], "digits101", runs=4, evaluations=20)
    assert any("different lengths" in warning and "(hyperband)" in warning for warning in uneven.warnings)
    even = compare(["random", "hyperband"], "digits101", runs=4, total_epochs=240)
    assert even.warnings == compare(["random"], "digits101", runs=1, evaluations=1).warnings


def test_a_folder_that_cannot_be_made_is_said(comparison, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadSetting, match="no folder can be made"):
        comparison.save(tmp_path / "file" / "study")


def test_a_regret_does_not_tell_apart(comparison):
    with pytest.raises(BadSetting, match="not 'test-regret'"):
        comparison.separated("test-regret")
