"""Parts: what a page is made of, as values: sections of sentences, tables, figures and drawings.

Nothing here knows HTML. Whatever is text is taken as it is and escaped where the page is written, but for what a
figure shows: Plotly reads a few tags in it, so text goes into figures through ``shown``.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

SHORT = 12  # rows of a table that are shown at once; longer ones are folded

_NUMBER = re.compile(r"(?:[\d.,+\-–−±<>≤()% ]|\bto\b)*")
"""A number as tables have it: ``< 0.001``, ``1.64 ± 0.23``, ``4.30 (3.83 to 4.77)``; a dash for what is not known."""


@dataclass(frozen=True)
class Switch:
    """One choice that a figure offers.

    Attributes:
        label: What is chosen, such as "clock".
        options: What there is to choose from, by the word that stands for it in the keys of views: what people read.
    """

    label: str
    options: Mapping[str, str]


@dataclass(frozen=True)
class View:
    """What a figure shows for one position of its switches, as Plotly takes it.

    Colours are written by what they stand for, and the page gives them their values in light and in dark:
    ``"@0"`` is the first search's, ``"@0/0.2"`` the same with an opacity, ``"@ink"``, ``"@faint"`` and ``"@paper"``
    are those of text, of lesser lines and of the ground.

    Attributes:
        data: Plotly's traces.
        layout: Plotly's layout, less what the page sets for all: fonts, margins, colours of axes.
    """

    data: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Figure:
    """A figure with its switches.

    Attributes:
        name: A word that no other figure of the section has.
        caption: What is drawn: metric, runs, interval.
        views: By position of the switches, the words joined by ``|``; one view, ``""``, where there are none. The first
            is shown first.
        switches: What can be chosen.
        logarithmic: Axes that can be switched to a logarithmic scale, each with whether it is one at first.
        legend: Entries of the legend: label and number of the search; −1 for a reference.
        height: In pixels.
        marks: Symbols of searches, by number, where they are drawn as marks; none where they are lines.
        key: What the symbols stand for that all searches share: symbol and words.
    """

    name: str
    caption: str
    views: Mapping[str, View]
    switches: Sequence[Switch] = ()
    logarithmic: Mapping[str, bool] = field(default_factory=dict)
    legend: Sequence[tuple[str, int]] = ()
    height: int = 380
    marks: Sequence[str] = ()
    key: Sequence[tuple[str, str]] = ()

    @property
    def said(self) -> list[str]:
        """Its words, but for names."""
        return [self.caption, *(text for switch in self.switches for text in switch.options.values())]


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        headers: Names of the columns.
        rows: Text, a row a line; the first cell of each names the row.
        caption: What it shows, and with which interval.
        folded: The words to open it by, where it is long and closed at first.
    """

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    folded: str = ""

    @property
    def said(self) -> list[str]:
        """Its words, but for names and values."""
        return [self.caption, *self.headers]

    @property
    def numeric(self) -> frozenset[int]:
        """The columns, but the first, that have numbers and dashes alone: they are aligned to the right."""
        columns = range(1, len(self.headers)) if len(self.headers) > 2 else ()
        return frozenset(i for i in columns if all(_NUMBER.fullmatch(row[i]) for row in self.rows))


@dataclass(frozen=True)
class Drawing:
    """An architecture, drawn.

    Attributes:
        svg: Of ``Graph.svg``.
        title: What is said of it first.
        lines: What else is said.
        text: The architecture as its space writes it.
    """

    svg: str
    title: str
    lines: Sequence[str]
    text: str


@dataclass(frozen=True)
class Drawings:
    """Architectures side by side.

    Attributes:
        drawings: In order.
    """

    drawings: Sequence[Drawing]

    @property
    def said(self) -> list[str]:
        """Its words, but for names."""
        return [drawing.title for drawing in self.drawings]


@dataclass(frozen=True)
class Code:
    """Text to be copied, such as a command or JSON.

    Attributes:
        text: As it is.
        title: What it is; where there is one, the text is folded away below it.
    """

    text: str
    title: str = ""

    @property
    def said(self) -> list[str]:
        """Its words, but for what is to be copied."""
        return [self.title]


@dataclass(frozen=True)
class Download:
    """A file inside the page, which a link saves.

    Attributes:
        title: The words of the link.
        name: Of the file.
        text: What is in it.
    """

    title: str
    name: str
    text: str

    @property
    def said(self) -> list[str]:
        """Its words, but for what is in the file."""
        return [self.title]

    @property
    def address(self) -> str:
        """The link's address, which holds the file itself: nothing is loaded, and no script is needed."""
        return f"data:text/csv;charset=utf-8;base64,{b64encode(self.text.encode()).decode()}"

    @property
    def size(self) -> str:
        """How large the file is."""
        return f"{max(len(self.text.encode()) // 1000, 1):,} kB"


Part = str | Figure | Table | Drawings | Code | Download
"""A sentence is a string."""


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading.

    Attributes:
        name: A word that no other section has; the address of the section within the page.
        title: The heading.
        parts: What stands below it, in order.
    """

    name: str
    title: str
    parts: Sequence[Part]


def shown(text: str) -> str:
    """Write text so that Plotly shows it as it is."""
    return escape(text, quote=False)
