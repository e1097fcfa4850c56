"""What is in one architecture's dictionaries is taken over as it is, or refused with its place."""

import numpy as np
import pytest
from readers.natsbench.states import archs_of, run_state, state

from nasbed.core.errors import CorruptFile
from nasbed.readers.natsbench.state import published_of

ARCHS = archs_of("nasbench201")


def read(run=None, **changes):
    runs = None if run is None else {("cifar10-valid", 777): run}
    return published_of({"200": state(11, runs=runs, **changes)}, 11, ARCHS[11], "file")


def test_what_a_training_says_is_taken_over():
    run = read(run_state(epochs=3)).runs[0]
    assert (run.hp, run.data, run.seed, run.epochs) == ("200", "cifar10-valid", 777, 3)
    assert (run.params, run.flops, run.latency) == (0.5, 12.25, (0.0125,))
    assert {name: curve.tolist() for name, curve in run.curves.items()} == {
        "train/accuracy": [10.0, 11.0, 12.0],
        "train/loss": [2.0, 1.875, 1.75],
        "train/time": [5.5, 5.5, 5.5],
    }
    assert run.evaluations["ori-test", 2] == {"accuracy": 14.0, "loss": 1.3125, "time": 0.75}
    assert run.other == {
        "name": "cifar10-valid",
        "arch_config": {"channel": 16, "num_cells": 5, "class_num": 10},
        "seed": "0777",
        "eval_names": ["x-valid", "ori-test"],
    }


def test_trainings_keep_the_order_of_the_file():
    runs = {
        (data, seed): run_state(data, seed) for data, seed in [("cifar10", 999), ("cifar10-valid", 777), ("cifar10", 1)]
    }
    found = published_of({"200": state(0, runs=runs), "12": state(0)}, 0, ARCHS[0], "file")
    assert [(run.hp, run.data, run.seed) for run in found.runs][:4] == [
        ("200", "cifar10", 999),
        ("200", "cifar10-valid", 777),
        ("200", "cifar10", 1),
        ("12", "cifar10-valid", 777),
    ]


def test_what_is_said_of_an_architecture_is_kept():
    found = read(note="x").other["200"]
    assert found["dataset_seed"] == {"cifar10-valid": [777, 888], "cifar100": [777, 888]}
    assert (found["note"], found["clear_net_done"]) == ("x", True)


def test_epochs_that_are_missing_are_nan():
    curve = read(run_state(epochs=4, train_losses={3: 1.0, 1: 2.0})).runs[0].curves["train/loss"]
    assert np.isnan(curve).tolist() == [True, False, True, False]


def test_epochs_without_a_number_are_nan_and_evaluations_absent():
    run = read(
        run_state(epochs=2, train_losses={0: None, 1: 2.0}, eval_losses={"x-valid@0": None, "x-valid@1": 3})
    ).runs[0]
    assert np.isnan(run.curves["train/loss"]).tolist() == [True, False]
    assert run.evaluations["x-valid", 1]["loss"] == 3.0
    assert "loss" not in run.evaluations["x-valid", 0]


def test_evaluations_may_come_in_any_order():
    keys = {"ori-test@1": 1.0, "x-valid@1": 2.0, "ori-test@0": 3.0, "x-valid@0": 4.0}
    run = read(run_state(eval_acc1es=keys)).runs[0]
    assert {f"{split}@{epoch}": found["accuracy"] for (split, epoch), found in run.evaluations.items()} == keys


def test_measures_that_are_missing_are_absent():
    run = read(run_state(train_times=None, eval_times={}, latency=None)).runs[0]
    assert "train/time" not in run.curves
    assert set(run.evaluations["x-valid", 0]) == {"accuracy", "loss"}
    assert run.latency == ()


def test_an_epoch_may_have_a_time_alone():
    run = read(run_state(eval_acc1es={"x-valid@1": 50.0}, eval_losses={"x-valid@1": 1.0})).runs[0]
    assert run.evaluations["x-valid", 0] == {"time": 0.75}


WRONG = {
    "no trainings": (run_state, {}, {"all_results": None}, "None stands where 'all_results', a dict"),
    "another index": (run_state, {}, {"arch_index": 5}, "results of architecture 5"),
    "another string": (run_state, {}, {"arch_str": ARCHS[5]}, "where those of 11"),
    "a seed too many": (run_state, {}, {"dataset_seed": {"cifar10-valid": [777, 888]}}, "list of seeds"),
    "a seed too few": (run_state, {}, {"dataset_seed": {}}, "list of seeds"),
    "no epochs": (run_state, {"epochs": 0, "train_acc1es": {}}, {}, "0 is no number of epochs"),
    "an epoch too many": (
        run_state,
        {"train_losses": {0: 1.0, 2: 1.0}},
        {},
        "2 is no epoch, or split",
    ),
    "a text for a number": (run_state, {"train_losses": {0: "1.0", 1: 1.0}}, {}, "'1.0' is no number"),
    "a text for a size": (run_state, {"params": "0.5"}, {}, "'0.5' stands where 'params', a Real"),
    "a split without an epoch": (
        run_state,
        {"eval_acc1es": {"x-valid": 1.0}},
        {},
        "'x-valid' is no epoch",
    ),
    "a split after the end": (
        run_state,
        {"eval_acc1es": {"x-valid@2": 1.0}},
        {},
        "split and epoch, below 2",
    ),
    "a split of no name": (run_state, {"eval_acc1es": {"@1": 1.0}}, {}, "'@1' is no epoch, or split"),
    "a list for a dictionary": (run_state, {"train_losses": [1.0, 2.0]}, {}, "stands where 'train_losses', a dict"),
}


@pytest.mark.parametrize(("make", "of_run", "of_state", "why"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_is_refused_with_its_place(make, of_run, of_state, why):
    with pytest.raises(CorruptFile, match=why) as refused:
        read(make(**of_run), **of_state)
    assert str(refused.value).startswith("file, 200 epochs")


@pytest.mark.parametrize("lacking", ["epochs", "params", "flop"])
def test_what_every_training_has_must_be_there(lacking):
    run = run_state()
    del run[lacking]
    with pytest.raises(CorruptFile, match=f"seed 777: None stands where '{lacking}'"):
        read(run)
