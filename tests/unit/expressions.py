"""Expressions of the notation drawn at random, and what they mean, read by other words than the library's."""

import math
from itertools import product

from hypothesis import assume
from hypothesis import strategies as st

from nasbed.spaces import choice, dag, depth, edges, op, seq, subset, where
from nasbed.spaces.deciding import Choice, Depth, Subset, Where
from nasbed.spaces.parts import Dag, Op, Seq

MOST = 1_500  # encodings, which are all gone through


def has_an_even_word(part):
    """Say whether a resolved part is written with an even number of letters: about half of them are."""
    return len(str(part)) % 2 == 0


def is_short(part):
    """Say whether a resolved part is written with few letters."""
    return len(str(part)) < 60


@st.composite
def expressions(draw, constraints=True):
    """Draw an expression in which anything may stand in anything, and be used again."""
    made = []

    def plain():
        options = [
            draw(st.sampled_from([3, 5, "relu", "gelu", 0.5, True, None])) for _ in range(draw(st.integers(1, 3)))
        ]
        return draw(st.sampled_from([choice(*options), subset(1, *options), options[0]]))

    def part(levels):
        if made and draw(st.integers(0, 3)) == 0:
            return draw(st.sampled_from(made))
        kinds = ["op"] if levels == 0 else ["op", "choice", "choice", "seq", "dag", "node", "edges", "depth", "subset"]
        kinds += ["where"] * (constraints and levels > 0)
        kind = draw(st.sampled_from(kinds))

        def some(least, most):
            return [part(levels - 1) for _ in range(draw(st.integers(least, most)))]

        match kind:
            case "op":
                names = draw(st.lists(st.sampled_from(["k", "width", "name"]), max_size=2, unique=True))
                new = op(draw(st.sampled_from("abc")), **{name: plain() for name in names})
            case "choice":
                new = choice(*some(1, 3), name=draw(st.sampled_from(["", "which"])))
            case "seq":
                new = seq(*some(0, 3))
            case "dag":
                shape = draw(st.sampled_from([{}, {"stride": 2}, {"channels": choice(8, 16)}]))
                new = dag(
                    {(0, 1): part(levels - 1), (1, 2): part(levels - 1)},
                    draw(st.sampled_from(["sum", "concat"])),
                    **shape,
                )
            case "node":
                options = some(1, 3)
                new = dag(
                    {**{(0, j): op("b") for j in (1, 2)}, 3: subset(draw(st.integers(1, len(options))), *options)}
                )
            case "edges":
                new = edges(3, lambda i, j: part(levels - 1), name=draw(st.sampled_from(["", "cell"])))
            case "depth":
                counts = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True))
                new = depth(lambda i: part(levels - 1), *counts)
            case "subset":
                options = some(1, 3)
                new = subset(draw(st.integers(1, len(options))), *options)
            case "where":
                new = where(part(levels - 1), draw(st.sampled_from([has_an_even_word, is_short])))
        made.append(new)
        return new

    whole = part(draw(st.integers(1, 3)))
    assume(1 < math.prod(map(values_of, open_parts(whole))) <= MOST)
    return whole


def inner(part, value=None):
    """Return what a part is made of: all of it, or what there is for one value of its decision."""
    match part:
        case Op():
            found = list(part.settings.values())
        case Seq():
            found = list(part.parts)
        case Dag():
            found = [
                part.parts[key]
                for key in sorted(part.parts, key=lambda key: key[::-1] if type(key) is tuple else (key,))
            ] + list(part.settings.values())
        case Where():
            found = [part.part]
        case Choice():
            found = list(part.options) if value is None else [part.options[value]]
        case Subset():
            found = [one for i, one in enumerate(part.options) if value is None or i in part.combinations[value]]
        case Depth():
            found = list(part.blocks[: None if value is None else part.counts[value]])
    return [one for one in found if isinstance(one, Op | Seq | Dag | Where | Choice | Subset | Depth)]


def values_of(part):
    """Return how many values the decision of a part has."""
    match part:
        case Choice():
            return len(part.options)
        case Subset():
            return math.comb(len(part.options), part.count)
        case Depth():
            return len(part.counts)
    return 1


def open_parts(part, found=None):
    """Return the parts of an expression that are decided, each once."""
    found = {} if found is None else found
    if id(part) not in found:
        found[id(part)] = part
        for one in inner(part):
            open_parts(one, found)
    return [one for one in found.values() if values_of(one) > 1]


def reached(part, values):
    """Return the decided parts, by id, that one encoding reads, and whether its constraints hold."""
    found, fine, waiting = set(), True, [part]
    seen = set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if values_of(one) > 1:
            found.add(id(one))
        if isinstance(one, Where):
            fine = fine and one.predicate(resolved(one.part, values))
        waiting += inner(one, values.get(id(one), 0) if values_of(one) > 1 else 0)
    return found, fine


def resolved(part, values):
    """Write one encoding of a part as its resolved form is written."""
    value = values.get(id(part), 0)
    match part:
        case Op():
            said = ", ".join(f"{name}={resolved(one, values)}" for name, one in part.settings.items())
            return Text(f"{part.label}({said})" if said else part.label)
        case Seq():
            return Text(" → ".join(str(resolved(one, values)) for one in part.parts) or "nothing")
        case Dag():
            shape = ", ".join(f"{name}={resolved(one, values)}" for name, one in part.settings.items())
            edges = ", ".join(f"{i}-{j}: {one}" for i, j, one in _edges(part, values))
            return Text(f"{{{edges}}}" + f"({shape})" * bool(shape))
        case Where():
            return resolved(part.part, values)
        case Choice():
            return resolved(part.options[value], values)
        case Subset():
            some = [resolved(part.options[i], values) for i in part.combinations[value]]
            return tuple(some) if part.is_plain else Text(" → ".join(map(str, some)))
        case Depth():
            return Text(
                " → ".join(str(resolved(one, values)) for one in part.blocks[: part.counts[value]]) or "nothing"
            )
    return part


class Text(str):
    """The text of a part, which predicates read."""


def _edges(part, values):
    for key in sorted(part.parts, key=lambda key: (key[1], key[0]) if type(key) is tuple else (key, -1)):
        one = part.parts[key]
        if type(key) is tuple:
            yield *key, resolved(one, values)
        else:
            for i in one.combinations[values.get(id(one), 0)]:
                yield i, key, resolved(one.options[i], values)


def everything(whole):
    """Return each canonical encoding that keeps the constraints, ``{id: value}``, by going through all encodings."""
    parts, found = open_parts(whole), {}
    for numbers in product(*(range(values_of(part)) for part in parts)):
        values = {id(part): number for part, number in zip(parts, numbers, strict=True)}
        there, fine = reached(whole, values)
        if fine:
            found[tuple(sorted((key, values[key]) for key in there))] = values
    return found


def reachable(near, start):
    """Return what steps from each to what is near lead to."""
    found, waiting = {start}, [start]
    while waiting:
        new = near[waiting.pop()] - found
        found |= new
        waiting += new
    return found
