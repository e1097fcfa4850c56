"""Model file: a network of one's own, ``model.py:build``, or a space that is written down there, as a search space."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.nets.own_file import checksum_of, divided, loaded, says
from nasbed.spaces.expression import Expression
from nasbed.spaces.written import WrittenSpace


def read(text: str) -> Space:
    """Run the function that ``FILE.py:FUNCTION`` names, many times and without weights, and return its space.

    Where the name is of a written space, of an expression of the notation, or of a function without arguments that
    returns one, it is that space.

    Else the function is given ``d`` and may take ``classes``, ``image_size`` and ``image_channels``.
    ``d("width", 16, 32)`` returns one of the options; see ``Deciding``. What it asks for may depend on what it was
    answered, and on nothing else. Architectures that chance would hardly meet may be listed at the function:
    ``build.examples = ["depth=9"]``.

    Raises:
        BadSetting: When there is no such function, it fails, or what it asks for cannot be told.
        MissingExtra: When PyTorch is not installed.
    """
    path, function = divided(text, "which function builds the network?", "build")
    require("torch", "torch")
    from nasbed.nets.building import Builder

    checksum = checksum_of(path)
    with says(str(path), path):
        written = _written(getattr(loaded(path.resolve(), checksum), function, None), f"{path.stem}.{function}")
    if written is not None:
        return written.at(f"{path.resolve()}:{function}", checksum)
    builder = Builder(path.resolve(), function, checksum)
    made: Any = spaces["model"](str(builder), _decisions(builder), builder.checksum)
    found: Space = made.at(builder.path)
    return found


def _written(found: Any, name: str) -> WrittenSpace | None:
    """Return the space that is written down under a name of a file; None where it is something else."""
    if callable(found) and not inspect.signature(found).parameters:
        found = found()
    if isinstance(found, Expression):
        return WrittenSpace(found, name)
    return found if isinstance(found, WrittenSpace) else None


@lru_cache(maxsize=8)
def _decisions(builder: Any) -> list[dict[str, Any]]:
    """Find the decisions of a function, once in a process."""
    from nasbed.nets.building import FRAME, shapes
    from nasbed.nets.finding import Finder

    def build(deciding: Any) -> tuple[Any, Any]:
        asked, network = builder.outline(deciding, FRAME)
        return asked, shapes(network)

    return Finder(str(builder), build).found(_examples(str(builder), getattr(builder.code, "examples", ())))


def _examples(what: str, given: Any) -> Sequence[Mapping[str, str]]:
    """Read the architectures that a file lists: ``["width=32 depth=9"]``."""
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) and "=" in text for text in texts):
        raise BadSetting(f"the examples of {what} are texts as in ['width=32 depth=9'], not {given!r:.80}")
    return [dict(word.split("=", 1) for word in text.split() if "=" in word) for text in texts]
