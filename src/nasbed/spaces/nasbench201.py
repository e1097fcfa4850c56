"""NAS-Bench-201: cells of four nodes with one of five operations on each of their six edges.

Reference: Dong and Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search", ICLR 2020,
https://arxiv.org/abs/2001.00326; it is the topology space of NATS-Bench, https://arxiv.org/abs/2009.00437
"""

from __future__ import annotations

import ast
import random
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import InvalidArchitecture
from nasbed.core.records import Archs
from nasbed.spaces.edge_cells import EDGES, NODES, EdgeCells
from nasbed.spaces.expression import Expression
from nasbed.spaces.notation import op, seq

_NASLIB_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))

_NASLIB_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")

_PRINTED = re.compile(r"\w*Structure\(4 nodes with (.*)\)", re.DOTALL)

_TERM = re.compile(r"\s*(\w+)\s*~\s*([0-9])\s*")

_LONGEST = 1_000  # characters, far more than any cell takes: Python reads long texts for long, and deep ones not at all

_CELL_INPUT, _ZERO = "0", "#"

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
"""In the order of their numbers 0 to 4, which is the published one."""

_SHUFFLE_SEED = 88  # of exps/NAS-Bench-201/main.py in https://github.com/D-X-Y/AutoDL-Projects, with "do not change"
_ORDER_CHECKSUM = 0x1B65BFCD  # CRC-32 of the order as little-endian 16-bit numbers


class NASBench201(EdgeCells):
    """Cells of four nodes, an operation on each edge: the 15,625 of NAS-Bench-201, and of NATS-Bench's topology space.

    A row is the operation on the edges 0→1, 0→2, 1→2, 0→3, 1→3, 2→3, the order of the arch string
    ``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|``, each the position in ``OPERATIONS``. Nodes add up what reaches them; node 0
    is the cell's input, node 3 its output.

    ``index`` is the official index, since each string was trained itself. ``key`` follows the published rule of
    equality, which leaves 6,466 of them (``unique_string``).
    """

    name = "nasbench201"
    operations = OPERATIONS

    @cached_property
    def expression(self) -> Expression:  # type: ignore[override]
        """One cell, used in three stages of five, with a reduction between."""
        cell = self.cell
        stem, reduction, head = op("stem", channels=16), op("reduction"), op("head", norm=True)
        return seq(stem, *[cell] * 5, reduction, *[cell] * 5, reduction, *[cell] * 5, head)

    @property
    def order(self) -> NDArray[np.int64]:
        """The codes in the official order, ``(15625,)``: ascending, and then shuffled as Python does from seed 88."""
        return _official_order()

    @property
    def representatives(self) -> NDArray[np.int64]:
        """For each index the smallest index with the same unique string, ``(15625,)``."""
        return _representatives()

    @cached_property
    def mutation_chances(self) -> NDArray[np.float64]:
        """How likely a mutation makes each of ``moves``: a node, one of its inputs, another operation, as published.

        So the edge 0→1 changes once in three times, and each of the three into node 3 once in nine.
        """
        target = np.array([node for _, node in EDGES])[self.moves[:, 0]]
        return 1.0 / (3.0 * target * (len(OPERATIONS) - 1.0))

    def unique_string(self, arch: Archs) -> str:
        """Write the expression that the published rule of equality compares: NATS-Bench's ``get_unique_str``."""
        return unique_string(self.names_of(arch))

    def facts(self, arch: Archs) -> Mapping[str, Any]:
        """Give the official index of one cell, its unique string, how many share it, and the first index of these."""
        text = self.unique_string(arch)
        (index,) = self.index(np.asarray(arch)[None]).tolist()
        first = int(self.representatives[index])
        equal = int((self.representatives == first).sum())
        return {"index": index, "unique string": text, "equal cells": equal, "first of them": first}

    # ── between rows, graphs and text ─────────────────────────────────────────────────────────────────────────

    def parse(self, text: str) -> Archs:
        """Read a cell from its arch string, or as NATS-Bench, AutoDL-Projects and NASLib print it, or from its index.

        ``|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|none~2|`` alone or within ``Structure(4 nodes
        with …)``; ``((('nor_conv_3x3', 0),), (…), (…))``; NASLib's six numbers ``(2, 2, 0, 1, 1, 1)``, whose edges and
        operations are in another order (see ``text_of``); ``1459`` or ``#1459``.
        """
        numbered = self.numbered(text)
        return self.row_of(operations_of(text)) if numbered is None else numbered

    def format(self, arch: Archs) -> str:
        """Write the arch string."""
        return text_of(self.names_of(arch))


@cache
def _official_order() -> NDArray[np.int64]:
    codes = list(range(len(OPERATIONS) ** len(EDGES)))
    random.Random(_SHUFFLE_SEED).shuffle(codes)
    order = np.array(codes, np.int64)
    if zlib.crc32(order.astype("<i2").tobytes()) != _ORDER_CHECKSUM:
        raise RuntimeError("this Python shuffles otherwise than those before it, so the official order is not known")
    return order


@cache
def _representatives() -> NDArray[np.int64]:
    texts, first = unique_strings(OPERATIONS), dict[str, int]()
    in_order = [texts[code] for code in _official_order().tolist()]
    return np.array([first.setdefault(text, index) for index, text in enumerate(in_order)], np.int64)


def unique_string(operations: Sequence[str]) -> str:
    """Write the expression of a cell as published: cells that its authors count as one read the same.

    A node is the sum of its inputs' terms, sorted and with plus signs between. The term of an operation is
    ``(source)@operation``; of ``skip_connect``, the source itself; of ``none`` and of a source that is zero, zero:
    ``#``. The input of the cell is ``0``, and what its output reads is the cell's unique string. There are 6,466.

    The rule is one of text, and sees less than arithmetic does: a node whose two inputs are zero reads ``#+#``, which
    is no zero to what follows, and sums within sums are not sorted again.

    Reference: Dong and Yang, "NAS-Bench-201", ICLR 2020, https://arxiv.org/abs/2001.00326; ``to_unique_str`` with
    ``consider_zero=True`` in https://github.com/D-X-Y/NATS-Bench, which ``get_unique_str`` there prints.

    Args:
        operations: Names of the six operations, in the order of the arch string.

    >>> unique_string(["nor_conv_3x3", "skip_connect", "none", "none", "skip_connect", "nor_conv_1x1"])
    '#+(#+0)@nor_conv_1x1+(0)@nor_conv_3x3'
    """
    nodes, rest = [_CELL_INPUT], iter(operations)
    for _ in range(3):
        nodes.append(_sum([_term(next(rest), source) for source in nodes]))
    return nodes[-1]


def unique_strings(operations: Sequence[str]) -> list[str]:
    """Write the expressions of all cells of some operations, the last decision changing fastest.

    In words: ``[unique_string(cell) for cell in product(operations, repeat=6)]``, with each term made once.
    """
    found = []
    first = [_term(name, _CELL_INPUT) for name in operations]
    for one in first:
        second = [_term(name, one) for name in operations]
        for into_two in product(first, second):
            two = _sum(into_two)
            third = [_term(name, two) for name in operations]
            found += [_sum(into_output) for into_output in product(first, second, third)]
    return found


def _term(operation: str, source: str) -> str:
    if operation == "none" or source == _ZERO:
        return _ZERO
    return source if operation == "skip_connect" else f"({source})@{operation}"


def _sum(terms: Sequence[str]) -> str:
    return "+".join(sorted(terms))


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
                raise InvalidArchitecture(f"a cell of {NODES} nodes has no edge {source}→{target}")
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
