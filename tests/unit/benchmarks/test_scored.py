"""Scores as a benchmark: any search can hear them, and says that they are no accuracies."""

import numpy as np
import pytest
from scores.scorings import made_up

import nasbed
from nasbed.benchmarks.resolve import resolve
from nasbed.benchmarks.scored import ScoredBenchmark
from nasbed.core.errors import BadSetting, NotInTable, UnknownName
from nasbed.core.rng import Streams
from nasbed.scores.asked import Asked
from nasbed.scores.scores import Scores
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.testing.benchmarks import benchmark_laws

SPACE = NASBench101(vertices=5)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    out = tmp_path_factory.mktemp("scored") / "all.sqlite"
    made_up(out, space=SPACE, asked=Asked(), proxies="snip,naswot:variant=notebook")
    return out


@pytest.fixture(scope="module")
def scored(path):
    return resolve(f"scored:{path}:snip:digits101")


def test_a_value_is_the_score_and_its_cost_the_seconds_of_scoring(scored, path):
    scores = Scores.read(path)
    answers = scored.query(scores.archs)
    np.testing.assert_array_equal(answers.value, scores["snip"])
    np.testing.assert_array_equal(answers.seconds, scores.seconds)
    assert not answers.epochs.any()


def test_equal_architectures_are_answered_alike(scored):
    drawn = SPACE.sample(Streams.from_seed(0, 300))
    enumerated = SPACE.enumerate()[SPACE.index(drawn)]
    np.testing.assert_array_equal(scored.query(drawn).value, scored.query(enumerated).value)


@pytest.mark.parametrize("law", benchmark_laws, ids=str)
def test_it_keeps_the_laws(scored, law):
    law(scored)


def test_test_accuracies_are_the_truths(scored):
    digits, archs = nasbed.benchmark("digits101"), SPACE.enumerate()
    np.testing.assert_array_equal(scored.test(archs), digits.test(archs))
    assert scored.optimum()[1] == digits.optimum()[1]


def test_without_a_truth_nobody_knows_test_accuracies(path):
    alone = resolve(f"scored:{path}:snip")
    assert np.isnan(alone.test(SPACE.enumerate())).all()
    assert alone.optimum()[0] == Scores.read(path)["snip"].max()


def test_evolution_searches_it_and_its_history_says_what_it_heard(scored):
    history = nasbed.search("regularized-evolution", scored, evaluations=80, runs=5)
    assert history.best_value.min() > np.median(scored.query(SPACE.enumerate()).value)
    assert history.measure == "snip score"
    assert "validation is the snip score, not an accuracy" in history.warnings


@pytest.mark.slow
def test_a_comparison_shows_scores_as_they_are(scored, tmp_path):
    comparison = nasbed.compare(["random", "local"], scored, runs=10, evaluations=20)
    assert (comparison.factor("validation"), comparison.factor("test")) == (1.0, 100.0)
    comparison.save(tmp_path, ["svg"])
    assert "snip score (heard)" in (tmp_path / "summary.md").read_text()
    assert (tmp_path / "validation.svg").exists()
    assert "final snip score" in comparison.separated("validation").sentence()
    assert "points" not in comparison.separated("validation").sentence()


@pytest.mark.parametrize(
    ("rest", "proxy", "truth"),
    [
        ("", "snip", None),
        (":naswot:variant=notebook", "naswot:variant=notebook", None),
        (":naswot:variant=notebook:digits101", "naswot:variant=notebook", "digits101"),
        (":params", "params", None),
    ],
)
def test_a_name_says_file_proxy_and_truth(path, rest, proxy, truth):
    made = resolve(f"scored:{path}{rest}")
    assert made.proxy == proxy
    assert (made.truth.name if made.truth else None) == truth


@pytest.mark.parametrize(
    ("rest", "error", "said"),
    [
        (":snap", UnknownName, "Did you mean 'snip'"),
        (":snip:digits100", UnknownName, "Did you mean 'digits101'"),
    ],
)
def test_what_there_is_not_is_named(path, rest, error, said):
    with pytest.raises(error, match=said):
        resolve(f"scored:{path}{rest}")


def test_a_file_that_there_is_not_is_named():
    with pytest.raises(BadSetting, match=r"scored:FILE:PROXY.*nowhere.csv"):
        resolve("scored:nowhere.csv:snip")


def test_what_was_not_scored_is_not_answered(tmp_path):
    scores = made_up(tmp_path / "few.sqlite", space=SPACE, asked=Asked(sample=5))
    few = ScoredBenchmark(scores)
    with pytest.raises(NotInTable, match=r"was not scored; a search that is free .*--all"):
        few.query(SPACE.enumerate())


def test_a_truth_of_another_space_is_refused(path):
    with pytest.raises(BadSetting, match="the scores are of"):
        ScoredBenchmark(Scores.read(path), truth=ScoredBenchmark(other_scores()))


def other_scores():
    space = NASBench101(vertices=3)
    archs = space.enumerate()
    return Scores(space, archs, {"snip": np.arange(float(len(archs)))}, np.zeros(len(archs)))
