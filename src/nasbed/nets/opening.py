"""Opening: from an expression to one that keeps its decisions open, as far as their values count.

``WrittenSpace.resolve`` puts one value in the place of each decision. Here every value that counts keeps its place: a
part that is decided becomes a ``Mix`` of ways to be, each with the decisions and values whose coefficients say how much
it counts. What a mix of one way each describes is what resolving gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

from nasbed.core.errors import BadSetting
from nasbed.spaces.deciding import Choice, Depth, Subset, Where
from nasbed.spaces.decisions import Decisions
from nasbed.spaces.expression import Expression, Use
from nasbed.spaces.parts import Dag, Op, Seq, ends

Term = tuple[tuple[int, tuple[int, ...]], ...]
"""What a way counts: the product, over slots, of the sum of the coefficients of some values; 1 where there are none."""

Support = tuple[tuple[int, ...], ...]
"""For each slot the values that count."""


class Way(NamedTuple):
    """One way for a part to be.

    Attributes:
        term: How much it counts.
        number: Which option it is, whose layers have weights of their own; None where all ways share their weights,
            which are slices of the largest: depths, settings of layers, the channels of a dag.
        part: What it is.
    """

    term: Term
    number: int | None
    part: Any


@dataclass(frozen=True, eq=False)
class Mix(Expression):
    """Ways for a part to be, of which what they compute is added up.

    Attributes:
        ways: They, one at least.
        rest: What the options count together of which no coefficient counts; empty where there are none.
    """

    ways: tuple[Way, ...]
    rest: Term = ()

    def uses(self) -> Iterator[Use]:
        """Give what the ways are."""
        return (Use("", way.part) for way in self.ways)

    def resolved(self, at: Any) -> Any:
        """Raise: it has no decision."""
        raise NotImplementedError("a mix of ways is not resolved; its expression is")

    def document(self, write: Callable[[Any], Any]) -> dict[str, Any]:
        """Raise: it is part of no expression."""
        raise NotImplementedError("a mix of ways is not written; its expression is")

    def __str__(self) -> str:
        return f"mix({', '.join(str(way.part) for way in self.ways)})"


class Opener:
    """Opens parts of an expression.

    Args:
        decisions: Those of the expression.
        support: For each slot the values that count.
    """

    def __init__(self, decisions: Decisions, support: Support) -> None:
        self._decisions, self._support, self._made = decisions, support, dict[int, Any]()

    def __call__(self, part: Expression) -> Any:
        """Return a part with its decisions open, the same object each time.

        Raises:
            BadSetting: When it is reached and no value of a decision counts.
        """
        if id(part) not in self._made:
            self._made[id(part)] = self._opened(part)
        return self._made[id(part)]

    def _opened(self, part: Expression) -> Expression:
        match part:
            case Where():
                found: Expression = self(part.part)
                return found
            case Choice():
                return self._mix(part, lambda value: (value, self(part.options[value])))
            case Subset():
                return self._mix(part, lambda value: (value, Seq(part.label, self._chosen(part, value))))
            case Depth():
                blocks = part.blocks
                return self._mix(
                    part, lambda value: (None, Seq(part.label, tuple(map(self, blocks[: part.counts[value]]))))
                )
            case Seq():
                return Seq(part.label, tuple(map(self, part.parts)))
            case Dag():
                return self._dag(part)
            case Op():
                given = list(self._settings(part.settings))
                return _mixed(part.label, [(term, Op(part.label, one, part.maker)) for term, one in given])
        raise TypeError(f"{type(part).__name__} has no open form")

    def _values(self, part: Expression) -> tuple[int, ...]:
        """Return the values of a part's decision that count."""
        slot = self._decisions.places.get(id(part))
        if slot is None:
            return (0,)
        if not self._support[slot]:
            raise BadSetting(
                f"all coefficients of {self._decisions.slots[slot].name} are 0, and it is reached; let one of them "
                "count, or what leads there not"
            )
        return self._support[slot]

    def _term(self, part: Expression, *values: int) -> Term:
        slot = self._decisions.places.get(id(part))
        return () if slot is None else ((slot, values),)

    def _mix(self, part: Expression, made: Callable[[int], tuple[int | None, Expression]]) -> Mix:
        values = self._values(part)
        ways = [Way(self._term(part, value), *made(value)) for value in values]
        others = [value for value in range(len(part.values)) if value not in values]
        return Mix(part.label, tuple(ways), self._term(part, *others) if others else ())

    def _chosen(self, part: Subset, value: int) -> tuple[Expression, ...]:
        return tuple(self(part.options[i]) for i in part.combinations[value])

    def _dag(self, dag: Dag) -> Expression:
        """Return a dag, a mix of such where its shape is decided.

        What a node reads that adds up is decided edge by edge: each counts as much as all choices that have it. Where
        nodes multiply or concatenate, each choice makes a dag of its own.
        """
        nodes = [key for key in dag.order if ends(key)[0] < 0]
        edges: dict[Any, Expression] = {key: self(dag.parts[key]) for key in dag.order if key not in nodes}
        apart = list[list[tuple[dict[int, int], dict[Any, Expression]]]]()
        for key in nodes:
            part: Any = dag.parts[key]
            slot, values = self._decisions.places.get(id(part)), self._values(part)
            if dag.merge != "sum":
                apart.append([
                    ({} if slot is None else {slot: value},
                     {(i, key): self(part.options[i]) for i in part.combinations[value]})
                    for value in values
                ])  # fmt: skip
                continue
            for i, option in enumerate(part.options):
                having = [value for value in values if i in part.combinations[value]]
                if having:
                    edges[i, key] = Mix("", (Way(self._term(part, *having), None, self(option)),))
        ways = list[tuple[Term, Expression]]()
        for (shape, settings), *chosen in product(list(self._assigned(dag.settings)), *apart):
            values_of = _agreeing([shape, *(one for one, _ in chosen)])
            if values_of is not None:
                more = {edge: part for _, some in chosen for edge, part in some.items()}
                made = Dag(dag.label, {**edges, **more}, dag.merge, dag.inputs, dag.concat, settings)
                ways.append((_term_of(values_of), made))
        return _mixed(dag.label, ways)

    # ── settings ──────────────────────────────────────────────────────────────────────────────────────────────

    def _settings(self, settings: Mapping[str, Any]) -> Iterator[tuple[Term, dict[str, Any]]]:
        """Give all that settings may be, each with what it counts."""
        return ((_term_of(values), plain) for values, plain in self._assigned(settings))

    def _assigned(self, settings: Mapping[str, Any]) -> Iterator[tuple[dict[int, int], dict[str, Any]]]:
        """Give all that settings may be, each with the values of the decisions by slot."""
        for some in product(*(list(self._plain(value)) for value in settings.values())):
            values = _agreeing([one for one, _ in some])
            if values is not None:
                yield values, dict(zip(settings, (plain for _, plain in some), strict=True))

    def _plain(self, value: Any) -> Iterator[tuple[dict[int, int], Any]]:
        """Give all that a setting may be, each with the values of the decisions by slot."""
        if not isinstance(value, Expression):
            yield {}, value
            return
        if isinstance(value, Where):
            yield from self._plain(value.part)
            return
        slot = self._decisions.places.get(id(value))
        for chosen in self._values(value):
            own = {} if slot is None else {slot: chosen}
            for inner, plain in self._chosen_plain(value, chosen):
                if (values := _agreeing([own, inner])) is not None:
                    yield values, plain

    def _chosen_plain(self, value: Any, chosen: int) -> Iterator[tuple[dict[int, int], Any]]:
        """Give all that a setting may be at one value of its decision."""
        if not isinstance(value, Subset):
            yield from self._plain(value.options[chosen])
            return
        for some in product(*(list(self._plain(value.options[i])) for i in value.combinations[chosen])):
            if (values := _agreeing([one for one, _ in some])) is not None:
                yield values, tuple(plain for _, plain in some)


def _mixed(label: str, ways: Sequence[tuple[Term, Expression]]) -> Expression:
    """Return a mix of ways that share their weights; the one part where nothing is decided."""
    if len(ways) == 1 and not ways[0][0]:
        return ways[0][1]
    return Mix(label, tuple(Way(term, None, part) for term, part in ways))


def _agreeing(some: Sequence[Mapping[int, int]]) -> dict[int, int] | None:
    """Return the values of slots of all of some; None where they say different ones."""
    found: dict[int, int] = {}
    for one in some:
        for slot, value in one.items():
            if found.setdefault(slot, value) != value:
                return None
    return found


def _term_of(values: Mapping[int, int]) -> Term:
    return tuple((slot, (value,)) for slot, value in sorted(values.items()))
