"""Modules: what is packed comes back, whatever the space, the form of a module and the place of its row."""

import numpy as np
import pytest
from tables.made import ARCHS, SPACE, write_trainings

from nasbed.compat.nasbench import reader
from nasbed.compat.nasbench.reader import Modules
from nasbed.spaces.nasbench101 import OPERATIONS, NASBench101

WIDE = NASBench101(vertices=9, edges=12, operations=(*OPERATIONS, "identity", "bottleneck3x3"))


def made(path, space, archs, parameters, vertices=None):
    return write_trainings(
        path,
        space,
        archs,
        {"validation_accuracy": np.zeros((len(archs), 1, 1))},
        budgets=(4,),
        repeats=1,
        data="toy",
        parameters=parameters,
        provenance={},
        vertices=vertices,
    )


@pytest.mark.parametrize("space", [SPACE, NASBench101(), WIDE])
@pytest.mark.parametrize("largest", [10**6, 2**40])
def test_every_row_is_the_module_of_the_table(tmp_path, monkeypatch, space, largest):
    monkeypatch.setattr(reader, "_PACKED_SHIFT", 3)
    monkeypatch.setattr(reader, "_PACKED", 8)
    archs = np.array([space.embed(SPACE.graph(arch)) for arch in ARCHS])
    table = made(tmp_path / "toy.arrow", space, archs, np.arange(len(archs)) + largest)
    found = Modules(table, space)
    for row in np.random.default_rng(0).permutation(len(archs)).tolist():
        matrix, operations, parameters = found[row]
        graph = table.modules.graph(row)
        np.testing.assert_array_equal(matrix, graph.matrix)
        assert (matrix.dtype, operations, parameters) == (np.int8, list(graph.labels), largest + row)


def test_unpruned_modules_keep_their_form(tmp_path):
    graph = [[0, 1, 1], [0, 0, 0], [0, 0, 0]]  # a vertex that leads nowhere
    arch = SPACE.embed(SPACE.graph(ARCHS[0]).of(graph, ["input", OPERATIONS[2], "output"]))
    table = made(tmp_path / "toy.arrow", SPACE, arch[None], np.array([7]), np.array([3], np.int8))
    matrix, operations, parameters = Modules(table, SPACE)[0]
    assert (matrix.tolist(), operations, parameters) == (graph, ["input", OPERATIONS[2], "output"], 7)


def test_what_is_given_out_may_be_changed(tmp_path):
    found = Modules(made(tmp_path / "toy.arrow", SPACE, ARCHS, np.arange(len(ARCHS))), SPACE)
    first = found[40]
    before = first[0].copy(), list(first[1])
    first[0][:] = 5
    first[1].clear()
    np.testing.assert_array_equal(found[40][0], before[0])
    assert found[40][1] == before[1]
