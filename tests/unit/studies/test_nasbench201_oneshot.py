"""Published cells, looked up: every figure of ours is the table's, and none stands where the table has none."""

import numpy as np
import pytest

from nasbed.core.errors import BadSetting
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.studies.nasbench201_oneshot import A, B, C
from nasbed.studies.reproduction import reproduce
from nasbed.tables.column import Measure
from nasbed.tables.writing import write_table

SPACE = NASBench201()
LATER = 9930


def measure(data, split, seeds, epochs=200):
    return Measure("accuracy", split, data, (str(epochs),), seeds, (epochs,), axes=("seed",), unit="percent")


def table(path, rows, seeds=(777, 888, 999), epochs=200, names=("cifar10", "cifar100", "ImageNet16-120")):
    """Write a table of accuracies that say which cell, data set and seed they are of."""
    splits = {"cifar10": "ori-test"}
    values = {
        measure(name, splits.get(name, "x-test"), seeds, epochs): rows[:, None] / 1000
        + 20 * place
        + np.arange(len(seeds))
        for place, name in enumerate(names)
    }
    return write_table(path, SPACE, SPACE.enumerate()[rows], values)


def by_words(found):
    return {(line.part, line.what): line for line in found.lines}


def test_ours_are_means_over_seeds_and_runs_of_what_the_table_has(tmp_path):
    rows = np.arange(15_625)
    found = reproduce("oneshot-nasbench201", data=table(tmp_path / "t.arrow", rows).path)
    lines = by_words(found)
    gdas = lines[B, "cifar100, GDAS, test"]
    runs = np.array([12_218, 3_203, 12_940]) / 1000 + 21
    assert gdas.ours == pytest.approx(runs.mean())
    assert gdas.spreads.ours == pytest.approx(runs.std()), "of the population"
    assert gdas.spreads.published == 2.50
    assert not gdas.within
    assert not found.within
    assert lines[C, "ImageNet16-120, DrNAS, β-DARTS, Λ-DARTS, test"].ours == pytest.approx(LATER / 1000 + 41)
    assert "3 runs, one cell, 1835" in lines[B, "cifar10, DARTS 1st, test"].remark
    assert lines[B, "ImageNet16-120, DARTS 2nd, test"].published is None
    assert all(line.ours is None for line in found.lines if "validation" in line.what), "the table has none"
    assert all(line.ours is None for line in found.lines if "RSPS" in line.what), "its cells were not published"


def test_a_table_with_the_published_means_agrees_and_an_altered_one_does_not(tmp_path):
    cells = SPACE.index(
        np.stack(
            [
                SPACE.parse(
                    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
                )
            ]
        )
    )
    assert cells.tolist() == [LATER]
    for shift, within in ((0.0, True), (0.02, False)):
        values = {measure("cifar10", "ori-test", ("mean",)): np.array([[94.363 + shift]])}
        where = write_table(tmp_path / "one.arrow", SPACE, SPACE.enumerate()[cells], values)
        found = reproduce("oneshot-nasbench201", data=where.path)
        assert [(line.part, line.ours) for line in found.compared] == [(C, pytest.approx(94.363 + shift))]
        assert found.within is within


@pytest.mark.parametrize("about", [{"seeds": (888,)}, {"epochs": 12}])
def test_other_protocols_are_looked_up_but_not_compared(tmp_path, about):
    found = reproduce("oneshot-nasbench201", data=table(tmp_path / "t.arrow", np.array([1835]), **about).path)
    assert not found.compared
    assert [line.ours for line in found.lines if line.ours is not None]
    assert sum("not compared" in note for note in found.notes) == 3
    partial = by_words(found)[B, "cifar100, GDAS, test"]
    assert partial.ours is None
    assert partial.remark.startswith("the table lacks some of")
    assert by_words(found)[A, "cifar10, DARTS 1st and 2nd, test"].ours is not None


def test_a_table_without_any_of_the_cells_is_refused(tmp_path):
    where = table(tmp_path / "t.arrow", np.array([5]))
    with pytest.raises(BadSetting, match="no accuracy of any of the published cells; it has"):
        reproduce("oneshot-nasbench201", data=where.path)
    with pytest.raises(BadSetting, match="leave --runs out"):
        reproduce("oneshot-nasbench201", data=where.path, runs=3)
