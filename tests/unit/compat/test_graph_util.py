"""graph_util: what the published functions of this name say of any labelled directed graph."""

import json
from itertools import permutations

import numpy as np
import pytest
from compat import plain
from hypothesis import given
from hypothesis import strategies as st

from nasbed.compat.nasbench.lib import graph_util, model_spec
from nasbed.core.errors import InvalidArchitecture


@st.composite
def graphs(draw, most=8, entries=(0, 1)):
    """Any digraph, with loops and cycles, and labels of few kinds."""
    n = draw(st.integers(1, most))
    matrix = np.array(draw(st.lists(st.sampled_from(entries), min_size=n * n, max_size=n * n))).reshape(n, n)
    return matrix, draw(st.lists(st.integers(-2, 1), min_size=n, max_size=n))


def of_edges(vertices, *edges):
    matrix = np.zeros((vertices, vertices), int)
    for source, target in edges:
        matrix[source, target] = 1
    return matrix


CUBE = of_edges(8, *[(v, v ^ bit) for v in range(8) for bit in (1, 2, 4)])
CUBE_IN_HALVES = of_edges(8, *[(i, 4 + j) for i in range(4) for j in range(4) if i != j])
CUBE_IN_HALVES = CUBE_IN_HALVES + CUBE_IN_HALVES.T
TRIANGLES = of_edges(6, *[(v, (v + 1) % 3) for v in range(3)], *[(3 + v, 3 + (v + 1) % 3) for v in range(3)])
RING = of_edges(6, *[(v, (v + 1) % 6) for v in range(6)])


# ── edges as bits ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("vertices", [2, 3, 4, 7])
def test_every_bit_is_the_edge_of_its_place(vertices):
    """Column by column, the lowest bit first, whatever the size of the matrix."""
    places = [(x, y) for y in range(1, 8) for x in range(y)]
    for bit, (x, y) in enumerate(places):
        expected = of_edges(8, (x, y))[:vertices, :vertices]
        found = np.fromfunction(graph_util.gen_is_edge_fn(1 << bit), (vertices, vertices), dtype=np.int8)
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == np.int64  # as JSON has it, in the published generator's file


def test_bits_may_be_more_than_a_machine_word_has():
    assert graph_util.gen_is_edge_fn(1 << 200)(10, 20) == 1
    assert graph_util.gen_is_edge_fn(1 << 200)(np.array([10, 20], np.int8), np.array([20, 10], np.int8)).tolist() == [
        1,
        0,
    ]


# ── shape ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(1, 6).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, 2 ** (n * (n - 1) // 2) - 1))))
def test_a_dag_is_full_when_pruning_takes_nothing(drawn):
    vertices, bits = drawn
    matrix = np.fromfunction(graph_util.gen_is_edge_fn(bits), (vertices, vertices), dtype=np.int8)
    pruned, _ = plain.prune(matrix, list(range(vertices)))
    full = vertices == 1 or (pruned is not None and len(pruned) == vertices)
    assert graph_util.is_full_dag(matrix) is full
    assert graph_util.is_full_dag(matrix.tolist()) is full
    assert graph_util.num_edges(matrix) == bin(bits & ~(~0 << vertices * (vertices - 1) // 2)).count("1")


@given(graphs(5, (0, 0, 0, 1, -2)))
def test_upper_triangular_is_zero_on_the_diagonal_and_below(graph):
    matrix, _ = graph
    expected = all(matrix[x, y] == 0 for x in range(len(matrix)) for y in range(x + 1))
    assert graph_util.is_upper_triangular(matrix) is expected
    assert model_spec.is_upper_triangular is graph_util.is_upper_triangular


# ── the hash ──────────────────────────────────────────────────────────────────────────────────────────────────────


@given(graphs(20), st.randoms())
def test_hashes_are_the_plain_ones_under_any_numbering(graph, random):
    matrix, labels = graph
    order = random.sample(range(len(labels)), len(labels))
    digest = plain.hash_module(matrix, labels)
    assert graph_util.hash_module(matrix, labels) == digest
    assert graph_util.hash_module(*graph_util.permute_graph(matrix, labels, order)) == digest
    assert graph_util.hash_module(matrix.astype(bool), np.array(labels)) == digest


def test_hashes_are_those_of_the_published_generator(shared_data):
    found = json.loads((shared_data / "nasbench101" / "generated_graphs_5V9E.json").read_text())
    some = list(found.items())[::25]
    assert len(some) > 100
    for digest, (matrix, labels) in some:
        assert graph_util.hash_module(np.array(matrix), labels) == digest


@given(graphs(5, (0, 1, 3, -1)))
def test_other_entries_count_in_degrees_as_what_they_are(graph):
    matrix, labels = graph
    assert graph_util.hash_module(matrix, labels) == plain.hash_module(matrix, labels)
    # Unlike the published code, which spells 1.0 otherwise than 1, whole numbers are taken for integers.
    halves = matrix / 2 if (matrix % 2).any() else matrix // 2
    assert graph_util.hash_module(matrix / 2, labels) == plain.hash_module(halves, labels)


def test_labels_may_be_words():
    assert graph_util.hash_module(RING, list("abcdef")) == plain.hash_module(RING, list("abcdef"))


PATH = of_edges(5, (0, 1), (1, 2), (2, 3), (3, 4))
ACROSS = of_edges(4, (0, 1), (0, 3), (1, 2), (2, 3))
FAN = of_edges(7, (0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (2, 6), (3, 5), (4, 5), (5, 6))
REGULAR = of_edges(8, (0, 1), (1, 2), (1, 3), (1, 6), (2, 4), (2, 5), (3, 4), (3, 5), (4, 6), (5, 6), (6, 7))
OTHER = of_edges(8, (0, 1), (1, 2), (1, 3), (1, 5), (2, 4), (2, 6), (3, 4), (3, 5), (4, 6), (5, 6), (6, 7))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((PATH, [-1, 1, 0, 0, -2]), (PATH, [-1, 0, 0, 1, -2])),  # alike without a vertex's own colour
        ((ACROSS, [-1, 1, 0, -2]), (ACROSS, [-1, 0, 1, -2])),  # alike without directions
        ((FAN, [-1, 1, 0, 0, 0, 0, -2]), (FAN, [-1, 0, 0, 0, 1, 0, -2])),  # alike by out-neighbours alone
        ((REGULAR, [-1, *[1] * 6, -2]), (OTHER, [-1, *[1] * 6, -2])),  # of the same degrees
    ],
)
def test_what_differs_is_told_apart(one, other):
    assert graph_util.hash_module(*one) != graph_util.hash_module(*other)
    assert not graph_util.is_isomorphic(one, other)


# ── numbering ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_vertex_goes_where_the_permutation_says():
    matrix = np.array([[1, 1, 0], [0, 0, 1], [1, 0, 1]])
    found, labels = graph_util.permute_graph(matrix, ["a", "b", "c"], [2, 0, 1])
    assert labels == ["b", "c", "a"]
    np.testing.assert_array_equal(found, [[0, 1, 0], [0, 1, 1], [1, 0, 1]])
    for v, w in permutations(range(3), 2):
        assert found[[2, 0, 1][v], [2, 0, 1][w]] == matrix[v, w]


@given(graphs(6), st.randoms())
def test_isomorphic_is_what_some_permutation_makes_equal(graph, random):
    matrix, labels = graph
    order = random.sample(range(len(labels)), len(labels))
    same = graph_util.permute_graph(matrix, labels, order)
    assert graph_util.is_isomorphic((matrix, labels), same)
    changed = np.array(same[0], int)
    changed[random.randrange(len(labels)), random.randrange(len(labels))] ^= 1
    equal = any(
        np.array_equal(found, changed) and names == same[1]
        for found, names in (graph_util.permute_graph(matrix, labels, p) for p in permutations(range(len(labels))))
    )
    assert graph_util.is_isomorphic((matrix.tolist(), labels), (changed, same[1])) is equal


def test_regular_graphs_are_tried_vertex_by_vertex():
    """Refinement alone tells none of their vertices apart."""
    alike = [0] * 8
    assert graph_util.is_isomorphic((CUBE, alike), (CUBE_IN_HALVES, alike))
    halves = [1, 1, 1, 1, 2, 2, 2, 2]
    parity = [1 + bin(v).count("1") % 2 for v in range(8)]
    assert graph_util.is_isomorphic((CUBE, parity), (CUBE_IN_HALVES, halves))
    assert not graph_util.is_isomorphic((CUBE, halves), (CUBE_IN_HALVES, halves))
    assert not graph_util.is_isomorphic((TRIANGLES, [0] * 6), (RING, [0] * 6))
    assert graph_util.hash_module(TRIANGLES, [0] * 6) == graph_util.hash_module(RING, [0] * 6)  # the hash is fooled


@pytest.mark.parametrize(
    "call",
    [
        lambda: graph_util.hash_module(RING, [0] * 5),
        lambda: graph_util.hash_module(RING[:5], [0] * 6),
        lambda: graph_util.permute_graph(RING, [0] * 6, [0, 1, 2, 3, 4, 4]),
        lambda: graph_util.permute_graph(RING, [0] * 6, [0, 1, 2]),
        lambda: graph_util.is_isomorphic((RING, [0] * 6), (PATH, [0] * 5)),
    ],
)
def test_what_does_not_fit_together_is_refused(call):
    with pytest.raises(InvalidArchitecture, match=r"labels need|permutation|of one size"):
        call()
