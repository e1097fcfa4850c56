"""Parameter counts by formula, against what the published table says."""

import json

import numpy as np

from nasbed.core.graph import Graph
from nasbed.nets.parameters import count_parameters, trainable_parameters

NAMES = ["conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"]
LABELS = {-1: "input", -2: "output", **dict(enumerate(NAMES))}


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
