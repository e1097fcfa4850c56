"""Page: comparisons as one HTML file, with everything that it needs inside.

The file has three scripts' worth of text: the page's own, which is short and readable; plotly.js and the figures, both
compressed. Its content security policy allows the two scripts by their hashes and nothing else, no connection either,
so that neither a label nor an architecture can bring a script of its own, and the page is the same with the network
off.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.files import check_form, put
from nasbed.report.page.chapters import Chapter, chapters
from nasbed.report.page.encoding import as_json, packed, source_hash
from nasbed.report.page.glossary import glossary
from nasbed.report.page.parts import Figure
from nasbed.statistics.comparison import Comparison

_READ = ("switches", "views", "logarithmic", "legend", "height", "marks", "key")
"""What the page's script reads of a figure."""

_WHOLE = 30  # characters of a part of an architecture that fit the narrowest drawing


def write(
    comparisons: Comparison | Mapping[str, Comparison],
    path: str | Path,
    title: str | None = None,
    benchmarks: Sequence[Benchmark] = (),
    author: str | None = None,
    notes: str | None = None,
) -> Path:
    """Write a page, whole or not at all, and give its path. The same comparisons give the same bytes.

    Args:
        comparisons: One, or several by the titles of their chapters.
        path: Of the file.
        title: Of the page; None for the benchmarks' names.
        benchmarks: Those that searches were played on, as far as they are at hand; they know exact fronts, and what
            other repeats of a training came to.
        author: Named below the title.
        notes: Text below it; an empty line begins a new paragraph.

    Raises:
        BadSetting: Where there is nothing to write, or no place to write it to.
        MissingExtra: When plotly or jinja2 is not installed.
    """
    door(Path(path))
    return put(Path(path), html(comparisons, title, benchmarks, author, notes).encode())


def door(path: Path) -> None:
    """See that a page can be written, before what it shows is made.

    Raises:
        BadSetting: When it cannot be written there.
        MissingExtra: When plotly or jinja2 is not installed.
    """
    check_form(path, "the page", "HTML", ".html", ".htm")
    for needed in ("jinja2", "plotly"):
        require(needed, "report")


def html(
    comparisons: Comparison | Mapping[str, Comparison],
    title: str | None = None,
    benchmarks: Sequence[Benchmark] = (),
    author: str | None = None,
    notes: str | None = None,
) -> str:
    """Give the page's text; see ``write``."""
    given = {"": comparisons} if isinstance(comparisons, Comparison) else dict(comparisons)
    if not given:
        raise BadSetting("there is nothing to report; give a comparison")
    names = list(dict.fromkeys(comparison.benchmark for comparison in given.values()))
    return rendered(chapters(given, benchmarks), title or f"Searches on {', '.join(names)}", author, notes)


def write_chapters(
    written: Sequence[Chapter], path: str | Path, title: str, author: str | None = None, notes: str | None = None
) -> Path:
    """Write a page of chapters, whole or not at all, and give its path; raises as ``write`` does."""
    door(Path(path))
    return put(Path(path), rendered(written, title, author, notes).encode())


def rendered(written: Sequence[Chapter], title: str, author: str | None = None, notes: str | None = None) -> str:
    """Return the text of a page of chapters."""
    figures = {
        f"{chapter.address_of(section)}-{part.name}": {name: getattr(part, name) for name in _READ}
        for chapter in written
        for section in chapter.sections
        for part in section.parts
        if isinstance(part, Figure)
    }
    script, library = _file("page.js"), plotly()
    jinja = require("jinja2", "report")
    environment = jinja.Environment(
        autoescape=True, undefined=jinja.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["breakable"] = _breakable
    environment.filters["architecture"] = _architecture
    environment.tests["part"] = lambda part, kind: type(part).__name__ == kind
    text: str = environment.from_string(_file("page.html")).render(
        title=title,
        author=author,
        notes=re.split(r"\n\s*\n", notes.strip()) if notes and notes.strip() else [],
        chapters=written,
        words=glossary(
            [section for chapter in written for section in chapter.sections],
            [said for chapter in written for said in (chapter.headline, chapter.detail, *chapter.warnings)],
        ),
        style=_file("page.css"),
        script=script,
        sources=f"{source_hash(script)} {library.source}",
        library=library,
        figures=packed(as_json(figures)),
    )
    return text


def _breakable(text: str) -> Any:
    """Let a browser break a name after its marks and between words: ``evolution:population=10``, ``RandomSearch``."""
    markup = require("markupsafe", "report")
    pieces = re.split(r"(?<=[:,(=_])|(?<=[a-z])(?=[A-Z])", text)
    return markup.Markup("<wbr>").join(pieces)


def _architecture(text: str) -> Any:
    """Let a browser break an architecture after the marks between its parts, and no part, unless that is very long."""
    markup = require("markupsafe", "report").Markup
    whole = markup('<span class="whole">{}</span>')
    pieces = re.split(r"(?<=[\s/,:|+=;()])", text)
    return markup("<wbr>").join(whole.format(piece) if len(piece) <= _WHOLE else piece for piece in pieces)


def _file(name: str) -> str:
    return (files("nasbed.report.page") / name).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Library:
    """A script that draws.

    Attributes:
        packed: Its text, gzip in base64.
        source: What a content security policy allows it by.
        licence: Under which it is passed on.
    """

    packed: str
    source: str
    licence: str


@lru_cache(maxsize=1)
def plotly() -> Library:
    """Give plotly.js of the installed package.

    Raises:
        MissingExtra: When plotly is not installed.
    """
    script: str = require("plotly.offline", "report").get_plotlyjs()
    banner = script[script.find("/**") + 3 : script.find("*/")].replace("\n* ", "\n").strip(" *\n")
    return Library(packed(script), source_hash(script), f"{banner}\n\n{_file('plotly-licence.txt')}")
