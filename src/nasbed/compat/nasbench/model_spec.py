"""A module as the published interface specifies it: a matrix and the operations of its vertices."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.compat.nasbench.edges import kept_vertices
from nasbed.core.errors import InvalidArchitecture
from nasbed.core.graph import INPUT, OUTPUT, Graph
from nasbed.spaces.module_hash import module_hash


class ModelSpec:
    """A module: pruned, hashable as published, drawable.

    Args:
        matrix: ``(vertices, vertices)``, above the diagonal only: 1 in row i and column j for an edge i → j.
        ops: One operation a vertex; those of the first and the last are ``"input"`` and ``"output"``.
        data_format: ``"channels_last"`` or ``"channels_first"``; kept, and read by nothing here.

    Attributes:
        original_matrix: A copy of what was given.
        original_ops: A copy of what was given.
        matrix: What pruning left; None when no path joins input and output.
        ops: What pruning left; None when no path joins input and output.
        valid_spec: Whether a path does.

    Raises:
        InvalidArchitecture: A ``ValueError``: the matrix is not square, not upper triangular, or does not fit the ops.
    """

    matrix: NDArray[Any] | None
    ops: list[str] | None

    def __init__(
        self, matrix: NDArray[Any] | Sequence[Sequence[int]], ops: Sequence[str], data_format: str = "channels_last"
    ) -> None:
        matrix = matrix.copy() if isinstance(matrix, np.ndarray) else np.array(matrix)
        shape = matrix.shape
        if len(shape) != 2 or shape[0] != shape[1]:
            raise InvalidArchitecture(f"matrix must be square, not of shape {shape}")
        vertices = shape[0]
        if vertices != len(ops):
            raise InvalidArchitecture(
                f"length of ops must match matrix dimensions: {vertices} vertices, {len(ops)} operations"
            )
        kept = kept_vertices(matrix)
        self.original_matrix = matrix
        self.original_ops = _copy(ops)
        self.data_format = data_format
        self.valid_spec = kept != 0
        if not kept:
            self.matrix = self.ops = None
        elif kept == (1 << vertices) - 1:
            self.matrix, self.ops = matrix.copy(), _copy(ops)
        else:
            places, operations_of = _kept_places(vertices, kept)
            self.matrix, self.ops = matrix.take(places), list(operations_of(ops))

    def hash_spec(self, canonical_ops: Sequence[str]) -> str:
        """Give the published MD5 hash, the same for isomorphic modules.

        Args:
            canonical_ops: The operations in the order of their labels, as in ``config["available_ops"]``.

        Raises:
            InvalidArchitecture: A ``ValueError``: an operation is not among them, or no path joins input and output.
        """
        matrix, ops = self._pruned()
        for op in ops[1:-1]:
            if op not in canonical_ops:
                raise InvalidArchitecture(f"{op!r} is not among the operations {list(canonical_ops)}")
        labels = [-1, *(canonical_ops.index(op) for op in ops[1:-1]), -2]
        return module_hash(matrix, labels)

    def graph(self) -> Graph:
        """Give the pruned module as nasbed's graph, whose ends are labelled input and output whatever ops says."""
        matrix, ops = self._pruned()
        return Graph.of(matrix != 0, [INPUT, *ops[1:-1], OUTPUT])

    def visualize(self) -> Drawing:
        """Draw the pruned module; a notebook shows it, and ``source`` is Graphviz's text for it."""
        return Drawing(self.graph())

    def _pruned(self) -> tuple[NDArray[Any], list[str]]:
        if self.matrix is None or self.ops is None:
            raise InvalidArchitecture("invalid spec: no path joins input and output")
        return self.matrix, self.ops


@dataclass(frozen=True)
class Drawing:
    """A picture of a graph, in place of the object of the package ``graphviz`` that the published interface gives."""

    graph: Graph

    @property
    def source(self) -> str:
        """The picture in Graphviz's language."""
        return self.graph.dot()

    def __str__(self) -> str:
        return self.source

    def _repr_svg_(self) -> str:
        return self.graph.svg()


def _copy(ops: Sequence[str]) -> Any:
    return list(ops) if type(ops) is list else copy.deepcopy(ops)


@lru_cache(maxsize=256)
def _kept_places(vertices: int, kept: int) -> tuple[NDArray[np.intp], Callable[[Sequence[str]], tuple[str, ...]]]:
    """Say where in a flat matrix the entries are that pruning keeps, and take the operations that it keeps."""
    members = [v for v in range(vertices) if kept >> v & 1]
    return np.add.outer([v * vertices for v in members], members), itemgetter(*members)
