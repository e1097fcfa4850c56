"""The published hash of a module: the same for isomorphic graphs, and exact to the bit.

Colours start from degrees and label and are refined by the sorted colours of both neighbourhoods, as often as there
are vertices. Within NAS-Bench-101 different modules never share a hash; among larger graphs some do.

Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635, after Ying, "Enumerating Unique Computational
Graphs via an Iterative Graph Invariant", 2019, https://arxiv.org/abs/1902.06192
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import md5
from typing import Any

import numpy as np
from numpy.typing import NDArray


def module_hash(matrix: NDArray[Any] | Sequence[Sequence[int]], labels: Sequence[Any]) -> str:
    """Give the MD5 hash of a labelled directed graph in hexadecimal.

    Args:
        matrix: 1 in row i and column j for an edge i → j. It is hashed as it is, cycles and all; pruning is up to the
            caller. Other entries than 0 and 1 are edges, too, but count in degrees as what they are; 1.0 is 1.
        labels: One label a vertex, Python's own values: of modules −1 for input, −2 for output, operations from 0.

    >>> module_hash([[0, 1], [0, 0]], [-1, -2])
    '043721b9c7fe8c5fad811d47d83132ec'
    """
    edges = np.asarray(matrix)
    if edges.dtype.kind not in "iu" and (edges == (whole := edges.astype(np.int64))).all():
        edges = whole  # of 1.0 the published text would be another
    leaving, arriving = edges.sum(axis=1).tolist(), edges.sum(axis=0).tolist()
    rows = edges.tolist()
    out_of = [[w for w, edge in enumerate(row) if edge] for row in rows]
    into: list[list[int]] = [[] for _ in rows]
    for v, targets in enumerate(out_of):
        for w in targets:
            into[w].append(v)
    colours = [_md5(str(start)) for start in zip(leaving, arriving, labels, strict=True)]
    for _ in labels:
        colours = [
            _md5(f"{_together(colours, into[v])}|{_together(colours, out_of[v])}|{colour}")
            for v, colour in enumerate(colours)
        ]
    return _md5(str(sorted(colours)))


def _together(colours: list[str], neighbours: list[int]) -> str:
    if len(neighbours) == 1:
        return colours[neighbours[0]]
    return "".join(sorted([colours[v] for v in neighbours]))


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
