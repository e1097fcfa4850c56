"""Seen: a dictionary a run, and nothing else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.seen import Seen

keys = st.integers(0, 9) | st.integers(0, 2**64 - 1)


@given(st.lists(st.tuples(keys, keys, st.booleans(), st.booleans()), max_size=300))
def test_seen_behaves_like_dictionaries(steps):
    seen, plain = Seen(2), [{}, {}]
    few = [row[0] for row in steps[:5]] or [1]
    for step, (a, b, wants_a, wants_b) in enumerate(steps):
        asked = (a if step % 2 else few[step % len(few)], b)
        wanted = np.array([wants_a, wants_b])
        found = seen.meet(np.array(asked, np.uint64), step, wanted)
        for run in range(2):
            expected = plain[run].setdefault(asked[run], step) if wanted[run] else -1
            assert found[run] == (expected if expected != step else -1)
    assert seen.counts.tolist() == [len(known) for known in plain]


def test_seen_goes_on_from_its_state_after_it_has_grown():
    seen = Seen(3)
    every = np.random.default_rng(0).integers(0, 2**63, (500, 3), np.uint64)
    for step, row in enumerate(every):
        seen.meet(row, step, np.ones(3, bool))
    other = Seen(3)
    other.load_state_dict(seen.state_dict())
    for step, row in enumerate(every):
        assert (other.meet(row, 999, np.ones(3, bool)) == step).all()


def test_the_first_key_that_is_new_is_found_and_remembered():
    seen = Seen(2)
    for key in range(100):
        seen.meet(np.array([key, 1000 + key], np.uint64), 7, np.ones(2, bool))
    keys = np.array([5, 99, 200, 201, 200], np.uint64)
    assert [seen.meet_first(0, keys, 9) for _ in range(3)] == [2, 3, -1]
    assert seen.counts.tolist() == [102, 100]
    assert seen.meet(np.array([200, 200], np.uint64), 3, np.ones(2, bool)).tolist() == [9, -1]
