"""Settings of a training: defaults of a data source, named recipes, files, single fields."""

import re
from dataclasses import replace

import pytest

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.factory.settings import FRAMES, training_settings
from nasbed.nets import recipe as recipes
from nasbed.nets.data.sources import pictures
from nasbed.nets.nasbench101 import NASBench101Blueprint
from nasbed.nets.nasbenchmacro import NASBenchMacroBlueprint
from nasbed.nets.natssize import NATSSizeBlueprint
from nasbed.nets.recipe import RECIPES
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.spaces.nasbenchmacro import NASBenchMacro
from nasbed.spaces.natssize import NATSSize

SPACE = NASBench101(vertices=3)
PUBLISHED = NASBench101Blueprint(SPACE)
DIGITS = NASBench101Blueprint(SPACE, classes=10, image_size=8, image_channels=1, **NASBench101Blueprint.small)


@pytest.fixture
def written(tmp_path):
    def write(text):
        (tmp_path / "mine.toml").write_text(text)
        return tmp_path / "mine.toml"

    return write


def test_the_digits_have_their_own_and_cifar10_the_published():
    assert training_settings(SPACE, "digits") == (DIGITS, recipes.DIGITS)
    for data in ("cifar10", "cifar10:/some/folder"):
        assert training_settings(SPACE, data) == (PUBLISHED, recipes.NASBENCH101)


def test_other_data_sources_change_what_their_images_ask_for():
    assert training_settings(SPACE, "cifar100:x")[0] == replace(PUBLISHED, classes=100)
    frame, how = training_settings(SPACE, "imagenet16-120")
    assert frame == replace(PUBLISHED, classes=120, image_size=16)
    assert how == replace(recipes.NASBENCH101, crop=2)


def test_the_images_of_a_known_source_are_what_is_said_of_them():
    found = pictures("digits")
    assert FRAMES["digits"] == (found.classes, found.images.shape[1], found.images.shape[3])


def test_images_that_nobody_knows_are_looked_at():
    frame, how = training_settings(SPACE, "random:size=24,channels=2,classes=7,train=80")
    assert frame == replace(PUBLISHED, classes=7, image_size=24, image_channels=2)
    assert how == replace(recipes.NASBENCH101, crop=3, batch_size=10)
    tiny, _ = training_settings(SPACE, "random:size=12,channels=3")
    assert tiny == replace(DIGITS, image_size=12, image_channels=3)


def test_every_space_has_its_published_recipe_and_what_is_small_of_it():
    for space, blueprint, recipe in (
        (NATSSize(), NATSSizeBlueprint, recipes.NASBENCH201),
        (NASBenchMacro(), NASBenchMacroBlueprint, RECIPES[NASBenchMacroBlueprint.recipe]),
    ):
        assert training_settings(space, "cifar10") == (blueprint(space), recipe)
        small = blueprint(space, classes=10, image_size=8, image_channels=1, **blueprint.small)
        assert training_settings(space, "digits") == (small, recipes.DIGITS)


def test_a_space_without_networks_is_refused_with_what_to_do():
    class Unbuilt(NASBench201):
        name, network = "unbuilt", "unbuilt"

    with pytest.raises(BadSetting, match=r"the space unbuilt has no blueprint.*register one"):
        training_settings(Unbuilt(), "digits")


@pytest.mark.parametrize("name", RECIPES)
def test_a_named_recipe_leaves_the_skeleton_to_the_data(name):
    assert training_settings(SPACE, "digits", named=name) == (DIGITS, RECIPES[name])


def test_single_fields_come_last():
    frame, how = training_settings(SPACE, "digits", {"stacks": 1}, {"l2": 0}, named="nasbench201")
    assert frame == replace(DIGITS, stacks=1)
    assert how == replace(recipes.NASBENCH201, l2=0.0)
    assert type(how.l2) is float


def test_a_file_changes_what_the_data_has(written):
    path = written("[recipe]\nlearning_rate = 1\nflip = true\n[skeleton]\nstem_channels = 16\n")
    frame, how = training_settings(SPACE, "digits", recipe={"crop": 2}, named=path)
    assert frame == replace(DIGITS, stem_channels=16)
    assert how == replace(recipes.DIGITS, learning_rate=1.0, flip=True, crop=2)
    assert training_settings(SPACE, "digits", named=str(path))[0] == frame


def test_a_file_can_begin_with_a_named_recipe(written):
    path = written('base = "nasbench201"\n[recipe]\nbatch_size = 64\n')
    assert training_settings(SPACE, "digits", named=path) == (
        DIGITS,
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
        training_settings(SPACE, "digits", named=written(text))


def test_what_is_no_recipe_is_refused(tmp_path):
    with pytest.raises(BadSetting, match=r"none\.toml cannot be read: No such file"):
        training_settings(SPACE, "digits", named=tmp_path / "none.toml")
    known = "FILE.toml, cluttered-digits, darts, digits, nasbench101, nasbench101-augment, nasbench201"
    with pytest.raises(UnknownName, match=f"There are: {re.escape(known)}"):
        training_settings(SPACE, "digits", named="x")
