"""Genotypes: two cells of DARTS as publications write them, each as eight pairs of an operation and its source.

Pairs 2k and 2k + 1 lead to node k + 2. Which of the two comes first means nothing: what is read is sorted by source.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from nasbed.core.errors import InvalidArchitecture, in_a_line, nearest

Pair = tuple[str, int]
"""An operation and the node from which it leads."""

CELLS = ("normal", "reduce")
"""What the two cells are called."""

NODES = (2, 3, 4, 5)
"""The nodes that are computed, each of two others; all are concatenated to the output."""

_PREFIX = "NetworkSelectorDatasetInfo:darts:"
_FIELDS = ("normal", "normal_concat", "reduce", "reduce_concat")
_LONGEST = 20_000  # characters, several times what a genotype takes

FIRST = {node: (node - 2) * (node + 1) // 2 for node in NODES}
"""The number of the first edge that leads to each node: 0, 2, 5, 9."""

EDGES = sum(NODES)
"""Of a cell, one from each node before each of them: 14."""


def read(text: str, operations: Sequence[str]) -> dict[str, list[Pair]] | None:
    """Return the pairs of both cells, those of a node by their sources; None where the text is no published form.

    Args:
        text: A genotype, a compact tuple, or values by the names of NAS-Bench-301, as Python or JSON.
        operations: What there is, in the order of its numbers.

    Raises:
        InvalidArchitecture: When it is one of these forms, and not an architecture of this space.
    """
    given = _literal(text)
    if isinstance(given, dict) and "normal" in given:
        cells = _of_fields(given)
    elif isinstance(given, dict) and any(_short(name).startswith(("edge_", "inputs_node_")) for name in given):
        cells = _of_configuration({_short(name): value for name, value in given.items()})
    elif isinstance(given, list) and len(given) == 2 and all(isinstance(one, list) for one in given):
        cells = {kind: [_numbered(pair, operations) for pair in cell] for kind, cell in zip(CELLS, given, strict=True)}
    else:
        return None
    return {kind: _checked(kind, cells[kind], operations) for kind in CELLS}


def text(cells: Mapping[str, Sequence[Pair]]) -> str:
    """Write a genotype as Python prints the published one."""
    fields = (f"{kind}={list(cells[kind])}, {kind}_concat={list(NODES)}" for kind in CELLS)
    return f"Genotype({', '.join(fields)})"


def compact(cells: Mapping[str, Sequence[Pair]], operations: Sequence[str]) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Return the tuple of NASLib and naszilla, of a source and the number of an operation each."""
    return tuple(tuple((source, operations.index(name)) for name, source in cells[kind]) for kind in CELLS)


def configuration(cells: Mapping[str, Sequence[Pair]]) -> dict[str, str]:
    """Return values by the names of NAS-Bench-301; node 2 has no choice of its inputs."""
    found = dict[str, str]()
    for kind in CELLS:
        for node, ((one, first), (other, second)) in zip(NODES, pairwise_of(cells[kind]), strict=True):
            found[f"{_PREFIX}edge_{kind}_{FIRST[node] + first}"] = one
            found[f"{_PREFIX}edge_{kind}_{FIRST[node] + second}"] = other
            if node > NODES[0]:
                found[f"{_PREFIX}inputs_node_{kind}_{node}"] = f"{first}_{second}"
    return found


def pairwise_of(pairs: Sequence[Pair]) -> list[tuple[Pair, Pair]]:
    """Return the two pairs of each node."""
    return list(pairwise(pairs))[::2]


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_fields(given: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the pairs of a genotype by its fields, once its outputs are seen to be all four nodes."""
    unknown = set(given) - set(_FIELDS)
    if unknown or not {*CELLS} <= set(given):
        raise InvalidArchitecture(f"a genotype has {', '.join(_FIELDS)}, not {', '.join(map(str, given))}")
    for kind in CELLS:
        output = given.get(f"{kind}_concat", list(NODES))
        if not isinstance(output, list) or sorted(map(str, output)) != list(map(str, NODES)):
            raise InvalidArchitecture(f"cells of DARTS concatenate nodes 2 to 5; {kind}_concat is {in_a_line(output)}")
    return {kind: given[kind] for kind in CELLS}


def _of_configuration(given: Mapping[str, Any]) -> dict[str, list[Pair]]:
    """Return the pairs of values by the names of NAS-Bench-301; edges that no node reads do not count."""
    cells = dict[str, list[Pair]]()
    for kind in CELLS:
        for node in NODES:
            said = "0_1" if node == NODES[0] else given.get(f"inputs_node_{kind}_{node}")
            sources = str(said).split("_")
            if not all(source.isdecimal() and int(source) < node for source in sources):
                raise InvalidArchitecture(
                    f"inputs_node_{kind}_{node} is two of 0 to {node - 1}, such as 0_1, not {said}"
                )
            for source in map(int, sources):
                name = f"edge_{kind}_{FIRST[node] + source}"
                if given.get(name) is None:
                    raise InvalidArchitecture(f"{name} is missing, the operation from node {source} to {node}")
                cells.setdefault(kind, []).append((given[name], source))
    return cells


def _numbered(pair: Any, operations: Sequence[str]) -> Any:
    """Return a compact pair with the name of its operation; as it is where it has none."""
    match pair:
        case [source, int(number)] if 0 <= number < len(operations):
            return [operations[number], source]
        case [source, int(number)]:
            raise InvalidArchitecture(f"operations are numbered 0 to {len(operations) - 1}, not {number}")
    return pair


def _checked(kind: str, pairs: Any, operations: Sequence[str]) -> list[Pair]:
    """Return the pairs of a cell, those of a node by their sources.

    Raises:
        InvalidArchitecture: With the first that is wrong.
    """
    count = 2 * len(NODES)
    if not isinstance(pairs, list) or len(pairs) != count:
        many = f"{len(pairs)} of them" if isinstance(pairs, list) else in_a_line(pairs)
        raise InvalidArchitecture(f"the {kind} cell has {count} pairs of an operation and its source, not {many}")
    for i, pair in enumerate(pairs):
        _check_pair(pair, NODES[i // 2], kind, operations)
    found = [sorted(two, key=lambda pair: pair[1]) for two in pairwise_of(pairs)]
    for node, ((_, one), (_, other)) in zip(NODES, found, strict=True):
        if one == other:
            raise InvalidArchitecture(
                f"node {node} of the {kind} cell reads node {one} twice; it reads two different ones"
            )
    return [(name, source) for two in found for name, source in two]


def _check_pair(pair: Any, node: int, kind: str, operations: Sequence[str]) -> None:
    """See that a pair is of an operation and of a node before the one that reads it."""
    match pair:
        case [str(name), int(source)] if not isinstance(source, bool):
            if name not in operations:
                known = f"{name!r} is no operation of DARTS; there is {', '.join(operations)}."
                raise InvalidArchitecture(f"{known} {nearest(name, operations)}".strip())
            if not 0 <= source < node:
                raise InvalidArchitecture(f"node {node} of the {kind} cell reads nodes 0 to {node - 1}, not {source}")
        case _:
            raise InvalidArchitecture(f"a pair is an operation and its source, not {in_a_line(pair)}")


def _short(name: Any) -> str:
    return str(name).removeprefix(_PREFIX)


def _literal(text: str) -> Any:
    """Return what a text says as Python or JSON, tuples as lists and a genotype by its fields; None where nothing."""
    text = text.strip()
    if len(text) > _LONGEST or not text.startswith(("Genotype", "Configuration", "(", "[", "{")):
        return None
    try:
        return _value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return None


def _value(node: ast.expr) -> Any:
    """Return what an expression says, without running anything.

    Raises:
        ValueError: When it says something else than a published form does.
    """
    match node:
        case ast.Constant(value=str() | int() | None as value):
            return value
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [_value(part) for part in parts]
        case ast.Dict(keys=names, values=values) if None not in names:
            return {_value(name): _value(value) for name, value in zip(names, values, strict=True)}  # type: ignore[arg-type]
        case ast.Call(func=ast.Name(id="range"), args=[first, last], keywords=[]):
            start, end = _value(first), _value(last)
            return list(range(start, min(end, start + 20)))
        case ast.Call(func=ast.Name(id="Genotype"), args=parts, keywords=fields):
            named = {field.arg: _value(field.value) for field in fields}
            return dict(zip(_FIELDS, map(_value, parts), strict=False)) | named
        case ast.Call(func=ast.Name(id="Configuration"), keywords=[ast.keyword(arg="values", value=values), *_]):
            return _value(values)
    raise ValueError(f"{type(node).__name__} is no part of a genotype")
