"""Picture files of any size: one square, sensibly chosen, and said."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nasbed.nets.data.picture_files import LARGEST, STEP, pixels

SIDES = st.integers(1, 90)


def written(folder, sizes):
    files = [Path(folder) / f"{number}.png" for number in range(len(sizes))]
    for number, (file, size) in enumerate(zip(files, sizes, strict=True)):
        Image.new("RGB", size, (number, 0, 0)).save(file)
    return files


@given(st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=7))
def test_pictures_of_any_sizes_become_squares_that_networks_can_halve_twice(sizes):
    with tempfile.TemporaryDirectory() as folder:
        images, warnings = pixels(written(folder, sizes))
    side = images.shape[1]
    assert images.shape == (len(sizes), side, side, 3)
    assert images[:, 0, 0, 0].tolist() == list(range(len(sizes)))
    if len(set(sizes)) == 1 and sizes[0][0] == sizes[0][1]:
        assert (side, warnings) == (sizes[0][0], ())
    else:
        assert side % STEP == 0
        assert STEP <= side <= LARGEST
        assert abs(side - np.clip(np.median([min(size) for size in sizes]), STEP, LARGEST)) <= STEP / 2
        assert f"resized to {side}×{side}" in warnings[0]


def test_how_pictures_were_adapted_is_one_sentence(tmp_path):
    _, warnings = pixels(written(tmp_path, [(640, 480), (12, 9), (60, 50)]))
    assert warnings == (
        "3 pictures of 3 sizes, from 12×9 to 640×480 pixels, were resized to 32×32, squeezed and not cropped; "
        "folder:PATH,size=64 chooses another size",
    )


@pytest.mark.parametrize("side", [5, 33])
def test_a_size_that_is_asked_for_is_given_without_a_word(tmp_path, side):
    images, warnings = pixels(written(tmp_path, [(7, 9), (12, 3)]), side)
    assert (images.shape, warnings) == ((2, side, side, 3), ())


def test_squeezed_pictures_keep_what_is_at_their_borders(tmp_path):
    wide = Image.new("L", (40, 8), 0)
    wide.paste(255, (0, 0, 10, 8))
    wide.save(tmp_path / "wide.png")
    images, _ = pixels([tmp_path / "wide.png"])
    assert images.shape == (1, 8, 8, 1)
    assert images[0, :, 0].min() > 200
    assert images[0, :, 4:].max() < 50
