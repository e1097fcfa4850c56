"""The division of a folder of pictures: kept in a file, and the same whatever comes later."""

import json
import logging
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nasbed.core.errors import BadSetting
from nasbed.nets.data.source import load, prepared
from nasbed.nets.data.sources import pictures
from nasbed.nets.data.splits import completed, split_by_name, write_split


def write(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4), tuple(crc32(name.encode()).to_bytes(4)[:3])).save(folder / name)


def numbered(*classes, count=6):
    return [f"{name}/{number:03}.png" for name in classes for number in range(count)]


def checksum(name):
    found = pictures(name)
    return prepared(name, found.images, found.labels, found.parts, found.classes).checksum


@given(st.lists(st.sampled_from(["train", "validation", "test", None]), min_size=3, max_size=30), st.randoms())
def test_a_written_split_is_read_as_it_was_whatever_the_order(tmp_path_factory, chosen, random):
    chosen[:3] = ["train", "validation", "test"]
    names = [f"ä/{number}.png" for number in range(len(chosen))]
    parts = {part: np.flatnonzero(np.array(chosen) == part) for part in ("train", "validation", "test")}
    path = tmp_path_factory.mktemp("split") / "split.json"
    write_split(path, parts, names)
    shuffled = random.sample(names, len(names))
    again = split_by_name(path, shuffled)
    for part, rows in parts.items():
        assert {shuffled[row] for row in again[part]} == {names[row] for row in rows}
        assert (np.diff(again[part]) > 0).all()


def test_pictures_that_come_later_move_none_of_the_others(tmp_path):
    write(tmp_path / "p", *numbered("bee", "cow"))
    plain, name = f"folder:{tmp_path / 'p'}", f"folder:{tmp_path / 'p'},split={tmp_path / 'split.json'}"
    first = checksum(name)
    assert first == checksum(plain)
    listed = json.loads((tmp_path / "split.json").read_text())
    assert sorted(name for names in listed.values() for name in names) == numbered("bee", "cow")
    write(tmp_path / "p", "bee/0000.png", "cow/zzz.png", *numbered("ant"))
    assert checksum(name) == first
    assert checksum(plain) != first
    assert pictures(name).warnings == (f"8 pictures are not in {tmp_path / 'split.json'} and were left out",)


def test_a_split_that_lies_with_the_pictures_is_found_there(tmp_path):
    write(tmp_path, *numbered("bee", "cow", count=3))
    listed = {"train": ["bee/000.png", "cow/002.png"], "validation": ["bee/001.png"], "test": ["cow/000.png"]}
    (tmp_path / "mine.json").write_text(json.dumps(listed))
    found = pictures(f"folder:{tmp_path},split=mine.json")
    assert {part: found.labels[rows].tolist() for part, rows in found.parts.items()} == {
        "train": [0, 1],
        "validation": [0],
        "test": [1],
    }


@pytest.mark.parametrize(
    ("held", "why"),
    [
        ('{"train": ["bee/000.png"]}', "lists train; a split has train, validation, test"),
        (
            '{"train": ["bee/000.png"], "validation": [], "test": ["x"]}',
            "validation in .* is not a list of one or more",
        ),
        ('{"train": [1], "validation": ["x"], "test": ["x"]}', "train in .* is not a list of one or more names"),
        ('{"train": ["bee/9.png"], "validation": ["x"], "test": ["x"]}', r"names bee/9\.png, which is not among the 6"),
    ],
)
def test_a_split_of_other_pictures_is_refused(tmp_path, held, why):
    write(tmp_path, *numbered("bee", "cow", count=3))
    (tmp_path / "bad.json").write_text(held)
    with pytest.raises(BadSetting, match=why):
        pictures(f"folder:{tmp_path},split={tmp_path / 'bad.json'}")


def test_a_picture_in_two_parts_is_refused(tmp_path):
    write(tmp_path, *numbered("bee", "cow", count=3))
    listed = {"train": ["bee/000.png", "cow/000.png"], "validation": ["bee/001.png"], "test": ["bee/001.png"]}
    (tmp_path / "mine.json").write_text(json.dumps(listed))
    with pytest.raises(BadSetting, match="overlap"):
        load(f"folder:{tmp_path},split=mine.json")


def test_a_split_that_cannot_be_written_is_an_error(tmp_path):
    write(tmp_path, *numbered("bee", "cow", count=3))
    with pytest.raises(BadSetting, match="there is no folder"):
        pictures(f"folder:{tmp_path},split={tmp_path / 'none' / 'split.json'}")


def test_a_division_that_was_made_can_be_looked_at(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("NASBED_HOME", str(tmp_path / "home"))
    write(tmp_path / "flowers", *numbered("bee", "cow"))
    with caplog.at_level(logging.INFO, "nasbed"):
        found = pictures(f"folder:{tmp_path / 'flowers'}")
    (kept,) = (tmp_path / "home" / "splits").glob("flowers-*.json")
    assert str(kept) in caplog.text
    parts = split_by_name(kept, numbered("bee", "cow"))
    assert {part: rows.tolist() for part, rows in parts.items()} == {
        part: rows.tolist() for part, rows in found.parts.items()
    }


def test_a_home_that_takes_no_files_stops_nothing(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NASBED_HOME", str(tmp_path / "file"))
    write(tmp_path / "flowers", *numbered("bee", "cow"))
    assert len(pictures(f"folder:{tmp_path / 'flowers'}").parts["train"]) == 8


def test_parts_that_there_are_stay_as_they_are():
    labels = np.repeat([0, 1], 10)
    parts = completed({"train": np.arange(1, 20), "test": np.array([0])}, labels, ["a", "b"])
    assert parts["test"].tolist() == [0]
    assert sorted([*parts["train"], *parts["validation"]]) == list(range(1, 20))
