"""Elastic networks: the sandwich rule with distillation against its equations, and searches from one training."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import nasbed
from nasbed.core.rng import Streams
from nasbed.nets.task import Task, usual
from nasbed.oneshot.extremes import extremes
from nasbed.oneshot.methods import METHODS, Descent
from nasbed.oneshot.searching import OneShot
from nasbed.spaces import WrittenSpace, choice, depth, edges, op, seq, where

BLOCKS = depth(lambda i: op("transformer", heads=choice(2, 4), expansion=choice(4, 1, 2)), 3, 1, 2, name="blocks")
TRANSFORMER = WrittenSpace(seq(op("patches", channels=16, stride=2), BLOCKS, op("head")), "transformer")
"""Whose values are in no order."""

SPACES = {
    "transformer": TRANSFORMER,
    "cell": WrittenSpace(edges(3, lambda i, j: choice(op("nor_conv_3x3"), op("skip"), op("nor_conv_1x1"))), "cell"),
    "mobile": nasbed.space("mobile:width=0.25"),
}


@pytest.mark.parametrize("name", ["transformer", "cell", pytest.param("mobile", marks=pytest.mark.slow)])
def test_no_architecture_is_smaller_than_the_smallest_or_larger_than_the_largest(name):
    space = SPACES[name]
    blueprint = nasbed.supernet(space, image_size=8, image_channels=1).blueprint
    smallest, largest = extremes(blueprint)
    rows = space.canonical(space.sample(Streams.from_seed(0, 30)))
    low, high = blueprint.parameters(np.stack([smallest, largest])).tolist()
    counts = blueprint.parameters(rows)
    assert low <= counts.min() < counts.max() <= high
    assert (space.canonical(np.stack([smallest, largest])) == [smallest, largest]).all()


def test_the_transformer_is_smallest_and_largest_where_all_decisions_are():
    smallest, largest = extremes(nasbed.supernet(TRANSFORMER, image_size=8, image_channels=1).blueprint)
    named = dict(zip((slot.name for slot in TRANSFORMER.slots), largest.tolist(), strict=True))
    assert TRANSFORMER.slots[0].values[named["blocks.depth"]] == 3
    assert TRANSFORMER.parse(TRANSFORMER.format(smallest)).tolist() == smallest.tolist()
    assert TRANSFORMER.slots[0].values[int(smallest[0])] == 1


def test_extremes_keep_constraints():
    free = edges(3, lambda i, j: choice(op("nor_conv_3x3"), op("skip"), name=f"e{i}{j}"))
    space = WrittenSpace(where(free, at_most_two), "few")
    _, largest = extremes(nasbed.supernet(space, image_size=8, image_channels=1).blueprint)
    assert space.valid(largest[None])[0]
    assert space.format(largest).count("nor_conv_3x3") == 2


def at_most_two(cell):
    """Allow two convolutions."""
    return [edge.label for edge in cell.parts.values()].count("nor_conv_3x3") <= 2


def test_a_step_is_that_of_its_equations():
    search = OneShot.of(replace(METHODS["sandwich"], batch=100), TRANSFORMER, "digits", 2, 3)
    search.net.double()
    weights = list(search.net.parameters())
    state = search._generators["samples"].get_state()
    batch = search.feed.batch("weights")
    found, _ = search.objective.of_weights(batch, weights)
    search._generators["samples"].set_state(state)
    largest, smallest, *others = search.objective.sampled()
    images, labels = batch
    first = search.net(images.double(), largest)
    chances = first.detach().softmax(1)
    loss = torch.nn.functional.cross_entropy(first, labels)
    for path in (smallest, *others):
        loss = loss - (chances * search.net(images.double(), path).log_softmax(1)).sum(1).mean()
    wanted = torch.autograd.grad(loss, weights, allow_unused=True)
    for one, other in zip(found, wanted, strict=True):
        assert (one is None) == (other is None)
        assert one is None or torch.allclose(one, other, rtol=0, atol=1e-12)
    small, large = extremes(search.net.blueprint)
    for path, row in ((smallest, small), (largest, large)):
        assert all(torch.equal(a, b) for a, b in zip(path, search.net.one_hot(row), strict=True))


def test_numbers_are_imitated_by_squared_error():
    task: Task = usual(np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32), 0)
    a, b = torch.randn(4, 2), torch.randn(4, 2)
    assert torch.allclose(task.imitation(a, b), (a - b).square().mean(1))


@pytest.mark.slow
def test_one_training_gives_a_front_under_limits(tmp_path):
    adam = Descent("adam", 1e-3, 0.0, decay=1e-4, clip=1.0)
    search = OneShot.of(replace(METHODS["sandwich"], batch=50, weights=adam), TRANSFORMER, "digits", 30, 0)
    file = search.run().save(tmp_path / "net.safetensors")
    benchmark = nasbed.benchmark(f"inherited:{file}:images=400", executor="inline")
    smallest, largest = search.net.blueprint.parameters(np.stack(extremes(search.net.blueprint)))
    limit = (smallest + largest) // 2
    history = nasbed.search(
        "nsga2:population=8", benchmark, evaluations=24, seed=0, objectives=["params"], limits={"params": limit}
    )
    values = history.value[~np.isnan(history.value)]
    assert values.max() > 0.2, "ten classes"
    rows = history.archs.reshape(-1, TRANSFORMER.decisions)[~np.isnan(history.value).ravel()]
    assert (search.net.blueprint.parameters(TRANSFORMER.canonical(rows)) <= limit).all()
