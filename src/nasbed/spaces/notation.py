"""The notation of search spaces: what is fixed and what is to be decided, written down as nested values.

A cell of four nodes with one of three operations on each edge, used in two stages of a network::

    cell = edges(4, lambda i, j: choice(op("none"), op("skip"), op("conv3x3")))
    network = seq(op("stem", channels=16), cell, op("reduce"), cell, op("head"))

The same object used twice is one decision; calling a function makes a fresh one. ``WrittenSpace`` makes a space of an
expression.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nasbed.core.errors import BadSetting
from nasbed.spaces.deciding import Choice, Depth, Subset, Where
from nasbed.spaces.expression import Expression, are_plain
from nasbed.spaces.named import Named
from nasbed.spaces.parts import Dag, Op, Seq, ends

MOST_VALUES = 127
"""The most values of a decision: a row holds each as an int8."""

MERGES = ("sum", "concat", "product")
"""How a node of a dag may merge what reaches it."""


SHAPE = ("stride", "widen", "channels", "preprocess")
"""The settings of a dag that say what shape comes out of it."""


def op(kind: str | Callable[..., Any], /, **settings: Any) -> Op:
    """Write a layer, with settings that may be choices.

    Args:
        kind: Its name in the registry ``layers``; or what makes it, a function or a class of ``nn.Module`` of your own,
            also as ``module:function``. What makes a layer is given the settings and, of what its place in the network
            has, all that it names as an argument: see ``nasbed.nets.planning.Place``.
        **settings: Of the layer. Those of its shape are read in all layers: ``channels`` (or ``width``) are those that
            come out, ``widen`` times as many as go in, and ``stride`` is by how much it divides the image's size.
    """
    given = {name: _setting(name, value) for name, value in settings.items()}
    if callable(kind):
        return Op(_text(getattr(kind, "__name__", None), "a layer's name"), given, kind)
    label = _text(kind, "a layer's name").rpartition(":")[2]
    return Op(label, given, Named(kind, "layer") if label != kind else None)


def choice(*options: Any, name: str = "") -> Choice:
    """Write a decision for one of several options: parts, or plain settings such as 16 and 32.

    Args:
        options: One at least, 127 at most; either all parts or all plain settings.
        name: What the decision is called; by default, by its place.
    """
    return Choice(_name(name), _checked_options(options, len(options), "a choice"))


def subset(count: int, *options: Any, name: str = "") -> Subset:
    """Write one decision for ``count`` different ones of several options; see ``Subset``.

    Args:
        count: How many are chosen.
        options: As for ``choice``; they combine in 127 ways at most.
        name: What the decision is called; by default, by its place.
    """
    if not _is_whole(count) or not 0 < count <= len(options):
        raise BadSetting(f"a subset of {len(options)} options has 1 to {len(options)} of them, not {count!r}")
    return Subset(_name(name), int(count), _checked_options(options, math.comb(len(options), count), "a subset"))


def seq(*parts: Expression, name: str = "") -> Seq:
    """Write parts that stand one after the other."""
    return Seq(_name(name), tuple(_layer(part, "a sequence") for part in parts))


def dag(
    parts: Mapping[Any, Expression],
    merge: str = "sum",
    *,
    inputs: int = 1,
    concat: Sequence[int] = (),
    name: str = "",
    **shape: Any,
) -> Dag:
    """Write nodes with a part on each edge; see ``Dag`` for what the arguments mean.

    ``dag({(0, 1): a, (0, 2): b, (1, 2): c})`` has three nodes. ``dag({(0, 1): a, 2: subset(1, b, c)})`` decides
    whether node 2 reads node 0 through b or node 1 through c.

    Args:
        parts: By edge or by target.
        merge: How a node merges what reaches it: ``"sum"``, ``"concat"`` or ``"product"``.
        inputs: How many nodes, the first, are inputs.
        concat: The nodes that are concatenated to the output; none where the last node is the output.
        name: What decisions in it are called by.
        **shape: What shape comes out of it, each a plain setting or a choice of such: ``stride``, by how much the edges
            from its inputs divide the image's size; ``channels`` of its nodes, or ``widen``, how many times as many as
            before; ``preprocess``, a layer's name, through which each input goes first. By default each is as before.
    """
    if merge not in MERGES:
        raise BadSetting(f"the nodes of a dag merge by 'sum', 'concat' or 'product', not {merge!r}")
    if not _is_whole(inputs) or inputs < 1:
        raise BadSetting(f"a dag has one input at least, not {inputs!r}")
    if not parts:
        raise BadSetting("a dag has one edge at least, such as dag({(0, 1): op('conv3x3')})")
    if unknown := set(shape) - set(SHAPE):
        raise BadSetting(f"a dag has no setting {', '.join(sorted(unknown))}; of its shape it has {', '.join(SHAPE)}")
    given = {one: _setting(one, shape[one]) for one in SHAPE if one in shape}
    inner = dict(map(_checked_edge, parts.items()))
    made = Dag(_name(name), inner, merge, int(inputs), tuple(map(int, concat)), given)
    for key, part in made.parts.items():
        source, target = ends(key)
        if target < inputs or (source < 0 and len(part.options) > target):  # type: ignore[attr-defined]
            raise BadSetting(f"the dag's {key!r} leads to node {target} from a later one, or to one of its inputs")
    if not all(inputs <= node < made.nodes for node in made.concat):
        raise BadSetting(f"a dag concatenates nodes {inputs} to {made.nodes - 1}, not {list(made.concat)}")
    return made


def edges(
    nodes: int,
    what: Callable[[int, int], Expression],
    merge: str = "sum",
    *,
    concat: Sequence[int] = (),
    name: str = "",
    **shape: Any,
) -> Dag:
    """Write a dag in which each pair of nodes i < j has the edge ``what(i, j)``."""
    if not _is_whole(nodes) or nodes < 2:
        raise BadSetting(f"a dag with all edges has two nodes at least, not {nodes!r}")
    pairs = [(i, j) for j in range(1, nodes) for i in range(j)]
    return dag({(i, j): what(i, j) for i, j in pairs}, merge, concat=concat, name=name, **shape)


def depth(part: Callable[[int], Expression] | Expression, *counts: int, name: str = "") -> Depth:
    """Write blocks, one after the other, of which there are as many as is decided; the shorter begins the longer.

    Args:
        part: Makes block i, from 0; or one part, which all blocks are.
        counts: The depths.
        name: What decisions in it are called by.
    """
    if not counts or not all(_is_whole(count) and count >= 0 for count in counts) or len(set(counts)) < len(counts):
        raise BadSetting(f"depths are different whole numbers from 0, one at least, not {list(counts)}")
    _checked_options(counts, len(counts), "a depth")
    blocks = [part if isinstance(part, Expression) else part(i) for i in range(max(counts))]
    return Depth(_name(name), tuple(_layer(block, "a depth") for block in blocks), tuple(map(int, counts)))


def where(part: Expression, predicate: Callable[[Any], bool], *, count: int | None = None) -> Where:
    """Write a part of which only what a predicate allows is in the space.

    Args:
        part: The part.
        predicate: Takes the part resolved and says whether it is allowed. Defined with a name in a module, it can be
            written to files; a lambda cannot.
        count: How many rows of the part are allowed, if known: then the space's size is, too.
    """
    if not isinstance(part, Expression) or not callable(predicate):
        raise BadSetting("where takes a part of the notation and a function that says which of its forms are allowed")
    if count is not None and (not _is_whole(count) or count < 0):
        raise BadSetting(f"where counts how many forms of its part are allowed, a whole number, not {count!r}")
    return Where(part.label, part, predicate, count)


# ── checks ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _checked_edge(item: tuple[Any, Any]) -> tuple[Any, Expression]:
    key, part = item
    if _is_whole(key):
        if not isinstance(part, Subset) or part.is_plain:
            raise BadSetting(f"the dag has {key}: …, one node for a key; that takes a subset of parts, such as "
                             "subset(2, a, b, c), whose option i comes from node i")  # fmt: skip
        return int(key), part
    is_pair = isinstance(key, Sequence) and len(key) == 2 and all(map(_is_whole, key))
    if not is_pair or not 0 <= key[0] < key[1]:
        raise BadSetting(f"an edge of a dag is a pair of nodes, the lower one first, such as (0, 1), not {key!r}")
    return (int(key[0]), int(key[1])), _layer(part, "a dag")


def _checked_options(options: Sequence[Any], values: int, what: str) -> tuple[Any, ...]:
    if not options:
        raise BadSetting(f"{what} has no options; give it one at least")
    if values > MOST_VALUES:
        raise BadSetting(f"{what} has {MOST_VALUES} values at most, not {values:,}; make several decisions of it")
    made = tuple(option if isinstance(option, Expression) else _plain(option, what) for option in options)
    if len({are_plain([option]) for option in made}) > 1:
        raise BadSetting(f"{what} has either parts, such as op('conv3x3'), or plain settings, such as 16, not both")
    return made


def _layer(part: Any, what: str) -> Expression:
    if not isinstance(part, Expression) or part.is_plain:
        raise BadSetting(f"{what} is made of parts, such as op('conv3x3'), not of {_shown(part)}")
    return part


def _setting(name: str, value: Any) -> Any:
    return value if isinstance(value, Expression) else _plain(value, f"the setting {name}")


def _plain(value: Any, what: str) -> Any:
    """Return a plain setting as JSON can hold it, a list as a tuple."""
    if isinstance(value, list | tuple):
        return tuple(_plain(one, what) for one in value)
    plain = value.item() if hasattr(value, "item") else value
    if not isinstance(plain, str | int | float | None):
        raise BadSetting(f"{what} is a number, a text, true, false, a list of such, or a choice, not {_shown(value)}")
    return plain


def _shown(value: Any) -> str:
    return f"a {type(value).__name__.lower()} of settings" if isinstance(value, Expression) else repr(value)


def _is_whole(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)


def _text(name: Any, what: str) -> str:
    if not isinstance(name, str) or not name:
        raise BadSetting(f"{what} is a text, not {name!r}")
    return name


def _name(name: str) -> str:
    if not isinstance(name, str) or any(one in " :=.,#" for one in name):
        raise BadSetting(f"a name is a text without spaces and none of : = . , #, not {name!r}")
    return name
