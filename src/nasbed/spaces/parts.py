"""The values of the notation of search spaces: what is fixed and what is to be decided, nested in each other.

``nasbed.spaces.notation`` writes them. What a row is resolved to is written in the same values, with nothing left open:
``Op`` with plain settings, ``Seq`` and ``Dag``. There, one object used twice has the same structure, not the same
weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from nasbed.spaces.expression import Expression, Resolving, Use, are_plain, labels, named, options_used


@dataclass(frozen=True, eq=False)
class Op(Expression):
    """A layer, or a block of layers, that a registry of layers knows by name.

    Attributes:
        settings: By name; each plain, or a choice of plain ones.
    """

    settings: Mapping[str, Any]

    def uses(self) -> Iterator[Use]:
        """Give the settings that are to be decided."""
        return (
            Use(value.label or name, value) for name, value in self.settings.items() if isinstance(value, Expression)
        )

    def resolved(self, at: Resolving) -> Op:
        """Return it with plain settings."""
        return Op(self.label, {name: at(value) for name, value in self.settings.items()})

    def document(self, write: Callable[[Any], Any]) -> dict[str, Any]:
        """Return its name and its settings."""
        settings = {name: write(value) for name, value in self.settings.items()}
        return {"op": self.label, **({"settings": settings} if settings else {})}

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
    """

    parts: Mapping[Any, Expression]
    merge: str
    inputs: int
    concat: tuple[int, ...]

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return 1 + max((target for _, target in map(ends, self.parts)), default=self.inputs - 1)

    @property
    def order(self) -> list[Any]:
        """The keys of the parts by target and then source."""
        return sorted(self.parts, key=lambda key: ends(key)[::-1])

    def uses(self) -> Iterator[Use]:
        """Give the parts by target and then source."""
        parts = [self.parts[key] for key in self.order]
        return map(Use, labels(parts, map(edge_name, self.order)), parts)

    def resolved(self, at: Resolving) -> Dag:
        """Return it with a resolved part on each edge that is there."""
        edges = dict[Any, Expression]()
        for key in self.order:
            source, target = ends(key)
            whole = {source: at(self.parts[key])} if source >= 0 else self.parts[key].chosen(at)  # type: ignore[attr-defined]
            edges |= {(source, target): part for source, part in whole.items()}
        return Dag(self.label, edges, self.merge, self.inputs, self.concat)

    def document(self, write: Callable[[Any], Any]) -> dict[str, Any]:
        """Return its parts by edges such as ``0-1``, or by target, and what differs from the defaults."""
        said = {"merge": self.merge, "inputs": self.inputs, "concat": list(self.concat)}
        usual = {"merge": "sum", "inputs": 1, "concat": []}
        differing = {name: value for name, value in said.items() if value != usual[name]}
        return {"dag": {edge_name(key): write(self.parts[key]) for key in self.order}, **differing, **named(self)}

    def __str__(self) -> str:
        return f"{{{', '.join(f'{edge_name(key)}: {part}' for key, part in self.parts.items())}}}"


@dataclass(frozen=True, eq=False)
class Choice(Expression):
    """One of several options, which are parts or plain settings."""

    options: tuple[Any, ...]

    @property
    def values(self) -> tuple[Any, ...]:
        """The options."""
        return self.options

    @property
    def is_plain(self) -> bool:
        """Whether its options are plain settings."""
        return are_plain(self.options)

    def uses(self) -> Iterator[Use]:
        """Give the options that are parts, each used for its own value."""
        return options_used(self.options, ({value} for value in range(len(self.options))))

    def resolved(self, at: Resolving) -> Any:
        """Return the option that is chosen."""
        return at(self.options[at.value(self)])

    def document(self, write: Callable[[Any], Any]) -> dict[str, Any]:
        """Return the options."""
        return {"choice": [write(option) for option in self.options], **named(self)}

    def __str__(self) -> str:
        return f"choice({', '.join(map(str, self.options))})"


@dataclass(frozen=True, eq=False)
class Subset(Expression):
    """Some of several options, all different, decided at once: a value for each combination, in lexicographic order.

    As the inputs of a node, it says from where edges come and what is on them. Elsewhere the chosen parts stand one
    after the other, in their order; plain settings make a tuple.

    Attributes:
        count: How many are chosen.
        options: Parts or plain settings.
    """

    count: int
    options: tuple[Any, ...]

    @cached_property
    def combinations(self) -> tuple[tuple[int, ...], ...]:
        """The positions of the options that each value chooses."""
        return tuple(combinations(range(len(self.options)), self.count))

    @property
    def values(self) -> tuple[Any, ...]:
        """The positions of the options that each value chooses, or the plain settings."""
        return tuple(
            tuple(self.options[i] for i in chosen) if self.is_plain else chosen for chosen in self.combinations
        )

    @property
    def is_plain(self) -> bool:
        """Whether its options are plain settings."""
        return are_plain(self.options)

    def uses(self) -> Iterator[Use]:
        """Give the options that are parts, each used for the combinations that have it."""
        having = ({v for v, some in enumerate(self.combinations) if i in some} for i in range(len(self.options)))
        return options_used(self.options, having)

    def chosen(self, at: Resolving) -> dict[int, Any]:
        """Return what is chosen, resolved, by its position."""
        return {i: at(self.options[i]) for i in self.combinations[at.value(self)]}

    def resolved(self, at: Resolving) -> Any:
        """Return a sequence of what is chosen; a tuple of plain settings."""
        found = tuple(self.chosen(at).values())
        return found if self.is_plain else Seq(self.label, found)

    def document(self, write: Callable[[Any], Any]) -> dict[str, Any]:
        """Return how many are chosen, and the options."""
        return {"subset": self.count, "options": [write(option) for option in self.options], **named(self)}

    def __str__(self) -> str:
        return f"subset({self.count}, {', '.join(map(str, self.options))})"


@dataclass(frozen=True, eq=False)
class Depth(Expression):
    """A sequence of blocks of which the first few are there: how many is one decision.

    Attributes:
        blocks: As many as the greatest depth takes.
        counts: The depths.
    """

    blocks: tuple[Expression, ...]
    counts: tuple[int, ...]

    suffix = "depth"

    @property
    def values(self) -> tuple[Any, ...]:
        """The depths."""
        return self.counts

    def uses(self) -> Iterator[Use]:
        """Give the blocks, each used for the depths that reach it."""
        for i, block in enumerate(self.blocks):
            yield Use(f"block{i}", block, frozenset(v for v, count in enumerate(self.counts) if count > i))

    def resolved(self, at: Resolving) -> Seq:
        """Return the sequence of the blocks that are there."""
        return Seq(self.label, tuple(map(at, self.blocks[: self.counts[at.value(self)]])))

    def document(self, write: Callable[[Any], Any]) -> dict[str, Any]:
        """Return the depths and the blocks."""
        return {"depth": list(self.counts), "blocks": [write(block) for block in self.blocks], **named(self)}

    def __str__(self) -> str:
        return f"depth({' or '.join(map(str, self.counts))} of {', '.join(map(str, self.blocks))})"


@dataclass(frozen=True, eq=False)
class Where(Expression):
    """A part of which only some architectures are allowed.

    Attributes:
        part: The part.
        predicate: Says of the part, resolved, whether it is allowed. Pure: its answers are remembered.
        count: How many rows of the part are allowed, where that is known.
    """

    part: Expression
    predicate: Callable[[Any], bool]
    count: int | None

    @property
    def is_plain(self) -> bool:
        """As the part."""
        return self.part.is_plain

    def uses(self) -> Iterator[Use]:
        """Give the part."""
        yield Use("", self.part)

    def resolved(self, at: Resolving) -> Any:
        """Return the part resolved."""
        return at(self.part)

    def document(self, write: Callable[[Any], Any]) -> dict[str, Any]:
        """Return the part and the name of the predicate."""
        from nasbed.spaces.predicates import name_of

        known = {} if self.count is None else {"count": self.count}
        return {"where": write(self.part), "holds": name_of(self.predicate), **known}

    def __str__(self) -> str:
        return f"where({self.part}, {getattr(self.predicate, '__name__', self.predicate)})"


def ends(key: Any) -> tuple[int, int]:
    """Return source and target of an edge; −1 as the source of a node's inputs that are decided."""
    return key if isinstance(key, tuple) else (-1, key)


def edge_name(key: Any) -> str:
    """Return what an edge, or a node whose inputs are decided, is called: ``0-1``, ``node2``."""
    source, target = ends(key)
    return f"{source}-{target}" if source >= 0 else f"node{target}"
