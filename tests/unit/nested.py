"""Expressions nested on purpose, and what they mean, by a description of their own that shares no code with nasbed's.

An expression is described by nodes, of which one may stand in several places. ``Node.build`` writes it in the notation;
``Reading`` follows a description for one value of each decision, and notes which decisions it met. What was met, with
its values, is an architecture: so going through all values finds all architectures.
"""

import math
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, combinations, product

import numpy as np

from nasbed.spaces import choice, dag, depth, op, seq, subset, where


@dataclass(eq=False)
class Node:
    """A part: what kind it is, what it is made of, and what else there is to say.

    Attributes:
        kind: ``op``, ``choice``, ``subset``, ``seq``, ``dag``, ``depth`` or ``where``.
        inner: The nodes or plain settings in it, in their order.
        more: Names of settings, edges, depths, a count, or a predicate.
        label: Its name.
    """

    kind: str
    inner: list = field(default_factory=list)
    more: object = None
    label: str = ""

    @cached_property
    def ways(self):
        """For each value of its decision, the positions in ``inner`` that are there."""
        everything = tuple(range(len(self.inner)))
        match self.kind:
            case "choice":
                return [(i,) for i in everything]
            case "subset":
                return list(combinations(everything, self.more))
            case "depth":
                return [everything[:count] for count in self.more]
        return [everything]

    @cached_property
    def built(self):
        """The part in the notation; one object, wherever it stands."""
        inner = [one.built if isinstance(one, Node) else one for one in self.inner]
        match self.kind:
            case "op":
                return op(self.label, **dict(zip(self.more, inner, strict=True)))
            case "choice":
                return choice(*inner, name=self.label)
            case "subset":
                return subset(self.more, *inner, name=self.label)
            case "seq":
                return seq(*inner, name=self.label)
            case "dag":
                keys, settings = self.more
                return dag(dict(zip(keys, inner[: len(keys)], strict=True)), name=self.label,
                           **dict(zip(settings, inner[len(keys) :], strict=True)))  # fmt: skip
            case "depth":
                return depth(inner.__getitem__, *self.more, name=self.label)
            case "where":
                return where(inner[0], self.more)

    def nodes(self):
        """Give every node once, itself among them."""
        found, waiting = {}, [self]
        while waiting:
            one = waiting.pop()
            if isinstance(one, Node) and id(one) not in found:
                found[id(one)] = one
                waiting += one.inner
        return list(found.values())

    @cached_property
    def decided(self):
        """The nodes with several values."""
        return [one for one in self.nodes() if len(one.ways) > 1]

    @property
    def encodings(self):
        """How many ways there are to give each decision a value."""
        return math.prod(len(one.ways) for one in self.decided)


class Reading:
    """One way through a description.

    Args:
        values: The value of each decision, by ``id`` of its node.
    """

    def __init__(self, values):
        self.values, self.met, self.allowed = values, {}, True

    def __call__(self, node):
        """Return what a node means, as nested tuples; a sequence of layers as nasbed prints it, where that is asked."""
        if not isinstance(node, Node):
            return node
        value = self.values.get(id(node), 0)
        if len(node.ways) > 1:
            self.met[id(node)] = value
        there = node.ways[value]
        inner = [self(node.inner[i]) for i in there]
        match node.kind:
            case "choice":
                return inner[0]
            case "subset":
                return tuple(inner) if is_plain(node) else ("seq", *inner)
            case "dag":
                keys, settings = node.more
                edges = chain.from_iterable(map(self._edges, keys, node.inner))
                shape = tuple(zip(settings, inner[len(keys) :], strict=True))
                return ("dag", tuple(sorted(edges, key=lambda e: (e[1], e[0]))), shape)
            case "where":
                self.allowed = bool(self.allowed and node.more(inner[0]))
                return inner[0]
            case "op":
                return ("op", node.label, tuple(zip(node.more, inner, strict=True)))
        return ("seq", *inner)

    def _edges(self, key, node):
        if isinstance(key, tuple):
            return [(*key, self(node))]
        there = node.ways[self.values.get(id(node), 0)]
        return [(i, key, self(node.inner[i])) for i in there]


def is_plain(node):
    """Say whether a node stands for a setting."""
    if not isinstance(node, Node):
        return True
    return node.kind in ("choice", "subset", "where") and is_plain(node.inner[0])


def meaning(part):
    """Return a part that nasbed resolved, as ``Reading`` has it; what is no part, as it is."""
    kind = type(part).__name__
    match kind:
        case "Op":
            return ("op", part.label, tuple((name, meaning(value)) for name, value in part.settings.items()))
        case "Seq":
            return ("seq", *map(meaning, part.parts))
        case "Dag":
            edges = [(*key, meaning(one)) for key, one in part.parts.items()]
            return ("dag", tuple(sorted(edges, key=lambda e: (e[1], e[0]))), tuple(part.settings.items()))
    return part


def size_of(what):
    """Count the layers in a meaning."""
    if not isinstance(what, tuple):
        return 0
    return (what[:1] == ("op",)) + sum(map(size_of, what))


def has_an_even_size(what):
    """Say whether a meaning, or a resolved part, has an even number of layers, or a setting is no odd number."""
    told = meaning(what)
    return told != 3 if not isinstance(told, tuple) else size_of(told) % 2 == 0


def is_small(what):
    """Say whether a meaning, or a resolved part, has less than four layers."""
    return size_of(meaning(what)) < 4


def holds_never(what):
    """Say no."""
    return False


class Maker:
    """Makes descriptions at random, in which parts come again in any place.

    Args:
        seed: Of its chance.
        constraints: Whether it writes any.
    """

    def __init__(self, seed, constraints=True):
        self.chance = np.random.default_rng(seed)
        self.parts, self.plains, self.constraints = [], [], constraints

    def upto(self, most, least=1):
        return int(self.chance.integers(least, most + 1))

    def flip(self, chance):
        return bool(self.chance.random() < chance)

    def pick(self, some):
        return some[int(self.chance.integers(len(some)))]

    def whole(self):
        """Return a description with something to decide."""
        return self.part(self.upto(4, 2))

    def label(self, *names):
        return self.pick(["", "", *names])

    def setting(self):
        """Return a setting: plain, or a choice, of choices even; often one that is there already."""
        if self.plains and self.flip(0.4):
            return self.pick(self.plains)
        values = [1, 3, 5, "relu", "-", "a b", True, None, 0.5, (1, 2), 1.0, "1", "#0", "none"]
        kind = self.pick(["plain", "choice", "choice", "subset", "where"])
        options = [self.setting() if self.flip(0.2) else self.pick(values) for _ in range(self.upto(3))]
        new = {
            "plain": lambda: self.pick(values),
            "choice": lambda: Node("choice", options, label=self.label("k", "width")),
            "subset": lambda: Node("subset", options, self.upto(len(options)), self.label("k")),
            "where": lambda: Node("where", [Node("choice", options)], has_an_even_size),
        }[kind]()
        if kind == "where" and not self.constraints:
            new = new.inner[0]
        self.plains.append(new)
        return new

    def part(self, levels):
        """Return a part of so many levels at most; often one that is there already."""
        if self.parts and self.flip(0.35):
            return self.pick(self.parts)
        kinds = ["op"] if levels == 0 else ["op", "choice", "choice", "subset", "seq", "dag", "nodes", "depth", "depth"]
        kinds += ["where"] * (self.constraints and levels > 0)
        new = getattr(self, f"_{self.pick(kinds)}")(levels - 1)
        self.parts.append(new)
        return new

    def some(self, levels, most, least=1):
        return [self.part(levels) for _ in range(self.upto(most, least))]

    def _op(self, levels):
        names = [name for name in ("stride", "k", "width") if self.flip(0.25)]
        return Node("op", [self.setting() for _ in names], names, self.pick(["a", "b", "none", "skip", "identity"]))

    def _choice(self, levels):
        return Node("choice", self.some(levels, 3), label=self.label("which", "kind"))

    def _subset(self, levels):
        options = self.some(levels, 3)
        return Node("subset", options, self.upto(len(options)), self.label("two"))

    def _seq(self, levels):
        return Node("seq", self.some(levels, 3, 0), label=self.label("stage"))

    def _depth(self, levels):
        counts = self.chance.permutation(4)[: self.upto(3)].tolist()
        return Node("depth", [self.part(levels) for _ in range(max(counts))], counts, self.label("deep", "stage"))

    def _where(self, levels):
        return Node("where", [self.part(levels)], self.pick([has_an_even_size, is_small]))

    def _shape(self):
        names = [name for name in ("stride", "widen") if self.flip(0.1)]
        return names, [self.pick([1, 2, Node("choice", [1, 2])]) for _ in names]

    def _dag(self, levels):
        keys = self.pick([[(0, 1)], [(0, 1), (1, 2)], [(0, 2), (0, 1), (1, 2)], [(1, 3), (0, 1), (0, 3)]])
        names, settings = self._shape()
        return Node("dag", [*(self.part(levels) for _ in keys), *settings], (keys, names), self.label("cell"))

    def _nodes(self, levels):
        names, settings = self._shape()
        inner = [self.part(levels)]
        inner += [Node("subset", options, self.upto(len(options)))
                  for options in (self.some(levels, 2, 2), self.some(levels, 3, 2))]  # fmt: skip
        return Node("dag", [*inner, *settings], ([(0, 1), 2, 3], names), self.label("cell"))


def everything(whole):
    """Return each architecture, as what was met with its values, and one reading of it, by going through all values."""
    found = {}
    for numbers in product(*(range(len(one.ways)) for one in whole.decided)):
        values = {id(one): number for one, number in zip(whole.decided, numbers, strict=True)}
        reading = Reading(values)
        told = reading(whole)
        if reading.allowed:
            found[frozenset(reading.met.items())] = told
    return found
