"""Told: what the file of a trained supernet says of it, read without PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.nets.tensorfacts import facts_of

FORMAT = "nasbed.supernet.1"
REMEDY = "put a whole copy in its place, or save the search again"


def supernet_facts(path: str | Path) -> dict[str, Any]:
    """Return what the file of a supernet says of it: space, network, method, data, seed, epoch.

    Raises:
        BadSetting: When there is no such file.
        CorruptFile: When it is something else, or damaged.
    """
    return facts_of(path, FORMAT, "a trained supernet", REMEDY)


def space_of(facts: dict[str, Any]) -> Space:
    """Return the space of a supernet, as its file says it.

    Raises:
        NotNamed: When a file of yours makes its networks.
    """
    settings = dict(facts["space"])
    made: Space = spaces.make(settings.pop("name"), settings)
    return made
