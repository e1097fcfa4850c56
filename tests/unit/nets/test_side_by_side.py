"""Networks side by side: what one becomes does not depend on what is trained in the same pass, to the last bit."""

import copy
import re
from dataclasses import dataclass

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from nets.plain import gradients, small101
from torch import nn

from nasbed.core.graph import Graph
from nasbed.core.registry import networks as blueprints
from nasbed.core.registry import spaces
from nasbed.nets import units
from nasbed.nets.blueprint import Blueprint, blueprint_of
from nasbed.nets.data.source import load
from nasbed.nets.folded import Mixed
from nasbed.nets.passes import Pass, using_threads
from nasbed.nets.recipe import DIGITS as RECIPE
from nasbed.nets.results import TrainingResult
from nasbed.nets.side_by_side import side_by_side
from nasbed.nets.stacked import Convolution, Normalisation, Siblings
from nasbed.nets.training import train_repeats
from nasbed.nets.units import UnitTraining, train_unit, train_units
from nasbed.spaces.nasbench201 import NASBench201

EDGES = [[0, 1, 1, 1, 1], [0, 0, 1, 1, 1], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0]]
THREE, ONE, POOL = "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"
INSIDES = [(THREE, ONE, POOL), (ONE, ONE, THREE), (POOL, THREE, THREE), (ONE, POOL, ONE), (THREE, ONE, ONE)]
BLUEPRINT, _ = small101(Graph.of(EDGES, ["input", *INSIDES[0], "output"]))
ROWS = np.array([BLUEPRINT.space.embed(Graph.of(EDGES, ["input", *inside, "output"])) for inside in INSIDES])
SEEDS = [(3 * i, 3 * i + 1, 3 * i + 2) for i in range(len(ROWS))]

MEMBERS = {
    "nasbench101": [f"01111/00111/00010/00001/00000:{','.join(inside)}" for inside in INSIDES],
    "nasbench201": ["0", "15624", "9930", "8000", "3121"],  # of which the first is nothing but none
    "natssize": ["8:16:24:16:8"] * 3,
    "nasbenchmacro": ["00000000", "11111111", "02012100", "22212220"],
    "transnas-micro": ["0_00_000", "1_11_111", "3_12_231", "2_30_112"],
    "transnas-macro": ["64-1234-basic"] * 2,
}
"""Architectures of one group, of each space."""


def assert_they_are_what_each_is(networks, shape):
    """In training mode outputs, gradients and averages are those of the networks apart; so is what is taken out.

    In double precision: in single a rectifier may open or close by rounding.
    """
    apart = [copy.deepcopy(network).double() for network in networks]
    whole = side_by_side(networks, shape).double()
    noise = torch.Generator().manual_seed(1)
    images = torch.randn(6, len(apart) * shape[0], *shape[1:], generator=noise, dtype=torch.float64)
    parts = images.chunk(len(apart), dim=1)
    together = whole(images)
    alone = torch.stack([network(part) for network, part in zip(apart, parts, strict=True)])
    torch.testing.assert_close(together, alone)
    labels = torch.arange(6) % together.shape[2]
    for logits in (together, alone):
        F.cross_entropy(logits.flatten(0, 1), labels.repeat(len(apart)), reduction="sum").backward()
    for k, network in enumerate(apart):
        slopes, state = gradients(whole, k), whole.state(k)
        for name, parameter in network.named_parameters():
            torch.testing.assert_close(slopes[name], parameter.grad)
        for name, buffer in network.named_buffers():
            if buffer.dim():
                torch.testing.assert_close(state[name], buffer)
        assert state.keys() >= {name for name, tensor in network.state_dict().items() if tensor.dim()}
        taken = copy.deepcopy(network).eval()
        for tensor in taken.state_dict().values():
            tensor.zero_()
        taken.load_state_dict({**taken.state_dict(), **state})
        torch.testing.assert_close(taken(parts[k]), whole.eval()(images)[k])
    assert whole.finite().tolist() == [True] * len(apart)
    return whole


@pytest.mark.slow_where("transnas", "nasbenchmacro", "nasbench101", "natssize")
@pytest.mark.parametrize("name", MEMBERS)
def test_networks_of_every_space_are_stacked_and_stay_what_they_are(name):
    space = spaces.make(name, {})
    blueprint = blueprint_of(space, classes=3, image_size=8, image_channels=2, **blueprints[name].small)
    rows = np.array([space.parse(text) for text in MEMBERS[name]])
    assert len(set(blueprint.group(rows))) == 1
    torch.manual_seed(0)
    whole = assert_they_are_what_each_is([blueprint.network(row) for row in rows], (2, 8, 8))
    assert whole.way == "stacked"


@pytest.mark.slow_where("natssize", "nasbenchmacro", "transnas-micro")
@pytest.mark.parametrize("name", MEMBERS)
def test_a_network_alone_is_what_it_is_with_convolutions_of_the_same_values_as_one(name):
    space = spaces.make(name, {})
    blueprint = blueprint_of(space, classes=3, image_size=8, image_channels=2, **blueprints[name].small)
    torch.manual_seed(0)
    network = blueprint.network(space.parse(MEMBERS[name][1]))
    whole = assert_they_are_what_each_is([network], (2, 8, 8))
    assert whole.way == "alone"
    merged = [len(layer.sizes) for layer in whole.modules() if isinstance(layer, Siblings)]
    assert merged == ([4, 4] if name == "nasbench101" else [])
    assert not any(isinstance(layer, nn.ReLU) for layer in whole.modules()) or name != "nasbench101"


class Reading(nn.Module):
    """Layers that read the same values, of which some are called twice, have a bias or read otherwise."""

    def __init__(self):
        super().__init__()
        settings = ({"bias": False}, {"bias": False}, {"bias": False}, {"bias": True}, {"bias": False, "groups": 2})
        self.ones = nn.ModuleList(nn.Conv2d(4, 4, 1, **some) for some in settings)
        self.three = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.norm, self.other, self.relu, self.head = nn.BatchNorm2d(4), nn.BatchNorm2d(4), nn.ReLU(), nn.Linear(4, 10)

    def forward(self, x):
        first, second, twice, biased, grouped = self.ones
        normal = self.other(second(x))
        once = (
            self.relu(normal)
            + normal
            + self.relu(self.norm(first(x)))
            + twice(twice(x))
            + biased(x)
            + grouped(x)
            + self.three(x)
        )
        return self.head(self.relu(self.norm(once)).mean(dim=(2, 3)))


def test_only_convolutions_that_read_alike_are_called_as_one():
    torch.manual_seed(0)
    whole = assert_they_are_what_each_is([Reading()], (4, 8, 8))
    assert [{*layer.paths} for layer in whole.modules() if isinstance(layer, Siblings)] == [{"ones.0", "ones.1"}]
    assert not any(layer.rectifies for layer in whole.modules() if isinstance(layer, Normalisation))


def test_architectures_of_other_structures_are_of_other_groups():
    path = small101(Graph.of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", ONE, "output"]))
    assert len({*BLUEPRINT.group(ROWS), *path[0].group(path[1][None])}) == 2
    sizes = spaces.make("natssize", {})
    assert len(set(blueprint_of(sizes).group(sizes.enumerate()[:9]))) == 9


# ── networks of anybody ───────────────────────────────────────────────────────────────────────────────────────────


class Attention(nn.Module):
    """A small transformer block on patches."""

    def __init__(self, dropout=0.0):
        super().__init__()
        self.patches = nn.Conv2d(1, 8, 2, 2)
        self.before, self.after = nn.LayerNorm(8), nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, dropout, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8))
        self.head = nn.Linear(8, 10)

    def forward(self, images):
        x = self.patches(images).flatten(2).transpose(1, 2)
        y = self.before(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return self.head((x + self.mlp(self.after(x))).mean(dim=1))


class Simple(nn.Module):
    """Two convolutions; what happens between them is a subclass's."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 6, 3, padding=1), nn.Conv2d(6, 6, 1)
        self.drop, self.head = nn.Dropout(0.2), nn.Linear(6, 10)

    def between(self, x):
        return torch.relu(x)

    def forward(self, images):
        return self.head(self.second(self.between(self.first(images))).mean(dim=(2, 3)))


class Dropping(Simple):
    def between(self, x):
        return self.drop(x)


class DroppingByFunction(Simple):
    def between(self, x):
        return F.dropout(x, 0.2, self.training)


class OtherInTraining(Simple):
    def between(self, x):
        return 2 * x if self.training else x


class Branching(Simple):
    def between(self, x):
        return torch.relu(x) if x.mean() > 0 else torch.tanh(x)


class Frozen(Simple):
    def __init__(self):
        super().__init__()
        self.first.bias.requires_grad_(False)


class Tied(Simple):
    def __init__(self):
        super().__init__()
        self.third = nn.Conv2d(6, 6, 1)
        self.third.weight = self.second.weight

    def between(self, x):
        return torch.relu(self.third(x))


OWN = {
    "attention": (Attention, "stacked; .*MultiheadAttention mapped.*"),
    "attention with dropout": (lambda: Attention(0.2), "one after another: a layer draws random numbers"),
    "dropout": (Dropping, "one after another: a layer draws random numbers"),
    "dropout by function": (DroppingByFunction, "one after another: the forward pass is another in training"),
    "training": (OtherInTraining, "one after another: the forward pass is another in training"),
    "branching": (Branching, "one after another: the forward pass cannot be recorded .*control flow.*"),
    "frozen": (Frozen, "stacked"),
    "tied": (Tied, "one after another: layers share weights"),
}


@dataclass(frozen=True)
class OwnBlueprint(Blueprint):
    """Whatever the architecture, one of these networks."""

    kind: str = ""

    def network(self, row):
        return OWN[self.kind][0]()

    def layers(self, rows):
        return []


@pytest.mark.slow_where("attention with dropout", "tied")
@pytest.mark.parametrize("kind", OWN)
def test_any_network_trains_stacked_or_one_after_another_and_says_which(kind):
    space = NASBench201()
    blueprint = OwnBlueprint(space, image_size=8, image_channels=1, kind=kind)
    rows, data = space.enumerate()[:1], load("digits")
    whole = Pass(blueprint, rows, RECIPE, data, 1, (1, 2), diagnostics=kind == "frozen")
    assert re.fullmatch(OWN[kind][1], whole.network.way)
    begun = whole.plain(1).state_dict()
    whole.run()
    assert whole.failures == [None, None]
    moved = whole.plain(1).state_dict()
    assert all(not torch.equal(tensor, begun[name]) for name, tensor in moved.items() if name.endswith("weight"))
    if kind == "frozen":
        assert torch.equal(moved["first.bias"], begun["first.bias"])
    if "dropout" in kind:
        return
    second = Pass(blueprint, rows, RECIPE, data, 1, (2,))
    assert second.network.way == "alone"
    second.run()
    for name, tensor in second.plain(0).state_dict().items():
        if not name.startswith("drop"):
            torch.testing.assert_close(tensor, moved[name], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", ["attention", "branching", "training", "tied"])
def test_any_network_stays_what_it_is(kind):
    torch.manual_seed(0)
    assert_they_are_what_each_is([OWN[kind][0]() for _ in range(3)], (1, 8, 8))


def test_networks_that_differ_in_more_than_their_layers_run_one_after_another():
    class Scaled(Simple):
        def __init__(self, scale):
            super().__init__()
            self.scale = scale

        def between(self, x):
            return x * self.scale

    whole = assert_they_are_what_each_is([Scaled(1.0), Scaled(2.0)], (1, 8, 8))
    assert whole.way == "one after another: they differ in more than their layers"


def test_networks_with_dropout_are_not_alike_in_training_and_not_frozen():
    """What a recorded pass of evaluation would leave out."""
    for kind in ("dropout", "dropout by function", "attention with dropout"):
        whole, images = side_by_side([OWN[kind][0]() for _ in range(2)], (1, 8, 8)), torch.ones(2, 2, 8, 8)
        assert not torch.equal(whole(images), whole(images))
        whole.eval()
        assert torch.equal(whole(images), whole(images))


# ── to the last bit ───────────────────────────────────────────────────────────────────────────────────────────────


def accuracies(results):
    return [
        {name: (point.train, point.validation, point.test) for name, point in result.points.items()}
        for result in results
    ]


LONG = [pytest.param(slice(first, 5), 4, marks=pytest.mark.slow) for first in (0, 2)]


@pytest.mark.slow_where("some0-1")
@pytest.mark.parametrize(("some", "epochs"), [(slice(1, 3), 1), *LONG])
def test_modules_of_one_shape_are_trained_in_one_pass_as_each_is_with_its_own_repeats(some, epochs):
    data = load("digits")
    rows, seeds = ROWS[some], SEEDS[some]
    together = train_repeats(BLUEPRINT, rows, RECIPE, data, epochs, [s for each in seeds for s in each])
    apart = [
        result
        for row, each in zip(rows, seeds, strict=True)
        for result in train_repeats(BLUEPRINT, row[None], RECIPE, data, epochs, each)
    ]
    assert accuracies(together) == accuracies(apart)
    assert [r.trainable_parameters for r in together] == [r.trainable_parameters for r in apart]
    assert [r.seed for r in together] == [r.seed for r in apart]


CELLS = blueprint_of(spaces.make("nasbench201", {}), image_size=8, image_channels=1, **blueprints["nasbench201"].small)


@pytest.mark.slow
@pytest.mark.parametrize("blueprint", [BLUEPRINT, CELLS], ids=lambda one: one.space.name)
def test_their_weights_are_the_same_too(blueprint):
    data = load("digits")
    rows = ROWS if blueprint is BLUEPRINT else np.array([CELLS.space.parse(text) for text in MEMBERS["nasbench201"]])
    whole = Pass(blueprint, rows, RECIPE, data, 4, tuple(s for each in SEEDS for s in each))
    parts = [Pass(blueprint, row[None], RECIPE, data, 4, seeds) for row, seeds in zip(rows, SEEDS, strict=True)]
    with using_threads(1):
        for one in (whole, *parts):
            one.run(20)
    for k in range(15):
        ours, theirs = whole.network.state(k), parts[k // 3].network.state(k % 3)
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())


@pytest.mark.slow
def test_one_whose_weights_are_not_finite_spoils_no_other():
    data = load("digits")
    whole = Pass(BLUEPRINT, ROWS[:2], RECIPE, data, 4, (0, 1, 2, 3, 4, 5))
    alone = Pass(BLUEPRINT, ROWS[:1], RECIPE, data, 4, (0, 1, 2))
    whole.network.state(3)["cells.0.operations.1.0.weight"].fill_(torch.nan)
    with using_threads(1):
        whole.run()
        alone.run()
    assert [failure is None for failure in whole.failures] == [True, True, True, False, True, True]
    assert accuracies(whole.results()[:3]) == accuracies(alone.results())


def test_a_mixed_place_applies_to_each_network_what_it_has():
    pool, convolution = nn.MaxPool2d(3, 1, 1), Convolution([nn.Conv2d(2, 2, 3, padding=1) for _ in range(2)], (1, 4))
    mixed = Mixed([pool, convolution, nn.Identity()], [(0, 3), (1, 4), (2,)])
    x = torch.randn(3, 10, 4, 4).contiguous(memory_format=torch.channels_last).requires_grad_()
    y = mixed(x)
    parts = list(x.split(2, dim=1))
    both = convolution(torch.cat([parts[1], parts[4]], dim=1)).split(2, dim=1)
    expected = torch.cat([pool(parts[0]), both[0], parts[2], pool(parts[3]), both[1]], dim=1)
    torch.testing.assert_close(y, expected)
    weights = torch.randn_like(y)
    torch.testing.assert_close(
        torch.autograd.grad((y * weights).sum(), x)[0], torch.autograd.grad((expected * weights).sum(), x)[0]
    )


@pytest.mark.parametrize(("sources", "targets", "kernel"), [(1, 8, 3), (1, 1, 3), (8, 3, 1), (3, 3, 3), (5, 5, 5)])
def test_a_convolution_and_its_gradients_are_alike_in_any_company(sources, targets, kernel):
    made = torch.Generator().manual_seed(1)
    layers = [nn.Conv2d(sources, targets, kernel, padding=kernel // 2, bias=False) for _ in range(10)]
    whole = Convolution(layers, range(10))
    x, ways = (torch.randn(25, 10 * width, 8, 8, generator=made) for width in (sources, targets))
    for first, networks in ((0, 2), (0, 3), (7, 3), (3, 4)):
        part = Convolution(layers[first : first + networks], range(networks))
        come, go = (slice(first * width, (first + networks) * width) for width in (sources, targets))
        for all_of_it, got, where in zip(
            convolved(whole, x, ways), convolved(part, x[:, come], ways[:, go]), (go, come, go), strict=True
        ):
            assert torch.equal(all_of_it[where] if len(all_of_it) != len(x) else all_of_it[:, where], got)


def convolved(layer, x, weights):
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_()
    y = layer(x)
    return [y.detach(), *torch.autograd.grad((y * weights).sum(), (x, layer.weight))]


def norm_of(scale, offset):
    norm = nn.BatchNorm2d(len(scale))
    norm.weight.data, norm.bias.data = scale.clone(), offset.clone()
    return norm


def normalised(norm, x, weights):
    x = x.clone().contiguous(memory_format=torch.channels_last).requires_grad_()
    y = norm(x)
    slopes = torch.autograd.grad((y * weights).sum(), (x, norm.weight, norm.bias))
    return [y.detach(), *slopes, norm.running_mean, norm.running_var]


@pytest.mark.parametrize("channels", [1, 5, 16, 24, 81])
def test_normalisation_is_pytorchs_but_for_rounding(channels):
    made = torch.Generator().manual_seed(channels)
    x, weights = (torch.randn(25, channels, 4, 4, generator=made) for _ in range(2))
    theirs = norm_of(*(torch.randn(channels, generator=made) for _ in range(2)))
    ours = Normalisation([theirs], (0,))
    for got, expected in zip(normalised(ours, x, weights), normalised(theirs, x, weights), strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("first", [0, 3, 17, 42])
def test_a_channel_is_normalised_alike_wherever_it_stands(first):
    made = torch.Generator().manual_seed(1)
    x, weights = (torch.randn(25, 45, 4, 4, generator=made) for _ in range(2))
    scale, offset = (torch.randn(45, generator=made) for _ in range(2))
    some = slice(first, first + 3)
    whole = normalised(Normalisation([norm_of(scale, offset)], (0,)), x, weights)
    part = normalised(Normalisation([norm_of(scale[some], offset[some])], (0,)), x[:, some], weights[:, some])
    for all_of_it, got in zip(whole, part, strict=True):
        assert torch.equal(all_of_it[:, some] if all_of_it.dim() > 1 else all_of_it[some], got)


# ── units ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def calls():
    for number, row in enumerate(ROWS[:3]):
        yield UnitTraining(BLUEPRINT, tuple(row.tolist()), RECIPE, "digits", 4, 100 + number, 2, 2)


def without_times(values):
    for value in values:
        for repeat in value["repeats"]:
            repeat.pop("total_time")
            for point in repeat["points"].values():
                point.pop("training_time")
    return values


@pytest.mark.slow
def test_units_in_one_pass_give_what_each_gives():
    together = train_units(list(calls()))
    assert all(repeat["points"]["end"]["training_time"] > 0 for value in together for repeat in value["repeats"])
    assert without_times(together) == without_times([train_unit(*call) for call in calls()])


@pytest.mark.slow
def test_the_time_of_a_pass_is_shared_as_steps_alone_take(monkeypatch):
    monkeypatch.setattr(units, "_step_seconds", lambda unit, data: {"100": 1.0, "101": 2.0, "102": 5.0}[str(unit.seed)])
    values = train_units(list(calls()))
    times = np.array([[repeat["total_time"] for repeat in value["repeats"]] for value in values])
    np.testing.assert_allclose(times / times[0, 0], [[1, 1], [2, 2], [5, 5]])


@pytest.mark.slow
def test_units_that_have_no_room_together_are_trained_one_by_one(monkeypatch):
    asked = []
    original = units.train_repeats

    def short(blueprint, rows, recipe, data, epochs, seeds, *rest, **settings):
        asked.append(len(seeds))
        if len(seeds) > 2:
            return tuple(TrainingResult(1, seed, {}, 0.0, "out of memory") for seed in seeds)
        return original(blueprint, rows, recipe, data, epochs, seeds, *rest, **settings)

    monkeypatch.setattr(units, "train_repeats", short)
    values = train_units(list(calls()))
    assert asked == [6, 2, 2, 2]
    assert all(repeat["failure"] is None for value in values for repeat in value["repeats"])


def test_what_a_network_draws_depends_on_its_seed_alone():
    def made():
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.Dropout(0.5), nn.Linear(8, 2))

    images = torch.randn(5, 1, 4, 4)
    pair = side_by_side([made(), made()], (1, 4, 4), [1, 2])
    before = torch.get_rng_state()
    first, second = pair(images.repeat(1, 2, 1, 1))
    assert torch.equal(before, torch.get_rng_state())
    assert not torch.equal(first, second)
    assert torch.equal(side_by_side([made()], (1, 4, 4), [2])(images)[0], second)
    assert not torch.equal(pair(images.repeat(1, 2, 1, 1))[0], first)


@pytest.mark.parametrize("first", [nn.Identity(), nn.Dropout(0.5)])
def test_one_network_that_draws_random_numbers_is_found_among_others(first):
    second = nn.Dropout(0.5) if isinstance(first, nn.Identity) else nn.Identity()
    networks = [
        nn.Sequential(nn.Conv2d(1, 2, 1), middle, nn.AdaptiveAvgPool2d(1), nn.Flatten()) for middle in (first, second)
    ]
    whole, images = side_by_side(networks, (1, 4, 4), (3, 4)), torch.rand(5, 2, 4, 4)
    assert whole.way.startswith("one after another")
    before = torch.get_rng_state()
    once, again = whole(images), whole(images)
    assert torch.equal(before, torch.get_rng_state())
    draws = [isinstance(network[1], nn.Dropout) for network in networks]
    assert [not torch.equal(a, b) for a, b in zip(once, again, strict=True)] == draws
