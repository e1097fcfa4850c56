"""The laws of all one-shot methods, played on a small cell."""

from dataclasses import replace

import pytest
import torch
from small_searches import CELL, SMALL, fewer, search

import nasbed
from nasbed.core.errors import BadSetting, NasbedError, UnknownName
from nasbed.nets.data.source import load
from nasbed.oneshot import METHODS, OneShot
from nasbed.spaces import WrittenSpace, choice, op, seq, where
from nasbed.testing import DoesNotApply, check_method, method_laws
from nasbed.testing.methods import a_search_that_is_killed_goes_on_bit_for_bit

QUICK = ("darts", "spos")
"""One with parameters of architectures and one without; slow tests play them all."""


@pytest.mark.parametrize("law", method_laws, ids=str)
@pytest.mark.parametrize(
    "method", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in METHODS]
)
def test_every_method_keeps_the_laws(method, law):
    try:
        law(METHODS[method])
    except DoesNotApply as reason:
        pytest.skip(str(reason))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize("method", METHODS)
def test_a_search_that_is_killed_at_another_step_goes_on_bit_for_bit(method, seed):
    a_search_that_is_killed_goes_on_bit_for_bit(METHODS[method], seed)


def test_tracked_averages_go_on_with_a_search():
    a_search_that_is_killed_goes_on_bit_for_bit(replace(METHODS["spos"], normalisation="tracked"))


def test_a_method_that_breaks_a_law_is_told_which():
    def once(asked):
        yield asked.path(torch.randint(3, (3,)).tolist())

    with pytest.raises(AssertionError, match="the_same_seed_gives_the_same_bytes: Two searches of one seed"):
        check_method(replace(METHODS["spos"], sampler=once))


@pytest.mark.parametrize("method", METHODS)
def test_coefficients_lie_in_their_simplex(method):
    made = search(method)
    skips = made.method.strength[0] if method == "darts-minus" else 0.0  # whose skips count once more
    for is_alphas in (False, True):
        for path in made.objective.sampled(is_alphas):
            for one in path:
                assert (one >= -1e-6).all()
                if method == "fair-darts":  # each option by itself
                    assert (one <= 1).all()
                else:
                    assert torch.allclose(one.sum(), torch.tensor(1.0 + skips), atol=1e-5)


# ── what stops a search ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_rate_that_is_too_high_stops_with_a_sentence():
    made = search("darts", alphas=replace(METHODS["darts"].alphas, rate=float("inf")))
    with pytest.raises(NasbedError, match="an architecture parameter is no longer finite in epoch 1; try a lower"):
        made.run()


# ── what is refused ───────────────────────────────────────────────────────────────────────────────────────────────


def begun(method="darts", space=CELL, data="digits", epochs=2, **changes):
    made = replace(METHODS[method], **changes)
    return OneShot.of(made, space, load(data) if isinstance(data, str) else data, epochs, **SMALL)


def test_too_few_images_are_refused():
    with pytest.raises(BadSetting, match=r"a batch of 5000 training and validation images; there are 400 and 800 of"):
        begun(batch=5000)


def test_a_batch_that_cannot_be_normalised_is_refused():
    with pytest.raises(BadSetting, match="a batch has 2 images at least, since normalisations read it, not 1"):
        begun(batch=1)


@pytest.mark.parametrize("part", ["train", "validation"])
def test_a_class_that_is_missing_from_the_data_is_refused(part):
    digits = load("digits")
    some = getattr(digits, part)
    there = (some.labels != 3) & (some.labels != 7)
    few = replace(digits, **{part: fewer(some, there)})
    with pytest.raises(BadSetting, match=rf"of 10 classes of digits, 3, 7 has no {part[:5]}\w+ image"):
        begun(data=few)


def test_a_search_without_epochs_is_refused():
    with pytest.raises(BadSetting, match="a search takes an epoch at least, not 0"):
        begun(epochs=0)


def test_a_space_without_a_supernet_is_refused():
    with pytest.raises(BadSetting, match="a space of NAS-Bench-101 has no supernet: "):
        OneShot.of("darts", nasbed.space("nasbench101"), "digits", 1)


def test_parameters_of_decisions_under_a_constraint_are_refused_and_single_paths_keep_it():
    part = choice(op("conv3x3"), op("skip"))
    other = choice(op("conv3x3"), op("skip"))
    pair = where(seq(part, other), lambda found: str(found) != "skip → skip")
    space = WrittenSpace(seq(op("stem", channels=4), pair, op("head")))
    with pytest.raises(BadSetting, match=r"has constraints, .*; use a method that has none, such as spos"):
        OneShot.of("darts", space, "digits", 1)
    made = OneShot.of(search("spos").method, space, "digits", 1)
    for _ in range(20):
        (path,) = made.objective.sampled()
        assert not all(one[1] == 1 for one in path)
    assert space.valid(made.run().architecture[None])[0]


def test_an_unknown_method_is_refused():
    with pytest.raises(UnknownName, match=r"no one-shot method is called 'dart'. Did you mean 'darts'"):
        OneShot.of("dart", CELL, "digits", 2, **SMALL)
