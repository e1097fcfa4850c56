"""Printing: what an object says of itself, as a few lines of text and, in a notebook, as a small table.

An object says it once, as a ``Card``; text and HTML are made of that.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from html import escape
from textwrap import wrap
from types import MappingProxyType
from typing import Any, NamedTuple

LINES = 12
"""No object prints more lines than that."""
_WIDTH = 118  # characters of a line
_CELL = 44  # of a cell
_SENTENCE = 2  # lines of a sentence
_ROWS = 20  # of a table in a notebook
_WHOLE = 6  # so many numbers are written out; of more, how many there are and from where to where they go
_MEASURED = 2**20  # so many are looked at for that
_BARE: Any = object.__repr__  # which prints an address
_NOTHING: Mapping[str, Any] = MappingProxyType({})

_TABLE = "border-collapse:collapse;margin:0.3em 0"
_CELLS = "text-align:left;vertical-align:top;padding:0.1em 0.8em 0.1em 0"


class Card(NamedTuple):
    """What an object says of itself.

    Attributes:
        title: What it is, in a line.
        notes: Sentences.
        facts: Values of any kind, by name; what is None or empty is left out.
        headers: Of a table; none where there is no table.
        rows: Its cells.
    """

    title: str
    notes: Sequence[str] = ()
    facts: Mapping[str, Any] = _NOTHING
    headers: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()

    def text(self) -> str:
        """Return at most ``LINES`` lines."""
        lines = [self.title]
        for note in self.notes:
            lines += wrap(f"  {note}", _WIDTH, subsequent_indent="  ", max_lines=_SENTENCE, placeholder=" …")
        lines += _aligned(self._written())
        lines += _aligned([self.headers, *self.rows] if self.headers else [])
        if len(lines) > LINES:
            lines[LINES - 1 :] = [f"  … {len(lines) - LINES + 1} more"]
        return "\n".join(shortened(line, _WIDTH) for line in lines)

    def _written(self) -> list[tuple[str, str]]:
        facts = [(name, brief(value)) for name, value in self.facts.items() if value is not None]
        return [(name, text) for name, text in facts if text]

    def html(self) -> str:
        """Return a piece of a page that needs nothing beside it."""
        facts = self._written()
        parts = [f"<strong>{escape(self.title)}</strong>", *(f"<div>{escape(note)}</div>" for note in self.notes)]
        parts += [_html_table([], facts)] if facts else []
        parts += [_html_table(self.headers, self.rows[:_ROWS])] if self.headers else []
        parts += [f"<div>… {len(self.rows) - _ROWS} more</div>"] if len(self.rows) > _ROWS else []
        return f"<div>{''.join(parts)}</div>"


class Shown:
    """What shows itself in a notebook, and prints itself likewise where its class writes no other text.

    A dataclass writes one, ``Name(field=value)``, which suits settings; results are ``Printed``.
    """

    def _card(self) -> Card:
        """Return what it says of itself: by default its text or its fields, under the first line of its docstring."""
        if dataclasses.is_dataclass(self):
            names = [one.name for one in dataclasses.fields(self) if one.repr and not one.name.startswith("_")]
            return Card(titled(self), facts={name: getattr(self, name) for name in names})
        return Card(titled(self) if type(self).__repr__ is Shown.__repr__ else repr(self))

    def __repr__(self) -> str:
        return self._card().text()

    def _repr_html_(self) -> str:
        return self._card().html()


class Printed(Shown):
    """What prints itself as its card says, dataclass or not."""

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        # A dataclass writes a text of its own, unless the class itself, and not a parent, has one.
        if cls.__repr__ is Shown.__repr__:
            cls.__repr__ = Shown.__repr__  # type: ignore[method-assign]


def in_lines(what: Any) -> str:
    """Print a named tuple, which has no other parent, as its fields."""
    return _of_tuple(what).text()


def in_notebook(what: Any) -> str:
    """Show a named tuple in a notebook likewise."""
    return _of_tuple(what).html()


def _of_tuple(what: Any) -> Card:
    return Card(titled(what), facts=what._asdict())


def titled(what: Any) -> str:
    """Return what an object is: the name of its class and the first line of its docstring."""
    return f"{type(what).__name__}: {(type(what).__doc__ or '').strip().partition(chr(10))[0]}"


def brief(value: Any) -> str:
    """Write any value in a line."""
    import numpy as np  # which a command that is refused need not wait for

    match value:
        case str():
            text = value
        case bool() | None:
            text = str(value).lower()
        case float():
            text = f"{value:.6g}"
        case np.ndarray() | np.generic():
            text = _array(value)
        case Mapping():
            few = ", ".join(f"{name}: {brief(one)}" for name, one in list(value.items())[:_WHOLE])
            text = few + (f", … ({len(value)} in all)" if len(value) > _WHOLE else "")
        case list() | tuple():
            items = list(iter(value))  # a named tuple may have a length of its own
            few = ", ".join(map(brief, items[:_WHOLE]))
            text = few + (f", … ({len(items)} in all)" if len(items) > _WHOLE else "")
        case _ if hasattr(value, "shape"):
            text = f"{type(value).__name__} {tuple(value.shape)}"
        case _ if callable(value) or type(value).__repr__ is _BARE:
            text = getattr(value, "__name__", type(value).__name__)
        case _:
            text = repr(value)
    return shortened(" ".join(text.split("\n")[0].split()), _WIDTH)


def shortened(text: str, most: int) -> str:
    """Cut a text that is too long, and mark it."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _array(values: Any) -> str:
    """Write an array: a small one whole, else its type, its shape and where its numbers lie."""
    import numpy as np

    if values.size <= _WHOLE:
        return brief(values.tolist())
    kind = f"{values.dtype} {values.shape}"
    if values.dtype.kind not in "iuf" or values.size > _MEASURED:
        return kind
    known = values[np.isfinite(values)]
    return f"{kind}, {known.min():.6g} to {known.max():.6g}" if len(known) else f"{kind}, nothing known"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Write rows in columns, two spaces apart; the last column is as wide as it is."""
    if not rows:
        return []
    cut = [[*(shortened(cell, _CELL) for cell in row[:-1]), row[-1]] for row in rows]
    widths = [max(len(row[i]) for row in cut) for i in range(len(cut[0]))]
    return [
        "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in cut
    ]


def _html_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str], kind: str) -> str:
        written = (f'<{kind} style="{_CELLS}">{escape(cell)}</{kind}>' for cell in cells)
        return f"<tr>{''.join(written)}</tr>"

    head = line(headers, "th") if headers else ""
    body = "".join(line(row, "td") for row in rows)
    return f'<table style="{_TABLE}">{head}{body}</table>'
