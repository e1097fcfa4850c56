"""Pictures in folders: every layout, one size, and the same division wherever they lie."""

import numpy as np
import pytest
from PIL import Image

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.nets.data.source import load
from nasbed.nets.data.sources import pictures

CLASSES = ("ant", "bee", "cow")


def write(folder, count, size=(4, 4), mode="RGB", suffix=".png", classes=CLASSES):
    """Write pictures of one colour each: the class in red, the number in green."""
    for k, name in enumerate(classes):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            pixel = (10 * k, number, 0) if mode == "RGB" else 10 * k
            Image.new(mode, size, pixel).save(folder / name / f"{number:02}{suffix}")


def seen(found, part):
    """Give (label, number) of each picture of a part."""
    rows = found.parts[part]
    assert (found.images[rows, 0, 0, 0] == 10 * found.labels[rows]).all()
    return list(zip(found.labels[rows].tolist(), found.images[rows, 0, 0, 1].tolist(), strict=True))


def all_of(*numbers):
    return [(label, number) for label in range(3) for number in numbers]


@pytest.mark.parametrize("validation", ["validation", "valid", "val"])
def test_parts_are_the_folders_that_are_named_for_them(tmp_path, validation):
    for part, count in (("train", 3), (validation, 2), ("test", 1)):
        write(tmp_path / part, count)
    found = pictures(f"folder:{tmp_path}")
    assert seen(found, "train") == all_of(0, 1, 2)
    assert seen(found, "validation") == all_of(0, 1)
    assert seen(found, "test") == all_of(0)
    assert (found.classes, found.warnings) == (3, ())


def test_classes_alone_are_divided_in_the_same_shares_at_every_call_and_place(tmp_path):
    for place in ("here", "there"):
        write(tmp_path / place, 10)
    found, again = (pictures(f"folder:{tmp_path / place}") for place in ("here", "there"))
    parts = {part: seen(found, part) for part in ("train", "validation", "test")}
    assert parts == {part: seen(again, part) for part in parts}
    assert {part: np.bincount([label for label, _ in rows]).tolist() for part, rows in parts.items()} == {
        "train": [6, 6, 6],
        "validation": [2, 2, 2],
        "test": [2, 2, 2],
    }
    assert sorted(row for rows in parts.values() for row in rows) == all_of(*range(10))


def test_a_part_without_a_folder_is_a_fifth_of_training(tmp_path):
    write(tmp_path / "train", 5)
    write(tmp_path / "test", 2)
    found = pictures(f"folder:{tmp_path}")
    assert seen(found, "test") == all_of(0, 1)
    assert sorted(seen(found, "train") + seen(found, "validation")) == all_of(*range(5))
    assert len(seen(found, "validation")) == 3


def test_a_class_may_be_called_as_a_part_is(tmp_path):
    write(tmp_path, 3, classes=("bus", "train"))
    assert pictures(f"folder:{tmp_path}").classes == 2


def test_grey_pictures_stay_grey_until_one_is_coloured(tmp_path):
    write(tmp_path, 4, mode="L", suffix=".PNG")
    assert pictures(f"folder:{tmp_path}").images.shape == (12, 4, 4, 1)
    Image.new("RGB", (4, 4), (1, 2, 3)).save(tmp_path / "ant" / "99.png")
    found = pictures(f"folder:{tmp_path}").images
    assert found[4, 0, 0].tolist() == [1, 2, 3]
    assert found[-1, 0, 0].tolist() == [20, 20, 20]


def test_jpegs_are_read_and_resized(tmp_path):
    write(tmp_path, 3, size=(9, 6), suffix=".jpeg")
    assert pictures(f"folder:{tmp_path},size=8").images.shape == (9, 8, 8, 3)
    found = pictures(f"folder:{tmp_path}")
    assert found.images.shape == (9, 8, 8, 3)  # of 4 and 8, which are as near, the even number of fours
    assert found.warnings == (
        "9 pictures of 9×6 pixels were resized to 8×8, squeezed and not cropped; folder:PATH,size=16 chooses another "
        "size",
    )


def test_loaded_they_can_be_trained_on(tmp_path):
    write(tmp_path, 5)
    Image.new("RGB", (4, 4), (5, 5, 5)).save(tmp_path / "ant" / "99.png")
    data = load(f"folder:{tmp_path}")
    pixels = data.train.normal(data.train.images).double().flatten(0, 2)
    assert pixels.mean(dim=0).abs().max() < 1e-6
    assert (pixels.std(dim=0, correction=0) - 1).abs().max() < 1e-6
    assert data.describe() | {"checksum": ""} == {
        "name": f"folder:{tmp_path}",
        "images": {"train": 10, "validation": 3, "test": 3},
        "classes": 3,
        "image_size": 4,
        "channels": 3,
        "checksum": "",
        "warnings": [],
    }


def test_what_is_not_a_picture_is_left_out_with_a_warning(tmp_path):
    write(tmp_path, 3)
    (tmp_path / "ant" / "notes.txt").write_text("x")
    (tmp_path / "ant" / ".hidden").write_text("x")
    write(tmp_path / ".hidden", 1)
    found = pictures(f"folder:{tmp_path}")
    assert len(found.images) == 9
    assert found.warnings == ("1 files beside the pictures are neither PNG nor JPEG and were left out",)


@pytest.mark.parametrize("content", [b"", b"not a picture", None])
def test_a_broken_picture_is_named(tmp_path, content):
    write(tmp_path, 3)
    broken = tmp_path / "bee" / "01.png"
    broken.write_bytes(broken.read_bytes()[:45] if content is None else content)
    with pytest.raises(CorruptFile, match=r"bee/01\.png cannot be read"):
        pictures(f"folder:{tmp_path}")


def test_pixels_of_more_than_a_byte_are_refused(tmp_path):
    write(tmp_path, 3, mode="I;16")
    with pytest.raises(CorruptFile, match="its pixels are I;16"):
        pictures(f"folder:{tmp_path}")


def test_what_is_missing_is_said(tmp_path):
    with pytest.raises(BadSetting, match="Name it: folder:PATH"):
        pictures("folder")
    with pytest.raises(BadSetting, match=r"there is no folder .*none"):
        pictures(f"folder:{tmp_path}/none")
    with pytest.raises(BadSetting, match="a folder for each class; it holds 0"):
        pictures(f"folder:{tmp_path}")
    write(tmp_path / "test", 1, classes=("dog",))
    with pytest.raises(BadSetting, match="a folder for each class; it holds 1"):
        pictures(f"folder:{tmp_path}")
    write(tmp_path / "train", 1)
    with pytest.raises(BadSetting, match="dog is of a class that is not trained on; those are ant, bee, cow"):
        pictures(f"folder:{tmp_path}")
    (tmp_path / "test" / "dog").rename(tmp_path / "test" / "cow")
    with pytest.raises(BadSetting, match="'ant' has 1 pictures"):
        pictures(f"folder:{tmp_path}")
