"""Parameters: the formula against the published figure and against networks that are built."""

import numpy as np
import pytest
import torch
from hypothesis import given
from nets.plain import ANY101, INCEPTION, modules, skeletons

from nasbed.core.errors import InvalidArchitecture, UnknownName
from nasbed.nets.nasbench101 import NASBench101Blueprint
from nasbed.spaces.nasbench101 import NASBench101


def built(blueprint, row):
    """Count what is built, without drawing a number."""
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in blueprint.network(row).parameters())


def test_the_documentations_module_has_the_published_count():
    published, row = NASBench101Blueprint(ANY101), ANY101.embed(INCEPTION)
    assert published.parameters(row[None]).tolist() == [2_694_282]
    assert built(published, row) == 2_694_282


@given(modules(), skeletons)
def test_the_formula_counts_what_is_built(graph, blueprint):
    row = ANY101.embed(graph)
    assert blueprint.parameters(row[None]).tolist() == [built(blueprint, row)]


def test_vertices_that_lead_nowhere_are_not_counted():
    small, large = NASBench101(vertices=3), NASBench101(vertices=5)
    path = small.parse("010/001/000:conv3x3-bn-relu")
    padded = large.parse("01100/00001/00000/00000/00000:conv3x3-bn-relu,maxpool3x3,maxpool3x3")
    counts = [NASBench101Blueprint(space).parameters(row[None]) for space, row in ((small, path), (large, padded))]
    np.testing.assert_array_equal(*counts)


def test_what_cannot_be_counted_is_refused():
    space = NASBench101(operations=("conv3x3-bn-rel",))
    blueprint = NASBench101Blueprint(space)
    with pytest.raises(InvalidArchitecture, match="no path from input to output"):
        blueprint.parameters(np.zeros((1, space.decisions), np.int8))
    with pytest.raises(UnknownName, match="Did you mean 'conv3x3-bn-relu'"):
        blueprint.parameters(space.parse("011/001/000:conv3x3-bn-rel")[None])
