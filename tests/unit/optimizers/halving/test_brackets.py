"""Brackets against the published tables, and open ones against what successive halving means."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.errors import BadSetting
from nasbed.optimizers.halving.brackets_open import Bracket, OpenBrackets, halved, hyperband_brackets

RUNGS = (1, 3, 9, 27, 81)

TABLE = [  # Li et al., JMLR 18(185), 2018, Table 1: n_i and r_i for R = 81 and eta = 3
    [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
    [(27, 3), (9, 9), (3, 27), (1, 81)],
    [(9, 9), (3, 27), (1, 81)],
    [(6, 27), (2, 81)],
    [(5, 81)],
]
FORMULA = [  # line 2 of Algorithm 1 of the same, worked out by hand: 5·81/5, 5·27/4 = 33.75, 5·9/3, 5·3/2 = 7.5, 5
    [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
    [(34, 3), (11, 9), (3, 27), (1, 81)],
    [(15, 9), (5, 27), (1, 81)],
    [(8, 27), (2, 81)],
    [(5, 81)],
]


@pytest.mark.parametrize(("counts", "published"), [("table", TABLE), ("formula", FORMULA)])
def test_hyperbands_brackets_are_the_published_ones(counts, published):
    brackets = hyperband_brackets(RUNGS, 3, counts)
    assert [list(zip(b.counts, b.epochs, strict=True)) for b in brackets] == published


def test_the_table_is_what_is_done_unless_asked():
    assert hyperband_brackets(RUNGS, 3) == hyperband_brackets(RUNGS, 3, "table")
    with pytest.raises(BadSetting, match="table or its formula, not 'paper'"):
        hyperband_brackets(RUNGS, 3, "paper")


def test_what_brackets_cost():
    """By hand: 81·1 + 27·3 + 9·9 + 3·27 + 1·81, and 81·1 + 27·2 + 9·6 + 3·18 + 1·54."""
    boldest = hyperband_brackets(RUNGS, 3)[0]
    assert boldest.cost(resume=False) == 5 * 81
    assert boldest.cost(resume=True) == 81 + 4 * 54
    assert [b.cost(resume=False) for b in hyperband_brackets(RUNGS, 3)] == [405, 324, 243, 324, 405]


@given(st.integers(1, 500), st.integers(2, 5), st.integers(1, 6))
def test_halving_keeps_one_of_eta_and_ends_with_at_least_one(count, eta, size):
    rungs = tuple(range(1, size + 1))
    bracket = halved(count, rungs, eta)
    assert bracket.counts[0] == count
    assert bracket.epochs == rungs[-len(bracket.epochs) :]
    assert all(after == before // eta for before, after in pairwise(bracket.counts))
    assert len(bracket.counts) == size or bracket.counts[-1] < eta


@pytest.mark.parametrize(
    ("counts", "epochs"), [((), ()), ((3, 4), (1, 3)), ((3, 1), (3, 3)), ((3, 0), (1, 3)), ((3,), (1, 3))]
)
def test_what_is_no_bracket_is_refused(counts, epochs):
    with pytest.raises(BadSetting, match="ever fewer for ever longer"):
        Bracket(counts, epochs)


PLANS = (Bracket((9, 3, 1), (1, 3, 9)), Bracket((5, 1), (3, 9)), Bracket((3,), (9,)))


def play(workers, failing, steps, chance, runs=1):
    """Let workers take jobs and be done in a random order; give all jobs, by trial, and what they came to."""
    brackets = OpenBrackets(runs, 2, PLANS)
    jobs, values, out = [], [], []
    for number in range(steps):
        job = brackets.next(number)
        drawn = chance.integers(-100, 100, (runs, 2)).astype(np.int8)
        brackets.put(job, np.where(job.fresh[:, None], drawn, job.archs))
        jobs.append(job._replace(archs=np.where(job.fresh[:, None], drawn, job.archs)))
        values.append(np.where(chance.random(runs) < failing, np.nan, chance.integers(0, 20, runs) / 20))  # with ties
        out.append(number)
        while len(out) >= workers:
            done = out.pop(chance.integers(len(out)))
            known = brackets.tell(np.full(runs, done), values[done], np.ones(runs, bool))
            assert known.all(), "an answer was not waited for"
    return brackets, jobs, np.array(values), set(range(steps)) - set(out)


@pytest.mark.parametrize("workers", [1, 2, 7, 40])
@pytest.mark.parametrize("failing", [0.0, 0.3, 0.9])
def test_the_best_of_a_rung_are_promoted_whatever_the_order_of_the_answers(workers, failing):
    _, jobs, values, told = play(workers, failing, 300, np.random.default_rng(workers))
    of_rung = {}
    for number, job in enumerate(jobs):
        of_rung.setdefault((int(job.bracket[0]), int(job.rung[0])), []).append(number)
    checked = 0
    for (bracket, rung), numbers in of_rung.items():
        plan = PLANS[bracket % len(PLANS)]
        assert len(numbers) <= plan.counts[rung]
        assert {int(jobs[n].epochs[0]) for n in numbers} == {plan.epochs[rung]}
        if rung:
            below = of_rung[bracket, rung - 1]
            assert set(below) <= told, "a rung was left before it was complete"
            alive = [n for n in below if not np.isnan(values[n, 0])]
            best = sorted(alive, key=lambda n: (-values[n, 0], n))[: plan.counts[rung]]
            assert [int(jobs[n].earlier[0]) for n in numbers] == best[: len(numbers)]
            assert all((jobs[n].archs == jobs[e].archs).all() for n, e in zip(numbers, best, strict=False))
            checked += len(numbers)
    assert checked > 20 or failing > 0.5


def test_brackets_are_opened_one_after_the_other_where_nothing_waits():
    brackets, jobs, _, _ = play(1, 0.0, 13 + 6 + 3 + 13, np.random.default_rng(0))
    opened = [int(job.bracket[0]) for job in jobs]
    assert opened == [0] * 13 + [1] * 6 + [2] * 3 + [3] * 13
    assert brackets.serial.shape == (1, 2), "more room than for one bracket was made"


def test_where_a_rung_waits_the_next_bracket_is_opened():
    brackets = OpenBrackets(1, 2, PLANS)
    first = [brackets.next(number) for number in range(10)]
    assert [int(job.bracket[0]) for job in first] == [0] * 9 + [1]
    for number in range(9):
        brackets.tell(np.array([number]), np.array([0.5]), np.array([True]))
    assert int(brackets.next(10).bracket[0]) == 0, "the older bracket comes first"


def test_only_what_is_waited_for_is_heard():
    brackets = OpenBrackets(2, 2, PLANS)
    brackets.put(brackets.next(0), np.ones((2, 2), np.int8))
    before = brackets.state_dict()
    for number, active in (([-1, 5], [True, True]), ([0, 0], [False, False])):
        assert not brackets.tell(np.array(number), np.array([0.5, 0.5]), np.array(active)).any()
    assert all(
        np.array_equal(before[name], now, equal_nan=name == "values") for name, now in brackets.state_dict().items()
    )
    assert brackets.tell(np.array([0, 0]), np.array([0.5, 0.5]), np.array([True, False])).tolist() == [True, False]
    assert brackets.tell(np.array([0, 0]), np.array([0.9, 0.9]), np.array([True, True])).tolist() == [False, True]
    assert brackets.values[0, 0, 0] == 0.5, "told twice, the first answer counts"


def test_when_all_fail_the_bracket_is_over():
    brackets = OpenBrackets(1, 2, PLANS)
    for number in range(9):
        brackets.next(number)
        brackets.tell(np.array([number]), np.array([np.nan]), np.array([True]))
    assert (brackets.serial == -1).all()
    assert int(brackets.next(9).bracket[0]) == 1
