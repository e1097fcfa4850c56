"""Benchmarks of published trainings: what a search is told, what it costs, and what is reported."""

import numpy as np
import pytest
from tables.made_runs import made, table_of

import nasbed
from nasbed.benchmarks.table import TableBenchmark
from nasbed.core.errors import BadSetting, NotInTable
from nasbed.core.records import Trials
from nasbed.core.rng import Streams
from nasbed.run.answers import Answers
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.tables.column import Measure
from nasbed.tables.published import run_measure
from nasbed.tables.writing import Given, write_table
from nasbed.testing import DoesNotApply, benchmark_laws

INDICES = (3, 7, 284, 5000)
SOURCE = {index: made(index) for index in INDICES}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return table_of(SOURCE.values(), tmp_path_factory.mktemp("curves") / "toy.arrow")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A table of the whole space with two budgets and three seeds, of which about half of the rows lack one."""
    space, random = NASBench201(), np.random.default_rng(0)
    lacking, given = random.random(space.size) < 0.5, []
    for split, metric in (("x-valid", "accuracy"), ("ori-test", "accuracy"), ("x-valid", "time"), ("train", "time")):
        values = random.uniform(10, 90, (space.size, 3, 2))
        values[lacking, 2] = np.nan
        given.append(Given(run_measure("12", "cifar10-valid", split, metric, (777, 888, 999), (1, 12)), values))
    return write_table(tmp_path_factory.mktemp("whole") / "whole.arrow", space, None, given, continues=True)


@pytest.mark.parametrize("law", benchmark_laws, ids=str)
def test_the_laws_hold(whole, law):
    try:
        law(TableBenchmark(whole, "made"))
    except DoesNotApply as reason:
        pytest.skip(str(reason))


def runs(index, hp, data):
    return [run for run in sorted(SOURCE[index].runs, key=lambda run: run.seed) if (run.hp, run.data) == (hp, data)]


@pytest.mark.parametrize(
    ("settings", "searched", "reported"),
    [
        ({}, ("cifar10-valid", "x-valid"), ("cifar10", "ori-test")),
        ({"data": "cifar10", "test": "cifar10-valid"}, ("cifar10-valid", "x-valid"), ("cifar10-valid", "ori-test")),
        ({"data": "cifar10-valid"}, ("cifar10-valid", "x-valid"), ("cifar10-valid", "ori-test")),
        ({"data": "cifar100"}, ("cifar100", "x-valid"), ("cifar100", "x-test")),
    ],
)
def test_the_search_is_told_validation_and_the_report_test(table, settings, searched, reported):
    benchmark = TableBenchmark(table, **settings)
    value, _, epochs = benchmark.query(table.archs)[:3]
    for found, (data, split) in ((value, searched), (benchmark.test(table.archs), reported)):
        wanted = [
            np.mean([run.evaluations[split, 11]["accuracy"] for run in runs(index, "12", data)]) / 100
            for index in INDICES
        ]
        np.testing.assert_allclose(found, wanted, rtol=1e-14)
    assert epochs.tolist() == [12] * 4
    np.testing.assert_allclose(benchmark.optimum(), [value.max(), benchmark.test(table.archs).max()])


def test_seconds_are_those_of_the_epochs_and_of_one_pass_over_validation(table):
    benchmark = TableBenchmark(table, data="cifar10")
    for epochs in (1, 5, 12):
        wanted = [
            np.mean(
                [
                    sum(run.curves["train/time"][:epochs].tolist()) + run.evaluations["x-valid", epochs - 1]["time"]
                    for run in runs(index, "12", "cifar10-valid")
                ]
            )
            for index in INDICES
        ]
        np.testing.assert_allclose(benchmark.query(table.archs, epochs).seconds, wanted, rtol=1e-14)


def test_a_drawn_seed_has_its_own_accuracy_and_its_own_time(table):
    benchmark = TableBenchmark(table, data="cifar10-valid")
    drawn = benchmark.query(table.archs, 7, Streams.from_seed(3, 4))
    for row, index in enumerate(INDICES):
        there = {
            (
                run.evaluations["x-valid", 6]["accuracy"] / 100,
                sum(run.curves["train/time"][:7].tolist()) + run.evaluations["x-valid", 6]["time"],
            )
            for run in runs(index, "12", "cifar10-valid")
        }
        assert (drawn.value[row], drawn.seconds[row]) in there


def test_seeds_that_are_missing_are_never_drawn(whole):
    benchmark = TableBenchmark(whole)
    archs = np.repeat(whole.archs[:50], 200, axis=0)
    drawn = benchmark.query(archs, None, Streams.from_seed(0, len(archs))).value.reshape(50, 200)
    assert not np.isnan(drawn).any()
    counts = [len(np.unique(row)) for row in drawn]
    assert counts == (~np.isnan(whole.measurement("accuracy", split="valid").values(whole.archs[:50]))).sum(1).tolist()


def test_rows_may_have_budgets_of_their_own(table):
    benchmark, epochs = TableBenchmark(table), np.array([1, 12, 5, 1])
    mixed, drawn = (benchmark.query(table.archs, epochs, streams) for streams in (None, Streams.from_seed(0, 4)))
    assert mixed.epochs.tolist() == epochs.tolist()
    for row, budget in enumerate(epochs.tolist()):
        arch = table.archs[row : row + 1]
        assert mixed.value[row] == benchmark.query(arch, budget).value[0]
        alone = benchmark.query(arch, budget, Streams.from_seed(0, 1, row))
        assert (drawn.value[row], drawn.seconds[row]) == (alone.value[0], alone.seconds[0])


def test_budgets_are_those_at_which_validation_was_measured(table):
    assert TableBenchmark(table).budgets == tuple(range(1, 13))
    hundred = TableBenchmark(table, data="cifar100")
    assert hundred.budgets == (12,)
    with pytest.raises(NotInTable, match="no results at 5 epochs; it has 12; other recipes: recipe=2"):
        hundred.query(table.archs, 5)
    assert TableBenchmark(table, data="cifar100", hp=2).budgets == (1, 2)


def test_where_no_test_accuracy_was_published_it_is_nan(table):
    benchmark = TableBenchmark(table, data="cifar100", hp=2)
    assert not np.isnan(benchmark.test(table.archs, 1)).any()
    table_without = TableBenchmark(table, data="cifar10-valid")
    for fidelity in table_without._fidelities.values():
        fidelity.test = None
    assert np.isnan(table_without.test(table.archs)).all()
    assert np.isnan(table_without.optimum()[1])
    assert any("no test results" in warning for warning in table_without.warnings)


@pytest.fixture(scope="module")
def only_test(tmp_path_factory):
    space = NASBench201()
    values = np.random.default_rng(0).uniform(10, 90, (space.size, 1, 1))
    measure = run_measure("200", "cifar10-valid", "ori-test", "accuracy", (888,), (200,))
    return write_table(tmp_path_factory.mktemp("test") / "only.arrow", space, None, [Given(measure, values)])


def test_a_table_of_test_accuracies_can_be_searched_and_says_so_everywhere(only_test, tmp_path):
    history = nasbed.search("random", nasbed.benchmark(only_test), evaluations=20, runs=3)
    np.testing.assert_array_equal(history.value[-1], nasbed.benchmark(only_test).test(history.archs[-1]))
    assert "only TEST accuracies" in history.warnings[0]
    assert "only TEST" in only_test.warnings[0]
    found = nasbed.compare(["random", "local"], only_test, evaluations=20, runs=3)
    assert any("only TEST" in warning for warning in found.warnings)


def test_test_only_is_written_into_every_figure(only_test):
    pytest.importorskip("matplotlib")
    from nasbed.report.figures import course, outcome

    found = nasbed.compare(["random", "local"], only_test, evaluations=20, runs=3)
    for figure in (course(found, "test", "evaluations"), outcome(found, "test")):
        texts = [axes.get_title(loc="left") for axes in figure.axes]
        assert any("only TEST" in text for text in texts)


@pytest.mark.parametrize(
    ("about", "told", "measure"),
    [
        ({"unit": "fraction"}, lambda v: v, "accuracy"),
        ({"unit": "percent"}, lambda v: v / 100, "accuracy"),
        ({"metric": "loss", "unit": "nats"}, lambda v: -v, "negative loss (nats)"),
        ({"metric": "reward"}, lambda v: v, "reward"),
    ],
)
def test_what_a_search_is_told_is_good_when_it_is_high(tmp_path, about, told, measure):
    space, values = NASBench201(), np.random.default_rng(0).random(15_625)
    one = Measure(**{"metric": "accuracy", "split": "valid", **about})
    benchmark = TableBenchmark(write_table(tmp_path / "t.arrow", space, None, {one: values}))
    archs = space.enumerate()[::100]
    np.testing.assert_array_equal(benchmark.query(archs).value, told(values[::100]))
    assert (benchmark.measure, benchmark.budgets) == (measure, (1,))
    assert benchmark.optimum()[0] == told(values).max()
    history = nasbed.search("random", benchmark, evaluations=9, runs=2)
    np.testing.assert_array_equal(history.value[-1], told(values)[space.index(history.archs[-1])])


def test_costs_are_those_of_the_table_and_formulas_where_it_has_none(tmp_path):
    space, random = NASBench201(), np.random.default_rng(0)
    energy = random.random(space.size)
    energy[7] = np.nan
    given = {
        Measure("accuracy", "valid", data="cifar10", unit="percent"): random.uniform(10, 90, space.size),
        Measure("energy", data="cifar10", unit="mJ"): energy,
        Measure("latency", data="cifar100", unit="ms"): energy,
    }
    benchmark = TableBenchmark(write_table(tmp_path / "t.arrow", space, None, given))
    assert benchmark.costs == ("params", "flops", "peak_memory", "energy")
    archs = space.enumerate()
    np.testing.assert_array_equal(benchmark.cost("energy", archs), energy)
    assert benchmark.cost("params", archs[:1])[0] > 1000
    with pytest.raises(BadSetting, match="it knows seconds, params, flops, peak_memory, energy"):
        benchmark.cost("latency", archs)


@pytest.mark.parametrize("size", [1, 3, 5000])
def test_a_part_of_a_space_plays_as_a_whole_does(tmp_path, size):
    space = NASBench201()
    listed = np.random.default_rng(0).permutation(space.size)[:size]
    part = {Measure("accuracy", "valid", unit="fraction"): listed / space.size}
    benchmark = TableBenchmark(write_table(tmp_path / "t.arrow", space, space.archs_of(listed), part))
    assert benchmark.space.size == size
    for method in ("random", "regularized-evolution", "local"):
        history = nasbed.search(method, benchmark, evaluations=30, runs=3)
        assert np.isin(space.index(history.archs[history.tried]), listed).all()
        np.testing.assert_array_equal(history.best_value, space.index(history.best) / space.size)


@pytest.mark.parametrize(
    ("settings", "why"),
    [({"data": "mnist"}, "it has: cifar10"), ({"hp": 200}, "the recipe 200; it has: 2/cifar10-valid/x-valid")],
)
def test_what_the_table_has_not_is_an_error_that_says_what_it_has(table, settings, why):
    with pytest.raises(NotInTable, match=why):
        nasbed.benchmark(table, **settings)


@pytest.mark.parametrize(
    ("settings", "why"),
    [({"data": "cifar100", "test": "cifar10"}, "cannot report"), ({"dat": "cifar100"}, "no setting 'dat'")],
)
def test_settings_that_do_not_fit_are_refused(table, settings, why):
    with pytest.raises(BadSetting, match=why):
        nasbed.benchmark(table, **settings)


def test_settings_may_follow_a_path(table):
    found = nasbed.benchmark(f"{table.path}:data=cifar100,hp=2")
    assert (found.data, found.recipe) == ("cifar100", "2")
    with pytest.raises(BadSetting, match="is not a setting"):
        nasbed.benchmark(f"{table.path}:data=cifar100,hp")


def test_registered_names_say_what_to_do_when_nothing_was_imported(tmp_path, monkeypatch):
    monkeypatch.setenv("NASBED_HOME", str(tmp_path))
    for name in ("nasbench201", "natssize"):
        with pytest.raises(NotInTable, match="nasbed import PATH"):
            nasbed.benchmark(name)


def test_a_training_that_goes_on_is_read_further_at_the_same_seed(whole):
    benchmark, runs = TableBenchmark(whole), 200
    answers, everyone = Answers(benchmark, SearchSettings(runs=runs, seed=3)), np.ones(runs, bool)
    archs = benchmark.space.sample(Streams.from_seed(1, runs))
    short = Trials(archs, np.full(runs, 1), number=np.zeros(runs, np.int64))
    begun = answers.to(short, 0, everyone, runs)
    anew = answers.to(short, 1, everyone, runs)
    further = Trials(archs, np.full(runs, 12), None, np.full(runs, 2), None, np.zeros(runs, np.int64))
    ended = answers.to(further, 2, everyone, runs)
    assert (begun.value != anew.value).mean() > 0.4  # another training, of another seed more often than not
    early, late = (benchmark.outcomes(archs, epochs) for epochs in (1, 12))
    seed = (early == begun.value[:, None]).argmax(axis=1)
    np.testing.assert_array_equal(late[np.arange(runs), seed], ended.value)
    assert (ended.epochs == 11).all()
    np.testing.assert_array_equal(begun.epochs + ended.epochs, 12)
