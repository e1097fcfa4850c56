"""Tensor files come back as they were, or are refused."""

import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from nasbed.core.errors import CorruptFile
from nasbed.nets.tensorfile import read_tensors, with_tensors, without_tensors, write_tensors

STATE = {
    "made": 7,
    "loss": 0.1 + 0.2,
    "weights": {"a": torch.arange(6.0).view(2, 3)[:, 1:], "b": torch.tensor(True)},
    "generators": [torch.Generator().manual_seed(3).get_state(), torch.zeros(0, 2, dtype=torch.int64)],
    "failures": [None, "it failed"],
}


def written(path):
    tensors = {}
    facts = {"state": without_tensors(STATE, tensors), "name": "x"}
    write_tensors(path, tensors, facts)
    return path


def test_nested_values_come_back_as_they_were(tmp_path):
    tensors, facts = read_tensors(written(tmp_path / "a.safetensors"))
    again = with_tensors(facts["state"], tensors)
    assert facts["name"] == "x"
    assert (again["made"], again["loss"], again["failures"]) == (7, 0.1 + 0.2, [None, "it failed"])
    pairs = [(STATE["weights"][name], again["weights"][name]) for name in "ab"]
    for before, after in [*pairs, *zip(STATE["generators"], again["generators"], strict=True)]:
        assert before.dtype == after.dtype
        assert torch.equal(before, after)


def test_others_read_the_tensors(tmp_path):
    assert torch.equal(load_file(written(tmp_path / "a"))[".weights.a"], STATE["weights"]["a"])


def test_every_flipped_byte_is_found(tmp_path):
    path = written(tmp_path / "a")
    raw = path.read_bytes()
    end = 8 + struct.unpack("<Q", raw[:8])[0]
    for place in [*range(0, end, 7), *range(end, len(raw), 97), len(raw) - 1]:
        damaged = bytearray(raw)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(CorruptFile, match=r"damaged|checksum"):
            read_tensors(path)


@pytest.mark.parametrize("length", [0, 3, 200, -1])
def test_a_file_cut_short_is_refused(tmp_path, length):
    path = written(tmp_path / "a")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(CorruptFile, match="damaged"):
        read_tensors(path)


def test_a_file_of_others_is_refused(tmp_path):
    save_file({"x": torch.zeros(2)}, tmp_path / "a")
    with pytest.raises(CorruptFile, match=r"not written by nasbed|not a file of tensors"):
        read_tensors(tmp_path / "a")


def test_a_write_that_ends_early_leaves_what_was_there(tmp_path, monkeypatch):
    path = written(tmp_path / "a")
    before = path.read_bytes()

    def interrupted(self, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_tensors(path, {"x": torch.zeros(2)}, {})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
