"""The networks of TransNAS-Bench-101: costs by formula and as built, shapes, and what is refused."""

import numpy as np
import pytest
import torch

from nasbed.core.errors import BadSetting
from nasbed.core.registry import spaces
from nasbed.nets.blueprint import blueprint_of
from nasbed.nets.blueprint import network as build
from nasbed.nets.costs import COUNTINGS, flops, params
from nasbed.nets.counting import count
from nasbed.nets.transnas_network import FactorizedReduction, Zero

SMALL = {"channels": 4, "stem": 1, "classes": 4, "image_size": 8, "image_channels": 1}
ODD = {"channels": 6, "stem": 2, "classes": 3, "image_size": 37, "image_channels": 2}
ARCHS = [
    ("transnas-micro", "0_00_000"),
    ("transnas-micro", "1_11_111"),
    ("transnas-micro", "1_02_333"),
    ("transnas-micro", "3_21_012"),
    ("transnas-macro", "64-1234-basic"),
    ("transnas-macro", "64-333312-basic"),
]


@pytest.mark.slow_where("odd", "small", "naslib")
@pytest.mark.parametrize("counting", sorted(COUNTINGS))
@pytest.mark.parametrize("frame", [{"image_size": 64}, SMALL, ODD], ids=["published", "small", "odd"])
@pytest.mark.parametrize(("name", "text"), ARCHS)
def test_the_formula_counts_what_is_built(name, text, frame, counting):
    space = spaces.make(name, {})
    row = space.parse(text)
    with torch.device("meta"):
        network = build(space, row, **frame)
    counted = count(network, frame["image_size"], image_channels=frame.get("image_channels", 3), counting=counting)
    assert params(space, row[None], **frame) == [counted.params]
    assert flops(space, row[None], counting=counting, **frame) == [counted.flops]


@pytest.mark.parametrize("name", ["transnas-micro", "transnas-macro"])
def test_rows_are_counted_together_as_alone(name):
    space = spaces.make(name, {})
    rows = space.enumerate()[::499]
    assert flops(space, rows).tolist() == [flops(space, row[None])[0] for row in rows]


@pytest.mark.parametrize(("name", "text"), ARCHS)
def test_it_gives_logits_and_on_request_what_they_are_made_of(name, text):
    network, images = build(spaces.make(name, {}), text, **SMALL).eval(), torch.rand(2, 1, 8, 8)
    assert network(images).shape == (2, 4)
    assert torch.equal(network(images), network.classifier(network.features(images)))


def test_a_network_of_cells_ends_with_eight_times_the_channels_at_a_thirty_second_of_the_size():
    """``64-41414``: the stem divides by 4, each of three modules by 2."""
    network = build(spaces.make("transnas-micro", {}), "1_02_333")
    images = network.stem(torch.zeros(1, 3, 64, 64))
    for cell in network.cells:
        images = cell(images)
    assert images.shape == (1, 512, 2, 2)


def test_every_parameter_is_trained_even_of_a_cell_without_a_path():
    network = build(spaces.make("transnas-micro", {}), "0_00_333", **SMALL).train()
    network(torch.rand(4, 1, 8, 8)).square().sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


@pytest.mark.parametrize("size", [7, 8])
def test_a_reduction_reads_every_other_pixel_and_those_between(size):
    layer = FactorizedReduction((2, 4, 2)).eval()
    x = torch.rand(1, 2, size, size)
    shifted = torch.nn.functional.pad(x, (0, 1, 0, 1))[:, :, 1:, 1:]
    wanted = layer.bn(torch.cat([layer.here(x), layer.further(shifted)], dim=1))
    torch.testing.assert_close(layer(x), wanted)


@pytest.mark.parametrize("place", [(2, 2, 1), (2, 4, 2), (2, 2, 2)])
def test_zeros_have_the_shape_of_what_they_stand_for(place):
    zeros = Zero(place)(torch.rand(1, 2, 7, 7))
    assert zeros.shape == FactorizedReduction(place)(torch.rand(1, 2, 7, 7)).shape
    assert not zeros.any()


@pytest.mark.parametrize("wrong", [{"stem": 3}, {"channels": 7}])
def test_settings_without_a_network_are_refused(wrong):
    with pytest.raises(BadSetting):
        blueprint_of(spaces.make("transnas-macro", {}), **wrong)


def test_networks_of_cells_are_of_one_group():
    space = spaces.make("transnas-micro", {})
    assert len(set(blueprint_of(space).group(np.array(space.enumerate()[:9])))) == 1
