"""Network: the published network, vertex by vertex, and repeats that share nothing."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from nets.plain import INCEPTION, PlainNetwork, modules, skeletons

from nasbed.core.errors import InvalidArchitecture, UnknownName
from nasbed.core.graph import Graph
from nasbed.nets.network import Network
from nasbed.nets.operations import ConvBNReLU
from nasbed.nets.skeleton import Skeleton

SMALL = Skeleton(stem_channels=8, stacks=2, modules_per_stack=1, image_size=8, image_channels=1)


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def convolutions(network):
    return {name: module for name, module in network.named_modules() if isinstance(module, ConvBNReLU)}


def plain_twin(network, graph, repeat):
    """One repeat as ordinary layers in double precision, with the same weights."""
    plain = PlainNetwork(graph, network.skeleton, norm_momentum=0.9).double()
    ours = convolutions(network)
    assert ours.keys() == plain.layers.keys()
    with torch.no_grad():
        for name, layer in plain.layers.items():
            layer[0].weight.copy_(ours[name].weight.chunk(network.repeats)[repeat])
            layer[1].weight.copy_(ours[name].scale.chunk(network.repeats)[repeat])
            layer[1].bias.copy_(ours[name].offset.chunk(network.repeats)[repeat])
        plain.dense.weight.copy_(network.head.weight[repeat].T)
        plain.dense.bias.copy_(network.head.bias[repeat, 0])
    return plain


@given(modules(), skeletons, st.integers(1, 3), st.integers(0, 2**32))
def test_each_repeat_computes_what_ordinary_layers_compute(graph, skeleton, repeats, seed):
    noise = torch.Generator().manual_seed(seed)
    network = Network(graph, skeleton, repeats, norm_momentum=0.9).double()
    for parameter in network.parameters():
        parameter.data.normal_(generator=noise)
    size, colours = skeleton.image_size, skeleton.image_channels
    images = torch.randn(4, repeats * colours, size, size, generator=noise, dtype=torch.float64)
    slopes = torch.randn(repeats, 4, skeleton.classes, generator=noise, dtype=torch.float64)
    twins = [plain_twin(network, graph, repeat) for repeat in range(repeats)]

    logits = network(images)
    logits.backward(slopes)
    expected = [twin(part) for twin, part in zip(twins, images.chunk(repeats, dim=1), strict=True)]
    torch.testing.assert_close(logits, torch.stack(expected))
    for repeat, twin in enumerate(twins):
        expected[repeat].backward(slopes[repeat])
        for name, ours in convolutions(network).items():
            theirs = twin.layers[name]
            torch.testing.assert_close(ours.weight.grad.chunk(repeats)[repeat], theirs[0].weight.grad)
            torch.testing.assert_close(ours.scale.grad.chunk(repeats)[repeat], theirs[1].weight.grad)
            torch.testing.assert_close(ours.offset.grad.chunk(repeats)[repeat], theirs[1].bias.grad)
            torch.testing.assert_close(ours.mean.chunk(repeats)[repeat], theirs[1].running_mean)
            torch.testing.assert_close(ours.variance.chunk(repeats)[repeat], theirs[1].running_var)
        torch.testing.assert_close(network.head.weight.grad[repeat].T, twin.dense.weight.grad)
        torch.testing.assert_close(network.head.bias.grad[repeat, 0], twin.dense.bias.grad)

    network.eval()
    expected = [twin.eval()(part) for twin, part in zip(twins, images.chunk(repeats, dim=1), strict=True)]
    torch.testing.assert_close(network(images), torch.stack(expected))


def test_running_averages_keep_as_much_as_the_momentum_says():
    layer = ConvBNReLU(1, 1, 1, 1, norm_momentum=0.75)
    layer.weight.data.fill_(1.0)
    images = torch.tensor([1.0, 3.0, 5.0, 7.0]).view(4, 1, 1, 1)
    layer(images)
    assert layer.mean.item() == pytest.approx(0.25 * 4.0)
    assert layer.variance.item() == pytest.approx(0.75 * 1.0 + 0.25 * 20 / 3)


def test_weights_begin_as_tensorflow_draws_them():
    network = Network(INCEPTION, Skeleton(stem_channels=64, stacks=2)).initialise(generators(1))
    for layer in convolutions(network).values():
        fan_in = layer.weight[0].numel()
        cut = 2 * fan_in**-0.5 / 0.87962566103423978
        assert layer.weight.abs().max() <= cut
        assert (layer.scale == 1).all()
        assert (layer.offset == 0).all()
        if layer.weight.numel() > 3000:
            assert layer.weight.abs().max() > 0.9 * cut
            assert layer.weight.var().item() * fan_in == pytest.approx(1.0, abs=0.1)
    bound = (6 / (128 + 10)) ** 0.5
    assert 0.9 * bound < network.head.weight.abs().max() <= bound
    assert network.head.weight.var().item() == pytest.approx(bound**2 / 3, rel=0.1)
    assert (network.head.bias == 0).all()


def test_weights_can_begin_as_pytorch_draws_them():
    network = Network(INCEPTION, Skeleton(stem_channels=64, stacks=2)).initialise(generators(1), "pytorch")
    for layer in convolutions(network).values():
        fan_in = layer.weight[0].numel()
        assert layer.weight.abs().max() <= fan_in**-0.5
        if layer.weight.numel() > 3000:
            assert layer.weight.var().item() * fan_in == pytest.approx(1 / 3, rel=0.1)
    for part in (network.head.weight, network.head.bias):
        assert 0.5 * 128**-0.5 < part.abs().max() <= 128**-0.5


def test_a_repeats_weights_do_not_depend_on_its_neighbours():
    alone = Network(INCEPTION, SMALL).initialise(generators(7))
    among = Network(INCEPTION, SMALL, repeats=3).initialise(generators(5, 7, 6))
    for one, three in zip(alone.parameters(), among.parameters(), strict=True):
        assert torch.equal(one.flatten(), three.chunk(3)[1].flatten())


def test_a_module_is_pruned_before_it_is_built():
    dangling = Graph.of(
        [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]],
        ["input", "maxpool3x3", "conv3x3-bn-relu", "output"],
    )
    assert not [name for name in convolutions(Network(dangling, SMALL)) if "operations" in name]


def test_what_cannot_be_built_is_refused():
    with pytest.raises(InvalidArchitecture, match="cannot be reached"):
        Network(Graph.of([[0, 0], [0, 0]], ["input", "output"]))
    with pytest.raises(InvalidArchitecture, match="4 vertices feed an output of 3 channels"):
        Network(INCEPTION, Skeleton(stem_channels=3))
    path = [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    with pytest.raises(InvalidArchitecture, match="divides its channels by 4; 3 are too few"):
        Network(Graph.of(path, ["input", "bottleneck3x3", "output"]), Skeleton(stem_channels=3))
    with pytest.raises(UnknownName, match="Did you mean 'maxpool3x3'"):
        Network(Graph.of(path, ["input", "maxpool", "output"]))
