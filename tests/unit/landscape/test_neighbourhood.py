"""Neighbourhoods: those of the space, in both directions, whatever the spelling."""

import numpy as np
import pytest

from nasbed.core.errors import BadSetting
from nasbed.landscape.landscape import neighbourhood
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.spaces.natssize import NATSSize


@pytest.mark.parametrize("space", [NASBench201(), NATSSize()], ids=lambda space: space.name)
def test_where_each_row_is_an_architecture_they_are_the_spaces_own(space):
    graph = neighbourhood(space)
    assert (np.diff(graph.offsets) == len(space.moves)).all()
    for index in np.random.default_rng(0).integers(space.size, size=50):
        own = space.index(space.neighbors(space.archs_of(np.array([index]))[0]))
        np.testing.assert_array_equal(graph.of(index), np.sort(own))


@pytest.mark.parametrize("space", [NASBench101(vertices=5), NASBench101(vertices=5, edges=6), NASBench101(vertices=4)])
def test_modules_have_all_the_neighbours_that_any_spelling_has(space):
    weights = np.cumprod([1, *space.cardinalities[:0:-1]])[::-1]
    rows = (np.arange(np.prod(space.cardinalities))[:, None] // weights % space.cardinalities).astype(np.int8)
    own, pairs = space.index(rows), set()
    for move in range(len(space.moves)):
        near = space.index(space.moved(rows, np.full(len(rows), move)))
        there = (own >= 0) & (near >= 0) & (own != near)
        pairs |= set(zip(own[there].tolist(), near[there].tolist(), strict=True))
    graph = neighbourhood(space)
    assert len(graph.near) == len(pairs)
    assert all((i, int(j)) in pairs for i in range(space.size) for j in graph.of(i))


def test_being_neighbours_is_mutual_and_never_with_oneself():
    graph = neighbourhood(NASBench101(vertices=5))
    owner = np.repeat(np.arange(len(graph.offsets) - 1), np.diff(graph.offsets))
    assert (owner != graph.near).all()
    there = set(zip(owner.tolist(), graph.near.tolist(), strict=True))
    assert {(j, i) for i, j in there} == there
    assert len(there) == len(graph.near)


def test_a_space_without_numbers_cannot_be_looked_over():
    with pytest.raises(BadSetting, match="does not number its architectures"):
        neighbourhood(NASBench101(vertices=8))
