"""Which of the two spaces a published list of architectures is of."""

from __future__ import annotations

import re
from typing import Any

from nasbed.core.errors import CorruptFile

_OPERATION = "(?:none|skip_connect|nor_conv_1x1|nor_conv_3x3|avg_pool_3x3)"
_SPACES = {
    "nasbench201": (
        5**6,
        re.compile(r"\+".join(r"\|" + "".join(rf"{_OPERATION}~{i}\|" for i in range(node)) for node in (1, 2, 3))),
    ),
    "natssize": (8**5, re.compile(":".join(["(?:8|16|24|32|40|48|56|64)"] * 5))),
}
"""How many architectures each space has, and how they are written."""


def space_of(archs: Any, name: str) -> str:
    """Give the name of the space of which these are all architectures.

    Raises:
        CorruptFile: When they are of none, or not all, or one is there twice.
    """
    if not isinstance(archs, list) or not archs or not all(isinstance(arch, str) for arch in archs):
        raise CorruptFile(f"{name}: its list of architectures is no list of strings")
    for space, (size, form) in _SPACES.items():
        if not form.fullmatch(archs[0]):
            continue
        foreign = next((arch for arch in archs if not form.fullmatch(arch)), None)
        if foreign is not None:
            raise CorruptFile(f"{name}: among its architectures is {foreign!r:.100}, which {space} does not have")
        if len(archs) != size or len(set(archs)) != size:
            raise CorruptFile(f"{name}: it lists {len(set(archs)):,} architectures; {space} has {size:,}")
        return space
    raise CorruptFile(f"{name}: {archs[0]!r:.100} is no architecture of {' or '.join(_SPACES)}")
