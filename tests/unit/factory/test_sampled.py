"""Campaigns over any space, over a sample of it, and without architectures that are equal."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from factory.campaigns import JOB, Trainer, made_up, records, same_but_for_times

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.factory.job import Job
from nasbed.nets.blueprint import blueprint_of
from nasbed.run.stores.sqlite import SQLiteStore
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.spaces.nasbenchmacro import NASBenchMacro
from nasbed.spaces.natssize import NATSSize

SPACES = [NASBench201(), NATSSize(), NASBenchMacro()]
FEW = {"sample": 3, "budgets": (1,), "repeats": 2}
UNITS = 6


def job(space, **settings):
    return replace(JOB, blueprint=blueprint_of(space), **settings)


def cut(whole, part, units):
    """Copy some of a store's records."""
    with SQLiteStore(whole, read_only=True) as kept, SQLiteStore(part) as left:
        for name, value in kept.notes().items():
            left.note(name, value)
        for unit, record in islice(kept, units):
            left.append(unit, record)


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_a_sample_makes_a_table_that_plays_and_goes_on_from_a_part(tmp_path, space):
    table = made_up(tmp_path / "whole.arrow", space=space, **FEW)
    assert (len(table), table.space) == (3, space)
    np.testing.assert_array_equal(table.archs, job(space, sample=3).archs)
    names = {unit.partition("/")[0] for unit in records(tmp_path / "whole.sqlite")}
    assert names == set(space.names(table.archs))
    found = nasbed.search("random", tmp_path / "whole.arrow", evaluations=2)
    assert np.isfinite(found.value).all()
    cut(tmp_path / "whole.sqlite", tmp_path / "part.sqlite", 2)
    trainer = Trainer()
    again = made_up(tmp_path / "part.arrow", trainer, space=space, **FEW)
    assert len(trainer.asked) == UNITS - 2
    same_in_all(again, table)


def same_in_all(table, other):
    """Two tables of a space without published hashes agree."""
    np.testing.assert_array_equal(table.archs, other.archs)
    assert list(table.columns) == list(other.columns)
    for name in table.columns:
        np.testing.assert_array_equal(table.column(name).values(), other.column(name).values())


def test_a_sample_of_modules_is_a_table_too(tmp_path):
    same_but_for_times(
        made_up(tmp_path / "a.arrow", sample=4, unique=True), made_up(tmp_path / "b.arrow", sample=4, unique=True)
    )


@pytest.mark.parametrize("space", [*SPACES, NASBench101(5), NASBench101(8)], ids=repr)
@pytest.mark.parametrize("unique", [False, True])
def test_a_sample_follows_from_the_seed_and_has_nothing_twice(space, unique):
    drawn = job(space, sample=40, unique=unique).archs
    np.testing.assert_array_equal(job(space, sample=40, unique=unique).archs, drawn)
    assert not np.array_equal(job(space, sample=40, unique=unique, seed=6).archs, drawn)
    assert len(np.unique(space.key(drawn) if unique else drawn, axis=0)) == 40
    if space.size is not None:
        assert (np.diff(space.index(drawn).astype(np.int64)) > 0).all()


def test_without_equals_the_first_of_each_is_trained():
    space = NASBench201()
    np.testing.assert_array_equal(job(space, unique=True).archs, space.unique())
    assert len(job(space, unique=True).modules) == 6466


def test_without_equals_a_row_answers_for_all_that_are_equal_to_it(tmp_path):
    space = NASBench201()
    table = made_up(tmp_path / "a.arrow", space=space, unique=True, **FEW)
    benchmark, every = nasbed.benchmark(tmp_path / "a.arrow"), space.enumerate()
    equal = every[np.isin(space.key(every), space.key(table.archs))]
    assert len(equal) > len(table) == 3
    assert benchmark.space.size == len(equal)
    rows = {key: row for row, key in enumerate(space.key(table.archs).tolist())}
    expected = benchmark.query(table.archs, 1).value[[rows[key] for key in space.key(equal).tolist()]]
    np.testing.assert_array_equal(benchmark.query(equal, 1).value, expected)


@pytest.mark.parametrize(("unique", "there"), [(False, 7), (True, 7)])
def test_more_than_there_are_is_refused(tmp_path, unique, there):
    assert len(replace(JOB, sample=there, unique=unique).archs) == there
    with pytest.raises(BadSetting, match=rf"hardly more than {there} different.*leave --sample out to train all"):
        made_up(tmp_path / "a.arrow", sample=there + 1, unique=unique)
    assert list(tmp_path.iterdir()) == []


def test_a_sample_has_at_least_one_and_a_space_without_a_list_needs_one():
    with pytest.raises(BadSetting, match="at least one architecture, not 0"):
        replace(JOB, sample=0)
    with pytest.raises(BadSetting, match=r"cannot be listed; say how many.*--sample N"):
        job(NASBench101(8))


def test_a_sample_is_part_of_the_plan(tmp_path):
    made_up(tmp_path / "a.arrow", sample=3)
    for change in ({}, {"sample": 4}, {"sample": 3, "unique": True}):
        with pytest.raises(BadSetting, match=r"sample was 3|unique"):
            made_up(tmp_path / "a.arrow", **change)
    some = replace(JOB, sample=3, unique=True)
    assert Job.of_plan(some.plan()) == some


def test_a_space_without_networks_is_refused_before_anything_is_written(tmp_path):
    class Unbuilt(NASBench201):
        name, network = "unbuilt", "unbuilt"

    with pytest.raises(BadSetting, match=r"unbuilt has no blueprint.*register one.*nasbed\.networks"):
        made_up(tmp_path / "a.arrow", space=Unbuilt(), **FEW)
    assert list(tmp_path.iterdir()) == []
