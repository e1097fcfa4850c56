"""Network files: a network is rebuilt from its file alone, also from one of version 0.1."""

import json
from pathlib import Path

import pytest
import torch
from nets.plain import PlainNetwork, small101

from nasbed.core.errors import CorruptFile
from nasbed.core.graph import Graph
from nasbed.core.registry import networks, spaces
from nasbed.core.rng import Streams
from nasbed.nets.blueprint import blueprint_of
from nasbed.nets.data.batches import full_batches
from nasbed.nets.data.source import load
from nasbed.nets.initialisation import initialised
from nasbed.nets.nasbench201 import NASBench201Blueprint
from nasbed.nets.network_file import load_network, network_facts, save_network
from nasbed.nets.recipe import Recipe
from nasbed.nets.tensorfile import read_tensors, write_tensors
from nasbed.spaces.nasbench201 import NASBench201

OLD = Path(__file__).parents[2] / "old" / "0.1" / "training"
FIELDS = {"weight": "0.weight", "scale": "1.weight", "offset": "1.bias", "mean": "1.running_mean"}
FIELDS |= {"variance": "1.running_var"}


def roughened(network):
    """Give every parameter and average a number of its own, as a training would."""
    generator = torch.Generator().manual_seed(1)
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.add_(torch.rand(tensor.shape, generator=generator) * 0.2)
    return network.eval()


@pytest.mark.parametrize("name", sorted(set(networks) & set(spaces)))
def test_a_network_of_any_space_comes_back(name, tmp_path):
    space = spaces.make(name, {})
    blueprint = blueprint_of(space, classes=3, image_size=8, image_channels=2, **networks[name].small)
    row = space.sample(Streams.from_seed(1, 1))[0]
    network = roughened(initialised(blueprint, row, Recipe(norm_momentum=0.5), 3))
    save_network(tmp_path / "a", network, blueprint, row, Recipe(norm_momentum=0.5), {"seed": 3})
    images = torch.randn(4, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    again = load_network(tmp_path / "a")
    assert torch.equal(again(images), network(images))
    assert {one.momentum for one in again.modules() if isinstance(one, torch.nn.BatchNorm2d)} == {0.5}
    facts = network_facts(tmp_path / "a")
    assert (facts["architecture"], facts["row"], facts["seed"]) == (space.format(row), row.tolist(), 3)


def test_a_network_of_a_space_that_is_not_registered_comes_back_when_that_is_given(tmp_path):
    class Ours(NASBench201):
        name, network = "ours", "nasbench201"

    space = Ours()
    blueprint = NASBench201Blueprint(space, image_size=8, channels=4, cells=1)
    row = space.parse("15624")
    network = roughened(blueprint.network(row))
    save_network(tmp_path / "a", network, blueprint, row, Recipe(), {})
    images = torch.ones(2, 3, 8, 8)
    assert torch.equal(load_network(tmp_path / "a", space=space)(images), network(images))
    with pytest.raises(CorruptFile, match="no space is called 'ours'"):
        load_network(tmp_path / "a")


def plain_network(tensors, facts):
    """The network of a file of version 0.1, written plainly."""
    graph = Graph.of(facts["module"]["adjacency"], facts["module"]["labels"])
    blueprint, _ = small101(graph, **facts["skeleton"])
    plain = PlainNetwork(graph.pruned(), blueprint, 0.9)
    for name, layer in plain.layers.items():
        if name == "classifier":
            layer.weight.data.copy_(tensors["head.weight"][0].T)
            layer.bias.data.copy_(tensors["head.bias"][0, 0])
        else:
            found = {new: tensors[f"{name}.{old}"] for old, new in FIELDS.items()}
            layer.load_state_dict(found, strict=False)
    return plain.eval()


@pytest.mark.parametrize("name", ["last", "best"])
def test_a_network_of_version_0_1_is_what_it_was(name):
    """Its logits are those of ordinary layers with its weights, and its accuracy is what version 0.1 measured."""
    path, data = OLD / f"{name}.safetensors", load("digits")
    network = load_network(path)
    images, labels = next(full_batches(data.test, len(data.test), len(data.test), 1))
    tensors, facts = read_tensors(path)
    torch.testing.assert_close(network(images), plain_network(tensors, facts)(images))
    correct, of = facts["measurement"]["accuracies"]["test"]
    assert (int((network(images).argmax(1) == labels).sum()), len(labels)) == (correct, of)


def test_every_layer_of_version_0_1_finds_its_place(tmp_path):
    """Also those of operations of several layers, and of a module that was written with a vertex too many."""
    graph = Graph.of(
        [[0, 1, 1, 1, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0]],
        ["input", "bottleneck3x3", "conv3x3-bn-relu", "maxpool3x3-conv1x1", "output"],
    )
    skeleton = {"stem_channels": 8, "stacks": 2, "modules_per_stack": 1, "classes": 3, "image_size": 4}
    skeleton |= {"image_channels": 1}
    facts = {
        "format": "nasbed.network.1",
        "module": {"adjacency": graph.adjacency, "labels": graph.labels},
        "skeleton": skeleton,
        "recipe": Recipe().to_dict(),
    }
    blueprint, _ = small101(graph, **skeleton)
    generator, tensors = torch.Generator().manual_seed(2), {}
    for name, layer in PlainNetwork(graph.pruned(), blueprint, 0.9).layers.items():
        if name != "classifier":
            shapes = {old: layer.state_dict()[new].shape for old, new in FIELDS.items()}
            tensors |= {f"{name}.{old}": torch.rand(shape, generator=generator) for old, shape in shapes.items()}
    tensors |= {"head.weight": torch.rand(1, 16, 3, generator=generator), "head.bias": torch.rand(1, 1, 3)}
    write_tensors(tmp_path / "old", tensors, facts)
    images = torch.randn(4, 1, 4, 4, generator=generator)
    plain = plain_network(tensors, json.loads(json.dumps(facts)))
    assert len(tensors) == 2 + len(FIELDS) * (len(plain.layers) - 1)
    torch.testing.assert_close(load_network(tmp_path / "old")(images), plain(images))
