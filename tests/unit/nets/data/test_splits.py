"""Splits: every image in one part, as many of each class, and the published ones as they were published."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nasbed.nets.data.splits import balanced


@given(st.integers(0, 100), st.integers(0, 4), st.integers(0, 4))
def test_parts_hold_as_many_of_each_class_and_everything_is_in_one(seed, train, validation):
    labels = np.random.default_rng(seed).permutation(np.arange(40, dtype=np.int64) % 4)
    parts = balanced(labels, {"train": train, "validation": validation}, "test", seed)
    assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(40))
    assert np.bincount(labels[parts["train"]], minlength=4).tolist() == [train] * 4
    assert np.bincount(labels[parts["validation"]], minlength=4).tolist() == [validation] * 4
    again = balanced(labels, {"train": train, "validation": validation}, "test", seed)
    assert all((parts[name] == again[name]).all() for name in parts)
