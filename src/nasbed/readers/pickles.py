"""Pickles: other people's data files, read without running what they ask for.

A pickle is a program: by naming a callable it can do anything at all. Data files need a few that do no harm, so those
are listed, and a file that names any other is refused. Before any of it is done, all of a pickle is walked through, so
that one which is cut off, or would take more time or memory than a file of its size can need, is refused as well.
"""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Callable, Mapping
from functools import partial
from reprlib import Repr
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import CorruptFile, NasbedError
from nasbed.core.printing import Printed
from nasbed.readers.pickle_opcodes import walk

_AXES_AT_MOST, _EMPTY_AT_MOST = 32, 1 << 20
_LAST = 0x10FFFF  # character
_KIND_AT_MOST = 16  # characters of a type's name; longer ones say how types of parts are made


_BRIEF = Repr()
_BRIEF.maxstring = _BRIEF.maxother = 80


def shown(value: Any) -> str:
    """Return the beginning of what shows a value, for errors; not all of it is gone through."""
    return _BRIEF.repr(value)[:120]


def read_pickle(
    written: bytes,
    name: str,
    *,
    encoding: str = "ASCII",
    also: Mapping[tuple[str, str], Callable[..., Any]] | None = None,
) -> Any:
    """Give the numbers, text, containers and NumPy arrays that a pickle holds.

    Args:
        written: The pickle.
        name: What errors call it.
        encoding: Of the text of Python 2; ``latin1`` where such a file holds arrays.
        also: Further callables that the file may name, ``(module, name) -> what is called instead``.

    Raises:
        CorruptFile: When it is no pickle, ends early or names anything that is not allowed.
    """
    walk(np.frombuffer(written, np.uint8), name)
    return RestrictedUnpickler(written, name, encoding, also).read()


class RestrictedUnpickler(Printed, pickle.Unpickler):
    """Reads what is on the list alone; a format with more of its own, such as PyTorch's, derives from it."""

    def __init__(
        self,
        written: bytes,
        name: str,
        encoding: str = "ASCII",
        also: Mapping[tuple[str, str], Callable[..., Any]] | None = None,
    ) -> None:
        # A buffered reader can be looked ahead in, which saves a call for each instruction.
        super().__init__(io.BufferedReader(io.BytesIO(written)), encoding=encoding)
        self.name, self.also = name, also or {}
        self.arrays = False
        self.lent: Mapping[int, Any] = {}

    def read(self) -> Any:
        """Give what the pickle holds.

        Raises:
            CorruptFile: When it is not whole or names anything that is not allowed.
        """
        try:
            found = self.load()
            return _bare(found, {}) if self.arrays else found
        except NasbedError:
            raise
        except Exception as error:  # what a broken pickle ends in is anything, from EOFError to IndexError
            why = str(error) or type(error).__name__
            raise CorruptFile(f"{self.name} is not a whole pickle ({why:.200}); get the file anew") from None

    def persistent_load(self, pid: Any) -> Any:
        """Give what another part of the same pickle lends, by its number."""
        found = self.lent[pid]
        self.arrays |= isinstance(found, Callee) and found.called in _MAKERS
        return found

    def find_class(self, module: str, name: str) -> Any:
        """Give what is allowed under a name, and refuse any other."""
        called = self.also.get((module, name)) or ALLOWED.get((module, name))
        if called is None:
            raise CorruptFile(
                f"{self.name} wants to call {module:.80}.{name:.80}, which a data file has no need of and which could "
                "do anything to this machine; it was not read. Get the file from its official source"
            )
        self.arrays |= called in _MAKERS
        return Callee(called)


class Callee:
    """What a pickle gets when it names something: it may call it, and do nothing else to it."""

    __slots__ = ("called",)

    def __init__(self, called: Callable[..., Any]) -> None:
        self.called = called

    def __call__(self, *arguments: Any) -> Any:
        """Call it."""
        return self.called(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise ValueError("it wants to change what it calls")

    def __reduce__(self) -> tuple[Any, ...]:
        return Callee, (self.called,)


class Ordered(dict[Any, Any]):
    """What ``OrderedDict`` becomes: as ordered, and nothing can be hung on it."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        """Forget what a module's weights carry beside themselves."""


class _Kind:
    """A type of numbers or text; one of objects or of raw memory is refused."""

    __slots__ = ("dtype",)

    def __init__(self, kind: Any, *_: Any) -> None:
        if not isinstance(kind, str) or len(kind) > _KIND_AT_MOST:
            raise ValueError("the type of its arrays has no name")
        made = np.dtype(kind)
        if made.kind not in "biufcSU" or made.char in "gG":
            raise ValueError(f"its arrays are of {made}, not of numbers or text")
        self.dtype = made

    def __setstate__(self, state: Any) -> None:
        """Take the order of bytes, which is all that such a type leaves open."""
        order, *fields = state[1:5]
        if (
            not isinstance(order, str)
            or order not in ("<", ">", "=", "|")
            or fields != [None] * 3
            or state[5] not in (-1, self.dtype.itemsize)
        ):
            raise ValueError("its arrays are of a type that has parts")
        if order in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(cast(Literal["<", ">"], order))

    def __reduce__(self) -> tuple[Any, ...]:
        return _Kind, (self.dtype.str,)


class _Array(np.ndarray):
    """An array between being announced and being bare; NumPy itself would believe more of what it is told."""

    def __setitem__(self, key: Any, value: Any) -> None:
        raise ValueError("it changes an array")

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, fortran, raw = state
        made = _array(raw, kind, shape, "F" if fortran else "C")
        super().__setstate__((1, made.shape, made.dtype, bool(fortran), made.tobytes("A")))  # type: ignore[arg-type]


def _array(raw: Any, kind: Any, shape: Any, order: str) -> NDArray[Any]:
    """Give bytes as an array, if they are as many as it has."""
    raw = raw.encode("latin1") if isinstance(raw, str) else raw  # Python 2 had one type for bytes and text
    if not isinstance(kind, _Kind) or not is_size(shape) or not isinstance(raw, bytes | bytearray):
        raise ValueError("an array of it says neither what it is of nor how large it is")
    if math.prod(shape) * kind.dtype.itemsize != len(raw):
        raise ValueError(f"an array of it says that it is {shape} of {kind.dtype}, but has {len(raw):,} bytes")
    if kind.dtype.kind == "U" and (np.frombuffer(raw, kind.dtype.byteorder.replace("|", "=") + "u4") > _LAST).any():
        raise ValueError("an array of text in it has what is no character")
    if kind.dtype.itemsize == 0 and shape == (1,):
        return np.zeros(1, kind.dtype)  # of no text at all
    flat = np.frombuffer(raw, kind.dtype) if len(raw) else np.empty(0, kind.dtype)
    return flat.reshape(shape, order="F" if order == "F" else "C")


def is_size(shape: Any) -> bool:
    """Say whether an array of this shape can be: small if it has no numbers, as lists of it would not be."""
    if not isinstance(shape, tuple) or len(shape) > _AXES_AT_MOST:
        return False
    return all(type(side) is int and side >= 0 for side in shape) and (
        0 not in shape or math.prod(max(side, 1) for side in shape) <= _EMPTY_AT_MOST
    )


def _reconstruct(_: Any, shape: Any, __: Any) -> _Array:
    """Announce an array, whose content comes later; NumPy always says that it is empty until then."""
    if shape != (0,):
        raise ValueError(f"it announces an array of {shape} without its content")
    return np.empty(0).view(_Array)


def _scalar(kind: Any, raw: Any) -> Any:
    """Give one number or text."""
    if type(raw) is bytes and type(kind) is _Kind and kind.dtype.kind == "f" and len(raw) == kind.dtype.itemsize:
        return np.frombuffer(raw, kind.dtype)[0]
    return _array(raw, kind, (1,), "C")[0]


def _frombuffer(raw: Any, kind: Any, shape: Any, order: Any) -> NDArray[Any]:
    """Give an array that is written behind its announcement, as protocol 5 does."""
    if order not in ("C", "F"):
        raise ValueError("an array of it is in no order")
    return _array(raw, kind, shape, order).copy(order).view(_Array)


_MAKERS = (_reconstruct, _frombuffer)


def _bare(value: Any, seen: dict[int, Any]) -> Any:
    """Give a value with plain arrays for those that were announced; what is in several places stays one."""
    if id(value) in seen:
        return seen[id(value)]
    if isinstance(value, _Array):
        seen[id(value)] = bare = value.view(np.ndarray)
        return bare
    if isinstance(value, tuple):
        return tuple(_bare(one, seen) for one in value)
    if isinstance(value, dict):
        seen[id(value)] = value
        for key in value:
            value[key] = _bare(value[key], seen)
    elif isinstance(value, list):
        seen[id(value)] = value
        value[:] = [_bare(one, seen) for one in value]
    return value


def _encode(text: str, encoding: str) -> bytes:
    """Give the bytes that old protocols write as text."""
    if not isinstance(encoding, str) or encoding != "latin1":
        raise ValueError(f"it encodes bytes as {shown(encoding)}")
    return text.encode("latin1")


def _made(kind: Callable[[Any], Any], items: Any = ()) -> Any:
    """Make a set or a dictionary of what the walk has counted: none of it is in an array; or no bytes at all."""
    if type(items) not in (list, tuple):
        raise ValueError("it makes a set or a dictionary of something else than a list")
    return kind(items)


def _not_called(*_: Any) -> Any:
    """Stand for what is named as a type alone."""
    raise ValueError("it makes an array without content")


ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("_codecs", "encode"): _encode,
    ("collections", "OrderedDict"): partial(_made, Ordered),
    ("numpy", "ndarray"): _not_called,
    ("numpy", "dtype"): _Kind,
    **{
        (builtins, made.__name__): partial(_made, made)
        for builtins in ("builtins", "__builtin__")
        for made in (set, frozenset, bytes)
    },
    **{
        (f"numpy.{core}.{module}", function): called
        for core in ("core", "_core")
        for module, function, called in (
            ("multiarray", "_reconstruct", _reconstruct),
            ("multiarray", "scalar", _scalar),
            ("numeric", "_frombuffer", _frombuffer),
        )
    },
}
"""What any data file may name, with what is called for it."""
