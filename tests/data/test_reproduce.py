"""Published studies on the published results."""

import csv
import time

import pytest

from nasbed.spaces.nasbench201 import NASBench201
from nasbed.studies.nasbench201_baselines import METHODS, TOLERANCE
from nasbed.studies.nasbench201_oneshot import FOUND, LATER, B, spelled
from nasbed.studies.reproduction import reproduce

METHOD_NAMES = {"DARTS 1st": "darts-1", "DARTS 2nd": "darts-2", "GDAS": "gdas"}


@pytest.fixture(scope="module")
def baselines(shared_data):
    start = time.process_time()
    found = reproduce("nasbench201-baselines", data=shared_data / "nasbench201" / "seed888_test_accuracy.csv")
    return found, time.process_time() - start


@pytest.mark.slow
def test_every_cell_of_the_baselines_is_reproduced(baselines):
    found, _ = baselines
    assert [line for line in found.lines if not line.within] == []
    cells = [line for line in found.lines if any(f", {method}, after" in line.what for method in METHODS)]
    assert len(cells) == 27
    assert {line.tolerance for line in cells} == set(TOLERANCE.values()) == {0.08, 0.12, 0.15}


@pytest.mark.slow
def test_random_search_keeps_to_its_closed_form(baselines):
    found, _ = baselines
    assert sum("random − its closed form" in line.what and line.within for line in found.lines) == 9


@pytest.mark.slow
def test_it_takes_seconds(baselines):
    assert baselines[1] < 20, "seconds of the processor, import of the file included"


def test_the_cells_that_one_shot_searches_found_are_the_published_ones(shared_data):
    with (shared_data / "oneshot" / "nats_discovered_cells.csv").open() as file:
        rows = list(csv.DictReader(file))
    ours = [
        {"dataset": data, "method": METHOD_NAMES[method], "run": str(run), "cell": spelled(cell)}
        for (data, method), cells in FOUND.items()
        for run, cell in enumerate(cells)
    ]
    assert ours == rows
    assert spelled(LATER) == NASBench201().format(NASBench201().enumerate()[9930])


def test_they_are_looked_up_in_a_table_of_one_seed_without_being_compared(shared_data):
    found = reproduce("oneshot-nasbench201", data=shared_data / "nasbench201" / "seed888_test_accuracy.csv")
    ours = {line.what: round(line.ours, 2) for line in found.lines if line.part == B and line.ours is not None}
    assert ours["cifar100, GDAS, test"] == 67.95
    assert len(ours) == 9
    assert not found.compared


@pytest.mark.slow
def test_guided_search_comes_to_what_is_documented(shared_data):
    found = reproduce("guided-nasbench201", data=shared_data / "nasbench201" / "seed888_test_accuracy.csv", runs=20)
    assert [line for line in found.lines if not line.within] == []
    assert len(found.compared) == 3 * 2 * 5 * 2
    assert any(line.remark.startswith("copied") and line.ours is None for line in found.lines)


@pytest.mark.slow
@pytest.mark.parametrize(("study", "compared"), [("predictors-nasbench201", 26), ("predictors-nasbench101", 10)])
def test_predictors_rank_as_documented_and_as_published_where_they_are_played_again(shared_data, study, compared):
    found = reproduce(study, data=shared_data, runs=3)
    assert [line for line in found.lines if not line.within] == []
    assert len(found.compared) == compared
    ceiling = 0.90 if study.endswith("201") else 1.0
    assert all(line.ours < ceiling for line in found.lines if line.ours is not None), "what is better is a leak"
