"""From what ``create`` is given to where trainings are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nasbed.compat.nats_bench.answers import Answers, Lazily
from nasbed.compat.nats_bench.tabled import Tabled
from nasbed.core.errors import BadSetting
from nasbed.tables.curves.cache import cached_curves_for, curves_for, imported_curves, is_published
from nasbed.tables.curves.table import CurveTable
from nasbed.tables.natsbench.space import space_of

_FOLDERS = {"nasbench201": "NATS-tss-v1_0-3ffb9-simple", "natssize": "NATS-sss-v1_0-50262-simple"}
_FILES = {"nasbench201": ["NAS-Bench-201-v1_1-096897.pth", "NAS-Bench-201-v1_0-e61699.pth"], "natssize": []}
_RECIPES = {"less": "12", "full": "200"}
"""What NAS-Bench-201's own files call the recipes."""

Say = Callable[[str], None]


def find_answers(given: Any, space: str, fast_mode: bool, say: Say) -> Answers:
    """Open what was given.

    Args:
        given: A path, a table, a loaded file; or None for what has been imported or lies in ``TORCH_HOME``.
        space: Name of the space that it must be of.
        fast_mode: Read a folder's files when they are asked for.
        say: Takes a sentence for the user.

    Raises:
        BadSetting: When there is nothing of the kind, or it is of another space.
        CorruptFile: When it is damaged.
    """
    found = _found(given, space, fast_mode, say)
    if found.space != space:
        raise BadSetting(f"{found.name} has architectures of {found.space}, not of {space}")
    return found


def _found(given: Any, space: str, fast_mode: bool, say: Say) -> Answers:
    if isinstance(given, CurveTable):
        return Tabled(given)
    if isinstance(given, Mapping):
        return _loaded(given)
    if given is None:
        table = None if fast_mode and (torch_home() / _FOLDERS[space]).is_dir() else imported_curves(space)
        if table is not None:
            return Tabled(table)
    path = _default(space) if given is None else Path(given).expanduser()
    if fast_mode and path.is_dir():
        from nasbed.tables.natsbench.folder import Folder
        from nasbed.tables.natsbench.published import open_published

        source = open_published(path)
        if isinstance(source, Folder):
            return Lazily.of(source)
    if path.is_file() and not is_published(path):
        return Tabled(CurveTable.open(path))
    if cached_curves_for(path) is None:
        say(f"{path} is imported, once, which takes some minutes for a whole space; the table is kept in the cache")
    return Tabled(curves_for(path))


def _default(space: str) -> Path:
    """Find published files where the published code looks."""
    places = [torch_home() / name for name in (_FOLDERS[space], *_FILES[space])]
    for place in places:
        if place.exists():
            return place
    raise BadSetting(
        f"no results of {space} have been imported, and there is no {' or '.join(map(str, places))}; give the path of "
        "a published folder or file, or import one: nasbed import PATH"
    )


def _loaded(given: Mapping[str, Any]) -> Lazily:
    """Take what a published file holds."""
    lacking = [key for key in ("meta_archs", "arch2infos", "evaluated_indexes") if key not in given]
    if lacking:
        raise BadSetting(f"Can not find key[{lacking[0]}] in the dict; a loaded file has it")
    archs, infos = list(given["meta_archs"]), given["arch2infos"]
    states = {index: {_RECIPES.get(hp, hp): state for hp, state in some.items()} for index, some in infos.items()}
    return Lazily.of_states(states, archs, space_of(archs, "the dictionary"))


def torch_home() -> Path:
    """Give the folder in which the published code looks: ``TORCH_HOME``, else ``~/.torch``."""
    return Path(os.environ.get("TORCH_HOME") or "~/.torch").expanduser()
