"""Companions: a table and what lies beside it are one; without it the table answers everything else, and says so."""

import random
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tables.made import ARCHS, SHAPE, results, table_at

from nasbed.core.errors import BadSetting, CorruptFile, NotInTable
from nasbed.tables import build, column_file
from nasbed.tables.build import append_column
from nasbed.tables.companion import move_table
from nasbed.tables.exporting import export
from nasbed.tables.table import Table

COLD = ("start_test_accuracy", "total_time")


@pytest.fixture(autouse=True)
def as_if_large(monkeypatch):
    monkeypatch.setattr(build, "INSIDE_AT_MOST", 100)


@pytest.fixture
def table(tmp_path):
    return table_at(tmp_path / "toy.arrow")


@pytest.fixture
def companion(table):
    return table.path.with_name("toy.cold.arrow")


def again(table):
    return Table.open(table.path)


def same(table, measured):
    for name, values in measured.items():
        assert table.column(name).values().tobytes() == values.tobytes()


# ── whole ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_no_query_reads_lies_beside(table, companion):
    assert companion.exists()
    assert "cold" not in table.file
    assert not set(COLD) & set(table.file.columns)
    same(table, results())
    assert table.columns == (*results(), "score")
    assert table.missing == {}
    assert table.describe()["beside"] == {companion.name: companion.stat().st_size}
    table.verify()


def test_a_small_table_is_one_file(tmp_path, monkeypatch):
    monkeypatch.undo()
    table = table_at(tmp_path / "toy.arrow")
    same(table, results())
    assert [path.name for path in tmp_path.iterdir()] == ["toy.arrow"]


def test_queries_do_not_look_beside(table, monkeypatch):
    monkeypatch.setattr("nasbed.tables.table.find_companions", None)
    same(again(table), {name: values for name, values in results().items() if name not in COLD})


def test_other_programs_read_it(companion):
    frame = pa.ipc.open_file(str(companion)).read_all()
    assert [len(block) for block in frame["cold"][0].as_py()] == [len(b) for b in opened(companion).blocks().values()]


def opened(path):
    return column_file.ColumnFile.open(path)


def test_a_companion_is_not_opened_as_a_table(companion):
    with pytest.raises(BadSetting, match=r"is what lies beside a table; open toy\.arrow"):
        Table.open(companion)


def test_a_table_of_the_first_format_is_one_file_until_it_is_written_again(tmp_path):
    packaged = Table.open(Path(__file__).with_name("first_format.arrow"))
    assert packaged.metadata["format"] == 1
    packaged.verify()
    shutil.copyfile(packaged.path, tmp_path / "old.arrow")
    old = Table.open(tmp_path / "old.arrow")
    assert old.describe()["beside"] == {}
    more = append_column(old, "score", np.zeros(len(old)))
    assert (tmp_path / "old.cold.arrow").exists()
    same(more, {name: packaged.column(name).values() for name in packaged.columns})
    more.verify()


# ── missing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_table_alone_answers_everything_else_and_says_what_is_missing(table, companion, tmp_path):
    companion.unlink()
    alone = again(table)
    measured = {name: values for name, values in results().items() if name not in COLD}
    same(alone, measured)
    assert alone.columns == (*measured, "score")
    assert set(alone.missing) == set(alone.describe()["missing"]) == set(COLD)
    np.testing.assert_array_equal(alone.there(), table.there())
    alone.verify()
    for name in COLD:
        with pytest.raises(NotInTable, match=rf"{name} of toy\.arrow cannot be read: there is no .*toy\.cold\.arrow"):
            alone.column(name)
    with pytest.raises(NotInTable, match=r"toy\.cold\.arrow.*beside it again"):
        export(alone, tmp_path / "toy.tfrecord")
    assert not (tmp_path / "toy.tfrecord").exists()
    export(alone, tmp_path / "toy.csv")
    head = (tmp_path / "toy.csv").read_text().partition("\n")[0].split(",")
    assert not set(COLD) & set(head)
    assert set(measured) < set(head)


def test_a_companion_that_comes_back_is_found(table, companion):
    whole = companion.read_bytes()
    companion.unlink()
    assert again(table).missing
    companion.write_bytes(whole)
    same(again(table), results())


@pytest.mark.parametrize("other", ["values", "modules"])
def test_the_companion_of_another_table_is_not_taken(table, companion, tmp_path, other):
    (tmp_path / "other").mkdir()
    part = slice(None) if other == "values" else slice(90)
    theirs = table_at(
        tmp_path / "other" / "toy.arrow",
        seed=1,
        archs=ARCHS[part],
        results={name: values[part] for name, values in results(1).items()},
        trainable_parameters=np.arange(len(ARCHS))[part],
    )
    shutil.copyfile(theirs.path.with_name("toy.cold.arrow"), companion)
    alone = again(table)
    what = {"values": r"was not written with toy\.arrow", "modules": "is about other modules"}[other]
    for name in COLD:
        with pytest.raises(NotInTable, match=what):
            alone.column(name)
    with pytest.raises(CorruptFile, match=what):
        alone.verify()


# ── damaged ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_flipped_bit_anywhere_in_a_companion_is_found(table, companion):
    whole, chance = companion.read_bytes(), random.Random(0)
    for bit in [chance.randrange(8 * len(whole)) for _ in range(300)]:
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        companion.unlink()
        companion.write_bytes(changed)
        with pytest.raises(CorruptFile, match=r"toy\.cold\.arrow"):
            again(table).verify()


def test_a_companion_that_was_cut_off_is_as_good_as_none(table, companion):
    whole = companion.read_bytes()
    for left in range(0, len(whole), 499):
        companion.unlink()
        companion.write_bytes(whole[:left])
        alone = again(table)
        assert set(alone.missing) == set(COLD)
        same(alone, {"validation_accuracy": results()["validation_accuracy"]})
        with pytest.raises(CorruptFile):
            alone.verify()


# ── written ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_column_more_leaves_the_companion_as_it_is(table, companion):
    before = companion.stat()
    more = append_column(table, "loss", np.zeros(SHAPE))
    assert (companion.stat().st_ino, companion.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    same(more, {**results(), "loss": np.zeros(SHAPE)})
    more.verify()


def test_a_copy_has_a_companion_of_its_own(table, tmp_path):
    append_column(table, "speed", np.ones(len(ARCHS)), beside="phone")
    for copy in (
        again(table).copy(tmp_path / "copy.arrow"),
        append_column(again(table), "a", np.ones(91), path=tmp_path / "b.arrow"),
    ):
        assert copy.path != table.path
        assert {path.name for path in tmp_path.glob(f"{copy.path.stem}.*")} == {
            f"{copy.path.stem}{ending}" for ending in (".arrow", ".cold.arrow", ".phone.arrow")
        }
        same(copy, {**results(), "speed": np.ones(len(ARCHS))})
        copy.verify()


def test_a_small_table_in_the_place_of_a_large_one_leaves_no_companion(table, companion, monkeypatch):
    monkeypatch.undo()
    same(table_at(table.path, seed=1), results(1))
    assert not companion.exists()


def test_what_is_no_companion_is_not_written_over(tmp_path):
    other = table_at(tmp_path / "other.arrow")
    place = other.path.rename(tmp_path / "toy.cold.arrow")
    whole = place.read_bytes()
    with pytest.raises(BadSetting, match=r"toy\.cold\.arrow is in the way"):
        table_at(tmp_path / "toy.arrow")
    assert place.read_bytes() == whole
    assert not (tmp_path / "toy.arrow").exists()


@pytest.mark.parametrize("fails", [1, 2])
def test_what_fails_halfway_leaves_both_old_files(table, companion, tmp_path, monkeypatch, fails):
    whole = table.path.read_bytes(), companion.read_bytes()
    seal, calls = column_file.seal, []

    def fail(path):
        calls.append(path)
        if len(calls) == fails:
            raise OSError("no space left on device")
        seal(path)

    monkeypatch.setattr(column_file, "seal", fail)
    with pytest.raises(OSError, match="no space"):
        table_at(table.path, seed=1)
    assert (table.path.read_bytes(), companion.read_bytes()) == whole
    assert {path.name for path in tmp_path.iterdir()} == {"toy.arrow", "toy.cold.arrow"}


def test_a_table_takes_its_name_last(tmp_path, monkeypatch):
    named = []
    replace = Path.replace
    monkeypatch.setattr(
        Path, "replace", lambda self, target: (named.append(Path(target).name), replace(self, target))[1]
    )
    table_at(tmp_path / "toy.arrow")
    assert named[:2] == ["toy.cold.arrow", "toy.arrow"]
    named.clear()
    move_table(tmp_path / "toy.arrow", tmp_path / "moved.arrow")
    assert named == ["moved.cold.arrow", "moved.arrow"]
    same(Table.open(tmp_path / "moved.arrow"), results())


# ── attached ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_columns_are_attached_without_the_table_being_written(table):
    whole = table.path.read_bytes()
    speed, loss = np.random.default_rng(0).random(len(ARCHS)), np.random.default_rng(1).random(SHAPE)
    append_column(table, "phone_latency", speed, unit="s", meaning="time of one image", beside="latency")
    append_column(again(table), "board_latency", speed + 1, beside="latency")
    more = append_column(again(table), "loss", loss, split="validation", beside="losses")
    assert table.path.read_bytes() == whole
    assert more.columns == (*table.columns, "phone_latency", "board_latency", "loss")
    same(more, {**results(), "phone_latency": speed, "board_latency": speed + 1, "loss": loss})
    assert more.describe()["columns"]["phone_latency"] == {"unit": "s", "split": None, "meaning": "time of one image"}
    assert set(more.describe()["beside"]) == {"toy.cold.arrow", "toy.latency.arrow", "toy.losses.arrow"}
    frame = pa.ipc.open_file(str(table.path.with_name("toy.latency.arrow"))).read_all()
    np.testing.assert_array_equal(frame["phone_latency"], speed)
    more.verify()


def test_what_is_attached_serves_every_table_of_its_modules_and_no_other(table):
    speed = np.arange(float(len(ARCHS)))
    append_column(table, "speed", speed, beside="phone")
    retrained = table_at(table.path, seed=1)
    np.testing.assert_array_equal(retrained.column("speed").values(), speed)
    order = np.arange(len(ARCHS))[::-1]
    other = table_at(table.path, archs=ARCHS[order])
    assert "speed" not in other.columns
    with pytest.raises(CorruptFile, match=r"toy\.phone\.arrow is about other modules"):
        other.verify()
    with pytest.raises(BadSetting, match=r"does not belong to toy\.arrow"):
        append_column(other, "more", speed, beside="phone")


@pytest.mark.parametrize("name", ["total_time", "score", "validation_accuracy", "hash"])
def test_a_name_that_is_taken_is_refused(table, companion, name):
    companion.unlink()
    with pytest.raises(BadSetting, match="already; choose another name"):
        append_column(again(table), name, np.zeros(len(ARCHS)), beside="more")


@pytest.mark.parametrize("room", ["", "a.b", "a/b", "é", "*"])
def test_a_room_has_a_plain_name(table, room):
    with pytest.raises(BadSetting, match="take letters"):
        append_column(table, "speed", np.zeros(len(ARCHS)), beside=room)


def test_the_room_of_the_table_is_not_for_others(table):
    with pytest.raises(BadSetting, match="what the table was written with"):
        append_column(table, "speed", np.zeros(len(ARCHS)), beside="cold")


def test_files_of_similar_names_are_left_alone(table, tmp_path):
    small = table_at(tmp_path / "toy.small.arrow", seed=1)
    with pa.ipc.new_file(str(tmp_path / "toy.notes.arrow"), pa.schema({"a": pa.int8()})):
        pass
    (tmp_path / "toy.txt.arrow.bak").write_text("no")
    found = again(table)
    assert set(found.companions) == {"cold"}
    found.verify()
    same(found, results())
    same(again(small), results(1))
