"""Learning curves: what is measured after every epoch, or after some fractions of a training, is in the table."""

import numpy as np
import pytest

from nasbed.benchmarks.table import TableBenchmark
from nasbed.core.errors import BadSetting
from nasbed.factory.generate import generate
from nasbed.nets.recipe import Recipe
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.table import Table

SPACE = NASBench101(vertices=3, operations=("conv1x1-bn-relu",))
DATA = "random:size=8,channels=1,train=40,validation=20,test=20"
SETTINGS = {"space": SPACE, "data": DATA, "repeats": 2, "executor": "inline"}


def made(path, evaluations, budgets):
    recipe = {"batch_size": 10, "evaluations": evaluations}
    table = generate(path, budgets=budgets, recipe=recipe, **SETTINGS)
    assert table is not None
    return Table.open(path)


@pytest.fixture(scope="module")
def curves(tmp_path_factory):
    return made(tmp_path_factory.mktemp("curves") / "curves.arrow", "epochs", (1, 3))


@pytest.fixture(scope="module")
def moments(tmp_path_factory):
    return made(tmp_path_factory.mktemp("moments") / "moments.arrow", "0.5", (1, 3))


def test_every_epoch_has_its_accuracy_loss_and_time(curves):
    for metric, split in (("accuracy", "train"), ("accuracy", "valid"), ("loss", "train"), ("loss", "valid")):
        one = curves.measurement(metric, split=split, recipe="3")
        assert one.epochs == (1, 2, 3)
        assert np.isfinite(one.curve(None)).all()
    seconds = curves.measurement("training_time", recipe="3").curve(None)
    assert (np.diff(seconds, axis=2) > 0).all()
    assert curves.measurement("accuracy", split="test", recipe="3").epochs == (3,)


@pytest.mark.slow
def test_measuring_more_often_changes_no_training(curves, moments):
    rows = np.arange(len(curves))
    for budget in ("1", "3"):
        for split in ("train", "valid", "test"):
            often = curves.measurement("accuracy", split=split, recipe=budget)
            seldom = moments.measurement("accuracy", split=split, recipe=budget)
            for seed in (0, 1):
                np.testing.assert_array_equal(
                    often.values(rows, seed=seed, epoch=int(budget)), seldom.values(rows, seed=seed)
                )


def test_a_search_may_ask_for_every_epoch_and_a_longer_one_continues_a_shorter(curves):
    benchmark = TableBenchmark(curves, recipe="3")
    assert benchmark.budgets == (1, 2, 3)
    assert benchmark.continues


def test_what_no_search_reads_is_compressed(curves):
    for about in curves.metadata["columns"].values():
        assert about["cold"] == (about["role"] == "detail")


def test_fractions_are_the_epochs_that_are_over(tmp_path):
    table = made(tmp_path / "fractions.arrow", "0.5,0.75", (3,))
    assert table.measurement("accuracy", split="valid", recipe="3").epochs == (1, 2, 3)


@pytest.mark.parametrize("evaluations", ["0", "1", "1.5", "half", "0.5,x", "1/0"])
def test_other_moments_are_refused(evaluations):
    with pytest.raises(BadSetting, match="evaluations are fractions between 0 and 1"):
        Recipe(evaluations=evaluations)
