"""Texts: plain values come back as they were, and an architecture's own name is not kept again and again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.errors import CorruptFile
from nasbed.tables.texts import read, written

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(), inner)
        | st.dictionaries(st.integers() | st.tuples(st.text(), st.integers()), inner)
    ),
    max_leaves=20,
)


@given(plain, st.text(), st.integers(0, 20_000))
def test_plain_values_come_back_with_their_types(value, architecture, index):
    found = read(written(value, architecture, index), architecture, index)
    assert found == value
    assert repr(found) == repr(value)


@given(plain, st.text(min_size=1))
def test_a_string_among_the_values_may_be_the_architecture(value, architecture):
    value = {"arch_str": architecture, "in": [value, architecture, {architecture: 1}], "arch_index": 7}
    assert read(written(value, architecture, 7), architecture, 7) == value


def test_arrays_come_back():
    found = read(written({"a": np.arange(3, dtype=np.int16)}, "x", 0), "x", 0)
    assert found["a"].dtype == np.int16
    assert found["a"].tolist() == [0, 1, 2]


def test_architectures_that_say_the_same_of_themselves_share_a_text():
    texts = {
        written({"arch_str": text, "arch_index": index, "config": {"arch_str": text}}, text, index)
        for index, text in enumerate(("|none~0|", "|skip_connect~0|"))
    }
    assert len(texts) == 1


def test_what_is_not_plain_is_refused():
    with pytest.raises(CorruptFile, match="is not a plain value"):
        written({"a": object()}, "x", 0)
