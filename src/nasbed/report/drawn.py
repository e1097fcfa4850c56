"""Drawn: figures and texts as files, whole or not at all, the same bytes each time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nasbed.core.errors import BadSetting
from nasbed.core.files import replacing
from nasbed.report.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMS = ("png", "svg", "pdf")
"""What figures can be written as."""

_UNDATED = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


def check_forms(forms: Sequence[str]) -> None:
    """See that figures can be written so.

    Raises:
        BadSetting: For a form that there is not.
    """
    for form in forms:
        if form not in FORMS:
            raise BadSetting(f"figures are {', '.join(FORMS)}, not {form!r}")


def drawn(figure: Figure, path: Path) -> Path:
    """Write a figure in the form that the path's suffix says, and give the path."""
    with style(), replacing(path) as beside:
        figure.savefig(beside, format=path.suffix[1:], metadata=_UNDATED.get(path.suffix[1:], {}))
    return path


def written(path: Path, text: str) -> Path:
    """Write a text, and give its path."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")
    return path
