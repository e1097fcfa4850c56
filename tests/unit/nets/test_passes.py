"""Passes: what a recipe asks for is what a pass does."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from nets.plain import small101
from torch import nn

from nasbed.core.graph import Graph
from nasbed.nets.clock import Clock
from nasbed.nets.data.source import prepared
from nasbed.nets.passes import Pass
from nasbed.nets.recipe import NASBENCH201, Recipe

MODULE = Graph.of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "conv3x3-bn-relu", "output"])
BLUEPRINT, ROW = small101(MODULE, stem_channels=4, stacks=1, classes=2, image_size=4)
RECIPE = Recipe(batch_size=8, learning_rate=0.5, crop=0, flip=False)
STEPS = 20  # 5 epochs of 32 images


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(0)
    labels = np.arange(64, dtype=np.int64) % 2
    images = (generator.uniform(size=(64, 4, 4, 1)) + labels[:, None, None, None]).astype(np.float32)
    parts = {"train": np.arange(32), "validation": np.arange(32, 48), "test": np.arange(48, 64)}
    return prepared("two", images, labels, parts, 2)


def begun(data, recipe, epochs=5, **settings):
    return Pass(BLUEPRINT, ROW[None], recipe, data, epochs, (1,), **settings)


def rates(data, recipe):
    one = begun(data, recipe)
    assert one.steps == STEPS
    return [one.rate(step) for step in range(STEPS)]


@pytest.mark.parametrize(
    ("schedule", "fraction"),
    [
        ("cosine", lambda step: (1 + math.cos(math.pi * step / 20)) / 2),
        ("stepwise", lambda step: 1 if step < 10 else 0.1 if step < 14 else 0.01 if step < 17 else 0.0001),
        ("constant", lambda step: 1),
    ],
)
def test_rates_by_step_are_the_schedules(data, schedule, fraction):
    expected = [0.5 * fraction(step) for step in range(STEPS)]
    assert rates(data, replace(RECIPE, schedule=schedule))[1:] == pytest.approx(expected[1:])
    assert rates(data, replace(RECIPE, schedule=schedule))[0] == 0
    assert rates(data, replace(RECIPE, schedule=schedule, zero_first_step=False)) == pytest.approx(expected)


def test_rates_by_epoch_change_where_epochs_do(data):
    expected = [0.5 * (1 + math.cos(math.pi * (step // 4) / 5)) / 2 for step in range(STEPS)]
    assert rates(data, replace(RECIPE, clock="epoch", zero_first_step=False)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("schedule", "seconds", "fraction"),
    [("cosine", 2.5, (1 + math.cos(math.pi / 4)) / 2), ("cosine", 10, 0), ("stepwise", 6, 0.1), ("constant", 9, 1)],
)
def test_rates_by_time_are_read_off_the_clock(data, monkeypatch, schedule, seconds, fraction):
    one = begun(data, replace(RECIPE, clock="time", schedule=schedule), time_limit=10.0)
    monkeypatch.setattr(Clock, "running", seconds)
    assert one.rate(3) == pytest.approx(0.5 * fraction)
    assert one.rate(0) == 0


def test_nasbench201s_recipe_is_pytorchs_sgd_on_ordinary_layers(data):
    recipe = replace(NASBENCH201, batch_size=8, crop=0, flip=False)
    one = begun(data, recipe)
    layers = [nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.Conv2d(4, 4, 1, bias=False)]
    layers += [nn.Conv2d(4, 4, 3, padding=1, bias=False)]
    plain = nn.Sequential(*(nn.Sequential(c, nn.BatchNorm2d(4), nn.ReLU()) for c in layers))
    dense = nn.Linear(4, 2)
    names = ["stem", "cells.0.projections.1", "cells.0.operations.1"]
    begin = one.plain(0)
    for theirs, name in zip(plain, names, strict=True):
        theirs.load_state_dict(begin.get_submodule(name).state_dict())
    dense.load_state_dict(begin.classifier.state_dict())
    parameters = [*plain.parameters(), *dense.parameters()]
    sgd = torch.optim.SGD(parameters, lr=1.0, momentum=0.9, nesterov=True, weight_decay=5e-4)
    begun_again = begun(data, recipe)
    for step in range(STEPS):
        images, labels = begun_again.augment(next(begun_again.orders))
        sgd.param_groups[0]["lr"] = 0.1 * (1 + math.cos(math.pi * (step // 4) / 5)) / 2
        sgd.zero_grad()
        F.cross_entropy(dense(plain(images).mean(dim=(2, 3))), labels[:, 0]).backward()
        sgd.step()
    one.run()
    end = one.plain(0)
    for theirs, name in zip((*plain, dense), (*names, "classifier"), strict=True):
        ours = end.get_submodule(name).state_dict()
        torch.testing.assert_close(ours, theirs.state_dict(), rtol=1e-3, atol=1e-4)
    assert one.points[0]["start"].epoch == 0.25  # the first step counts
    assert one.points[0]["end"].test.images == 16


def test_partial_batches_are_measured_when_the_recipe_says_so(data):
    for partial, images in ((False, 10), (True, 16)):
        one = begun(data, replace(RECIPE, evaluation_batch=10, partial_batches=partial))
        one.run(until=1)
        assert one.points[0]["start"].validation.images == images


def test_weights_that_are_not_finite_are_found_though_outputs_are(data):
    one = begun(data, RECIPE)
    one.run(until=5)
    offset = dict(one.network.named_parameters())["inner.networks.0.stem.1.bias"]
    offset.data[0] = -math.inf  # a channel that the rectifier hides
    one.network.eval()
    assert one.logits(data.test.images.permute(0, 3, 1, 2)).isfinite().all()
    one.measure("halfway")
    assert one.failures == ["weights or outputs were not finite after 5 of 20 steps"]


def test_a_loss_that_is_not_finite_is_found_at_the_next_measurement(data):
    one = begun(data, RECIPE)
    one.run(until=2)
    spoiled = one.augment
    one.augment = lambda numbers: (spoiled(numbers)[0] * math.nan, spoiled(numbers)[1])
    one.run(until=3)
    one.augment = spoiled
    one.run()
    assert one.failures == ["weights or outputs were not finite after 10 of 20 steps"]


def test_bfloat16_learns_and_keeps_its_weights_in_float32(data):
    one = begun(data, replace(RECIPE, precision="bfloat16", norm_momentum=0.5))
    seen = []
    (dense,) = (module for module in one.network.modules() if isinstance(module, nn.Linear))
    dense.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    one.run()
    assert set(seen) == {torch.bfloat16}
    assert {leaf.dtype for leaf in one.leaves} == {torch.float32}
    assert one.points[0]["end"].test.value > 0.9


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_compiled_network_trains_as_the_plain_one_does(data):
    plain, compiled = begun(data, RECIPE), begun(data, replace(RECIPE, compile=True))
    for one in (plain, compiled):
        one.run()
    for ours, theirs in zip(compiled.leaves, plain.leaves, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)
