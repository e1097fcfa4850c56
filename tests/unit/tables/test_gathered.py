"""Gathered numbers: every double comes back to the bit, whatever its batch was kept as."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.tables.pieces import narrowed, widened

counts = st.integers(0, 9984).map(lambda k: float(np.float32(k / 9984)))
batches = st.lists(
    st.lists(st.floats(width=64) | counts) | st.lists(counts) | st.lists(st.floats(width=32)), min_size=1, max_size=8
)


@given(batches)
def test_every_double_comes_back_to_the_bit(some):
    whole = np.array([x for batch in some for x in batch], np.float64)
    kept = np.concatenate([widened(narrowed(np.array(batch, np.float64))) for batch in some])
    assert kept.astype(np.float64).tobytes() == whole.tobytes()


@pytest.mark.parametrize("last", [1 / 3, float("nan"), -0.0, 65535 / 9984, 1e300, 5e-324])
def test_what_only_the_last_of_many_is_comes_back_too(last):
    for first in (0.0, 0.5, float(np.float32(5000 / 9984)), float(np.float32(1234.567))):
        values = np.array([first] * 999 + [last])
        assert widened(narrowed(values)).astype(np.float64).tobytes() == values.tobytes()


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([0.0, 54.0, 108.0], np.float16),
        ([0.0, *(float(np.float32(k / 9984)) for k in (1, 5000, 9984))], np.uint16),
        ([0.1, float(np.float32(1234.567))], np.float64),
        ([float(np.float32(1234.567))], np.float32),
        ([-0.0, 65535 / 9984], np.float64),
    ],
)
def test_a_batch_is_kept_as_narrow_as_is_exact(values, dtype):
    assert narrowed(np.array(values)).dtype == dtype
