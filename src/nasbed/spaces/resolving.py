"""From a row to what it stands for: an expression with nothing left open, and its graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasbed.core.graph import INPUT, OUTPUT, Graph
from nasbed.spaces.expression import Expression
from nasbed.spaces.parts import Dag, Op, Seq


class Resolver:
    """Resolves parts of an expression by one row.

    Args:
        places: The slot of each part that has one, by ``id``.
        row: The values of the slots.
    """

    def __init__(self, places: Mapping[int, int], row: list[int]) -> None:
        self._places, self._row, self._made = places, row, dict[int, Any]()

    def value(self, part: Expression) -> int:
        """Return the value of a part's decision; 0 where it has none."""
        place = self._places.get(id(part))
        return 0 if place is None else self._row[place]

    def __call__(self, part: Any) -> Any:
        """Return a part resolved, the same object each time; a plain setting as it is."""
        if not isinstance(part, Expression):
            return part
        if id(part) not in self._made:
            self._made[id(part)] = part.resolved(self)
        return self._made[id(part)]


def dags(part: Expression) -> list[Dag]:
    """Return the different dags of a resolved part, each behind those that it stands in."""
    found, seen, waiting = list[Dag](), set[int](), [part]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, Dag):
            found.append(one)
        waiting += [use.part for use in one.uses()][::-1]
    return found


def graph_of(part: Expression, boxes: Mapping[int, str] | None = None) -> Graph:
    """Return a resolved part as a graph with a vertex for each layer.

    What reaches a node is an arrow from each layer that brings something. A part without layers, such as a depth of 0,
    passes on what it reads.

    Args:
        part: The part.
        boxes: Dags that are one vertex each, by ``id``, with its label.
    """
    whole = _Vertices(dict(boxes or {}))
    inputs = part.inputs if isinstance(part, Dag) else 1
    start = whole.add(INPUT, [])
    read = [start] if inputs == 1 else [whole.add(f"{INPUT} {i}", start) for i in range(inputs)]
    whole.add(OUTPUT, whole.flow(part, [], read))
    count = len(whole.labels)
    rows = [[0] * count for _ in range(count)]
    for source, target in whole.arrows:
        rows[source][target] = 1
    return Graph(tuple(map(tuple, rows)), tuple(whole.labels))


class _Vertices:
    """Collects vertices and arrows; what a part reads is the vertices that bring it."""

    def __init__(self, boxes: Mapping[int, str]) -> None:
        self.boxes, self.labels, self.arrows = boxes, list[str](), list[tuple[int, int]]()

    def add(self, label: str, sources: list[int]) -> list[int]:
        """Add a vertex that reads others."""
        self.labels.append(label)
        self.arrows += [(source, len(self.labels) - 1) for source in sources]
        return [len(self.labels) - 1]

    def flow(self, part: Expression, before: list[list[int]], source: list[list[int]]) -> list[int]:
        """Add a part and return what brings its output.

        Args:
            part: The part.
            before: What brings the outputs of the parts before it in a sequence, the nearest last.
            source: What brings what it reads where there are none.
        """
        reads = before or source
        match part:
            case Op():
                return self.add(str(part), reads[-1])
            case Dag() if id(part) in self.boxes:
                return self.add(self.boxes[id(part)], _merged(_read(part, reads)))
            case Dag():
                return self._dag(part, _read(part, reads))
            case Seq():
                return self._seq(part, before, source)
        raise TypeError(f"{type(part).__name__} is not resolved")

    def _seq(self, part: Seq, before: list[list[int]], source: list[list[int]]) -> list[int]:
        outputs, inner = list(before), list(part.parts)
        while inner:
            first = inner.pop(0)
            times = 1
            while id(first) in self.boxes and inner and inner[0] is first:
                times, first = times + 1, inner.pop(0)
            outputs += [self.flow(first, outputs, source)] * times
            if times > 1:
                self.labels[-1] += f" ×{times}"
        return (outputs or source)[-1]

    def _dag(self, part: Dag, inputs: list[list[int]]) -> list[int]:
        nodes = dict(enumerate(inputs))
        for source, target in part.order:
            found = self.flow(part.parts[source, target], [], [nodes.get(source, [])])
            nodes[target] = _merged([nodes.get(target, []), found])
        return _merged([nodes.get(node, []) for node in part.concat or (part.nodes - 1,)])


def _read(part: Dag, reads: list[list[int]]) -> list[list[int]]:
    """Return what a dag's inputs read: as many outputs before it, the first one several times where there are fewer."""
    return [reads[max(len(reads) - part.inputs + i, 0)] for i in range(part.inputs)]


def _merged(some: list[list[int]]) -> list[int]:
    return sorted({vertex for one in some for vertex in one})
