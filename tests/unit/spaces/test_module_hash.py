"""The published hash, one by one and in lanes."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.spaces import module_hash as plain
from nasbed.spaces.module_hash_alone import hash_alone
from nasbed.spaces.module_hash_kernels import LANES, hash_modules

ACROSS = [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]]


def test_the_hash_is_the_published_one():
    assert doctest.testmod(plain).failed == 0
    assert plain.module_hash([[0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]], [-1, 2, 2, -2]) == (
        "001a6fcc8b38cbc515be788a86bdc804"
    )


def test_isomorphic_modules_agree_and_others_do_not():
    assert plain.module_hash(ACROSS, [-1, 0, 1, -2]) == plain.module_hash(ACROSS, [-1, 1, 0, -2])
    assert plain.module_hash(ACROSS, [-1, 0, 1, -2]) != plain.module_hash(ACROSS, [-1, 0, 0, -2])


@st.composite
def modules(draw, most=11, highest=99):
    """Draw a graph of any size that a mask holds, and labels for more modules than there are lanes."""
    count = draw(st.integers(2, most))
    mask = draw(st.integers(0, 2 ** (count * (count - 1) // 2) - 1))
    n = draw(st.integers(1, LANES + 3))
    highest = draw(st.sampled_from([0, 2, highest]))
    seed = draw(st.integers(0, 2**32 - 1))
    labels = np.random.default_rng(seed).integers(0, highest + 1, (n, 9)).astype(np.int8)
    labels[:, count - 2 :] = -1
    return count, mask, labels


@given(st.lists(modules(), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_lanes_give_what_one_at_a_time_gives(groups, random):
    rows = [(count, mask, row) for count, mask, labels in groups for row in labels]
    random.shuffle(rows)
    counts, masks, labels = zip(*rows, strict=True)
    digests = hash_modules(np.array(counts, np.int8), np.array(masks, np.uint64), np.array(labels, np.int8))
    for digest, (count, mask, row) in zip(digests, rows, strict=True):
        matrix = [[mask >> (x + y * (y - 1) // 2) & 1 if x < y else 0 for y in range(count)] for x in range(count)]
        assert digest.tobytes().hex() == plain.module_hash(matrix, [-1, *row[: count - 2].tolist(), -2])


@pytest.mark.slow
@given(modules(most=7, highest=9))
def test_vertices_as_lanes_give_what_one_at_a_time_gives(drawn):
    count, mask, labels = drawn
    matrix = [[mask >> (x + y * (y - 1) // 2) & 1 if x < y else 0 for y in range(count)] for x in range(count)]
    for row in labels[:, : count - 2].tolist():
        high, low = hash_alone(count, mask, sum(label << 4 * v for v, label in enumerate(row, 1)))
        assert f"{high:016x}{low:016x}" == plain.module_hash(matrix, [-1, *row, -2])


@pytest.mark.parametrize("interior", [0, 5])
def test_no_modules_have_no_hashes(interior):
    none = hash_modules(np.zeros(0, np.int8), np.zeros(0, np.uint64), np.zeros((0, interior), np.int8))
    assert none.shape == (0, 16)
