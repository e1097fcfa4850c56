"""History: incumbents, clocks, curves, and the way to a file and back."""

import json
from dataclasses import replace
from typing import get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from toy import ToyBenchmark

import nasbed
from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.records import Trials
from nasbed.optimizers.evolution import RegularizedEvolution
from nasbed.optimizers.random import RandomSearch
from nasbed.run.about import doubt
from nasbed.run.history import Clock, History, Metric
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings


@pytest.fixture(scope="module")
def history():
    benchmark = ToyBenchmark(fails=True)
    return search(
        RegularizedEvolution(6, 2), benchmark, SearchSettings(seconds=60.0, runs=5, first_run=2, duplicates="free")
    ).attach(benchmark)


def test_incumbents_are_the_best_so_far_by_a_plain_loop(history):
    for run in range(history.runs):
        best, where = -np.inf, -1
        for step in range(history.steps):
            value = history.value[step, run]
            if history.tried[step, run] and value > best:
                best, where = value, step
            assert history.incumbents[step, run] == where
    np.testing.assert_array_equal(history.best_value, history.metric("validation")[-1])


def test_curves_agree_with_a_plain_loop(history):
    points, values = history.curve("test", "seconds", np.array([0.5, 20.0, 1e9]))
    assert np.isnan(values[:, 0]).all()
    assert len(points) == 3
    for run in range(history.runs):
        clock = np.cumsum(np.where(history.paid[:, run], history.seconds[:, run], 0))
        steps = np.flatnonzero(clock <= 20.0)
        np.testing.assert_array_equal(values[run, 1], history.test[steps[-1], run])
    np.testing.assert_array_equal(values[:, 2], history.test[-1])


def test_regret_is_the_optimum_less_the_incumbents_mean(history):
    benchmark = ToyBenchmark()
    expected = 0.5 - benchmark.test(history.best)
    np.testing.assert_allclose(history.metric("test-regret")[-1], expected)
    np.testing.assert_allclose(history.metric("validation-regret")[-1], 1.0 - benchmark.query(history.best).value)


def test_a_history_survives_parquet(history, tmp_path):
    back = History.from_parquet(history.to_parquet(tmp_path / "history.parquet"))
    assert back.info == history.info
    assert back.space == history.space
    for field in ("tried", "paid", "incumbents"):
        np.testing.assert_array_equal(getattr(back, field), getattr(history, field))
    for field in ("value", "archs"):
        np.testing.assert_array_equal(getattr(back, field)[back.tried], getattr(history, field)[history.tried])
    for metric in ("validation", "test", "test-regret", "validation-regret"):
        np.testing.assert_array_equal(back.metric(metric)[back.tried], history.metric(metric)[history.tried])
    assert list(tmp_path.iterdir()) == [tmp_path / "history.parquet"]


@pytest.fixture
def uneven():
    """Runs that end at very different times, one of which only ever fails."""
    benchmark = ToyBenchmark()
    history = search(
        RandomSearch(),
        benchmark,
        SearchSettings(seconds=30.0, runs=4, seed=np.int64(3), first_run=1, duplicates="skip"),
    )
    history.value[:, 2] = np.nan
    return history.attach(benchmark)


def test_a_run_that_ended_keeps_its_incumbent_in_a_file_too(uneven, tmp_path):
    assert not uneven.tried[-1].all()
    back = History.from_parquet(uneven.to_parquet(tmp_path / "history.parquet"))
    for metric in get_args(Metric):
        np.testing.assert_array_equal(back.metric(metric), uneven.metric(metric))
    for clock in get_args(Clock):
        np.testing.assert_array_equal(back.clock(clock), uneven.clock(clock))
    np.testing.assert_array_equal(np.isnan(back.metric("test")[-1]), [False, False, True, False])
    np.testing.assert_array_equal(np.isnan(back.best_value), [False, False, True, False])


def test_a_history_in_which_nothing_was_tried_survives_too(tmp_path):
    benchmark = ToyBenchmark(vertices=2)  # one module: nothing is left when it is known
    history = search(Silent(), benchmark, SearchSettings(evaluations=3, runs=2)).attach(benchmark)
    assert not history.tried.any()
    back = History.from_parquet(history.to_parquet(tmp_path / "history.parquet"))
    assert back.tried.shape == history.tried.shape
    assert np.isnan(back.best_value).all()
    assert np.isnan(back.metric("test-regret")).all()
    assert np.isnan(back.curve("test")[1]).all()


class Silent(RandomSearch):
    """Has nothing to propose."""

    def ask(self):
        return Trials(self.space.sample(self.streams), active=np.zeros(self.runs, bool))


def test_info_says_what_is_needed_to_run_it_again(uneven):
    info = json.loads(json.dumps(uneven.info))
    assert info["optimizer"] == "RandomSearch"
    assert info["settings"] == {"replacement": True}
    assert info["benchmark"]["name"] == "toy"
    assert info["budget"] == {"evaluations": None, "epochs": None, "seconds": 30.0, "total_seconds": None}
    assert (info["seed"], info["first_run"], info["duplicates"]) == (3, 1, "skip")
    assert {"nasbed", "numpy", "python"} <= set(info["versions"])


def test_warnings_are_the_benchmarks(uneven):
    assert uneven.warnings == []
    info = {**uneven.info, "benchmark": {"warnings": ["Test accuracies only."]}}
    assert replace(uneven, info=info).warnings == ["Test accuracies only."]


def test_a_parquet_file_of_other_things_is_no_history(tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(CorruptFile, match="not a history"):
        History.from_parquet(tmp_path / "other.parquet")
    with pytest.raises(BadSetting, match="no file"):
        History.from_parquet(tmp_path / "none.parquet")


def test_pandas_has_one_row_a_trial(history):
    frame = history.to_pandas()
    assert len(frame) == history.tried.sum()
    assert set(frame["run"]) == {2, 3, 4, 5, 6}


def test_a_foreign_file_is_no_history(tmp_path):
    (tmp_path / "x").write_bytes(b"not parquet")
    with pytest.raises(CorruptFile, match="not a history"):
        History.from_parquet(tmp_path / "x")


def test_what_is_not_attached_or_not_known_is_an_error(history):
    benchmark = ToyBenchmark()
    bare = search(RegularizedEvolution(6, 2), benchmark, SearchSettings(evaluations=3))
    with pytest.raises(BadSetting, match="attach"):
        bare.metric("test")
    with pytest.raises(BadSetting, match="evaluations, epochs"):
        history.clock("hours")


@pytest.mark.parametrize(
    ("images", "values", "says"),
    [
        (180, [0.86, 0.85, 0.5, 0.86], "2 of the other 3 candidates cannot be told"),
        (180, [0.9, 0.5, 0.4, 0.3], None),
        (10_000, [0.9, 0.8, 0.7, 0.6], None),
        (None, [0.9, 0.9, 0.9, 0.9], None),
        (180, [np.nan, np.nan, np.nan, np.nan], None),
    ],
)
def test_a_winner_that_validation_images_cannot_tell_apart_is_called_chance(images, values, says):
    space = nasbed.space("natssize")
    archs = space.archs_of(np.arange(4))[:, None]
    info = {"benchmark": {} if images is None else {"images": {"validation": images}}}
    told, fine = np.array(values)[:, None], np.ones((4, 1), bool)
    history = History(space, info, archs, told, np.ones((4, 1)), np.ones((4, 1), int), fine, fine)
    found = doubt(history)
    assert found is None if says is None else says in found
