"""A module as the published interface specifies it: a matrix and the operations of its vertices."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from os import PathLike
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.compat.nasbench.edges import kept_vertices
from nasbed.compat.nasbench.hashing import SpecHasher
from nasbed.compat.nasbench.lib.graph_util import is_upper_triangular
from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.core.files import put
from nasbed.core.graph import INPUT, OUTPUT, Graph
from nasbed.core.printing import Card, Printed

__all__ = ["Drawing", "ModelSpec", "is_upper_triangular"]

_HASHER = SpecHasher()


class ModelSpec(Printed):
    """A module: pruned, hashable as published, drawable.

    Args:
        matrix: ``(vertices, vertices)``, above the diagonal only: 1 in row i and column j for an edge i → j.
        ops: One operation a vertex; those of the first and the last are ``"input"`` and ``"output"``.
        data_format: ``"channels_last"`` or ``"channels_first"``: how images come to ``model_builder`` and go from it.

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
        try:
            matrix = matrix.copy() if isinstance(matrix, np.ndarray) else np.array(matrix)
        except ValueError:
            raise InvalidArchitecture(f"matrix must have rows of one length, unlike {matrix}") from None
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

    def _card(self) -> Card:
        rows = "/".join("".join(map(str, row)) for row in self.original_matrix.tolist())
        said = "" if self.valid_spec else ", invalid: no path joins input and output"
        return Card(f"ModelSpec({rows}: {', '.join(map(str, self.original_ops))}){said}")

    def hash_spec(self, canonical_ops: Sequence[str]) -> str:
        """Give the published MD5 hash, the same for isomorphic modules.

        Args:
            canonical_ops: The operations in the order of their labels, as in ``config["available_ops"]``.

        Raises:
            InvalidArchitecture: A ``ValueError``: an operation is not among them, or no path joins input and output.
        """
        return _HASHER.hash(*self._pruned(), canonical_ops)

    def graph(self) -> Graph:
        """Give the pruned module as nasbed's graph, whose ends are labelled input and output whatever ops says."""
        matrix, ops = self._pruned()
        return Graph.of(matrix != 0, [INPUT, *ops[1:-1], OUTPUT])

    def visualize(self) -> Drawing:
        """Draw the pruned module; a notebook shows it, and ``render`` writes it to a file."""
        return Drawing(self.graph())

    def _pruned(self) -> tuple[NDArray[Any], list[str]]:
        if self.matrix is None or self.ops is None:
            raise InvalidArchitecture("invalid spec: no path joins input and output")
        return self.matrix, self.ops


class Drawing(Printed):
    """A picture of a graph, in place of the object of the package ``graphviz`` that the published interface gives.

    Args:
        graph: What is drawn.
        format: What ``render`` writes unless it is told otherwise.

    Attributes:
        format: As above; None for ``pdf`` where Graphviz's program ``dot`` is installed, else ``svg``.
    """

    def __init__(self, graph: Graph, format: str | None = None) -> None:
        self.graph, self.format = graph, format

    @property
    def source(self) -> str:
        """The picture in Graphviz's language."""
        return self.graph.dot()

    def render(
        self,
        filename: str | PathLike[str] = "Digraph.gv",
        directory: str | PathLike[str] = "",
        view: bool = False,
        cleanup: bool = False,
        format: str | None = None,
    ) -> str:
        """Write the source to a file and the picture beside it, and return the picture's path, ``filename.format``.

        Args:
            filename: Of the source.
            directory: Where; made if it is not there.
            view: Whether to open the picture, too.
            cleanup: Whether to write the picture alone.
            format: ``svg``, which needs no Graphviz, or another that ``dot`` can write; ``self.format`` if None.

        Raises:
            BadSetting: When the format needs ``dot`` and that is not installed, or does not know it.
        """
        path, program = Path(directory, filename), which("dot")
        kind = format or self.format or ("pdf" if program else "svg")
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = put(path.with_name(f"{path.name}.{kind}"), self._drawn(kind, program))
        if not cleanup:
            put(path, self.source.encode())
        if view:
            import webbrowser

            webbrowser.open(picture.resolve().as_uri())
        return str(picture)

    def _drawn(self, kind: str, program: str | None) -> bytes:
        """Return the content of a picture's file."""
        if kind == "svg":
            return self.graph.svg().encode()
        if program is None:
            raise BadSetting(
                f"writing {kind} needs Graphviz's program dot, which is not installed; install it, or render "
                "format='svg', which needs nothing"
            )
        import subprocess

        done = subprocess.run([program, f"-T{kind}"], input=self.source.encode(), capture_output=True, check=False)
        if done.returncode:
            raise BadSetting(f"dot wrote no {kind}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    def __str__(self) -> str:
        return self.source

    def _repr_svg_(self) -> str:
        return self.graph.svg()

    def _repr_html_(self) -> str:
        return self.graph.svg()


def _copy(ops: Sequence[str]) -> Any:
    return list(ops) if type(ops) is list else copy.deepcopy(ops)


@lru_cache(maxsize=256)
def _kept_places(vertices: int, kept: int) -> tuple[NDArray[np.intp], Callable[[Sequence[str]], tuple[str, ...]]]:
    """Say where in a flat matrix the entries are that pruning keeps, and take the operations that it keeps."""
    members = [v for v in range(vertices) if kept >> v & 1]
    return np.add.outer([v * vertices for v in members], members), itemgetter(*members)
