"""Named modules are the published ones, and spaces know them by their names."""

import numpy as np
import pytest

from nasbed.core.errors import InvalidArchitecture
from nasbed.nets.costs import params
from nasbed.spaces.nasbench101 import NAMED_MODULES, NASBench101

OUTSIDE = {
    "inception-resnet-like": NASBench101(edges=10),
    "resnet-50-like": NASBench101(vertices=3, operations=("bottleneck3x3",)),
}


def test_inception_like_and_best_are_the_published_ones():
    """By published parameters and, for the best, by its published hash."""
    space = NASBench101()
    rows = np.stack([space.parse("inception-like"), space.parse("best")])
    assert params(space, rows).tolist() == [2_694_282, 32_426_634]
    assert space.module_hash(space.parse("best")) == "02e5a0247bbdcf2860b7e96f74961594"


@pytest.mark.parametrize("name", NAMED_MODULES)
def test_a_name_is_read_as_the_module_it_stands_for(name):
    space = OUTSIDE.get(name, NASBench101())
    arch = space.parse(f" {name} ")
    assert space.graph(arch) == NAMED_MODULES[name]
    np.testing.assert_array_equal(space.parse(space.format(arch)), arch)


@pytest.mark.parametrize(
    ("name", "space", "complaint"),
    [
        ("inception-resnet-like", NASBench101(), "'inception-resnet-like' is outside this space.* more than 9 edges"),
        ("resnet-50-like", NASBench101(), "'resnet-50-like' is outside this space.*bottleneck3x3"),
        ("best", NASBench101(vertices=5), "'best' is outside this space.* 7 vertices.* at most 5"),
        ("resnet-lik", NASBench101(), "Did you mean 'resnet-like'"),
        ("hello", NASBench101(), "or a name: resnet-like, "),
    ],
)
def test_a_name_that_does_not_fit_says_why(name, space, complaint):
    with pytest.raises(InvalidArchitecture, match=complaint):
        space.parse(name)
