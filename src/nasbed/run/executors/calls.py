"""Calls: how they travel to another process, and how their answers come back."""

from __future__ import annotations

import pickle
import struct
from typing import IO, Any

from nasbed.core.errors import BadSetting
from nasbed.core.executor import Outcome, Work, in_one_line, resolved

_LENGTH = struct.Struct("<Q")

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
"""For workers' environments: as many workers as cores, each with as many threads, would fight."""


def packed(tag: str, work: Work, args: tuple[Any, ...]) -> bytes:
    """Pickle a call.

    Raises:
        BadSetting: When it cannot be pickled, or its function is in the script that is running, which no worker
            imports.
    """
    if getattr(work, "__module__", None) == "__main__":
        raise BadSetting(f"{work!r} is defined in the running script; move it to a module that can be imported")
    try:
        return pickle.dumps((work, args))
    except Exception as error:  # pickling raises whatever the objects raise
        raise BadSetting(f"the call {tag!r} cannot be sent to a worker process: {error}") from None


def answer(call: bytes) -> bytes:
    """Make a packed call here and now, and pickle its value, or None and the error.

    The value inside is pickled by itself: one that cannot be read at the other end spoils no more than its own call.
    """
    try:
        work, args = pickle.loads(call)
        value = pickle.dumps(resolved(work)(*args))
    except Exception as error:
        return pickle.dumps((None, in_one_line(error)))
    return pickle.dumps((value, None))


def opened(tag: str, answer: bytes) -> Outcome:
    """Read an answer; a value that this process cannot read is an error of its call."""
    value, error = pickle.loads(answer)
    return Outcome(tag, error=error) if error is not None else Outcome.of(tag, pickle.loads, value)


def send(pipe: IO[bytes], frame: bytes) -> None:
    """Write one frame, at once."""
    pipe.write(_LENGTH.pack(len(frame)))
    pipe.write(frame)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes:
    """Wait for one whole frame.

    Raises:
        EOFError: When the other end is gone, be it in the middle of a frame.
    """
    (length,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size))
    return _exactly(pipe, length)


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data
