"""The network of NAS-Bench-Macro against the published one, number for number."""

import numpy as np
import pytest
import torch
from torch import fx, nn

from nasbed.core.errors import BadSetting
from nasbed.nets import nasbenchmacro as nets
from nasbed.nets.blueprint import network as build
from nasbed.nets.costs import COUNTINGS, flops, params
from nasbed.nets.counting import count
from nasbed.spaces import nasbenchmacro as spaces

SPACE = spaces.NASBenchMacro()
SMALL = {"channels": 3, "head_channels": 16, "classes": 4, "image_size": 8, "image_channels": 1}
ODD = {"channels": 2, "head_channels": 5, "classes": 3, "image_size": 13, "image_channels": 2}
TEXTS = ("00000000", "11111111", "22222222", "02012100", "22212220")


def small(text):
    torch.manual_seed(0)
    return build(SPACE, SPACE.parse(text), **SMALL).eval()


def conv(inputs, outputs, size, kernel=1, groups=1):
    """Parameters with those of a batch normalisation, and products, of a convolution without bias."""
    weights = inputs // groups * outputs * kernel**2
    return np.array([weights + 2 * outputs, weights * size**2])


def block(inputs, outputs, before, after, kernel, expansion):
    hidden = inputs * expansion
    return conv(inputs, hidden, before) + conv(hidden, hidden, after, kernel, hidden) + conv(hidden, outputs, after)


@pytest.mark.parametrize("text", TEXTS)
def test_the_costs_are_those_of_the_published_description(text):
    """README and ``train/`` of github.com/xiusu/NAS-Bench-Macro: 32 channels, doubled at strides 2, 1280 at the end."""
    total, width, size = conv(3, 32, 32, 3), 32, 32
    for place, digit in enumerate(text):
        inputs, before = width, size
        if place in (0, 2, 5):
            width, size = 2 * width, size // 2
        if digit != "0":
            total += block(inputs, width, before, size, *{"1": (3, 3), "2": (5, 6)}[digit])
        elif inputs != width:
            total += conv(inputs, width, size)
    total += conv(256, 1280, 4) + np.array([1280 * 10 + 10, 1280 * 10])
    row = SPACE.parse(text)[None]
    # The published count of operations, count_FLOPs, leaves the dense layer's bias out; "natsbench" counts it.
    assert (params(SPACE, row)[0], flops(SPACE, row)[0] - 10) == tuple(total)


@pytest.mark.slow_where("odd", "small", "naslib")
@pytest.mark.parametrize("counting", sorted(COUNTINGS))
@pytest.mark.parametrize("frame", [{"image_size": 32}, SMALL, ODD], ids=["published", "small", "odd"])
@pytest.mark.parametrize("text", TEXTS)
def test_the_formula_counts_what_is_built(text, frame, counting):
    row = SPACE.parse(text)
    with torch.device("meta"):
        network = build(SPACE, row, **frame)
    counted = count(network, frame["image_size"], image_channels=frame.get("image_channels", 3), counting=counting)
    assert params(SPACE, row[None], **frame) == [counted.params]
    assert flops(SPACE, row[None], counting=counting, **frame) == [counted.flops]


def test_rows_are_counted_together_as_alone():
    rows = np.stack([SPACE.parse(text) for text in TEXTS])
    assert flops(SPACE, rows).tolist() == [flops(SPACE, row[None])[0] for row in rows]


def test_equal_rows_have_equal_costs():
    first = SPACE.archs_of(SPACE.representatives)
    np.testing.assert_array_equal(params(SPACE, SPACE.enumerate()), params(SPACE, first))
    np.testing.assert_array_equal(flops(SPACE, SPACE.enumerate()), flops(SPACE, first))


@pytest.mark.parametrize("text", TEXTS)
def test_every_architecture_has_the_same_modules_at_the_top(text):
    network = small(text)
    assert [name for name, _ in network.named_children()] == ["stem", "layers", "out", "classifier"]
    assert len(network.layers) == 8


def test_layers_are_made_in_their_order():
    kinds = [type(layer).__name__ for layer in small("02010000").layers]
    first_stages = ["Sequential", "InvertedResidual", "Sequential", "InvertedResidual", "Identity"]
    assert kinds == [*first_stages, "Sequential", "Identity", "Identity"]


@pytest.mark.parametrize("text", TEXTS)
def test_fx_traces_the_network_to_one_that_computes_the_same(text):
    network, images = small(text), torch.rand(2, 1, 8, 8)
    assert torch.equal(fx.symbolic_trace(network)(images), network(images))


def test_a_block_adds_what_comes_in_where_no_shape_changes():
    network = small("21000000")
    x = torch.rand(2, 3, 8, 8)
    first, second = network.layers[:2]
    y = first(x)
    assert torch.equal(y, first.conv(x))
    assert torch.equal(second(y), second.conv(y) + y)


def test_it_gives_logits_and_on_request_what_they_are_made_of():
    network, images = small("02012100"), torch.rand(2, 1, 8, 8)
    assert network(images).shape == (2, 4)
    assert network.features(images).shape == (2, 16)
    assert torch.equal(network(images), network.classifier(network.features(images)))


def test_every_parameter_is_trained():
    network = small("02012100").train()
    network(torch.rand(4, 1, 8, 8)).square().sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_nothing_is_changed_in_place():
    kept = []
    network = small("12012100")
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(lambda m, x, y: kept.append((x[0], x[0].clone())))
    network(torch.randn(2, 1, 8, 8))
    assert kept
    assert all(torch.equal(now, then) for now, then in kept)


def test_the_nets_and_the_spaces_mean_the_same():
    names = [f"mb{b[1]}_k{b[0]}" if b else "identity" for b in nets.BLOCKS]
    assert (tuple(names), nets.STAGES) == (spaces.OPERATIONS, spaces.STAGES)


def test_a_width_of_nothing_is_refused():
    with pytest.raises(BadSetting, match="head_channels must be a positive integer, not 0"):
        build(SPACE, SPACE.parse("00000000"), head_channels=0)
