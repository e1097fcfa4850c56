"""How loops are compiled, and what compiles faster than numba's own, which first calls wait for."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from time import thread_time
from types import FunctionType, ModuleType
from typing import Any

import numba
import numpy as np
from numba.core.dispatcher import Dispatcher

_LOG = logging.getLogger(__name__)
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

heavy_kernel: Any = numba.njit(cache=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]  # its stub lacks the option
"""Compile a function at its first call, for the types that it is called with, and keep that for the next process.

numba would add an entrance for callbacks from C to each. Nothing here is one, and they take a sixth of the time.
"""

unlocked_kernel: Any = numba.njit(cache=True, nogil=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]
"""Likewise, and let other threads run meanwhile, which costs each call from Python some tenths of a microsecond."""


@dataclass
class Patience:
    """When a kernel is compiled that no earlier process has compiled.

    Attributes:
        seconds: Once the uncompiled body has kept the processor for so long in this process. Compiling takes a few
            tenths of a second.
        stand_in: So many times as long where calls of NumPy's stand in: such loops take a second or two to compile.
        many: A search of more runs than these has many steps: where a first array is longer, ``soon`` counts.
        soon: Then a loop is compiled once its body has kept the processor for so long.
        rows: At once, if its first array is longer than this, unless calls of NumPy's stand in.
    """

    seconds: float = 0.2
    stand_in: float = 5.0
    many: int = 256
    soon: float = 0.05
    rows: int = 4096


PATIENCE = Patience()
_UNTIL_THEN: dict[Any, Any] = {}


def kernel(
    function: Any = None, *, until_then: Any = None, patience: float | None = None, rows: int | None = None
) -> Any:
    """Compile a function once that pays, see ``Patience``; until then the same body runs in Python.

    For functions whose work follows from the length of their first array: a step of a search, some rows of a space. The
    results are the same to the bit: numbers in the body have the types of the arrays that they come from, and NumPy
    wraps what compiled code wraps.

    Args:
        function: The loop.
        until_then: What runs in place of the body, with the same results: some calls of NumPy's, where those suffice.
            Then numbers of rows do not count, unless ``rows`` is given.
        patience: So many times as long it has, as a loop that is compiled together with many others needs;
            ``Patience.stand_in`` where something runs in place of the body and nobody says, else 1.
        rows: In place of ``Patience.rows``, for what runs in place of the body, too.
    """
    if function is None:
        return partial(kernel, until_then=until_then, patience=patience, rows=rows)
    made: Any = heavy_kernel(function)
    if not hasattr(made, "_compile_for_args"):  # NUMBA_DISABLE_JIT is set
        return made
    compiled, spent, plain = made._compile_for_args, 0.0, None
    if until_then is not None:
        _UNTIL_THEN[made] = until_then

    def run_plain(*arguments: Any) -> Any:
        nonlocal spent
        began = thread_time()
        with np.errstate(all="ignore"):
            result = plain(*arguments)  # type: ignore[misc]  # made before the first call
        spent += thread_time() - began
        if isinstance(result, tuple):
            return tuple(_unboxed(one) for one in result)
        return _unboxed(result)

    def compile_or_run(*arguments: Any) -> Any:
        nonlocal plain
        times = patience or (PATIENCE.stand_in if until_then else 1.0)
        length = _rows(arguments)
        seconds = PATIENCE.soon if length > PATIENCE.many and not until_then else PATIENCE.seconds
        at_once = length > (rows or (np.inf if until_then else PATIENCE.rows))
        kept = plain is None and (_is_kept(made) or not _COUNTS_ALIKE)
        if not (kept or at_once or spent >= seconds * times):
            plain = plain or _uncompiled(made)
            return run_plain
        if not kept:
            _say_so()
        made._compile_for_args = compiled
        with _uncollected():
            return compiled(*arguments)

    made._compile_for_args = compile_or_run  # numba calls what this returns, where no compiled form fits the arguments
    return made


_COUNTS_ALIKE = int(np.__version__.split(".")[0]) >= 2  # before, an unsigned number plus 1 is a float outside of arrays


@contextmanager
def _uncollected() -> Iterator[None]:
    """Collect no garbage meanwhile: a compiler makes much that stays, and to go through it takes it longer."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@cache
def _say_so() -> None:
    """Log once in a process what it waits for; the command line shows it where somebody watches."""
    _LOG.info("compiling loops for this machine, some seconds; later runs find them compiled")


def announce(made: Any) -> None:
    """Log what the process waits for, once, if no earlier process has left a compiled form of a loop."""
    if hasattr(made, "stats") and not _is_kept(made):
        _say_so()


def _is_kept(made: Any) -> bool:
    """Return whether an earlier process has left a compiled form of a kernel."""
    function = made.py_func
    name = f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}-{function.__code__.co_firstlineno}."
    return any(Path(made.stats.cache_path).glob(f"{name}*.nbi"))


def _rows(arguments: tuple[Any, ...]) -> int:
    """Return the length of the first array among some arguments, 0 where there is none."""
    return next((len(one) for one in arguments if isinstance(one, np.ndarray)), 0)


def _unboxed(result: Any) -> Any:
    """Return a number as compiled code does: Python's own."""
    return result.item() if isinstance(result, np.generic) else result


@cache
def _uncompiled(made: Any) -> Any:
    """Return what runs in place of a kernel: its body, as a function that calls what runs in place of others."""
    if made in _UNTIL_THEN:
        return _UNTIL_THEN[made]
    function = made.py_func
    around = dict(function.__globals__)
    body = FunctionType(function.__code__, around, function.__name__, function.__defaults__, function.__closure__)
    for name in function.__code__.co_names:
        if isinstance(around.get(name), Dispatcher) and around[name] is not made:
            around[name] = _uncompiled(around[name])
    return body


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
