"""Published results, opened whichever format they are in."""

from __future__ import annotations

from pathlib import Path

from nasbed.core.errors import BadSetting
from nasbed.readers.natsbench.folder import META, open_folder
from nasbed.readers.natsbench.pth import open_pth
from nasbed.readers.natsbench.source import Source

_ALLOWED = (
    "a folder like NATS-tss-v1_0-3ffb9-simple or NATS-sss-v1_0-50262-simple (unpacked from its .tar), or a file like "
    "NAS-Bench-201-v1_1-096897.pth"
)


def open_published(path: Path | str) -> Source:
    """Open a ``NATS-tss`` or ``NATS-sss`` folder or a ``NAS-Bench-201`` ``.pth`` file, told apart by what they hold.

    Raises:
        BadSetting: When there is nothing of the kind.
        CorruptFile: When its index is damaged.
    """
    path = Path(path)
    if not path.exists():
        raise BadSetting(f"there is no {path}; give {_ALLOWED}")
    if path.is_dir():
        if not (path / META).is_file():
            raise BadSetting(f"{path} has no {META} in it; give {_ALLOWED}")
        return open_folder(path)
    if path.suffix not in (".pth", ".pt"):
        raise BadSetting(f"{path} is none of the published files; give {_ALLOWED}")
    return open_pth(path)
