"""A figure that a notebook shows: matplotlib's own does so only once somebody imported ``pyplot``."""

from __future__ import annotations

from io import BytesIO

from matplotlib.figure import Figure

_DPI = 110


class NotebookFigure(Figure):
    """A figure that belongs to nobody's global state, and that a notebook asks for its picture."""

    def _repr_png_(self) -> bytes:
        picture = BytesIO()
        self.savefig(picture, format="png", dpi=_DPI)
        return picture.getvalue()
