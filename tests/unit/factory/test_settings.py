"""Settings of a training: defaults of a data source, named recipes, files, single fields."""

import re
from dataclasses import replace

import pytest

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.factory.settings import DEFAULTS, training_settings
from nasbed.nets import recipe as recipes
from nasbed.nets import skeleton as skeletons
from nasbed.nets.recipe import RECIPES


@pytest.fixture
def written(tmp_path):
    def write(text):
        (tmp_path / "mine.toml").write_text(text)
        return tmp_path / "mine.toml"

    return write


def test_the_digits_have_their_own_and_cifar10_the_published():
    assert training_settings("digits") == (skeletons.DIGITS, recipes.DIGITS)
    for data in ("cifar10", "cifar10:/some/folder", "random", "folder:pictures"):
        assert training_settings(data) == (skeletons.NASBENCH101, recipes.NASBENCH101)


def test_other_data_sources_change_what_their_images_ask_for():
    assert training_settings("cifar100:x")[0] == replace(skeletons.NASBENCH101, classes=100)
    assert training_settings("imagenet16-120")[0] == replace(skeletons.NASBENCH101, classes=120, image_size=16)
    assert {data.partition(":")[0] for data in DEFAULTS} == set(DEFAULTS)


@pytest.mark.parametrize("name", RECIPES)
def test_a_named_recipe_leaves_the_skeleton_to_the_data(name):
    assert training_settings("digits", named=name) == (skeletons.DIGITS, RECIPES[name])


def test_single_fields_come_last():
    frame, how = training_settings("digits", {"stacks": 1}, {"l2": 0}, named="nasbench201")
    assert frame == replace(skeletons.DIGITS, stacks=1)
    assert how == replace(recipes.NASBENCH201, l2=0.0)
    assert type(how.l2) is float


def test_a_file_changes_what_the_data_has(written):
    path = written("[recipe]\nlearning_rate = 1\nflip = true\n[skeleton]\nstem_channels = 16\n")
    frame, how = training_settings("digits", recipe={"crop": 2}, named=path)
    assert frame == replace(skeletons.DIGITS, stem_channels=16)
    assert how == replace(recipes.DIGITS, learning_rate=1.0, flip=True, crop=2)
    assert training_settings("digits", named=str(path))[0] == frame


def test_a_file_can_begin_with_a_named_recipe(written):
    path = written('base = "nasbench201"\n[recipe]\nbatch_size = 64\n')
    assert training_settings("digits", named=path) == (
        skeletons.DIGITS,
        replace(recipes.NASBENCH201, batch_size=64),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[recipe]\nlearning_rat = 1", r"mine.toml: a recipe has no 'learning_rat' \(did you mean 'learning_rate'"),
        ("[skeleton]\nstacks = 1.5", "mine.toml: a skeleton's stacks is an integer, not 1.5"),
        ('[recipe]\noptimizer = "sdg"', "mine.toml: no optimizer is called 'sdg'. Did you mean 'sgd'"),
        ("[recipes]\nl2 = 0", r"a file of settings has no 'recipes' \(did you mean 'recipe'\?\); it has: base, recipe"),
        ('base = "nasbench102"', "mine.toml: no recipe is called 'nasbench102'. Did you mean"),
        ("base = 101", "base is a name"),
        ('recipe = "nasbench101"', "recipe and skeleton are tables"),
        ("[recipe", "mine.toml: Expected"),
        ("[recipe]\nl2 = nan", "is a finite number, not nan"),
    ],
)
def test_a_bad_file_is_refused_by_name(written, text, message):
    with pytest.raises(BadSetting, match=message):
        training_settings("digits", named=written(text))


def test_what_is_no_recipe_is_refused(tmp_path):
    with pytest.raises(BadSetting, match=r"none\.toml cannot be read: No such file"):
        training_settings("digits", named=tmp_path / "none.toml")
    known = "FILE.toml, digits, nasbench101, nasbench101-augment, nasbench201"
    with pytest.raises(UnknownName, match=f"There are: {re.escape(known)}"):
        training_settings("digits", named="x")
