"""Parts of a pickle read by themselves give what the whole does, whatever they share."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.errors import CorruptFile
from nasbed.readers.pickle_opcodes import walk
from nasbed.readers.pickle_parts import Parts, lend
from nasbed.readers.pickles import RestrictedUnpickler


def opener(written):
    return RestrictedUnpickler(written, "it")


def parts_of(written):
    """Read the items of a dictionary by themselves, the last first."""
    data = np.frombuffer(written, np.uint8)
    found = walk(data, "it")
    head = [[0, int(found.items[0, 0])]]
    parts = np.ascontiguousarray(np.concatenate([head, found.items[:, [0, 2]]]))
    lent = pickle.loads(pickle.dumps(lend(data, parts, found.remembered, "it", opener)))
    reader = Parts(data, lent, opener)
    read = [reader.read(start, stop) for start, stop in parts[:0:-1].tolist()]
    return dict(read[::-1])


TEXTS = st.lists(st.text(min_size=1), min_size=1, max_size=5)


@given(TEXTS, st.lists(st.lists(st.integers(0, 4)), min_size=1, max_size=6), st.integers(2, 3))
def test_what_several_parts_share_comes_back(shared, uses, protocol):
    pool = [*shared, {"in": shared}, np.float64(0.5)]
    value = {i: {"own": [i] * 3, "uses": [pool[j % len(pool)] for j in use]} for i, use in enumerate(uses)}
    assert parts_of(pickle.dumps(value, protocol)) == value


def test_numbers_of_more_than_a_byte_come_back():
    strings = [f"text {i}" for i in range(700)]
    own = [[f"own {i}"] for i in range(900)]
    value = {i: {"own": own[i], "again": own[i] * 2, "shared": strings[i % 7 : i % 7 + 600 : 7]} for i in range(900)}
    assert parts_of(pickle.dumps(value, 2)) == value


def test_arrays_come_back_bare_from_parts_that_borrow_how_they_are_made():
    value = {i: np.arange(i + 1.0) for i in range(3)}
    found = parts_of(pickle.dumps(value, 2))
    assert all(type(array) is np.ndarray for array in found.values())
    assert all(np.array_equal(found[i], value[i]) for i in value)


@pytest.mark.parametrize(
    "written",
    [
        pickle.dumps({0: "a", 1: ["a"]}, 4),
        b"\x80\x02}(K\x00]q\x00K\x01]q\x00u.",
        b"\x80\x02}(K\x00h\x05K\x01]q\x01u.",
    ],
    ids=["another protocol", "one number twice", "a number of nothing"],
)
def test_parts_that_do_not_fit_together_are_refused(written):
    with pytest.raises(CorruptFile, match=r"its parts do not|cannot have come to"):
        parts_of(written)


def test_a_part_cannot_call_what_is_not_allowed():
    value = b"\x80\x02}(K\x00NK\x01cos\nsystem\nX\x04\x00\x00\x00true\x85Ru."
    with pytest.raises(CorruptFile, match=r"os\.system"):
        parts_of(value)
