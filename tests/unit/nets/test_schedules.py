"""Schedules: their published values."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.nets.recipe import SCHEDULES

COSINE, STEPWISE, CONSTANT = (SCHEDULES[name] for name in ("cosine", "stepwise", "constant"))


@given(st.floats(0, 1))
def test_cosine_is_half_a_cosine(progress):
    assert COSINE(progress) == pytest.approx((1 + math.cos(math.pi * progress)) / 2)
    assert COSINE(progress) + COSINE(1 - progress) == pytest.approx(1)


def test_cosine_ends_at_zero_and_stays_there():
    assert (COSINE(0.0), COSINE(1.0), COSINE(1.3)) == (1.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("progress", "fraction"),
    [(0, 1), (0.499, 1), (0.5, 0.1), (0.666, 0.1), (0.667, 0.01), (0.832, 0.01), (0.833, 0.0001), (1, 0.0001)],
)
def test_stepwise_falls_where_the_published_one_falls(progress, fraction):
    assert STEPWISE(progress) == fraction


def test_stepwise_differs_from_the_published_program_in_two_of_39062_steps():
    """TensorFlow's ``piecewise_constant``: a rate holds up to and with its boundary, ``int(fraction · 39062.5)``."""
    steps, exact = 39_062, 200 * 50_000 / 256
    boundaries = [int(fraction * exact) for fraction in (0.5, 0.667, 0.833)]
    published = [(1.0, 0.1, 0.01, 0.0001)[sum(step > boundary for boundary in boundaries)] for step in range(steps)]
    ours = [STEPWISE(step / steps) for step in range(steps)]
    assert [step for step in range(steps) if ours[step] != published[step]] == [19_531, 32_539]


@given(st.floats(0, 1))
def test_constant_is_constant(progress):
    assert CONSTANT(progress) == 1.0
