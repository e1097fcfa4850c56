"""A file of one's own: a Python function that a person names as ``FILE.py:FUNCTION``, and that is run for that only."""

from __future__ import annotations

import hashlib
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from nasbed.core.errors import BadSetting, NasbedError
from nasbed.spaces.named import OWN


def divided(text: str, question: str, function: str, form: str = "{}") -> tuple[Path, str]:
    """Return the file and the function that a text names.

    Args:
        text: ``FILE.py:FUNCTION``.
        question: What is asked where it names none.
        function: A name for the function, as an example.
        form: How it is written, with ``{}`` for the text: ``task:{}``.

    Raises:
        BadSetting: When it names none, or there is no such file.
    """
    name, colon, named = text.rpartition(":")
    if not colon or not named.isidentifier():
        example = form.format(f"FILE.py:{function}")
        raise BadSetting(f"{question} Name its file and it: {example}, not {form.format(text)}")
    path = Path(name).expanduser()
    if not path.is_file():
        there = form.format(f"FILE.py:{named}")
        raise BadSetting(f"there is no file {path}; name the one that has the function: {there}")
    return path, named


def checksum_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def function_of(path: Path, function: str, checksum: str, called: str) -> Callable[..., Any]:
    """Run a file, once in a process, and return one of its functions.

    Args:
        path: The file, which may import others of its folder.
        function: The name of the function.
        checksum: Of the file.
        called: How the function is called, in words.

    Raises:
        BadSetting: When it has no such function.
    """
    found = getattr(loaded(path, checksum), function, None)
    if not callable(found):
        raise BadSetting(f"{path} has no function {function}; it is to be called {called}")
    made: Callable[..., Any] = found
    return made


@lru_cache(maxsize=16)
def loaded(path: Path, checksum: str) -> ModuleType:
    """Run a file, once in a process, and return its module.

    Args:
        path: The file, which may import others of its folder.
        checksum: Of the file.
    """
    name = f"{OWN}{checksum[:16]}"
    spec: Any = spec_from_file_location(name, path)
    sys.modules[name] = module = module_from_spec(spec)  # where dataclasses and pickles look for it
    with beside(path):
        spec.loader.exec_module(module)
    return module


@contextmanager
def beside(path: Path) -> Iterator[None]:
    """Let a file's code import what lies beside it, as Python does for a program."""
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


@contextmanager
def says(what: str, path: Path | None = None) -> Iterator[None]:
    """Name what failed, how, and in which line of a file: the code is anyone's, and may end in any error."""
    try:
        yield
    except NasbedError:
        raise
    except Exception as error:
        raise BadSetting(f"{what} failed with {type(error).__name__}: {error}{_line(error, path)}") from error


def _line(error: Exception, path: Path | None) -> str:
    """Say in which line of a file an error has its cause; nothing where it has it elsewhere."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if path is not None and Path(frame.filename) == path]
    return f" (line {lines[-1]} of {path.name})" if lines and path is not None else ""
