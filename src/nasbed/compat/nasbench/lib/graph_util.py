"""Labelled directed graphs as the published code treats them: any square matrix, cycles and loops included.

Only ``is_full_dag`` and ``gen_is_edge_fn`` are about modules, whose edges lead from lower to higher vertices.

Reference: Ying et al., ICML 2019, https://github.com/google-research/nasbench, ``nasbench/lib/graph_util.py``
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.core.errors import InvalidArchitecture
from nasbed.core.graph import isomorphic
from nasbed.spaces.module_hash import module_hash

LabelledGraph = tuple[ArrayLike, Sequence[Hashable]]
"""An adjacency matrix, ``(vertices, vertices)``, and one label a vertex."""


def gen_is_edge_fn(bits: int) -> Callable[[Any, Any], NDArray[np.int64]]:
    """Return a function of rows and columns that is 1 where a module's matrix has an edge, for ``np.fromfunction``.

    Args:
        bits: The edges as a number of any size: edge x → y (x < y) in bit ``x + y(y−1)/2``, the lowest first, so that
            the vertices beyond the last edge do not matter.
    """
    return np.vectorize(lambda x, y: bits >> x + y * (y - 1) // 2 & 1 if x < y else 0, otypes=[np.int64])


def is_full_dag(matrix: ArrayLike) -> bool:
    """Say whether every vertex of an upper triangular matrix is on a path from the first to the last.

    So it is when every vertex but the last leads somewhere, and one leads to every vertex but the first.
    """
    edges = np.asarray(matrix) != 0
    return bool(edges[:-1].any(axis=1).all() and edges[:, 1:].any(axis=0).all())


def num_edges(matrix: ArrayLike) -> int:
    """Return the sum of a matrix's entries."""
    total: int = np.asarray(matrix).sum().item()
    return total


def hash_module(matrix: ArrayLike, labeling: Sequence[Any]) -> str:
    """Return the published MD5 hash of a graph, in hexadecimal: the same for isomorphic graphs.

    Args:
        matrix: 1 in row i and column j for an edge i → j. It is hashed as it is, without pruning.
        labeling: One label a vertex; of modules −1 for the input, −2 for the output, and operations from 0.

    Raises:
        InvalidArchitecture: A ``ValueError``: the matrix is not square, or does not fit the labels.
    """
    edges = _square(matrix, labeling)
    return module_hash(edges, [label.item() if isinstance(label, np.generic) else label for label in labeling])


def permute_graph(
    graph: ArrayLike, label: Sequence[Any], permutation: Sequence[int]
) -> tuple[NDArray[np.bool_], list[Any]]:
    """Return a graph under other numbers: its vertex v becomes vertex ``permutation[v]``.

    Args:
        graph: The matrix; only its ones are edges.
        label: One label a vertex.
        permutation: The new number of each vertex.

    Raises:
        InvalidArchitecture: A ``ValueError``: matrix, labels and permutation do not fit together, or a number is there
            twice.
    """
    edges, order = _square(graph, label), np.argsort(permutation)
    if not np.array_equal(np.asarray(permutation)[order], np.arange(len(edges))):
        raise InvalidArchitecture(f"a permutation of {len(edges)} vertices has each number below it once")
    return edges[np.ix_(order, order)] == 1, [label[vertex] for vertex in order]


def is_isomorphic(graph1: LabelledGraph, graph2: LabelledGraph) -> bool:
    """Say exactly whether two graphs, each a matrix and its labels, are one but for the numbers of their vertices.

    Any vertex may become any other of the same label, input and output included.

    Raises:
        InvalidArchitecture: A ``ValueError``: a matrix is not square, does not fit its labels, or the two differ in
            size.
    """
    (first, labels), (second, others) = ((_square(matrix, labels), labels) for matrix, labels in (graph1, graph2))
    if first.shape != second.shape:
        raise InvalidArchitecture(f"graphs of {len(first)} and {len(second)} vertices; compare those of one size")
    return isomorphic((first == 1).tolist(), labels, second.tolist(), others)


def is_upper_triangular(matrix: ArrayLike) -> bool:
    """Say whether a matrix is 0 on its diagonal and below."""
    return not np.tril(np.asarray(matrix) != 0).any()


def _square(matrix: ArrayLike, labels: Sequence[Any]) -> NDArray[Any]:
    """Return a matrix as an array; see that it is square and has as many rows as there are labels."""
    found = np.asarray(matrix)
    if found.shape != (len(labels), len(labels)):
        raise InvalidArchitecture(f"{len(labels)} labels need a square matrix of as many rows, not {found.shape}")
    return found
