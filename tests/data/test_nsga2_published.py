"""On the published accuracies of NAS-Bench-201: what networks cost, the exact fronts, and how near searches come."""

import numpy as np
import pytest

import nasbed
from nasbed.benchmarks.table import TableBenchmark
from nasbed.readers.csv import known_declaration
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.statistics.pareto import Fronts, exact_front
from nasbed.tables.csv_import import import_csv
from nasbed.tables.nats_import import import_published

FOLDERS = {"nasbench201": "NATS-tss-v1_0-3ffb9-simple", "natssize": "NATS-sss-v1_0-50262-simple"}


@pytest.mark.parametrize("space", FOLDERS)
def test_genuine_networks_cost_what_is_published(shared_data, tmp_path, space):
    """In the published files costs are in millions; latencies are those of the trainings with the longest recipe."""
    table = import_published(shared_data / "natsbench" / FOLDERS[space], tmp_path / "genuine.arrow")
    for data in ("cifar10", "cifar100", "ImageNet16-120"):
        benchmark = TableBenchmark(table, data=data)
        assert benchmark.costs == ("params", "flops", "peak_memory", "latency")
        searched = "cifar10-valid" if data == "cifar10" else data
        for name, unit in (("params", 1e6), ("flops", 1e6), ("latency", 1.0)):
            published = table.measurement(name, data=searched).mean()
            np.testing.assert_allclose(benchmark.cost(name, table.archs), published * unit, rtol=1e-12)


@pytest.fixture(scope="module")
def table(shared_data, tmp_path_factory):
    file = shared_data / "nasbench201" / "seed888_test_accuracy.csv"
    return import_csv(file, tmp_path_factory.mktemp("published") / "seed888.arrow", known_declaration(file.name))


@pytest.mark.slow
def test_the_exact_front_of_cifar10(table):
    """From the most accurate cell of seed 888 to the best of those without any convolution."""
    front = exact_front(TableBenchmark(table, data="cifar10"), ["params"])
    assert (len(front.values), front.chosen_from) == (15, 15_625)
    np.testing.assert_allclose(front.ideal, [0.9157, 73_306])
    np.testing.assert_allclose(front.nadir, [0.8444, 858_426])
    np.testing.assert_allclose(front.worst, [0.1, 1_531_546])


WHOLE = [pytest.param(data, 50, marks=pytest.mark.slow) for data in ("cifar10", "cifar100", "ImageNet16-120")]


@pytest.mark.parametrize(("data", "runs"), WHOLE)
def test_nsga2_comes_within_two_percent_of_the_exact_front(table, data, runs):
    """The median of 50 runs of 1,000 evaluations, measured from the front's nadir, which is the strictest way."""
    benchmark = TableBenchmark(table, data=data)
    exact = exact_front(benchmark, ["params"])

    def share(name, scale):
        history = search(
            nasbed.optimizer(name), benchmark, SearchSettings(evaluations=1000, runs=runs, objectives=["params"])
        )
        return np.median(Fronts.of(history, benchmark).volumes(scale)[-1]) / exact.volume(scale)

    strict = exact.scale("nadir", 0.0)
    assert share("nsga2", strict) >= 0.98
    assert share("random", strict) < share("scalarisation", strict) < share("nsga2", strict)
