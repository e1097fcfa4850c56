"""Saving: a trained supernet in a file, in safetensors' format, of which nothing executes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from nasbed.core.errors import BadSetting, CorruptFile, NasbedError, NotNamed
from nasbed.core.space import Space
from nasbed.nets.supernet import Supernet
from nasbed.nets.tensorfile import read_tensors, write_tensors
from nasbed.oneshot.told import FORMAT, REMEDY, space_of, supernet_facts


def save_supernet(path: str | Path, net: Supernet, facts: Mapping[str, Any]) -> Path:
    """Write a supernet's weights, and what makes it again; a file of that name is replaced when this one is complete.

    Args:
        path: Where.
        net: The supernet.
        facts: What else is worth knowing of it, JSON-able: how it was trained, on which ``data``.

    Raises:
        BadSetting: When nothing can be written there, or its space has functions that no file can name.
    """
    space = net.space
    known = {
        "format": FORMAT,
        "space": {"name": space.kind, **space.settings()},
        "network": net.blueprint.settings(),
        "supernet": net.settings(),
    }
    write_tensors(Path(path), net.state_dict(), {**facts, **known})
    return Path(path)


def load_supernet(
    path: str | Path, device: torch.device | str = "cpu", space: Space | None = None
) -> tuple[Supernet, dict[str, Any]]:
    """Return a supernet from its file alone, in evaluation mode, and what the file says of it.

    Args:
        path: What ``save_supernet`` wrote.
        device: Where to.
        space: The space; needed if it is one of your own that is not registered and that no file describes.

    Raises:
        BadSetting: When there is no such file.
        CorruptFile: When it is damaged, or does not hold a supernet that can be built.
    """
    facts = supernet_facts(path)
    tensors, _ = read_tensors(Path(path), REMEDY)
    try:
        with torch.random.fork_rng(devices=[]):
            net = Supernet.of(space or space_of(facts), **facts["network"], **facts["supernet"])
        net.load_state_dict(tensors)
    except (NotNamed, BadSetting):
        raise
    except (NasbedError, KeyError, TypeError, RuntimeError) as error:
        raise CorruptFile(f"{path} holds no supernet that this version can build: {error}; {REMEDY}") from None
    return net.to(device).eval(), facts
