"""Cells of the topology space as the published code writes them: strings, lists of tuples, matrices, structures.

Node 0 is the input. Every other node is a tuple of ``(operation, earlier node)``, the sum of which it is; in the
string nodes are joined by ``+`` and their inputs by ``|``:
``|nor_conv_1x1~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|``.

Reference: https://github.com/D-X-Y/NATS-Bench, ``nats_bench/genotype_utils.py``
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import InvalidArchitecture
from nasbed.core.printing import Shown

Node = tuple[tuple[str, int], ...]
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
_ZERO = "#"


def str2lists(arch_str: str) -> list[Node]:
    """Read a string: for each node after the input, its ``(operation, earlier node)``.

    Raises:
        InvalidArchitecture: A ``ValueError``: when it is not written as cells are.
    """
    return [tuple(_edge(text) for text in node.split("|") if text) for node in arch_str.split("+")]


def str2matrix(arch_str: str, search_space: Sequence[str] = OPERATIONS) -> NDArray[np.float64]:
    """Read a string into a matrix: row i has at j the number of the operation from node j to node i, 0 elsewhere.

    Args:
        arch_str: The cell.
        search_space: The operations in the order of their numbers.

    Raises:
        InvalidArchitecture: A ``ValueError``: when it is not written as cells are, or has another operation.
    """
    nodes = str2lists(arch_str)
    names = list(search_space)
    matrix = np.zeros((len(nodes) + 1, len(nodes) + 1))
    for row, node in enumerate(nodes, start=1):
        for operation, earlier in node:
            if operation not in names:
                raise InvalidArchitecture(f"this op ({operation}) is not in {names}")
            matrix[row, earlier] = names.index(operation)
    return matrix


def topology_str2structure(xstr: str | TopologyStructure) -> TopologyStructure:
    """Read a string into a structure; a structure is given back."""
    return TopologyStructure.str2structure(xstr)


@dataclass(frozen=True, init=False)
class TopologyStructure(Shown):
    """A cell, node by node; ``len`` counts the input, too.

    Attributes:
        nodes: For each node after the input, its ``(operation, earlier node)``.
    """

    nodes: tuple[Node, ...]

    def __init__(self, genotype: Sequence[Sequence[tuple[str, int]]]) -> None:
        nodes = tuple(tuple((str(operation), int(earlier)) for operation, earlier in node) for node in genotype)
        for at, node in enumerate(nodes):
            if not node or not all(0 <= earlier <= at for _, earlier in node):
                raise InvalidArchitecture(f"node {at + 1} is {node}; it needs inputs, from nodes 0 to {at} alone")
        object.__setattr__(self, "nodes", nodes)

    @staticmethod
    def str2structure(xstr: str | TopologyStructure) -> TopologyStructure:
        """Read a string into a structure; a structure is given back."""
        return xstr if isinstance(xstr, TopologyStructure) else TopologyStructure(str2lists(xstr))

    def __len__(self) -> int:
        return len(self.nodes) + 1

    def __getitem__(self, index: int) -> Node:
        return self.nodes[index]

    def tostr(self) -> str:
        """Write the string."""
        return "+".join("|" + "|".join(f"{op}~{earlier}" for op, earlier in node) + "|" for node in self.nodes)

    def check_valid(self) -> bool:
        """Say whether anything of the input reaches the last node."""
        alive = [True]
        for node in self.nodes:
            alive.append(any(operation != "none" and alive[earlier] for operation, earlier in node))
        return alive[-1]

    def to_unique_str(self, consider_zero: bool | None = False) -> str:
        """Write what the last node computes, so that cells which compute the same by the published rule agree.

        A node is the sorted sum of its inputs; an input is what its node is, with ``@operation`` behind it.

        Args:
            consider_zero: True: a skip is its input itself and what is surely nothing is ``#`` (the published 6,466
                classes); False: only skips are left out; None: every operation is written.
        """
        written = ["0"]
        for node in self.nodes:
            terms = [_term(written[earlier], operation, consider_zero) for operation, earlier in node]
            written.append("+".join(sorted(terms)))
        return written[-1]


def _term(source: str, operation: str, consider_zero: bool | None) -> str:
    if consider_zero and (operation == "none" or source == _ZERO):
        return _ZERO
    if consider_zero is not None and operation == "skip_connect":
        return source
    return f"({source})@{operation}"


def _edge(text: str) -> tuple[str, int]:
    operation, _, earlier = text.partition("~")
    if not earlier.isdigit():
        raise InvalidArchitecture(f"{text!r} is not an operation~node, as in 'nor_conv_3x3~0'")
    return operation, int(earlier)
