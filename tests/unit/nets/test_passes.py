"""Passes: what a recipe asks for is what a pass does."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from nets.plain import small101
from nets.plain201 import PlainNetwork

from nasbed.core.graph import Graph
from nasbed.nets.clock import Clock
from nasbed.nets.data.batches import Augmentation, Orders
from nasbed.nets.data.source import load, prepared
from nasbed.nets.nasbench201 import NASBench201Blueprint
from nasbed.nets.parts import CELL_OPERATIONS
from nasbed.nets.passes import Pass, generators
from nasbed.nets.recipe import RECIPES, Recipe
from nasbed.nets.stacked import Dense, Rectify
from nasbed.spaces.nasbench201 import NASBench201

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


CELLS = (
    "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|",
    "|nor_conv_1x1~0|+|nor_conv_3x3~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_3x3~1|none~2|",  # node 2 leads nowhere
)


def test_cells_are_trained_by_the_published_recipe_step_by_step():
    """Redo a training of two cells in arithmetic on their weights, by PyTorch's SGD, and compare losses and weights."""
    recipe = replace(RECIPES["nasbench201"], batch_size=8, crop=1)
    images = load("random:size=8,channels=1,classes=3,train=16,validation=8,test=4")
    space = NASBench201()
    blueprint = NASBench201Blueprint(space, classes=3, image_size=8, image_channels=1, channels=4, cells=1)
    rows = np.array([space.parse(text) for text in CELLS])
    ours = Pass(blueprint, rows, recipe, images, 2, (1, 2))
    assert (ours.network.way, ours.steps) == ("stacked", 4)
    plan = [(4, False), (8, True), (8, False), (16, True), (16, False)]
    twins, methods = [], []
    for k, row in enumerate(rows):
        begin = ours.plain(k)
        twin = PlainNetwork(begin.state_dict(), [CELL_OPERATIONS[code] for code in row], plan, training=True)
        twin.state = {name: tensor.clone() for name, tensor in twin.state.items()}
        weights = [twin.state[name].requires_grad_() for name, _ in begin.named_parameters()]
        twins.append(twin)
        methods.append(torch.optim.SGD(weights, lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4))
    orders = Orders(16, 8, generators((1, 2), "order"))
    augment = Augmentation(images, recipe, generators((1, 2), "augmentation"))
    for step in range(3):
        batch, labels = augment(next(orders))
        losses = []
        for k, (twin, method) in enumerate(zip(twins, methods, strict=True)):
            (group,) = method.param_groups
            group["lr"] = 0.1 * (1 + math.cos(math.pi * (step // 2) / 2)) / 2
            losses.append(F.cross_entropy(twin(batch[:, k : k + 1]), labels[:, k]))
            slopes = torch.autograd.grad(losses[-1], group["params"], materialize_grads=True)  # as published
            for weight, slope in zip(group["params"], slopes, strict=True):
                weight.grad = slope
            method.step()
        ours.run(until=step + 1)
        assert ours.loss.item() == pytest.approx(sum(losses).item(), rel=1e-5)
    for k, twin in enumerate(twins):
        for name, tensor in ours.network.state(k).items():
            torch.testing.assert_close(tensor, twin.state[name].detach(), rtol=1e-4, atol=1e-5)
    assert [points["start"].epoch for points in ours.points] == [0.5, 0.5]  # the first step counts


def test_partial_batches_are_measured_when_the_recipe_says_so(data):
    for partial, images in ((False, 10), (True, 16)):
        one = begun(data, replace(RECIPE, evaluation_batch=10, partial_batches=partial))
        one.run(until=1)
        assert one.points[0]["start"].validation.images == images


def test_weights_that_are_not_finite_are_found_though_outputs_are(data):
    one = begun(data, RECIPE)
    one.run(until=5)
    offset = dict(one.network.named_parameters())["inner.stem.1.bias"]
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


def test_numbers_of_bfloat16_are_rectified_as_pytorch_does_and_not_finite_ones_are_found(data):
    special = torch.tensor([0.0, -0.0, math.inf, -math.inf, 1e-40, -1e-40, 3.4e38], dtype=torch.bfloat16)
    values = torch.cat([special, torch.randn(57, dtype=torch.bfloat16)]).view(2, 8, 2, 2)
    gradient = torch.randn(2, 16, 2, 2).to(torch.bfloat16)[:, 4:12]  # of one part of what is concatenated
    ours, theirs = (values.clone().requires_grad_() for _ in range(2))
    rectified, plain = Rectify.apply(ours * 1), theirs.relu()
    torch.testing.assert_close(rectified, plain, rtol=0, atol=0)
    rectified.backward(gradient)
    plain.backward(gradient)
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=0, atol=0)
    one = begun(data, replace(RECIPE, precision="bfloat16"))
    one.run(until=2)
    spoiled = one.augment
    one.augment = lambda numbers: (spoiled(numbers)[0] * -math.nan, spoiled(numbers)[1])
    one.run()
    assert "not finite" in str(one.failures[0])


def test_bfloat16_learns_and_keeps_its_weights_in_float32(data):
    one = begun(data, replace(RECIPE, precision="bfloat16", norm_momentum=0.5))
    seen = []
    (dense,) = (module for module in one.network.modules() if isinstance(module, Dense))
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
