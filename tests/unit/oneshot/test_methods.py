"""The laws of all one-shot methods, played on a small cell."""

import io
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_searches import CELL, FEW, SMALL, fewer, finished, search

import nasbed
from nasbed.core.errors import BadSetting, NasbedError, UnknownName
from nasbed.nets.data.source import load
from nasbed.oneshot import METHODS, OneShot
from nasbed.spaces import WrittenSpace, choice, op, seq, where

WITH_ALPHAS = [name for name, method in METHODS.items() if method.alphas is not None]


def assert_same(one, other):
    assert one.epochs_done == other.epochs_done
    assert all(map(torch.equal, one.net.state_dict().values(), other.net.state_dict().values()))
    assert all(map(torch.equal, one.alphas.trained, other.alphas.trained))
    assert np.array_equal(one.architecture, other.architecture)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_bytes(method):
    assert_same(search(method).run(), finished(method))


def test_sampling_leaves_the_global_generator_as_it_was():
    searches = [search(method) for method in METHODS]
    torch.manual_seed(0)
    wanted = torch.rand(3)
    torch.manual_seed(0)
    for made in searches:
        made.objective.sampled(True)
    assert torch.equal(torch.rand(3), wanted)


def stored(made):
    """Return a state as a file would have it."""
    file = io.BytesIO()
    torch.save(made.state_dict(), file)
    return lambda: torch.load(io.BytesIO(file.getvalue()), weights_only=True)


KILLS = random.Random(0)


@pytest.mark.parametrize(
    ("method", "every", "killed"),
    [
        pytest.param(name, KILLS.randint(1, 3), KILLS.randint(1, 5), marks=[pytest.mark.slow] * (kill > 0))
        for name in METHODS
        for kill in range(4)
    ],
)
def test_a_search_that_is_killed_goes_on_bit_for_bit(method, every, killed):
    first = search(method)
    for step in range(killed):
        if step % every == 0:
            state = stored(first)
        first.step()
    second = search(method, seed=0)
    second.load_state_dict(state())
    assert_same(second.run(), finished(method))


def test_tracked_averages_go_on_with_a_search():
    whole, first, second = (search("spos", normalisation="tracked") for _ in range(3))
    for _ in range(4):
        first.step()
    second.load_state_dict(stored(first)())
    assert_same(second.run(), whole.run())


@pytest.mark.parametrize("method", METHODS)
def test_what_is_derived_is_an_architecture(method):
    made = finished(method)
    assert made.net.space.valid(made.architecture[None])[0]


@pytest.mark.parametrize("method", METHODS)
def test_the_weights_learn(method):
    made = search(method)
    batches = {"weights": made.feed.batch("weights")}
    losses = [made.descend("weights", batches) for _ in range(12)]
    assert np.mean(losses[-4:]) < np.mean(losses[:4])


@pytest.mark.parametrize("method", METHODS)
def test_each_descent_moves_its_own_parameters_alone(method):
    there = ("weights", "alphas") if method in WITH_ALPHAS else ("weights",)
    for moves in there:
        made = search(method)
        groups = {"weights": list(made.net.parameters()), "alphas": made.alphas.trained}
        before = {what: [one.detach().clone() for one in some] for what, some in groups.items()}
        made.descend(moves, {what: made.feed.batch(what) for what in there})
        for what, some in groups.items():
            assert all(map(torch.equal, some, before[what])) == (what != moves or not some)


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


@pytest.mark.parametrize("method", METHODS)
def test_what_decides_a_result_is_described(method):
    told = search(method).describe()
    assert told["settings"]["normalisation"] == METHODS[method].normalisation
    assert told["settings"]["first"] == METHODS[method].first


# ── what stops a search ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", WITH_ALPHAS)
def test_a_parameter_that_is_no_number_stops_with_a_sentence_and_no_state_replaces_the_last_good_one(method):
    made = search(method)
    made.step()
    good = stored(made)
    with torch.no_grad():
        made.alphas.trained[0][0] = float("nan")
    with pytest.raises(NasbedError, match=r"in epoch \d; try a lower learning rate"):
        made.step()
    with pytest.raises(NasbedError, match=r"the search has stopped: .*; load an earlier state, or begin again"):
        made.state_dict()
    with pytest.raises(NasbedError, match="the search has stopped"):
        made.step()
    made.load_state_dict(good())
    made.step()


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
    spos = replace(METHODS["spos"], batch=256, choice=replace(METHODS["spos"].choice, **FEW))
    made = OneShot.of(spos, space, "digits", 1)
    for _ in range(20):
        (path,) = made.objective.sampled()
        assert not all(one[1] == 1 for one in path)
    assert space.valid(made.run().architecture[None])[0]


def test_an_unknown_method_is_refused():
    with pytest.raises(UnknownName, match=r"no one-shot method is called 'dart'. Did you mean 'darts'"):
        OneShot.of("dart", CELL, "digits", 2, **SMALL)
