"""Training: the published procedure, seeded, for one repeat or several in one pass."""

import json
import subprocess
import sys
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from nets.plain import PlainNetwork, small101

from nasbed.core.errors import BadSetting
from nasbed.core.graph import Graph
from nasbed.nets import units
from nasbed.nets.data.batches import Augmentation, Orders
from nasbed.nets.data.source import prepared
from nasbed.nets.initialisation import initialised
from nasbed.nets.passes import Pass, generators, repeat_seed
from nasbed.nets.recipe import DIGITS as DIGITS_RECIPE
from nasbed.nets.recipe import SCHEDULES, Recipe
from nasbed.nets.results import TrainingResult
from nasbed.nets.training import train, train_repeats
from nasbed.nets.units import train_unit

MODULE = Graph.of(
    [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]],
    ["input", "conv3x3-bn-relu", "maxpool3x3", "output"],
)
BLUEPRINT, ROW = small101(MODULE, stem_channels=4, classes=4, image_size=6)
ROWS = ROW[None]
RECIPE = Recipe(batch_size=8, learning_rate=0.1, norm_momentum=0.9, crop=1, noise=0.1, evaluation_batch=16)


@pytest.fixture(scope="module")
def data():
    """Four kinds of stripes under noise."""
    labels = np.arange(120, dtype=np.int64) % 4
    generator = np.random.default_rng(0)
    images = generator.uniform(0, 1, (120, 6, 6, 1)).astype(np.float32)
    for image, label in zip(images, labels, strict=True):
        image[(np.add.outer(np.arange(6) * (label & 1), np.arange(6) * (label >> 1)) % 2) == 1] += 1
    parts = {"train": np.arange(40), "validation": np.arange(40, 90), "test": np.arange(90, 120)}
    return prepared("stripes", images, labels, parts, 4)


def accuracies(result):
    return {name: (p.epoch, p.train, p.validation, p.test) for name, p in result.points.items()}


def test_training_teaches(data):
    result = train(BLUEPRINT, ROW, RECIPE, data, epochs=12, seed=1)
    assert result.failure is None
    assert result.points["end"].validation.value > 0.8
    assert result.points["start"].validation.value < 0.6


def test_accuracies_are_measured_at_start_half_and_end_on_full_batches(data):
    result = train(BLUEPRINT, ROW, RECIPE, data, epochs=4, seed=1)
    assert list(result.points) == ["start", "halfway", "end"]
    assert [point.epoch for point in result.points.values()] == [0.0, 2.0, 4.0]
    for point in result.points.values():
        assert (point.train.images, point.validation.images, point.test.images) == (32, 48, 16)
    times = [point.training_time for point in result.points.values()]
    assert 0 < times[0] < times[1] < times[2] < result.total_time


def test_training_accuracy_is_measured_on_so_many_images(data):
    few = replace(RECIPE, evaluation_images=16)
    assert train(BLUEPRINT, ROW, few, data, epochs=1, seed=1).points["end"].train.images == 16


def test_a_training_is_the_published_one_step_by_step(data, monkeypatch):
    """Redo a training with ordinary layers, TensorFlow's update and L2 in the loss, and compare the weights."""
    recipe, passes = replace(RECIPE, l2=0.05), []
    monkeypatch.setattr(Pass, "results", lambda self: passes.append(self) or (None,))
    train(BLUEPRINT, ROW, recipe, data, epochs=2, seed=5)
    ours = passes[0].plain(0)

    plain = PlainNetwork(MODULE, BLUEPRINT, recipe.norm_momentum).load(initialised(BLUEPRINT, ROW, recipe, 5))
    weights = list(plain.parameters())
    squares, updates = [torch.ones_like(w) for w in weights], [torch.zeros_like(w) for w in weights]
    augment = Augmentation(data, recipe, generators([5], "augmentation"))
    steps = 2 * 40 // 8
    for step, numbers in enumerate(islice(Orders(40, 8, generators([5], "order")), steps)):
        images, labels = augment(numbers)
        loss = F.cross_entropy(plain(images), labels[:, 0])
        loss = loss + recipe.l2 * sum((w**2).sum() / 2 for w in weights)
        rate = recipe.learning_rate * SCHEDULES["cosine"](step / steps) if step else 0.0
        with torch.no_grad():
            for w, g, ms, mom in zip(weights, torch.autograd.grad(loss, weights), squares, updates, strict=True):
                ms += 0.1 * (g * g - ms)
                mom.mul_(0.9).add_(rate * g / torch.sqrt(ms + 1.0))
                w -= mom
    for name, tensor in plain.named_tensors().items():
        torch.testing.assert_close(ours.state_dict()[name], tensor.detach(), rtol=1e-3, atol=1e-4)


def test_the_first_step_only_starts_the_running_averages(data, monkeypatch):
    before, after = {}, {}

    def step(self, numbers, rate):
        if not before:
            before.update({name: value.clone() for name, value in self.network.state_dict().items()})
            original(self, numbers, rate)
            after.update({name: value.clone() for name, value in self.network.state_dict().items()})
        else:
            original(self, numbers, rate)

    original = Pass.step
    monkeypatch.setattr(Pass, "step", step)
    train(BLUEPRINT, ROW, RECIPE, data, epochs=1, seed=1)
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved == {name for name in before if ".running_" in name or name.endswith(".num_batches_tracked")}


@pytest.mark.slow_where("2")
@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_seed_gives_the_same_bits_again(data, threads):
    def weights():
        passes = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Pass, "results", lambda self: passes.append(self) or (None,))
            train_repeats(BLUEPRINT, ROWS, RECIPE, data, 3, (1, 2), threads=threads)
        return torch.cat([p.flatten() for p in passes[0].network.parameters()])

    first = weights()
    torch.manual_seed(99)  # the global generator has no say
    torch.rand(7)
    assert torch.equal(first, weights())


UNIT = """
from nasbed.factory.settings import training_settings
from nasbed.nets.units import train_unit
from nasbed.spaces.nasbench101 import NASBench101
space = NASBench101(vertices=3)
blueprint, recipe = training_settings(space, "digits")
row = tuple(space.parse("011/001/000:conv3x3-bn-relu").tolist())
unit = train_unit(blueprint, row, recipe, "digits", 2, seed=3, repeats=2)
for repeat in unit["repeats"]:
    del repeat["total_time"]
    for point in repeat["points"].values():
        del point["training_time"]
"""


@pytest.mark.slow
def test_the_same_seed_gives_the_same_in_another_process():
    here: dict = {}
    exec(UNIT, here)
    script = f"{UNIT}\nimport json\nprint(json.dumps(unit))"
    there = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert json.loads(there) == json.loads(json.dumps(here["unit"]))
    assert [repeat["failure"] for repeat in here["unit"]["repeats"]] == [None, None]
    assert here["unit"]["repeats"][0]["points"] != here["unit"]["repeats"][1]["points"]


@pytest.mark.slow
def test_repeats_in_one_pass_give_what_each_gives_alone(data):
    """Up to rounding, which has not grown yet after two epochs."""
    together = train_repeats(BLUEPRINT, ROWS, RECIPE, data, 2, (1, 2, 3))
    alone = [train(BLUEPRINT, ROW, RECIPE, data, 2, seed) for seed in (1, 2, 3)]
    assert [accuracies(result) for result in together] == [accuracies(result) for result in alone]


def test_seeds_differ(data):
    one, two = train_repeats(BLUEPRINT, ROWS, RECIPE, data, 2, (1, 2))
    assert accuracies(one) != accuracies(two)
    seeds = [repeat_seed(s, r, a) for s in range(5) for r in range(5) for a in range(5)]
    assert len(set(seeds)) == 125
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_outputs_that_are_not_finite_fail_their_repeat_alone(data, monkeypatch):
    original = Pass.step

    def step(self, numbers, rate):
        if rate and self.failures[1] is None:
            stem = self.network.get_parameter("inner.stem.0.weight")
            stem.data.chunk(3)[1].fill_(float("nan"))
        original(self, numbers, rate)

    monkeypatch.setattr(Pass, "step", step)
    first, second, third = train_repeats(BLUEPRINT, ROWS, RECIPE, data, 2, (1, 2, 3))
    assert second.failure == "weights or outputs were not finite after 5 of 10 steps"
    assert list(second.points) == ["start"]
    monkeypatch.undo()
    for result, seed in ((first, 1), (third, 3)):
        assert accuracies(result) == accuracies(train(BLUEPRINT, ROW, RECIPE, data, 2, seed))


def test_an_exploding_training_is_a_failure_not_an_error(data):
    wild = replace(RECIPE, learning_rate=1e20)
    result = train(BLUEPRINT, ROW, wild, data, epochs=2, seed=1)
    assert result.failure is not None
    assert "not finite" in result.failure


def test_running_out_of_memory_is_a_failure(data, monkeypatch):
    def gpu(self, numbers, rate):
        raise torch.cuda.OutOfMemoryError("no room")

    def cpu(self, numbers, rate):
        torch.empty(2**60)

    def broken(self, numbers, rate):
        torch.ones(2) @ torch.ones(3)

    for step in (gpu, cpu):
        monkeypatch.setattr(Pass, "step", step)
        result = train(BLUEPRINT, ROW, RECIPE, data, epochs=2, seed=1)
        assert (result.failure, dict(result.points)) == ("out of memory", {})
    monkeypatch.setattr(Pass, "step", broken)
    with pytest.raises(RuntimeError, match="inconsistent tensor size"):
        train(BLUEPRINT, ROW, RECIPE, data, epochs=2, seed=1)


def test_running_out_of_time_is_a_failure(data):
    result = train(BLUEPRINT, ROW, RECIPE, data, epochs=2, seed=1, time_limit=1e-9)
    assert result.failure == "the time limit of 1e-09 s ended it at step 0 of 10"


def test_a_schedule_by_time_ends_with_its_time(data):
    by_time = replace(RECIPE, clock="time")
    result = train(BLUEPRINT, ROW, by_time, data, epochs=100_000, seed=1, time_limit=0.2)
    assert result.failure is None
    assert 0.2 <= result.points["end"].training_time < 2
    assert 0 < result.points["end"].epoch < 100_000


DIGITS, EDGE = small101(Graph.of([[0, 1], [0, 0]], ["input", "output"]))
ALONE = DIGITS, tuple(EDGE.tolist())
"""The module that is nothing but a projection."""


def test_a_unit_tries_failed_repeats_again_with_seeds_of_their_own(monkeypatch):
    tried = []

    def failing(blueprint, rows, recipe, data, epochs, seeds, *rest, **options):
        tried.append(tuple(seeds))
        failures = [None if seed in (repeat_seed(3, 0), repeat_seed(3, 2, 2)) else "it failed" for seed in seeds]
        return tuple(TrainingResult(1, s, {}, 0.0, f) for s, f in zip(seeds, failures, strict=True))

    monkeypatch.setattr(units, "train_repeats", failing)
    unit = train_unit(*ALONE, DIGITS_RECIPE, "digits", 1, seed=3, repeats=3, attempts=4)
    assert unit["attempts"] == [1, 4, 3]
    assert [repeat["failure"] for repeat in unit["repeats"]] == [None, "it failed", None]
    assert tried[0] == tuple(repeat_seed(3, r) for r in range(3))
    assert tried[1:] == [(repeat_seed(3, r, a),) for r, a in ((1, 1), (1, 2), (1, 3), (2, 1), (2, 2))]


@pytest.mark.parametrize("how", ["diverging", "memory", "building", "time"])
def test_every_kind_of_failure_is_tried_again_and_then_recorded(monkeypatch, how):
    """On the digits, twice; with what a worker is given."""
    recipe, settings = DIGITS_RECIPE, {}
    if how == "diverging":
        recipe = replace(recipe, learning_rate=1e20)
    elif how == "time":
        settings = {"time_limit": 1e-9}
    else:
        name = "step" if how == "memory" else "__init__"
        monkeypatch.setattr(Pass, name, lambda *arguments: torch.empty(2**60))
    unit = train_unit(*ALONE, recipe, "digits", 1, seed=3, repeats=2, attempts=2, **settings)
    assert unit["attempts"] == [2, 2]
    reason = {"diverging": "not finite after 8 of 16 steps", "time": "time limit of 1e-09 s"}.get(how, "out of memory")
    for r, repeat in enumerate(unit["repeats"]):
        assert reason in repeat["failure"]
        assert repeat["seed"] == repeat_seed(3, r, 1)
        assert "end" not in repeat["points"]
    blueprint, row = ALONE
    assert unit["trainable_parameters"] == sum(p.numel() for p in blueprint.network(np.array(row)).parameters())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"blueprint": replace(BLUEPRINT, image_size=8)}, "set skeleton.image_size=6 and skeleton.image_channels=1"),
        ({"blueprint": replace(BLUEPRINT, classes=3)}, "has 4 classes, the networks tell only 3 apart"),
        ({"seeds": ()}, "at least one seed"),
        ({"epochs": 0}, "use more epochs or smaller batches"),
        ({"recipe": replace(RECIPE, batch_size=30)}, "fewer than 4 steps of 30 images"),
        ({"recipe": replace(RECIPE, clock="time")}, "needs a time_limit"),
        ({"time_limit": 0.0}, "must be positive seconds or None"),
    ],
)
def test_what_does_not_fit_together_is_refused(data, changes, message):
    settings = {
        "blueprint": BLUEPRINT,
        "rows": ROWS,
        "recipe": RECIPE,
        "data": data,
        "epochs": 2,
        "seeds": (1,),
        **changes,
    }
    with pytest.raises(BadSetting, match=message):
        train_repeats(**settings)


@pytest.mark.parametrize("recipe", [RECIPE, replace(RECIPE, optimizer="sgd", nesterov=True)], ids=["rmsprop", "sgd"])
def test_a_pass_that_was_saved_goes_on_as_if_nothing_had_been(data, recipe):
    def begun():
        return Pass(BLUEPRINT, ROWS, recipe, data, 4, (1, 2))

    whole, first, second = begun(), begun(), begun()
    whole.run()
    first.run(until=7)  # in the middle of an epoch
    second.load_state_dict(first.state_dict())
    assert second.made == 7
    first.run()  # which is not the other's any more
    second.run()
    assert [accuracies(result) for result in second.results()] == [accuracies(result) for result in whole.results()]
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, second.network.state_dict()[name]), name
