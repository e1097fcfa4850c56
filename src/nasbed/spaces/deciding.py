"""The values of the notation of search spaces that leave something open: choices, subsets, depths and constraints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.spaces.expression import Expression, Flowing, Resolving, Signal, Use, are_plain, named, options_used
from nasbed.spaces.parts import Seq


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

    def flow(self, at: Flowing, before: Sequence[Signal], source: Sequence[Signal]) -> Signal:
        """Return what comes out of the option that is chosen."""
        return at.options(self, dict(enumerate(self.options)), before, source)

    @property
    def idle(self) -> tuple[int, ...]:
        """The options that pass on what they read, and then those that pass nothing on."""
        passes = [] if self.is_plain else [option.passed for option in self.options]
        return tuple(i for kind in ("unchanged", "nothing") for i, one in enumerate(passes) if one == kind)

    def alternatives(self) -> Iterator[Expression]:
        """Give the options, and what stands in their places."""
        return chain.from_iterable(option.alternatives() for option in self.options)

    def labels(self, at: Flowing, numbers: Mapping[str, int]) -> NDArray[np.int8]:
        """Return the number of the option that is chosen."""
        values, found = at.value(self), np.full(len(at.numbers), -1, np.int8)
        for value, option in enumerate(self.options):
            rows = np.flatnonzero(values == value)
            found[rows] = option.labels(at.some(rows), numbers)
        return found

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
        """The positions of the options that each value chooses, or the plain settings where these are decided."""
        if any(isinstance(option, Expression) for option in self.options):
            return self.combinations
        return tuple(tuple(self.options[i] for i in chosen) for chosen in self.combinations)

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

    def flow(self, at: Flowing, before: Sequence[Signal], source: Sequence[Signal]) -> Signal:
        """Return what comes out of the last that is chosen."""
        sequences = {v: Seq("", tuple(self.options[i] for i in some)) for v, some in enumerate(self.combinations)}
        return at.options(self, sequences, before, source)

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

    def flow(self, at: Flowing, before: Sequence[Signal], source: Sequence[Signal]) -> Signal:
        """Return what comes out of the last block that is there."""
        sequences = {v: Seq("", self.blocks[:count]) for v, count in enumerate(self.counts)}
        return at.options(self, sequences, before, source)

    def chain(self, at: Flowing) -> Iterator[tuple[Expression, NDArray[np.bool_] | None]]:
        """Give the blocks, each where the depth reaches it."""
        depths = np.array([*self.counts, 0])[at.value(self)]  # the last is that of a depth that is not there
        for i, block in enumerate(self.blocks):
            for part, there in block.chain(at):
                yield part, (depths > i) & (True if there is None else there)

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

    def flow(self, at: Flowing, before: Sequence[Signal], source: Sequence[Signal]) -> Signal:
        """Return what comes out of the part."""
        return self.part.flow(at, before, source)

    def alternatives(self) -> Iterator[Expression]:
        """Give what stands in the part's place."""
        return self.part.alternatives()

    def labels(self, at: Flowing, numbers: Mapping[str, int]) -> NDArray[np.int8]:
        """Return the number of what stands in the part's place."""
        return self.part.labels(at, numbers)

    def chain(self, at: Flowing) -> Iterator[tuple[Expression, NDArray[np.bool_] | None]]:
        """Give what the part is made of."""
        return self.part.chain(at)

    def document(self, write: Callable[[Any], Any]) -> dict[str, Any]:
        """Return the part and the name of the predicate."""
        from nasbed.spaces.named import name_of

        known = {} if self.count is None else {"count": self.count}
        return {"where": write(self.part), "holds": name_of(self.predicate), **known}

    def __str__(self) -> str:
        return f"where({self.part}, {getattr(self.predicate, '__name__', self.predicate)})"
