"""The space of NAS-Bench-Macro: eight layers, each an identity or one of two blocks of MobileNet-V2.

Reference: Su et al., "Prioritized Architecture Sampling with Monto-Carlo Tree Search", CVPR 2021,
https://arxiv.org/abs/2103.11922, and https://github.com/xiusu/NAS-Bench-Macro
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import InvalidArchitecture
from nasbed.core.graph import INPUT, OUTPUT, Graph
from nasbed.core.records import Archs
from nasbed.spaces.expression import Expression
from nasbed.spaces.notation import choice, op, seq
from nasbed.spaces.product import ProductSpace

OPERATIONS = ("identity", "mb3_k3", "mb6_k5")
"""In the order of their digits 0 to 2: an identity; expansion 3 and kernel 3×3; expansion 6 and kernel 5×5."""

STAGES = (2, 3, 3)
"""Layers a stage. The first layer of each halves the image and doubles the channels."""

LAYERS = sum(STAGES)

_CHAIN = tuple(tuple(int(j == i + 1) for j in range(LAYERS + 2)) for i in range(LAYERS + 2))


class NASBenchMacro(ProductSpace):
    """One of three operations in each of eight layers: the 6,561 architectures of NAS-Bench-Macro.

    A row has the published digits, one a layer; ``index`` is the number that they write in base 3.

    Rows are equal by ``key`` where they differ in where a stage has its identities, its first layer aside: such an
    identity does nothing, so the network is the same. 3,969 rows differ; the published trainings are one for each.
    """

    name = "nasbenchmacro"

    @cached_property
    def expression(self) -> Expression:  # type: ignore[override]
        """The layers, the first of each stage with stride 2."""
        strides = [2 if i == 0 else 1 for layers in STAGES for i in range(layers)]
        layers = [
            choice(*(op(name, stride=stride) for name in OPERATIONS), name=f"layer{i}")
            for i, stride in enumerate(strides)
        ]
        return seq(op("stem"), *layers, op("head"))

    @cached_property
    def cardinalities(self) -> NDArray[np.int64]:
        """Three operations for each of eight layers."""
        return np.full(LAYERS, len(OPERATIONS), np.int64)

    @cached_property
    def representatives(self) -> NDArray[np.int64]:
        """For each index that of the row with a stage's identities right behind its first layer, ``(6561,)``.

        The published rule, ``get_real_arch``, puts them at the end of the stage; the classes are the same.
        """
        rows, start = self.enumerate(), 0
        for layers in STAGES:
            later = rows[:, start + 1 : start + layers]
            later[:] = np.take_along_axis(later, np.argsort(later != 0, axis=1, kind="stable"), axis=1)
            start += layers
        return self.index(rows)

    def facts(self, arch: Archs) -> Mapping[str, Any]:
        """Give the index of one architecture."""
        return {"index": int(self.index(np.asarray(arch)[None])[0])}

    def graph(self, arch: Archs) -> Graph:
        """Give the layers, one after the other, labelled with their operations."""
        return Graph(_CHAIN, (INPUT, *(OPERATIONS[digit] for digit in self._digits(arch)), OUTPUT))

    def embed(self, graph: Graph) -> Archs:
        """Give the row of a graph as ``graph`` makes them, ``(8,)``."""
        names = graph.labels[1:-1]
        is_chain = graph.adjacency == _CHAIN and (graph.labels[0], graph.labels[-1]) == (INPUT, OUTPUT)
        if not is_chain or not set(names) <= set(OPERATIONS):
            raise InvalidArchitecture(
                f"the graph is no chain, from input to output, of {LAYERS} layers out of {', '.join(OPERATIONS)}"
            )
        return np.array([OPERATIONS.index(name) for name in names], np.int8)

    def parse(self, text: str) -> Archs:
        """Read the eight published digits, ``02012100``, or an index behind ``#``, ``#1459``."""
        text = self.text(text).strip()
        numbered = self.numbered(text) if text.startswith("#") else None
        if numbered is not None:
            return numbered
        if not re.fullmatch(f"[0-{len(OPERATIONS) - 1}]{{{LAYERS}}}", text):
            raise InvalidArchitecture(
                f"{text[:120]!r} is no architecture of NAS-Bench-Macro; write {LAYERS} digits from 0 to "
                f"{len(OPERATIONS) - 1}, such as 02012100, or an index, such as #1459"
            )
        return np.array([int(digit) for digit in text], np.int8)

    def format(self, arch: Archs) -> str:
        """Write the digits as published: ``02012100``."""
        return "".join(map(str, self._digits(arch)))

    def _digits(self, arch: Archs) -> list[int]:
        """Return the digits of a row.

        Raises:
            InvalidArchitecture: When one is not 0 to 2.
        """
        row = np.asarray(arch)
        if not self.valid(row[None])[0]:
            raise InvalidArchitecture(f"operations are numbered 0 to {len(OPERATIONS) - 1}, not {row.tolist()}")
        digits: list[int] = row.tolist()
        return digits
