"""A landscape's study as a folder: figures, the local optima, and everything for a program."""

from __future__ import annotations

import json
from pathlib import Path

from nasbed.core.errors import BadSetting
from nasbed.core.files import replacing
from nasbed.landscape.figures import approach, basins, forgetting, ways_up
from nasbed.landscape.study import LandscapeStudy
from nasbed.report.figures import style
from nasbed.report.latex import comma_separated

_FIGURES = {"autocorrelation": forgetting, "fitness-distance": approach, "basins": basins, "ways-up": ways_up}


def save(study: LandscapeStudy, folder: Path) -> list[Path]:
    """Write everything; see ``LandscapeStudy.save``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"no folder can be made at {folder}: {error.strerror}; choose another place") from None
    written = []
    for name, draw in _FIGURES.items():
        figure = draw(study)
        for form in ("png", "svg"):
            path = folder / f"{name}.{form}"
            with style(), replacing(path) as beside:
                figure.savefig(beside, format=form, metadata={"Date": None} if form == "svg" else {})
            written.append(path)
    for path, text in (
        (folder / "optima.csv", comma_separated(study)),
        (folder / "landscape.json", json.dumps(study.as_dict(), indent=2) + "\n"),
    ):
        with replacing(path) as beside:
            beside.write_text(text, encoding="utf-8", newline="\n")
        written.append(path)
    return written
