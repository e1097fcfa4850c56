"""Tensor file: named tensors with facts about them, in safetensors' format, whole and unharmed or refused.

Nothing in such a file executes, and whatever reads safetensors reads it. The facts are JSON in its metadata, and so is
the file's checksum, since the format has none of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from errno import ENOENT
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nasbed.core.checked import BLANK, read_checked, write_checked
from nasbed.core.errors import CorruptFile
from nasbed.core.extras import require
from nasbed.nets.tensorfacts import metadata_of

Read = tuple[dict[str, Tensor], dict[str, Any]]

_SEAL, _CHECKSUM = "seal", "sha256"
"""The file's checksum, and that of its content alone, which version 0.1 wrote."""
_REFERENCE = "tensor"


def write_tensors(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write a file; one of that name is replaced when the new one is complete.

    Args:
        path: Where.
        tensors: On any device.
        facts: JSON-able.

    Raises:
        BadSetting: When nothing can be written there.
    """
    save = require("safetensors.torch", "torch").save
    here = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}
    metadata = {name: json.dumps(fact) for name, fact in facts.items()}
    write_checked(path, save(here, {**metadata, _SEAL: BLANK.decode()}))


def read_tensors(path: Path, remedy: str = "put a whole copy in its place, or train again") -> Read:
    """Read a file that ``write_tensors`` wrote: tensors, on the CPU, and facts.

    Args:
        path: The file.
        remedy: What to do when it is damaged, for the error.

    Raises:
        FileNotFoundError: When there is none.
        CorruptFile: When it is another file, or a damaged one.
    """
    safetensors = require("safetensors.torch", "torch")
    if not path.exists():
        raise FileNotFoundError(ENOENT, "there is no such file", str(path))
    data, whole = read_checked(path, remedy)
    try:
        tensors = {name: tensor.clone() for name, tensor in safetensors.load(data).items()}
        metadata = metadata_of(data)
    except (require("safetensors", "torch").SafetensorError, KeyError, TypeError, ValueError) as error:
        raise CorruptFile(f"{path} is not a file of tensors, or is damaged: {error}; {remedy}") from None
    checksum = metadata.pop(_SEAL if whole else _CHECKSUM, None)
    if checksum is None:
        raise CorruptFile(f"{path} has no checksum: it is damaged, or was not written by nasbed; {remedy}")
    if not whole and checksum != _checksum(tensors, metadata):
        raise CorruptFile(f"{path} is damaged: its checksum does not fit what is in it; {remedy}")
    return tensors, {name: json.loads(text) for name, text in metadata.items()}


def is_sealed(path: Path) -> bool:
    """Say whether a file in safetensors' format was written by ``write_tensors``, and must have its checksum."""
    with require("safetensors", "torch").safe_open(str(path), "pt") as file:
        return not {_SEAL, _CHECKSUM}.isdisjoint(file.metadata() or {})


def without_tensors(value: Any, tensors: dict[str, Tensor], name: str = "") -> Any:
    """Move a nested value's tensors into a mapping, by dotted names, and give what is left, which refers to them."""
    if isinstance(value, Tensor):
        tensors[name] = value
        return {_REFERENCE: name}
    if isinstance(value, Mapping):
        return {key: without_tensors(inner, tensors, f"{name}.{key}") for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_tensors(inner, tensors, f"{name}.{i}") for i, inner in enumerate(value)]
    return value


def with_tensors(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    """Put the tensors back that ``without_tensors`` took out."""
    if isinstance(value, list):
        return [with_tensors(inner, tensors) for inner in value]
    if not isinstance(value, dict):
        return value
    if list(value) == [_REFERENCE]:
        return tensors[value[_REFERENCE]]
    return {key: with_tensors(inner, tensors) for key, inner in value.items()}


def _checksum(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> str:
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
