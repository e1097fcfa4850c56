"""The seal: the checksum of a whole table file, written into that file.

An Arrow file says its schema twice, in the message that it begins with and in its footer, and the schema's metadata
have the seal: the SHA-256 of the file as it would be with ``BLANK`` in both places. So no bit of the file can change
unseen, be it of a column, of Arrow's own description or of the padding between them.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

BLANK = b"the checksum of this file computed with these words in its place"
_CHUNK = 2**20
_HEAD, _TAIL = 16, 10  # bytes before the schema's message and after the footer


def seal(path: Path) -> None:
    """Write the checksum over ``BLANK``, in both places."""
    with path.open("rb+") as file:
        places = _places(file, BLANK)
        checksum = _checksum(file, places).encode()
        for place in places:
            file.seek(place)
            file.write(checksum)


def is_sealed(path: Path, checksum: bytes) -> bool:
    """Say whether a file is to the bit what was sealed with a checksum."""
    with path.open("rb") as file:
        try:
            places = _places(file, checksum)
        except ValueError:
            return False
        return _checksum(file, places).encode() == checksum


def _places(file: BinaryIO, text: bytes) -> list[int]:
    """Find a text in the first message and in the footer.

    Raises:
        ValueError: When it is not there, or the file is no Arrow file.
    """
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    message = int.from_bytes(file.read(_HEAD)[-4:], "little")
    file.seek(max(size - _TAIL, 0))
    footer = size - _TAIL - int.from_bytes(file.read(4), "little")
    places = []
    for start, stop in ((0, _HEAD + message), (footer, size)):
        if not 0 <= start < stop <= size:
            raise ValueError("not an Arrow file")
        file.seek(start)
        places.append(start + file.read(stop - start).index(text))
    return places


def _checksum(file: BinaryIO, places: list[int]) -> str:
    """Hash a file with ``BLANK`` in some places, a chunk at a time."""
    digest = hashlib.sha256()
    start = 0
    for place in [*places, os.fstat(file.fileno()).st_size]:
        file.seek(start)
        while start < place:
            chunk = file.read(min(_CHUNK, place - start))
            digest.update(chunk)
            start += len(chunk)
        digest.update(BLANK)
        start = place + len(BLANK)
    return digest.hexdigest()
