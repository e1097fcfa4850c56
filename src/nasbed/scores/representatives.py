"""Representatives: of architectures that are equal, the one whose network is scored.

Equal architectures may be of different size: one has operations on edges that lead nowhere, the other has not. The
smallest network has nothing superfluous; of several that small the first of the enumeration is taken. So which one it
is does not depend on which of them somebody asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.records import Archs
from nasbed.core.space import Space
from nasbed.nets.costs import params


def representatives(space: Space, archs: Archs, network: Mapping[str, Any]) -> Archs:
    """Give the representative of each architecture, ``(n, decisions)``; itself where the space does not number them.

    Args:
        space: Whose architectures.
        archs: ``(n, decisions)``.
        network: Settings of the networks, whose parameters are counted.
    """
    if space.size is None:
        return archs
    everything, keys, order = _by_key(space)
    wanted, which = np.unique(space.key(archs), return_inverse=True)
    first, after = np.searchsorted(keys, wanted), np.searchsorted(keys, wanted, side="right")
    chosen = order[first]
    several = np.flatnonzero(after - first > 1)
    if len(several):
        rows = np.concatenate([order[first[i] : after[i]] for i in several])
        kind = np.repeat(several, (after - first)[several])
        sizes = params(space, everything[rows], **network)
        smallest = np.lexsort((rows, sizes, kind))
        chosen[several] = rows[smallest[np.searchsorted(kind[smallest], several)]]
    found: Archs = everything[chosen[which]]
    return found


@lru_cache(maxsize=2)
def _by_key(space: Space) -> tuple[Archs, NDArray[np.uint64], NDArray[np.int64]]:
    """Give a space's architectures, all keys in ascending order, and which architecture each belongs to."""
    everything = space.enumerate()
    keys = space.key(everything)
    order = np.argsort(keys, kind="stable")
    return everything, keys[order], order
