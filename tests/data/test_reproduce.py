"""Published studies on the published results."""

import time

import pytest

from nasbed.studies.nasbench201_baselines import METHODS, TOLERANCE
from nasbed.studies.reproduction import reproduce


@pytest.fixture(scope="module")
def baselines(shared_data):
    start = time.process_time()
    found = reproduce("nasbench201-baselines", data=shared_data / "nasbench201" / "seed888_test_accuracy.csv")
    return found, time.process_time() - start


def test_every_cell_of_the_baselines_is_reproduced(baselines):
    found, _ = baselines
    assert [line for line in found.lines if not line.within] == []
    cells = [line for line in found.lines if any(f", {method}, after" in line.what for method in METHODS)]
    assert len(cells) == 27
    assert {line.tolerance for line in cells} == set(TOLERANCE.values()) == {0.08, 0.12, 0.15}


def test_random_search_keeps_to_its_closed_form(baselines):
    found, _ = baselines
    assert sum("random − its closed form" in line.what and line.within for line in found.lines) == 9


def test_it_takes_seconds(baselines):
    assert baselines[1] < 20, "seconds of the processor, import of the file included"
