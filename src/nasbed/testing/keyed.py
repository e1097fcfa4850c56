"""A benchmark without a table, whose values follow from keys, one with a hill in it, and how laws play optimizers."""

from __future__ import annotations

import copy
import hashlib
import importlib
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import NotInTable
from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Archs, Evaluations, Trials
from nasbed.core.registry import spaces
from nasbed.core.rng import Streams
from nasbed.core.space import Space
from nasbed.spaces.nasbench101 import NASBench101

if TYPE_CHECKING:
    from collections.abc import Sequence

RUNS, STEPS = 5, 160
_SPACE = NASBench101(vertices=5)
"""On which, how many runs and how long laws play an optimizer that was not started elsewhere."""


class KeyedBenchmark(Benchmark):
    """Gives every architecture of any space a value in [0, 1) and a time from 1 to 2 seconds, out of its key.

    After fewer epochs than the most, the value is mixed with one of the key and the epochs, and time is in proportion.

    Args:
        space: The space.
        failing: Share of the architectures whose training fails.
        budgets: Epochs that it answers for.
    """

    name = "keyed"
    continues = True
    costs = ("params",)

    def __init__(self, space: Space, failing: float = 0.0, budgets: tuple[int, ...] = (1, 3, 9, 27)) -> None:
        self.space, self.failing, self.budgets = space, failing, budgets

    def query(
        self, archs: Archs, epochs: NDArray[np.int64] | int | None = None, streams: Streams | None = None
    ) -> Evaluations:
        """Answer from the keys; nothing is random."""
        trained = self._trained(epochs, len(archs))
        self.space.check_valid(archs)
        mixed, value = self._mixed(archs)
        fate = (mixed >> np.uint64(16) & np.uint64(0xFFFF)).astype(np.float64) / 2**16
        share = trained / self.budgets[-1]
        early = (mixed ^ trained.astype(np.uint64) * np.uint64(0xD1B54A32D192ED03)) >> np.uint64(44)
        value = np.where(share < 1, 0.7 * value + 0.3 * early / 2**20, value)
        return Evaluations(np.where(fate < self.failing, np.nan, value), (1.0 + fate) * share, trained)

    def cost(self, name: str, archs: Archs) -> NDArray[np.float64]:
        """Give a made-up number of parameters, more for what is better."""
        if name not in self.costs:
            return super().cost(name, archs)
        mixed, quality = self._mixed(archs)
        return 1.0 + 9.0 * quality**2 + (mixed % np.uint64(7)).astype(np.float64)

    def test(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give half of the value."""
        return self.query(archs, epochs).value / 2

    def _mixed(self, archs: Archs) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
        mixed = self.space.key(archs) * np.uint64(0x9E3779B97F4A7C15)
        return mixed, (mixed >> np.uint64(40)).astype(np.float64) / 2**24

    def _trained(self, epochs: NDArray[np.int64] | int | None, n: int) -> NDArray[np.int64]:
        wanted = np.full(n, self.budgets[-1] if epochs is None else epochs, np.int64)
        if not {*wanted.tolist()} <= {*self.budgets}:
            raise NotInTable(f"the keyed benchmark has {self.budgets} epochs, not {set(wanted.tolist())}")
        return wanted


def answers_for(optimizer: Optimizer, failing: float = 0.0) -> KeyedBenchmark:
    """Give what answers for the space that an optimizer was started on last."""
    return KeyedBenchmark(vars(optimizer).get("space", _SPACE), failing)


def begin(optimizer: Optimizer, seed: int, runs: int = RUNS, first: int = 0) -> Optimizer:
    """Start a copy, so that no law sees what another did."""
    answers = answers_for(optimizer)
    return copy.deepcopy(optimizer).start(answers.space, Streams.from_seed(seed, runs, first, "laws"), answers.budgets)


def play_step(optimizer: Optimizer, failing: float = 0.0) -> Trials:
    """Ask, answer and tell once."""
    trials = optimizer.ask()
    optimizer.tell(trials, answered(optimizer, trials, failing))
    return trials


def answered(optimizer: Optimizer, trials: Trials, failing: float = 0.0) -> Evaluations:
    """Answer each trial; what stands in a row that is not active, valid or not, is as good as any other row."""
    archs = np.where(active_in(trials)[:, None], trials.archs, _some_arch(optimizer.space))
    return answers_for(optimizer, failing).query(archs, trials.epochs)


@cache
def _some_arch(space: Space) -> Archs:
    return space.sample(Streams.from_seed(0, 1))


def proposals(optimizer: Optimizer, steps: int = STEPS, failing: float = 0.0) -> Archs:
    """Play, and give what was proposed, ``(steps, runs, decisions)``; zeros where a run was over."""
    played = []
    for _ in range(steps):
        trials = play_step(optimizer, failing)
        active = active_in(trials)
        played.append(np.where(active[:, None], trials.archs, 0))
    return np.array(played, np.int8)


def digest(optimizer: Optimizer, seed: int) -> str:
    """Hash everything that an optimizer proposes under a seed."""
    return hashlib.sha256(proposals(begin(optimizer, seed)).tobytes()).hexdigest()


def digest_of(path: list[str], kind: tuple[str, str], settings: Any, space: tuple[str, Any], seed: int) -> str:
    """Make an optimizer of words, where ``path`` leads to its module, and hash what it proposes."""
    sys.path[:] = path
    made = getattr(importlib.import_module(kind[0]), kind[1])(**settings)
    answers = KeyedBenchmark(spaces.make(*space))
    return digest(made.start(answers.space, Streams.from_seed(0, 1), answers.budgets), seed)


def active_in(trials: Trials) -> NDArray[np.bool_]:
    """Return which runs propose something, ``(runs,)``."""
    return np.ones(len(trials.archs), np.bool_) if trials.active is None else trials.active


class HillBenchmark(Benchmark):
    """The more decisions are a hidden architecture's, the better; with a rough surface, which fewer epochs blur.

    Of the value nine tenths are the share of decisions that agree, and a tenth is made up from the key. After fewer
    epochs than the most there is noise of the key and the epochs on top. The hidden architecture is the only optimum.
    A training takes as many seconds as epochs.

    Args:
        space: The space.
        seed: Of the hidden architecture.
        budgets: Epochs that it answers for.
        noise: How far the value after the fewest epochs may be off, at most.
    """

    name = "hill"
    continues = True

    def __init__(self, space: Space, seed: int = 0, budgets: Sequence[int] = (1, 3, 9, 27), noise: float = 0.2) -> None:
        self.space, self.budgets, self.noise = space, tuple(budgets), noise
        self.hidden = space.sample(Streams.from_seed(seed, 1, 0, "hill"))[0]
        self._rough = KeyedBenchmark(space, budgets=self.budgets)

    def query(
        self, archs: Archs, epochs: NDArray[np.int64] | int | None = None, streams: Streams | None = None
    ) -> Evaluations:
        """Say how much agrees; nothing is random."""
        rough = self._rough.query(archs, epochs)
        agreeing = (archs == self.hidden).mean(axis=1)
        value = np.where(agreeing == 1, 1.0, 0.9 * agreeing + 0.1 * self._rough.query(archs).value)
        blur = self.noise * (1 - rough.epochs / self.budgets[-1]) * (2 * rough.value - 1)
        return Evaluations(np.clip(value + blur, 0, 1), rough.epochs.astype(np.float64), rough.epochs)

    def test(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give a value from which it follows: 0.8 of it."""
        if epochs is not None and epochs not in self.budgets:
            raise NotInTable(f"the hill has {self.budgets} epochs, not {epochs}")
        return 0.8 * self.query(archs).value

    def optimum(self, epochs: int | None = None) -> tuple[float, float]:
        """Give what the hidden architecture is worth."""
        return 1.0, 0.8
