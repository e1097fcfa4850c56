"""Digits: scikit-learn's images, divided once and for all."""

import numpy as np
from sklearn.datasets import load_digits

from nasbed.nets.data.digits import TRAIN, VALIDATION
from nasbed.nets.data.source import load
from nasbed.nets.recipe import DIGITS as RECIPE
from nasbed.nets.skeleton import DIGITS as SKELETON


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


def test_evaluation_leaves_no_validation_image_out():
    data = load("digits")
    assert len(data.train) % RECIPE.evaluation_batch == 0
    assert len(data.validation) % RECIPE.evaluation_batch == 0


def test_the_skeleton_fits():
    data = load("digits")
    assert (SKELETON.image_size, SKELETON.image_channels, SKELETON.classes) == (data.image_size, data.channels, 10)
