"""Initialisation: what a seed and a recipe make of a network's weights."""

from dataclasses import replace

import pytest
import torch
from nets.plain import INCEPTION, small101
from torch import nn

from nasbed.nets.initialisation import initialised
from nasbed.nets.nasbench201 import NASBench201Blueprint
from nasbed.nets.recipe import Recipe
from nasbed.spaces.nasbench201 import NASBench201

WIDE, ROW = small101(INCEPTION, stem_channels=64)
CELLS = NASBench201Blueprint(NASBench201(), channels=8, cells=1)
PYTORCH = Recipe(initialisation="pytorch")


def layers(network, kind):
    return [module for module in network.modules() if isinstance(module, kind)]


def test_weights_begin_as_tensorflow_draws_them():
    network = initialised(WIDE, ROW, Recipe(), 1)
    for layer in layers(network, nn.Conv2d):
        fan_in = layer.weight[0].numel()
        cut = 2 * fan_in**-0.5 / 0.87962566103423978
        assert layer.weight.abs().max() <= cut
        if layer.weight.numel() > 3000:
            assert layer.weight.abs().max() > 0.9 * cut
            assert layer.weight.var().item() * fan_in == pytest.approx(1.0, abs=0.1)
    for norm in layers(network, nn.BatchNorm2d):
        assert (norm.weight == 1).all()
        assert (norm.bias == 0).all()
    bound = (6 / (128 + 10)) ** 0.5
    assert 0.9 * bound < network.classifier.weight.abs().max() <= bound
    assert network.classifier.weight.var().item() == pytest.approx(bound**2 / 3, rel=0.1)
    assert (network.classifier.bias == 0).all()


def test_weights_can_begin_as_pytorch_draws_them():
    network = initialised(WIDE, ROW, PYTORCH, 1)
    for layer in layers(network, nn.Conv2d):
        fan_in = layer.weight[0].numel()
        assert layer.weight.abs().max() <= fan_in**-0.5
        if layer.weight.numel() > 3000:
            assert layer.weight.var().item() * fan_in == pytest.approx(1 / 3, rel=0.1)
    for part in (network.classifier.weight, network.classifier.bias):
        assert 0.5 * 128**-0.5 < part.abs().max() <= 128**-0.5


@pytest.mark.parametrize(("blueprint", "row"), [(WIDE, ROW), (CELLS, CELLS.space.parse("9930"))])
@pytest.mark.parametrize("recipe", [Recipe(), PYTORCH], ids=["tensorflow", "pytorch"])
def test_the_seed_alone_decides_them(blueprint, row, recipe):
    state = torch.get_rng_state()
    first = initialised(blueprint, row, recipe, 7).state_dict()
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(7)  # the global generator has no say
    again = initialised(blueprint, row, recipe, 7).state_dict()
    other = initialised(blueprint, row, recipe, 8).state_dict()
    assert all(torch.equal(first[name], tensor) for name, tensor in again.items())
    assert not torch.equal(first["classifier.weight"], other["classifier.weight"])


def test_running_averages_keep_as_much_as_the_momentum_says():
    blueprint = replace(WIDE, stem_channels=4, stacks=1, image_size=1)
    convolution, norm, _ = initialised(blueprint, ROW, Recipe(norm_momentum=0.75), 0).stem
    convolution.weight.data.fill_(1.0)
    norm(convolution(torch.tensor([1.0, 3.0, 5.0, 7.0]).view(4, 1, 1, 1)))
    assert norm.running_mean[0].item() == pytest.approx(0.25 * 4.0)
    assert norm.running_var[0].item() == pytest.approx(0.75 * 1.0 + 0.25 * 20 / 3)
