"""The precision that a recipe leaves open: bfloat16 only where it gains, and noted."""

from dataclasses import replace

import numpy as np
import pytest

from nasbed.core.errors import BadSetting
from nasbed.core.registry import spaces
from nasbed.factory.generate import generate
from nasbed.nets import recipe as recipes
from nasbed.nets.blueprint import blueprint_of
from nasbed.nets.recipe import NASBENCH101, RECIPES, saved, settled
from nasbed.nets.survey import survey
from nasbed.run.stores.sqlite import SQLiteStore
from nasbed.spaces.nasbench101 import NASBench101

AUTO = replace(NASBENCH101, precision="auto")
CELL = "|{0}~0|+|{0}~0|{0}~1|+|{0}~0|{0}~1|{0}~2|"


@pytest.fixture
def amx(monkeypatch):
    monkeypatch.setattr(recipes, "has_amx", lambda: True)


@pytest.mark.parametrize(
    ("name", "small", "chosen"),
    [
        ("nasbench101", False, "bfloat16"),
        ("natssize", False, "bfloat16"),
        ("nasbench201", False, "float32"),  # a cell of average pooling alone takes 1.4 times as long
        ("nasbenchmacro", False, "float32"),  # depthwise convolutions take twice as long
        ("nasbench101", True, "float32"),
        ("nasbench201", True, "float32"),
    ],
)
def test_bfloat16_is_chosen_where_it_was_measured_to_gain(amx, name, small, chosen):
    space = spaces.make(name, {})
    settings = {**blueprint_of(space).small, "image_size": 8, "image_channels": 1} if small else {}
    assert settled(AUTO, blueprint_of(space, **settings), "cpu").precision == chosen


def test_nothing_else_is_settled(amx, monkeypatch):
    blueprint = blueprint_of(NASBench101())
    assert settled(AUTO, blueprint, "cpu", together=2) == NASBENCH101
    assert settled(AUTO, blueprint, "cuda:0") == NASBENCH101
    for recipe in (NASBENCH101, replace(NASBENCH101, precision="bfloat16")):
        assert settled(recipe, blueprint, "cuda") is recipe
    monkeypatch.setattr(recipes, "has_amx", lambda: False)
    assert settled(AUTO, blueprint, "cpu") == NASBENCH101


@pytest.mark.parametrize(
    ("operation", "gains"),
    [("avg_pool_3x3", False), ("skip_connect", True), ("none", True), ("nor_conv_3x3", True)],
)
def test_a_cell_gains_as_was_measured(operation, gains):
    """At batch 64: 0.71, 1.23, 1.32 and 1.96 times as fast."""
    space = spaces.make("nasbench201", {})
    blueprint, rows = blueprint_of(space), space.parse(CELL.format(operation))[None]
    assert (saved(blueprint, rows, 64) > 0).tolist() == [gains]
    assert abs(saved(blueprint, rows, 128)) > abs(saved(blueprint, rows, 64))


def test_a_survey_says_what_is_chosen(amx):
    blueprint = blueprint_of(NASBench101())
    data = "random:train=1024,validation=256,test=256"
    assert survey(blueprint, AUTO, data, [1])["precision"] == "bfloat16"
    assert survey(blueprint, AUTO, data, [1], together=3)["precision"] == "float32"


def test_a_campaign_notes_what_was_chosen_and_is_held_to_it(amx, monkeypatch, tmp_path):
    monkeypatch.setattr(recipes, "saved", lambda blueprint, rows, batch: np.ones(len(rows)))
    settings = {
        "space": NASBench101(vertices=2),
        "skeleton": {"stem_channels": 2, "stacks": 1},
        "recipe": {"batch_size": 100, "precision": "auto"},
        "budgets": (1,),
        "repeats": 1,
        "executor": "inline",
    }
    generate(tmp_path / "a.arrow", **settings)
    with SQLiteStore(tmp_path / "a.sqlite", read_only=True) as store:
        assert store.notes()["plan"]["recipe"]["precision"] == "bfloat16"
    monkeypatch.setattr(recipes, "has_amx", lambda: False)
    with pytest.raises(BadSetting, match='precision was "bfloat16"'):
        generate(tmp_path / "a.arrow", **settings)
    generate(tmp_path / "a.arrow", **{**settings, "recipe": {"batch_size": 100, "precision": "bfloat16"}})


def test_published_recipes_leave_nothing_open():
    assert {recipe.precision for recipe in RECIPES.values()} == {"float32"}
