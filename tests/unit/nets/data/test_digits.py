"""Digits: scikit-learn's images, divided once and for all."""

import numpy as np
from sklearn.datasets import load_digits

from nasbed.factory.settings import training_settings
from nasbed.nets.data.batches import full_batches
from nasbed.nets.data.digits import TRAIN, VALIDATION
from nasbed.nets.data.source import load
from nasbed.nets.recipe import DIGITS as RECIPE
from nasbed.spaces.nasbench101 import NASBench101


def test_every_image_is_in_one_part_with_its_label():
    data, raw = load("digits"), load_digits()
    parts = (data.train, data.validation, data.test)
    shown = np.concatenate([part.images.numpy()[..., 0] for part in parts]) - data.blank.numpy()
    pixels = np.rint(shown * (16 / shown.max())).astype(int)  # 0 … 16, as they were
    labels = np.concatenate([part.labels.numpy() for part in parts])
    there = sorted((image.tobytes(), label) for image, label in zip(pixels, labels, strict=True))
    expected = sorted((image.astype(int).tobytes(), label) for image, label in zip(raw.images, raw.target, strict=True))
    assert there == expected


def test_every_class_is_trained_on_and_validated_on_as_often():
    data = load("digits")
    assert np.bincount(data.train.labels.numpy()).tolist() == [TRAIN] * 10
    assert np.bincount(data.validation.labels.numpy()).tolist() == [VALIDATION] * 10


def test_evaluation_leaves_no_image_out():
    data = load("digits")
    for part in (data.train, data.validation, data.test):
        assert sum(len(labels) for _, labels in full_batches(part, RECIPE.evaluation_batch, 10_000, 1)) == len(part)


def test_the_division_is_the_one_that_tables_were_made_with():
    assert load("digits").checksum == "1b0118e97ab7650da388d4660bdc80b5f77b5b3b9a3a71cec11a654b367801af"


def test_the_blueprint_and_the_recipe_fit():
    data, (blueprint, recipe) = load("digits"), training_settings(NASBench101(), "digits")
    assert (blueprint.image_size, blueprint.image_channels, blueprint.classes) == (data.image_size, data.channels, 10)
    assert blueprint.settings().items() >= blueprint.small.items()
    assert recipe == RECIPE
