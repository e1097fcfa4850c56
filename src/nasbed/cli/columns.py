"""Columns: how a table fits lines of some characters, broken where a reader can bear it and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

BETWEEN = 2
"""Characters between two columns."""

_NARROW = 16  # characters below which a column of text is not made narrower
_NUMBER = tuple("0123456789-–+±")


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        header: Its name.
        cells: What is below it.
    """

    header: str
    cells: Sequence[str]

    @cached_property
    def numbers(self) -> bool:
        """Whether every cell is a number, a dash or empty; architectures such as 011/001/000 are none."""
        return all((not cell or cell.startswith(_NUMBER)) and "/" not in cell for cell in self.cells)

    @cached_property
    def least(self) -> int:
        """The characters that it needs: the longest word of its header, and the longest number."""
        longest = self._longest if self.numbers else min(self._longest, _NARROW)
        return max(longest, max(map(len, self.header.split()), default=1))

    @cached_property
    def most(self) -> int:
        """The characters with which nothing of it is broken."""
        return max(self.least, len(self.header), self._longest)

    @property
    def _longest(self) -> int:
        return max(map(len, self.cells), default=0)


def blocks(columns: Sequence[Column], room: int) -> list[list[Column]]:
    """Return the columns that stand side by side in lines of ``room`` characters.

    What does not fit follows in blocks below, before each of which stand again the columns that name the rows.
    """
    if _needed(columns) <= room:
        return [list(columns)]
    naming = _naming(columns, room)
    found = [naming]
    for column in columns:
        if column in naming:
            continue
        if len(found[-1]) > len(naming) and _needed([*found[-1], column]) > room:
            found.append(naming)
        found[-1] = [*found[-1], column]
    return found


def widths(columns: Sequence[Column], room: int) -> list[int]:
    """Return the characters of each column: what it needs, and of what is left as much as it can use."""
    found = [column.least for column in columns]
    for _ in range(room - _needed(columns)):
        growing = [i for i, column in enumerate(columns) if found[i] < column.most]
        if not growing:
            break
        # Text first, which may be broken in every row; a header is broken once.
        found[min(growing, key=lambda i: (columns[i].numbers, found[i]))] += 1
    return found


def folded(text: str, room: int) -> str:
    """Break text between words and after the marks that architectures have; what is longer still is left as it is."""
    lines = [""]
    for piece in re.findall(r"[^\s/,:|+]*[\s/,:|+]*", text):
        if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > room:
            lines.append("")
        lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)


def _needed(columns: Sequence[Column]) -> int:
    return sum(column.least + BETWEEN for column in columns)


def _naming(columns: Sequence[Column], room: int) -> list[Column]:
    """Return the first column if its cells differ, else the first one or two that tell the rows apart."""
    texts = [column for column in columns if not column.numbers]
    for some in ((columns[0],), *((one,) for one in texts), *combinations(texts, 2)):
        rows = list(zip(*(column.cells for column in some), strict=True))
        if len(set(rows)) == len(rows) and 2 * _needed(some) <= room + room // 2:
            return list(some)
    return [columns[0]]
