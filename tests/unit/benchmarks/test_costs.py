"""What architectures cost beside training: by formula, as published; what was measured, as the table has it."""

import numpy as np
import pytest
from benchmarks.test_table_trainings import SPACE, table_of
from tables import made_runs as made

import nasbed
from nasbed.benchmarks.costs import Formula, formulas
from nasbed.benchmarks.table import TableBenchmark
from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.core.rng import Streams
from nasbed.nets import costs
from nasbed.nets.nasbench101 import NASBench101Blueprint
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.tables.column import Measure
from nasbed.tables.writing import write_table

INDICES = (0, 3, 284)


@pytest.fixture(scope="module")
def curves(tmp_path_factory):
    """Trainings of three architectures, the first of which is the published one of index 0."""
    return made.table_of([made.made(i) for i in INDICES], tmp_path_factory.mktemp("curves") / "toy.arrow")


@pytest.mark.parametrize(
    ("data", "params", "flops"),
    [("cifar10", 129_306, 15_647_370), ("cifar10-valid", 129_306, 15_647_370), ("cifar100", 135_156, 15_653_220)],
)
def test_the_first_cell_has_the_published_costs(tmp_path, data, params, flops):
    """As nasbench201_info and the published file of index 0 have them, there in millions."""
    space = NASBench201()
    archs = space.archs_of(np.array(INDICES))
    told = Measure("accuracy", split="valid", data=data, unit="percent")
    benchmark = TableBenchmark(write_table(tmp_path / "t.arrow", space, archs, {told: np.array([1.0, 2.0, 3.0])}))
    assert benchmark.costs == ("params", "flops", "peak_memory")
    assert benchmark.cost("params", archs)[0] == params
    assert benchmark.cost("flops", archs)[0] == flops


def test_what_a_table_measured_goes_before_a_formula(curves):
    benchmark = TableBenchmark(curves, data="cifar100", hp=12)
    assert set(benchmark.costs) == {"params", "flops", "latency"}
    for row, index in enumerate(INDICES):
        runs = [run for run in made.made(index).runs if (run.hp, run.data) == ("12", "cifar100")]
        for name in ("params", "flops"):
            wanted = np.rint(1e6 * np.mean([getattr(run, name) for run in runs]))
            assert benchmark.cost(name, curves.archs)[row] == wanted


def test_latency_is_the_mean_over_the_trainings_that_are_searched(curves):
    benchmark = TableBenchmark(curves, data="cifar10", hp=12)
    for row, index in enumerate(INDICES):
        runs = [run for run in made.made(index).runs if (run.hp, run.data) == ("12", "cifar10-valid")]
        wanted = np.mean([run.latency[0] for run in runs])
        np.testing.assert_allclose(benchmark.cost("latency", curves.archs)[row], wanted)


def test_digits_have_the_costs_of_the_small_skeleton_that_they_were_trained_in():
    benchmark = nasbed.benchmark("digits101")
    archs = benchmark.space.enumerate()[::50]
    assert benchmark.costs == ("params", "flops", "peak_memory")
    frame = {"classes": 10, "image_size": 8, "image_channels": 1, **NASBench101Blueprint.small}
    np.testing.assert_array_equal(benchmark.cost("params", archs), costs.params(benchmark.space, archs, **frame))
    np.testing.assert_array_equal(benchmark.cost("flops", archs), costs.flops(benchmark.space, archs, **frame))
    assert (benchmark.cost("flops", archs) < costs.flops(benchmark.space, archs) / 100).all()


def test_a_table_without_a_skeleton_has_operations_only_if_its_parameters_are_the_published_ones(tmp_path):
    archs = SPACE.enumerate()
    other, _ = table_of(tmp_path / "other.arrow", archs)  # whose parameters are made up
    assert TableBenchmark(other).costs == ("params",)
    np.testing.assert_array_equal(
        TableBenchmark(other).cost("params", archs), other.column("trainable_parameters").stored
    )
    with pytest.raises(BadSetting, match="it knows seconds, params"):
        TableBenchmark(other).cost("flops", archs)


def test_a_module_of_a_large_space_costs_what_its_first_way_of_writing_does():
    """What is asked is remembered by index; modules written otherwise differ by the channels left when dividing."""
    space = NASBench101()
    archs = space.sample(Streams.from_seed(1, 60))
    formula = Formula(space, {})
    found = formula.of("params", archs)
    assert list(formulas(space, {}, archs)) == ["params", "flops", "peak_memory"]
    np.testing.assert_array_equal(found[::-1], formula.of("params", archs[::-1]))
    first = space.archs_of(space.index(archs))
    np.testing.assert_array_equal(found, costs.params(space, first))
    assert not np.array_equal(found, costs.params(space, archs))


def test_a_space_that_numbers_nothing_has_costs_row_by_row():
    space = NASBench101(vertices=9, edges=12)
    some = space.sample(Streams.from_seed(1, 5))
    np.testing.assert_array_equal(Formula(space, {}).of("flops", some), costs.flops(space, some))


def test_what_has_no_formula_has_no_costs():
    for space, frame in ((NASBench101(vertices=4, operations=("only",)), {}), (NASBench101(), {"colour": "blue"})):
        assert formulas(space, frame, space.sample(Streams.from_seed(0, 8))) == {}


def test_what_is_no_architecture_costs_nothing():
    with pytest.raises(InvalidArchitecture, match="architecture 1 of 2 is not valid"):
        Formula(SPACE, {}).of("params", np.stack([SPACE.enumerate()[7], np.zeros(SPACE.decisions, np.int8)]))


def test_a_search_hears_the_costs_of_what_it_tried():
    benchmark = nasbed.benchmark("digits101")
    history = search(
        nasbed.optimizer("random"),
        benchmark,
        SearchSettings(evaluations=20, runs=3, objectives=["flops", "params"], limits={"params": 2_000}),
    )
    tried = history.tried
    archs = history.archs[tried]
    for place, name in enumerate(history.objectives):
        np.testing.assert_array_equal(history.costs[:, :, place][tried], benchmark.cost(name, archs))
    over = benchmark.cost("params", archs) / 2_000 - 1
    np.testing.assert_allclose(history.excess[tried], np.maximum(over, 0))
