"""Random search in closed form, held against brute force and against drawing."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.errors import BadSetting
from nasbed.statistics.random_search import expected_best

MAYBE = st.one_of(st.sampled_from([0.1, 0.2, 0.5]), st.floats(0, 1), st.just(float("nan")))


@st.composite
def tables(draw, repeats=2):
    shape = draw(st.integers(1, 4)), draw(st.integers(1, repeats))
    values = np.array(draw(st.lists(MAYBE, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1])))
    values[draw(st.integers(0, len(values) - 1))] = 0.4  # one at least did not fail
    chances = np.array(draw(st.lists(st.integers(1, 5), min_size=shape[0], max_size=shape[0])), float)
    test = np.array(draw(st.lists(st.floats(0, 1), min_size=shape[0], max_size=shape[0])))
    return values.reshape(shape), chances / chances.sum(), test


def brute_force(outcomes):
    """Mean over sequences ``(chance, values, reads)`` of what is read of the first best, failures aside."""
    total = weight = 0.0
    for chance, heard, read in outcomes:
        if not np.isnan(heard).all():
            total, weight = total + chance * read[int(np.nanargmax(heard))], weight + chance
    return total / weight


def with_replacement(values, chances, test, n):
    rows, repeats = values.shape
    for draws in itertools.product(itertools.product(range(rows), range(repeats)), repeat=n):
        chance = np.prod([chances[row] / repeats for row, _ in draws])
        yield chance, [values[draw] for draw in draws], [test[draw[0]] for draw in draws]


@given(tables(), st.integers(1, 3))
def test_the_best_of_independent_draws_is_the_mean_over_all_sequences(table, n):
    values, chances, test = table
    sequences = list(with_replacement(values, chances, test, n))
    np.testing.assert_allclose(
        expected_best(values, chances, n, of=test), brute_force(sequences), rtol=1e-9, atol=1e-12
    )
    heard = [(chance, heard, heard) for chance, heard, _ in sequences]
    np.testing.assert_allclose(expected_best(values, chances, n), brute_force(heard), rtol=1e-9, atol=1e-12)


def test_the_mean_of_many_runs_lies_within_four_standard_errors():
    random = np.random.default_rng(0)
    values = random.integers(0, 60, (91, 3)) / 60
    test = values.mean(axis=1) + random.normal(0, 0.1, 91)
    chances = random.dirichlet(np.full(91, 0.5))
    rows = random.choice(91, size=(40_000, 20), p=chances)
    heard = values[rows, random.integers(0, 3, rows.shape)]
    for n in (1, 5, 20):
        first = heard[:, :n].argmax(axis=1)
        for measured, expected in (
            (heard[:, :n].max(axis=1), expected_best(values, chances, n)),
            (test[rows[np.arange(len(rows)), first]], expected_best(values, chances, n, of=test)),
        ):
            assert abs(measured.mean() - expected) < 4 * measured.std() / np.sqrt(len(measured))


def test_it_stays_exact_when_the_best_is_very_rare():
    chances = np.array([1 - 1e-12, 1e-12])
    np.testing.assert_allclose(expected_best([0.0, 1.0], chances, 1000), 1e-9, rtol=1e-6)


def test_working_in_blocks_does_not_show(monkeypatch):
    random = np.random.default_rng(1)
    values, draws = random.integers(0, 500, 2000) / 500, np.arange(1, 41).reshape(8, 5)
    whole = expected_best(values, np.ones(2000), draws)
    monkeypatch.setattr("nasbed.statistics.random_search._CELLS_AT_ONCE", 1200)
    np.testing.assert_allclose(expected_best(values, np.ones(2000), draws), whole, rtol=1e-12)
    assert whole.shape == (8, 5)
    assert (np.diff(whole.ravel()) > 0).all()


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: expected_best([1.0, 2.0], [1.0], 1), "2 rows"),
        (lambda: expected_best([1.0, 2.0], [1.0, -1.0], 1), "not negative"),
        (lambda: expected_best([np.nan], [1.0], 1), "not all of them NaN"),
        (lambda: expected_best([1.0], [1.0], 0), "at least 1"),
        (lambda: expected_best([1.0], [1.0], 1, of=[1.0, 2.0]), "one number a row"),
    ],
)
def test_what_makes_no_sense_is_said(call, complaint):
    with pytest.raises(BadSetting, match=complaint):
        call()
