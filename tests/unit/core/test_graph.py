"""Graphs: values, pruning, and isomorphism against all permutations."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.errors import InvalidArchitecture
from nasbed.core.graph import INPUT, NONE, OUTPUT, Graph


@st.composite
def graphs(draw, fewest=2, most=5):
    n = draw(st.integers(fewest, most))
    matrix = [[draw(st.integers(0, 1)) if i < j else 0 for j in range(n)] for i in range(n)]
    return Graph.of(matrix, [INPUT, *(draw(st.sampled_from("ab")) for _ in range(n - 2)), OUTPUT])


def isomorphic_by_trying(one, other):
    if one.vertices != other.vertices:
        return False
    everything = range(one.vertices)
    return any(
        all(one.labels[v] == other.labels[order[v]] for v in everything)
        and all(one.adjacency[u][v] == other.adjacency[order[u]][order[v]] for u in everything for v in everything)
        for order in permutations(everything)
    )


@given(graphs(4, 4), graphs(4, 4))
def test_isomorphic_is_what_some_permutation_shows(one, other):
    assert one.isomorphic(other) == isomorphic_by_trying(one, other)


@given(graphs(), st.randoms())
def test_a_renumbered_graph_is_isomorphic(graph, random):
    order = []
    while len(order) < graph.vertices:
        order.append(
            random.choice(
                [v for v in range(graph.vertices) if v not in order and set(graph.predecessors(v)) <= set(order)]
            )
        )
    assert graph.permuted(order).isomorphic(graph)


def test_equal_degrees_do_not_make_graphs_isomorphic():
    two_threes = Graph.of(_undirected([(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5)]), ["a"] * 6)
    one_six = Graph.of(_undirected([(0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 5)]), ["a"] * 6)
    assert not two_threes.isomorphic(one_six)


def _undirected(edges):
    return [[int((i, j) in edges) for j in range(6)] for i in range(6)]


@given(graphs())
def test_without_none_live_is_what_pruning_keeps(graph):
    pruned = graph.pruned()
    assert [graph.labels[v] for v in sorted(graph.live)] == list(() if pruned is None else pruned.labels)


@given(graphs(), st.integers(1, 3))
def test_none_cuts_every_path_through_it(graph, place):
    if place >= graph.vertices - 1:
        return
    labels = [NONE if v == place else label for v, label in enumerate(graph.labels)]
    cut = [[there * (place not in (u, v)) for v, there in enumerate(row)] for u, row in enumerate(graph.adjacency)]
    assert Graph.of(graph.matrix, labels).live == Graph.of(cut, graph.labels).live


@given(graphs())
def test_pruning_keeps_exactly_what_is_on_a_path(graph):
    pruned = graph.pruned()
    paths = _paths(graph, [0])
    on_a_path = sorted({v for path in paths for v in path})
    if not paths:
        assert pruned is None
    else:
        assert pruned.labels == tuple(graph.labels[v] for v in on_a_path)
        assert pruned.adjacency == tuple(tuple(graph.adjacency[u][v] for v in on_a_path) for u in on_a_path)


def _paths(graph, path):
    if path[-1] == graph.vertices - 1:
        return [path]
    return [whole for w in graph.successors(path[-1]) for whole in _paths(graph, [*path, w])]


@pytest.mark.parametrize(
    ("matrix", "labels", "complaint"),
    [
        ([[0, 1]], ["a"], "square"),
        ([[0, 1], [0]], ["a", "b"], "different lengths"),
        ([[0, 1], [0, 0]], ["a"], "as many labels"),
        ([[0, 2], [0, 0]], ["a", "b"], "only 0 and 1"),
        ([[0, 0], [1, 0]], ["a", "b"], "upper triangular"),
        ([[1, 1], [0, 0]], ["a", "b"], "zero diagonal"),
    ],
)
def test_what_is_no_graph_says_why(matrix, labels, complaint):
    with pytest.raises(InvalidArchitecture, match=complaint):
        Graph.of(matrix, labels)
