"""Which of the two spaces a published list of architectures is of."""

from __future__ import annotations

import hashlib
from itertools import zip_longest
from typing import Any

from nasbed.core.errors import CorruptFile
from nasbed.core.registry import spaces
from nasbed.core.space import Space

_SPACES = {
    "83abc799e45cf34e9d2163654668ab998b9a54d01c39e72ca1f71f2cdf356d84": "nasbench201",
    "8b99b4c0aabe959924c6fb36c0ee4a3f79362343e36b7752b90deee9409b492f": "natssize",
}
"""By the SHA-256 of its architectures in the official order, a line each."""


def space_of(archs: Any, name: str) -> str:
    """Give the name of the space of which these are all architectures, in the official order.

    Raises:
        CorruptFile: When they are of none, not all, or in another order.
    """
    if not isinstance(archs, list) or not archs or not all(isinstance(arch, str) for arch in archs):
        raise CorruptFile(f"{name}: its list of architectures is no list of strings")
    known = _SPACES.get(hashlib.sha256("\n".join(archs).encode("utf-8", "surrogatepass")).hexdigest())
    if known:
        return known
    for known in _SPACES.values():
        space: Space = spaces.make(known, {})
        official = [space.format(arch) for arch in space.enumerate()]
        if archs[0] in official:
            pairs = enumerate(zip_longest(archs, official))
            place, (found, wanted) = next((place, pair) for place, pair in pairs if pair[0] != pair[1])
            raise CorruptFile(
                f"{name}: it lists {len(archs):,} architectures, of which number {place} is {found!r:.100}; of the "
                f"{len(official):,} of {known} it is {wanted!r}; get it anew"
            )
    raise CorruptFile(f"{name}: {archs[0]!r:.100} is no architecture of {' or '.join(_SPACES.values())}; get it anew")
