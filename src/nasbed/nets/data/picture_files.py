"""Picture files: PNG and JPEG, read and brought to one square size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import CorruptFile
from nasbed.core.extras import require

SUFFIXES = (".png", ".jpg", ".jpeg")

MODES = {"1": "L", "L": "L", "LA": "L", "P": "RGB", "RGB": "RGB", "RGBA": "RGB", "CMYK": "RGB", "YCbCr": "RGB"}
"""What is made of each kind of pixel, in Pillow's names: a byte, or three. One of more bits is not read."""

STEP, LARGEST = 4, 32
"""Of a size that is chosen here. The published networks halve it twice, so that 4 divides it; they were made for 32
pixels, and the time of a training grows with the square of the size."""


def pixels(files: Sequence[Path], size: int = 0) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Read pictures as ``(n, size, size, channels)``, grey if all of them are, and say how they were adapted.

    Pictures that are all square and of one size stay as they are. Others get one that is chosen here. They are
    squeezed to it and not cropped, because what a picture is of may be at its border.

    Args:
        files: One or more.
        size: Height and width that all are resized to; chosen if 0.

    Raises:
        CorruptFile: When a file cannot be read.
    """
    # Sizes and colours come first, from the heads of the files: only small pictures are ever in memory together.
    sizes, modes = [], set()
    for file in files:
        with _opened(file) as picture:
            sizes.append(picture.size)
            modes.add(MODES[picture.mode])
    side, warnings = (size, ()) if size else _one_size(sizes)
    images = np.empty((len(files), side, side, 1 if modes == {"L"} else 3), np.uint8)
    for image, file in zip(images, files, strict=True):
        with _opened(file) as picture:
            found = picture.convert(MODES[picture.mode])
        resized = found if found.size == (side, side) else found.resize((side, side))
        image[...] = np.asarray(resized).reshape(side, side, -1)
    return images, warnings


def _one_size(sizes: Sequence[tuple[int, int]]) -> tuple[int, tuple[str, ...]]:
    """Return the side of the square that pictures of these widths and heights are given, and what was done, if any.

    It is near the median of their shorter sides, which a few odd pictures do not move, and at most ``LARGEST``.
    """
    kinds = sorted(set(sizes), key=lambda kind: (kind[0] * kind[1], kind))
    (wide, high), (widest, highest) = kinds[0], kinds[-1]
    if len(kinds) == 1 and wide == high:
        return wide, ()
    median = float(np.median([min(kind) for kind in sizes]))
    side = min(max(STEP * round(median / STEP), STEP), LARGEST)
    span = f"of {wide}×{high} pixels"
    if len(kinds) > 1:
        span = f"of {len(kinds):,} sizes, from {wide}×{high} to {widest}×{highest} pixels,"
    warning = (
        f"{len(sizes):,} pictures {span} were resized to {side}×{side}, squeezed and not cropped; "
        f"folder:PATH,size={2 * side} chooses another size"
    )
    return side, (warning,)


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    """Open a picture whose kind of pixel is read; whatever Pillow ends in is a damaged file."""
    pillow = require("PIL.Image", "torch")
    try:
        with pillow.open(file) as picture:
            if picture.mode not in MODES:
                raise ValueError(f"its pixels are {picture.mode}, not a byte for each colour")
            yield picture
    except (OSError, SyntaxError, ValueError, pillow.DecompressionBombError) as error:
        raise CorruptFile(f"{file} cannot be read ({error}); replace it or take it out") from None
