"""Drawn: figures and texts as files, whole or not at all, the same bytes each time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbed.core.errors import BadSetting
from nasbed.core.files import replacing
from nasbed.report.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMS = ("png", "svg", "pdf")
"""What figures can be written as."""

_UNDATED = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
_QUICK: dict[str, dict[str, Any]] = {"png": {"pil_kwargs": {"compress_level": 3}}}  # a tenth larger, in half the time


def prepared(folder: Path, forms: Sequence[str]) -> Path:
    """See that figures can be written so, make the folder if need be, and give it.

    Raises:
        BadSetting: For a form that there is not, or where no folder can be made.
    """
    for form in forms:
        if form not in FORMS:
            raise BadSetting(f"figures are {', '.join(FORMS)}, not {form!r}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"no folder can be made at {folder}: {error.strerror}; choose another place") from None
    return folder


def drawn(figure: Figure, folder: Path, name: str, forms: Sequence[str]) -> list[Path]:
    """Write a figure as ``NAME.FORM`` in a folder, in each form, and give the paths.

    It is laid out once for all forms, which takes as long as drawing it.
    """
    paths = [folder / f"{name}.{form}" for form in forms]
    with style():
        if (layout := figure.get_layout_engine()) is not None:
            layout.execute(figure)
        figure.set_layout_engine(None)  # what was laid out stays where it is
        for path, form in zip(paths, forms, strict=True):
            with replacing(path) as beside:
                figure.savefig(beside, format=form, metadata=_UNDATED.get(form, {}), **_QUICK.get(form, {}))
    return paths


def written(path: Path, text: str) -> Path:
    """Write a text, and give its path."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")
    return path
