"""Shards: batch normalisation over a part of a batch at a time is what two devices with half a batch each do."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from nets.plain import ANY101
from torch import nn

from nasbed.core.errors import BadSetting
from nasbed.core.graph import Graph
from nasbed.nets.data.batches import Augmentation, Orders
from nasbed.nets.data.source import load
from nasbed.nets.initialisation import initialised
from nasbed.nets.nasbench101 import NASBench101Blueprint
from nasbed.nets.passes import Pass, generators
from nasbed.nets.recipe import RECIPES, Recipe
from nasbed.nets.shards import ShardNorm, sharded

EDGES = [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
FIRSTS = "conv3x3-bn-relu", "conv1x1-bn-relu"
MODULES = [Graph.of(EDGES, ["input", first, "maxpool3x3", "output"]) for first in FIRSTS]
BLUEPRINT = NASBench101Blueprint(
    ANY101, classes=3, image_size=6, image_channels=1, stem_channels=4, stacks=2, modules_per_stack=1
)
ROWS = np.stack([ANY101.embed(module) for module in MODULES])
RECIPE = Recipe(batch_size=8, norm_images=4, learning_rate=0.1, norm_momentum=0.9, crop=1, l2=0.01)
STEPS = 3


@pytest.fixture(scope="module")
def images():
    return load("random:size=6,channels=1,classes=3,train=16,validation=256,test=256")


def devices_train(row, seed, data, stem=RECIPE):
    """Train as two devices with half a batch each: plain networks, averaged gradients, averages of their own."""
    whole = replace(stem, norm_images=0)
    one = initialised(BLUEPRINT, row, whole, seed).train()
    halves = one, copy.deepcopy(one)
    weights = list(one.parameters())
    squares, updates = [torch.ones_like(w) for w in weights], [torch.zeros_like(w) for w in weights]
    orders = Orders(16, 8, generators([seed], "order"))
    augment = Augmentation(data, stem, generators([seed], "augmentation"))
    for step in range(STEPS):
        batch, labels = augment(next(orders))
        for part, half in enumerate(halves):
            mine = slice(4 * part, 4 * part + 4)
            half.zero_grad()
            F.cross_entropy(half(batch[mine]), labels[mine, 0]).backward()
        rate = 0.0 if step == 0 else 0.1 * (1 + np.cos(np.pi * step / 4)) / 2
        with torch.no_grad():
            for k, pair in enumerate(zip(*(half.parameters() for half in halves), strict=True)):
                slope = (pair[0].grad + pair[1].grad) / 2 + stem.l2 * pair[0]
                squares[k] += 0.1 * (slope**2 - squares[k])
                updates[k] = 0.9 * updates[k] + rate * slope / torch.sqrt(squares[k] + 1)
                for weight in pair:
                    weight -= updates[k]
    return [half.state_dict() for half in halves]


@pytest.mark.parametrize("company", [(0,), (0, 1)], ids=["alone", "side by side"])
def test_a_training_is_that_of_two_devices_with_half_a_batch_each(images, company):
    ours = Pass(BLUEPRINT, ROWS[list(company)], RECIPE, images, 2, tuple(10 + k for k in company))
    assert ours.network.way == ("alone" if len(company) == 1 else "stacked")
    ours.run(until=STEPS)
    for place in company:
        first, second = devices_train(ROWS[place], 10 + place, images)
        for name, tensor in ours.network.state(place).items():
            # Each device has the same weights and averages of its own, whose mean is read.
            torch.testing.assert_close(tensor, (first[name] + second[name]) / 2, rtol=1e-4, atol=1e-5)


def test_it_is_another_training_than_that_of_whole_batches(images):
    passes = [Pass(BLUEPRINT, ROWS[:1], recipe, images, 2, (1,)) for recipe in (RECIPE, replace(RECIPE, norm_images=0))]
    for one in passes:
        one.run(until=STEPS)
    assert abs(float(passes[0].loss) - float(passes[1].loss)) > 1e-4


def test_a_batch_of_one_shard_is_normalised_as_ever():
    made = torch.Generator().manual_seed(0)
    x, plain = torch.randn(8, 3, 4, 4, generator=made), nn.BatchNorm2d(3)
    for size in (8, 16):
        norm = ShardNorm.of(copy.deepcopy(plain), size)
        expected = copy.deepcopy(plain)
        assert torch.equal(norm(x), expected(x))
        assert torch.equal(norm.running_var, expected.running_var)
        assert torch.equal(norm.eval()(x), expected.eval()(x))


def test_every_batch_normalisation_of_a_network_is_meant():
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.Sequential(nn.BatchNorm2d(2), nn.BatchNorm2d(2, affine=False)))
    names = list(network.state_dict())
    found = sharded(network, 4)
    assert list(found.state_dict()) == names
    assert [type(layer) for layer in found[1]] == [ShardNorm, ShardNorm]
    assert type(sharded(nn.BatchNorm2d(2), 4)) is ShardNorm
    assert found(torch.ones(8, 1, 2, 2)).shape == (8, 2, 2, 2)


def test_layers_without_averages_are_normalised_in_shards_too():
    x = torch.randn(8, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    norm = nn.BatchNorm2d(3, track_running_stats=False)
    expected = torch.cat([norm(x[:4]), norm(x[4:])])
    assert torch.equal(ShardNorm.of(norm, 4)(x), expected)


@pytest.mark.parametrize("size", [3, -1, 16])
def test_shards_are_equal_parts_of_a_batch(size):
    with pytest.raises(BadSetting, match=f"norm_images divide its batch_size into equal parts, or are 0; {size}"):
        replace(RECIPE, norm_images=size)


def test_plans_of_whole_batches_do_not_name_it():
    assert all("norm_images" not in recipe.to_dict() for recipe in RECIPES.values())
    assert RECIPE.to_dict()["norm_images"] == 4
    assert Recipe(**RECIPE.to_dict()) == RECIPE
