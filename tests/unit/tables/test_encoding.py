"""Encodings of curves: every double comes back bit for bit, and what is absent is not what is no number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tables.made_runs import percentage

from nasbed.tables.encoding import ABSENT, IMAGES, Encoding, bits, encode, is_absent

NAN = float("nan")


def comes_back(values, percent):
    stored, encoding = encode(values, "percent" if percent else "", level=values.ndim > 2)
    found = encoding.decode(stored)
    if encoding.level:
        found = np.broadcast_to(found[..., None], values.shape)
    np.testing.assert_array_equal(bits(found), bits(values))
    return stored, encoding


@given(arrays.arrays(np.uint64, arrays.array_shapes(min_dims=1, max_dims=3, max_side=5)), st.booleans())
def test_any_doubles_come_back(patterns, percent):
    comes_back(patterns.view(np.float64), percent)


@pytest.mark.parametrize("images", IMAGES)
def test_published_percentages_are_counts(images):
    random = np.random.default_rng(images)
    right = random.integers(0, images + 1, 200)
    values = np.array([percentage(int(k), images) for k in [0, 1, images - 1, images, *right]])
    encoding = Encoding("percent", images)
    stored = encoding.encode(values)
    assert stored is not None
    np.testing.assert_array_equal(bits(encoding.decode(stored)), bits(values))
    assert stored.itemsize == (2 if images in (10_000, 50_000) else 4)


@given(st.sampled_from(IMAGES), st.data())
def test_a_percentage_is_stored_wherever_in_the_last_batch_its_images_were_right(images, data):
    last = images % 256
    in_last = data.draw(st.integers(0, last))
    others = data.draw(st.integers(0, images - last))
    in_percent = float(np.float32(in_last) * np.float32(100.0 / last))
    value = np.array([(others * 100.0 + in_percent * last) / images])
    encoding = Encoding("percent", images)
    stored = encoding.encode(value)
    assert stored is not None
    np.testing.assert_array_equal(bits(encoding.decode(stored)), bits(value))


@pytest.mark.parametrize(
    ("value", "percent", "kind"),
    [
        (50.0, True, "percent"),
        (percentage(777, 25_000), True, "percent"),
        (0.5, False, "float32"),
        (0.1, False, "float64"),
    ],
)
def test_what_is_absent_differs_from_what_is_no_number(value, percent, kind):
    values = np.array([value, ABSENT, NAN, value])
    _, encoding = comes_back(values, percent)
    assert encoding.kind == kind
    np.testing.assert_array_equal(is_absent(values), [False, True, False, False])


def test_a_level_curve_is_one_number():
    values = np.repeat(np.random.default_rng(0).uniform(1, 9, (4, 3))[..., None], 200, axis=2)
    values[1, 2] = ABSENT
    stored, encoding = comes_back(values, False)
    assert (stored.shape, encoding.level) == ((4, 3), True)


def test_a_curve_of_which_one_bit_differs_is_not_level():
    values = np.full((4, 3, 10), 0.1)
    values[2, 1, 7] = np.nextafter(0.1, 1)
    stored, encoding = comes_back(values, False)
    assert (stored.shape, encoding.level) == ((4, 3, 10), False)


def test_a_negative_zero_keeps_its_sign():
    comes_back(np.array([-0.0, 0.0, 50.0]), True)
