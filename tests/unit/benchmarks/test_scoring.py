"""Live scoring: what a file would have, computed when it is asked for."""

import numpy as np
import pytest
from scores.scorings import NETWORK, Scorer, made_up, survey

import nasbed
from nasbed.benchmarks.resolve import resolve
from nasbed.benchmarks.scored import ScoringBenchmark
from nasbed.core.errors import BadSetting, NotInTable
from nasbed.scores.asked import Asked
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.testing.benchmarks import benchmark_laws

CELLS = NASBench201()


@pytest.fixture
def scorer(monkeypatch):
    made = Scorer()
    monkeypatch.setattr("nasbed.benchmarks.scored.SURVEY", survey)
    monkeypatch.setattr("nasbed.benchmarks.scored.SCORE", made)
    return made


@pytest.fixture
def live(scorer):
    return ScoringBenchmark("snip", "nasbench201", "noise", executor="inline")


def test_a_value_is_what_a_file_of_scores_has(live, tmp_path):
    scores = made_up(tmp_path / "x.sqlite", space=CELLS, asked=Asked(sample=30))
    np.testing.assert_array_equal(live.query(scores.archs).value, scores["snip"])
    assert live.query(scores.archs).seconds.tolist() == [0.5] * 30


def test_nothing_is_scored_twice(live, scorer):
    archs = Asked(sample=30).archs(CELLS)
    live.query(archs)
    live.query(archs[::-1])
    assert len(scorer.asked) == len(np.unique(CELLS.key(archs)))


@pytest.mark.parametrize("law", benchmark_laws, ids=str)
def test_it_keeps_the_laws(live, law):
    from nasbed.testing import DoesNotApply

    try:
        law(live)
    except DoesNotApply as reason:
        pytest.skip(str(reason))


def test_a_search_is_kept_and_goes_on(scorer, tmp_path):
    def search(evaluations):
        benchmark = ScoringBenchmark("snip", executor="inline")
        return nasbed.search(
            "random", benchmark, evaluations=evaluations, store=tmp_path / "x.sqlite", executor="inline", seed=3
        )

    first = search(10)
    again = search(25)
    assert len(scorer.asked) == 25
    np.testing.assert_array_equal(again.value[:10], first.value)
    assert again.measure == "snip score"


def test_networks_take_the_images_that_there_are(live):
    live.query(Asked(sample=1).archs(CELLS))
    assert live.call(CELLS.enumerate()[0], 0, 0)[1][4] == NETWORK


def test_a_network_that_cannot_be_scored_is_nan(live, scorer):
    scorer.fails = lambda unit: True
    assert np.isnan(live.query(Asked(sample=2).archs(CELLS)).value).all()


@pytest.mark.parametrize(
    ("text", "proxy", "space", "data"),
    [
        ("snip:nasbench201", "snip", "nasbench201", "digits"),
        ("naswot:variant=notebook:natssize:cifar10:/a,b", "naswot:variant=notebook", "natssize", "cifar10:/a,b"),
    ],
)
def test_a_name_says_proxy_space_and_data(text, proxy, space, data):
    made = resolve(f"scored:{text}")
    assert (made.proxy, made.space.name, made.data) == (proxy, space, data)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: resolve("scored:snip:digits"), BadSetting, "or scored:PROXY:SPACE:DATA"),
        (lambda: ScoringBenchmark("snip,zen"), BadSetting, "hears one proxy"),
        (lambda: ScoringBenchmark("params"), BadSetting, "hears one proxy"),
    ],
)
def test_what_is_not_allowed_is_named(call, error, said):
    with pytest.raises(error, match=said):
        call()


def test_epochs_are_refused(live):
    with pytest.raises(NotInTable, match="no results at 5 epochs; it has 0"):
        live.query(CELLS.enumerate()[:2], 5)
