"""Model file: a network of one's own, ``model.py:build``, as a search space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.nets.own_file import checksum_of, divided


def read(text: str) -> Space:
    """Run the function that ``FILE.py:FUNCTION`` names, many times and without weights, and return its space.

    The function is given ``d`` and may take ``classes``, ``image_size`` and ``image_channels``. ``d("width", 16, 32)``
    returns one of the options; see ``Deciding``. What it asks for may depend on what it was answered, and on nothing
    else. Architectures that chance would hardly meet may be listed at the function: ``build.examples = ["depth=9"]``.

    Raises:
        BadSetting: When there is no such function, it fails, or what it asks for cannot be told.
        MissingExtra: When PyTorch is not installed.
    """
    path, function = divided(text, "which function builds the network?", "build")
    require("torch", "torch")
    from nasbed.nets.building import Builder

    builder = Builder(path.resolve(), function, checksum_of(path))
    made: Any = spaces["model"](str(builder), _decisions(builder), builder.checksum)
    found: Space = made.at(builder.path)
    return found


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
