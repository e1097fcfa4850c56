"""Borrowed searches: each run has a foreign method of its own, which is replayed when a search is loaded."""

from dataclasses import dataclass

import numpy as np
import pytest

from nasbed.core.errors import BadSetting
from nasbed.core.records import Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.borrowed.foreign import BorrowedSearch, Searcher
from nasbed.spaces.nasbench101 import NASBench101

SPACE = NASBench101(vertices=5)
INVALID = np.zeros(SPACE.decisions, np.int8)  # no path


class Scripted(Searcher):
    """Proposes what a list says; remembers all that it hears."""

    def __init__(self, seed, script):
        self.seed, self.script, self.refused, self.heard = seed, list(script), [], []

    def propose(self):
        proposal = self.script.pop(0)
        return None if proposal is None else (len(self.script), proposal)

    def refuse(self, ticket):
        self.refused.append(ticket)

    def hear(self, ticket, arch, answer):
        self.heard.append((ticket, arch.tolist(), answer))


@dataclass(eq=False)
class Script(BorrowedSearch):
    script: tuple = ()

    def check(self):
        pass

    def searcher(self, seed):
        return Scripted(seed, self.script)


VALID = SPACE.sample(Streams.from_seed(3, 4))


def begun(script, runs=1, tries=3, seed=0):
    return Script(tries, tuple(script)).start(SPACE, Streams.from_seed(seed, runs))


def heard(value, costs=None, excess=None):
    n = len(np.atleast_1d(value))
    return Evaluations(np.atleast_1d(np.float64(value)), np.ones(n), np.ones(n, np.int64), costs, excess)


def test_what_is_no_architecture_is_refused_and_asked_again():
    search = begun([INVALID, INVALID, VALID[0]])
    np.testing.assert_array_equal(search.ask().archs[0], VALID[0])
    assert search._searchers[0].refused == [2, 1]


def test_after_so_many_tries_the_run_draws_from_the_space():
    search = begun([INVALID] * 3 + [VALID[0]])
    drawn = search.ask()
    assert SPACE.valid(drawn.archs).all()
    assert len(search._searchers[0].refused) == 3
    search.tell(drawn, heard(0.5))
    assert search._searchers[0].heard[0][0] is None, "it hears of what it did not propose"
    np.testing.assert_array_equal(search.ask().archs[0], VALID[0])


def test_a_searcher_that_waits_lets_the_run_draw():
    search = begun([None, VALID[0]])
    assert SPACE.valid(search.ask().archs).all()
    np.testing.assert_array_equal(search.ask().archs[0], VALID[0])


def test_answers_find_their_tickets_in_any_order():
    search = begun([VALID[0], VALID[1], VALID[2]])
    first, second, third = search.ask(), search.ask(), search.ask()
    for trials, value in ((third, 0.3), (first, 0.1), (second, 0.2)):
        search.tell(trials, heard(value))
    assert [(ticket, answer.value) for ticket, _, answer in search._searchers[0].heard] == [
        (0, 0.3),
        (2, 0.1),
        (1, 0.2),
    ]


def test_what_was_told_before_or_never_asked_comes_without_a_ticket():
    search = begun([VALID[0]])
    trials = search.ask()
    for told in (trials, trials, Trials(VALID[:1]), Trials(VALID[1:2], number=np.array([-1]))):
        search.tell(told, heard(0.5))
    assert [ticket for ticket, _, _ in search._searchers[0].heard] == [0, None, None, None]


def test_costs_and_excess_come_as_they_are_and_again_after_loading():
    search = begun([VALID[0], VALID[1], VALID[2], VALID[3]])
    answers = (
        heard(0.5),
        heard(np.nan, np.array([[3.0, 4.0]]), np.array([0.5])),
        heard(0.1, np.array([[7.0]]), np.zeros(1)),
    )
    for answer in answers:
        search.tell(search.ask(), answer)
    again = begun([VALID[0], VALID[1], VALID[2], VALID[3]], seed=9)
    again.load_state_dict(search.state_dict())
    for played in (search, again):
        told = [(a.value, a.costs, a.excess) for _, _, a in played._searchers[0].heard]
        assert told[0] == (0.5, (), None)
        assert told[1][0] != told[1][0]
        assert told[1][1:] == ((3.0, 4.0), 0.5)
        assert told[2] == (0.1, (7.0,), 0.0)
    assert again._searchers[0].seed == search._searchers[0].seed
    np.testing.assert_array_equal(again.ask().archs, search.ask().archs)


def test_loading_draws_nothing_anew_for_runs_that_drew():
    script = [INVALID] * 6 + [VALID[0]]
    search = begun(script)
    drawn = [search.ask() for _ in range(2)]
    again = begun(script, seed=9)
    again.load_state_dict(search.state_dict())
    assert again.streams.positions == search.streams.positions
    again.tell(drawn[1], heard(0.5))
    np.testing.assert_array_equal(again._searchers[0].heard[0][1], drawn[1].archs[0])


def test_a_library_that_proposes_something_else_than_before_is_noticed():
    search = begun([VALID[0], VALID[1]])
    for _ in range(2):
        search.ask()
    with pytest.raises(BadSetting, match=r"trial 1 is not what Script proposed before; load .* version of the library"):
        begun([VALID[0], VALID[2]]).load_state_dict(search.state_dict())


def test_each_run_has_a_seed_that_does_not_depend_on_the_others():
    together = begun([], runs=3)
    alone = Script(3, ()).start(SPACE, Streams.from_seed(0, 1, first=2))
    assert together._searchers[2].seed == alone._searchers[0].seed
    assert len({searcher.seed for searcher in together._searchers}) == 3


def test_tries_are_at_least_one():
    with pytest.raises(BadSetting, match="from 1, not 0"):
        Script(tries=0)
