"""Checked files: one changed bit anywhere is noticed before anything is decoded."""

import json

import numpy as np
import pytest

from nasbed.core.checked import BLANK, MARK, read_arrays, read_checked, read_json, sealed, write_arrays, write_json
from nasbed.core.errors import BadSetting, CorruptFile

VALUES = {"a": [1, 2.5, None], "b": {"c": "é"}}
ARRAYS = {"x": np.arange(5), "y": np.array(["a", "b"])}


def written(kind, folder):
    if kind == "json":
        return write_json(folder / "file", VALUES), lambda path: read_json(path, "what is tested", "write it again")
    return write_arrays(folder / "file", ARRAYS), lambda path: read_arrays(path, "what is tested", "write it again")


@pytest.mark.parametrize("kind", ["json", "arrays"])
def test_what_is_written_comes_back_and_every_changed_bit_is_noticed(kind, tmp_path):
    path, read = written(kind, tmp_path)
    found = read(path)
    assert found == VALUES if kind == "json" else all((found[n] == ARRAYS[n]).all() for n in ARRAYS)
    assert found.keys() == (VALUES if kind == "json" else ARRAYS).keys()
    whole = path.read_bytes()
    assert read_checked(path, "").sealed
    for place in range(0, 8 * len(whole), 5):
        path.write_bytes(whole[: place // 8] + bytes([whole[place // 8] ^ 1 << place % 8]) + whole[place // 8 + 1 :])
        with pytest.raises(CorruptFile, match=r"file is .*damaged.*; write it again"):
            read(path)
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(CorruptFile, match="damaged"):
            read(path)


@pytest.mark.parametrize("kind", ["json", "arrays"])
def test_without_its_seal_a_file_is_not_taken_for_one_of_version_01(kind, tmp_path):
    path, read = written(kind, tmp_path)
    path.write_bytes(path.read_bytes().replace(MARK, b"nasbed-sha255:"))
    with pytest.raises(CorruptFile, match="its checksum is missing"):
        read(path)


def test_files_of_version_01_have_no_seal(tmp_path):
    (tmp_path / "old.json").write_text(json.dumps(VALUES))
    assert read_json(tmp_path / "old.json", "what is tested", "") == VALUES
    np.savez_compressed(tmp_path / "old.npz", **ARRAYS)
    assert read_arrays(tmp_path / "old.npz", "what is tested", "").keys() == ARRAYS.keys()


@pytest.mark.parametrize("content", [b"", b"[1]", b"null", b"[" * 100_000, b"\xff", b"PK", b"{"])
def test_other_files_are_refused(content, tmp_path):
    (tmp_path / "x").write_bytes(content)
    for read in (read_json, read_arrays):
        with pytest.raises(CorruptFile, match="x is not what is tested, or is damaged"):
            read(tmp_path / "x", "what is tested", "")
    with pytest.raises(BadSetting, match="none cannot be read"):
        read_json(tmp_path / "none", "what is tested", "")


def test_a_seal_has_one_blank_and_no_rival():
    for data in (b"nothing", BLANK + sealed(BLANK)):
        with pytest.raises(ValueError, match="a blank for the seal"):
            sealed(data)
    assert sealed(b"a" + BLANK + BLANK).count(sealed(b"a" + BLANK + BLANK)[1 : 1 + len(BLANK)]) == 2
