"""Cluttered digits: composed images, the same on every machine, that share no original between parts."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from nasbed.core.errors import BadSetting
from nasbed.factory.settings import training_settings
from nasbed.nets.data.source import load
from nasbed.nets.data.sources import pictures
from nasbed.nets.recipe import CLUTTERED_DIGITS
from nasbed.spaces.nasbench201 import NASBench201

PLAIN = "cluttered-digits:size=12,strokes=0,cover=0,noise=0,train=400,validation=400,test=400"


@pytest.fixture(scope="module")
def originals():
    raw = load_digits()
    return {np.rint(image * (255 / 16)).tobytes(): label for image, label in zip(raw.images, raw.target, strict=True)}


def test_without_clutter_an_image_is_an_original_somewhere_and_no_two_parts_share_one(originals):
    found, used = pictures(PLAIN), {}
    for part, rows in found.parts.items():
        crops = np.lib.stride_tricks.sliding_window_view(found.images[rows, ..., 0].astype(float), (8, 8), axis=(1, 2))
        for places, label in zip(crops.reshape(len(rows), -1, 8, 8), found.labels[rows], strict=True):
            shown = {key for key in map(np.ndarray.tobytes, places) if originals.get(key) == label}
            assert shown
            used.setdefault(part, set()).update(shown)
    assert not used["train"] & used["validation"]
    assert not used["train"] & used["test"]
    assert not used["validation"] & used["test"]


def test_every_class_is_there_as_often():
    found = pictures("cluttered-digits:train=20,validation=40,test=70")
    for rows in found.parts.values():
        assert set(np.bincount(found.labels[rows])) == {len(rows) // 10}


def test_clutter_is_added_step_by_step():
    some = "cluttered-digits:train=10,validation=10,test=200"
    clean = pictures(f"{some},strokes=0,cover=0,noise=0").images
    crossed = pictures(f"{some},strokes=1,cover=0,noise=0").images
    covered = pictures(f"{some},strokes=0,cover=2,noise=0").images
    noisy = pictures(f"{some},strokes=0,cover=0,noise=20").images
    train = slice(0, 10)  # what follows is drawn after it
    assert (crossed[train] >= clean[train]).all()
    assert (crossed[train] > clean[train]).any()
    assert set((covered[train] != clean[train]).sum(axis=(1, 2, 3))) == {4}
    assert 0 < np.abs(noisy[train] - clean[train]).max() <= 51


def test_images_may_be_larger_and_are_whole_numbers_of_grey():
    found = pictures("cluttered-digits:size=16,train=10,validation=10,test=10")
    assert found.images.shape == (30, 16, 16, 1)
    assert (found.images == np.rint(found.images)).all()
    assert (found.images.min(), found.images.max()) == (0, 255)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ("size=7", "a size of at least 8, not 7"),
        ("test=9", "a test of at least 10, not 9"),
        ("cover=9", "a cover of at most 8, not 9"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, why):
    with pytest.raises(BadSetting, match=why):
        pictures(f"cluttered-digits:{settings}")


def test_the_images_are_the_ones_that_tables_are_made_with():
    assert load("cluttered-digits").checksum == "da6c936f74a4d26a4b0fdba67e5ae50ee9d6a59d5ef1f0da5b1c025e2e2cfc46"


def test_the_blueprint_and_the_recipe_fit():
    blueprint, recipe = training_settings(NASBench201(), "cluttered-digits")
    assert (blueprint.image_size, blueprint.image_channels, blueprint.classes) == (8, 1, 10)
    assert blueprint.settings().items() >= blueprint.small.items()
    assert recipe == CLUTTERED_DIGITS
    assert len(recipe.moments(12)) == 13  # the start, and the end of each epoch
