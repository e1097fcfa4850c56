"""How loops are compiled, and what compiles faster than numba's own, which first calls wait for."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

import numba
import numpy as np

_CHECKS, _PACKAGE, _BLAS = "numba.np.arraymath", "scipy.linalg", "scipy.linalg.cython_blas"


class _Lighter:
    """Sits where modules are looked for, and makes a first compiled call of each process a quarter second shorter.

    There numba looks whether SciPy's BLAS can be imported, if SciPy is there, and imports the package around it. Before
    it does, that part is imported alone; once somebody imports the package, it shall import its part itself.
    """

    def find_spec(self, name: str, *_: Any) -> None:
        """Find nothing."""
        if name == _CHECKS and _PACKAGE not in sys.modules:
            _import_blas_alone()
        elif name == _PACKAGE:
            sys.meta_path.remove(self)
            sys.modules.pop(_BLAS, None)


def _import_blas_alone() -> None:
    try:
        around = ModuleType(_PACKAGE)
        around.__path__ = [f"{folder}/linalg" for folder in import_module("scipy").__path__]
        sys.modules[_PACKAGE] = around
        import_module(_BLAS)
    except ImportError:  # then numba will see for itself
        pass
    finally:
        sys.modules.pop(_PACKAGE, None)
        if "scipy" in sys.modules:
            vars(sys.modules["scipy"]).pop("linalg", None)


sys.meta_path.insert(0, _Lighter())

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
