"""Folders of pickles: read file by file, as far as they are there, and refused by the name of what is wrong."""

import bz2
import os
import pickle

import pytest
from readers.natsbench.states import archs_of, state, states, write, write_folder

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.readers.natsbench.folder import Source
from nasbed.readers.natsbench.published import open_published


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "NATS-tss-x", {index: states(index) for index in (0, 11, 284)})


@pytest.mark.parametrize(("space", "name"), [("nasbench201", "NATS-tss-x"), ("natssize", "NATS-sss-x")])
def test_the_space_is_seen_by_what_it_holds(tmp_path, space, name):
    found = open_published(write_folder(tmp_path / name, {7: {"12": state(7, space)}}, space))
    assert (found.name, found.space, list(found.archs)) == (name, space, archs_of(space))
    assert isinstance(found, Source)


def test_what_is_there_is_read(folder):
    found = open_published(folder)
    assert len(found) == 3
    assert [(one.index, one.arch, len(one.runs)) for one in found] == [
        (index, found.archs[index], 8) for index in (0, 11, 284)
    ]


def test_parts_are_the_whole_and_can_be_sent_to_other_processes(folder):
    parts = pickle.loads(pickle.dumps(open_published(folder).parts(2)))
    assert [len(part) for part in parts] == [2, 1]
    assert sorted(one.index for part in parts for one in part) == [0, 11, 284]


def test_there_are_no_more_parts_than_files(folder):
    assert len(open_published(folder).parts(50)) == 3


def test_names_without_zeros_are_known_too(folder):
    (folder / "000284.pickle.pbz2").rename(folder / "284.pickle.pbz2")
    assert [one.index for one in open_published(folder)] == [0, 11, 284]


def test_other_files_are_left_alone(folder):
    (folder / ".DS_Store").write_bytes(b"x")
    assert len(open_published(folder)) == 3


def test_checksums_change_with_any_file(folder):
    before = open_published(folder).checksums()
    write(folder / "000011.pickle.pbz2", {"12": state(11)})
    after = open_published(folder).checksums()
    assert before["meta.pickle.pbz2"] == after["meta.pickle.pbz2"]
    assert before["sha256sum of 3 files"] != after["sha256sum of 3 files"]


def damaged(path, how):
    content = path.read_bytes()
    path.write_bytes(
        {
            "cut off": content[: len(content) // 2],
            "empty": b"",
            "another byte": content[:60] + bytes([content[60] ^ 16]) + content[61:],
            "no bz2": pickle.dumps({}),
            "no pickle": bz2.compress(b"hello"),
            "a pickle that is cut off": bz2.compress(bz2.decompress(content)[:-9]),
        }[how]
    )


@pytest.mark.parametrize("how", ["cut off", "empty", "another byte", "no bz2", "no pickle", "a pickle that is cut off"])
def test_a_damaged_file_is_refused_by_its_name(folder, how):
    damaged(folder / "000011.pickle.pbz2", how)
    with pytest.raises(CorruptFile, match=r"000011\.pickle\.pbz2"):
        list(open_published(folder))


@pytest.mark.parametrize("how", ["cut off", "no pickle"])
def test_a_damaged_list_is_refused_by_its_name(folder, how):
    damaged(folder / "meta.pickle.pbz2", how)
    with pytest.raises(CorruptFile, match=r"meta\.pickle\.pbz2"):
        open_published(folder)


class Attack:
    """Asks to call something when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_a_file_that_would_run_code_is_refused_and_does_not(folder, tmp_path):
    write(folder / "000011.pickle.pbz2", {"12": Attack(tmp_path / "canary")})
    with pytest.raises(CorruptFile, match=r"000011\.pickle\.pbz2 wants to call posix\.system"):
        list(open_published(folder))
    assert not (tmp_path / "canary").exists()


def test_the_results_of_another_architecture_are_refused(folder):
    (folder / "000011.pickle.pbz2").rename(folder / "000012.pickle.pbz2")
    with pytest.raises(CorruptFile, match=r"000012.*results of architecture 11"):
        list(open_published(folder))


def test_two_files_of_one_architecture_are_refused(folder):
    write(folder / "11.pickle.pbz2", states(11))
    with pytest.raises(CorruptFile, match=r"11\.pickle\.pbz2 can be of no architecture"):
        open_published(folder)


def test_a_file_beyond_the_space_is_refused(folder):
    write(folder / "015625.pickle.pbz2", states(11))
    with pytest.raises(CorruptFile, match="nasbench201 ends at 15624"):
        open_published(folder)


def test_what_unpacks_to_too_much_is_refused(folder, monkeypatch):
    monkeypatch.setattr("nasbed.readers.natsbench.folder._UNPACKED_AT_MOST", 1 << 20)
    (folder / "000011.pickle.pbz2").write_bytes(bz2.compress(bytes(2 << 20)))
    with pytest.raises(CorruptFile, match="unpacks to more than 1 MiB"):
        list(open_published(folder))


ARCHS = archs_of("nasbench201")
LISTS = {
    "too few": (ARCHS[:-1], "15,624 architectures, .*, stand where all architectures of nasbench201 or natssize"),
    "one twice": ([*ARCHS[:-1], ARCHS[0]], "15,625 architectures, .*, stand where all"),
    "one of another space": ([*ARCHS[:-1], "8:8:8:8:8"], "stand where all architectures of nasbench201"),
    "two exchanged": ([ARCHS[1], ARCHS[0], *ARCHS[2:]], "should be, in the official order"),
    "none known": (["a", "b"], r"2 architectures, \['a', 'b'\], stand where all"),
    "none": ([], "0 architectures"),
    "numbers": ([1, 2], r"\[1, 2\] stand where"),
}


@pytest.mark.slow_where("one twice", "too few")
@pytest.mark.parametrize(("archs", "why"), LISTS.values(), ids=LISTS.keys())
def test_a_list_of_other_architectures_is_refused(folder, archs, why):
    write(folder / "meta.pickle.pbz2", {"meta_archs": archs})
    with pytest.raises(CorruptFile, match=why):
        open_published(folder)


def test_a_pickle_without_the_list_is_refused(folder):
    write(folder / "meta.pickle.pbz2", {"archs": ARCHS})
    with pytest.raises(CorruptFile, match="has no list 'meta_archs'"):
        open_published(folder)


def test_what_is_no_published_source_is_refused_with_what_is(tmp_path):
    (tmp_path / "x.txt").write_text("x")
    write_folder(tmp_path / "empty", {})
    for path in (tmp_path / "nothing", tmp_path, tmp_path / "x.txt"):
        with pytest.raises(BadSetting, match="NATS-tss-v1_0-3ffb9-simple"):
            open_published(path)
    with pytest.raises(BadSetting, match="no results beside its list"):
        open_published(tmp_path / "empty")
