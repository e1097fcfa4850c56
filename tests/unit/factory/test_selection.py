"""Selections: what is chosen of a campaign, and who does it."""

import json
from dataclasses import replace

import pytest
from factory.campaigns import JOB, MODULES
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.errors import BadSetting
from nasbed.factory.selection import Selection
from nasbed.factory.units import Unit

UNITS = list(JOB.units())
TOGETHER = replace(JOB, together=2)  # repeats 0 and 1 in one pass, 2 in another


def test_the_canonical_order_is_by_repeat_then_hash_then_budget():
    assert [Unit(m, e, r) for r in range(3) for m in MODULES for e in (1, 2)] == UNITS
    assert [unit.repeat for unit in TOGETHER.units()] == [0] * 14 + [2] * 14
    assert (JOB.size, TOGETHER.size) == (42, 28)


def test_everything_is_chosen_where_nothing_is_said():
    assert Selection().units(JOB) == UNITS
    assert Selection().describe() == {}


@given(st.integers(1, 30), st.integers(-5, 40), st.sampled_from([JOB, TOGETHER]), st.integers(0, 10))
def test_workers_share_what_the_filters_leave(of, offset, job, start):
    whole = Selection(start=start).units(job)
    parts = [Selection(start=start, worker=i, of=of, offset=offset).units(job) for i in range(of)]
    assert sorted(map(str, whole)) == sorted(str(unit) for part in parts for unit in part)
    for part in parts:
        assert part == [unit for unit in whole if unit in set(part)]  # in order
    passes = [len({(unit.module, unit.repeat) for unit in part}) for part in parts]
    assert max(passes) - min(passes) <= 1


@given(st.integers(1, 9), st.integers(0, 20))
def test_a_module_with_its_repeat_goes_to_one_worker_in_turn(of, offset):
    for worker in range(of):
        places = [UNITS.index(unit) // 2 for unit in Selection(worker=worker, of=of, offset=offset).units(JOB)]
        assert all((place + offset) % of == worker for place in places)


def test_a_range_is_of_the_canonical_order():
    assert Selection(start=5, stop=9).units(JOB) == UNITS[5:9]
    assert Selection(start=5, only=MODULES[0][:8]).units(JOB) == [u for u in UNITS[5:] if u.module == MODULES[0]]


def test_a_pattern_is_what_a_hash_begins_with_as_published():
    assert {unit.module for unit in Selection(only=MODULES[2][:10]).units(JOB)} == {MODULES[2]}
    assert Selection(only="^").units(JOB) == UNITS
    with pytest.raises(BadSetting, match="leave none"):
        Selection(only=MODULES[2][10:20]).units(JOB)
    assert {unit.module for unit in Selection(only=f".*{MODULES[2][10:20]}").units(JOB)} == {MODULES[2]}


def test_a_list_names_modules_budgets_or_repeats(tmp_path):
    a, b, c = MODULES[:3]
    path = tmp_path / "left.txt"
    path.write_text(f"{a}\n\n# so far\n{b}/2   # all its repeats\n{c}/1/2\n")
    chosen = set(Selection(listed=path).units(JOB))
    assert chosen == {unit for unit in UNITS if unit.module == a} | {Unit(b, 2, r) for r in range(3)} | {Unit(c, 1, 2)}
    path.write_text(f"{c}/1/1")
    assert Selection(listed=path).units(TOGETHER) == [Unit(c, 1, 0)]  # the pass that trains it


def test_a_published_list_counts_repeats_from_1(tmp_path):
    path = tmp_path / "left.json"
    path.write_text(json.dumps([[MODULES[1], 3], [MODULES[0], 1]]))
    names = [(MODULES[0], 0), (MODULES[1], 2)]
    assert Selection(listed=path).units(JOB) == [Unit(module, e, repeat) for module, repeat in names for e in (1, 2)]


@pytest.mark.parametrize("text", ["ab/1/0", "{}/3", "{}/1/3", "{}/1/0/1", "{}/x", "/1", "{}//1"])
def test_what_a_list_names_that_there_is_not_is_said(tmp_path, text):
    path = tmp_path / "left"
    path.write_text(text.replace("{}", MODULES[0]))
    with pytest.raises(BadSetting, match="epochs among 1, 2 and repeats from 0 to 2"):
        Selection(listed=path).units(JOB)


@pytest.mark.parametrize("text", ['[["{}", 0]]', '[["{}", 4]]', '[["ab", 1]]', "[[12, 1]]"])
def test_what_a_published_list_names_that_there_is_not_is_said_in_its_own_numbers(tmp_path, text):
    path = tmp_path / "left"
    path.write_text(text.replace("{}", MODULES[0]))
    with pytest.raises(BadSetting, match="as published, a list in JSON counts repeats from 1, here to 3"):
        Selection(listed=path).units(JOB)


@pytest.mark.parametrize(
    "text", ["[3]", "[[", "[[]]", '["{}/1/0"]', '[["{}", 1.5]]', '[["{}", true]]', '[["{}", 1, 0]]']
)
def test_a_list_that_is_no_list_is_refused(tmp_path, text):
    (tmp_path / "left").write_text(text.replace("{}", MODULES[0]))
    with pytest.raises(BadSetting, match=r"of the form \[\[hash, repeat\], …\], as published"):
        Selection(listed=tmp_path / "left").units(JOB)


def test_stores_of_workers_have_names_of_their_own():
    names = {Selection(worker=i, of=4, offset=k).shard for i in range(4) for k in (0, 2)}
    assert len(names) == 8
    assert Selection(worker=1, of=4).shard == ".worker-1-of-4"
    assert Selection().shard == ""
