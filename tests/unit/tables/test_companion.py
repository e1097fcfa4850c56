"""Companions: a table and what lies beside it are one; without it the table answers everything else, and says so.

A table is one file, beside which columns can be attached. ``tests/old/beside`` has one of an earlier version, which
wrote what no query reads beside a large table.
"""

import random
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tables.made import ARCHS, results, score, trainings_at

from nasbed.core.errors import BadSetting, CorruptFile, NotInTable
from nasbed.tables import file as file_module
from nasbed.tables.column import Measure
from nasbed.tables.exporting import export
from nasbed.tables.table import Table
from nasbed.tables.writing import Given, attach

COLD = ("start_test_accuracy", "total_time")
OLD = Path(__file__).parents[2] / "old" / "beside"


@pytest.fixture
def table(tmp_path):
    for path in OLD.iterdir():
        shutil.copy(path, tmp_path)
    measure = Measure("score", unit="points", goal="max", role="detail", meaning="how good it looks")
    return attach(Table.open(tmp_path / "toy.arrow"), [Given(measure, score())], room="scores")


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
    assert tuple(table.columns) == (*results(), "trainable_parameters", "score")
    assert table.missing == {}
    assert table.describe()["beside"][companion.name] == companion.stat().st_size
    table.verify()


def test_a_table_is_one_file(tmp_path):
    table = trainings_at(tmp_path / "toy.arrow")
    same(table, results())
    assert [path.name for path in tmp_path.iterdir()] == ["toy.arrow"]


def test_queries_do_not_look_beside(table, monkeypatch):
    monkeypatch.setattr("nasbed.tables.architectures.find_companions", None)
    alone = again(table)
    assert alone.rows(ARCHS).tolist() == list(range(len(ARCHS)))


def test_other_programs_read_it(companion):
    frame = pa.ipc.open_file(str(companion)).read_all()
    assert [len(block) for block in frame["cold"][0].as_py()] == [len(b) for b in opened(companion).blocks().values()]


def opened(path):
    return file_module.ColumnFile.open(path)


def test_a_companion_is_not_opened_as_a_table(companion):
    with pytest.raises(BadSetting, match=r"is what lies beside a table; open toy\.arrow"):
        Table.open(companion)


# ── missing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_table_alone_answers_everything_else_and_says_what_is_missing(table, companion, tmp_path):
    companion.unlink()
    alone = again(table)
    measured = {name: values for name, values in results().items() if name not in COLD}
    same(alone, measured)
    assert tuple(alone.columns) == (*measured, "trainable_parameters", "score")
    assert set(alone.missing) == set(alone.describe()["missing"]) == set(COLD)
    alone.verify()
    for name in COLD:
        with pytest.raises(NotInTable, match=rf"{name} of toy\.arrow cannot be read: there is no .*toy\.cold\.arrow"):
            alone.column(name)
    with pytest.raises(NotInTable, match=r"toy\.cold\.arrow.*beside it again"):
        export(alone, tmp_path / "toy.tfrecord")
    assert not (tmp_path / "toy.tfrecord").exists()


def test_a_companion_that_comes_back_is_found(table, companion):
    whole = companion.read_bytes()
    companion.unlink()
    assert again(table).missing
    companion.write_bytes(whole)
    same(again(table), results())


@pytest.mark.parametrize(
    ("other", "what"),
    [({"made": "again"}, r"was not written with toy\.arrow"), ({"of": "others"}, "is about other architectures")],
)
def test_the_companion_of_another_table_is_not_taken(table, companion, other, what):
    theirs = opened(companion)
    companion.unlink()
    file_module.write_columns(companion, theirs.arrays(), theirs.blocks(), theirs.metadata | other)
    alone = again(table)
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


def test_a_copy_has_a_companion_of_its_own(table, tmp_path):
    copy = table.copy(tmp_path / "copy.arrow")
    assert {path.name for path in tmp_path.glob("copy.*")} == {"copy.arrow", "copy.cold.arrow", "copy.scores.arrow"}
    same(copy, {**results(), "score": score()})
    copy.verify()


def test_a_new_table_does_not_read_the_companion_of_an_earlier_one(table, companion):
    new = trainings_at(table.path, seed=1)
    same(new, {**results(1), "score": score()})
    assert set(new.beside.companions) == {"scores"}
    new.verify()


def test_what_is_no_companion_is_not_written_over(table, tmp_path):
    place = trainings_at(tmp_path / "copy.scores.arrow").path
    whole = place.read_bytes()
    with pytest.raises(BadSetting, match=r"copy\.scores\.arrow is in the way"):
        table.copy(tmp_path / "copy.arrow")
    assert place.read_bytes() == whole
    assert not (tmp_path / "copy.arrow").exists()


def test_a_copy_takes_its_name_last(table, tmp_path, monkeypatch):
    named = []
    replace = Path.replace
    monkeypatch.setattr(
        Path, "replace", lambda self, target: (named.append(Path(target).name), replace(self, target))[1]
    )
    for _ in range(2):  # the second time over the first
        table.copy(tmp_path / "copy.arrow")
        assert named == ["copy.cold.arrow", "copy.scores.arrow", "copy.arrow"]
        named.clear()


# ── attached ──────────────────────────────────────────────────────────────────────────────────────────────────────


def one(name, values=None):
    return [Given(Measure(name, unit="ms"), np.zeros(len(ARCHS)) if values is None else values)]


def test_columns_are_attached_without_the_table_being_written(table):
    whole = table.path.read_bytes()
    speed = np.random.default_rng(0).random(len(ARCHS))
    attach(table, one("phone", speed), room="latency")
    attach(again(table), one("board", speed + 1), room="latency")
    more = attach(again(table), one("energy", speed), room="energies")
    assert table.path.read_bytes() == whole
    same(more, {**results(), "phone": speed, "board": speed + 1, "energy": speed})
    assert set(more.describe()["beside"]) == {f"toy.{room}.arrow" for room in ("cold", "scores", "latency", "energies")}
    frame = pa.ipc.open_file(str(table.path.with_name("toy.latency.arrow"))).read_all()
    np.testing.assert_array_equal(frame["phone"], speed)
    more.verify()


def test_what_is_attached_serves_every_table_of_its_architectures_and_no_other(table):
    speed = np.arange(float(len(ARCHS)))
    attach(table, one("speed", speed), room="phone")
    retrained = trainings_at(table.path, seed=1)
    np.testing.assert_array_equal(retrained.column("speed").values(), speed)
    other = trainings_at(table.path, archs=ARCHS[::-1])
    assert "speed" not in other.columns
    with pytest.raises(CorruptFile, match=r"toy\.phone\.arrow is about other architectures"):
        other.verify()
    with pytest.raises(BadSetting, match=r"does not belong to toy\.arrow"):
        attach(other, one("more"), room="phone")


def test_a_name_that_is_missing_is_taken(table, companion):
    companion.unlink()
    with pytest.raises(BadSetting, match="already; choose another name"):
        attach(again(table), one("total_time"), room="more")


@pytest.mark.parametrize("room", ["", "a.b", "a/b", "é", "*"])
def test_a_room_has_a_plain_name(table, room):
    with pytest.raises(BadSetting, match="take letters"):
        attach(table, one("speed"), room=room)


def test_files_of_similar_names_are_left_alone(table, tmp_path):
    trainings_at(tmp_path / "toy.small.arrow", seed=1)
    with pa.ipc.new_file(str(tmp_path / "toy.notes.arrow"), pa.schema({"a": pa.int8()})):
        pass
    (tmp_path / "toy.txt.arrow.bak").write_text("no")
    found = again(table)
    assert set(found.beside.companions) == {"cold", "scores"}
    found.verify()
