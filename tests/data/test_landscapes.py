"""The landscape of NAS-Bench-201 against a plain look at the published CSV."""

import csv

import numpy as np
import pytest

from nasbed.core.rng import Streams
from nasbed.landscape.landscape import Landscape
from nasbed.landscape.measures import random_walks
from nasbed.landscape.study import study
from nasbed.spaces.nasbench201 import NASBench201

SPACE = NASBench201()
FIGURES = {  # optima, starts that best improvement brings to the best, ρ(1), fitness–distance correlation
    "cifar10": (52, 0.187, 0.563, -0.223),
    "cifar100": (44, 0.487, 0.611, -0.263),
    "ImageNet16-120": (47, 0.108, 0.677, -0.340),
}


@pytest.fixture(scope="module")
def accuracies(shared_data):
    with (shared_data / "nasbench201" / "seed888_test_accuracy.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    index = SPACE.index(np.array([SPACE.parse(row["architecture"]) for row in rows]))
    found = {data: np.empty(SPACE.size) for data in FIGURES}
    for data, values in found.items():
        values[index] = [float(row[data]) / 100 for row in rows]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("data", FIGURES)
def test_optima_and_basins_are_those_of_plain_climbs(accuracies, data):
    values = accuracies[data]
    archs = SPACE.enumerate()
    near = np.stack([SPACE.index(SPACE.moved(archs, np.full(len(archs), m))) for m in range(len(SPACE.moves))], axis=1)
    found = study(Landscape.of_values(SPACE, values, data, "test accuracy", 100))
    plain = np.flatnonzero((values[near] <= values[:, None]).all(axis=1))
    assert sorted(found.optima.optima) == plain.tolist()
    best = near[np.arange(len(near)), values[near].argmax(axis=1)]
    at = np.where(values[best] > values, best, np.arange(len(near)))
    for _ in range(20):
        at = at[at]
    reached = values[at] == values.max()
    optima, success, rho, correlation = FIGURES[data]
    assert found.optima.best_improvement.success == pytest.approx(reached.mean(), abs=0.002)  # equal best neighbours
    assert len(found.optima.optima) == optima
    assert found.optima.best_improvement.success == pytest.approx(success, abs=5e-4)
    assert found.walks.rho[1] == pytest.approx(rho, abs=5e-4)
    assert found.distance.pearson == pytest.approx(correlation, abs=5e-4)


@pytest.mark.slow
def test_less_noise_leaves_fewer_optima(shared_data, accuracies):
    """As White, Nolen and Savani have it (UAI 2021): of one seed there are 52, of the mean over seeds 27."""
    with (shared_data / "nasbench201" / "nasbench201_info.csv").open(newline="") as file:
        means = np.empty(SPACE.size)
        for row in csv.DictReader(file):
            means[int(row["uid"])] = float(row["accuracy"]) / 100
    of_seeds = study(Landscape.of_values(SPACE, means)).facts()["local_optima"]["optima"]
    of_one = study(Landscape.of_values(SPACE, accuracies["cifar10"])).facts()["local_optima"]["optima"]
    assert (of_seeds, of_one) == (27, 52)


@pytest.mark.slow
def test_walks_come_to_the_exact_autocorrelation(accuracies):
    landscape = Landscape.of_values(SPACE, accuracies["cifar10"])
    values = landscape.values[random_walks(landscape, Streams.from_seed(0, 500), 1000)]
    values -= values.mean()
    assert (values[:, :-1] * values[:, 1:]).mean() / values.var() == pytest.approx(0.563, abs=0.01)
