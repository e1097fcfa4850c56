"""Networks side by side: what one becomes does not depend on what is trained in the same pass, to the last bit."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nasbed.core.errors import BadSetting
from nasbed.core.graph import Graph
from nasbed.nets import units
from nasbed.nets.cells import Mixed
from nasbed.nets.data.source import load
from nasbed.nets.network import Network
from nasbed.nets.operations import OPERATIONS, ConvBNReLU, SideBySideNorm
from nasbed.nets.passes import Pass, using_threads
from nasbed.nets.recipe import DIGITS as RECIPE
from nasbed.nets.results import TrainingResult
from nasbed.nets.skeleton import DIGITS as SKELETON
from nasbed.nets.training import train_repeats
from nasbed.nets.units import UnitTraining, train_unit, train_units

EDGES = [[0, 1, 1, 1, 1], [0, 0, 1, 1, 1], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0]]
THREE, ONE, POOL = "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"
INSIDES = [(THREE, ONE, POOL), (ONE, ONE, THREE), (POOL, THREE, THREE), (ONE, POOL, ONE), (THREE, ONE, ONE)]
GRAPHS = [Graph.of(EDGES, ["input", *inside, "output"]) for inside in INSIDES]
SEEDS = [(3 * i, 3 * i + 1, 3 * i + 2) for i in range(len(GRAPHS))]


def accuracies(results):
    return [
        {name: (point.train, point.validation, point.test) for name, point in result.points.items()}
        for result in results
    ]


LONG = [pytest.param(slice(first, 5), 4, marks=pytest.mark.slow) for first in (0, 2)]


@pytest.mark.parametrize(("some", "epochs"), [(slice(1, 3), 1), *LONG])
def test_modules_of_one_shape_are_trained_in_one_pass_as_each_is_with_its_own_repeats(some, epochs):
    data = load("digits")
    graphs, seeds = GRAPHS[some], SEEDS[some]
    together = train_repeats(graphs, SKELETON, RECIPE, data, epochs, [s for each in seeds for s in each])
    apart = [r for g, s in zip(graphs, seeds, strict=True) for r in train_repeats(g, SKELETON, RECIPE, data, epochs, s)]
    assert accuracies(together) == accuracies(apart)
    assert [r.trainable_parameters for r in together] == [r.trainable_parameters for r in apart]
    assert [r.seed for r in together] == [r.seed for r in apart]


@pytest.mark.slow
def test_their_weights_are_the_same_too():
    data = load("digits")
    whole = Pass(GRAPHS, SKELETON, RECIPE, data, 4, tuple(s for each in SEEDS for s in each))
    parts = [Pass(graph, SKELETON, RECIPE, data, 4, seeds) for graph, seeds in zip(GRAPHS, SEEDS, strict=True)]
    with using_threads(1):
        for one in (whole, *parts):
            one.run(20)
    stems = torch.cat([part.network.stem.weight for part in parts])
    heads = torch.cat([part.network.head.weight for part in parts])
    assert torch.equal(whole.network.stem.weight, stems)
    assert torch.equal(whole.network.head.weight, heads)


def test_modules_side_by_side_must_have_the_same_edges():
    path = Graph.of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", ONE, "output"])
    with pytest.raises(BadSetting, match="must have the same edges"):
        Network([GRAPHS[0], path], SKELETON, 1)


@pytest.mark.slow
def test_one_whose_weights_are_not_finite_spoils_no_other():
    data = load("digits")
    whole = Pass(GRAPHS[:2], SKELETON, RECIPE, data, 4, (0, 1, 2, 3, 4, 5))
    alone = Pass(GRAPHS[0], SKELETON, RECIPE, data, 4, (0, 1, 2))
    second = whole.network.cells[0].operations["1"].operations[1]
    assert second.members == (3, 4, 5)
    second.weight.data[: len(second.weight) // 3] = torch.nan  # of network 3
    with using_threads(1):
        whole.run()
        alone.run()
    assert [failure is None for failure in whole.failures] == [True, True, True, False, True, True]
    assert accuracies(whole.results()[:3]) == accuracies(alone.results())


def test_a_mixed_vertex_applies_to_each_network_what_it_has():
    labels = [POOL, THREE, "identity", POOL, THREE]
    mixed = Mixed(labels, lambda label, networks: OPERATIONS[label](2, networks, 0.9)).eval()
    convolution = mixed.operations[1]
    assert convolution.members == (1, 4)
    torch.nn.init.normal_(convolution.weight)
    x = torch.randn(3, 10, 4, 4).contiguous(memory_format=torch.channels_last).requires_grad_()
    y = mixed(x)
    parts = list(x.split(2, dim=1))
    both = convolution(torch.cat([parts[1], parts[4]], dim=1)).split(2, dim=1)
    pool = OPERATIONS[POOL](2, 1, 0.9)
    expected = torch.cat([pool(parts[0]), both[0], parts[2], pool(parts[3]), both[1]], dim=1)
    torch.testing.assert_close(y, expected)
    weights = torch.randn_like(y)
    torch.testing.assert_close(
        torch.autograd.grad((y * weights).sum(), x)[0], torch.autograd.grad((expected * weights).sum(), x)[0]
    )


@pytest.mark.parametrize(("sources", "targets", "kernel"), [(1, 8, 3), (1, 1, 3), (8, 3, 1), (3, 3, 3), (5, 5, 5)])
def test_a_convolution_and_its_gradients_are_alike_in_any_company(sources, targets, kernel):
    made = torch.Generator().manual_seed(1)
    whole = ConvBNReLU(sources, targets, kernel, 10, 0.9)
    whole.initialise([made] * 10)
    x, ways = (torch.randn(25, 10 * width, 8, 8, generator=made) for width in (sources, targets))
    for first, networks in ((0, 2), (0, 3), (7, 3), (3, 4)):
        part = ConvBNReLU(sources, targets, kernel, networks, 0.9)
        come, go = (slice(first * width, (first + networks) * width) for width in (sources, targets))
        part.weight.data = whole.weight.data[go]
        for all_of_it, got, where in zip(
            convolved(whole, x, ways), convolved(part, x[:, come], ways[:, go]), (go, come, go), strict=True
        ):
            assert torch.equal(all_of_it[where] if len(all_of_it) != len(x) else all_of_it[:, where], got)


def convolved(layer, x, weights):
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_()
    y = layer(x)
    return [y.detach(), *torch.autograd.grad((y * weights).sum(), (x, layer.weight))]


def normalised(norm, x, scale, offset, weights):
    x, scale, offset = (t.clone().requires_grad_() for t in (x, scale, offset))
    x_last = x.contiguous(memory_format=torch.channels_last)
    averages = torch.zeros_like(scale.detach()), torch.ones_like(scale.detach())
    y = norm(x_last, scale, offset, *averages)
    return [y.detach(), *torch.autograd.grad((y * weights).sum(), (x, scale, offset)), *averages]


def side_by_side(x, scale, offset, mean, variance):
    return SideBySideNorm.apply(x, scale, offset, mean, variance, 0.1)


def pytorchs(x, scale, offset, mean, variance):
    return F.batch_norm(x, mean, variance, scale, offset, True, 0.1, 1e-5)


@pytest.mark.parametrize("channels", [1, 5, 16, 24, 81])
def test_normalisation_is_pytorchs_but_for_rounding(channels):
    made = torch.Generator().manual_seed(channels)
    x, weights = (torch.randn(25, channels, 4, 4, generator=made) for _ in range(2))
    scale, offset = (torch.randn(channels, generator=made) for _ in range(2))
    ours, theirs = (normalised(norm, x, scale, offset, weights) for norm in (side_by_side, pytorchs))
    for got, expected in zip(ours, theirs, strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("first", [0, 3, 17, 42])
def test_a_channel_is_normalised_alike_wherever_it_stands(first):
    made = torch.Generator().manual_seed(1)
    x, weights = (torch.randn(25, 45, 4, 4, generator=made) for _ in range(2))
    scale, offset = (torch.randn(45, generator=made) for _ in range(2))
    some = slice(first, first + 3)
    whole = normalised(side_by_side, x, scale, offset, weights)
    part = normalised(side_by_side, x[:, some], scale[some], offset[some], weights[:, some])
    for all_of_it, got in zip(whole, part, strict=True):
        assert torch.equal(all_of_it[:, some] if all_of_it.dim() > 1 else all_of_it[some], got)


def calls():
    for number, graph in enumerate(GRAPHS[:3]):
        yield UnitTraining(
            graph.adjacency, graph.labels, SKELETON.to_dict(), RECIPE.to_dict(), "digits", 4, 100 + number, 2, 2
        )


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

    def short(graph, skeleton, recipe, data, epochs, seeds, *rest, **settings):
        asked.append(len(seeds))
        if len(seeds) > 2:
            return tuple(TrainingResult(1, seed, {}, 0.0, "out of memory") for seed in seeds)
        return original(graph, skeleton, recipe, data, epochs, seeds, *rest, **settings)

    monkeypatch.setattr(units, "train_repeats", short)
    values = train_units(list(calls()))
    assert asked == [6, 2, 2, 2]
    assert all(repeat["failure"] is None for value in values for repeat in value["repeats"])
