"""Model spaces: what a program asks for, as plain data."""

import itertools
import json
import pickle
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nasbed
from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.core.registry import spaces
from nasbed.core.rng import Streams
from nasbed.spaces.model import ModelSpace
from nasbed.tables.table import Table
from nasbed.tables.writing import write_table
from nasbed.testing.keyed import KeyedBenchmark

CNN = [
    {"name": "width", "values": [16, 32, 64]},
    {"name": "depth", "values": [1, 2, 3]},
    {"name": "norm", "values": ["batch", None], "given": ["depth"], "when": [[1], [2]]},
    {
        "name": "kernel",
        "values": [[3, 3], [5, 5]],
        "given": ["depth", "norm"],
        "when": [[1, 0], [2, 0], [0, -1]],
    },
]


def space_of(decisions=CNN):
    return ModelSpace("cnn.py:build", decisions, "0123abcd")


@st.composite
def programs(draw):
    """Decisions of which each depends on up to two earlier ones, in any way."""
    counts, decisions = [], []
    for number in range(draw(st.integers(1, 6))):
        parents = draw(st.lists(st.integers(0, number - 1), max_size=2, unique=True)) if number else []
        ways = list(itertools.product(*(range(-1, counts[parent]) for parent in parents)))
        when = draw(st.lists(st.sampled_from(ways), unique=True)) if parents else []
        counts.append(draw(st.integers(2, 3)))
        condition = {"given": [f"d{p}" for p in parents], "when": list(map(list, when))} if parents else {}
        decisions.append({"name": f"d{number}", "values": list(range(counts[-1])), **condition})
    return decisions


def asked(decisions, row):
    """What a program asks for, read step by step from its description."""
    found = {}
    for decision, value in zip(decisions, row, strict=True):
        at = [found.get(name, -1) for name in decision.get("given", [])]
        if "given" not in decision or at in decision["when"]:
            found[decision["name"]] = int(value)
    return found


@pytest.mark.slow
@given(programs())
@settings(max_examples=60, deadline=None)
def test_rows_are_what_the_program_asks_for_step_by_step(decisions):
    space = space_of(decisions)
    everything = np.array(list(itertools.product(*(range(n) for n in space.cardinalities))), np.int8)
    expected = [asked(decisions, row) for row in everything]
    assert [space.asked(row) for row in everything] == expected
    different = {tuple(found.items()) for found in expected}
    assert space.size == len(different)
    listed = space.enumerate()
    assert {tuple(space.asked(row).items()) for row in listed} == different
    assert (space.index(listed) == np.arange(space.size)).all()


@given(programs())
@settings(max_examples=15, deadline=None)
def test_rows_are_drawn_evenly(decisions):
    space = space_of(decisions)
    counted = np.bincount(space.index(space.sample(Streams.from_seed(0, 2_000))), minlength=space.size)
    surprise = float(((counted - 2_000 / space.size) ** 2 / (2_000 / space.size)).sum())
    assert surprise < space.size + 6 * np.sqrt(2 * space.size) + 20


def test_an_architecture_is_written_as_what_is_asked_for():
    space = space_of()
    assert space.format(np.array([1, 1, 1, 1], np.int8)) == "width=32 depth=2 norm=null"
    for text in ("depth=2 width=32 norm=null", '{"width": 32, "depth": 2, "norm": null}', "[1, 1, 1, 1]"):
        assert space.parse(text).tolist() == [1, 1, 1, 0]
    assert space.format(space.parse("kernel=5+5")) == "width=16 depth=1 kernel=5+5"
    assert space.graph(space.parse("width=64")).labels == (
        "input",
        "width=64",
        "depth=1",
        "kernel=3+3",
        "output",
    )
    assert space.resolve(space.parse("width=64")).settings == {"width": 64, "depth": 1, "kernel": (3, 3)}


@pytest.mark.parametrize(
    ("text", "why"),
    [("width=48", "width is 16, 32 or 64, not 48"), ("wdth=16", "Did you mean 'width'"), ("", "width=16 …")],
)
def test_what_is_no_architecture_is_refused(text, why):
    with pytest.raises(InvalidArchitecture, match=why):
        space_of().parse(text)


def test_a_description_says_when_a_decision_is_asked_for():
    slots = space_of().describe()["slots"]
    assert slots["norm"] == "batch null, where depth is 2 or 3"
    assert slots["kernel"] == "3+3 5+5, where depth, norm is 1, - or 2, batch or 3, batch"


@pytest.mark.parametrize(
    "decisions",
    [
        [],
        [{"name": "a"}],
        [{"name": "a", "values": [1]}],
        [{"name": "a", "values": [1, 2]}] * 2,
        [{"name": "a", "values": list(range(128))}],
        [{"name": "a", "values": [1, 2], "given": ["a"], "when": [[0]]}],
        [{"name": "a", "values": [1, 2], "given": ["b"], "when": [[0]]}],
        [*CNN[:2], {"name": "c", "values": [1, 2], "given": ["depth"], "when": [[3]]}],
        [*CNN[:2], {"name": "c", "values": [1, 2], "given": ["depth"], "when": [[0, 0]]}],
        [*CNN[:2], {"name": "c", "values": [1, 2], "given": ["depth"] * 99, "when": []}],
        "abc",
        [3],
    ],
)
def test_decisions_that_make_no_sense_are_refused(decisions):
    with pytest.raises(BadSetting, match=r"decisions? "):
        space_of(decisions)


def test_a_table_carries_what_was_found_and_not_where(tmp_path):
    space = space_of().at(tmp_path / "cnn.py")
    table = write_table(tmp_path / "t.arrow", space, None, {})
    again = Table.open(table.path).space
    assert again == space
    assert again.place is None
    assert str(tmp_path) not in json.dumps(table.metadata)
    assert spaces.make(space.kind, json.loads(json.dumps(space.settings()))) == space


def test_the_place_of_the_file_goes_to_workers_and_with_parts():
    space = space_of().at("/there/cnn.py")
    for one in (space, space.only(space.enumerate()[:3])):
        assert pickle.loads(pickle.dumps(one)).whole.place == "/there/cnn.py"


def test_what_has_too_many_forms_has_no_size_and_is_drawn_by_decisions():
    bits = [{"name": f"b{i}", "values": [0, 1]} for i in range(40)]
    late = {"name": "late", "values": [0, 1], "given": [f"b{i}" for i in range(39)], "when": [[1] * 39]}
    space = space_of([*bits, late])
    assert space.size is None
    rows = space.sample(Streams.from_seed(0, 50))
    assert Counter(space.active(rows).sum(axis=1).tolist()) == {40: 50}
    rows[:, :39] = 1
    assert space.active(rows).all()


@pytest.mark.parametrize("name", ["regularized-evolution", "local", "reinforce", "nsga2", "evolutionary", "bohb"])
def test_optimizers_play_where_decisions_are_asked_for_at_times(name):
    space = space_of()
    found = nasbed.search(name, KeyedBenchmark(space), runs=3, evaluations=20, seed=0)
    assert space.valid(found.archs[found.tried]).all()


def test_the_space_needs_no_torch():
    code = f"from nasbed.spaces.model import ModelSpace; ModelSpace('a.py:b', {CNN!r}).size; import sys; " \
           "sys.exit('torch' in sys.modules)"  # fmt: skip
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
