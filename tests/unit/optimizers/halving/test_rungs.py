"""Rungs lie where a benchmark has budgets, as near below R·η^−s as they can."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.errors import BadSetting
from nasbed.optimizers.halving.fidelity import rungs


@pytest.mark.parametrize(
    ("budgets", "expected"),
    [
        ((4, 12, 36, 108), (4, 12, 36, 108)),  # NAS-Bench-101
        ((4, 12, 36), (4, 12, 36)),
        (range(1, 201), (2, 7, 22, 66, 200)),  # NAS-Bench-201 with curves
        (range(1, 91), (1, 3, 10, 30, 90)),  # NATS-Bench's size space
        ((1, 3, 9, 27), (1, 3, 9, 27)),
        ((12, 200), (12, 200)),  # 66 and 22 would both be at 12
        ((200,), (200,)),
    ],
)
def test_rungs_of_known_benchmarks(budgets, expected):
    assert rungs(tuple(budgets)) == expected


def test_a_last_rung_between_two_budgets_is_at_the_one_below():
    assert rungs((4, 12, 36, 108), max_epochs=100) == (4, 12, 36)
    assert rungs((10, 50, 200)) == (10, 50, 200)
    assert rungs(range(1, 201), min_epochs=7, max_epochs=100) == (11, 33, 100)


@pytest.mark.parametrize("eta", [2, 3, 4, 10])
def test_powers_of_eta_lose_no_rung(eta):
    """Where logarithms in floating point do: the logarithm of 243 to the base 3 is less than 5 there."""
    for power in range(15):
        assert rungs((), max_epochs=eta**power, eta=eta) == tuple(eta**s for s in range(power + 1))


@given(st.sets(st.integers(1, 300), min_size=1), st.integers(1, 300), st.integers(1, 300), st.integers(2, 5))
def test_every_rung_is_the_nearest_budget_not_above(budgets, least, most, eta):
    budgets = sorted(budgets)
    below = [b for b in budgets if b <= most]
    wanted = set()
    if below:
        power = 1
        while below[-1] >= least * power:
            wanted.add(max((b for b in budgets if b * power <= below[-1]), default=0))
            power *= eta
    wanted = sorted(w for w in wanted if w >= least)
    if wanted and least <= most:
        assert rungs(budgets, least, most, eta) == tuple(wanted)
    else:
        with pytest.raises(BadSetting, match="min_epochs"):
            rungs(budgets, least, most, eta)


def test_without_budgets_the_last_rung_must_be_given():
    with pytest.raises(BadSetting, match="give max_epochs"):
        rungs(())
