"""History: incumbents, clocks, curves, and the way to a file and back."""

import numpy as np
import pytest
from toy import ToyBenchmark

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.run.history import History
from nasbed.run.ledger import Budget
from nasbed.run.search import search
from nasbed.search.evolution import RegularizedEvolution


@pytest.fixture(scope="module")
def history():
    benchmark = ToyBenchmark(fails=True)
    return search(
        RegularizedEvolution(6, 2), benchmark, Budget(seconds=60.0), runs=5, first_run=2, duplicates="free"
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
    bare = search(RegularizedEvolution(6, 2), benchmark, Budget(evaluations=3))
    with pytest.raises(BadSetting, match="attach"):
        bare.metric("test")
    with pytest.raises(BadSetting, match="evaluations, epochs"):
        history.clock("hours")
