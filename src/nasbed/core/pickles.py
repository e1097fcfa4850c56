"""Pickles: other people's data files, read without running what they ask for.

A pickle is a program: by naming a callable it can do anything at all. Data files need a few that do no harm, so those
are listed, and a file that names any other is refused.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

from nasbed.core.errors import CorruptFile, NasbedError


def read_pickle(
    file: bytes | BinaryIO,
    name: str,
    *,
    encoding: str = "ASCII",
    also: Mapping[tuple[str, str], object] | None = None,
) -> Any:
    """Give the numbers, text, containers and NumPy arrays that a pickle holds.

    Args:
        file: Its bytes, or a file that gives them.
        name: What errors call it.
        encoding: Of the text of Python 2; ``latin1`` where such a file holds arrays.
        also: Further callables that the file may name, ``(module, name) -> what is called instead``.

    Raises:
        CorruptFile: When it is no pickle, ends early or names anything that is not allowed.
    """
    reader = RestrictedUnpickler(io.BytesIO(file) if isinstance(file, bytes) else file, name, encoding, also)
    try:
        return reader.load()
    except NasbedError:
        raise
    except Exception as error:  # what a broken pickle ends in is anything, from EOFError to IndexError
        why = str(error) or type(error).__name__
        raise CorruptFile(f"{name} is not a whole pickle ({why}); get the file anew") from None


class RestrictedUnpickler(pickle.Unpickler):
    """Reads what is on the list alone; a format with more of its own, such as PyTorch's, derives from it."""

    def __init__(
        self,
        file: BinaryIO,
        name: str,
        encoding: str = "ASCII",
        also: Mapping[tuple[str, str], object] | None = None,
    ) -> None:
        super().__init__(file, encoding=encoding)
        self.name, self.allowed = name, {**ALLOWED, **(also or {})}

    def find_class(self, module: str, name: str) -> Any:
        """Give what is allowed under a name, and refuse any other."""
        if (module, name) not in self.allowed:
            raise CorruptFile(
                f"{self.name} wants to call {module}.{name}, which a data file has no need of and which could do "
                "anything to this machine; it was not read. Get the file from its official source"
            )
        return self.allowed[module, name]


def _dtype(kind: str, *settings: Any) -> np.dtype[Any]:
    """Give a type of numbers or text; one of objects or of raw memory is refused."""
    made = np.dtype(kind, *settings)
    if made.kind not in "biufcSU":
        raise ValueError(f"its arrays are of {made}, not of numbers or text")
    return made


def _encode(text: str, encoding: str) -> bytes:
    """Give the bytes that old protocols write as text."""
    if encoding != "latin1":
        raise ValueError(f"it encodes bytes as {encoding!r}")
    return text.encode("latin1")


_ARRAYS = {  # as NumPy names them when it pickles, asked of it, since their place has moved once already
    "multiarray._reconstruct": np.empty(1).__reduce__()[0],
    "multiarray.scalar": np.float64(0).__reduce__()[0],
    "numeric._frombuffer": np.empty(1).__reduce_ex__(5)[0],
}

ALLOWED: dict[tuple[str, str], object] = {
    ("_codecs", "encode"): _encode,
    ("collections", "OrderedDict"): OrderedDict,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): _dtype,
    **{(builtins, made.__name__): made for builtins in ("builtins", "__builtin__") for made in (set, frozenset, bytes)},
    **{
        (f"numpy.{core}.{module}", function): called
        for core in ("core", "_core")
        for (module, function), called in ((name.split("."), called) for name, called in _ARRAYS.items())
    },
}
"""What any data file may name, with what is called for it."""
