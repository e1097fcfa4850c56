"""The cache: a published file is read once, whatever its path says, and read again when it has changed."""

import json
import os
import subprocess
import sys

import pytest
from tables.published import file_of, records

from nasbed.core.errors import BadSetting, CorruptFile, NasbedError
from nasbed.tables import cache, importing
from nasbed.tables.cache import cached_table_for, imported, table_for
from nasbed.tables.file import write_columns
from nasbed.tables.table import Table


@pytest.fixture
def home(fresh_home):
    return fresh_home


@pytest.fixture
def source(tmp_path, home):
    return file_of(tmp_path / "some.tfrecord", records())


def refuse(*arguments):
    raise AssertionError("the file was read again")


def test_the_second_use_of_a_path_does_not_read_the_file(source, home, monkeypatch):
    assert cached_table_for(source) is None
    first = table_for(source)
    assert cached_table_for(source) == first.path
    assert first.path.is_relative_to(home)
    monkeypatch.setattr(importing, "import_tfrecord", refuse)
    again = table_for(str(source))
    assert (again.path, again.checksum) == (first.path, first.checksum)


def test_a_path_may_be_written_in_several_ways(source, monkeypatch):
    table_for(source)
    monkeypatch.chdir(source.parent)
    assert cached_table_for("some.tfrecord") is not None
    (source.parent / "link.tfrecord").symlink_to(source)
    assert cached_table_for("link.tfrecord") is not None


def test_a_file_that_has_changed_is_read_again(source):
    first = table_for(source)
    file_of(source, records(seed=1))
    assert cached_table_for(source) is None
    second = table_for(source)
    assert second.checksum != first.checksum
    assert cached_table_for(source) == second.path


def test_the_same_bytes_elsewhere_are_the_same_table(source, tmp_path):
    other = tmp_path / "other.tfrecord"
    other.write_bytes(source.read_bytes())
    assert table_for(source).path == table_for(other).path


def test_the_lock_of_an_import_that_was_killed_at_its_end_is_removed(source, home):
    table_for(source)
    left = cache.note_of(source)
    left = left.with_name(f".{left.name}.lock")
    left.touch()
    table_for(source)
    assert not left.exists()


def test_a_damaged_table_is_made_again(source):
    first = table_for(source)
    whole = first.path.read_bytes()
    first.path.unlink()
    first.path.write_bytes(whole[:1000])
    assert table_for(source).path.read_bytes() == whole


def test_what_is_lost_beside_a_table_of_an_earlier_version_is_made_again(source, home):
    first = table_for(source)
    whole, metadata = first.path.read_bytes(), first.metadata
    about = {name: {**one, "beside": "cold"} if one["cold"] else one for name, one in metadata["columns"].items()}
    arrays = first.file.arrays()
    first.path.unlink()
    write_columns(first.path, arrays, {}, metadata | {"columns": about, "beside": {"cold": "its checksum"}})
    assert Table.open(first.path).missing
    table_for(source).verify()
    assert first.path.read_bytes() == whole


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"sha256": 3}', "\0"])
def test_a_damaged_note_is_no_note(source, home, note):
    table_for(source)
    (path,) = (home / "tables").glob("*.json")
    path.write_text(note)
    assert cached_table_for(source) is None
    assert cached_table_for(table_for(source).path) is None
    assert cached_table_for(source) is not None


def test_a_table_that_is_gone_is_made_again(source):
    table_for(source).path.unlink()
    assert cached_table_for(source) is None
    table_for(source)


def test_a_published_file_is_found_by_its_space(source, monkeypatch):
    unknown = table_for(source)
    assert imported("nasbench101") is None  # what is not published is found by its path alone
    unknown.path.unlink()
    monkeypatch.setitem(importing.PUBLISHED, unknown.provenance["sha256"], "nasbench_full")
    found = imported("nasbench101") if (table := table_for(source)) else None
    assert found is not None
    assert found.path == table.path
    assert imported("nasbench201") is None


def test_a_table_is_opened_as_it_is(source, home):
    table = table_for(source)
    before = sorted(home.rglob("*"))
    assert table_for(table.path).checksum == table.checksum
    assert sorted(home.rglob("*")) == before


def test_there_must_be_a_file(home, tmp_path):
    with pytest.raises(BadSetting, match="there is no file"):
        table_for(tmp_path / "no.tfrecord")


@pytest.mark.parametrize(
    ("name", "why"),
    {
        "NATS-tss-v1_0-3ffb9-simple.tar": "is packed; unpack it, with tar xf, and give what comes out",
        "results.csv.gz": "is packed; unpack it, with gunzip",
        "NATS-tss-v1_0-3ffb9.pickle.pbz2": r"is not read; give the folder of -simple\.tar",
        "results.arrow": "is no whole Arrow file",
    }.items(),
)
def test_what_is_no_table_yet_says_how_it_becomes_one(home, tmp_path, name, why):
    (tmp_path / name).write_bytes(b"BZh9")
    with pytest.raises(NasbedError, match=why):
        table_for(tmp_path / name)


def test_a_file_that_cannot_be_imported_leaves_nothing(source, home):
    source.write_bytes(source.read_bytes()[:-1])
    with pytest.raises(CorruptFile):
        table_for(source)
    assert not list((home / "tables").iterdir())


def test_a_file_that_changes_while_it_is_read_is_refused(source, home, monkeypatch):
    whole = importing.import_tfrecord

    def slow(path, out, progress):
        table = whole(path, out, progress)
        os.utime(path, ns=(1, 1))
        return table

    monkeypatch.setattr(importing, "import_tfrecord", slow)
    with pytest.raises(CorruptFile, match="was changed while it was read"):
        table_for(source)
    assert not list((home / "tables").iterdir())


def test_what_dead_processes_left_is_removed_whatever_number_they_had(source, home):
    for name in (f".importing.{os.getppid()}.part", ".a-0123.json.89abcdef.part"):
        (home / "tables" / name).mkdir(parents=True)
        (home / "tables" / name / "table.arrow").write_bytes(b"half")
    table_for(source)
    assert not list((home / "tables").glob(".*"))


@pytest.mark.slow
def test_two_processes_may_import_one_file_at_a_time(source, home):
    code = "import sys; from nasbed.tables.cache import table_for; print(table_for(sys.argv[1]).checksum)"
    both = [subprocess.Popen([sys.executable, "-c", code, source], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    found = {process.communicate()[0] for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert found == {table_for(source).checksum + "\n"}
    names = sorted(path.suffix for path in (home / "tables").iterdir())
    assert names == [".arrow", ".json"]
    (note,) = (home / "tables").glob("*.json")
    assert json.loads(note.read_text())["path"] == str(source)


def test_a_home_that_cannot_be_written_to_is_named(source, tmp_path, monkeypatch):
    home = tmp_path / "file"
    home.write_text("not a folder")
    monkeypatch.setenv("NASBED_HOME", str(home))
    with pytest.raises(BadSetting, match=f"{home}.*NASBED_HOME"):
        table_for(source)
    assert cache.cached_table_for(source) is None
