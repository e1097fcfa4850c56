"""Building: the published structure of NAS-Bench-201's and NATS-Bench's networks, number for number."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nets.plain201 import PlainNetwork
from torch import nn

from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.core.registry import networks, spaces
from nasbed.nets.blueprint import blueprint_of
from nasbed.nets.blueprint import network as build
from nasbed.nets.nasbench201_network import Cell
from nasbed.nets.natssize import CELL, WIDTH
from nasbed.nets.parts import CELL_EDGES, CELL_OPERATIONS
from nasbed.spaces import nasbench201, natssize
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.spaces.natssize import NATSSize

NB201, SIZES = NASBench201(), NATSSize()
SMALL = {"channels": 4, "cells": 2, "classes": 3, "image_size": 8}
cells = st.lists(st.integers(0, 4), min_size=6, max_size=6).map(lambda row: np.array(row, np.int8))
ARCH_0 = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"


def plan_of(channels: int, count: int) -> list[tuple[int, bool]]:
    """The layers between stem and head of a network of NAS-Bench-201."""
    first, second, third = ([(channels * width, False)] * count for width in (1, 2, 4))
    return [*first, (2 * channels, True), *second, (4 * channels, True), *third]


def roughened(network: nn.Module) -> nn.Module:
    """Give every parameter and average a number of its own, as a training would."""
    generator = torch.Generator().manual_seed(1)
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.add_(torch.rand(tensor.shape, generator=generator) * 0.2)
    return network


def assert_same(network: nn.Module, plain: PlainNetwork, images: torch.Tensor) -> None:
    """In evaluation and in training mode, outputs and what training does to the averages agree."""
    for training in (False, True):
        network.train(training)
        plain.training = training
        plain.state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        torch.testing.assert_close(network(images), plain(images), rtol=1e-6, atol=1e-6)
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point():
                torch.testing.assert_close(tensor, plain.state[name], rtol=1e-6, atol=1e-6, msg=name)


@pytest.mark.slow
@given(cells)
def test_a_cell_of_nasbench201_computes_what_the_paper_says(row):
    network = roughened(build(NB201, row, **SMALL)).double()
    plain = PlainNetwork({}, [CELL_OPERATIONS[code] for code in row], plan_of(4, 2))
    images = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    assert_same(network, plain, images)


@settings(max_examples=8)
@given(st.lists(st.integers(0, 2), min_size=5, max_size=5))
def test_a_network_of_natssize_computes_what_the_paper_says(row):
    network = roughened(build(SIZES, np.array(row), classes=3, image_size=8)).double()
    operations = ["nor_conv_3x3"] * 3 + ["skip_connect"] + ["nor_conv_3x3"] * 2
    widths = [8 * (value + 1) for value in row]
    plan = list(zip(widths, [False, True, False, True, False], strict=True))
    images = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    assert_same(network, PlainNetwork({}, operations, plan), images)


def test_in_single_precision_and_at_full_size_it_is_the_same():
    row = NB201.parse("|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|")
    network = build(NB201, row).eval()
    plain = PlainNetwork(network.state_dict(), [CELL_OPERATIONS[code] for code in row], plan_of(16, 5))
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(network(images), plain(images), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("operations", [["none"] * 6, ["avg_pool_3x3", *["none"] * 2, "nor_conv_3x3", "none", "none"]])
def test_a_cell_may_change_channels(operations):
    cell = Cell(operations, 2, 3)
    y = cell(torch.ones(1, 2, 4, 4))
    assert y.shape == (1, 3, 4, 4)
    assert bool(y.any()) == ("nor_conv_3x3" in operations)


def test_equal_seeds_draw_the_published_networks_weights():
    """The published code makes its layers one after the other, the cell's in the order of the arch string."""
    row = np.array([3, 2, 1, 0, 4, 3])
    torch.manual_seed(5)
    network = build(NB201, row, **SMALL)
    torch.manual_seed(5)
    convolutions = [("stem.0", 3, 4, 3)]
    for number, (width, is_block) in enumerate(plan_of(4, 2)):
        if is_block:
            names = [("conv_a.op.1", width // 2, 3), ("conv_b.op.1", width, 3), ("downsample.1", width // 2, 1)]
        else:
            names = [("layers.0.op.1", width, 3), ("layers.1.op.1", width, 1), ("layers.5.op.1", width, 3)]
        convolutions += [(f"cells.{number}.{name}", inputs, width, kernel) for name, inputs, kernel in names]
    expected = {name: nn.Conv2d(*shape, bias=False).weight for name, *shape in convolutions}
    dense = nn.Linear(16, 3)
    made = {name: module.weight for name, module in network.named_modules() if isinstance(module, nn.Conv2d)}
    assert made.keys() == expected.keys()
    assert all(torch.equal(made[name], weight) for name, weight in expected.items())
    assert torch.equal(network.classifier.weight, dense.weight)
    assert torch.equal(network.classifier.bias, dense.bias)


def test_it_gives_logits_and_on_request_what_they_are_made_of():
    network = build(NB201, np.full(6, 1), **SMALL)
    images = torch.ones(2, 3, 8, 8)
    network.eval()
    assert network(images).shape == (2, 3)
    assert network.features(images).shape == (2, 16)
    assert torch.equal(network(images), network.classifier(network.features(images)))


def test_gradients_reach_the_image_as_zeros_through_a_cell_that_is_nothing():
    images = torch.ones(2, 3, 8, 8, requires_grad=True)
    build(NB201, np.zeros(6, int), **SMALL)(images).sum().backward()
    assert images.grad is not None
    assert not images.grad.any()


@given(cells)
@settings(max_examples=20)
def test_every_parameter_has_a_gradient_that_is_zero_where_it_leads_nowhere(row):
    network = build(NB201, row, **SMALL)
    network(torch.rand(4, 3, 8, 8)).square().sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    live = {0, 3} | ({1} if row[4] or (row[2] and row[5]) else set()) | ({2} if row[5] else set())
    for edge, (_, target) in enumerate(CELL_EDGES):
        if row[edge] and target not in live:
            assert not any(p.grad.any() for p in network.cells[0].layers[edge].parameters())


@pytest.mark.parametrize("row", [[3, 1, 0, 1, 0, 1], [3, 1, 2, 1, 1, 0]], ids=str)
def test_without_gradients_what_leads_nowhere_makes_no_difference(row):
    network = build(NB201, np.array(row), **SMALL).eval()
    images = torch.rand(4, 3, 8, 8)
    with torch.no_grad():
        without = network(images)
    assert torch.equal(without, network(images))


def test_an_operation_that_leads_nowhere_is_there_and_is_run():
    network = build(NB201, np.array([3, 1, 0, 1, 0, 1]), **SMALL)
    seen = []
    network.cells[0].layers[0].op[0].register_forward_hook(lambda *_: seen.append("rectifier"))
    network(torch.ones(2, 3, 8, 8))
    assert seen == ["rectifier"]


def test_none_gives_zeros_and_has_nothing_to_learn():
    cell = build(NB201, np.array([1, 0, 0, 0, 0, 0]), **SMALL).cells[0]
    assert list(cell.parameters()) == []
    assert not cell.layers[1](torch.ones(2, 4, 8, 8)).any()


def test_nothing_is_changed_in_place():
    """A hook that keeps what a layer was given finds it as it was."""
    network = build(NB201, np.full(6, 3), **SMALL)
    kept = []
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(lambda m, x, y: kept.append((x[0], x[0].clone())))
    network(torch.randn(2, 3, 8, 8))
    assert kept
    assert all(torch.equal(now, then) for now, then in kept)


def test_on_the_meta_device_nothing_is_drawn():
    before = torch.get_rng_state()
    with torch.device("meta"):
        network = build(NB201, np.full(6, 3))
    assert all(parameter.is_meta for parameter in network.parameters())
    assert torch.equal(torch.get_rng_state(), before)


def test_the_nets_and_the_spaces_mean_the_same():
    assert CELL_OPERATIONS == nasbench201.OPERATIONS
    assert [(source, target) for source, target in CELL_EDGES] == [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
    assert [WIDTH * (value + 1) for value in range(8)] == list(natssize.CHANNELS)
    best = NB201.parse(
        "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
    )
    assert tuple(CELL_OPERATIONS[code] for code in best) == CELL


@pytest.mark.parametrize("name", sorted({spaces[name].name for name in spaces} & set(networks)))
def test_every_space_that_names_a_network_has_one(name):
    assert spaces.make(name, {}).network in networks


@pytest.mark.parametrize("row", [[0] * 5, [0, 0, 0, 0, 0, 5], [0, 0, 0, 0, 0, -1], [0.5] * 6], ids=str)
def test_what_is_no_row_is_refused(row):
    with pytest.raises(InvalidArchitecture, match="nasbench201"):
        build(NB201, row)


def test_one_network_is_built_of_one_row():
    with pytest.raises(InvalidArchitecture, match=r"one architecture .* is a row of 6 .*, not of shape \(2, 6\)"):
        build(NB201, [[0] * 6] * 2)


def test_what_cannot_be_set_is_refused():
    row = NB201.parse(ARCH_0)
    with pytest.raises(BadSetting, match=r"no setting 'width'; it has: .*channels"):
        build(NB201, row, width=3)
    with pytest.raises(BadSetting, match="cells must be a positive integer, not 0"):
        build(NB201, row, cells=0)
    with pytest.raises(BadSetting, match="multiple of 4, not 30"):
        build(NB201, row, image_size=30)
    with pytest.raises(BadSetting, match="no setting 'channels'"):
        build(SIZES, np.zeros(5, int), channels=16)


def test_a_space_without_a_network_says_so():
    class Nowhere(NASBench201):
        network = "nasbench2001"

    with pytest.raises(BadSetting, match=r"nasbench201 has no blueprint.* register one for 'nasbench2001' among"):
        build(Nowhere(), NB201.parse(ARCH_0))


@pytest.mark.parametrize("name", sorted(set(networks) & set(spaces)))
def test_a_blueprint_goes_through_json(name):
    space = spaces.make(name, {})
    for settings_of in ({}, {"classes": 7, "image_size": 8, "image_channels": 1, **networks[name].small}):
        blueprint = blueprint_of(space, **settings_of)
        assert blueprint_of(space, **json.loads(json.dumps(blueprint.settings()))) == blueprint
        assert settings_of.items() <= blueprint.settings().items()


def test_blueprints_need_no_pytorch():
    script = (
        "import sys, nasbed.nets.costs, nasbed.nets.recipe\n"
        "from nasbed.core.registry import networks\n"
        "[networks[name] for name in networks]\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
