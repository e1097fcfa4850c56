"""Guided search: what it proposes, when it draws, and that it goes on from anywhere."""

import numpy as np
import pytest
from live_toy import LiveToy

import nasbed
from nasbed.core.errors import BadSetting, UnknownName
from nasbed.core.records import Evaluations
from nasbed.core.registry import optimizers
from nasbed.core.rng import Streams
from nasbed.optimizers.guided.candidates import names_of
from nasbed.optimizers.guided.guided import Guided
from nasbed.predictors.borrowed import RandomForest
from nasbed.predictors.gp import GaussianProcess
from nasbed.run.live import search_live
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.testing import optimizer_laws
from nasbed.testing.keyed import HillBenchmark, KeyedBenchmark

SMALL = NASBench101(vertices=4)  # 91 modules
KEYED, HILL = KeyedBenchmark(SMALL), HillBenchmark(nasbed.space("transnas-macro"), seed=3)

SETTINGS = {
    "default": {},
    "neighbours": {"candidates": "neighbours", "drawn": 5, "parents": 2},
    "mutants": {"candidates": "mutants", "drawn": 20, "target": "rank-gaussian"},
    "batch": {"batch": 4, "acquisition": "ucb"},
    "top": {"batch": 3, "fantasies": False, "acquisition": "its"},
    "joint": {"acquisition": "thompson", "batch": 2},
    "seconds": {"acquisition": "ei-per-second", "target": "standardised"},
    "pi": {"acquisition": "pi"},
    "noisy": {"noisy": True},
    "mean": {"acquisition": "mean", "encoding": "onehot"},
    "warm": {"warm": "counts", "initial": 6},
}

QUICK = ("default", "neighbours", "mutants", "batch", "joint")
each_setting = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in SETTINGS]
)


def played(settings, benchmark=KEYED, **how):
    how = {"evaluations": 14, "runs": 3, "seed": 1, **how}
    return search(optimizers.make("guided", settings), benchmark, SearchSettings(**how))


def step(optimizer, benchmark=KEYED):
    trials = optimizer.ask()
    optimizer.tell(trials, benchmark.query(trials.archs))
    return trials.archs


@each_setting
def test_no_architecture_is_proposed_twice_and_run_k_is_run_k(name):
    history = played(SETTINGS[name], workers=3 if name in ("default", "batch") else 1)
    assert history.paid.sum(axis=0).tolist() == [14] * 3
    for run in range(3):
        names = names_of(SMALL, history.archs[history.tried[:, run], run])
        assert len(set(names.tolist())) == len(names)
    alone = played(SETTINGS[name], runs=1, first_run=2, workers=3 if name in ("default", "batch") else 1)
    np.testing.assert_array_equal(alone.archs[:, 0], history.archs[: alone.steps, 2])


@each_setting
def test_saved_and_loaded_at_any_step_it_goes_on_alike(name):
    optimizer = Guided(**SETTINGS[name]).start(SMALL, Streams.from_seed(0, 2))
    for _ in range(8):
        step(optimizer)
    waiting = [optimizer.ask() for _ in range(2)]
    again = Guided(**SETTINGS[name]).start(SMALL, Streams.from_seed(9, 2))
    again.load_state_dict(optimizer.state_dict())
    for one in (optimizer, again):
        one.tell(waiting[1], KEYED.query(waiting[1].archs))
    for _ in range(6):
        np.testing.assert_array_equal(step(again), step(optimizer))


def test_what_is_proposed_follows_from_what_was_told():
    """Searches that are told the same propose the same; a search is given nothing else to know values from."""
    one, other = (Guided().start(SMALL, Streams.from_seed(0, 2)) for _ in range(2))
    worth = np.random.default_rng(0).uniform(size=(12, 2))
    for told in worth:
        trials, same = one.ask(), other.ask()
        np.testing.assert_array_equal(trials.archs, same.archs)
        answer = Evaluations(told, np.ones(2), np.full(2, 27))
        one.tell(trials, answer)
        other.tell(same, answer)


@pytest.mark.slow
def test_on_a_hill_it_is_far_better_than_chance():
    ends = [
        search(optimizers.read(name), HILL, SearchSettings(evaluations=40, runs=6)).value.max(axis=0)
        for name in ("guided", "random")
    ]
    assert ends[0].mean() > ends[1].mean() + 0.1


def test_a_space_that_is_used_up_ends_the_run():
    space = SMALL.only(SMALL.enumerate()[:9])
    optimizer = Guided().start(space, Streams.from_seed(0, 2))
    proposed = [step(optimizer, KeyedBenchmark(space)) for _ in range(9)]
    assert all(len(set(space.index(np.array(proposed)[:, run]).tolist())) == 9 for run in range(2))
    assert not optimizer.ask().active.any()


class Failing(GaussianProcess):
    """Cannot learn from more than seven."""

    def guide(self):
        made = super().guide()
        learn = made.learn

        def fail(numbers, values, pending):
            if len(values) > 7:
                raise ArithmeticError("no more")
            learn(numbers, values, pending)

        made.learn = fail
        return made


class Lost(RandomForest):
    """Predicts what is no number."""

    def predict_numbers(self, numbers):
        return np.full((2, len(numbers)), np.nan)


@pytest.fixture
def wrong(monkeypatch):
    """Two predictors that do not work, in the place of others."""
    from nasbed.core.registry import predictors

    made = __import__("types").SimpleNamespace(Failing=Failing, Lost=Lost)
    monkeypatch.setitem(__import__("sys").modules, __name__, made)
    monkeypatch.setitem(predictors.builtin, "gp", f"{__name__}:Failing")
    monkeypatch.setitem(predictors.builtin, "random-forest", f"{__name__}:Lost")


def test_where_a_predictor_fails_a_run_draws_and_the_history_says_so_and_why(wrong):
    history = played({})
    assert history.paid.sum(axis=0).tolist() == [14] * 3
    assert history.info["fallbacks"] == [6] * 3
    why = "gp failed: ArithmeticError: no more"
    assert history.info["reasons"] == [why] * 3
    assert history.info["notes"][-1].endswith(f"drew from all of it; first since {why}")


def test_why_a_run_drew_is_kept_in_its_state_and_what_is_no_number_is_a_reason(wrong):
    optimizer, again = (Guided("random-forest:trees=2").start(SMALL, Streams.from_seed(0, 2)) for _ in range(2))
    for _ in range(7):
        step(optimizer)
    again.load_state_dict(optimizer.state_dict())
    assert again.streams.fallbacks.total() == 4
    assert set(again.streams.reasons.values()) == {
        "random-forest:trees=2 failed: ArithmeticError: it predicts what is no number"
    }


def test_a_warm_start_begins_with_what_scores_best():
    space = nasbed.space("transnas-micro")
    scores = {"score": space.index(space.enumerate()) / 4096.0}
    optimizer = Guided(initial=8, warm="onehot").start(space, Streams.from_seed(0, 3))
    scored = nasbed.encoding("counts", space).with_columns(space.enumerate(), scores)
    optimizer._scored._encoding = type(scored)(space, {"columns": scored.parts["columns"]})
    optimizer._scored._listed = space.enumerate()[::2]
    asked = np.array([step(optimizer, KeyedBenchmark(space)) for _ in range(8)])
    names = space.index(asked.reshape(-1, space.decisions)).reshape(8, 3)
    assert (names % 2 == 0).all()
    assert (names > 0.95 * 4096).all()
    assert len(set(names[0].tolist())) == 3
    with pytest.raises(UnknownName, match="no encoding is called 'scoer'"):
        Guided(warm="scoer").start(space, Streams.from_seed(0, 1))


def test_what_failed_is_not_learned_from_and_not_proposed_again():
    optimizer = Guided(initial=3).start(SMALL, Streams.from_seed(0, 1))
    seen = set()
    for number in range(20):
        trials = optimizer.ask()
        seen.add(int(SMALL.index(trials.archs)[0]))
        answer = KEYED.query(trials.archs)
        optimizer.tell(trials, answer._replace(value=answer.value if number % 3 else np.array([np.nan])))
    assert len(seen) == 20
    assert np.isfinite(optimizer.state()["_told"]["_values"]).all()


def test_what_is_over_a_limit_is_avoided():
    limits = {"params": 5.0}
    history = played({}, limits=limits, evaluations=10, runs=2)
    assert (history.excess[history.paid] <= 0).all()


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"predictor": "gpp"}, UnknownName, "Did you mean 'gp'"),
        ({"acquisition": "best"}, BadSetting, "acquisition is one of ei"),
        ({"batch": 0}, BadSetting, "batch is a whole number from 1"),
    ],
)
def test_what_is_no_setting_is_refused(settings, error, said):
    with pytest.raises(error, match=said):
        Guided(**settings)


@pytest.mark.slow_where("settings0")
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"candidates": "space"}, "cannot be listed"),
        ({"predictor": "gp:steps=0"}, "steps is a whole number from 1"),
        ({"encoding": "graff"}, "graff"),
    ],
)
def test_what_does_not_suit_a_space_is_refused_before_anything_is_played(settings, said):
    with pytest.raises((BadSetting, UnknownName), match=said):
        Guided(**settings).start(NASBench101(vertices=9, edges=12), Streams.from_seed(0, 1))


@pytest.mark.slow_where("smac")
@pytest.mark.parametrize("name", ["npenas", "nas-bowl", "smac"])
def test_a_published_search_is_a_setting_of_it(name):
    made = optimizers.read(name)
    space, benchmark = HILL.space, HILL
    how = SearchSettings(evaluations=made.initial + 12, runs=2)
    history = search(made, benchmark, how)
    assert space.valid(history.archs[history.tried]).all()
    again = search(Guided(**made.settings()), benchmark, how)
    np.testing.assert_array_equal(again.archs, history.archs)


NAMED = {
    "guided": {},
    "npenas": {},
    "nas-bowl": {"batch": 2},
    "smac": {"predictor": "random-forest:trees=3"},
    "bananas": {"predictor": "mlp-ensemble:members=2,layers=2,epochs=10", "batch": 3},
}


@pytest.mark.parametrize("name", NAMED)
def test_ended_early_and_given_again_a_real_search_is_the_same_as_at_once(name, tmp_path):
    def play(evaluations, **where):
        optimizer = optimizers.make(name, {"initial": 4, **NAMED[name]})
        settings = SearchSettings(evaluations=evaluations)
        return search_live(optimizer, LiveToy(vertices=4, noise=1.0), settings, executor="inline", **where)

    store = {"store": tmp_path / "search.sqlite"}
    play(9, **store)
    resumed, at_once = play(14, **store), play(14)
    np.testing.assert_array_equal(resumed.archs, at_once.archs)
    np.testing.assert_array_equal(resumed.value, at_once.value)


def test_of_several_encodings_the_first_that_a_space_has_is_taken():
    sizes = Guided(encoding="path:most=40|default").start(nasbed.space("natssize"), Streams.from_seed(0, 1))
    cells = Guided(encoding="path:most=40|default").start(SMALL, Streams.from_seed(0, 1))
    assert (sizes._features.encoding.name, cells._features.encoding.name) == ("onehot", "path:most=40")


@pytest.mark.slow
@pytest.mark.parametrize("law", optimizer_laws, ids=str)
@pytest.mark.parametrize("name", ["neighbours", "batch", "joint", "seconds"])
def test_other_settings_keep_the_laws(name, law):
    optimizer = optimizers.make("guided", SETTINGS[name])
    law(optimizer.start(SMALL, Streams.from_seed(0, 1), (1, 3, 9, 27)))
