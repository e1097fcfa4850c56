"""NAS-Bench-101: modules of at most seven vertices and nine edges with three operations.

Reference: Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019,
https://arxiv.org/abs/1902.09635
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.cells import Cells
from nasbed.core.errors import BadSetting, InvalidArchitecture, nearest
from nasbed.core.graph import INPUT, OUTPUT, Graph
from nasbed.core.records import Archs
from nasbed.core.rows import once
from nasbed.core.space import Space
from nasbed.spaces.modules import canonical_module, modules_of, used_of
from nasbed.spaces.named_modules import CONV1, CONV3, NAMED_MODULES, POOL
from nasbed.spaces.nasbench101_index import VERTICES_AT_MOST, ModuleIndex, list_modules, module_index, module_texts

if TYPE_CHECKING:
    from types import ModuleType

    from nasbed.core.rng import Streams

OPERATIONS = (CONV3, CONV1, POOL)
"""In the order of their labels 0, 1, 2."""

_FEW = 512
_SHORT = {CONV3: "conv3x3", CONV1: "conv1x1", POOL: "maxpool"}
_TEXT = re.compile(r"^\s*(?P<rows>[01]*(?:/[01]*)*)\s*:\s*(?P<operations>[^:]*)$")


@cache
def _kernels() -> ModuleType:
    """Give the compiled loops, imported when first needed."""
    from nasbed.spaces import nasbench101_kernels

    return nasbench101_kernels


@cache
def _index_kernels() -> ModuleType:
    """Give those of the index, likewise."""
    from nasbed.spaces import nasbench101_index_kernels

    return nasbench101_index_kernels


class NASBench101(Space):
    """Directed acyclic modules between an input and an output: NAS-Bench-101's 423,624, or fewer, or more.

    A row is the edge decisions, edge x→y (x < y) at position ``x + y(y−1)/2``, then the operation of each interior
    vertex. Rows are raw specifications: vertices off every path from input to output do not count, so a module of
    fewer vertices is a row too, and many rows are one module. ``key`` and ``index`` see through that.

    Args:
        vertices: Vertices at most, with input and output; 2 to 11.
        edges: Edges at most, after pruning.
        operations: Names of the operations, label 0 first.

    Raises:
        BadSetting: When there are fewer than 2 or more than 11 vertices, no edges or no operations.
    """

    name = "nasbench101"

    def __init__(self, vertices: int = 7, edges: int = 9, operations: tuple[str, ...] = OPERATIONS) -> None:
        if not 2 <= vertices <= 11:
            raise BadSetting(f"a module has 2 to 11 vertices, input and output included, not {vertices}")
        if edges < 1:
            raise BadSetting(f"a module needs at least 1 edge, not {edges}")
        if not operations or len(operations) > 100:
            raise BadSetting(f"a module needs 1 to 100 operations to choose from, not {len(operations)}")
        self.vertices = int(vertices)
        self.edges = int(edges)
        self.operations = tuple(operations)
        self.edge_count = self.vertices * (self.vertices - 1) // 2

    def settings(self) -> dict[str, Any]:
        """Give vertices, edges and the names of the operations."""
        return {"vertices": self.vertices, "edges": self.edges, "operations": list(self.operations)}

    @cached_property
    def cardinalities(self) -> NDArray[np.int64]:
        """2 for each edge, then the number of operations for each interior vertex."""
        return np.array([2] * self.edge_count + [len(self.operations)] * (self.vertices - 2), np.int64)

    # ── rows in, rows out ─────────────────────────────────────────────────────────────────────────────────────

    def valid(self, archs: Archs) -> NDArray[np.bool_]:
        """Say which rows have a path from input to output and, pruned, few enough edges."""
        rows = self.checked(archs)
        result = np.empty(len(rows), np.bool_)
        _kernels().valid_rows(rows, self.vertices, self.edges, len(self.operations), result)
        return result

    def sample(self, streams: Streams) -> Archs:
        """Draw uniformly from the valid raw rows, as published; small modules are rarer than they are by count."""
        result = np.empty((len(streams), self.decisions), np.int8)
        _kernels().sample_rows(streams.keys, streams.positions, self.vertices, self.edges, len(self.operations), result)
        return result

    def mutate(self, archs: Archs, streams: Streams, rate: float = 1.0) -> Archs:
        """Flip each edge with probability rate/vertices, change each operation with rate/interior vertices.

        Drawn again until the child is valid: the mutation of the published example notebook, where rate is 1.
        """
        rows = self.checked(archs, len(streams))
        result = np.empty_like(rows)
        _kernels().mutate_rows(
            rows, streams.keys, streams.positions, self.vertices, self.edges, len(self.operations), rate, result
        )
        return result

    def crossover(self, mothers: Archs, fathers: Archs, streams: Streams) -> Archs:
        """Take each decision from either parent with equal chance, until valid; the mother after 64 misfits."""
        n = len(streams)
        result: Archs = _kernels().cross_rows(
            self.checked(mothers, n),
            self.checked(fathers, n),
            streams.keys,
            streams.positions,
            self.vertices,
            self.edges,
        )
        return result

    # ── equality ──────────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def module_index(self) -> ModuleIndex:
        """The look-up tables of this space, for at most seven vertices."""
        if self.vertices > VERTICES_AT_MOST:
            raise BadSetting(
                f"classes are numbered for at most {VERTICES_AT_MOST} vertices, this space has {self.vertices}; use key"
            )
        return module_index(self.vertices, self.edges, len(self.operations))

    @property
    def size(self) -> int | None:
        """How many different modules there are; None beyond seven vertices, where they are not numbered."""
        return self.module_index.size if self.vertices <= VERTICES_AT_MOST else None

    def index(self, archs: Archs) -> NDArray[np.int64]:
        """Number each row's module from 0 in the published order of enumeration, ``(n,)``; −1 if it is not valid."""
        tables = self.module_index
        result: NDArray[np.int64] = _index_kernels().class_rows(
            self.checked(archs),
            self.vertices,
            len(self.operations),
            tables.structure,
            tables.interior,
            tables.offsets,
            tables.classes,
        )
        return result

    def key(self, archs: Archs) -> NDArray[np.uint64]:
        """Hash each row's pruned module, ``(n,)`` uint64: isomorphic modules agree, in spaces of any size.

        The published refinement with 64-bit colours in place of MD5 digests: within the published space different
        modules never share a key (checked by test). A row without a path has key 0.
        """
        if self.vertices > VERTICES_AT_MOST:
            result: NDArray[np.uint64] = _kernels().key_rows(self.checked(archs), self.vertices)
            return result
        of_classes: NDArray[np.uint64] = _index_kernels().class_keys(self.index(archs), self.module_index.keys)
        return of_classes

    def simplify(self, archs: Archs) -> Archs:
        """Return the pruned module of each row, the same row for all that are isomorphic, ``(n, decisions)``."""
        self.check_valid(archs)
        if self.vertices > VERTICES_AT_MOST:
            rows = [self.embed(canonical_module(self.graph(arch))) for arch in archs]
            return np.array(rows, np.int8).reshape(-1, self.decisions)
        return self.archs_of(self.index(archs))

    def used(self, archs: Archs) -> NDArray[np.bool_]:
        """Say which decisions count: edges, and the operations of vertices that have some."""
        return used_of(self.checked(archs), self.vertices)

    def cells(self, archs: Archs) -> tuple[Cells, ...]:
        """Return the modules of rows that are simplified, each vertex a place for an operation."""
        return (modules_of(self.checked(archs), self.vertices, self.operations),)

    def enumerate(self) -> Archs:
        """Give every module once, ``(size, decisions)``, in the published order; ``index`` of row i is i."""
        return list_modules(self.vertices, self.edges, len(self.operations))

    def probabilities(self) -> NDArray[np.float64]:
        """Give the chance of each module under one ``sample``, exactly, ``(size,)``."""
        return super().probabilities() if self.size is None else self.module_index.probabilities()

    def hashes(self, archs: Archs) -> NDArray[np.uint8]:
        """Give the published MD5 digest of each pruned module, ``(n, 16)``."""
        if len(archs) <= _FEW:  # one by one, before the compiled hashing has even been loaded or, once, compiled
            digests = [bytes.fromhex(self.module_hash(arch)) for arch in self.checked(archs)]
            return np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 16)
        from nasbed.spaces.module_hash_kernels import hash_modules

        counts, masks, labels = _kernels().pruned_rows(self.checked(archs), self.vertices)
        if not counts.all():
            raise InvalidArchitecture(f"row {int(np.argmin(counts))} has no path from input to output: it has no hash")
        result: NDArray[np.uint8] = hash_modules(counts, masks, labels)
        return result

    def names(self, archs: Archs) -> list[str]:
        """Name modules by their published hashes, in hexadecimal."""
        text = self.hashes(archs).tobytes().hex()
        return [text[start : start + 32] for start in range(0, len(text), 32)]

    def module_hash(self, arch: Archs) -> str:
        """Give the published MD5 hash of one module, in hexadecimal."""
        from nasbed.spaces.module_hash import module_hash

        graph = self.graph(arch)
        labels = {INPUT: -1, OUTPUT: -2, **{name: label for label, name in enumerate(self.operations)}}
        return module_hash(graph.matrix, [labels[label] for label in graph.labels])

    def facts(self, arch: Archs) -> Mapping[str, Any]:
        """Give the published hash of one module."""
        return {"hash": self.module_hash(arch)}

    # ── between rows, graphs and text ─────────────────────────────────────────────────────────────────────────

    def graph(self, arch: Archs) -> Graph:
        """Give the pruned module of one row."""
        pruned = self.raw_graph(arch).pruned()
        if pruned is None:
            raise InvalidArchitecture("the architecture has no path from input to output")
        return pruned

    def raw_graph(self, arch: Archs) -> Graph:
        """Give one row as it is, with all its vertices."""
        arch = self.checked(np.asarray(arch)[None])[0]
        matrix = np.zeros((self.vertices, self.vertices), np.int8)
        for y in range(1, self.vertices):
            matrix[:y, y] = arch[y * (y - 1) // 2 : y * (y + 1) // 2]
        inner = arch[self.edge_count :]
        if ((inner < 0) | (inner >= len(self.operations))).any():
            raise InvalidArchitecture(f"operations are numbered 0 to {len(self.operations) - 1}, not {inner.tolist()}")
        return Graph.of(matrix, [INPUT, *(self.operations[op] for op in inner), OUTPUT])

    @classmethod
    def around(cls, graph: Graph) -> NASBench101:
        """Give the smallest space that has a module, with the operations that occur in it."""
        operations = tuple(dict.fromkeys(graph.labels[1:-1])) or OPERATIONS
        return cls(graph.vertices, max(len(graph.edges), 1), operations)

    def embed(self, graph: Graph) -> Archs:
        """Give the row of a graph, ``(decisions,)``: interior vertices first, the output last.

        Raises:
            InvalidArchitecture: When the graph has no path, or is too large even when pruned, or has operations
                that this space does not know.
        """
        pruned = graph.pruned()
        if pruned is None or len(pruned.edges) > self.edges:
            raise InvalidArchitecture(
                f"the module has no path from input to output or, pruned, more than {self.edges} edges"
            )
        if graph.vertices > self.vertices:
            if pruned.vertices > self.vertices:
                raise InvalidArchitecture(
                    f"the graph has {pruned.vertices} vertices, pruned; this space takes at most {self.vertices}"
                )
            graph = pruned
        places = [*range(graph.vertices - 1), self.vertices - 1]
        arch = np.zeros(self.decisions, np.int8)
        for x, y in graph.edges:
            arch[places[x] + places[y] * (places[y] - 1) // 2] = 1
        for v, label in enumerate(graph.labels[1:-1]):
            if label not in self.operations:
                raise InvalidArchitecture(f"no operation is called {label!r} here; there are {list(self.operations)}")
            arch[self.edge_count + v] = self.operations.index(label)
        return arch

    def parse(self, text: str) -> Archs:
        """Read a module written as ``format`` does, ``011/001/000:conv3x3``, or by its name, ``inception-like``.

        Rows of the adjacency matrix are separated by slashes, operations by commas; ``input`` and ``output`` may be
        named or left out, operations may be written in short (conv3x3, conv1x1, maxpool) or as published. Names are
        those of ``NAMED_MODULES``.
        """
        name = self.text(text).strip()
        if name in NAMED_MODULES:
            return self._named(name)
        match = _TEXT.match(text)
        if match is None:
            hint = f" {nearest(name, NAMED_MODULES)}".rstrip()
            raise InvalidArchitecture(
                f"{text!r} is not a module.{hint} Write the matrix and the operations, such as "
                f"'011/001/000:conv3x3-bn-relu', or a name: {', '.join(NAMED_MODULES)}"
            )
        matrix = [[int(x) for x in row] for row in match["rows"].split("/")]
        names = [name.strip() for name in match["operations"].split(",") if name.strip()]
        if names[:1] == [INPUT]:
            names = names[1:]
        if names[-1:] == [OUTPUT]:
            names = names[:-1]
        full = {short: long for long, short in _SHORT.items()}
        return self.embed(Graph.of(matrix, [INPUT, *(full.get(name, name) for name in names), OUTPUT]))

    def around_named(self, text: str) -> Space:
        """Give this space or, if a text names one of ``NAMED_MODULES`` outside it, the smallest space around that."""
        graph = NAMED_MODULES.get(text.strip())
        if graph is None:
            return self
        inside = graph.vertices <= self.vertices and len(graph.edges) <= self.edges
        return self if inside and {*graph.labels[1:-1]} <= {*self.operations} else self.around(graph)

    def _named(self, name: str) -> Archs:
        try:
            return self.embed(NAMED_MODULES[name])
        except InvalidArchitecture as error:
            raise InvalidArchitecture(f"{name!r} is outside this space: {error}") from None

    def format(self, arch: Archs) -> str:
        """Write the pruned module as matrix rows and operations: ``011/001/000:conv3x3-bn-relu``."""
        graph = self.graph(arch)
        rows = "/".join("".join(map(str, row)) for row in graph.adjacency)
        return f"{rows}:{','.join(graph.labels[1:-1])}"

    def texts(self, archs: Archs) -> list[str]:
        """Write each of many modules; ``format`` is asked once for each matrix and once for each list of operations."""
        rows = self.checked(archs)
        if len(rows) <= _FEW or self.vertices > VERTICES_AT_MOST:
            return super().texts(rows)
        _, masks, labels = _kernels().pruned_rows(rows, self.vertices)
        return module_texts(rows, masks, labels, self.format)

    def identify(self, archs: Archs) -> tuple[str, list[str]]:
        """Return the published hash of each module."""
        return "hash", once(self.key(archs), lambda first: self.names(archs[first]))
