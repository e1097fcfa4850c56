"""Which of equal architectures is built."""

import numpy as np
import pytest

from nasbed.nets.costs import params
from nasbed.scores.campaign import representatives
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201

SPACE = NASBench201()
ALL = SPACE.enumerate()


@pytest.fixture(scope="module")
def chosen():
    return representatives(SPACE, ALL, {})


def test_a_representative_is_equal_to_what_it_stands_for(chosen):
    np.testing.assert_array_equal(SPACE.key(chosen), SPACE.key(ALL))


def test_equal_architectures_have_one_representative(chosen):
    assert len(np.unique(chosen, axis=0)) == len(np.unique(SPACE.key(ALL))) == 6466


def test_no_equal_architecture_has_a_smaller_network(chosen):
    keys, sizes = SPACE.key(ALL), params(SPACE, ALL)
    smallest = np.full(len(ALL), np.iinfo(np.int64).max)
    kinds = np.unique(keys, return_inverse=True)[1]
    np.minimum.at(smallest, kinds, sizes)
    np.testing.assert_array_equal(params(SPACE, chosen), smallest[kinds])


def test_it_does_not_depend_on_what_else_is_asked(chosen):
    some = np.random.default_rng(0).permutation(len(ALL))[:30]
    np.testing.assert_array_equal(representatives(SPACE, ALL[some], {}), chosen[some])


def test_a_module_written_another_way_is_built_as_it_is_enumerated():
    space = NASBench101(vertices=4)
    raw = space.parse("0011/0001/0001/0000:conv3x3-bn-relu,maxpool3x3")  # its vertices are in another order
    (built,) = representatives(space, raw[None], {})
    assert built.tolist() == space.enumerate()[space.index(raw[None])[0]].tolist()
