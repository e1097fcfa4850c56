"""The laws of optimizers, played on a small space whose values follow from keys."""

from __future__ import annotations

import copy
import hashlib
import json
import subprocess
import sys
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Archs, Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.run.ledger import Budget
from nasbed.run.search import search
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.testing.keyed import KeyedBenchmark
from nasbed.testing.law import Laws, must_be_importable

optimizer_laws: Laws[Optimizer] = Laws("optimizer")
law = optimizer_laws.law

_RUNS, _STEPS = 5, 160
_SPACE = NASBench101(vertices=5)
_ANSWERS = KeyedBenchmark(_SPACE)
_FAILING = KeyedBenchmark(_SPACE, failing=0.3)


def _begin(optimizer: Optimizer, seed: int, runs: int = _RUNS, first: int = 0) -> Optimizer:
    """Start a copy, so that no law sees what another did."""
    return copy.deepcopy(optimizer).start(_SPACE, Streams.from_seed(seed, runs, first, "laws"), _ANSWERS.budgets)


def _step(optimizer: Optimizer, answers: KeyedBenchmark = _ANSWERS) -> Trials:
    """Ask, answer and tell once."""
    trials = optimizer.ask()
    optimizer.tell(trials, _answered(trials, answers))
    return trials


def _answered(trials: Trials, answers: KeyedBenchmark = _ANSWERS) -> Evaluations:
    """Answer each trial; what stands in a row that is not active, valid or not, is as good as any other row."""
    archs = np.where(_active(trials)[:, None], trials.archs, _some_arch())
    return answers.query(archs, trials.epochs)


@cache
def _some_arch() -> Archs:
    return _SPACE.sample(Streams.from_seed(0, 1))


def _proposals(optimizer: Optimizer, steps: int = _STEPS, answers: KeyedBenchmark = _ANSWERS) -> Archs:
    """Play, and give what was proposed, ``(steps, runs, decisions)``; zeros where a run was over."""
    played = []
    for _ in range(steps):
        trials = _step(optimizer, answers)
        active = _active(trials)
        played.append(np.where(active[:, None], trials.archs, 0))
    return np.array(played, np.int8)


def _active(trials: Trials) -> NDArray[np.bool_]:
    return np.ones(len(trials.archs), np.bool_) if trials.active is None else trials.active


@law
def proposals_are_valid(optimizer: Optimizer, seed: int) -> None:
    """Each run is given one valid row of int8, a positive number of epochs if any, and a flag if any."""
    player = _begin(optimizer, seed)
    for _ in range(_STEPS):
        trials = _step(player)
        active = _active(trials)
        assert trials.archs.dtype == np.int8, f"architectures are int8, not {trials.archs.dtype}"
        assert trials.archs.shape == (_RUNS, _SPACE.decisions), f"{trials.archs.shape} is not one row a run"
        assert active.shape == (_RUNS,)
        assert active.dtype == np.bool_
        assert _SPACE.valid(trials.archs[active]).all(), "a proposal is not valid"
        if trials.epochs is not None:
            assert trials.epochs.shape == (_RUNS,)
            assert (trials.epochs > 0).all()


@law
def what_was_asked_stays_as_it_was(optimizer: Optimizer, seed: int) -> None:
    """Trials are values: later steps do not change them in place."""
    player = _begin(optimizer, seed)
    asked = [_step(player).archs for _ in range(_STEPS)]
    then = _begin(optimizer, seed)
    for step, archs in enumerate(asked):
        assert (archs == _step(then).archs).all(), f"what was proposed at step {step} has changed since"


@law
def a_run_depends_on_its_own_stream_alone(optimizer: Optimizer, seed: int) -> None:
    """Run k proposes what it would propose if it were played alone."""
    for answers in (_ANSWERS, _FAILING):
        together = _proposals(_begin(optimizer, seed), answers=answers)
        for k in range(_RUNS):
            alone = _proposals(_begin(optimizer, seed, 1, first=k), answers=answers)
            differs = (together[:, k] != alone[:, 0]).any(axis=1)
            assert not differs.any(), f"run {k} proposes something else when played alone, at step {differs.argmax()}"


@law
def another_seed_is_another_search(optimizer: Optimizer, seed: int) -> None:
    """The same seed gives the same proposals again, after ``start`` too; another seed gives others."""
    player = _begin(optimizer, seed)
    once = _proposals(player)
    player.start(_SPACE, Streams.from_seed(seed, _RUNS, 0, "laws"), _ANSWERS.budgets)
    assert (once == _proposals(player)).all(), "started again with the same seed it proposes something else"
    assert (once != _proposals(_begin(optimizer, seed + 1))).any(), "another seed proposes the same"


_PLAY = """
import importlib, json, sys
sys.path[:] = json.loads(sys.argv[1])
from nasbed.testing import optimizers
place, name, settings, seed = json.loads(sys.argv[2])
made = getattr(importlib.import_module(place), name)(**settings)
print(optimizers.digest(made, seed))
"""


def digest(optimizer: Optimizer, seed: int) -> str:
    """Hash everything that an optimizer proposes under a seed."""
    return hashlib.sha256(_proposals(_begin(optimizer, seed)).tobytes()).hexdigest()


@law
def another_process_plays_the_same_bytes(optimizer: Optimizer, seed: int) -> None:
    """What a seed gives does not depend on the process: on its hash seed, its addresses, what ran before."""
    kind = type(optimizer)
    must_be_importable(kind)
    what = json.dumps([kind.__module__, kind.__qualname__, optimizer.settings(), seed])
    command = [sys.executable, "-c", _PLAY, json.dumps(sys.path), what]
    played = subprocess.run(command, capture_output=True, text=True, check=False)
    assert played.returncode == 0, played.stderr
    assert played.stdout.strip() == digest(optimizer, seed), "another process proposes something else"


@law
def a_search_goes_on_from_its_state(optimizer: Optimizer, seed: int) -> None:
    """A fresh optimizer that loads the state proposes the same from there on, and saving disturbs nothing."""
    for pause in (0, 1, 7, 60, 130):
        player = _begin(optimizer, seed)
        _proposals(player, pause, _FAILING)
        state = player.state_dict()
        rest = _proposals(player, _STEPS - pause, _FAILING)
        fresh = _begin(optimizer, seed + 1)
        _proposals(fresh, 3)
        fresh.load_state_dict(state)
        again = _proposals(fresh, _STEPS - pause, _FAILING)
        assert (again == rest).all(), f"saved after {pause} steps and loaded, it proposes something else"


@law
def failed_trainings_are_survived(optimizer: Optimizer, seed: int) -> None:
    """It goes on when trainings fail, even if all do."""
    for failing in (0.5, 1.0):
        player = _begin(optimizer, seed)
        answers = KeyedBenchmark(_SPACE, failing)
        for _ in range(_STEPS):
            trials = _step(player, answers)
            assert _SPACE.valid(trials.archs[_active(trials)]).all(), "after failures a proposal is not valid"


@law
def rows_that_are_not_active_are_ignored(optimizer: Optimizer, seed: int) -> None:
    """What stands in a row that is not active changes nothing, in its own run or in another's."""
    heard = []
    for rubbish in (np.nan, 1e9):
        player, told, kept = _begin(optimizer, seed), Streams.from_seed(seed, _RUNS, 0, "told"), []
        for _ in range(_STEPS):
            trials = player.ask()
            kept.append(trials.archs.copy())
            active = _active(trials) & (told.uniform()[:, 0] < 0.7)
            answer = _answered(trials)
            value = np.where(active, answer.value, rubbish)
            player.tell(trials._replace(active=active), answer._replace(value=value))
        heard.append(np.array(kept))
    assert (heard[0] == heard[1]).all(), "an answer in a row that is not active was listened to"


@law
def a_silent_run_leaves_the_others_alone(optimizer: Optimizer, seed: int) -> None:
    """A run that is told nothing does not change what the others do."""
    expected, player = _proposals(_begin(optimizer, seed)), _begin(optimizer, seed)
    for step in range(_STEPS):
        trials = player.ask()
        active = _active(trials)
        assert (np.where(active[1:, None], trials.archs[1:], 0) == expected[step, 1:]).all(), (
            f"with run 0 silent, others propose something else at step {step}"
        )
        told = active & (np.arange(_RUNS) > 0)
        player.tell(trials._replace(active=told), _answered(trials))


@law
def answers_may_be_late_and_in_any_order(optimizer: Optimizer, seed: int) -> None:
    """With several trials out at a time it proposes what is valid, and goes on from its state all the same."""

    def play(player: Optimizer, out: list[Trials], steps: int, chance: np.random.Generator) -> list[Archs]:
        asked = []
        for _ in range(steps):
            while len(out) < 4:
                out.append(player.ask())
                assert _SPACE.valid(out[-1].archs[_active(out[-1])]).all(), "a proposal is not valid"
                asked.append(np.where(_active(out[-1])[:, None], out[-1].archs, 0))
            trials = out.pop(chance.integers(len(out)))
            player.tell(trials, _answered(trials, _FAILING))
        return asked

    player, out = _begin(optimizer, seed), list[Trials]()
    play(player, out, 50, np.random.default_rng(seed))
    state, waiting = player.state_dict(), out.copy()
    rest = play(player, out, _STEPS - 50, np.random.default_rng(seed))
    fresh = _begin(optimizer, seed + 1)
    fresh.load_state_dict(state)
    again = play(fresh, waiting, _STEPS - 50, np.random.default_rng(seed))
    assert np.array_equal(again, rest), "saved with trials out and loaded, it proposes something else"


@law
def it_hears_of_trials_that_it_never_asked_for(optimizer: Optimizer, seed: int) -> None:
    """Told of others' trials, before its first and between its own, it proposes what is valid, and goes on."""

    def play(player: Optimizer, steps: int, others: Streams) -> list[Archs]:
        asked = []
        for step in range(steps):
            if step % 3 == 0:
                some = Trials(_SPACE.sample(others), np.full(_RUNS, _ANSWERS.budgets[step // 3 % 4], np.int64))
                number = None if step % 2 else np.full(_RUNS, -1)
                player.tell(some._replace(number=number), _answered(some, _FAILING))
            trials = _step(player, _FAILING)
            assert _SPACE.valid(trials.archs[_active(trials)]).all(), "a proposal is not valid"
            asked.append(np.where(_active(trials)[:, None], trials.archs, 0))
        return asked

    player, others = _begin(optimizer, seed), Streams.from_seed(seed, _RUNS, 0, "others")
    play(player, 60, others)
    state, there = player.state_dict(), others.state_dict()
    rest = play(player, 60, others)
    fresh = _begin(optimizer, seed + 1)
    fresh.load_state_dict(state)
    others.load_state_dict(there)
    assert np.array_equal(play(fresh, 60, others), rest), "saved and loaded, it proposes something else"


@law
def trials_are_numbered_as_they_are_asked(optimizer: Optimizer, seed: int) -> None:
    """If trials are numbered, the n-th call's are n; parents and what is gone on with were asked before."""
    player, asked = _begin(optimizer, seed), list[Trials]()
    for step in range(_STEPS):
        trials = _step(player, _FAILING)
        active = _active(trials)
        if trials.number is not None:
            assert (trials.number[active] == step).all(), f"the trials of call {step} have another number"
        for earlier, width in ((trials.parents, (_RUNS, 2)), (trials.continues, (_RUNS,))):
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
    how = {"seed": seed, "workers": 4, "failures": 0.1}
    history = search(copy.deepcopy(optimizer), _ANSWERS, Budget(evaluations=60), runs=3, **how)  # type: ignore[arg-type]
    alone = search(copy.deepcopy(optimizer), _ANSWERS, Budget(evaluations=60), first_run=2, **how)  # type: ignore[arg-type]
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
            active = _active(trials)
            asked.append(np.where(active[:, None], trials.archs, 0))
            dropped = active & ((np.arange(player.runs) + first + step) % 3 == 0)
            player.tell(trials._replace(active=active & ~dropped), _answered(trials))
            player.drop(trials._replace(active=dropped))
        return asked

    player = _begin(optimizer, seed)
    play(player, 60, 0)
    state = player.state_dict()
    rest = np.array(play(player, 60, 0))
    fresh = _begin(optimizer, seed + 1)
    fresh.load_state_dict(state)
    assert np.array_equal(play(fresh, 60, 0), rest), "saved and loaded, it proposes something else"
    alone = _begin(optimizer, seed, 1, first=2)
    play(alone, 60, 2)
    assert np.array_equal(np.array(play(alone, 60, 2))[:, 0], rest[:, 2]), "run 2 is not run 2"


@law
def limits_and_objectives_are_borne(optimizer: Optimizer, seed: int) -> None:
    """Told of another objective and of a limit that half of the space is over, it goes on, run k as if alone."""
    how = {"seed": seed, "objectives": ["params"], "limits": {"params": 6.0}, "failures": 0.1}
    budget = Budget(evaluations=60)
    together = search(copy.deepcopy(optimizer), _ANSWERS, budget, runs=3, **how)  # type: ignore[arg-type]
    alone = search(copy.deepcopy(optimizer), _ANSWERS, budget, first_run=1, **how)  # type: ignore[arg-type]
    tried = together.tried[:, 1]
    assert (together.archs[tried, 1] == alone.archs[alone.tried[:, 0], 0]).all(), "run 1 is not run 1"
    assert together.excess is not None
    chosen = together.incumbents[-1]
    assert (together.excess[chosen, np.arange(3)][chosen >= 0] <= 0).all(), "what is over a limit was chosen"


@law
def every_budget_is_respected(optimizer: Optimizer, seed: int) -> None:
    """No run spends more evaluations, epochs or seconds than it may, but for the last evaluation's."""
    budgets = (
        Budget(evaluations=40),
        Budget(total_seconds=20.0),
        Budget(epochs=500),
        Budget(seconds=33.3),
        Budget(25, 1000, 20.0),
    )
    for budget in budgets:
        history = search(copy.deepcopy(optimizer), _ANSWERS, budget, runs=_RUNS, seed=seed)
        paid = history.paid
        costs = np.ones(paid.shape), history.epochs, history.seconds, history.seconds
        for limit, cost in zip(budget.limits, costs, strict=True):
            before = np.vstack([np.zeros((1, _RUNS)), np.where(paid, cost, 0.0).cumsum(axis=0)[:-1]])
            assert (before < limit)[paid].all(), f"a run went on after it had spent {limit}"


@law
def settings_make_the_optimizer_again(optimizer: Optimizer, seed: int) -> None:
    """The settings make an optimizer that plays the same."""
    settings: dict[str, Any] = optimizer.settings()
    assert digest(type(optimizer)(**settings), seed) == digest(optimizer, seed), "made again it plays something else"
