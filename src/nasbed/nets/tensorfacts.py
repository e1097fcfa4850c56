"""Tensor facts: what a tensor file says of its tensors, read without PyTorch; see ``nasbed.nets.tensorfile``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nasbed.core.checked import read_checked
from nasbed.core.errors import BadSetting, CorruptFile

_LENGTH = 8  # bytes before the header, which say how long it is


def metadata_of(data: bytes) -> dict[str, str]:
    """Return the metadata of a file in safetensors' format.

    Raises:
        KeyError: When it has none.
        ValueError: When it is something else.
    """
    header = json.loads(data[_LENGTH : _LENGTH + int.from_bytes(data[:_LENGTH], "little")])
    return dict(header["__metadata__"])


def facts_of(path: str | Path, form: str, noun: str, remedy: str) -> dict[str, Any]:
    """Return the facts of a tensor file, which is compared with its checksum as a whole.

    Args:
        path: The file.
        form: The ``format`` that it must say.
        noun: What it holds, in words, for errors.
        remedy: What to do when it is damaged.

    Raises:
        BadSetting: When there is no such file.
        CorruptFile: When it is something else, or damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise BadSetting(f"there is no file {path} with {noun}")
    data, whole = read_checked(path, remedy)
    try:
        facts = {name: json.loads(text) for name, text in metadata_of(data).items() if name != "seal"}
    except (KeyError, TypeError, ValueError, AttributeError):
        raise CorruptFile(f"{path} does not hold {noun}, or is damaged; {remedy}") from None
    if facts.get("format") != form or not whole:
        raise CorruptFile(f"{path} does not hold {noun} ({form}) but {facts.get('format')!r}")
    return facts
