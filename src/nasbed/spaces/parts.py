"""The values of the notation of search spaces that a row is resolved to: layers, sequences and cells.

``nasbed.spaces.notation`` writes them, and ``deciding`` has those that leave something open. What a row is resolved to
is written in these values, ``Op`` with plain settings, ``Seq`` and ``Dag``. There, one object used twice has the same
structure, not the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.spaces.expression import (
    Expression,
    Flowing,
    Resolving,
    Signal,
    Use,
    labels,
    named,
)
from nasbed.spaces.passing import Passed, passed


@dataclass(frozen=True, eq=False)
class Op(Expression):
    """A layer, or a block of layers, that a registry of layers knows by name.

    Attributes:
        settings: By name; each plain, or a choice of plain ones.
        maker: What makes the layer, where that is a function or class of the user's own; None for a name of the
            registry ``layers``.
    """

    settings: Mapping[str, Any]
    maker: Callable[..., Any] | None = None

    def uses(self) -> Iterator[Use]:
        """Give the settings that are to be decided."""
        return (
            Use(value.label or name, value) for name, value in self.settings.items() if isinstance(value, Expression)
        )

    def resolved(self, at: Resolving) -> Op:
        """Return it with plain settings."""
        return Op(self.label, {name: at(value) for name, value in self.settings.items()}, self.maker)

    def layers(self) -> Iterator[str]:
        """Give its name, unless it has a maker of its own."""
        if self.maker is None:
            yield self.label

    @property
    def passed(self) -> Passed:
        """What it passes on, as the registry ``passing`` says of its name; a user's own layer changes what it reads."""
        return passed(self.label, self.settings) if self.maker is None else "changed"

    @property
    def is_leaf(self) -> bool:
        """Whether its settings are plain."""
        return not any(isinstance(value, Expression) for value in self.settings.values())

    def document(self, write: Callable[[Any], Any]) -> dict[str, Any]:
        """Return its name and its settings."""
        from nasbed.spaces.named import name_of

        settings = {name: write(value) for name, value in self.settings.items()}
        name = self.label if self.maker is None else name_of(self.maker, "layer")
        return {"op": name, **({"settings": settings} if settings else {})}

    def __str__(self) -> str:
        said = ", ".join(f"{name}={value}" for name, value in self.settings.items())
        return f"{self.label}({said})" if said else self.label


@dataclass(frozen=True, eq=False)
class Seq(Expression):
    """Parts, one after the other; none at all passes its input on."""

    parts: tuple[Expression, ...]

    def uses(self) -> Iterator[Use]:
        """Give the parts."""
        return map(Use, labels(self.parts, map(str, range(len(self.parts)))), self.parts)

    def resolved(self, at: Resolving) -> Seq:
        """Return it of resolved parts."""
        return Seq(self.label, tuple(map(at, self.parts)))

    def flow(self, at: Flowing, before: Sequence[Signal], source: Sequence[Signal]) -> Signal:
        """Return what comes out of the last part."""
        outputs = list(before)
        for part in self.parts:
            outputs.append(part.flow(at, outputs, source))
        return (outputs or source)[-1]

    def chain(self, at: Flowing) -> Iterator[tuple[Expression, NDArray[np.bool_] | None]]:
        """Give what its parts are made of."""
        return chain.from_iterable(part.chain(at) for part in self.parts)

    def document(self, write: Callable[[Any], Any]) -> dict[str, Any]:
        """Return the list of its parts."""
        return {"seq": [write(part) for part in self.parts], **named(self)}

    def __str__(self) -> str:
        return " → ".join(map(str, self.parts)) or "nothing"


@dataclass(frozen=True, eq=False)
class Dag(Expression):
    """Nodes, numbered from 0, with a part on each edge from a lower to a higher one.

    The first nodes are the inputs; the others merge what their edges bring. A cell of several inputs reads, in a
    sequence, the outputs of as many parts before it, the nearest last; where there are fewer, the first one several
    times; where there is none, what the sequence reads.

    Attributes:
        parts: By edge, ``(source, target)``; or by target alone, then a subset whose option i stands on the edge from
            node i. Resolved, it has edges alone.
        merge: How a node merges what reaches it: ``"sum"``, ``"concat"`` or ``"product"``.
        inputs: How many nodes are inputs.
        concat: The nodes that are concatenated to the output; none where the last node is the output.
        settings: Those of its shape that are given; see ``notation.dag``. Each is plain, or a choice of plain ones.
    """

    parts: Mapping[Any, Expression]
    merge: str
    inputs: int
    concat: tuple[int, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return 1 + max((target for _, target in map(ends, self.parts)), default=self.inputs - 1)

    @property
    def order(self) -> list[Any]:
        """The keys of the parts by target and then source."""
        return sorted(self.parts, key=lambda key: ends(key)[::-1])

    def uses(self) -> Iterator[Use]:
        """Give the parts by target and then source, and the settings that are to be decided."""
        parts = [self.parts[key] for key in self.order]
        yield from map(Use, labels(parts, map(edge_name, self.order)), parts)
        yield from self._shape.uses()

    def layers(self) -> Iterator[str]:
        """Give the layer through which its inputs go first, where that is not to be decided."""
        name = self.settings.get("preprocess")
        if isinstance(name, str) and name:
            yield name

    @cached_property
    def _shape(self) -> Op:
        """What is given of its shape, as a layer behind it."""
        return Op("dag", self.settings)

    @property
    def reshapes(self) -> bool:
        """Whether edges from its inputs may change the shape of what they read, and no layer on them is an identity."""
        widens = self.settings.get("widen", 1) != 1 or "channels" in self.settings
        return self.settings.get("stride", 1) != 1 or (widens and not self.settings.get("preprocess"))

    def resolved(self, at: Resolving) -> Dag:
        """Return it with a resolved part on each edge that is there."""
        edges = dict[Any, Expression]()
        for key in self.order:
            source, target = ends(key)
            whole = {source: at(self.parts[key])} if source >= 0 else self.parts[key].chosen(at)  # type: ignore[attr-defined]
            edges |= {(source, target): part for source, part in whole.items()}
        return Dag(self.label, edges, self.merge, self.inputs, self.concat, self._shape.resolved(at).settings)

    def places(self) -> Iterator[tuple[int, int, Any, Expression]]:
        """Give each edge that may be there, by target and then source: source, target, its key and its part."""
        for key in self.order:
            source, target = ends(key)
            whole = {source: self.parts[key]} if source >= 0 else dict(enumerate(self.parts[key].options))  # type: ignore[attr-defined]
            for start, part in whole.items():
                yield start, target, key, part

    def taken(self, at: Flowing, key: Any, source: int) -> NDArray[np.bool_]:
        """Say in which rows the edge of a key from a source is there, ``(n,)``."""
        values = at.value(self.parts[key])
        if ends(key)[0] >= 0:
            return np.ones(len(values), np.bool_)
        has = [source in some for some in self.parts[key].combinations]  # type: ignore[attr-defined]
        return np.array([*has, False])[values]  # the last is that of a part that is not there, −1

    def flow(self, at: Flowing, before: Sequence[Signal], source: Sequence[Signal]) -> Signal:
        """Return what comes out of the output, each node being what its edges bring, merged."""
        reads = list(before or source)
        nodes = {i: reads[max(len(reads) - self.inputs + i, 0)] for i in range(self.inputs)}
        brought = dict[int, list[tuple[Signal, NDArray[np.bool_]]]]()
        nothing = np.zeros_like(reads[-1])
        for start, target, key, part in self.places():
            if start not in nodes:
                nodes[start] = _merged(at, self.merge, brought.get(start, []), nothing)
            inner = at.reshaping(start < self.inputs and (self.reshapes or at.reshapes))
            there = self.taken(at, key, start)
            if ends(key)[0] >= 0:
                found = part.flow(inner, [], [nodes[start]])
            else:
                rows, found = np.flatnonzero(there), nothing.copy()
                found[rows] = part.flow(inner.some(rows), [], [nodes[start][rows]])
            brought.setdefault(target, []).append((found, there))
        for node in self.concat or (self.nodes - 1,):
            if node not in nodes:
                nodes[node] = _merged(at, self.merge, brought.get(node, []), nothing)
        outputs = [nodes[node] for node in self.concat or (self.nodes - 1,)]
        merged = at.merged("concat", outputs, [np.ones(len(nothing), np.bool_)] * len(outputs))
        return at.layer(self._shape, merged) if list(self._shape.uses()) else merged

    def document(self, write: Callable[[Any], Any]) -> dict[str, Any]:
        """Return its parts by edges such as ``0-1``, or by target, and what differs from the defaults."""
        said = {"merge": self.merge, "inputs": self.inputs, "concat": list(self.concat)}
        usual = {"merge": "sum", "inputs": 1, "concat": []}
        differing = {name: value for name, value in said.items() if value != usual[name]}
        differing |= {name: write(value) for name, value in self.settings.items()}
        return {"dag": {edge_name(key): write(self.parts[key]) for key in self.order}, **differing, **named(self)}

    @property
    def shape(self) -> str:
        """What is given of its shape, ``(stride=2, widen=2)``; empty for nothing."""
        return f"({', '.join(f'{name}={value}' for name, value in self.settings.items())})" if self.settings else ""

    def __str__(self) -> str:
        return f"{{{', '.join(f'{edge_name(key)}: {part}' for key, part in self.parts.items())}}}{self.shape}"


def ends(key: Any) -> tuple[int, int]:
    """Return source and target of an edge; −1 as the source of a node's inputs that are decided."""
    return key if isinstance(key, tuple) else (-1, key)


def edge_name(key: Any) -> str:
    """Return what an edge, or a node whose inputs are decided, is called: ``0-1``, ``node2``."""
    source, target = ends(key)
    return f"{source}-{target}" if source >= 0 else f"node{target}"


def _merged(at: Flowing, how: str, brought: list[tuple[Signal, NDArray[np.bool_]]], nothing: Signal) -> Signal:
    """Return what a node makes of what its edges bring; nothing where no edge leads to it."""
    return at.merged(how, *zip(*brought, strict=True)) if brought else nothing
