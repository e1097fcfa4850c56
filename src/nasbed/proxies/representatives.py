"""Representatives: of architectures that are equal, the one whose network is scored.

Equal architectures may be of different size: one has operations on edges that lead nowhere, the other has not. The
smallest network has nothing superfluous; of several that small the first of the enumeration is taken. So which one it
is does not depend on which of them somebody asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nasbed.core.records import Archs
from nasbed.core.space import Space


def representatives(space: Space, archs: Archs, network: Mapping[str, Any]) -> Archs:
    """Give the representative of each architecture, ``(n, decisions)``; itself where the space does not number them.

    Args:
        space: Whose architectures.
        archs: ``(n, decisions)``.
        network: Settings of the networks, whose parameters are counted.
    """
    if space.size is None:
        return archs
    everything = space.enumerate()
    keys, wanted = space.key(everything), space.key(archs)
    rows = np.flatnonzero(np.isin(keys, wanted))
    sizes = _sizes(space, everything[rows], network) if len(rows) > len(np.unique(wanted)) else np.zeros(len(rows))
    rows = rows[np.lexsort((rows, sizes, keys[rows]))]
    return everything[rows[np.searchsorted(keys[rows], wanted)]]


def _sizes(space: Space, archs: Archs, network: Mapping[str, Any]) -> Any:
    """Count the parameters of each network, ``(n,)``."""
    from nasbed.nets.costs import params

    return params(space, archs, **network)
