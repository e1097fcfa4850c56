"""A damaged store says so, and what is whole of it is kept: nothing changed, nothing doubled, what is lost named."""

import json
import random
import sqlite3
from pathlib import Path

import pytest
from factory import campaigns
from factory.campaigns import Trainer
from scores import scorings
from scores.scorings import Scorer

from nasbed.cli.app import application
from nasbed.cli.door import run
from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.store import SALVAGED
from nasbed.run.stores.salvage import mend, salvage
from nasbed.run.stores.sqlite import SQLiteStore
from nasbed.scores.asked import Asked
from nasbed.spaces.nasbench201 import NASBench201

RECORDS = {f"unit {i}/4": {"unit": i, "filling": "xyz"[i % 3] * (40 + 37 * i)} for i in range(40)}
NOTES = {"plan": {"seeds": list(range(900))}, "units": 40, "sessions": [{"started": i} for i in range(9)]}


@pytest.fixture
def path(tmp_path):
    with SQLiteStore(tmp_path / "s.sqlite") as store:
        store.note("plan", NOTES["plan"])
        for unit, record in RECORDS.items():
            store.append(unit, record)
        for name, value in NOTES.items():
            store.note(name, value)
    return tmp_path / "s.sqlite"


def found(path):
    with SQLiteStore(path, read_only=True) as store:
        return dict(store), {name: value for name, value in store.notes().items() if name != SALVAGED}


def changed(path, statement):
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE records SET record = replace(record, 'yyy', 'yyx') WHERE number = 5", "the record of unit 4/4"),
        ("UPDATE records SET checksum = x'00' WHERE number = 5", "the record of unit 4/4"),
        ("UPDATE records SET unit = 'unit 4/5' WHERE number = 5", "the record of unit 4/5"),
        ("DELETE FROM records WHERE number = 5", "the record number 5 is lost"),
        ("DELETE FROM records WHERE number = 40", "it should have 40 records, and has 39"),
        ("DELETE FROM records", "it should have 40 records, and has 0"),
        (
            "INSERT INTO records SELECT 41, 'again', record, checksum FROM records WHERE number = 5",
            "the record of again",
        ),
        ("UPDATE notes SET value = '41' WHERE name = 'units'", "the note units is damaged"),
        ("DELETE FROM notes WHERE name = 'units'", "notes are lost"),
        ("UPDATE head SET records = 39", "the number of its records is damaged"),
        ("DELETE FROM head", "the number of its records is damaged"),
        ("DROP TABLE head", "no store of this version of nasbed, or a damaged one"),
    ],
)
def test_whatever_is_changed_is_noticed_and_the_rest_is_salvaged(path, statement, said):
    changed(path, statement)
    damaged = path.read_bytes()
    for read_only in (True, False):
        with pytest.raises(CorruptFile, match=rf"s.sqlite .*{said}.*--salvage"), SQLiteStore(path, read_only) as store:
            list(store), store.notes()
    if "DROP" in statement or statement == "DELETE FROM records":
        return
    out = path.with_name("out.sqlite")
    what = salvage(path, out)
    records, notes = found(out)
    assert records.items() <= RECORDS.items()
    assert notes.items() <= NOTES.items()
    assert len(records) + len(notes) == what.kept + len(what.notes) >= 42
    if len(records) < 40:
        (lost,) = RECORDS.keys() - records.keys()
        assert what.lost in ((lost,), ("unit 4/5",), ("number 5",), ("number 40",))
    assert what.notes_lost == (len(notes) < 3 or "head" in statement)  # which counts them
    assert path.read_bytes() == damaged


@pytest.mark.slow
def test_flipped_bits_take_few_records_with_them_and_change_none(path):
    whole, chance, out = path.read_bytes(), random.Random(1), path.with_name("out.sqlite")
    for _ in range(40):
        place = chance.randrange(8 * len(whole))
        path.write_bytes(whole[: place // 8] + bytes([whole[place // 8] ^ 1 << place % 8]) + whole[place // 8 + 1 :])
        what = salvage(path, out)
        records, notes = found(out)
        assert records.items() <= RECORDS.items()
        assert notes.items() <= NOTES.items()
        assert (what.kept, what.kept + len(what.lost)) == (len(records), 40)
        assert what.kept > 0
        out.unlink()


def test_a_damaged_first_page_costs_nothing(path):
    content = bytearray(path.read_bytes())
    content[:4096] = bytes(4096)
    path.write_bytes(content)
    assert str(salvage(path, path.with_name("out.sqlite"))) == "40 records are whole, none lost"
    assert found(path.with_name("out.sqlite")) == (RECORDS, NOTES)


def test_a_whole_store_is_not_mended(path):
    before = path.read_bytes()
    assert mend(path) is None
    assert mend(path.with_name("none.sqlite")) is None
    assert (path.read_bytes(), list(path.parent.iterdir())) == (before, [path])


def test_mended_it_goes_on_and_the_damaged_file_is_kept(path, monkeypatch):
    for unit in ("unit 6/4", "unit 7/4"):
        changed(path, f"UPDATE records SET record = '{{}}' WHERE unit = '{unit}'")
        damaged = path.read_bytes()
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", interrupted)
            with pytest.raises(KeyboardInterrupt):
                mend(path)
        assert path.read_bytes() == damaged
        assert mend(path).lost == (unit,)
        with SQLiteStore(path) as store:
            assert store.notes()[SALVAGED]["lost"] == [unit]
            assert store.append(unit, RECORDS[unit])
    aside = sorted(other.name for other in path.parent.iterdir())
    assert aside == ["s.sqlite", "s.sqlite.damaged-1", "s.sqlite.damaged-2"]
    assert found(path) == (RECORDS, NOTES)


def interrupted(*_):
    raise KeyboardInterrupt


def test_status_salvages_one_store(path, capsys):
    changed(path, "UPDATE records SET record = '{}' WHERE number = 3")
    out = path.with_name("out.sqlite")
    words = ["status", str(path), "--salvage", str(out)]
    assert run(application(), words) == 0
    assert capsys.readouterr().out == f"{out}: 39 records are whole, 1 lost: unit 2/4\n"
    again = path.with_name("again.sqlite")
    assert run(application(), ["status", str(path), "--salvage", str(again), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["store"], said["kept"], said["lost"], said["notes_lost"]) == (str(again), 39, ["unit 2/4"], False)
    assert run(application(), words) == 2
    assert "is there already" in capsys.readouterr().err
    assert run(application(), [*words, str(path)]) == 2
    with pytest.raises(BadSetting, match="there is no store"):
        salvage(path.with_name("none"), path.with_name("x"))


def trained(out, **settings):
    trainer = Trainer()
    return campaigns.made_up(out / "t.arrow", trainer, **settings), out / "t.sqlite", len(trainer.asked)


def scored(out, **settings):
    scorer = Scorer()
    scores = scorings.made_up(out / "t.sqlite", scorer, space=NASBench201(), asked=Asked(sample=20), **settings)
    return scores, out / "t.sqlite", len(scorer.asked)


@pytest.mark.parametrize("campaign", [trained, scored])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records SET record = '{}' WHERE number = 5",
        "DELETE FROM notes WHERE name = 'plan'",
        "DELETE FROM notes WHERE name <> 'plan'",
    ],
)
def test_a_campaign_names_what_is_damaged_and_measures_it_again_when_it_is_told_to(campaign, statement, tmp_path):
    before, path, count = campaign(tmp_path)
    changed(path, statement)
    with pytest.raises(CorruptFile, match=r"t.sqlite is damaged: .*--redo-damaged"):
        campaign(tmp_path)
    after, _, again = campaign(tmp_path, redo_damaged=True)
    assert again == ("records" in statement) < count
    assert path.with_name("t.sqlite.damaged-1").exists()
    if campaign is trained:
        campaigns.same_but_for_times(after, before)
    else:
        assert {name: values.tolist() for name, values in after.columns.items()} == {
            name: values.tolist() for name, values in before.columns.items()
        }
    assert campaign(tmp_path)[2] == 0
