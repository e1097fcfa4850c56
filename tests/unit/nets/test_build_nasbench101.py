"""Building modules of NAS-Bench-101 of PyTorch's own layers: number for number the network that is trained."""

import pytest
import torch
from hypothesis import example, given
from nets.plain import INCEPTION, modules, skeletons
from torch import nn

from nasbed.core.errors import InvalidArchitecture, UnknownName
from nasbed.core.graph import Graph
from nasbed.nets.blueprint import build
from nasbed.nets.network import Network
from nasbed.nets.operations import OPERATIONS
from nasbed.nets.parameters import trainable_parameters
from nasbed.nets.skeleton import Skeleton
from nasbed.spaces.nasbench101 import NASBench101

SPACE = NASBench101(operations=tuple(OPERATIONS), edges=21)
CUT = Graph.of(
    [[0, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0]],
    ["input", *["conv1x1-bn-relu"] * 3, "output"],
)
"""Of an odd number of channels the third vertex has one less than the first, which it reads."""

TRAINED_NAMES = {"0.weight": "weight", "1.weight": "scale", "1.bias": "offset"}
TRAINED_NAMES |= {"1.running_mean": "mean", "1.running_var": "variance"}


def carry_weights(trained: nn.Module, network: nn.Module) -> None:
    """Give a network of ordinary layers what another one has learned."""
    source, target = trained.state_dict(), network.state_dict()
    target["classifier.weight"].copy_(source["head.weight"][0].T)
    target["classifier.bias"].copy_(source["head.bias"].flatten())
    for name, tensor in target.items():
        block, _, end = name.rpartition(".")
        block, _, number = block.rpartition(".")
        if f"{number}.{end}" in TRAINED_NAMES and not name.startswith("classifier"):
            tensor.copy_(source[f"{block}.{TRAINED_NAMES[f'{number}.{end}']}"])


@given(modules(), skeletons)
@example(CUT, Skeleton(stem_channels=31, stacks=2, modules_per_stack=1, image_size=4))
def test_it_computes_what_the_trained_network_computes(graph, skeleton):
    trained = Network(graph, skeleton).initialise([torch.Generator().manual_seed(1)]).double()
    for name, tensor in trained.state_dict().items():
        if name.rpartition(".")[2] in ("scale", "offset", "mean", "variance"):
            tensor.add_(torch.rand(tensor.shape, generator=torch.Generator().manual_seed(len(name))) * 0.2)
    network = build(SPACE, SPACE.embed(graph), **skeleton.to_dict()).double()
    carry_weights(trained, network)
    size = skeleton.image_size
    images = torch.rand(3, skeleton.image_channels, size, size, generator=torch.Generator().manual_seed(2)).double()
    for training in (False, True):
        torch.testing.assert_close(network.train(training)(images), trained.train(training)(images)[0])
    moved = network.stem[1].running_mean
    torch.testing.assert_close(moved, trained.stem.mean)


@given(modules(), skeletons)
def test_it_has_the_parameters_of_the_formula(graph, skeleton):
    with torch.device("meta"):
        network = build(SPACE, SPACE.embed(graph), **skeleton.to_dict())
    assert sum(parameter.numel() for parameter in network.parameters()) == trainable_parameters(graph, skeleton)


def test_at_the_published_size_it_has_the_documentations_parameters():
    with torch.device("meta"):
        network = build(SPACE, SPACE.embed(INCEPTION))
    assert sum(parameter.numel() for parameter in network.parameters()) == 2_694_282


def test_every_rectifier_and_convolution_is_a_layer():
    space = NASBench101()
    network = build(space, space.parse("inception-like"), stem_channels=6, stacks=1, modules_per_stack=1)
    kinds = [type(module) for module in network.modules()]
    assert kinds.count(nn.Conv2d) == kinds.count(nn.BatchNorm2d) == kinds.count(nn.ReLU) == 1 + 4 + 4
    assert kinds.count(nn.Linear) == 1


def test_what_cannot_be_built_is_refused():
    space = NASBench101()
    disconnected = space.parse("inception-like") * 0
    with pytest.raises(InvalidArchitecture, match="no path from input to output"):
        build(space, disconnected)
    with pytest.raises(InvalidArchitecture, match="vertices feed an output of 2 channels"):
        build(space, space.parse("inception-like"), stem_channels=2)
    narrow = NASBench101(operations=("bottleneck3x3",))
    with pytest.raises(InvalidArchitecture, match="divides its channels by 4; 3 are too few"):
        build(narrow, narrow.parse("011/001/000:bottleneck3x3"), stem_channels=3)
    unknown = NASBench101(operations=("conv3x3-bn-rel",))
    with pytest.raises(UnknownName, match="Did you mean 'conv3x3-bn-relu'"):
        build(unknown, unknown.parse("011/001/000:conv3x3-bn-rel"))
