"""Recipes: values that go through JSON and refuse what cannot be."""

import json

import pytest

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.nets.recipe import RECIPES, Recipe


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipe_goes_through_json(recipe):
    assert Recipe(**json.loads(json.dumps(recipe.to_dict()))) == recipe


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1, not 0"),
        ({"l2": -1.0}, "l2 must not be negative"),
        ({"momentum": 1.5}, "momentum must be between 0 and 1"),
        ({"nesterov": True}, "nesterov belongs to the optimizer 'sgd'"),
        ({"nesterov": True, "optimizer": "sgd", "momentum": 0.0}, "with some momentum"),
    ],
)
def test_impossible_recipes_are_refused(setting, message):
    with pytest.raises(BadSetting, match=message):
        Recipe(**setting)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"schedule": "cosin"}, "no schedule is called 'cosin'. Did you mean 'cosine'"),
        ({"optimizer": "sgdd"}, "no optimizer is called 'sgdd'. Did you mean 'sgd'"),
        ({"clock": "moon"}, "no clock is called 'moon'. There are: epoch, step, time"),
        ({"initialisation": "torch"}, "Did you mean 'pytorch'"),
        ({"precision": "float16"}, "no precision is called 'float16'. Did you mean"),
    ],
)
def test_an_unknown_word_is_refused_with_the_nearest(setting, message):
    with pytest.raises(UnknownName, match=message):
        Recipe(**setting)
