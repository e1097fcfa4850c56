"""Library: plotly.js as the page carries it, compressed and with its licence.

The file that the package ``plotly`` brings is 4.8 MB; compressed it is 2 MB of base64, which every browser since 2023
inflates by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from nasbed.core.extras import require
from nasbed.report.page.encoding import packed, source_hash


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
    licence = (files("nasbed.report.page") / "plotly-licence.txt").read_text(encoding="utf-8")
    return Library(packed(script), source_hash(script), f"{banner}\n\n{licence}")
