"""Which of the two spaces a published list of architectures is of."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from nasbed.core.errors import CorruptFile

_OPERATION = "(?:none|skip_connect|nor_conv_1x1|nor_conv_3x3|avg_pool_3x3)"
_SPACES = {
    "83abc799e45cf34e9d2163654668ab998b9a54d01c39e72ca1f71f2cdf356d84": (
        "nasbench201",
        5**6,
        re.compile(r"\+".join(r"\|" + "".join(rf"{_OPERATION}~{i}\|" for i in range(node)) for node in (1, 2, 3))),
    ),
    "8b99b4c0aabe959924c6fb36c0ee4a3f79362343e36b7752b90deee9409b492f": (
        "natssize",
        8**5,
        re.compile(":".join(["(?:8|16|24|32|40|48|56|64)"] * 5)),
    ),
}
"""By the SHA-256 of its architectures in the official order, a line each: a space, its size, how they are written."""


def space_of(archs: Any, name: str) -> str:
    """Give the name of the space of which these are all architectures, in the official order.

    Raises:
        CorruptFile: When they are of none, not all, or in another order.
    """
    if not isinstance(archs, list) or not archs or not all(isinstance(arch, str) for arch in archs):
        raise CorruptFile(f"{name}: its list of architectures is no list of strings")
    known = _SPACES.get(hashlib.sha256("\n".join(archs).encode()).hexdigest())
    if known:
        return known[0]
    raise CorruptFile(f"{name}: {_what_is_wrong(archs)}; get it anew")


def _what_is_wrong(archs: list[str]) -> str:
    """Say why these are not the architectures of a space."""
    for space, size, form in _SPACES.values():
        if not form.fullmatch(archs[0]):
            continue
        foreign = next((arch for arch in archs if not form.fullmatch(arch)), None)
        if foreign is not None:
            return f"among its architectures is {foreign!r:.100}, which {space} does not have"
        if len(set(archs)) != size or len(archs) != size:
            return f"it lists {len(archs):,} architectures, {len(set(archs)):,} different ones; {space} has {size:,}"
        return f"its architectures are not in the official order of {space}"
    return f"{archs[0]!r:.100} is no architecture of {' or '.join(space for space, _, _ in _SPACES.values())}"
