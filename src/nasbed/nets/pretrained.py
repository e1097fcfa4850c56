"""Pretrained: the weights of a file as the start of a network, where names and shapes are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.extras import require
from nasbed.nets.tensorfile import is_sealed, read_tensors


def start_from(network: nn.Module, file: str) -> tuple[int, int]:
    """Give a network those tensors of a file that have a name and a shape of its own; return how many, and of how many.

    Args:
        network: What is changed; all else in it stays.
        file: In safetensors' format, such as what ``nasbed train --out`` writes, or a state that ``torch.save`` wrote,
            of which nothing is run.

    Raises:
        BadSetting: When there is no such file, or no tensor of it has a name and a shape of the network's.
        CorruptFile: When it is damaged, or holds no tensors.
    """
    path = Path(file).expanduser()
    if not path.is_file():
        raise BadSetting(f"there is no file {path} of pretrained weights; name one: recipe.pretrained=FILE.safetensors")
    given, own = _tensors(path, path.stat().st_mtime), network.state_dict()
    taken = {name: tensor for name, tensor in given.items() if name in own and tensor.shape == own[name].shape}
    if not taken:
        first, mine = next(iter(given.items())), next(iter(own.items()))
        raise BadSetting(
            f"no tensor of {path} has a name and a shape of the network's: it has {len(given)}, the first "
            f"{first[0]} {tuple(first[1].shape)}, the network {len(own)}, the first {mine[0]} {tuple(mine[1].shape)}"
        )
    network.load_state_dict({**own, **taken})
    return len(taken), len(own)


def checksum_of(file: str) -> str:
    """Return the SHA-256 of a file of weights, in hex."""
    return hashlib.sha256(Path(file).expanduser().read_bytes()).hexdigest()


@lru_cache(maxsize=2)
def _tensors(path: Path, changed: float) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            found: Any = read_tensors(path)[0] if is_sealed(path) else _foreign(path)
        else:
            found = torch.load(path, map_location="cpu", weights_only=True)
            found = found.get("state_dict", found) if isinstance(found, Mapping) else {}
    except (CorruptFile, OSError):
        raise
    except Exception as error:  # what a file of anything ends in is anything
        raise CorruptFile(f"{path} is not a file of tensors, or is damaged: {error!s:.200}") from None
    tensors = {str(name): tensor for name, tensor in found.items() if isinstance(tensor, Tensor)}
    if not tensors:
        raise CorruptFile(f"{path} holds no tensors by name, as the state of a network does")
    return tensors


def _foreign(path: Path) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = require("safetensors.torch", "torch").load_file(str(path))
    return tensors
