"""Which cells of NAS-Bench-201 its authors count as one: those whose expressions, rewritten, read the same.

A node is the sum of its inputs' terms, sorted and with plus signs between. The term of an operation is
``(source)@operation``; of ``skip_connect``, the source itself; of ``none`` and of a source that is zero, zero: ``#``.
The input of the cell is ``0``, and what its output reads is the cell's unique string. There are 6,466.

The rule is one of text, and sees less than arithmetic does: a node whose two inputs are zero reads ``#+#``, which is no
zero to what follows, and sums within sums are not sorted again.

Reference: Dong and Yang, "NAS-Bench-201", ICLR 2020, https://arxiv.org/abs/2001.00326; ``to_unique_str`` with
``consider_zero=True`` in https://github.com/D-X-Y/NATS-Bench, which ``get_unique_str`` there prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

_CELL_INPUT, _ZERO = "0", "#"


def unique_string(operations: Sequence[str]) -> str:
    """Write the expression of a cell as published.

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
