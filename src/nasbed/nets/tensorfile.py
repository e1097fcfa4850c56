"""Tensor file: named tensors with facts about them, in safetensors' format, whole and unharmed or refused.

Nothing in such a file executes, and whatever reads safetensors reads it. The facts are JSON in its metadata, and so is
a checksum over facts and tensors, since the format has none of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nasbed.core.errors import CorruptFile
from nasbed.core.extras import require
from nasbed.core.files import replacing

_CHECKSUM = "sha256"
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
    with replacing(path) as beside:
        beside.write_bytes(save(here, {**metadata, _CHECKSUM: _checksum(here, metadata)}))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a file that ``write_tensors`` wrote: tensors, on the CPU, and facts.

    Raises:
        FileNotFoundError: When there is none.
        CorruptFile: When it is another file, or a damaged one.
    """
    safetensors = require("safetensors", "torch")
    try:
        with safetensors.safe_open(path, "pt") as file:
            metadata, names = dict(file.metadata() or {}), file.keys()
            tensors = {name: file.get_tensor(name).clone() for name in names}
    except safetensors.SafetensorError as error:
        raise CorruptFile(f"{path} is not a safetensors file, or a damaged one: {error}") from None
    checksum = metadata.pop(_CHECKSUM, None)
    if checksum is None:
        raise CorruptFile(f"{path} has no checksum: it was not written by nasbed")
    if checksum != _checksum(tensors, metadata):
        raise CorruptFile(f"{path} is damaged: its checksum does not fit what is in it")
    return tensors, {name: json.loads(text) for name, text in metadata.items()}


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
