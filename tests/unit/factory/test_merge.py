"""Merging: the workers' stores make the table that one worker would have made."""

import pytest
from factory.campaigns import MODULES, Trainer, made_up, records, same_but_for_times

from nasbed.core.errors import BadSetting
from nasbed.factory.merge import merge
from nasbed.factory.selection import Selection
from nasbed.run.stores.sqlite import SQLiteStore


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return made_up(tmp_path_factory.mktemp("whole") / "whole.arrow")


@pytest.fixture
def parts(tmp_path):
    for worker in range(2):
        assert made_up(tmp_path / "a.arrow", selection=Selection(worker=worker, of=2)) is None
    return sorted(tmp_path.glob("*.sqlite"))


def test_two_parts_make_the_whole_table(parts, whole, tmp_path):
    table, missing = merge(parts, tmp_path / "a.arrow", command="a test")
    assert missing == 0
    same_but_for_times(table, whole)
    assert records(tmp_path / "a.sqlite") == {**records(parts[0]), **records(parts[1])}
    assert len(table.provenance["sessions"]) == 2
    before = records(tmp_path / "a.sqlite")
    again, _ = merge(parts[::-1], tmp_path / "a.arrow", command="a test")
    assert records(tmp_path / "a.sqlite") == before
    assert again.provenance == table.provenance


def test_what_is_missing_is_trained_with_the_merged_store(parts, whole, tmp_path):
    table, missing = merge(parts[:1], tmp_path / "b.arrow", command="a test")
    assert (table, missing) == (None, 20)
    assert not (tmp_path / "b.arrow").exists()
    trainer = Trainer()
    table = made_up(tmp_path / "b.arrow", trainer)
    assert len(trainer.asked) == 20
    same_but_for_times(table, whole)


def test_what_two_parts_both_did_is_there_once(parts, whole, tmp_path):
    made_up(tmp_path / "c.arrow", store=tmp_path / "c-part.sqlite", selection=Selection(start=10))
    table, _ = merge([*parts, tmp_path / "c-part.sqlite"], tmp_path / "c.arrow", command="a test")
    same_but_for_times(table, whole)
    first = {**records(tmp_path / "c-part.sqlite"), **records(parts[1]), **records(parts[0])}
    assert records(tmp_path / "c.sqlite") == first


def test_parts_that_disagree_are_refused(parts, tmp_path):
    other = tmp_path / "other.sqlite"
    with SQLiteStore(parts[0], read_only=True) as store, SQLiteStore(other) as changed:
        for name, value in store.notes().items():
            changed.note(name, value)
        unit, record = next(iter(store))
        record["value"]["repeats"][0]["points"]["end"]["test"] = [0, 7]
        changed.append(unit, record)
    with pytest.raises(BadSetting, match=f"{other} has another result of {unit}"):
        merge([*parts, other], tmp_path / "d.arrow")
    assert not (tmp_path / "d.arrow").exists()


@pytest.mark.parametrize(("change", "said"), [({"seed": 6}, "seed was 5, now 6"), ({"together": 3}, "together was 1")])
def test_parts_of_other_campaigns_are_refused_before_anything_is_taken(parts, tmp_path, change, said):
    part = made_up(tmp_path / "other.arrow", selection=Selection(stop=3), **change)
    assert part is None
    with pytest.raises(BadSetting, match=rf"other\.sqlite belongs to another campaign: .*{said}"):
        merge([*parts, tmp_path / "other.sqlite"], tmp_path / "e.arrow")
    assert records(tmp_path / "e.sqlite") == {}


def test_what_cannot_be_merged_is_named(parts, tmp_path):
    for stores, out, said in (
        ([], "f.arrow", "nothing to merge"),
        ([tmp_path / "no.sqlite"], "f.arrow", "there is no store"),
        (parts, "no/f.arrow", "there is no folder"),
        (parts[:1], parts[0].with_suffix(".arrow"), "cannot be merged into itself"),
    ):
        with pytest.raises(BadSetting, match=said):
            merge(stores, tmp_path / out)
    with SQLiteStore(tmp_path / "search.sqlite") as store:
        store.note("plan", {"optimizer": "x"})
    with pytest.raises(BadSetting, match="is not the store of a campaign"):
        merge([tmp_path / "search.sqlite"], tmp_path / "f.arrow")


def test_tries_of_a_part_come_along(tmp_path):
    fails = Trainer(lambda epochs, repeat, tried: epochs == 1 and repeat == 0 and tried < 8)
    for worker in range(2):
        part = {"selection": Selection(worker=worker, of=2)}
        made_up(tmp_path / "a.arrow", fails, **part)
        for _ in range(2):
            made_up(tmp_path / "a.arrow", fails, retry=True, **part)
    table, missing = merge(sorted(tmp_path.glob("a.worker*")), tmp_path / "a.arrow", command="a test")
    assert missing == 0
    assert table.provenance["failures"] == []
    assert sorted(r["module"] for r in table.provenance["retried"]) == MODULES
    assert {r["retries"] for r in table.provenance["retried"]} == {2}
    assert len(records(tmp_path / "a.sqlite")) == 42 + 14
