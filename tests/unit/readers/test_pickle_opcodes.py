"""The walk through a pickle: it ends where the pickle does, and finds the items of the outermost dictionary."""

import pickle
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.errors import CorruptFile
from nasbed.readers.pickle_opcodes import walk

WHOLE = st.integers(-(1 << 64), 1 << 64)  # longer ones no data file needs: they are refused
VALUES = st.recursive(
    st.none() | st.booleans() | WHOLE | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner).map(tuple) | st.lists(inner) | st.dictionaries(WHOLE, inner),
    max_leaves=12,
)
PROTOCOLS = st.integers(0, pickle.HIGHEST_PROTOCOL)


def array(written):
    return np.frombuffer(written, np.uint8)


@given(VALUES, PROTOCOLS, st.binary())
def test_it_ends_where_the_pickle_does(value, protocol, behind):
    written = pickle.dumps(value, protocol)
    assert walk(array(written + behind), "it").stop == len(written)


@given(VALUES, PROTOCOLS, st.data())
def test_what_is_cut_off_is_refused(value, protocol, data):
    written = pickle.dumps(value, protocol)
    cut = data.draw(st.integers(0, len(written) - 1))
    with pytest.raises(CorruptFile, match="it is not a whole pickle"):
        walk(array(written[:cut]), "it")


@given(st.dictionaries(st.integers(0, 1 << 40), VALUES, max_size=8), st.integers(0, 3), st.booleans())
def test_it_finds_each_item(value, protocol, ordered):
    written = pickle.dumps(OrderedDict(value) if ordered else value, protocol)
    items = walk(array(written), "it").items
    assert [pickle.loads(written[key:start] + b".") for key, start, _ in items] == list(value)


def test_it_finds_the_items_of_a_dictionary_that_is_written_in_several_goes():
    value = {i: {str(i): float(i)} for i in range(9_000)}  # Python writes a thousand at once
    written = pickle.dumps(value, 2)
    items = walk(array(written), "it").items
    assert [pickle.loads(written[start:stop] + b".") for _, start, stop in items] == list(value.values())


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (b"N\xff.", "no data file needs"),
        (b"R.", "has not put there"),
        (b"NN(R.", "has not put there"),
        (b"Nu.", "has not put there"),
        (b"Nq\x09.", "cannot have come to"),
        (b"Np-1\n.", "cannot have come to"),
        (b"N", "ends early"),
    ],
)
def test_what_is_no_pickle_is_refused(written, why):
    with pytest.raises(CorruptFile, match=why):
        walk(array(written), "it")
