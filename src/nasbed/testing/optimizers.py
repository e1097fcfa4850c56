"""The laws of optimizers, played on a small space whose values follow from keys.

An optimizer that was started plays them on the space that it was started on; with a part of a space, for one.
"""

from __future__ import annotations

import atexit
import copy
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Archs, Trials
from nasbed.core.rng import Streams
from nasbed.run.executors.processes import ProcessExecutor
from nasbed.run.ledger import Ledger
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.testing.keyed import (
    RUNS,
    STEPS,
    active_in,
    answered,
    answers_for,
    begin,
    digest,
    digest_of,
    play_step,
    proposals,
)
from nasbed.testing.law import Laws, must_be_importable
from nasbed.testing.settings import what_a_setting_may_not_be_is_refused

optimizer_laws: Laws[Optimizer] = Laws("optimizer")
law, check_optimizer = optimizer_laws.law, optimizer_laws.check

law(what_a_setting_may_not_be_is_refused)


@law
def proposals_are_valid(optimizer: Optimizer, seed: int) -> None:
    """Each run is given one valid row of int8, a positive number of epochs if any, and a flag if any."""
    player = begin(optimizer, seed)
    space = player.space
    for _ in range(STEPS):
        trials = play_step(player)
        active = active_in(trials)
        assert trials.archs.dtype == np.int8, f"architectures are int8, not {trials.archs.dtype}"
        assert trials.archs.shape == (RUNS, space.decisions), f"{trials.archs.shape} is not one row a run"
        assert active.shape == (RUNS,)
        assert active.dtype == np.bool_
        assert space.valid(trials.archs[active]).all(), "a proposal is not valid"
        if trials.epochs is not None:
            assert trials.epochs.shape == (RUNS,)
            assert (trials.epochs > 0).all()


@law
def what_was_asked_stays_as_it_was(optimizer: Optimizer, seed: int) -> None:
    """Trials are values: later steps do not change them in place."""
    player = begin(optimizer, seed)
    asked = [play_step(player).archs for _ in range(STEPS)]
    then = begin(optimizer, seed)
    for step, archs in enumerate(asked):
        assert (archs == play_step(then).archs).all(), f"what was proposed at step {step} has changed since"


@law
def a_run_depends_on_its_own_stream_alone(optimizer: Optimizer, seed: int) -> None:
    """Run k proposes what it would propose if it were played alone."""
    for failing in (0.0, 0.3):
        together = proposals(begin(optimizer, seed), failing=failing)
        for k in range(RUNS):
            alone = proposals(begin(optimizer, seed, 1, first=k), failing=failing)
            differs = (together[:, k] != alone[:, 0]).any(axis=1)
            assert not differs.any(), f"run {k} proposes something else when played alone, at step {differs.argmax()}"


@law
def another_seed_is_another_search(optimizer: Optimizer, seed: int) -> None:
    """The same seed gives the same proposals again, after ``start`` too; another seed gives others."""
    player = begin(optimizer, seed)
    once = proposals(player)
    player.start(player.space, Streams.from_seed(seed, RUNS, 0, "laws"), player.budgets)
    assert (once == proposals(player)).all(), "started again with the same seed it proposes something else"
    assert (once != proposals(begin(optimizer, seed + 1))).any(), "another seed proposes the same"


@cache
def _another_process() -> ProcessExecutor:
    """One process for all optimizers, since its start takes longer than they do."""
    executor = ProcessExecutor(1)
    atexit.register(executor.close)
    return executor


@law
def another_process_plays_the_same_bytes(optimizer: Optimizer, seed: int) -> None:
    """What a seed gives does not depend on the process: on its hash seed, its addresses, what ran before."""
    kind = type(optimizer)
    must_be_importable(kind)
    space = answers_for(optimizer).space
    executor = _another_process()
    words = (kind.__module__, kind.__qualname__), optimizer.settings(), (space.name, space.settings()), seed
    executor.submit("played", digest_of, sys.path, *words)
    (outcome,) = executor.as_completed()
    assert outcome.error is None, outcome.error
    assert outcome.value == digest(optimizer, seed), "another process proposes something else"


@law
def a_search_goes_on_from_its_state(optimizer: Optimizer, seed: int) -> None:
    """A fresh optimizer that loads the state proposes the same from there on, and saving disturbs nothing."""
    for pause in (0, 1, 7, 60, 130):
        player = begin(optimizer, seed)
        proposals(player, pause, 0.3)
        state = player.state_dict()
        rest = proposals(player, STEPS - pause, 0.3)
        fresh = begin(optimizer, seed + 1)
        proposals(fresh, 3)
        fresh.load_state_dict(state)
        again = proposals(fresh, STEPS - pause, 0.3)
        assert (again == rest).all(), f"saved after {pause} steps and loaded, it proposes something else"


@law
def failed_trainings_are_survived(optimizer: Optimizer, seed: int) -> None:
    """It goes on when trainings fail, even if all do."""
    for failing in (0.5, 1.0):
        player = begin(optimizer, seed)
        for _ in range(STEPS):
            trials = play_step(player, failing)
            assert player.space.valid(trials.archs[active_in(trials)]).all(), "after failures a proposal is not valid"


@law
def rows_that_are_not_active_are_ignored(optimizer: Optimizer, seed: int) -> None:
    """What stands in a row that is not active changes nothing, in its own run or in another's."""
    heard = []
    for rubbish in (np.nan, 1e9):
        player, told, kept = begin(optimizer, seed), Streams.from_seed(seed, RUNS, 0, "told"), []
        for _ in range(STEPS):
            trials = player.ask()
            kept.append(trials.archs.copy())
            active = active_in(trials) & (told.uniform()[:, 0] < 0.7)
            answer = answered(player, trials)
            value = np.where(active, answer.value, rubbish)
            player.tell(trials._replace(active=active), answer._replace(value=value))
        heard.append(np.array(kept))
    assert (heard[0] == heard[1]).all(), "an answer in a row that is not active was listened to"


@law
def a_silent_run_leaves_the_others_alone(optimizer: Optimizer, seed: int) -> None:
    """A run that is told nothing does not change what the others do."""
    expected, player = proposals(begin(optimizer, seed)), begin(optimizer, seed)
    for step in range(STEPS):
        trials = player.ask()
        active = active_in(trials)
        assert (np.where(active[1:, None], trials.archs[1:], 0) == expected[step, 1:]).all(), (
            f"with run 0 silent, others propose something else at step {step}"
        )
        told = active & (np.arange(RUNS) > 0)
        player.tell(trials._replace(active=told), answered(player, trials))


def _gone_on_with(
    optimizer: Optimizer, seed: int, play: Callable[[Optimizer, int, Any], list[Archs]], beside: Any
) -> NDArray[np.int8]:
    """Play, save and play on; see that a fresh optimizer goes on from the state alike; give what was proposed then.

    Args:
        optimizer: Which.
        seed: Of the search.
        play: Plays so many steps and gives what was proposed.
        beside: What else playing changes, such as the trials that are out.
    """
    player = begin(optimizer, seed)
    play(player, 60, beside)
    state, there = player.state_dict(), copy.deepcopy(beside)
    rest = np.array(play(player, STEPS - 60, beside))
    fresh = begin(optimizer, seed + 1)
    fresh.load_state_dict(state)
    assert np.array_equal(play(fresh, STEPS - 60, there), rest), "saved and loaded, it proposes something else"
    return rest


def _proposed(player: Optimizer, trials: Trials) -> Archs:
    """Give what was proposed, ``(runs, decisions)``, zeros where a run was over, and see that it is valid."""
    active = active_in(trials)
    assert player.space.valid(trials.archs[active]).all(), "a proposal is not valid"
    return np.where(active[:, None], trials.archs, 0)


@law
def answers_may_be_late_and_in_any_order(optimizer: Optimizer, seed: int) -> None:
    """With several trials out at a time it proposes what is valid, and goes on from its state all the same."""

    def play(player: Optimizer, steps: int, beside: tuple[list[Trials], np.random.Generator]) -> list[Archs]:
        asked, (out, chance) = [], beside
        for _ in range(steps):
            while len(out) < 4:
                out.append(player.ask())
                asked.append(_proposed(player, out[-1]))
            trials = out.pop(chance.integers(len(out)))
            player.tell(trials, answered(player, trials, 0.3))
        return asked

    _gone_on_with(optimizer, seed, play, (list[Trials](), np.random.default_rng(seed)))


@law
def it_hears_of_trials_that_it_never_asked_for(optimizer: Optimizer, seed: int) -> None:
    """Told of others' trials, before its first and between its own, it proposes what is valid, and goes on."""

    def play(player: Optimizer, steps: int, others: Streams) -> list[Archs]:
        asked = []
        for step in range(steps):
            if step % 3 == 0:
                some = Trials(player.space.sample(others), np.full(RUNS, player.budgets[step // 3 % 4], np.int64))
                number = None if step % 2 else np.full(RUNS, -1)
                player.tell(some._replace(number=number), answered(player, some, 0.3))
            asked.append(_proposed(player, play_step(player, 0.3)))
        return asked

    _gone_on_with(optimizer, seed, play, Streams.from_seed(seed, RUNS, 0, "others"))


@law
def trials_are_numbered_as_they_are_asked(optimizer: Optimizer, seed: int) -> None:
    """If trials are numbered, the n-th call's are n; parents and what is gone on with were asked before."""
    player, asked = begin(optimizer, seed), list[Trials]()
    for step in range(STEPS):
        trials = play_step(player, 0.3)
        active = active_in(trials)
        if trials.number is not None:
            assert (trials.number[active] == step).all(), f"the trials of call {step} have another number"
        for earlier, width in ((trials.parents, (RUNS, 2)), (trials.continues, (RUNS,))):
            if earlier is not None:
                assert earlier.shape == width
                assert ((earlier >= -1) & (earlier < step))[active].all(), "it names a trial that was not asked before"
        if trials.continues is not None:
            for run in np.flatnonzero(active & (trials.continues >= 0)):
                before = asked[trials.continues[run]]
                assert (before.archs[run] == trials.archs[run]).all(), "it goes on with another architecture"
                assert before.epochs is not None
                assert trials.epochs is not None
                assert before.epochs[run] < trials.epochs[run], "it goes on to fewer epochs"
        asked.append(trials)


@law
def several_workers_are_kept_busy(optimizer: Optimizer, seed: int) -> None:
    """With simulated workers, run k is the run played alone, and none idles while the budget lasts."""
    settings = SearchSettings(evaluations=60, seed=seed, workers=4, failures=0.1)
    history = search(copy.deepcopy(optimizer), answers_for(optimizer), replace(settings, runs=3))
    alone = search(copy.deepcopy(optimizer), answers_for(optimizer), replace(settings, first_run=2))
    assert history.ended is not None
    assert (history.archs[history.tried[:, 2], 2] == alone.archs[alone.tried[:, 0], 0]).all(), "run 2 is not run 2"
    for run in range(3):
        told = history.tried[:, run]
        end = history.ended[told, run]
        begin = np.sort(end - history.seconds[told, run])
        late = begin[4:] - np.sort(end)[: max(len(end) - 4, 0)]
        assert (late < 1e-9).all(), "a worker idled"


@law
def dropped_trials_are_borne(optimizer: Optimizer, seed: int) -> None:
    """Told that what it knows is dropped, it goes on, run k as if alone, and from its state all the same."""

    def play(player: Optimizer, steps: int, first: int) -> list[Archs]:
        asked = []
        for step in range(steps):
            trials = player.ask()
            asked.append(_proposed(player, trials))
            active = active_in(trials)
            dropped = active & ((np.arange(player.runs) + first + step) % 3 == 0)
            player.tell(trials._replace(active=active & ~dropped), answered(player, trials))
            player.drop(trials._replace(active=dropped))
        return asked

    rest = _gone_on_with(optimizer, seed, play, 0)
    alone = begin(optimizer, seed, 1, first=2)
    play(alone, 60, 2)
    assert np.array_equal(np.array(play(alone, STEPS - 60, 2))[:, 0], rest[:, 2]), "run 2 is not run 2"


@law
def limits_and_objectives_are_borne(optimizer: Optimizer, seed: int) -> None:
    """Told of another objective and of a limit that half of the space is over, it goes on, run k as if alone."""
    aims: dict[str, Any] = {"objectives": ["params"], "limits": {"params": 6.0}}
    settings = SearchSettings(evaluations=60, seed=seed, failures=0.1, **aims)
    together = search(copy.deepcopy(optimizer), answers_for(optimizer), replace(settings, runs=3))
    alone = search(copy.deepcopy(optimizer), answers_for(optimizer), replace(settings, first_run=1))
    tried = together.tried[:, 1]
    assert (together.archs[tried, 1] == alone.archs[alone.tried[:, 0], 0]).all(), "run 1 is not run 1"
    assert together.excess is not None
    chosen = together.incumbents[-1]
    assert (together.excess[chosen, np.arange(3)][chosen >= 0] <= 0).all(), "what is over a limit was chosen"
    assert (together.excess[together.paid] <= 0).all(), "what is over a limit was paid for"


@law
def every_budget_is_respected(optimizer: Optimizer, seed: int) -> None:
    """No run spends more evaluations, epochs or seconds than it may, but for the last evaluation's."""
    budgets: tuple[dict[str, Any], ...] = (
        {"evaluations": 40},
        {"total_seconds": 20.0},
        {"total_epochs": 500},
        {"seconds": 33.3},
        {"evaluations": 25, "total_epochs": 1000, "seconds": 20.0},
    )
    for budget in budgets:
        settings = SearchSettings(runs=RUNS, seed=seed, **budget)
        history = search(copy.deepcopy(optimizer), answers_for(optimizer), settings)
        paid = history.paid
        costs = np.ones(paid.shape), history.epochs, history.seconds, history.seconds
        for limit, cost in zip(Ledger(settings).limits, costs, strict=True):
            before = np.vstack([np.zeros((1, RUNS)), np.where(paid, cost, 0.0).cumsum(axis=0)[:-1]])
            assert (before < limit)[paid].all(), f"a run went on after it had spent {limit}"


@law
def settings_make_the_optimizer_again(optimizer: Optimizer, seed: int) -> None:
    """The settings make an optimizer that plays the same."""
    again = type(optimizer)(**optimizer.settings())
    if "space" in vars(optimizer):
        again.start(optimizer.space, Streams.from_seed(seed, 1), optimizer.budgets)
    assert digest(again, seed) == digest(optimizer, seed), "made again it plays something else"
