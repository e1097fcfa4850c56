"""Jobs: what follows from a campaign's settings."""

import json
from dataclasses import replace

import pytest
from factory.campaigns import BLUEPRINT, JOB, MODULES, RECIPE, SPACE, made_up

from nasbed.factory.job import Job, unit_seed, usual_together
from nasbed.factory.units import Unit
from nasbed.nets.nasbench101 import NASBench101Blueprint
from nasbed.run.stores.sqlite import SQLiteStore


def test_small_networks_train_their_repeats_together_and_published_ones_alone():
    assert usual_together(BLUEPRINT, 3) == 3
    assert usual_together(NASBench101Blueprint(SPACE), 3) == 1


def test_a_plan_makes_the_job_again_and_names_no_place():
    job = replace(JOB, data="cifar10:/somebody/s/files", time_limit=2.5, together=2)
    plan = json.loads(json.dumps(job.plan()))
    assert "somebody" not in json.dumps(plan)
    assert Job.of_plan(plan) == replace(job, data="cifar10")


OLD = {
    "space": {"name": "nasbench101", "vertices": 3, "edges": 9, "operations": [*SPACE.operations]},
    "data": "digits",
    "skeleton": {"stem_channels": 8, "stacks": 2, "modules_per_stack": 1}
    | {"classes": 10, "image_size": 8, "image_channels": 1},
    "recipe": RECIPE.to_dict(),
    "budgets": [1, 2],
    "repeats": 3,
    "together": 1,
    "seed": 5,
    "attempts": 4,
    "time_limit": None,
}
"""What version 0.1 noted of the campaign in ``campaigns``."""


def test_a_plan_of_before_samples_is_the_same_and_goes_on(tmp_path):
    assert Job.of_plan(OLD) == JOB
    assert JOB.plan() == OLD
    with SQLiteStore(tmp_path / "t.sqlite") as store:
        noted = {"plan": {**OLD, "data_checksum": "0", "versions": {}}, "units": 42, "splits": {}, "warnings": []}
        for name, value in noted.items():
            store.note(name, value)
    assert len(made_up(tmp_path / "t.arrow")) == 7


def arguments(name, job=JOB):
    return job.arguments(name, device="cpu", threads=1, diagnostics=None)


def test_seeds_do_not_depend_on_what_is_trained_together():
    module = MODULES[3]
    one, together = arguments(f"{module}/2/1"), arguments(f"{module}/2/0", replace(JOB, together=3))
    assert one[5] == together[5] == unit_seed(5, f"{module}/2")
    assert (one[6], one[8]) == (1, 1)  # how many repeats, and the first
    assert (together[6], together[8]) == (3, 0)
    assert arguments(f"{module}/2/2", replace(JOB, together=2))[6] == 1  # what is left of three


def test_a_retry_trains_one_repeat_and_counts_attempts_on():
    again = arguments(f"{MODULES[0]}/1/0/2", replace(JOB, together=3))
    assert (again[6], again[8], again[10]) == (1, 0, 2 * JOB.attempts)


def test_seeds_of_units_differ():
    seeds = {unit_seed(seed, f"{module}/{epochs}") for seed in (0, 1) for module in ("ab", "cd") for epochs in (4, 12)}
    assert len(seeds) == 8
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert unit_seed(0, "ab/4") == unit_seed(0, "ab/4")


@pytest.mark.parametrize("name", ["ab/4/0", "ab/36/2/1"])
def test_a_unit_is_its_name(name):
    assert str(Unit.parse(name)) == name
