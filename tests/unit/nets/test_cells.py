"""Cells: a module on one pixel, worked out by hand."""

import pytest
import torch

from nasbed.core.graph import Graph
from nasbed.nets.cells import Cell
from nasbed.nets.operations import NORM_EPSILON


@pytest.mark.parametrize("repeats", [1, 2])
def test_inputs_are_cut_added_concatenated_and_the_projected_input_is_added(repeats):
    graph = Graph.of(
        [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]], ["input", "identity", "identity", "output"]
    )
    cell = Cell([graph], 2, 3, repeats, norm_momentum=0.9).eval()
    weights = {  # from 2 channels to 2, to 1 and to 3
        "1": [[1.0, 0.0], [0.0, 10.0]],
        "2": [[100.0, 100.0]],
        "3": [[1.0, 1.0], [-1.0, 0.0], [0.5, 0.0]],
    }
    for vertex, rows in weights.items():
        projection = cell.projections[vertex]
        projection.weight.data.copy_(torch.tensor(rows * repeats)[:, :, None, None])
        projection.variance.fill_(1 - NORM_EPSILON)  # with mean 0: normalisation changes nothing
    pixel = torch.tensor([2.0, 3.0] * repeats).view(1, -1, 1, 1).contiguous(memory_format=torch.channels_last)
    # vertex 1: (2, 30); vertex 2: 100·2 + 100·3, and the first channel of vertex 1: 502; to the output (5, 0, 1)
    expected = torch.tensor([2.0 + 5, 30.0 + 0, 502.0 + 1] * repeats)
    torch.testing.assert_close(cell(pixel).flatten(), expected)
