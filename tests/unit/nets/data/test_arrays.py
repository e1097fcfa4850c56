"""Arrays in a NumPy file: classes or numbers to predict, parts given or made, and nothing wrong believed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.errors import BadSetting, CorruptFile, NasbedError
from nasbed.nets.data import arrays as module
from nasbed.nets.data.source import load
from nasbed.nets.data.sources import pictures

GREY = np.random.default_rng(0).integers(256, size=(20, 6, 6), dtype=np.uint8)
COLOURED = np.random.default_rng(1).uniform(0, 1, (20, 5, 5, 3)).astype(np.float32)
CLASSES = np.arange(20) % 4


def write(folder, **arrays):
    np.savez(folder / "it.npz", **arrays)
    return f"arrays:{folder / 'it.npz'}"


@pytest.mark.parametrize("images", [GREY, GREY[..., None], COLOURED])
@pytest.mark.parametrize("kind", [np.int64, np.uint8])
def test_whole_numbers_are_classes(tmp_path, images, kind):
    found = pictures(write(tmp_path, images=images, labels=CLASSES.astype(kind)))
    assert (found.images == images.reshape(found.images.shape)).all()
    assert (found.images.ndim, found.images.dtype) == (4, images.dtype)
    assert (found.labels.tolist(), found.labels.dtype, found.classes) == (CLASSES.tolist(), np.int64, 4)
    assert {part: np.bincount(CLASSES[rows]).tolist() for part, rows in found.parts.items()} == {
        "train": [3] * 4,
        "validation": [1] * 4,
        "test": [1] * 4,
    }


@pytest.mark.parametrize("shape", [(20,), (20, 1), (20, 3)])
def test_floats_are_numbers_to_predict(tmp_path, shape):
    targets = np.random.default_rng(2).normal(size=shape)
    data = load(write(tmp_path, images=COLOURED, labels=targets))
    assert (data.is_regression, data.outputs, len(data.train)) == (True, 1 if len(shape) == 1 else shape[1], 12)
    given = np.concatenate([part.labels.numpy() for part in (data.train, data.validation, data.test)])
    assert sorted(given.ravel()) == sorted(targets.astype(np.float32).ravel())


@given(st.lists(st.sampled_from(["train", "validation", "test"]), unique=True), st.integers(0, 9))
def test_parts_that_are_given_stay_and_no_image_is_in_two(tmp_path_factory, named, seed):
    rows = np.random.default_rng(seed).permutation(20)
    sizes = {"train": rows[:8], "validation": rows[8:11], "test": rows[11:13]}
    given = {part: sizes[part] for part in named}
    found = pictures(write(tmp_path_factory.mktemp("a"), images=GREY, labels=np.linspace(0, 1, 20), **given))
    for part in set(named) - {"train"}:
        assert found.parts[part].tolist() == given[part].tolist()
    everyone = np.concatenate(list(found.parts.values()))
    assert set(found.parts) == {"train", "validation", "test"}
    assert len(set(everyone)) == len(everyone)
    if "train" not in named:
        assert len(everyone) == 20
    elif len(named) == 3:
        assert found.parts["train"].tolist() == given["train"].tolist()


def test_other_arrays_are_said(tmp_path):
    found = pictures(write(tmp_path, images=GREY, labels=CLASSES, val=np.arange(3)))
    assert found.warnings == (f"{tmp_path / 'it.npz'} has other arrays, which are not read: val",)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"images": GREY[:, :5]}, r"'images' in .* has the shape \(20, 5, 6\); it must be"),
        ({"images": GREY[:0]}, "'images' in .*not empty"),
        ({"images": GREY.astype(np.int64)}, "'images' in .* is int64; images are uint8, from 0 to 255, or float32"),
        ({"images": COLOURED * np.nan}, "'images' in .* not finite"),
        ({"images": COLOURED.astype(float) * 1e60}, "'images' in .* not finite"),
        ({"labels": CLASSES[1:]}, r"'labels' in .* has the shape \(19,\); there are 20 images"),
        ({"labels": CLASSES + 1}, "'labels' in .* 4 different classes from 1 to 4; number two or more of them from 0"),
        ({"labels": CLASSES - 1}, "from -1 to 2"),
        ({"labels": CLASSES * 0}, "1 different classes"),
        ({"labels": CLASSES[:, None]}, r"'labels' in .* is int64 of shape \(20, 1\); classes are whole numbers"),
        ({"labels": np.full(20, "cat")}, "'labels' in .* is <U3"),
        ({"labels": np.full(20, np.inf)}, "'labels' in .* not finite"),
        ({"labels": np.zeros((20, 2, 2))}, r"numbers to predict are \(images,\) or"),
        ({"train": np.array([0, 20])}, "'train' in .* has the number 20, but there are 20 images, from 0"),
        ({"test": np.array([0.5])}, r"'test' in .* is float64 of shape \(1,\)"),
        ({"test": np.array([], int)}, "'test' in .* is empty"),
        ({"labels": np.array([0] * 19 + [1])}, "the class 1 in .* has 1 pictures to train on"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path, changed, why):
    with pytest.raises(BadSetting, match=why):
        pictures(write(tmp_path, **{"images": GREY, "labels": CLASSES} | changed))


def test_an_image_in_two_parts_is_refused(tmp_path):
    with pytest.raises(BadSetting, match="overlap"):
        load(write(tmp_path, images=GREY, labels=CLASSES, validation=np.arange(4), test=np.arange(3, 7)))


def test_what_is_missing_is_said(tmp_path):
    with pytest.raises(BadSetting, match=r"Name it: arrays:FILE\.npz"):
        pictures("arrays")
    with pytest.raises(BadSetting, match="there is no file"):
        pictures(f"arrays:{tmp_path}/none.npz")
    with pytest.raises(BadSetting, match="no array 'labels'; it has images, y"):
        pictures(write(tmp_path, images=GREY, y=CLASSES))
    (tmp_path / "it.npz").write_bytes(b"no zip")
    with pytest.raises(CorruptFile, match="is not a file of arrays"):
        pictures(f"arrays:{tmp_path}/it.npz")


def test_python_objects_are_refused(tmp_path):
    with pytest.raises(CorruptFile, match=r"the array 'labels' in .* cannot be read"):
        pictures(write(tmp_path, images=GREY, labels=np.array([print] * 20, object)))


def test_what_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 500)
    with pytest.raises(BadSetting, match="GiB unpacked; at most"):
        pictures(write(tmp_path, images=GREY, labels=CLASSES))


@given(st.data())
def test_a_damaged_file_is_refused_or_read_as_it_was(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("a")
    name = write(folder, images=GREY, labels=CLASSES)
    content = bytearray((folder / "it.npz").read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    (folder / "it.npz").write_bytes(content)
    try:
        found = pictures(name)
    except NasbedError:
        return
    assert (found.images[..., 0] == GREY).all()
    assert (found.labels == CLASSES).all()
