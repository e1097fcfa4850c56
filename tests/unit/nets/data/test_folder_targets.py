"""Numbers to predict of pictures in a folder: read from a CSV file, with parts by folder or by share."""

import numpy as np
import pytest
from PIL import Image

from nasbed.core.errors import BadSetting
from nasbed.nets.data.source import load
from nasbed.nets.data.sources import pictures


def write(folder, names, targets):
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4), number).save(folder / name)
    (folder / "targets.csv").write_text(targets)
    return f"folder:{folder},targets=targets.csv"


def test_every_picture_has_its_numbers_and_is_in_one_part(tmp_path):
    names = [f"{number}.png" for number in range(10)]
    rows = [f"{name},{number / 2},{-number}" for number, name in enumerate(names)]
    found = pictures(write(tmp_path, names, "\n".join(["file,age,height", *reversed(rows)])))
    assert (found.classes, found.labels.shape, found.labels.dtype) == (0, (10, 2), np.float32)
    assert (found.labels == found.images[:, 0, 0, :1] * np.array([0.5, -1])).all()
    assert {part: len(mine) for part, mine in found.parts.items()} == {"train": 6, "validation": 2, "test": 2}
    assert found.warnings == ()


def test_parts_are_the_folders_that_are_named_for_them(tmp_path):
    names = ["train/a.png", "train/b.png", "train/c.png", "val/a.png", "test/a.png", "test/b.png"]
    name = write(tmp_path, names, "".join(f"{name},{number}\n" for number, name in enumerate(names)))
    data = load(name)
    assert data.train.labels.tolist() == [[0], [1], [2]]
    assert data.validation.labels.tolist() == [[3]]
    assert data.test.labels.tolist() == [[4], [5]]
    assert (data.is_regression, data.outputs) == (True, 1)


def test_a_split_divides_them_too(tmp_path):
    names = [f"{number}.png" for number in range(5)]
    name = write(tmp_path, names, "".join(f"{name},1\n" for name in names)) + f",split={tmp_path / 'split.json'}"
    first = pictures(name)
    write(tmp_path, [*names, "00.png"], "".join(f"{name},1\n" for name in [*names, "00.png"]))
    again = pictures(name)
    assert (first.images == again.images).all()
    assert all((first.parts[part] == again.parts[part]).all() for part in first.parts)


def test_a_picture_without_numbers_is_left_out_with_a_warning(tmp_path):
    found = pictures(write(tmp_path, ["a.png", "b.png", "c.png", "d.png"], "a.png,1\nb.png,2\nc.png,3\n"))
    assert len(found.images) == 3
    assert found.warnings == (f"1 pictures are not in {tmp_path / 'targets.csv'} and were left out",)


@pytest.mark.parametrize(
    ("targets", "why"),
    [
        ("", "name no picture"),
        ("file,age\n", "name no picture"),
        ("a.png,1\nb.png,x\n", "line 2 of .* is not a picture's name and 1 numbers"),
        ("a.png,1\nb.png,1,2\n", "line 2 of .* is not a picture's name and 1 numbers"),
        ("a.png,nan\n", "line 1 of .* is not a picture's name and one or more numbers"),
        ("a.png,1e39\n", "line 1 of .* is not"),
        ("a.png\n", "line 1 of .* is not a picture's name"),
        ("a.png,1\na.png,2\n", "line 2 of .* names a.png again, after line 1"),
        ("z.png,1\n", "names z.png, but there is no such PNG or JPEG"),
        ("a.png,1\nb.png,2\n", "targets.csv has 2 pictures to train on; it needs one or more for each part"),
        ("train/c.png,1\nb.png,2\n", "b.png in .* is in none of the folders train, validation and test"),
    ],
)
def test_targets_that_do_not_fit_are_refused(tmp_path, targets, why):
    with pytest.raises(BadSetting, match=why):
        pictures(write(tmp_path, ["a.png", "b.png", "train/c.png"], targets))


def test_absent_targets_are_refused(tmp_path):
    with pytest.raises(BadSetting, match=r"none\.csv cannot be read: No such file"):
        pictures(f"folder:{tmp_path},targets=none.csv")
