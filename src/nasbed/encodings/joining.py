"""Encoding: the numbers of architectures that predictors learn from, put together of named blocks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.printing import Card, Printed
from nasbed.core.records import Archs
from nasbed.core.registry import encodings
from nasbed.core.space import Space
from nasbed.core.spelling import joined, named
from nasbed.encodings.block import Block, no_cells, typical
from nasbed.encodings.columns import Columns
from nasbed.encodings.curves import curve_columns

DEFAULT = "default"
_SHOWN = 3  # names of a block that are printed
_JOINTS = re.compile(r'\+(?=(?:[^"]*"[^"]*")*[^"]*$)')  # plus signs that stand in no quotes


class Encoding(Printed):
    """Blocks of numbers, side by side. Architectures of one function are encoded alike.

    Args:
        space: The space that the architectures are from.
        parts: The blocks by name.
    """

    def __init__(self, space: Space, parts: dict[str, Block]) -> None:
        self.space, self.parts = space, parts

    @property
    def name(self) -> str:
        """What it is called: the names of its blocks, joined by plus signs."""
        return "+".join(self.parts)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What each number says, in the order of the columns."""
        return tuple(name for part in self.parts.values() for name in part.names)

    @cached_property
    def blocks(self) -> dict[str, slice]:
        """The columns of each block."""
        found, start = dict[str, slice](), 0
        for name, part in self.parts.items():
            found[name] = slice(start, start := start + len(part.names))
        return found

    def __len__(self) -> int:
        return len(self.names)

    def __call__(self, archs: ArrayLike) -> NDArray[np.float64]:
        """Return the numbers of n architectures, ``(n, numbers)``.

        Args:
            archs: Rows of the space, ``(n, decisions)``.

        Raises:
            InvalidArchitecture: When one is not of the space.
        """
        rows = self.space.checked(archs)
        # Of a large space that takes longer than the numbers.
        simple = self.space.simplify(rows) if any(part.simplified for part in self.parts.values()) else rows
        return np.concatenate(
            [part.values(simple if part.simplified else rows) for part in self.parts.values()], axis=1
        )

    def typical(self) -> Archs:
        """Return rows that its numbers are scaled by, ``(n, decisions)``: of the space, or those that have numbers."""
        listed = [part.known for part in self.parts.values() if part.known is not None]
        return listed[0] if listed else typical(self.space)

    def with_columns(
        self, archs: ArrayLike, columns: Mapping[str, ArrayLike], log: bool = False, neighbours: bool = True
    ) -> Encoding:
        """Return an encoding with numbers that are known of architectures as a further block, ``columns``.

        Args:
            archs: The architectures, ``(m, decisions)``.
            columns: The numbers by name, ``(m,)`` each; see ``Columns``.
            log: Whether they count by their logarithms.
            neighbours: Whether predictors also learn from the mean over an architecture's neighbours.
        """
        numbers = {name: np.asarray(values, np.float64) for name, values in columns.items()}
        block = Columns(self.space, self.space.checked(archs), numbers, log, neighbours)
        return Encoding(self.space, {**self.parts, "columns": block})

    def with_curves(self, archs: ArrayLike, curves: ArrayLike, epochs: Sequence[int] | None = None) -> Encoding:
        """Return an encoding with the beginnings of trainings as a further block, ``curve``.

        Args:
            archs: The architectures, ``(m, decisions)``.
            curves: What was measured after each epoch, ``(m, epochs)``; higher is better: losses with a minus.
            epochs: After which epochs; 1, 2, 3, … when not given.
        """
        block = Columns(self.space, self.space.checked(archs), curve_columns(curves, epochs))
        return Encoding(self.space, {**self.parts, "curve": block})

    def _card(self) -> Card:
        """Return the blocks, each with its columns and what the first ones say."""
        rows = [
            (name, f"{columns.start} to {columns.stop - 1}", ", ".join(self.names[columns][:_SHOWN]))
            for name, columns in self.blocks.items()
        ]
        title = f"Encoding {self.name} of {self.space.name}: {len(self)} numbers"
        return Card(title, headers=("block", "columns", "such as"), rows=rows)


def encoding(name: str, space: Space) -> Encoding:
    """Return an encoding by its name: blocks joined by ``+``, such as ``graf+onehot`` or ``onehot+wl:h=2``.

    Args:
        name: ``default`` stands for what ``default_for`` says of the space.
        space: The space.

    Raises:
        UnknownName: When no block has such a name.
        BadSetting: When a block has no such setting, or stands twice, or the space has not what it needs.
    """
    if not isinstance(name, str) or not name.strip():
        raise BadSetting(f"an encoding is named by a text, such as 'graf+onehot', not by {name!r}")
    texts = [text.strip() for text in _JOINTS.split(name)]
    return Encoding(space, _made([one for text in texts for one in _expanded(text, space)], space))


def _expanded(text: str, space: Space) -> Sequence[str]:
    return default_for(space).split("+") if text == DEFAULT else [text]


def _made(texts: Sequence[str], space: Space) -> dict[str, Block]:
    found = dict[str, Block]()
    for text in texts:
        if text in found:
            raise BadSetting(f"the block {text!r} stands twice in an encoding")
        kind, settings = named(text)
        found[text] = encodings.make(kind, joined({"space": space}, settings))
    return found


def default_for(space: Space) -> str:
    """Return the encoding that suits a space: by whether it has cells, and whether these branch."""
    cells = no_cells(space)
    if any(not cell.is_chain for cell in cells):
        return "graf+onehot"
    return "onehot+counts+depth" if cells else "onehot"
