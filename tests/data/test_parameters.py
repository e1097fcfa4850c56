"""Parameter counts, by formula and by building, against what the published table says."""

import json

import numpy as np
import pytest
import torch

from nasbed.core.graph import Graph
from nasbed.nets.network import Network
from nasbed.nets.parameters import count_parameters, trainable_parameters

NAMES = ["conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"]
LABELS = {-1: "input", -2: "output", **dict(enumerate(NAMES))}


@pytest.mark.slow
def test_networks_that_are_built_have_the_published_counts(shared_data):
    published = json.loads((shared_data / "nasbench101" / "data-1k.json").read_text())
    for row in range(0, 1000, 5):
        labels = [LABELS[code] for code in published["operations"][row] if code != -3]
        graph = Graph.of(np.array(published["adjacency"][row])[: len(labels), : len(labels)], labels)
        with torch.device("meta"):  # everything but the numbers
            assert Network(graph).trainable_parameters == published["trainable_parameters"][row]


def test_parameter_counts_are_the_published_ones(shared_data):
    published = json.loads((shared_data / "nasbench101" / "data-1k.json").read_text())
    by_size: dict[int, list[int]] = {}
    for row, operations in enumerate(published["operations"]):
        by_size.setdefault(sum(code != -3 for code in operations), []).append(row)
    assert sum(map(len, by_size.values())) == 1000
    for size, rows in by_size.items():
        adjacency = np.array([published["adjacency"][row] for row in rows], np.int8)[:, :size, :size]
        operations = np.array([published["operations"][row] for row in rows])[:, :size]
        expected = [published["trainable_parameters"][row] for row in rows]
        assert count_parameters(adjacency, operations, NAMES).tolist() == expected
        graph = Graph.of(adjacency[0], [LABELS[code] for code in operations[0]])
        assert trainable_parameters(graph) == expected[0]
