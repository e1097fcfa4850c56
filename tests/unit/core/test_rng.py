"""Streams: the published generator, one sequence a run, and the distributions that are promised."""

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.errors import BadSetting
from nasbed.core.rng import Streams, below, philox, unit, word_at

# The philox 4x32 10 lines of Random123's kat_vectors. Ours always has two zero words in its counter, so the plain
# loop below is held against all three, and ours against the plain loop.
PUBLISHED = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


def plain(counter, key):
    """Philox4x32-10 in Python's integers, from the paper."""
    (c0, c1, c2, c3), (k0, k1) = counter, key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 % 2**32, (p0 >> 32) ^ c3 ^ k1, p0 % 2**32
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return c0, c1, c2, c3


@pytest.mark.parametrize(("counter", "key", "expected"), PUBLISHED)
def test_the_plain_loop_gives_the_published_vectors(counter, key, expected):
    assert plain(counter, key) == expected


def test_the_first_published_vector():
    assert philox(np.uint64(0), np.uint64(0)) == (0xE169C58D6627E8D5, 0x9B00DBD8BC57AC4C)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_blocks_are_those_of_the_plain_loop(key, counter):
    c = plain((counter % 2**32, counter >> 32, 0, 0), (key % 2**32, key >> 32))
    assert philox(np.uint64(key), np.uint64(counter)) == (c[0] | c[1] << 32, c[2] | c[3] << 32)


def test_words_are_the_halves_of_blocks_in_turn():
    key = np.uint64(99)
    words = [word_at(key, i) for i in range(6)]
    assert words == [word for block in range(3) for word in philox(key, np.uint64(block))]


@given(st.integers(0, 2**64 - 1), st.integers(1, 2**31))
def test_words_become_numbers_as_promised(word, high):
    assert unit(np.uint64(word)) == (word >> 11) / 2**53
    assert below(np.uint64(word), high) == word * high >> 64


DRAWS = {
    "uniform": (lambda s: s.uniform(3), 3),
    "integers": (lambda s: s.integers(10, 2), 2),
    "choice": (lambda s: s.choice(np.array([1.0, 2.0, 3.0])), 1),
    "permutation": (lambda s: s.permutation(5), 4),
    "normal": (lambda s: s.normal(2), 4),
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_run_draws_what_it_would_draw_alone_and_as_many_words_as_promised(name):
    draw, words = DRAWS[name]
    together = Streams.from_seed(7, 6)
    many = draw(together), draw(together)
    assert (together.positions == 2 * words).all()
    for k in range(6):
        alone = Streams.from_seed(7, 1, first=k)
        for part in many:
            np.testing.assert_array_equal(draw(alone)[0], part[k])


def test_seeds_purposes_and_runs_have_streams_of_their_own():
    keys = [
        Streams.from_seed(seed, 50, 0, purpose).keys for seed in (0, 1, -1, 2**80) for purpose in ("optimizer", "run")
    ]
    assert len(np.unique(keys)) == 8 * 50


def test_a_seed_means_the_same_for_ever():
    streams = Streams.from_seed(0, 2)
    assert streams.keys.tolist() == GOLDEN_KEYS
    assert streams.integers(1000, 3).tolist() == GOLDEN_INTEGERS


GOLDEN_KEYS = [8901941710571766712, 14778584461979352741]
GOLDEN_INTEGERS = [[362, 2, 70], [966, 790, 589]]


def test_distributions():
    streams = Streams.from_seed(3, 2000)
    u = streams.uniform(50)
    assert 0 <= u.min() < 1e-4
    assert 1 - 1e-4 < u.max() < 1
    assert abs(u.mean() - 0.5) < 0.005
    assert abs(np.corrcoef(u[:, 0], u[:, 1])[0, 1]) < 0.1
    assert abs(np.corrcoef(u[:-1, 0], u[1:, 0])[0, 1]) < 0.1
    counts = np.bincount(streams.integers(7, 50).ravel(), minlength=7) / 100_000
    np.testing.assert_allclose(counts, 1 / 7, atol=0.006)
    z = streams.normal(50)
    assert abs(z.mean()) < 0.02
    assert abs(z.std() - 1) < 0.02
    assert abs((np.abs(z) < 1.959964).mean() - 0.95) < 0.005
    chosen = np.concatenate([streams.choice(np.array([1.0, 0.0, 3.0])) for _ in range(20)])
    np.testing.assert_allclose(np.bincount(chosen, minlength=3) / len(chosen), [0.25, 0, 0.75], atol=0.015)
    orders = np.concatenate([streams.permutation(3) for _ in range(10)])
    _, counts = np.unique(orders, axis=0, return_counts=True)
    np.testing.assert_allclose(counts / len(orders), np.full(6, 1 / 6), atol=0.02)


def test_each_run_may_have_weights_of_its_own():
    assert Streams.from_seed(0, 3).choice(np.eye(3)).tolist() == [0, 1, 2]
    with pytest.raises(BadSetting, match="positive sum"):
        Streams.from_seed(0, 2).choice(np.array([[1.0, 0.0], [0.0, 0.0]]))


@numba.njit
def _draw_in_a_kernel(keys, positions, out):
    for run in range(len(keys)):
        for i in range(out.shape[1]):
            out[run, i] = below(word_at(keys[run], positions[run]), 6)
            positions[run] += 1


def test_kernels_draw_the_same_words():
    a, b, out = Streams.from_seed(4, 3), Streams.from_seed(4, 3), np.empty((3, 9), np.int64)
    _draw_in_a_kernel(a.keys, a.positions, out)
    assert (out == b.integers(6, 9)).all()
    assert (a.uniform() == b.uniform()).all()


def test_a_generator_belongs_to_its_run():
    streams, alone = Streams.from_seed(5, 4), Streams.from_seed(5, 1, first=2)
    first, second = streams.generator(2), streams.generator(2)
    values = first.random(5)
    assert (values == alone.generator(0).random(5)).all()
    assert (values != second.random(5)).all()
    assert streams.positions.tolist() == [0, 0, 2, 0]


def test_only_the_runs_that_draw_move_on():
    streams, whole = Streams.from_seed(6, 5), Streams.from_seed(6, 5)
    rows = np.array([1, 3])
    drawn = streams.drawing(rows, lambda some: some.uniform(2))
    assert (drawn == whole.uniform(2)[rows]).all()
    assert streams.positions.tolist() == [0, 2, 0, 2, 0]
    streams.take(rows).uniform()
    assert streams.positions.tolist() == [0, 2, 0, 2, 0]


def test_streams_go_on_from_their_state():
    streams = Streams.from_seed(8, 3)
    streams.uniform(4)
    state = streams.state_dict()
    after = streams.uniform(4)
    other = Streams.from_seed(0, 3)
    other.load_state_dict(state)
    assert (other.uniform(4) == after).all()


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(BadSetting, match="at least 1"):
        Streams.from_seed(0, 0)
    with pytest.raises(BadSetting, match="positive bound"):
        Streams.from_seed(0, 1).integers(0)
