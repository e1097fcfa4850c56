"""Stores: a record is there whole or not at all, once, in order, for good."""

import os
import sqlite3
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.registry import stores
from nasbed.run.stores.memory import MemoryStore
from nasbed.run.stores.sqlite import SQLiteStore

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
names = st.text(max_size=8).filter(lambda text: text.isprintable())


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path):
    settings = {"path": tmp_path / "store.sqlite"} if request.param == "sqlite" else {}
    with stores.make(request.param, settings) as made:
        yield made


def test_what_is_appended_comes_back_in_order(store):
    records = [(unit, {"unit": unit, "value": [1.5, None, {"deep": "é\x00"}]}) for unit in ("b", "a", "", "c/12")]
    assert all(store.append(unit, record) for unit, record in records)
    assert list(store) == records
    assert len(store) == 4
    assert "a" in store
    assert "d" not in store
    assert 3 not in store


def test_the_first_result_stands(store):
    assert store.append("a", {"value": 1})
    assert not store.append("a", {"value": 2})
    assert not store.append("a", {"value": 1})
    assert list(store) == [("a", {"value": 1})]


def test_a_record_is_not_the_callers_object(store):
    record = {"value": [1]}
    store.append("a", record)
    record["value"].append(2)
    next(iter(store))[1]["value"].append(3)
    assert list(store) == [("a", {"value": [1]})]


def test_notes_are_replaced(store):
    assert store.notes() == {}
    store.note("plan", {"seed": 1})
    store.note("plan", {"seed": 2})
    store.note("units", 3)
    assert store.notes() == {"plan": {"seed": 2}, "units": 3}
    assert len(store) == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"bytes"])
def test_what_json_cannot_say_is_refused(store, value):
    with pytest.raises(BadSetting, match="a store keeps JSON, which 'a' is not"):
        store.append("a", {"value": value})
    with pytest.raises(BadSetting, match="a store keeps JSON, which 'plan' is not"):
        store.note("plan", value)
    assert len(store) == 0


@given(st.lists(st.tuples(names, values), max_size=12))
def test_both_stores_keep_the_same(tmp_path_factory, pairs):
    path = tmp_path_factory.mktemp("stores") / "store.sqlite"
    memory = MemoryStore()
    with SQLiteStore(path) as file:
        for unit, value in pairs:
            assert file.append(unit, {"v": value}) == memory.append(unit, {"v": value})
            file.note(unit, value)
            memory.note(unit, value)
    with SQLiteStore(path) as file:
        assert list(file) == list(memory)
        assert file.notes() == memory.notes()


def test_a_store_that_is_left_is_one_file(tmp_path):
    with SQLiteStore(tmp_path / "store.sqlite") as store:
        store.append("a", {})
    assert [path.name for path in tmp_path.iterdir()] == ["store.sqlite"]


WRITER = """
import sys
from nasbed.run.stores.sqlite import SQLiteStore
with SQLiteStore(sys.argv[1]) as store:
    for i in range(int(sys.argv[2])):
        if store.append(str(i), {"by": sys.argv[3], "filling": "x" * 500}):
            print(i, flush=True)
"""


def writer(path, units, name):
    return subprocess.Popen([sys.executable, "-c", WRITER, path, str(units), name], stdout=subprocess.PIPE, text=True)


def test_several_processes_append_to_one_file_and_each_unit_once(tmp_path):
    path = tmp_path / "store.sqlite"
    processes = [writer(path, 100, name) for name in "abcd"]
    kept = {name: process.communicate()[0].split() for name, process in zip("abcd", processes, strict=True)}
    assert all(process.returncode == 0 for process in processes)
    with SQLiteStore(path) as store:
        assert sorted(int(unit) for unit, _ in store) == list(range(100))
        for unit, record in store:
            assert unit in kept[record["by"]]
    assert sum(map(len, kept.values())) == 100


def test_what_was_appended_outlives_a_killed_process(tmp_path):
    path = tmp_path / "store.sqlite"
    for round_ in range(3):
        process = writer(path, 100_000, str(round_))
        said = [process.stdout.readline() for _ in range(20 + 7 * round_)]
        process.kill()
        said += process.communicate()[0].splitlines(keepends=True)
        reported = {line.strip() for line in said if line.endswith("\n")}
        with SQLiteStore(path) as store:
            assert reported <= {unit for unit, _ in store}
            assert all(record["filling"] == "x" * 500 for _, record in store)


def sqlite_of_another_program(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE records (unit, record)")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_text("not a database, but long enough to be taken for one " * 50), "no store"),
        (lambda path: path.write_bytes(b"ARROW1\0\0"), "no store"),
        (sqlite_of_another_program, "no store of this version"),
    ],
)
def test_a_foreign_file_is_refused_and_left_as_it_was(tmp_path, make, said):
    path = tmp_path / "foreign.sqlite"
    make(path)
    before = path.read_bytes()
    with pytest.raises(CorruptFile, match=said):
        SQLiteStore(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "store.sqlite"
    with SQLiteStore(path) as store:
        for i in range(200):
            store.append(str(i), {"filling": "x" * 500})
    data = bytearray(path.read_bytes())
    data[8192:40960] = bytes(40960 - 8192)
    path.write_bytes(data)
    with pytest.raises(CorruptFile, match="damaged"), SQLiteStore(path) as store:
        list(store)


def test_an_empty_file_becomes_a_store(tmp_path):
    path = tmp_path / "store.sqlite"
    path.touch()
    with SQLiteStore(path) as store:
        assert store.append("a", {})


def test_a_place_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    with pytest.raises(BadSetting, match="there is no folder"):
        SQLiteStore(tmp_path / "no" / "store.sqlite")
    with pytest.raises(BadSetting, match="is a folder"):
        SQLiteStore(tmp_path)
    monkeypatch.setattr(os, "access", lambda *_: False)  # tests may run as root, who may write anywhere
    with pytest.raises(BadSetting, match="may not be written to"):
        SQLiteStore(tmp_path / "store.sqlite")


def test_looking_leaves_no_trace_and_writes_nothing(tmp_path):
    path = tmp_path / "a.sqlite"
    with SQLiteStore(path) as store:
        store.append("a", {"value": 1})
    before = path.read_bytes()
    with SQLiteStore(path, read_only=True) as store:
        assert dict(store) == {"a": {"value": 1}}
        for write in (lambda: store.append("b", {}), lambda: store.note("b", 1)):
            with pytest.raises(BadSetting, match="cannot be used: attempt to write a readonly database"):
                write()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_one_can_look_while_another_writes(tmp_path):
    path = tmp_path / "a.sqlite"
    with SQLiteStore(path) as store:
        store.append("a", {"value": 1})
        with SQLiteStore(path, read_only=True) as looking:
            assert len(looking) == 1
            store.append("b", {"value": 2})
            assert len(looking) == 2
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_not_there_cannot_be_looked_at(tmp_path):
    with pytest.raises(BadSetting, match="there is no store"):
        SQLiteStore(tmp_path / "a.sqlite", read_only=True)
    (tmp_path / "a.sqlite").touch()
    with pytest.raises(BadSetting, match="is empty as yet"):
        SQLiteStore(tmp_path / "a.sqlite", read_only=True)
