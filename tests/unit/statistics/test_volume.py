"""Hypervolume: by hand, by its definition, as pymoo has it, and along a search."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.errors import BadSetting
from nasbed.statistics.volume import hypervolume, hypervolumes_along, spans

corners = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=12)
solids = st.lists(st.tuples(*[st.integers(0, 5)] * 3), max_size=10)


def test_a_staircase_by_hand():
    """Row by row of the corner at (4, 4): three cells, two rows of two, and one."""
    assert hypervolume([[1.0, 3.0], [2.0, 1.0], [3.0, 0.0]], [4.0, 4.0]) == 3 * 1 + 2 * 2 + 1 * 1


def test_what_does_not_beat_the_reference_counts_for_nothing():
    assert hypervolume([[4.0, 0.0], [0.0, 4.0], [5.0, -1.0], [np.nan, 0.0]], [4.0, 4.0]) == 0.0
    assert hypervolume(np.zeros((0, 2)), [1.0, 1.0]) == 0.0
    assert hypervolume(np.zeros((0, 3)), [1.0, 1.0, 1.0]) == 0.0


def test_one_objective_is_a_distance():
    assert hypervolume([[3.0], [1.0]], [4.0]) == 3.0


@given(corners)
def test_an_area_is_how_many_cells_are_dominated(points):
    x, y = np.meshgrid(np.arange(7), np.arange(7))
    dominated = np.zeros(x.shape, bool)
    for a, b in points:
        dominated |= (x >= a) & (y >= b)
    assert hypervolume(np.array(points, float).reshape(-1, 2), [7.0, 7.0]) == dominated.sum()


@given(solids)
def test_a_volume_is_how_many_cells_are_dominated(points):
    cells = np.stack(np.meshgrid(*[np.arange(5)] * 3), axis=-1)
    dominated = np.zeros(cells.shape[:-1], bool)
    for point in points:
        dominated |= (cells >= point).all(axis=-1)
    assert hypervolume(np.array(points, float).reshape(-1, 3), [5.0] * 3) == pytest.approx(dominated.sum())


def test_areas_are_those_of_pymoo():
    hv = pytest.importorskip("pymoo.indicators.hv")
    for seed in range(20):
        points = np.random.default_rng(seed).random((50, 2)) * 1.2
        assert hypervolume(points, [1.0, 1.0]) == pytest.approx(hv.HV(ref_point=np.ones(2))(points), rel=1e-12)


@pytest.mark.parametrize("objectives", [2, 3])
def test_along_a_search_it_is_that_of_everything_so_far(objectives):
    random = np.random.default_rng(objectives)
    points = random.integers(0, 20, (60, 4, objectives)) / 20.0
    counts = random.random((60, 4)) < 0.8
    found = hypervolumes_along(spans(points, counts), points, np.ones(objectives))
    for run in range(4):
        for step in range(0, 60, 3):
            so_far = points[: step + 1, run][counts[: step + 1, run]]
            assert found[step, run] == pytest.approx(hypervolume(so_far, np.ones(objectives)))
    assert (np.diff(found, axis=0) >= 0).all()


def test_shapes_must_fit():
    with pytest.raises(BadSetting, match="the reference one of them"):
        hypervolume([[1.0, 2.0]], [1.0, 2.0, 3.0])
