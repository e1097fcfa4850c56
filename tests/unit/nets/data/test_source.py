"""Data sources: parts that do not overlap, normalised by what is trained on, known by a checksum."""

import numpy as np
import pytest
import torch

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.nets.data.source import load, prepared

IMAGES = np.random.default_rng(0).uniform(0, 16, (30, 4, 4, 3)).astype(np.float32)
LABELS = np.arange(30, dtype=np.int64) % 3
PARTS = {"train": np.arange(10), "validation": np.arange(10, 20), "test": np.arange(20, 30)}


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(UnknownName, match="Did you mean 'digits'"):
        load("digit")


def test_the_training_part_is_normalised_and_the_others_with_it():
    data = prepared("x", IMAGES, LABELS, PARTS, 3)
    pixels = data.train.images.double().flatten(0, 2)
    torch.testing.assert_close(pixels.mean(dim=0), torch.zeros(3).double(), atol=1e-6, rtol=0)
    torch.testing.assert_close(pixels.std(dim=0, correction=0), torch.ones(3).double())
    mean, std = IMAGES[:10].mean(axis=(0, 1, 2)), IMAGES[:10].std(axis=(0, 1, 2))
    torch.testing.assert_close(data.test.images, torch.from_numpy((IMAGES[20:] - mean) / std))
    assert data.test.labels.tolist() == LABELS[20:].tolist()
    assert (data.image_size, data.channels) == (4, 3)


def test_overlapping_parts_are_refused():
    with pytest.raises(BadSetting, match="overlap"):
        prepared("x", IMAGES, LABELS, {**PARTS, "test": np.arange(19, 30)}, 3)


def test_an_empty_part_is_refused():
    with pytest.raises(BadSetting, match="no images to use as validation"):
        prepared("x", IMAGES, LABELS, {**PARTS, "validation": np.arange(0)}, 3)


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_images_of_one_colour_are_refused(kind):
    with pytest.raises(BadSetting, match="all of one colour"):
        prepared("x", np.full((30, 4, 4, 3), 9, kind), LABELS, PARTS, 3)


def test_the_same_name_is_loaded_once():
    assert load("random:size=4") is load("random:size=4")


def test_the_checksum_knows_pixels_labels_and_division():
    def checksum(images=IMAGES, labels=LABELS, parts=PARTS):
        return prepared("x", images, labels, parts, 3).checksum

    pixel, label = IMAGES.copy(), LABELS.copy()
    pixel[29, 3, 3, 2] += 1
    label[0] = 2
    moved = {**PARTS, "validation": PARTS["test"], "test": PARTS["validation"]}
    assert checksum() == checksum()
    assert len({checksum(), checksum(images=pixel), checksum(labels=label), checksum(parts=moved)}) == 4


def test_numbers_to_predict_are_kept_in_their_own_units():
    targets = np.linspace(-900, 900, 60, dtype=np.float32).reshape(30, 2)
    data = prepared("x", IMAGES, targets, PARTS, 0)
    assert torch.equal(data.test.labels, torch.from_numpy(targets[20:]))
    assert (data.is_regression, data.outputs, data.describe()["targets"]) == (True, 2, 2)
    assert data.checksum != prepared("x", IMAGES, targets[::-1], PARTS, 0).checksum


def test_a_network_gives_a_number_for_each_class():
    data = prepared("x", IMAGES, LABELS, PARTS, 3)
    assert (data.is_regression, data.outputs) == (False, 3)
    assert "targets" not in data.describe()
