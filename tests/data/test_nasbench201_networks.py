"""Parameters and operations, by both published countings, against every published record that is at hand."""

import bz2
import json
import pickle
from ast import literal_eval

import numpy as np
import pytest
import torch

from nasbed.core.graph import Graph
from nasbed.nets.blueprint import network as build
from nasbed.nets.costs import flops, params
from nasbed.nets.counting import count
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.spaces.natssize import NATSSize

FRAMES = {
    "cifar10": {"classes": 10, "image_size": 32},
    "cifar10-valid": {"classes": 10, "image_size": 32},
    "cifar100": {"classes": 100, "image_size": 32},
    "ImageNet16-120": {"classes": 120, "image_size": 16},
}
LABELS_101 = ("input", "output", "maxpool3x3", "conv1x1-bn-relu", "conv3x3-bn-relu")


@pytest.mark.parametrize(
    ("space", "folder", "records"),
    [
        (NASBench201(), "NATS-tss-v1_0-3ffb9-simple", 51),
        (NATSSize(), "NATS-sss-v1_0-50262-simple", 60),
    ],
    ids=["nasbench201", "natssize"],
)
def test_genuine_records_have_our_costs(shared_data, space, folder, records):
    seen = 0
    for file in sorted((shared_data / "natsbench" / folder).glob("[0-9]*.pbz2")):
        for state in pickle.loads(bz2.decompress(file.read_bytes())).values():
            row = space.parse(state["arch_str"])
            for (data, _), record in state["all_results"].items():
                assert params(space, row[None], **FRAMES[data])[0] / 1e6 == record["params"]
                assert flops(space, row[None], **FRAMES[data])[0] / 1e6 == record["flop"]
                seen += 1
    assert seen == records


@pytest.mark.slow
def test_a_network_that_is_built_has_the_costs_of_its_genuine_record(shared_data):
    space = NASBench201()
    file = shared_data / "natsbench" / "NATS-tss-v1_0-3ffb9-simple" / "000011.pickle.pbz2"
    state = pickle.loads(bz2.decompress(file.read_bytes()))["200"]
    for data, frame in FRAMES.items():
        with torch.device("meta"):
            network = build(space, space.parse(state["arch_str"]), **frame)
        counted, record = count(network, frame["image_size"]), state["all_results"][data, 777]
        assert (counted.params / 1e6, counted.flops / 1e6) == (record["params"], record["flop"])


@pytest.mark.parametrize("file", ["zc_nasbench201.json", "zc_nasbench201_early.json"])
@pytest.mark.parametrize("data", ["cifar10", "cifar100", "ImageNet16-120"])
def test_published_scores_have_our_costs(shared_data, file, data):
    space = NASBench201()
    published = json.loads((shared_data / "proxies" / file).read_text())
    scores = published.get("nasbench201", published)[data]
    assert len(scores) > 490
    rows = np.stack([space.parse(text) for text in scores])
    operations = [_number(score["flops"]) for score in scores.values()]
    assert (flops(space, rows, counting="naslib", **FRAMES[data]) / 1e6).tolist() == operations
    assert (params(space, rows, **FRAMES[data]) / 1e6).tolist() == [
        _number(score["params"]) for score in scores.values()
    ]


def test_published_scores_of_nasbench101_have_our_costs(shared_data):
    space = NASBench101()
    scores = json.loads((shared_data / "proxies" / "zc_nasbench101.json").read_text())["nasbench101"]["cifar10"]
    assert len(scores) == 500
    rows = np.stack([space.embed(_module(literal_eval(text))) for text in scores])
    operations = [score["flops"] for score in scores.values()]
    assert (flops(space, rows, counting="naslib") / 1e6).tolist() == operations
    assert (params(space, rows) / 1e6).tolist() == [score["params"] for score in scores.values()]


def _number(value):
    """One of the files keeps the time that it took beside each score."""
    return value["score"] if isinstance(value, dict) else value


def _module(numbers):
    """Read 49 bits of a matrix and seven operations."""
    return Graph.of(np.array(numbers[:49]).reshape(7, 7), [LABELS_101[code] for code in numbers[49:]])
