"""The seal of a file of columns: what is compared before Arrow reads it, and how its blocks are found.

A block is ``2 ** SHIFT`` bytes of the body, which lies between Arrow's description at the beginning and its footer.
Both of these have the schema, and with it the seal: the SHA-256 of all that is not body, with blanks in place of seals.
"""

from __future__ import annotations

import hashlib
import mmap
import re
from pathlib import Path

from nasbed.core.errors import BadSetting, CorruptFile

MARK = b"nasbed-seal-3:"
BLANK = MARK + b"0" * 64
_SEAL = re.compile(re.escape(MARK) + b"([0-9a-f]{64})")
SHIFT = 16
DO = "put a whole copy in its place, or make it again"
_OLD_BLANK = b"the checksum of this file computed with these words in its place"
_MAGIC = b"ARROW1"
_HEAD, _TAIL = 16, 10  # bytes before the schema's message, and behind the footer


def mapped(path: Path) -> mmap.mmap:
    """Map a file's bytes.

    Raises:
        BadSetting: When it is not there or may not be read.
        CorruptFile: When it is empty.
    """
    if not path.is_file():
        raise BadSetting(f"there is no file {path}")
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise BadSetting(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise CorruptFile(f"{path} is empty; it should be a table") from None


def body_of(data: mmap.mmap, path: Path) -> tuple[int, int]:
    """Give where the columns begin and where the footer does.

    Raises:
        CorruptFile: When the file is no Arrow file, or has been cut off.
    """
    size = len(data)
    if size > _HEAD + _TAIL and data[:6] == _MAGIC and data[-6:] == _MAGIC:
        batch = _HEAD + int.from_bytes(data[12:16], "little")
        start = batch + 8 + int.from_bytes(data[batch + 4 : batch + 8], "little")
        stop = size - _TAIL - int.from_bytes(data[size - _TAIL : size - 6], "little")
        if _HEAD < batch < start <= stop < size:
            return start, stop
    raise CorruptFile(f"{path} is not a table, or is damaged or has been cut off: it is no whole Arrow file")


def digest_of_rest(rest: bytes) -> tuple[str, list[bytes]]:
    """Hash what lies before and behind the body, with blanks for the seals; give these, too."""
    parts = _SEAL.split(rest)
    return hashlib.sha256(BLANK.join(parts[::2])).hexdigest(), parts[1::2]


def seal_of(data: mmap.mmap, start: int, stop: int, path: Path) -> str | None:
    """Compare the description with the seal and give it; None where there is none, as in files of version 0.1.

    Raises:
        CorruptFile: When they differ.
    """
    digest, seals = digest_of_rest(data[:start] + data[stop:])
    if seals and seals != [digest.encode()] * 2:
        raise CorruptFile(f"{path} is damaged: its description is not what was written; {DO}")
    return digest if seals else None


def check_whole(path: Path, data: mmap.mmap, seal: bytes) -> None:
    """Compare a file of version 0.1 with its checksum, the SHA-256 of the file with ``_OLD_BLANK`` in its places.

    Raises:
        CorruptFile: When they differ, or there is none.
    """
    if len(seal) == len(_OLD_BLANK):
        blank = data[:].replace(seal, _OLD_BLANK) + _OLD_BLANK  # it ended with those words, too
        if hashlib.sha256(blank).hexdigest().encode() == seal:
            return
    raise CorruptFile(f"{path} is damaged: it is not what was written; {DO}")
