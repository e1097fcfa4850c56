"""Batches: nothing left out, every crop and mirror possible, and each repeat as if it were alone."""

from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nasbed.nets.data.batches import Augmentation, Orders, full_batches
from nasbed.nets.data.source import Part, prepared
from nasbed.nets.probing import probe_batch
from nasbed.nets.recipe import Recipe

PLAIN = Recipe(crop=0, flip=False)


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


@pytest.fixture(scope="module")
def data():
    images = np.random.default_rng(0).uniform(0, 255, (40, 5, 5, 2)).astype(np.float32)
    labels = np.arange(40, dtype=np.int64) % 4
    parts = {"train": np.arange(20), "validation": np.arange(20, 30), "test": np.arange(30, 40)}
    return prepared("noise", images, labels, parts, 4)


@given(st.integers(1, 30), st.integers(1, 50), st.integers(0, 20))
def test_every_epoch_shows_every_image_once(images, batch, steps):
    batches = list(islice(Orders(images, batch, generators(1, 2)), steps))
    assert [tuple(numbers.shape) for numbers in batches] == [(batch, 2)] * steps
    seen = torch.cat(batches) if batches else torch.empty((0, 2), dtype=torch.int64)
    for epoch in seen.split(images):
        if len(epoch) == images:
            assert (epoch.sort(dim=0).values == torch.arange(images)[:, None]).all()
        else:
            assert all(len(column.unique()) == len(epoch) for column in epoch.T)


def test_a_repeats_order_does_not_depend_on_its_neighbours():
    alone = torch.cat(list(islice(Orders(10, 4, generators(3)), 7)))
    among = torch.cat(list(islice(Orders(10, 4, generators(1, 3, 2)), 7)))
    assert torch.equal(alone[:, 0], among[:, 1])


def test_without_augmentation_a_batch_is_the_images(data):
    numbers = torch.tensor([[3, 0], [5, 5]])
    images, labels = Augmentation(data, PLAIN, generators(1, 2))(numbers)
    for place, repeat in ((0, 0), (0, 1), (1, 0), (1, 1)):
        image = images[place, 2 * repeat : 2 * repeat + 2].permute(1, 2, 0)
        assert torch.equal(image, data.train.images[numbers[place, repeat]])
    assert torch.equal(labels, data.train.labels[numbers])
    assert images.is_contiguous(memory_format=torch.channels_last)


def test_crops_are_windows_of_the_image_in_black_and_all_occur(data):
    augment = Augmentation(data, Recipe(crop=1, flip=False), generators(4))
    images, _ = augment(torch.full((400, 1), 7))
    black = torch.from_numpy(np.zeros((7, 7, 2), np.float32)) + data.blank
    black[1:6, 1:6] = data.train.images[7]
    windows = {black[i : i + 5, j : j + 5].numpy().tobytes() for i in range(3) for j in range(3)}
    found = [image.permute(1, 2, 0).contiguous().numpy().tobytes() for image in images]
    assert set(found) == windows
    assert max(found.count(window) for window in windows) < 400 / 9 * 1.6


def test_black_is_zero_before_normalisation(data):
    raw = np.random.default_rng(0).uniform(0, 255, (40, 5, 5, 2)).astype(np.float32)[:20]
    mean, std = raw.mean(axis=(0, 1, 2)), raw.std(axis=(0, 1, 2))
    torch.testing.assert_close(data.blank, torch.from_numpy(-mean / std))


def test_half_of_the_images_are_mirrored(data):
    images, _ = Augmentation(data, Recipe(crop=0, flip=True), generators(5))(torch.full((400, 1), 7))
    image = data.train.images[7].permute(2, 0, 1)
    mirrored = [torch.equal(one, image.flip(2)) for one in images]
    assert all(flipped or torch.equal(one, image) for one, flipped in zip(images, mirrored, strict=True))
    assert 150 < sum(mirrored) < 250


def test_noise_has_the_recipes_deviation(data):
    images, _ = Augmentation(data, Recipe(crop=0, flip=False, noise=0.5), generators(5))(torch.full((400, 1), 7))
    noise = images - data.train.images[7].permute(2, 0, 1)
    assert noise.std().item() == pytest.approx(0.5, rel=0.05)
    assert noise.mean().item() == pytest.approx(0, abs=0.02)


def test_a_repeats_images_do_not_depend_on_its_neighbours(data):
    recipe = Recipe(crop=2, flip=True, noise=0.1)
    numbers = torch.arange(20)[:, None]
    alone, _ = Augmentation(data, recipe, generators(3))(numbers)
    among, _ = Augmentation(data, recipe, generators(1, 3))(numbers.expand(20, 2))
    assert torch.equal(alone, among[:, 2:])


@given(st.integers(1, 30), st.integers(1, 12), st.integers(1, 40))
def test_evaluation_takes_full_batches_only(images, batch, most):
    part = Part(torch.arange(images).float().view(-1, 1, 1, 1), torch.arange(images))
    batches = list(full_batches(part, batch, most, 2))
    size = min(batch, images, most)
    assert [len(labels) for _, labels in batches] == [size] * (min(images, most) // size)
    assert torch.equal(torch.cat([labels for _, labels in batches]), torch.arange(sum(len(x) for _, x in batches)))
    for pixels, labels in batches:
        assert torch.equal(pixels.flatten(1), labels[:, None].expand(-1, 2).float())


def test_of_ten_thousand_images_the_published_evaluation_sees_9984():
    part = Part(torch.zeros(10_000, 1, 1, 1), torch.arange(10_000))
    assert [len(labels) for _, labels in full_batches(part, 256, 10_000, 1)] == [256] * 39
    every = [labels for _, labels in full_batches(part, 256, 10_000, 1, rest=True)]
    assert [len(labels) for labels in every] == [256] * 39 + [16]
    assert torch.equal(torch.cat(every), part.labels)


def test_bytes_are_normalised_as_they_are_shown_and_padded_with_black():
    raw = np.random.default_rng(0).integers(256, size=(40, 5, 5, 3), dtype=np.uint8)
    labels = np.arange(40, dtype=np.int64) % 4
    parts = {"train": np.arange(20), "validation": np.arange(20, 30), "test": np.arange(30, 40)}
    kept, converted = (prepared("it", images, labels, parts, 4) for images in (raw, raw.astype(np.float32)))
    assert (kept.train.images.dtype, converted.train.images.dtype) == (torch.uint8, torch.float32)
    recipe, numbers = Recipe(crop=2, flip=True, noise=0.1), torch.arange(20)[:, None].expand(20, 2)
    shown, expected = (Augmentation(data, recipe, generators(3, 4))(numbers) for data in (kept, converted))
    torch.testing.assert_close(shown, expected, rtol=1e-5, atol=1e-6)
    for one, other in zip(full_batches(kept.test, 4, 10, 2), full_batches(converted.test, 4, 10, 2), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(probe_batch(kept).images, probe_batch(converted).images, rtol=1e-5, atol=1e-6)


def test_numbers_to_predict_come_with_their_images():
    images = np.random.default_rng(0).integers(256, size=(20, 4, 4, 1), dtype=np.uint8)
    targets = np.arange(60, dtype=np.float32).reshape(20, 3)
    parts = {"train": np.arange(10), "validation": np.arange(10, 15), "test": np.arange(15, 20)}
    data = prepared("measured", images, targets, parts, 0)
    numbers = torch.tensor([[3, 0], [5, 5], [9, 1]])
    _, shown = Augmentation(data, Recipe(crop=1), generators(1, 2))(numbers)
    assert torch.equal(shown, torch.from_numpy(targets)[numbers])
    assert (shown.shape, shown.dtype) == ((3, 2, 3), torch.float32)
    given = torch.cat([labels for _, labels in full_batches(data.test, 2, 5, 2, rest=True)])
    assert torch.equal(given, torch.from_numpy(targets[15:]))
