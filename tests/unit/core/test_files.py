"""Files are there whole or not at all."""

import pytest

from nasbed.core.errors import BadSetting
from nasbed.core.files import replacing


def test_a_file_takes_its_name_when_it_is_whole(tmp_path):
    target = tmp_path / "out.bin"
    target.write_bytes(b"old")
    with replacing(target) as beside:
        beside.write_bytes(b"new")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


def write_half(target):
    with replacing(target) as beside:
        beside.write_bytes(b"half")
        raise KeyboardInterrupt


def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "out.bin"
    target.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        write_half(target)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(BadSetting, match="there is no folder"), replacing(tmp_path / "no" / "out"):
        pass
    with pytest.raises(BadSetting, match="is a folder"), replacing(tmp_path):
        pass
