"""The space of DARTS: a normal and a reduction cell of four nodes with two inputs each, an operation on each edge.

Reference: Liu et al., "DARTS: Differentiable Architecture Search", ICLR 2019, https://arxiv.org/abs/1806.09055, and
https://github.com/quark0/darts. The cells of NAS-Bench-301 are the same: Zela et al., ICLR 2022,
https://arxiv.org/abs/2008.09777
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Annotated, Any

import numpy as np

from nasbed.core.bounds import Bounds, Count, check
from nasbed.core.errors import BadSetting, InvalidArchitecture, in_a_line
from nasbed.core.records import Archs
from nasbed.core.spelling import spelled
from nasbed.spaces import genotype
from nasbed.spaces.deciding import Choice
from nasbed.spaces.genotype import CELLS, EDGES, Pair
from nasbed.spaces.notation import choice, dag, op, seq, subset
from nasbed.spaces.parts import Dag
from nasbed.spaces.resolving import dags
from nasbed.spaces.written import WrittenSpace

OPERATIONS = (
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
"""In the published order, from which ``none``, the first there, is left out: no genotype has it."""

_MAX, _AVERAGE, _SKIP, _SEP3, _, _DIL3, _DIL5 = OPERATIONS

SETS: dict[str, tuple[tuple[str, ...], ...]] = {
    "s1": (
        *((_SKIP, _DIL3), (_SKIP, _DIL5)),
        *((_SKIP, _DIL5), (_SKIP, _SEP3), (_SKIP, _DIL3)),
        *((_MAX, _SKIP), (_SKIP, _SEP3), (_SKIP, _SEP3), (_SKIP, _DIL3)),
        *((_SKIP, _SEP3), (_MAX, _SKIP), (_SKIP, _DIL3), (_DIL3, _DIL5), (_DIL3, _DIL5)),
        *((_MAX, _AVERAGE), (_MAX, _DIL3)),
        *((_MAX, _AVERAGE), (_MAX, _AVERAGE), (_SKIP, _DIL5)),
        *((_MAX, _AVERAGE), (_MAX, _SEP3), (_SKIP, _DIL3), (_SKIP, _DIL5)),
        *((_MAX, _AVERAGE), (_MAX, _AVERAGE), (_SKIP, _DIL5), (_SKIP, _DIL5), (_SKIP, _DIL5)),
    ),
}
"""Operations of each edge, by name: a line for each computed node, of the normal and then of the reduction cell.
``s1`` is of Zela et al., ICLR 2020, https://arxiv.org/abs/1909.09656, as ``spaces.py`` of their program lists it."""

_SHAPES: tuple[dict[str, int], ...] = ({}, {"stride": 2, "widen": 2})  # of a normal and of a reduction cell

CellCount = Annotated[int, Bounds(least=3)]


class DARTS(WrittenSpace):
    """A normal and a reduction cell of four nodes: the 1,037,664,180² pairs of cells of DARTS.

    Nodes 0 and 1 of a cell are the two cells before it. Each of nodes 2 to 5 adds up two different ones of the nodes
    before it, each through an operation of its own. The output concatenates these four. Of L cells, those at ⌊L/3⌋ and
    ⌊2L/3⌋, counted from 0, are reduction cells, of twice as many channels on a quarter of the image.

    A row says for each cell which two nodes a node reads, and the operation from each node that it might read; those
    that it does not read do not count. The order in which a genotype names the two does not count either. Networks are
    evaluated with 20 cells and 36 channels, the defaults, and searched for with 8 and 16.

    Args:
        cells: How many cells a network has.
        channels: How wide the first cells are.
        operations: What may be on an edge, two different layers at least; the published seven if not given. Or 28
            such lists, of each edge its own: of the normal and then of the reduction cell, by nodes and then sources.
            Or the name of such lists: ``[s1]`` are those of RobustDARTS's first space.
    """

    name = "darts"

    def __init__(
        self,
        cells: CellCount = 20,
        channels: Count = 36,
        operations: tuple[str | tuple[str, ...], ...] = OPERATIONS,
    ) -> None:
        self._skeleton: dict[str, Any] = {"cells": cells, "channels": channels}
        check("cells", cells, CellCount)
        check("channels", channels, Count)
        edges = _of_edges(operations)
        self.operations = tuple(dict.fromkeys(chain(*edges)))
        if tuple(operations) != OPERATIONS:
            self._skeleton["operations"] = [one if isinstance(one, str) else list(one) for one in operations]
        halves = {name: edges[i * EDGES : (i + 1) * EDGES] for i, name in enumerate(CELLS)}
        normal, reduction = (_cell(name, halves[name], **shape) for name, shape in zip(CELLS, _SHAPES, strict=True))
        stack = [reduction if i in (cells // 3, 2 * cells // 3) else normal for i in range(cells)]
        super().__init__(seq(op("stem", channels=channels, multiplier=3), *stack, op("head")), type(self).name)

    def settings(self) -> dict[str, Any]:
        """Give the constructor arguments that make this space again."""
        return dict(self._skeleton)

    @property
    def evaluation(self) -> Mapping[str, Any]:
        """How what was found is trained: in networks of 20 cells and 36 channels, and what the recipe has beside it."""
        whole = {name: value for name, value in self._skeleton.items() if name == "operations"}
        beside = {"auxiliary": 0.4, "drop_path": 0.2}
        return {"space": spelled(type(self).name, whole), "recipe": "darts", "epochs": 600, "skeleton": beside}

    # ── between rows and published forms ──────────────────────────────────────────────────────────────────────

    def pairs(self, arch: Archs) -> dict[str, list[Pair]]:
        """Give the operation and the source of each edge of both cells, by node and then source.

        Raises:
            InvalidArchitecture: When it is not of this space.
        """
        cells = {cell.label: cell for cell in dags(self.resolve(arch))}
        return {kind: _pairs(cells[kind]) for kind in CELLS}

    def parse(self, text: str) -> Archs:
        """Read a genotype in one of its published forms, as text or JSON, or as Python prints it.

        ``Genotype(normal=[('sep_conv_3x3', 1), …], normal_concat=[2, 3, 4, 5], reduce=[…], reduce_concat=[…])``, or the
        same by names, ``{"normal": …}``; the compact tuple of NASLib and naszilla, ``(((1, 3), …), (…))``; values by
        the names of NAS-Bench-301, ``{"NetworkSelectorDatasetInfo:darts:edge_normal_0": "sep_conv_3x3", …}``. Besides
        what every written space reads: names and values, or the row's own numbers. What is no text is read as Python
        prints it, so that a ``Genotype``, a tuple or a configuration is read, too.
        """
        said = text if isinstance(text, str) else repr(text)
        found = genotype.read(said, self.operations)
        return super().parse(said) if found is None else self._row_of(found)

    def format(self, arch: Archs) -> str:
        """Write the genotype, ``Genotype(normal=[…], …)``, the pairs of each node in the order of their sources."""
        return genotype.text(self.pairs(arch))

    def compact(self, arch: Archs) -> tuple[tuple[tuple[int, int], ...], ...]:
        """Give the tuple of NASLib and naszilla: for each cell eight pairs of a source and the number of an operation.

        Operations are numbered as in ``operations``.
        """
        return genotype.compact(self.pairs(arch), self.operations)

    def configuration(self, arch: Archs) -> dict[str, str]:
        """Give the values of NAS-Bench-301's ConfigSpace, by its names, those of active decisions alone."""
        return genotype.configuration(self.pairs(arch))

    def facts(self, arch: Archs) -> Mapping[str, Any]:
        """Give the compact tuple of one architecture."""
        return {"compact": str(self.compact(arch))}

    def _row_of(self, cells: Mapping[str, Sequence[Pair]]) -> Archs:
        """Return the row of the sorted pairs of both cells."""
        values = dict[str, Any]()
        for kind, pairs in cells.items():
            for i, (operation, source) in enumerate(pairs):
                node = f"{kind}.node{2 + i // 2}"
                values[f"{node}.from{source}"] = operation
                values[node] = (*values.get(node, ()), source)
        for slot in self.slots:
            if (value := values.setdefault(slot.name, slot.values[0])) not in slot.values:
                raise InvalidArchitecture(f"{slot.name} is {' or '.join(map(str, slot.values))} here, not {value}")
        return np.array([slot.values.index(values[slot.name]) for slot in self.slots], np.int8)


def _of_edges(operations: Sequence[str | Sequence[str]]) -> Sequence[tuple[str, ...]]:
    """Return the operations of each edge of both cells.

    Raises:
        BadSetting: When they are not as the class says.
    """
    edges: Sequence[tuple[str, ...]]
    match [*operations]:
        case [str(name)] if name in SETS:
            edges = SETS[name]
        case [*names] if all(isinstance(name, str) for name in names):
            edges = [tuple(map(str, names))] * len(CELLS) * EDGES
        case lists:
            edges = [tuple(one) if isinstance(one, list | tuple) else () for one in lists]
    if len(edges) != len(CELLS) * EDGES or not all(map(_differ, edges)):
        raise BadSetting(
            f"operations are two or more different names, or {len(CELLS) * EDGES} lists of such, one for each edge, or "
            f"[{'] or ['.join(SETS)}], not {in_a_line(list(operations))}"
        )
    return edges


def _differ(names: Sequence[str]) -> bool:
    """Say whether these are two or more different names."""
    return len(names) >= 2 and len({name for name in names if isinstance(name, str)}) == len(names)


def _cell(name: str, operations: Sequence[Sequence[str]], **shape: Any) -> Dag:
    """Return a cell with the operations of each edge; see ``notation.dag`` for its shape."""

    def edge(node: int, source: int) -> Choice:
        return choice(*map(op, operations[genotype.FIRST[node] + source]), name=f"from{source}")

    inputs = {node: subset(2, *(edge(node, source) for source in range(node))) for node in genotype.NODES}
    return dag(inputs, inputs=2, concat=genotype.NODES, preprocess="project", name=name, **shape)


def _pairs(cell: Dag) -> list[Pair]:
    """Return the operation and the source of each edge of a resolved cell."""
    return [(cell.parts[source, target].label, source) for source, target in cell.order]
