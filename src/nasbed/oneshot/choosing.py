"""Choosing: an architecture, by the architecture parameters or by the weights that it inherits from the supernet.

References: Li and Talwalkar, UAI 2019, https://arxiv.org/abs/1902.07638, and ``exps/algos/RANDOM-NAS.py`` in
https://github.com/D-X-Y/AutoDL-Projects; SPOS, Guo et al., ECCV 2020, https://arxiv.org/abs/1904.00420
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nasbed.core.records import Archs
from nasbed.core.rng import Streams
from nasbed.core.seeds import derived_seed
from nasbed.core.space import Space
from nasbed.nets.data.source import Data
from nasbed.nets.supernet import Supernet
from nasbed.oneshot.alphas import Alphas
from nasbed.oneshot.inheriting import Inherited
from nasbed.oneshot.methods import Choice, Method
from nasbed.oneshot.perturbing import Perturbing
from nasbed.oneshot.wiring import idle

_TRIES = 10  # of a child that is new, for each of them


def chosen(method: Method, net: Supernet, alphas: Alphas, data: Data, seed: int, made: int) -> Archs:
    """Return the architecture that a method chooses after some steps of a search, canonical.

    Args:
        method: The method.
        net: The supernet as it is.
        alphas: The architecture parameters as they are.
        data: The images, on its device.
        seed: Of the search.
        made: How many steps it made.
    """
    drawn = derived_seed("oneshot", seed, "choice", made)
    match method.choice.kind:
        case "strongest":
            row = alphas.derived({} if method.choice.nothing else idle(net.written.decided, "nothing"))
        case "perturbation":
            row = Perturbing(method, net, alphas, data, drawn).decided()
        case kind:
            row = CHOICES[kind](method.choice, inherited_by(method, net, data), drawn)
    found: Archs = net.space.canonical(row[None])[0]
    return found


def inherited_by(method: Method, net: Supernet, data: Data) -> Inherited:
    """Return what judges architectures by inherited weights as a method says."""
    return Inherited(net, data, method.normalisation, method.batch, method.choice.calibration)


def best_of(choice: Choice, inherited: Inherited, seed: int) -> Archs:
    """Return the best of some random architectures, of which each is judged by validation images of its own: RSPS."""
    space = inherited.net.space
    rows = space.canonical(space.sample(Streams.from_seed(seed, choice.candidates, purpose="choice")))
    worth = [inherited(row, first=i * choice.images, most=choice.images) for i, row in enumerate(rows)]
    best: Archs = rows[int(np.argmax(worth))]
    return best


def evolved(choice: Choice, inherited: Inherited, seed: int) -> Archs:
    """Return the best architecture of an evolution: SPOS."""
    return evolution(choice, inherited.net.space, lambda row: inherited(row, most=choice.images), seed)[0]


def evolution(choice: Choice, space: Space, worth: Callable[[Archs], float], seed: int) -> list[Archs]:
    """Return the best architectures of an evolution, best first.

    Each round judges a population; half of the next are crossed from two of the best so far, half are the best with
    each decision drawn anew by chance, and all are new: where no child is found that is, a random architecture.
    """
    draws = np.random.default_rng([seed, 0])
    streams = Streams.from_seed(seed, 1, purpose="choice")
    judged, rows = dict[bytes, float](), dict[bytes, Archs]()
    best, waiting = list[Archs](), list[Archs]()

    def add(made: Callable[[], Archs], count: int) -> None:
        wanted = min(len(waiting) + count, choice.population)
        for _ in range(_TRIES * count):
            if len(waiting) >= wanted:
                return
            row = space.canonical(made()[None])[0]
            if row.tobytes() not in rows and space.valid(row[None])[0]:
                rows[row.tobytes()] = row
                waiting.append(row)

    def mutated() -> Archs:
        row = best[draws.integers(len(best))].copy()
        changes = draws.random(len(row)) < choice.mutation
        row[changes] = draws.integers(space.cardinalities[changes]).astype(np.int8)
        return np.asarray(row, np.int8)

    def crossed() -> Archs:
        mother, father = (best[draws.integers(len(best))] for _ in range(2))
        child: Archs = space.crossover(mother[None], father[None], streams)[0]
        return child

    half = choice.population // 2
    for _ in range(choice.rounds):
        waiting.clear()
        if best:
            add(mutated, half)
            add(crossed, choice.population - half)
        add(lambda: np.asarray(space.sample(streams)[0], np.int8), choice.population)
        judged |= {row.tobytes(): worth(row) for row in waiting}
        best = [rows[key] for key in sorted(judged, key=lambda key: -judged[key])[: choice.top]]
    return best


CHOICES: dict[str, Callable[[Choice, Inherited, int], Archs]] = {"best-of": best_of, "evolution": evolved}
"""How an architecture is chosen by inherited weights; see ``Choice.kind``."""
