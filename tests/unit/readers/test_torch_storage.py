"""Files of PyTorch read without it: what it wrote comes back, and what it did not write is refused."""

import io
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from nasbed.core.errors import CorruptFile
from nasbed.readers.torch_storage import open_torch, read_torch

torch = pytest.importorskip("torch")

KINDS = [
    *("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"),
    *("complex64", "complex128", "uint16", "uint64"),
]
FORMS = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])


def saved(path, value, zipped=True):
    torch.save(value, path, _use_new_zipfile_serialization=zipped)
    return path


def numbers_of(tensor):
    tensor = tensor.detach()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()


def same(array, tensor):
    expected = numbers_of(tensor)
    return array.dtype == expected.dtype and array.shape == expected.shape and np.array_equal(array, expected)


@FORMS
@pytest.mark.parametrize("kind", KINDS)
def test_numbers_of_every_kind_come_back(tmp_path, zipped, kind):
    tensor = torch.tensor([[0, 1, 2], [3, 4, 5]]).to(getattr(torch, kind))
    assert same(read_torch(saved(tmp_path / "it.pth", tensor, zipped)), tensor)


BASE = torch.arange(24.0).reshape(2, 3, 4)
VIEWS = {
    "transposed": BASE.transpose(0, 2),
    "strided": BASE[:, ::2, 1:],
    "a row": BASE[1],
    "a number": BASE[1, 2, 3],
    "expanded": BASE[0, 0, :1].expand(5),
    "empty": BASE[:0],
    "of no size": torch.empty(2, 0, 3),
    "a parameter": torch.nn.Parameter(BASE),
}


@FORMS
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS.keys())
def test_views_come_back(tmp_path, zipped, view):
    assert same(read_torch(saved(tmp_path / "it.pth", [BASE, view], zipped))[1], view)


@FORMS
def test_what_shared_numbers_does_so_again_and_cannot_be_written_to(tmp_path, zipped):
    whole, row = read_torch(saved(tmp_path / "it.pth", (BASE, BASE[1]), zipped))
    assert np.shares_memory(whole, row)
    assert not whole.flags.writeable


@FORMS
def test_what_is_around_tensors_comes_back(tmp_path, zipped):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    value = OrderedDict(
        name="x", at={("cifar10", 777): [1, 2.5, None]}, n=np.float64(0.1), a=np.arange(3), size=BASE.shape
    )
    found = read_torch(saved(tmp_path / "it.pth", {"value": value, "weights": model.state_dict()}, zipped))
    assert {**found["value"], "a": None} == {**value, "a": None}
    assert found["value"]["a"].tolist() == [0, 1, 2]
    assert all(same(found["weights"][name], tensor) for name, tensor in model.state_dict().items())


@FORMS
def test_a_file_without_tensors_is_read_in_parts_of_its_bytes(tmp_path, zipped):
    path = saved(tmp_path / "it.pth", {"a": [1, 2]}, zipped)
    assert pickle.loads(open_torch(path).pickle.tobytes()) == {"a": [1, 2]}


@pytest.mark.slow
def test_torch_is_not_imported(tmp_path):
    path = saved(tmp_path / "it.pth", BASE)
    program = f"import sys, pathlib, nasbed.readers.torch_storage as t; t.read_torch(pathlib.Path({str(path)!r}))"
    subprocess.run([sys.executable, "-c", f"{program}; assert 'torch' not in sys.modules"], check=True)


class Attack:
    """Asks to make a folder when it is read."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@FORMS
def test_what_would_run_code_is_refused_by_name(tmp_path, zipped):
    path = saved(tmp_path / "it.pth", {"a": BASE, "b": Attack(tmp_path / "ran")}, zipped)
    with pytest.raises(CorruptFile, match=r"it\.pth wants to call (posix|nt)\.mkdir,"):
        read_torch(path)
    assert not (tmp_path / "ran").exists()


@FORMS
def test_a_whole_module_is_refused_by_name(tmp_path, zipped):
    with pytest.raises(CorruptFile, match="wants"):
        read_torch(saved(tmp_path / "it.pth", torch.nn.Linear(1, 1), zipped))


@FORMS
@pytest.mark.parametrize("keep", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off_is_refused(tmp_path, zipped, keep):
    path = saved(tmp_path / "it.pth", {"a": torch.arange(100), "b": list(range(100))}, zipped)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(CorruptFile, match=r"it\.pth"):
        read_torch(path)


@pytest.mark.parametrize("content", [b"", b"x", b"\x80\x02K\x01.", b"PK\x03\x04", b"\x89HDF\r\n", pickle.dumps([1])])
def test_a_foreign_file_is_refused(tmp_path, content):
    path = tmp_path / "it.pth"
    path.write_bytes(content)
    with pytest.raises(CorruptFile, match=r"it\.pth"):
        read_torch(path)


def test_a_changed_byte_is_noticed(tmp_path):
    path = saved(tmp_path / "it.pth", torch.full((64,), 7.0))
    content = bytearray(path.read_bytes())
    content[content.find(struct.pack("<f", 7.0)) + 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptFile, match=r"it/data/0 does not have its checksum"):
        read_torch(path)


def rewritten(path, changes, compression=zipfile.ZIP_STORED, also=()):
    """Write an archive again with other records, as no PyTorch would."""
    with zipfile.ZipFile(path) as archive:
        records = {name: archive.read(name) for name in archive.namelist()}
    records.update(changes)
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in [*records.items(), *also]:
            if content is not None:
                archive.writestr(name, content)
    return path


ARCHIVES = {
    "big": ({"changes": {"it/byteorder": b"big"}}, "'big' byte order"),
    "no pickle": ({"changes": {"it/data.pkl": None}}, "none that torch.save wrote"),
    "no storage": ({"changes": {"it/data/0": None}}, "has no storage '0'"),
    "a short storage": ({"changes": {"it/data/0": b"1234"}}, r"storage '0' should have 24 numbers of <f4, but has 4"),
    "a program": ({"changes": {"it/constants.pkl": b"x"}}, "TorchScript"),
    "compressed": ({"changes": {}, "compression": zipfile.ZIP_DEFLATED}, "is compressed"),
}


@pytest.mark.parametrize(("how", "why"), ARCHIVES.values(), ids=ARCHIVES.keys())
def test_an_archive_that_pytorch_does_not_write_is_refused(tmp_path, how, why):
    with pytest.raises(CorruptFile, match=why):
        read_torch(rewritten(saved(tmp_path / "it.pth", BASE), **how))


def test_a_record_that_is_there_twice_is_refused(tmp_path):
    path = saved(tmp_path / "it.pth", BASE)
    with pytest.warns(UserWarning, match="Duplicate name"):
        rewritten(path, {}, also=[("it/data.pkl", b"N.")])
    with pytest.raises(CorruptFile, match=r"two records called it/data\.pkl"):
        read_torch(path)


def legacy(value=None, *, magic=0x1950A86A20F9469CFC6C, protocol=1001, little=True, keys=(), behind=b""):
    """Write the older form by hand."""
    file = io.BytesIO()
    for part in (magic, protocol, {"protocol_version": protocol, "little_endian": little, "type_sizes": {}}):
        pickle.dump(part, file, 2)
    file.write(value if value is not None else pickle.dumps({"a": 1}, 2))
    pickle.dump(list(keys), file, 2)
    return file.getvalue() + behind


def storage(kind="FloatStorage", count=4, key="0"):
    name = f"ctorch\n{kind}\n".encode()
    return (
        b"(X\x07\x00\x00\x00storage"
        + name
        + b"X\x01\x00\x00\x00"
        + key.encode()
        + b"X\x03\x00\x00\x00cpuM%btQ" % (struct.pack("<H", count))
    )


def tensor(size=b"K\x04\x85", stride=b"K\x01\x85", offset=b"K\x00", **of):
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + storage(**of) + offset + size + stride + b"\x89}tR."


NUMBERS = struct.pack("<q4f", 4, 1, 2, 3, 4)


def test_the_older_form_by_hand_is_read(tmp_path):
    path = tmp_path / "it.pth"
    path.write_bytes(legacy(tensor(), keys=["0"], behind=NUMBERS))
    assert read_torch(path).tolist() == [1, 2, 3, 4]


LEGACY = {
    "another magic number": (legacy(magic=5), "none of the files that torch.save writes"),
    "another protocol": (legacy(protocol=1002), "of protocol 1002"),
    "big": (legacy(little=False), "'big' byte order"),
    "keys twice": (legacy(tensor(), keys=["0", "0"]), "no list of different names"),
    "a huge storage": (legacy(tensor(), keys=["0"], behind=struct.pack("<q", 1 << 60)), "ends within storage '0'"),
    "a negative storage": (legacy(tensor(), keys=["0"], behind=struct.pack("<q", -1)), "ends within storage '0'"),
    "a storage of more": (legacy(tensor(count=9), keys=["0"], behind=NUMBERS), "should have 9 numbers"),
    "no such storage": (legacy(tensor(key="7"), keys=["0"], behind=NUMBERS), "has no storage '7'|ends within"),
    "a tensor beyond": (legacy(tensor(size=b"K\x05\x85"), keys=["0"], behind=NUMBERS), "larger than its storage"),
    "an offset beyond": (legacy(tensor(offset=b"K\x01"), keys=["0"], behind=NUMBERS), "larger than its storage"),
    "a negative stride": (
        legacy(tensor(stride=b"J\xff\xff\xff\xff\x85"), keys=["0"], behind=NUMBERS),
        "below 0",
    ),
    "another kind": (legacy(tensor(kind="QInt8Storage"), keys=["0"], behind=NUMBERS), r"torch\.QInt8Storage"),
    "another id": (legacy(b"\x80\x02(X\x06\x00\x00\x00moduleNNNNtQ."), "wants 'module'"),
}


@pytest.mark.parametrize(("content", "why"), LEGACY.values(), ids=LEGACY.keys())
def test_an_older_file_that_cannot_be_is_refused(tmp_path, content, why):
    path = tmp_path / "it.pth"
    path.write_bytes(content)
    with pytest.raises(CorruptFile, match=why):
        read_torch(path)


def test_what_is_only_marked_as_conjugate_is_refused(tmp_path):
    with pytest.raises(CorruptFile, match="store it resolved"):
        read_torch(saved(tmp_path / "it.pth", torch.ones(2, dtype=torch.complex64).conj()))
