"""The laws of one-shot methods, played on a cell of three edges with 96 digits; they need PyTorch."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from nasbed.core.errors import NasbedError
from nasbed.nets.data.source import Data, Part, load
from nasbed.oneshot.methods import Method
from nasbed.oneshot.searching import OneShot
from nasbed.spaces.notation import choice, edges, op
from nasbed.spaces.written import WrittenSpace
from nasbed.testing.law import DoesNotApply, Laws, refuses

method_laws: Laws[Method] = Laws("method")
law, check_method = method_laws.law, method_laws.check

_IMAGES, _BATCH, _EPOCHS = 96, 32, 2
_FEW: dict[str, Any] = {"candidates": 4, "images": 32, "calibration": 64, "tuning": 1}
_FEW |= {"population": 4, "rounds": 2, "top": 2}


@lru_cache(maxsize=1)
def few_digits() -> Data:
    """Return 96 digits to train on, and as many to validate on."""

    def some(part: Part) -> Part:
        return Part(part.images[:_IMAGES], part.labels[:_IMAGES], part.scale)

    whole = load("digits")
    return replace(whole, train=some(whole.train), validation=some(whole.validation))


@lru_cache(maxsize=1)
def small_cell() -> WrittenSpace:
    """Return the space: nothing, what is read, or a convolution on each edge."""
    return WrittenSpace(edges(3, lambda i, j: choice(op("none"), op("skip"), op("nor_conv_1x1"))))


def small(method: Method, seed: int = 0, epochs: int = _EPOCHS) -> OneShot:
    """Return a search of three steps an epoch by a method, whose batches and choices are small."""
    stages = tuple(one._replace(kept=min(one.kept, 2)) for one in method.stages)  # of three values
    few = replace(method, batch=_BATCH, choice=replace(method.choice, **_FEW), stages=stages)
    return OneShot.of(few, small_cell(), few_digits(), epochs, seed, channels=4, cells=1)


@lru_cache(maxsize=64)
def ended(method: Method, seed: int = 0) -> OneShot:
    """Return a search that has ended, which nobody changes."""
    return small(method, seed).run()


def stored(search: OneShot) -> Callable[[], Any]:
    """Return what reads the state of a search as a file would have it."""
    file = io.BytesIO()
    torch.save(search.state_dict(), file)
    return lambda: torch.load(io.BytesIO(file.getvalue()), weights_only=True)


def same(one: OneShot, other: OneShot) -> None:
    """See that two searches are the same, bit for bit."""
    assert one.epochs_done == other.epochs_done, "the searches differ in what their epochs came to"
    weights = zip(one.net.state_dict().values(), other.net.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in weights), "the searches differ in their weights"
    alphas = zip(one.alphas.trained, other.alphas.trained, strict=True)
    assert all(torch.equal(a, b) for a, b in alphas), "the searches differ in their architecture parameters"
    assert np.array_equal(one.architecture, other.architecture), "the searches differ in what is derived"


@law
def the_same_seed_gives_the_same_bytes(method: Method, seed: int) -> None:
    """Two searches of one seed are the same, bit for bit."""
    same(small(method, seed).run(), ended(method, seed))


@law
def a_search_that_is_killed_goes_on_bit_for_bit(method: Method, seed: int) -> None:
    """From a state that was taken after any step, a search goes on as if nothing had been."""
    first, second = small(method, seed), small(method, seed)
    for _ in range(random.Random(seed).randint(1, 5)):
        first.step()
    second.load_state_dict(stored(first)())
    same(second.run(), ended(method, seed))


@law
def the_global_generator_is_left_alone(method: Method, seed: int) -> None:
    """Neither making a search nor its steps draw from PyTorch's global generator."""
    torch.manual_seed(seed)
    wanted = torch.rand(3)
    torch.manual_seed(seed)
    small(method, seed).step()
    assert torch.equal(torch.rand(3), wanted), "PyTorch's global generator was drawn from"


@law
def coefficients_are_finite_and_not_negative(method: Method, seed: int) -> None:
    """Each path has a vector for each decision, with a number for each value, none below 0."""
    search = small(method, seed)
    sizes = [len(slot.values) for slot in search.net.decisions]
    for is_alphas in (False, True) if method.alphas is not None else (False,):
        for path in search.objective.sampled(is_alphas):
            assert [len(one) for one in path] == sizes, f"{[len(one) for one in path]} numbers, not {sizes}"
            assert all(bool((one.isfinite() & (one >= -1e-6)).all()) for one in path), f"coefficients are {path}"


@law
def each_descent_moves_its_own_parameters_alone(method: Method, seed: int) -> None:
    """Weights rest where architecture parameters descend, and these where weights do."""
    there = ("weights", "alphas") if method.alphas is not None else ("weights",)
    for moves in there:
        search = small(method, seed)
        weights, alphas = list(search.net.parameters()), search.alphas.trained
        groups: dict[str, list[Any]] = {"weights": weights, "alphas": alphas}
        before = {what: [one.detach().clone() for one in some] for what, some in groups.items()}
        search.descend(moves, {what: search.feed.batch(what) for what in there})
        for what, some in groups.items():
            rests = all(map(torch.equal, some, before[what]))
            assert rests == (what != moves or not some), f"{what} {'rest' if rests else 'move'} as {moves} descend"


@law
def the_weights_learn(method: Method, seed: int) -> None:
    """On one batch, twelve descents of the weights bring their loss down."""
    search = small(method, seed)
    batches = {"weights": search.feed.batch("weights")}
    losses = [search.descend("weights", batches) for _ in range(12)]
    assert np.mean(losses[-4:]) < np.mean(losses[:4]), f"the losses are {losses}"


@law
def what_is_derived_is_an_architecture(method: Method, seed: int) -> None:
    """What a search ends with is a valid row of the space."""
    row = ended(method, seed).architecture
    assert small_cell().valid(row[None])[0], f"{row.tolist()} is no architecture"


@law
def what_decides_a_result_is_said_in_plain_values(method: Method, seed: int) -> None:
    """``describe`` says order, normalisation and all other settings, in values that JSON can have."""
    told = json.loads(json.dumps(small(method, seed).describe()))["settings"]
    assert told["normalisation"] == method.normalisation
    assert told["first"] == method.first


@law
def what_is_no_number_stops_a_search_and_no_state_replaces_the_last_good_one(method: Method, seed: int) -> None:
    """A parameter that is no number ends in a sentence; from then on there is no state, until one is loaded."""
    if method.alphas is None:
        raise DoesNotApply("the method has no architecture parameters")
    search = small(method, seed)
    search.step()
    good = stored(search)
    with torch.no_grad():
        search.alphas.trained[0][0] = float("nan")
    refuses(NasbedError, search.step)
    refuses(NasbedError, search.state_dict)
    search.load_state_dict(good())
    search.step()
