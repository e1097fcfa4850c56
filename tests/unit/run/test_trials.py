"""Trials: a history as a frame, its best architectures, and its figure."""

from dataclasses import replace

import numpy as np
import pytest
from toy import ToyBenchmark

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.optimizers.random import RandomSearch
from nasbed.run.history import History
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings

DIGITS = nasbed.benchmark("digits101")
TABLE = DIGITS.table
SEARCH = {"evaluations": 40, "runs": 5, "first_run": 2}


@pytest.fixture(scope="module")
def history():
    return nasbed.search("regularized-evolution:population=8,sample=3", DIGITS, **SEARCH)


@pytest.fixture(scope="module")
def frame(history):
    return history.frame()


def rows_of(frame, history):
    return history.archs[frame["step"], frame["run"] - 2]


def test_a_frame_has_a_row_for_each_trial(frame, history):
    assert len(frame) == history.tried.sum()
    assert list(frame["run"].unique()) == [2, 3, 4, 5, 6]
    np.testing.assert_array_equal(frame["validation"], history.value.T.ravel())


def test_what_each_trial_cost_adds_up_to_the_clocks(frame, history):
    for clock in ("epochs", "seconds"):
        spent = frame.groupby("run")[clock].sum()
        np.testing.assert_allclose(spent, history.clock(clock)[-1])
        np.testing.assert_allclose(frame.groupby("run")[f"clock_{clock}"].last(), spent)


def test_each_trial_is_named_as_it_was_published(frame, history):
    rows = rows_of(frame, history)
    assert list(frame["hash"]) == DIGITS.space.names(rows)
    assert list(frame["architecture"]) == [DIGITS.space.format(row) for row in rows]


def test_results_of_each_trial_are_the_tables_means(frame, history):
    rows = rows_of(frame, history)
    np.testing.assert_array_equal(frame["test_attached"], DIGITS.test(rows))
    np.testing.assert_allclose(frame["train"], TABLE.measurement(split="train").mean(rows))
    np.testing.assert_array_equal(frame["parameters"], TABLE.measurement("params").mean(rows))


def test_the_incumbents_test_is_that_of_the_trial_it_is(frame, history):
    at = frame.set_index(["run", "step"])
    for run, step in at.index:
        incumbent = history.incumbents[step, run - 2]
        assert at.loc[(run, step), "incumbent_test_attached"] == at.loc[(run, incumbent), "test_attached"]


def test_parents_are_the_numbers_of_earlier_trials(frame, history):
    bred = frame[frame["parents"].map(len) > 0]
    assert len(bred) == 5 * (40 - 8)
    assert all(parent < step for parents, step in zip(bred["parents"], bred["step"], strict=True) for parent in parents)
    assert all(
        history.parents[step, run - 2, 0] == parents[0]
        for run, step, parents in bred[["run", "step", "parents"]].itertuples(index=False)
    )


def test_a_trial_of_fewer_epochs_is_judged_after_these():
    frame = nasbed.search("hyperband", DIGITS, total_epochs=400, runs=2).frame()
    assert set(frame["fidelity"]) == {4, 12, 36}
    for epochs, some in frame.groupby("fidelity"):
        rows = np.stack([DIGITS.space.parse(text) for text in some["architecture"]])
        np.testing.assert_array_equal(some["test_attached"], DIGITS.test(rows, epochs))
        np.testing.assert_allclose(some["train"], TABLE.measurement(split="train", recipe=epochs).mean(rows))


def test_what_was_refused_has_no_results():
    frame = nasbed.search("random", DIGITS, evaluations=10, limits={"params": 2000}).frame()
    assert frame["refused"].any()
    np.testing.assert_array_equal(frame["test_attached"].isna(), frame["refused"])
    np.testing.assert_array_equal(frame["parameters"].isna(), frame["refused"])


def test_a_file_keeps_the_test_of_each_trial_and_the_benchmark_brings_the_rest(frame, history, tmp_path):
    back = History.from_parquet(history.to_parquet(tmp_path / "history.parquet"))
    assert set(frame.columns) - set(back.frame().columns) == {"parameters", "train"}
    np.testing.assert_array_equal(back.frame()["test_attached"], frame["test_attached"])
    assert back.attach(DIGITS).frame().equals(frame)


def test_a_history_that_nothing_is_attached_to_has_no_column_of_tests():
    bare = search(RandomSearch(), ToyBenchmark(), SearchSettings(evaluations=3))
    assert not [name for name in bare.frame().columns if "test" in name]


def test_the_top_are_the_best_architectures_each_once(history, frame):
    top = history.top(6)
    assert list(top["validation"]) == sorted(top["validation"], reverse=True)
    assert top["hash"].is_unique
    best = frame.groupby("hash")["validation"].max().nlargest(6)
    np.testing.assert_array_equal(top["validation"], best)


def test_what_failed_or_is_over_a_limit_is_never_at_the_top(history):
    best = history.top(1).iloc[0]
    where = best["step"], best["run"] - 2
    value, excess = history.value.copy(), np.zeros(history.value.shape)
    value[
        history.space.key(history.archs.reshape(-1, history.archs.shape[2])).reshape(value.shape)
        == history.space.key(history.archs[where][None])[0]
    ] = np.nan
    assert best["hash"] not in set(replace(history, value=value).top(1000)["hash"])
    excess[history.value == best["validation"]] = 1.0
    assert history.top(1)["validation"][0] > replace(history, excess=excess).top(1)["validation"][0]


@pytest.mark.parametrize("number", [0, -1, 2.5, "x"])
def test_the_top_of_no_number_is_an_error(history, number):
    with pytest.raises(BadSetting, match="a whole number of at least 1"):
        history.top(number)


def test_a_benchmarks_frame_has_the_means_of_each_budget():
    frame, rows = DIGITS.frame(), DIGITS.space.enumerate()
    assert len(frame) == len(rows)
    assert list(frame["hash"]) == DIGITS.space.names(rows)
    for epochs in DIGITS.budgets:
        answer = DIGITS.query(rows, epochs)
        np.testing.assert_array_equal(frame[f"validation_{epochs}"], answer.value)
        np.testing.assert_array_equal(frame[f"seconds_{epochs}"], answer.seconds)
        np.testing.assert_array_equal(frame[f"test_{epochs}"], DIGITS.test(rows, epochs))
        train = TABLE.measurement(split="train", recipe=epochs).mean(rows)
        np.testing.assert_allclose(frame[f"train_{epochs}"], train)


def test_a_benchmarks_frame_of_one_architecture_and_budget():
    (row,) = DIGITS.space.enumerate()[7:8]
    frame = DIGITS.frame(row, 12)
    assert list(frame.columns) == ["hash", "architecture", "parameters", "seconds", "train", "validation", "test"]
    assert frame["architecture"][0] == DIGITS.space.format(row)


def test_all_of_what_is_trained_when_asked_for_is_no_frame():
    with pytest.raises(BadSetting, match="give rows"):
        nasbed.benchmark("trained:digits:nasbench101").frame()


def test_figures_show_in_a_notebook(history):
    comparison = nasbed.compare(["random"], DIGITS, evaluations=5, runs=3)
    for figure in (history.plot(), history.plot("test", "seconds"), comparison.plot()):
        assert figure._repr_png_().startswith(b"\x89PNG")
    assert "test regret" in history.plot().axes[0].get_ylabel()
    assert "seconds" in history.plot(against="seconds").axes[0].get_xlabel()


def test_a_history_that_nothing_is_attached_to_is_drawn_by_what_it_heard():
    bare = search(RandomSearch(), ToyBenchmark(), SearchSettings(evaluations=3))
    assert "validation accuracy" in bare.plot().axes[0].get_ylabel()
