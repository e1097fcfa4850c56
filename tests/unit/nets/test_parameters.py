"""Parameters: the formula against the published figure and against networks that are built."""

import doctest
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from nets.plain import INCEPTION, modules, skeletons

from nasbed.core.errors import InvalidArchitecture, UnknownName
from nasbed.core.graph import Graph
from nasbed.nets import parameters
from nasbed.nets.network import Network
from nasbed.nets.operations import OPERATIONS
from nasbed.nets.parameters import OPERATION_PARAMETERS, count_parameters, trainable_parameters


def test_the_documentations_module_has_the_published_count():
    assert trainable_parameters(INCEPTION) == 2_694_282
    assert Network(INCEPTION).trainable_parameters == 2_694_282


@given(modules(), skeletons)
def test_the_formula_counts_what_is_built(graph, skeleton):
    assert trainable_parameters(graph, skeleton) == Network(graph, skeleton).trainable_parameters


def test_every_operation_has_a_formula():
    assert set(OPERATION_PARAMETERS) == set(OPERATIONS)


def test_vertices_without_edges_are_not_counted():
    path = Graph.of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "conv3x3-bn-relu", "output"])
    padded = np.zeros((1, 5, 5), np.int8)
    padded[0, 0, 2] = padded[0, 2, 4] = 1
    assert count_parameters(padded, np.array([[-1, 0, 0, 0, -1]]), ["conv3x3-bn-relu"]) == [trainable_parameters(path)]


def test_the_docstring_is_true():
    assert doctest.testmod(parameters).failed == 0


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(InvalidArchitecture, match="no network"):
        trainable_parameters(Graph.of([[0, 0], [0, 0]], ["input", "output"]))
    with pytest.raises(UnknownName, match="Did you mean 'conv3x3-bn-relu'"):
        trainable_parameters(Graph.of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "conv3x3-bn-rel", "output"]))


def test_counting_needs_no_pytorch():
    script = "import sys, nasbed.nets.parameters, nasbed.nets.recipe; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
