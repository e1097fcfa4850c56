"""The two spaces of TransNAS-Bench-101: cells in a fixed network, and networks of four to six modules.

A network is published as ``64-41414-1_02_333`` or ``64-1234-basic``: its channels behind the stem, a digit for each
module, and its cell. A module has two cells, or two residual blocks. Its digit says what its first one does: 1 keeps
the shape, 2 doubles the channels, 3 halves the image, 4 does both.

Reference: Duan et al., "TransNAS-Bench-101: Improving Transferability and Generalizability of Cross-Task Neural
Architecture Search", CVPR 2021, https://arxiv.org/abs/2105.11871, and https://github.com/yawen-d/TransNASBench
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import InvalidArchitecture
from nasbed.core.records import Archs
from nasbed.spaces.edge_cells import EDGES, NODES, EdgeCells
from nasbed.spaces.expression import Expression
from nasbed.spaces.notation import choice, depth, edges, op, seq, where
from nasbed.spaces.parts import Seq
from nasbed.spaces.written import WrittenSpace

CHANNELS = 64
"""Behind the stem, of every published network."""

SKELETON = (4, 1, 4, 1, 4)
"""The modules of every published network of cells, by their digits."""

CELLS = 2
"""Cells, or residual blocks, a module."""

OPERATIONS = ("none", "skip", "conv1x1", "conv3x3")
"""Of a cell, in the order of their digits 0 to 3; a convolution stands between a rectifier and a normalisation."""

MODULES = ("keep", "widen", "halve", "widen-and-halve")
"""What a module does, in the order of its digits 1 to 4."""

DEPTHS = (4, 5, 6)
"""How many modules a network has."""

_PREFIX = f"{CHANNELS}-{''.join(map(str, SKELETON))}-"
_CELL = re.compile(f"(?:{_PREFIX})?([0-3])_([0-3])([0-3])_([0-3])([0-3])([0-3])")
_MACRO = re.compile(f"(?:{CHANNELS}-)?([1-4]{{{DEPTHS[0]},{DEPTHS[-1]}}})(?:-basic)?")
_NUMBERS = re.compile(r"[(\[]\s*\d(?:\s*,\s*\d)*\s*,?\s*[)\]]")


class TransNASMicro(EdgeCells):
    """Cells of four nodes, one of four operations on each edge: the 4,096 of TransNAS-Bench-101's cell space.

    A row has the published digits, ``64-41414-a_bc_def``: the operation on the edges 0→1, 0→2, 1→2, 0→3, 1→3, 2→3, each
    the position in ``OPERATIONS``. Nodes add up what reaches them; node 0 is the cell's input, node 3 its output.
    ``index`` is the number that the digits write in base 4.

    The 169 cells that no path leads through give the same whatever they read, and are equal by ``key``. All others have
    a key of their own: the publication has no rule of equality, and trained many cells that compute the same apart.
    """

    name = "transnas-micro"
    operations = OPERATIONS

    @cached_property
    def expression(self) -> Expression:  # type: ignore[override]
        """One cell, twice in each module; the first of a module changes the shape as the skeleton says."""
        cells = [self.cell] * (CELLS * len(SKELETON))
        return seq(op("stem", channels=CHANNELS), *cells, op("head"))

    @cached_property
    def computed(self) -> WrittenSpace:
        """The cell, in which a skip from the input is no identity: where the cell changes the shape, it convolves."""
        skip = op("skip", shape="of the cell")
        options = [[skip if name == "skip" else op(name) for name in OPERATIONS], [*map(op, OPERATIONS)]]
        return WrittenSpace(edges(NODES, lambda i, j: choice(*options[i > 0])), self.name)

    @cached_property
    def representatives(self) -> NDArray[np.int64]:
        """For each index itself, or 0 where no path leads from input to output, ``(4096,)``."""
        rows = self.enumerate()
        reached = np.zeros((len(rows), 4), np.bool_)
        reached[:, 0] = True
        for (source, target), operations in zip(EDGES, rows.T, strict=True):
            reached[:, target] |= reached[:, source] & (operations > 0)
        return np.where(reached[:, 3], np.arange(len(rows)), 0)

    def facts(self, arch: Archs) -> Mapping[str, Any]:
        """Give the index of one cell."""
        return {"index": int(self.index(np.asarray(arch)[None])[0])}

    def parse(self, text: str) -> Archs:
        """Read a cell: ``64-41414-1_02_333``, ``1_02_333``, its digits as ``(1, 0, 2, 3, 3, 3)``, or ``#1215``."""
        text = self.text(text).strip()
        if text.startswith("#") and (numbered := self.numbered(text)) is not None:
            return numbered
        match = _CELL.fullmatch(text)
        digits = _digits(text) if match is None else [int(digit) for digit in match.groups()]
        if len(digits) != len(EDGES) or max(digits) >= len(OPERATIONS):
            raise InvalidArchitecture(
                f"{text[:120]!r} is no cell of TransNAS-Bench-101; write {_PREFIX}1_02_333, with an operation from 0 "
                "to 3 for each edge, or (1, 0, 2, 3, 3, 3), or an index, such as #1215"
            )
        return np.array(digits, np.int8)

    def format(self, arch: Archs) -> str:
        """Write the published string: ``64-41414-1_02_333``."""
        a, b, c, d, e, f = (OPERATIONS.index(name) for name in self.names_of(arch))
        return f"{_PREFIX}{a}_{b}{c}_{d}{e}{f}"


def is_published(modules: Seq) -> bool:
    """Say whether some modules double the channels one to three times, and halve the image one to four times."""
    kinds = [str(module) for module in modules.parts]
    doubled, halved = (sum(word in kind for kind in kinds) for word in ("widen", "halve"))
    return 1 <= doubled <= 3 and 1 <= halved <= 4


class TransNASMacro(WrittenSpace):
    """Four to six modules of four kinds: the 3,256 networks of TransNAS-Bench-101's macro space.

    One to three modules double the channels, and one to four halve the image; without this there were 5,376. A row is
    how many modules there are, as the position in ``DEPTHS``, and then what each of six does, the position in
    ``MODULES``: its published digit less 1. Modules beyond the depth do not count.
    """

    name = "transnas-macro"

    def __init__(self) -> None:
        modules = depth(lambda i: choice(*map(op, MODULES), name=f"module{i}"), *DEPTHS, name="modules")
        super().__init__(
            seq(op("deep_stem", channels=CHANNELS), where(modules, is_published), op("head")), type(self).name
        )

    def settings(self) -> dict[str, Any]:
        """Give the constructor arguments that make this space again: there are none."""
        return {}

    def digits(self, arch: Archs) -> list[int]:
        """Give the published digit of each module of one network.

        Raises:
            InvalidArchitecture: When it is not of this space.
        """
        how_many, *kinds = self._row(arch).tolist()
        return [kind + 1 for kind in kinds[: DEPTHS[how_many]]]

    def parse(self, text: str) -> Archs:
        """Read a network: ``64-1234-basic``, ``1234``, its digits as ``(1, 2, 3, 4)``, also padded with zeros to six.

        Besides what every written space reads: names and values, or the row's own seven numbers.
        """
        text = self.text(text).strip()
        match = _MACRO.fullmatch(text)
        digits = _digits(text) if match is None else [int(digit) for digit in match[1]]
        if len(digits) in DEPTHS:
            return self._of_digits(digits, text)
        try:
            return super().parse(text)
        except InvalidArchitecture as error:
            raise InvalidArchitecture(f"{error}; or the published string, {CHANNELS}-1234-basic") from None

    def _of_digits(self, digits: list[int], text: str) -> Archs:
        """Return the row of a published digit for each module, 0 for modules beyond the depth, which a text gave."""
        used = [digit for digit in digits if digit]
        if len(used) in DEPTHS and used == digits[: len(used)] and max(used) <= len(MODULES):
            kinds = [digit - 1 for digit in used] + [0] * (DEPTHS[-1] - len(used))
            row = np.array([DEPTHS.index(len(used)), *kinds], np.int8)
            if self.valid(row[None])[0]:
                return row
        raise InvalidArchitecture(
            f"{text[:120]!r} is no network of TransNAS-Bench-101: its {DEPTHS[0]} to {DEPTHS[-1]} modules have digits "
            f"from 1 to {len(MODULES)}, of which one to three double the channels (2, 4), and one to four halve the "
            "image (3, 4)"
        )

    def format(self, arch: Archs) -> str:
        """Write the published string: ``64-1234-basic``."""
        return f"{CHANNELS}-{''.join(map(str, self.digits(arch)))}-basic"


def _digits(text: str) -> list[int]:
    """Return the digits of a bracketed list, ``(1, 0, 2)``; none where the text is no such list."""
    return [int(digit) for digit in re.findall(r"\d", text)] if _NUMBERS.fullmatch(text) else []
