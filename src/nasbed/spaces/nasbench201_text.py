"""The ways in which a cell of NAS-Bench-201 is written.

The arch string names the operations into each node and where they come from, ``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|``.
NATS-Bench and AutoDL-Projects print it as ``Structure(4 nodes with …)``, or nest ``(operation, source)`` in a sequence
for each node. NASLib writes six numbers, with other orders of edges and operations.

Reference: ``TopologyStructure`` in https://github.com/D-X-Y/NATS-Bench; ``conversions.py`` of the NAS-Bench-201 space
in https://github.com/automl/NASLib
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from typing import Any

from nasbed.core.errors import InvalidArchitecture

EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""From which node to which each decision leads, in the order of the arch string."""

_NODES = 4
_NASLIB_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
_NASLIB_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
_PRINTED = re.compile(r"\w*Structure\(4 nodes with (.*)\)", re.DOTALL)
_TERM = re.compile(r"\s*(\w+)\s*~\s*([0-9])\s*")
_LONGEST = 1_000  # characters, far more than any cell takes: Python reads long texts for long, and deep ones not at all


def text_of(operations: Sequence[str]) -> str:
    """Write the arch string of six operations.

    >>> text_of(["nor_conv_3x3", "none", "skip_connect", "none", "none", "nor_conv_1x1"])
    '|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|'
    """
    nodes: list[str] = []
    for operation, (source, target) in zip(operations, EDGES, strict=True):
        if target > len(nodes):
            nodes.append("|")
        nodes[-1] += f"{operation}~{source}|"
    return "+".join(nodes)


def operations_of(text: str) -> list[str]:
    """Read six operations, in the order of ``EDGES``, from any of the ways to write a cell.

    Raises:
        InvalidArchitecture: When the text is none of them, or an edge is missing or named twice.
    """
    text = text.strip()
    printed = _PRINTED.fullmatch(text)
    if printed is not None:
        text = printed[1].strip()
    if text.startswith("|") and text.endswith("|"):
        return _of_nodes(_terms(text))
    if text[:1] in ("(", "[") and len(text) <= _LONGEST:
        return _of_nested(text)
    raise _not_a_cell(text)


def _terms(text: str) -> Iterable[list[tuple[str, int]]]:
    """Go through the nodes of an arch string."""
    for node in text.split("+"):
        matches = [_TERM.fullmatch(term) for term in node.strip().strip("|").split("|")]
        yield [(match[1], int(match[2])) if match is not None else _fail(text) for match in matches]


def _of_nested(text: str) -> list[str]:
    """Read nested sequences of operations and sources, or NASLib's numbers."""
    try:
        found = ast.literal_eval(text)
        is_flat = all(type(number) is int for number in found)
        nodes = [] if is_flat else [[(name, source) for name, source in node] for node in found]
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise _not_a_cell(text) from None
    return _of_naslib(found, text) if is_flat else _of_nodes(nodes)


def _of_naslib(numbers: Sequence[int], text: str) -> list[str]:
    if len(numbers) != len(EDGES) or not all(0 <= number < len(_NASLIB_OPERATIONS) for number in numbers):
        raise InvalidArchitecture(
            f"{text!r} is not a cell: NASLib writes six numbers from 0 to {len(_NASLIB_OPERATIONS) - 1}"
        )
    names = {edge: _NASLIB_OPERATIONS[number] for edge, number in zip(_NASLIB_EDGES, numbers, strict=True)}
    return [names[edge] for edge in EDGES]


def _of_nodes(nodes: Iterable[Sequence[tuple[str, int]]]) -> list[str]:
    """Put the operations into the order of ``EDGES``; each edge has one."""
    found: dict[tuple[int, int], str] = {}
    for target, terms in enumerate(nodes, 1):
        for operation, source in terms:
            if (source, target) not in EDGES:
                raise InvalidArchitecture(f"a cell of {_NODES} nodes has no edge {source}→{target}")
            if (source, target) in found:
                raise InvalidArchitecture(f"the edge {source}→{target} has two operations; it takes one")
            found[source, target] = operation
    for source, target in EDGES:
        if (source, target) not in found:
            raise InvalidArchitecture(f"the edge {source}→{target} has no operation; write none~{source} for no edge")
    return [found[edge] for edge in EDGES]


def _fail(text: str) -> Any:
    raise _not_a_cell(text)


def _not_a_cell(text: str) -> InvalidArchitecture:
    shown = text if len(text) <= 120 else f"{text[:117]}…"
    return InvalidArchitecture(
        f"{shown!r} is not a cell of NAS-Bench-201; write |op~0|+|op~0|op~1|+|op~0|op~1|op~2|, a nested tuple of such "
        "(op, node) pairs, NASLib's six numbers (0, 1, 2, 3, 4, 0), or the official index"
    )
