"""The table of all cells of NAS-Bench-201 that comes with the package."""

import numpy as np
import pytest

import nasbed


@pytest.fixture(scope="module")
def digits201():
    return nasbed.benchmark("digits201")


def test_it_has_each_cell_once_three_times_trained_with_a_curve(digits201):
    table = digits201.table
    assert len(table) == len(nasbed.space("nasbench201").unique()) == 6466
    accuracy = table.measurement("accuracy", split="valid")
    assert len(accuracy.seeds) == 3
    assert tuple(accuracy.epochs) == tuple(range(1, 13))
    assert tuple(table.measurement("accuracy", split="test").epochs) == (12,)
    assert table.path.stat().st_size < 4_000_000


def test_a_cell_answers_for_every_string_that_is_equal_to_it(digits201):
    space = nasbed.space("nasbench201")
    cells = space.enumerate()
    values = digits201.query(cells).value
    assert np.isfinite(values).all()
    keys = space.key(cells)
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    np.testing.assert_array_equal(values, values[first][which])


def test_three_seeds_agree_and_more_epochs_are_better(digits201):
    accuracy = digits201.table.measurement("accuracy", split="valid").curve(digits201.table.archs)
    mean = np.nanmean(accuracy, axis=(0, 1))
    assert (np.diff(mean) > 0).all()
    ends = accuracy[:, :, -1]
    assert np.corrcoef(ends.T)[np.triu_indices(3, 1)].min() > 0.4
