"""From what ``create`` is given to where trainings are read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nasbed.compat.nats_bench.answers import Answers, Lazily
from nasbed.compat.nats_bench.tabled import Tabled
from nasbed.core.errors import BadSetting
from nasbed.tables.curves import CurveTable
from nasbed.tables.natsbench.folder import Folder
from nasbed.tables.natsbench.published import open_published

_PUBLISHED = {
    "nasbench201": ("NATS-tss-v1_0-3ffb9-simple", "NAS-Bench-201-v1_1-096897.pth", "NAS-Bench-201-v1_0-e61699.pth"),
    "natssize": ("NATS-sss-v1_0-50262-simple",),
}


def find_answers(given: Any, space: str, fast_mode: bool, say: Callable[[str], None]) -> Answers:
    """Open what was given.

    Args:
        given: A path, a table, or None for what has been imported or lies in ``TORCH_HOME``.
        space: Name of the space that it must be of.
        fast_mode: Read a folder's files when they are asked for.
        say: Takes a sentence for the user.

    Raises:
        BadSetting: When there is nothing of the kind, or it is of another space.
        CorruptFile: When it is damaged.
    """
    if isinstance(given, CurveTable):
        return Tabled(given)
    path = torch_home() / _PUBLISHED[space][0] if given is None else Path(given).expanduser()
    if path.suffix == ".arrow":
        return Tabled(CurveTable.open(path))
    source = open_published(path)
    if source.space != space:
        raise BadSetting(f"{path} has architectures of {source.space}, not of {space}")
    if not isinstance(source, Folder):
        raise BadSetting(f"{path}")
    return Lazily(source)


def torch_home() -> Path:
    """Give the folder in which the published code looks: ``TORCH_HOME``, else ``~/.torch``."""
    return Path(os.environ.get("TORCH_HOME") or "~/.torch").expanduser()
