"""What predictors say to a search, step by step: the same as at once, as if awaited answers were there, kept or not."""

import numpy as np
import pytest

import nasbed
from nasbed.predictors.guide import FittedGuide
from nasbed.predictors.targets import targets

SPACE = nasbed.space("transnas-micro")
ROWS = SPACE.enumerate()[np.random.default_rng(0).permutation(4096)[:80]]
VALUES = np.random.default_rng(1).normal(size=80) + (SPACE.simplify(ROWS) == 3).sum(axis=1)
PREDICTOR = nasbed.predictor("gp", SPACE, encoding="onehot", target="standardised")
NUMBERS = PREDICTOR.features(ROWS)
NOBODY = NUMBERS[:0]


def taught(guide, counts, pending=NOBODY, scan=True):
    """Let a guide learn in steps and, like a search, look at each."""
    for count in counts:
        guide.learn(NUMBERS[:count], VALUES[:count], pending)
        if scan:
            guide.scan(NUMBERS)
    return guide


def test_row_by_row_it_believes_what_the_predictor_predicts():
    guide = taught(PREDICTOR.guide(), range(20, 24))
    believed = guide.believe(NUMBERS)
    other = PREDICTOR.guide()
    other.memory = guide.memory
    np.testing.assert_allclose(taught(other, [23]).believe(NUMBERS)[:2], believed[:2], atol=1e-8)
    fitted = PREDICTOR.fit(ROWS[:20], VALUES[:20])
    started = taught(PREDICTOR.guide(), [20]).believe(NUMBERS).of_a_training()
    in_units = targets(VALUES[:20], "standardised").in_units(*started[:2])
    np.testing.assert_allclose(in_units, fitted.predict(ROWS), rtol=0.05, atol=0.05)


@pytest.mark.parametrize("pending", [NOBODY, NUMBERS[60:63]], ids=["nothing", "three"])
def test_a_listing_is_scanned_as_candidates_are(pending):
    guide = taught(PREDICTOR.guide(), range(20, 35, 2), pending)
    for scanned, believed in zip(guide.scan(NUMBERS)[:2], guide.believe(NUMBERS)[:2], strict=True):
        np.testing.assert_allclose(scanned, believed, atol=1e-4)


def test_what_is_kept_and_what_is_computed_anew_are_the_same_bits():
    kept, anew = PREDICTOR.guide(), PREDICTOR.guide()
    anew.keep(False)
    for count in range(20, 40):
        beliefs = [taught(guide, [count], NUMBERS[70:72]).scan(NUMBERS) for guide in (kept, anew)]
        for one, other in zip(*beliefs, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_guide_with_the_memory_of_another_goes_on_alike():
    guide = taught(PREDICTOR.guide(), range(10, 30))
    other = PREDICTOR.guide()
    other.memory = guide.memory
    for count in range(30, 45):
        one, again = (taught(some, [count]).scan(NUMBERS) for some in (guide, other))
        np.testing.assert_array_equal(one.mean, again.mean)
        np.testing.assert_array_equal(one.deviation, again.deviation)


def test_awaited_answers_make_it_surer_and_change_no_mean():
    guide = PREDICTOR.guide()
    alone = taught(guide, [30]).believe(NUMBERS)
    waiting = taught(guide, [30], NUMBERS[50:51]).believe(NUMBERS)
    np.testing.assert_allclose(waiting.mean, alone.mean, atol=1e-9)
    assert (waiting.deviation <= alone.deviation + 1e-12).all()
    assert waiting.deviation[50] < 0.9 * alone.deviation[50]


@pytest.mark.slow
def test_joint_draws_have_the_moments_of_the_process():
    guide = taught(PREDICTOR.guide(), [30])
    some = NUMBERS[40:46]
    draws = np.array([guide.draw(some, one) for one in np.random.default_rng(0).normal(size=(3000, 6))])
    belief = guide.believe(some)
    np.testing.assert_allclose(draws.mean(axis=0), belief.mean, atol=0.1)
    np.testing.assert_allclose(draws.std(axis=0), belief.deviation, rtol=0.1)
    twice = guide.draw(np.concatenate([some, some]), np.zeros(12))
    np.testing.assert_allclose(twice[:6], twice[6:], atol=1e-9)


def test_any_predictor_is_fitted_anew_and_believes_what_it_expects_of_awaited_answers():
    guide = taught(FittedGuide(PREDICTOR.clone()), [30])
    belief = guide.believe(NUMBERS)
    expected = PREDICTOR.fit(ROWS[:30], VALUES[:30]).predict(ROWS)
    np.testing.assert_allclose(targets(VALUES[:30], "standardised").in_units(*belief[:2]), expected)
    assert belief.best == targets(VALUES[:30], "standardised").values.max()
    waiting = taught(guide, [30], NUMBERS[50:51]).believe(NUMBERS)
    assert waiting.deviation[50] < belief.deviation[50]
