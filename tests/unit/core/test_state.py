"""State: copies of what is named, parts by their own names, and the names of version 0.1."""

import numpy as np

from nasbed.core.state import Stateful


class Part(Stateful):
    kept = ("_values",)

    def __init__(self):
        self._values, self.settled = np.zeros(3), "as it was made"


class Whole(Stateful):
    kept = ("_part", "_counts", "asked")

    def __init__(self):
        self._part, self._counts, self.asked = Part(), np.zeros(2, np.int64), 0

    def move(self):
        self._part._values += 0.5
        self._part.settled = "otherwise"
        self._counts += 1
        self.asked += 1


def test_a_state_is_of_what_is_named_and_does_not_change_with_it():
    whole = Whole()
    state = whole.state_dict()
    whole.move()
    np.testing.assert_equal(state, {"_part": {"_values": np.zeros(3)}, "_counts": np.zeros(2, np.int64), "asked": 0})


def test_what_takes_a_state_goes_on_from_there_and_leaves_it_as_it_is():
    whole, other = Whole(), Whole()
    whole.move()
    state = whole.state_dict()
    part = other._part
    other.load_state_dict(state)
    assert other._part is part
    assert part.settled == "as it was made"
    np.testing.assert_equal(other.state_dict(), state)
    other.move()
    np.testing.assert_equal(state, whole.state_dict())


def test_a_state_of_version_0_1_has_some_names_without_their_underscore():
    whole = Whole()
    whole.load_state_dict({"part": {"_values": np.ones(3)}, "counts": np.array([4, 5]), "asked": 6})
    assert (whole._part._values.tolist(), whole._counts.tolist(), whole.asked) == ([1, 1, 1], [4, 5], 6)
