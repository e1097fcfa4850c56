"""The size space of NATS-Bench: one fixed cell, five channel counts.

Reference: Dong, Liu, Musial and Gabrys, "NATS-Bench: Benchmarking NAS Algorithms for Architecture Topology and Size",
TPAMI 2021, https://arxiv.org/abs/2009.00437
"""

from __future__ import annotations

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

CHANNELS = (8, 16, 24, 32, 40, 48, 56, 64)
"""In the order of their numbers 0 to 7."""

LAYERS = ("cell", "reduction", "cell", "reduction", "cell")
"""What each decision gives its channels to: three stages of one cell, and the residual blocks of stride 2 between."""

_CHAIN = tuple(tuple(int(j == i + 1) for j in range(len(LAYERS) + 2)) for i in range(len(LAYERS) + 2))


class NATSSize(ProductSpace):
    """The channels of each of five layers, 8 to 64 in steps of 8: the 32,768 of NATS-Bench's size space.

    A row is the position in ``CHANNELS`` of the first cell's channels, which are the stem's, too, and then of the first
    reduction's, the second cell's, the second reduction's and the third cell's. ``index`` is the official index: the
    last decision changes fastest. No two rows are equal.

    A mutation always changes a channel count; in the published code, one in eight draws the count that there was.
    """

    name = "natssize"

    @cached_property
    def expression(self) -> Expression:  # type: ignore[override]
        """The layers, each with its channels; the first ones are the stem's, too."""
        channels = [choice(*CHANNELS, name=f"channels{i}") for i in range(len(LAYERS))]
        layers = [op(layer, channels=width) for layer, width in zip(LAYERS, channels, strict=True)]
        return seq(op("stem", channels=channels[0]), *layers, op("head"))

    @cached_property
    def cardinalities(self) -> NDArray[np.int64]:
        """Eight channel counts for each of five layers."""
        return np.full(len(LAYERS), len(CHANNELS), np.int64)

    def channels(self, archs: Archs) -> NDArray[np.int64]:
        """Give the channel counts of rows, ``(n, 5)`` → ``(n, 5)``.

        Raises:
            InvalidArchitecture: When a row has a number that is not 0 to 7.
        """
        rows = self.checked(archs)
        valid = self.valid(rows)
        if not valid.all():
            wrong = rows[int(np.argmin(valid))].tolist()
            raise InvalidArchitecture(f"channel counts are numbered 0 to {len(CHANNELS) - 1}, not {wrong}")
        return np.array(CHANNELS)[rows]

    def facts(self, arch: Archs) -> Mapping[str, Any]:
        """Give the official index of one architecture."""
        return {"index": int(self.index(np.asarray(arch)[None])[0])}

    def graph(self, arch: Archs) -> Graph:
        """Give the layers, one after the other, labelled with their channels: ``cell-16``, ``reduction-32``."""
        (channels,) = self.channels(np.asarray(arch)[None]).tolist()
        labels = [f"{layer}-{width}" for layer, width in zip(LAYERS, channels, strict=True)]
        return Graph(_CHAIN, (INPUT, *labels, OUTPUT))

    def embed(self, graph: Graph) -> Archs:
        """Give the row of a graph as ``graph`` makes them, ``(5,)``."""
        labels = [label.rpartition("-") for label in graph.labels[1:-1]]
        is_chain = graph.adjacency == _CHAIN and (graph.labels[0], graph.labels[-1]) == (INPUT, OUTPUT)
        if not is_chain or tuple(layer for layer, _, _ in labels) != LAYERS:
            raise InvalidArchitecture(
                f"the graph is no chain, from input to output, of {', '.join(LAYERS)} with their channels: cell-16, …"
            )
        return self._row([width for _, _, width in labels])

    def parse(self, text: str) -> Archs:
        """Read ``8:16:24:32:40``, or ``(8, 16, 24, 32, 40)``, or the official index, ``668`` or ``#668``."""
        numbered = self.numbered(text)
        if numbered is not None:
            return numbered
        text = text.strip()
        is_bracketed = text[:1] + text[-1:] in ("()", "[]")
        widths = text[1:-1].split(",") if is_bracketed else text.split(":")
        return self._row([width.strip() for width in widths])

    def format(self, arch: Archs) -> str:
        """Write the channel counts as published: ``8:16:24:32:40``."""
        (channels,) = self.channels(np.asarray(arch)[None]).tolist()
        return ":".join(map(str, channels))

    def _row(self, widths: list[str]) -> Archs:
        """Give the row of five written channel counts."""
        numbers = {str(channels): number for number, channels in enumerate(CHANNELS)}
        if len(widths) != len(LAYERS) or not set(widths) <= set(numbers):
            raise InvalidArchitecture(
                f"{':'.join(widths)[:120]!r} is no architecture of the size space; write {len(LAYERS)} channel counts "
                f"out of {', '.join(numbers)}, such as 8:16:24:32:40, or the official index"
            )
        return np.array([numbers[width] for width in widths], np.int8)
