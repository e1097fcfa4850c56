"""Parameter counts, by formula and by building, against what the published table says."""

import json

import numpy as np
import pytest
import torch

from nasbed.core.graph import Graph
from nasbed.nets.nasbench101 import NASBench101Blueprint
from nasbed.spaces.nasbench101 import NASBench101

NAMES = ["conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"]
LABELS = {-1: "input", -2: "output", **dict(enumerate(NAMES))}
BLUEPRINT = NASBench101Blueprint(NASBench101())


@pytest.fixture(scope="module")
def published(shared_data):
    """Rows of a thousand modules, and their published parameters."""
    found = json.loads((shared_data / "nasbench101" / "data-1k.json").read_text())
    rows = []
    for adjacency, operations in zip(found["adjacency"], found["operations"], strict=True):
        labels = [LABELS[code] for code in operations if code != -3]
        graph = Graph.of(np.array(adjacency)[: len(labels), : len(labels)], labels)
        rows.append(BLUEPRINT.space.embed(graph))
    return np.array(rows), found["trainable_parameters"]


@pytest.mark.slow
def test_networks_that_are_built_have_the_published_counts(published):
    for row, expected in list(zip(*published, strict=True))[::5]:
        with torch.device("meta"):  # everything but the numbers
            network = BLUEPRINT.network(row)
        assert sum(parameter.numel() for parameter in network.parameters()) == expected


def test_parameter_counts_are_the_published_ones(published):
    rows, expected = published
    assert len(rows) == 1000
    assert BLUEPRINT.parameters(rows).tolist() == expected
