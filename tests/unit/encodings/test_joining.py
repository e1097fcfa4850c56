"""Encodings: blocks side by side, of simplified rows."""

import numpy as np
import pytest

import nasbed
from nasbed.core.errors import BadSetting, UnknownName
from nasbed.core.rng import Streams
from nasbed.encodings import encoding

DIMENSIONS = {
    ("nasbench201", "onehot"): 30,
    ("nasbench101", "onehot"): 36,
    ("nasbench201", "graf"): 191,
    ("nasbench101", "graf"): 47,
}


@pytest.mark.parametrize(("space", "name"), DIMENSIONS)
def test_dimensions_are_the_published_ones(space, name):
    found = encoding(name, nasbed.space(space))
    assert len(found) == len(set(found.names)) == DIMENSIONS[space, name]


def test_blocks_stand_side_by_side():
    space = nasbed.space("nasbench201")
    rows = space.enumerate()[:50]
    both = encoding("graf+onehot", space)
    assert both.blocks == {"graf": slice(0, 191), "onehot": slice(191, 221)}
    for name, columns in both.blocks.items():
        np.testing.assert_array_equal(both(rows)[:, columns], encoding(name, space)(rows))


def test_what_is_no_encoding_is_refused():
    space = nasbed.space("nasbench201")
    with pytest.raises(UnknownName, match="graf"):
        encoding("graff", space)
    with pytest.raises(BadSetting, match="twice"):
        encoding("graf+graf", space)
    with pytest.raises(BadSetting, match="no cell"):
        encoding("graf", nasbed.space("natssize"))


DEFAULTS = {
    "nasbench101": "graf+onehot",
    "nasbench201": "graf+onehot",
    "transnas-micro": "graf+onehot",
    "transnas-macro": "onehot+counts+depth",
    "nasbenchmacro": "onehot+counts+depth",
    "natssize": "onehot",
    "darts": "graf+onehot",
    "hierarchical": "graf+onehot",
    "mobile": "onehot+counts+depth",
}


@pytest.mark.slow_where("hierarchical")
@pytest.mark.parametrize("name", DEFAULTS)
def test_the_default_follows_from_what_a_space_is_made_of(name):
    space = nasbed.space(name)
    found = nasbed.encoding("default", space)
    assert found.name == DEFAULTS[name]
    rows = space.sample(Streams.from_seed(0, 30))
    assert found(rows).shape == (len(rows), len(found))
    assert found(rows[:0]).shape == (0, len(found))
    assert found(rows).dtype == np.float64


def test_architectures_of_one_function_are_encoded_alike():
    space = nasbed.space("nasbench201")
    rows = space.enumerate()[:2000]
    found = nasbed.encoding("graf+onehot+path+wl+counts", space)
    np.testing.assert_array_equal(found(rows), found(space.simplify(rows)))
    assert len(np.unique(found(rows), axis=0)) == len(np.unique(space.function_key(rows)))
