"""How loops are compiled, and what compiles faster than numba's own, which first calls wait for."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

kernel: Any = numba.njit(cache=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]  # its stub lacks the option
"""Compile a function when it is called, for the types that it is called with, and keep that for the next process.

numba would add an entrance for callbacks from C to each. Nothing here is one, and they take a sixth of the time.
"""

unlocked_kernel: Any = numba.njit(cache=True, nogil=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]
"""Likewise, and let other threads run meanwhile, which costs each call from Python some tenths of a microsecond."""


@kernel
def overwrite(row: Any, other: Any) -> None:
    """Write another row over one. An assignment checks their lengths with a sentence that takes seconds to compile."""
    for i in range(len(row)):
        row[i] = other[i]


@kernel
def stable_order(values: Any) -> Any:
    """Give the order of ascending values, the first of equals first, NaN last, ``(n,)``; by merging longer parts."""
    n = len(values)
    order, merged = np.arange(n), np.empty(n, np.int64)
    width = 1
    while width < n:
        for start in range(0, n, 2 * width):
            middle, end = min(start + width, n), min(start + 2 * width, n)
            i, j = start, middle
            for k in range(start, end):
                one, other = values[order[min(i, n - 1)]], values[order[min(j, n - 1)]]
                if j < end and (i == middle or other < one or (np.isnan(one) and not np.isnan(other))):
                    merged[k] = order[j]
                    j += 1
                else:
                    merged[k] = order[i]
                    i += 1
        order, merged = merged, order
        width *= 2
    return order
