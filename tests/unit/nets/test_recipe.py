"""Recipes and skeletons: values that go through JSON and refuse what cannot be."""

import json

import pytest

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.nets.recipe import RECIPES, Recipe
from nasbed.nets.skeleton import DIGITS, Skeleton


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipe_goes_through_json(recipe):
    assert Recipe(**json.loads(json.dumps(recipe.to_dict()))) == recipe


@pytest.mark.parametrize("skeleton", [Skeleton(), DIGITS])
def test_a_skeleton_goes_through_json(skeleton):
    assert Skeleton(**json.loads(json.dumps(skeleton.to_dict()))) == skeleton


def test_the_published_skeleton_doubles_its_channels_twice():
    assert Skeleton().module_channels == [
        (128, 128), (128, 128), (128, 128), (128, 256), (256, 256), (256, 256), (256, 512), (512, 512), (512, 512)
    ]  # fmt: skip
    assert Skeleton().final_channels == 512


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


@pytest.mark.parametrize("setting", [{"stem_channels": 0}, {"stacks": 1.5}, {"classes": True}])
def test_impossible_skeletons_are_refused(setting):
    with pytest.raises(BadSetting, match="must be a positive integer"):
        Skeleton(**setting)


def test_an_image_can_be_halved_only_so_often():
    assert Skeleton(image_size=8, stacks=4).final_channels == 1024
    with pytest.raises(BadSetting, match="use at most 4 stacks"):
        Skeleton(image_size=8, stacks=5)
