"""Building modules of NAS-Bench-101 of PyTorch's own layers: the published network, vertex by vertex."""

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from nets.plain import ANY101, PlainNetwork, gradients, modules, skeletons
from torch import nn

from nasbed.core.errors import BadSetting, InvalidArchitecture, UnknownName
from nasbed.core.graph import Graph
from nasbed.nets.blueprint import network
from nasbed.nets.nasbench101 import NASBench101Blueprint
from nasbed.nets.nasbench101_network import NORM_EPSILON, PlainCell
from nasbed.nets.side_by_side import side_by_side
from nasbed.spaces.nasbench101 import NASBench101

CUT = Graph.of(
    [[0, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0]],
    ["input", *["conv1x1-bn-relu"] * 3, "output"],
)
"""Of an odd number of channels the third vertex has one less than the first, which it reads."""


@pytest.mark.slow
@given(modules(), skeletons, st.integers(1, 3), st.integers(0, 2**32))
@example(CUT, NASBench101Blueprint(ANY101, stem_channels=31, stacks=2, modules_per_stack=1, image_size=4), 2, 0)
def test_each_of_some_networks_computes_what_the_published_one_computes(graph, blueprint, repeats, seed):
    noise = torch.Generator().manual_seed(seed)
    size, colours = blueprint.image_size, blueprint.image_channels
    networks = [blueprint.network(ANY101.embed(graph)) for _ in range(repeats)]
    for one in networks:
        for tensor in one.state_dict().values():
            if tensor.dim():
                tensor.add_(0.2 * torch.rand(tensor.shape, generator=noise))
    twins = [PlainNetwork(graph, blueprint, 0.997).load(one).double() for one in networks]
    whole = side_by_side(networks, (colours, size, size)).double()
    assert whole.way == ("alone" if repeats == 1 else "stacked")
    images = torch.randn(4, repeats * colours, size, size, generator=noise, dtype=torch.float64)
    slopes = torch.randn(repeats, 4, blueprint.classes, generator=noise, dtype=torch.float64)

    logits = whole(images)
    logits.backward(slopes)
    expected = [twin(part) for twin, part in zip(twins, images.chunk(repeats, dim=1), strict=True)]
    torch.testing.assert_close(logits, torch.stack(expected))
    for place, twin in enumerate(twins):
        expected[place].backward(slopes[place])
        ours, slopes_here = whole.state(place), gradients(whole, place)
        theirs = twin.named_tensors()
        assert theirs.keys() == {name for name in ours if not name.endswith("num_batches_tracked")}
        for name, tensor in theirs.items():
            torch.testing.assert_close(ours[name], tensor.detach())
            if tensor.requires_grad:
                torch.testing.assert_close(slopes_here[name], tensor.grad)

    whole.eval()
    expected = [twin.eval()(part) for twin, part in zip(twins, images.chunk(repeats, dim=1), strict=True)]
    torch.testing.assert_close(whole(images), torch.stack(expected))


def test_inputs_are_cut_added_concatenated_and_the_projected_input_is_added():
    """A module on one pixel, worked out by hand."""
    graph = Graph.of(
        [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]], ["input", "identity", "identity", "output"]
    )
    cell = PlainCell(graph, 2, 3).eval()
    weights = {  # from 2 channels to 2, to 1 and to 3
        "1": [[1.0, 0.0], [0.0, 10.0]],
        "2": [[100.0, 100.0]],
        "3": [[1.0, 1.0], [-1.0, 0.0], [0.5, 0.0]],
    }
    for vertex, rows in weights.items():
        convolution, norm, _ = cell.projections[vertex]
        convolution.weight.data.copy_(torch.tensor(rows)[:, :, None, None])
        norm.running_var.fill_(1 - NORM_EPSILON)  # with mean 0: normalisation changes nothing
    # vertex 1: (2, 30); vertex 2: 100·2 + 100·3, and the first channel of vertex 1: 502; to the output (5, 0, 1)
    pixel = torch.tensor([2.0, 3.0]).view(1, 2, 1, 1)
    torch.testing.assert_close(cell(pixel).flatten(), torch.tensor([2.0 + 5, 30.0 + 0, 502.0 + 1]))


def test_a_module_is_pruned_before_it_is_built():
    dangling = Graph.of(
        [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]],
        ["input", "maxpool3x3", "conv3x3-bn-relu", "output"],
    )
    space = NASBench101(vertices=4)
    row = space.parse("0110/0001/0000/0000:maxpool3x3,conv3x3-bn-relu")
    assert space.raw_graph(row) == dangling
    made = network(space, row, stem_channels=8, stacks=1, modules_per_stack=1)
    assert [name for name, _ in made.cells[0].named_parameters() if "operations" in name] == []


def test_the_published_skeleton_doubles_its_channels_twice():
    assert NASBench101Blueprint(ANY101).module_channels == [
        (128, 128), (128, 128), (128, 128), (128, 256), (256, 256), (256, 256), (256, 512), (512, 512), (512, 512)
    ]  # fmt: skip
    assert NASBench101Blueprint(ANY101).final_channels == 512


@pytest.mark.parametrize("setting", [{"stem_channels": 0}, {"stacks": 1.5}, {"classes": True}])
def test_impossible_skeletons_are_refused(setting):
    with pytest.raises(BadSetting, match="must be a positive integer"):
        NASBench101Blueprint(ANY101, **setting)


def test_an_image_can_be_halved_only_so_often():
    assert NASBench101Blueprint(ANY101, image_size=8, stacks=4).final_channels == 1024
    with pytest.raises(BadSetting, match="use at most 4 stacks"):
        NASBench101Blueprint(ANY101, image_size=8, stacks=5)


def test_every_rectifier_and_convolution_is_a_layer():
    space = NASBench101()
    made = network(space, "inception-like", stem_channels=6, stacks=1, modules_per_stack=1)
    kinds = [type(module) for module in made.modules()]
    assert kinds.count(nn.Conv2d) == kinds.count(nn.BatchNorm2d) == kinds.count(nn.ReLU) == 1 + 4 + 4
    assert kinds.count(nn.Linear) == 1


def test_what_cannot_be_built_is_refused():
    space = NASBench101()
    disconnected = space.parse("inception-like") * 0
    with pytest.raises(InvalidArchitecture, match="no path from input to output"):
        network(space, disconnected)
    with pytest.raises(InvalidArchitecture, match="4 vertices feed an output of 3 channels"):
        network(space, "inception-like", stem_channels=3)
    narrow = NASBench101(operations=("bottleneck3x3",))
    with pytest.raises(InvalidArchitecture, match="divides its channels by 4; 3 are too few"):
        network(narrow, "011/001/000:bottleneck3x3", stem_channels=3)
    unknown = NASBench101(operations=("conv3x3-bn-rel",))
    with pytest.raises(UnknownName, match="Did you mean 'conv3x3-bn-relu'"):
        network(unknown, "011/001/000:conv3x3-bn-rel")
