"""The predictor study: splits, what is judged on what, and what carries a predictor."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nasbed
from nasbed.core.errors import BadSetting, UnknownName
from nasbed.studies.prediction.examples import Examples
from nasbed.studies.prediction.explaining import explain
from nasbed.studies.prediction.judging import judge, made
from nasbed.studies.prediction.predicting import Prediction
from nasbed.studies.prediction.testsets import STANDARD, TEST_SETS, draw, protocols


@given(st.lists(st.integers(0, 12), min_size=3, max_size=60), st.data())
@settings(max_examples=60, deadline=None)
def test_no_function_is_on_both_sides_of_a_split(numbers, data):
    functions = np.array(numbers, np.uint64)
    size = data.draw(st.integers(1, len(functions)))
    one = draw(functions, size, data.draw(st.integers(0, 5)), data.draw(st.integers(0, 5)))
    learned = set(functions[one.learned].tolist())
    assert not learned & set(functions[one.unseen].tolist())
    assert not learned & set(functions[one.one_each].tolist())
    every = functions[one.one_each].tolist()
    assert len(every) == len(set(every)), "one for each"
    assert learned | set(every) == set(numbers), "none is left out"
    assert sorted([*one.learned, *one.others]) == list(range(len(functions)))
    for name, some in TEST_SETS.items():
        places = some.places(one)
        assert len(set(places.tolist())) == len(places)
        assert some.leak or not learned & set(functions[places].tolist()), name


def test_a_larger_training_set_of_a_draw_has_the_smaller_one():
    functions = np.arange(50, dtype=np.uint64)
    small, large = (draw(functions, size, 3, 1) for size in (10, 20))
    assert small.learned.tolist() == large.learned[:10].tolist()
    assert small.learned.tolist() != draw(functions, 10, 3, 2).learned.tolist()


def test_standard_test_sets_are_always_there_and_unknown_protocols_are_not():
    assert protocols([]) == tuple(STANDARD)
    assert protocols(["naslib-200"]) == (*STANDARD, "naslib-200")
    with pytest.raises(UnknownName, match="Did you mean 'naslib-200'"):
        protocols(["naslib-20"])


@pytest.fixture(scope="module")
def digits():
    return Examples.of(nasbed.benchmark("digits101"), epochs=12, early=(4,))


def test_what_is_learned_from_is_of_the_fidelity_asked_for(digits):
    benchmark = digits.benchmark
    assert (digits.learnable == benchmark.query(digits.rows, 12).value).all()
    assert (digits.values == benchmark.query(digits.rows, 36).value).all()
    assert list(digits.early) == [4]
    with pytest.raises(BadSetting, match="no results at 5 epochs; it has 4, 12, 36"):
        Examples.of(benchmark, 5)


def test_early_values_help_and_cost(digits):
    plain = Examples.of(digits.benchmark)
    predictor = made("gp:steps=5", digits)
    assert "columns" in predictor.features.blocks
    with_early, without = (judge(made("gp:steps=5", one), one, 30, 0, sets=("all-others",)) for one in (digits, plain))
    assert with_early.qualities["all-others"].tau > without.qualities["all-others"].tau
    assert with_early.cost > without.cost > 0


def test_a_block_that_says_everything_carries_the_predictor():
    examples = Examples.of(nasbed.benchmark("digits101"))
    predictor = nasbed.predictor("gp:steps=10,target=standardised", examples.space, encoding="onehot+counts")
    values = examples.space.layers(examples.rows)["conv3x3-bn-relu"].astype(float)
    predictor.fit(examples.rows[:60], values[:60])
    found = explain(predictor, examples.rows[60:], values[60:])
    blocks = {one.name: one for one in found.blocks}
    assert blocks["counts"].share > 0.5 > blocks["onehot"].share
    assert blocks["counts"].loss > 0.5 > blocks["onehot"].loss
    assert blocks["counts"].alone > 0.5 > blocks["onehot"].alone
    assert "conv3x3" in found.numbers[0].name


def test_a_stored_predictor_is_held_against_what_it_has_not_learned_from(tmp_path):
    benchmark = nasbed.benchmark("digits101")
    first = Prediction.learned(benchmark, "gp:steps=5", 40)
    path = nasbed.predictors.save(first.predictor, tmp_path / "gp.npz")
    again = Prediction.stored(path, benchmark)
    assert sorted(again.draw.learned.tolist()) == sorted(first.draw.learned.tolist())
    for name, one in first.qualities.items():
        assert again.qualities[name].tau == pytest.approx(one.tau, abs=1e-12)
    assert (again.best(3) == first.best(3)).all()
    with pytest.raises(BadSetting, match="name a benchmark"):
        Prediction.stored(path).best(3)
