"""Weisfeiler–Lehman histograms: how often each operation stands in each surrounding.

Reference: Ru, Wan, Dong and Osborne, "Interpretable Neural Architecture Search via Bayesian Optimisation with
Weisfeiler-Lehman Kernels", ICLR 2021, https://arxiv.org/abs/2006.07556
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.core.cells import Cells
from nasbed.core.errors import BadSetting
from nasbed.core.graph import INPUT, OUTPUT
from nasbed.core.records import Archs
from nasbed.core.rows import mixed
from nasbed.encodings.block import Block, in_parts, no_cells, typical


@dataclass(frozen=True, eq=False)
class WeisfeilerLehman(Block):
    """How many vertices have each label, for the labels of 0 to h rounds.

    A vertex's first label is its operation; the next one is the label before with those of its predecessors, in any
    order. What passes nothing on is no vertex, and what passes on what it reads is contracted; two arrows between the
    same vertices are one.

    The labels are those that occur in the space, if it has at most 131,072 rows; else in 32,768 of its architectures,
    at equal distances, or, where they cannot be listed, in 4,096 that are drawn. Others are not counted.

    Attributes:
        h: How many rounds.
        most: How many labels, the most frequent, are kept.
    """

    h: int = 1
    most: int = 4096

    def __post_init__(self) -> None:
        if not no_cells(self.space):
            raise BadSetting(f"the space {self.space.name} has no cell, so no neighbourhoods; take onehot+counts")
        if self.h < 0 or self.most < 1:
            raise BadSetting(f"wl takes 0 rounds at least and 1 label, not h={self.h} and most={self.most}")

    @cached_property
    def _known(self) -> tuple[NDArray[np.uint64], NDArray[np.intp], tuple[str, ...]]:
        """The labels that are counted, ascending, the column of each, and what each column says."""
        found: dict[int, int] = {}
        texts: dict[int, str] = {}
        for _, rows in in_parts(typical(self.space)):
            for cell in self.space.cells(rows):
                labelled = _labels(cell, self.h)
                counted = np.unique(labelled.labels, return_index=True, return_counts=True)
                for label, at, times in zip(*(one.tolist() for one in counted), strict=True):
                    if label and label not in found:
                        texts[label] = _text(cell, labelled, *np.unravel_index(at, labelled.labels.shape))
                    found[label] = found.get(label, 0) + times
        found.pop(0, None)
        often = sorted(found, key=lambda label: (-found[label], texts[label]))[: self.most]
        kept = np.array(sorted(often, key=texts.__getitem__), np.uint64)
        order = np.argsort(kept)
        return kept[order], order, tuple(texts[label] for label in kept.tolist())

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The labels, each with its round, the operation, and what that reads."""
        return self._known[2]

    def values(self, rows: Archs) -> NDArray[np.float64]:
        """Return how often each label occurs, ``(n, labels)``."""
        known, columns, _ = self._known
        found = np.zeros((len(rows), len(known)))
        for part, some in in_parts(rows):
            for cell in self.space.cells(some):
                labels = _labels(cell, self.h).labels
                place = np.minimum(np.searchsorted(known, labels), len(known) - 1)
                row, which, vertex = np.nonzero(known[place] == labels)
                flat = row * len(known) + columns[place[row, which, vertex]]
                found[part] += np.bincount(flat, minlength=len(some) * len(known)).reshape(len(some), -1)
        return found


class _Labelled(NamedTuple):
    """Cells with labels at their vertices.

    Attributes:
        labels: ``(n, rounds + 1, vertices)``; 0 for what is no vertex.
        arrows: Which vertex reads which, ``(n, vertices, vertices)``.
    """

    labels: NDArray[np.uint64]
    arrows: NDArray[np.bool_]


def _labels(cell: Cells, rounds: int) -> _Labelled:
    """Return the labels of the vertices of cells."""
    arrows, alive = _contracted(cell)
    names = np.array([_code(f"{cell.name} {name}") for name in [*cell.operations, OUTPUT, *_inputs(cell)]], np.uint64)
    first = np.zeros(alive.shape, np.uint64)
    first[:, : cell.inputs] = names[len(cell.operations) + 1 :]
    first[:, -1] = names[len(cell.operations)]
    first[:, cell.inputs : -1] = names[cell.labels]
    labels = [np.where(alive, first, np.uint64(0))]
    for number in range(rounds):
        read = np.asarray(np.sum(arrows * mixed(labels[-1])[:, :, None], axis=1, dtype=np.uint64))
        labels.append(np.where(alive, mixed(labels[-1] ^ mixed(read + np.uint64(number))), np.uint64(0)))
    return _Labelled(np.stack(labels, axis=1), arrows)


def _contracted(cell: Cells) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return arrows between vertices that compute something, and which do, contracted and pruned."""
    n, inner = len(cell), slice(cell.inputs, -1)
    factor = cell.factor
    alive = np.ones((n, cell.arrows.shape[1]), np.bool_)
    alive[:, inner] = factor != 0
    arrows = cell.arrows & alive[:, :, None] & alive[:, None, :]
    for place in range(cell.places):
        passing, v = factor[:, place] == 1, place + cell.inputs
        arrows = arrows | (passing[:, None, None] & arrows[:, :, v, None] & arrows[:, None, v, :])
        alive[:, v] &= ~passing
    arrows = arrows & alive[:, :, None] & alive[:, None, :]
    ahead, behind = np.zeros_like(alive), np.zeros_like(alive)
    ahead[:, : cell.inputs], behind[:, -1] = True, True
    for v in range(cell.inputs, alive.shape[1]):
        ahead[:, v] = (arrows[:, :, v] & ahead).any(axis=1)
    for v in range(alive.shape[1] - 2, -1, -1):
        behind[:, v] = (arrows[:, v] & behind).any(axis=1)
    alive[:, inner] &= (ahead & behind)[:, inner]
    return arrows & alive[:, :, None] & alive[:, None, :], alive


def _text(cell: Cells, labelled: _Labelled, row: np.intp, number: np.intp, vertex: np.intp) -> str:
    """Return what a label says, such as ``wl1 conv(input, pool)``."""
    vertices = [*_inputs(cell), *("" for _ in range(cell.places)), OUTPUT]
    for place, operation in enumerate(cell.labels[row].tolist()):
        vertices[cell.inputs + place] = cell.operations[operation]

    def said(v: int, rounds: int) -> str:
        if not rounds:
            return vertices[v]
        reads = sorted(said(u, rounds - 1) for u in np.flatnonzero(labelled.arrows[row, :, v]).tolist())
        return said(v, rounds - 1) + f"({', '.join(reads)})" * bool(reads)

    return f"{cell.name} wl{number} {said(int(vertex), int(number))}".lstrip()


def _inputs(cell: Cells) -> Iterator[str]:
    return (f"{INPUT} {i}" if cell.inputs > 1 else INPUT for i in range(cell.inputs))


def _code(text: str) -> int:
    return int(mixed(np.array([zlib.crc32(text.encode())]))[0])
