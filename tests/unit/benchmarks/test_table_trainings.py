"""A table of separate trainings as a benchmark: rows, budgets, repeats, and what is not there."""

import subprocess
import sys

import numpy as np
import pytest
from tables.made import write_trainings

import nasbed
from nasbed.benchmarks.table import TableBenchmark
from nasbed.core.errors import BadSetting, NotInTable, UnknownName
from nasbed.core.rng import Streams
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.cache import table_for
from nasbed.tables.table import Table

SPACE = NASBench101(vertices=4)


def table_of(path, archs, missing=False, space=SPACE):
    random = np.random.default_rng(0)
    shape = (len(archs), 2, 3)
    accuracies = {name: random.integers(0, 101, shape) / 100 for name in ("validation_accuracy", "test_accuracy")}
    if missing:
        accuracies["validation_accuracy"][:, :, 1] = np.nan
    times = {"training_time": random.uniform(1, 9, shape)}
    return write_trainings(
        path,
        space,
        archs,
        {**accuracies, **times},
        budgets=(4, 12),
        repeats=3,
        data="toy",
        parameters=random.integers(1, 9, len(archs)),
        provenance={"source": "a test"},
    ), {**accuracies, **times}


@pytest.fixture(scope="module")
def archs():
    return SPACE.enumerate()


@pytest.fixture(scope="module")
def made(archs, tmp_path_factory):
    table, results = table_of(tmp_path_factory.mktemp("tables") / "toy.arrow", archs)
    return TableBenchmark(table), results


def test_an_open_table_and_a_benchmark_are_taken_as_they_are(made):
    benchmark, table = made[0], made[0].table
    assert Table.open(table) is table
    assert table_for(table) is table
    assert nasbed.benchmark(benchmark) is benchmark
    assert nasbed.benchmark(table, recipe=4).budgets == (4,)
    assert nasbed.benchmark(table).table is table
    assert benchmark.live is None
    with pytest.raises(BadSetting, match="has no setting 'validation'; it has: table, name, data, recipe"):
        nasbed.benchmark(table, validation="a")


def test_means_over_repeats_are_what_was_built(made, archs):
    benchmark, results = made
    for epochs, budget in ((4, 0), (12, 1), (None, 1)):
        heard = benchmark.query(archs, epochs)
        np.testing.assert_allclose(heard.value, results["validation_accuracy"][:, budget].mean(axis=1))
        np.testing.assert_allclose(heard.seconds, results["training_time"][:, budget].mean(axis=1))
        np.testing.assert_allclose(benchmark.test(archs, epochs), results["test_accuracy"][:, budget].mean(axis=1))
        assert (heard.epochs == (epochs or 12)).all()
        best = (
            results["validation_accuracy"][:, budget].mean(axis=1).max(),
            results["test_accuracy"][:, budget].mean(axis=1).max(),
        )
        np.testing.assert_allclose(benchmark.optimum(epochs), best)


def test_each_row_hears_the_repeat_that_its_own_stream_draws(made, archs):
    benchmark, results = made
    every, streams = np.arange(len(archs)), Streams.from_seed(0, len(archs))
    repeat = Streams.from_seed(0, len(archs)).integers(3)[:, 0]
    assert len(set(repeat)) == 3
    for epochs, budget in ((4, 0), (np.where(every % 2, 4, 12), np.where(every % 2, 0, 1))):
        streams.positions[:] = 0
        heard = benchmark.query(archs, epochs, streams)
        np.testing.assert_array_equal(heard.value, results["validation_accuracy"][every, budget, repeat])
        np.testing.assert_array_equal(heard.seconds, results["training_time"][every, budget, repeat])
        np.testing.assert_array_equal(heard.epochs, np.broadcast_to(epochs, len(archs)))
        assert (streams.positions == 1).all()


def test_a_space_that_is_not_numbered_is_looked_up_by_keys(tmp_path):
    space = NASBench101(vertices=8, edges=10)
    drawn = space.sample(Streams.from_seed(0, 120))
    archs = drawn[np.unique(space.key(drawn), return_index=True)[1]]
    there, absent = archs[:-1], archs[-1:]
    table, results = table_of(tmp_path / "large.arrow", there, space=space)
    benchmark, every = TableBenchmark(table), np.arange(len(there))
    repeat = Streams.from_seed(1, len(there)).integers(3)[:, 0]
    np.testing.assert_array_equal(
        benchmark.query(there, 4, Streams.from_seed(1, len(there))).value,
        results["validation_accuracy"][every, 0, repeat],
    )
    np.testing.assert_allclose(benchmark.query(there).value, results["validation_accuracy"][:, 1].mean(axis=1))
    for streams in (None, Streams.from_seed(0, len(archs))):
        with pytest.raises(NotInTable, match="is not in the table"):
            benchmark.query(np.concatenate([there, absent]), None, streams)


@pytest.mark.parametrize("runs", [1, 90, 92])
def test_there_is_a_stream_for_each_row_or_an_error(made, archs, runs):
    with pytest.raises(BadSetting, match="91 architectures need as many streams"):
        made[0].query(archs, None, Streams.from_seed(0, runs))


@pytest.mark.parametrize("drawn", [False, True])
def test_there_are_epochs_for_each_row_or_an_error(made, archs, drawn):
    for epochs in (np.array([4, 12]), np.full((91, 1), 4)):
        with pytest.raises(BadSetting, match="one number of epochs each"):
            made[0].query(archs, epochs, Streams.from_seed(0, 91) if drawn else None)


def test_budgets_may_differ_from_row_to_row(made, archs):
    benchmark, results = made
    epochs = np.where(np.arange(len(archs)) % 2, 4, 12)
    expected = np.where(
        epochs == 4,
        results["validation_accuracy"][:, 0].mean(axis=1),
        results["validation_accuracy"][:, 1].mean(axis=1),
    )
    np.testing.assert_allclose(benchmark.query(archs, epochs).value, expected)
    with pytest.raises(NotInTable, match="7 epochs; it has 4, 12"):
        benchmark.query(archs, np.where(np.arange(len(archs)) == 3, 7, 4))


def test_a_drawn_repeat_brings_its_own_time_and_all_are_drawn(made, archs):
    benchmark, results = made
    one = np.repeat(archs[40:41], 3000, axis=0)
    heard = benchmark.query(one, 4, Streams.from_seed(0, 3000))
    pairs = {(results["validation_accuracy"][40, 0, r], results["training_time"][40, 0, r]) for r in range(3)}
    assert set(zip(heard.value, heard.seconds, strict=True)) == pairs
    share = np.array([(heard.seconds == seconds).mean() for _, seconds in pairs])
    np.testing.assert_allclose(share, 1 / 3, atol=0.04)


def test_isomorphic_rows_are_one(made):
    benchmark, _ = made
    raw = SPACE.sample(Streams.from_seed(1, 300))
    canonical = np.array([SPACE.embed(SPACE.graph(arch)) for arch in raw])
    np.testing.assert_array_equal(benchmark.table.rows(raw), benchmark.table.rows(canonical))


def test_what_is_not_in_the_table_is_an_error(archs, tmp_path):
    table, _ = table_of(tmp_path / "part.arrow", archs[:50])
    benchmark = TableBenchmark(table)
    with pytest.raises(NotInTable, match="architecture 1 of 2 is not in the table"):
        benchmark.query(archs[[3, 60]])
    with pytest.raises(NotInTable, match="is not valid"):
        benchmark.query(np.zeros_like(archs[:1]))
    with pytest.raises(NotInTable, match="5 epochs"):
        benchmark.query(archs[:1], 5)


def test_missing_repeats_are_left_out_of_means_and_heard_as_failures(archs, tmp_path):
    table, results = table_of(tmp_path / "gaps.arrow", archs, missing=True)
    benchmark = TableBenchmark(table)
    expected = results["validation_accuracy"][:, 1][:, [0, 2]].mean(axis=1)
    np.testing.assert_allclose(benchmark.query(archs).value, expected)
    drawn = benchmark.query(np.repeat(archs[:1], 300, axis=0), None, Streams.from_seed(0, 300)).value
    assert 0.2 < np.isnan(drawn).mean() < 0.5
    history = nasbed.search("regularized-evolution", benchmark, evaluations=80, runs=4)
    assert not np.isnan(history.best_value).any()


def test_a_benchmark_is_found_by_name_table_or_path(made, tmp_path):
    benchmark, _ = made
    assert nasbed.benchmark(benchmark.table).name == "toy"
    assert nasbed.benchmark(benchmark.table.path).space == SPACE
    with pytest.raises(UnknownName, match="Did you mean 'digits101'"):
        nasbed.benchmark("digit101")
    with pytest.raises(BadSetting, match="there is no file"):
        nasbed.benchmark(tmp_path / "no.arrow")


def test_one_query_in_a_fresh_process_does_not_import_numba(made):
    benchmark, _ = made
    code = f"""
import sys, nasbed
benchmark = nasbed.benchmark({str(benchmark.table.path)!r})
print(benchmark.query(benchmark.space.parse({SPACE.format(benchmark.table.archs[7])!r})[None]).value[0])
assert not {{"numba", "torch", "pandas", "scipy", "rich"}} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert float(done.stdout) == benchmark.query(benchmark.table.archs[7:8]).value[0]


@pytest.mark.slow
def test_the_packaged_table_is_what_was_written():
    benchmark = nasbed.benchmark("digits101")
    benchmark.table.verify()
    assert benchmark.space == NASBench101(vertices=5)
    assert len(benchmark.table) == benchmark.space.size == 2532
    assert not np.isnan(benchmark.table.measurement("accuracy", split="test", recipe=4).values()).any()
    assert benchmark.table.path.stat().st_size <= 3e6
