"""Counting what is built: any network, left as it was."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from nasbed.core.errors import UnknownName
from nasbed.nets.blueprint import network as build
from nasbed.nets.counting import Costs, count, observed_layers
from nasbed.spaces.nasbench201 import NASBench201

FOREIGN = nn.Sequential(
    nn.Conv2d(2, 6, (3, 5), padding=(1, 2), groups=2),
    nn.BatchNorm2d(6, affine=False),
    nn.LeakyReLU(),
    nn.MaxPool2d(3, stride=2, padding=1),
    nn.AdaptiveAvgPool2d(2),
    nn.Flatten(),
    nn.Dropout(0.5),
    nn.Linear(24, 5, bias=False),
)


def test_a_network_of_another_maker_is_counted():
    products = 64 * 6 * 15 + 64 * 6 + 24 * 5  # of groups of one channel each, with offsets, then dense
    assert count(FOREIGN, 8, image_channels=2) == Costs(6 * 15 + 6 + 24 * 5, products, 2 * 4 * 64 * 6)
    elementwise = 64 * 6 + 64 * 6 + 9 * 16 * 6 + 4 * 6 * 3 * 3
    assert count(FOREIGN, 8, image_channels=2, counting="naslib").flops == products + elementwise


def test_the_layers_that_are_seen_have_the_networks_parameters():
    layers = observed_layers(FOREIGN, 8, image_channels=2)
    assert sum(int(layer.parameters) for layer in layers) == count(FOREIGN, 8, image_channels=2).params


def test_windows_of_adaptive_pooling_overlap_where_they_do_not_fit():
    network = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.AdaptiveMaxPool2d((1, 2)))
    assert count(network, 5, image_channels=1, counting="naslib").flops == 25 + (5 + 1) * (3 + 1) * 2


def test_images_need_not_be_square():
    network = nn.Conv2d(1, 2, 3, padding=1, bias=False)
    assert count(network, (3, 4), image_channels=1).flops == 3 * 4 * 18


def test_products_are_those_that_pytorch_counts():
    network = build(NASBench201(), [3, 2, 4, 1, 3, 2], cells=2).eval()
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 3, 32, 32))
    assert count(network).flops == counter.get_total_flops() // 2 + 10  # PyTorch counts sums, too, but no offsets
    assert count(network, counting="torch").flops == counter.get_total_flops()


def test_a_layer_that_is_used_twice_counts_twice_and_its_parameters_once():
    layer = nn.Conv2d(1, 1, 1, bias=False)
    assert count(nn.Sequential(layer, layer), 4, image_channels=1) == Costs(1, 32, 2 * 4 * 16)


def test_the_network_is_left_as_it_was():
    network = build(NASBench201(), [3] * 6, channels=2, cells=1)
    network.train()
    network.cells[0].eval()
    modes = [module.training for module in network.modules()]
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    generator = torch.get_rng_state()
    count(network, 8)
    assert [module.training for module in network.modules()] == modes
    assert all(torch.equal(tensor, state[name]) for name, tensor in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
    assert torch.equal(torch.get_rng_state(), generator)
    assert not any(module._forward_hooks for module in network.modules())


def test_it_is_left_as_it_was_when_the_image_does_not_fit():
    network = build(NASBench201(), [3] * 6, channels=2, cells=1)
    with pytest.raises(RuntimeError):
        count(network, 8, image_channels=1)
    assert network.training
    assert not any(module._forward_hooks for module in network.modules())


def test_no_other_counting_is_made_up():
    with pytest.raises(UnknownName, match=r"no counting of operations is called 'macs'\. There are: naslib, natsbench"):
        count(FOREIGN, 8, image_channels=2, counting="macs")
