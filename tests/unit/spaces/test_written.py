"""Written spaces against the meaning of their expressions, which is found by going through all encodings."""

import json
import pickle

import numpy as np
import pytest
from expressions import everything, expressions, reachable, reached, resolved
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from nasbed.core.errors import BadSetting
from nasbed.core.rng import Streams
from nasbed.spaces import WrittenSpace

generated = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


def encoding(space, row):
    """Return what a row says of each decided part, by id."""
    return {id(part): int(value) for part, value in zip(space._decisions.parts, row, strict=True)}


def written(expression):
    """Make a space of an expression, together with what brute force finds of it."""
    found = everything(expression)
    assume(found)
    return WrittenSpace(expression), found


@generated
@given(expressions())
def test_all_rows_are_those_that_going_through_all_encodings_finds(expression):
    space, found = written(expression)
    rows = space.enumerate()
    assert space.size == len(rows) == len(found)
    listed = [encoding(space, row) for row in rows]
    active = space.active(rows)
    names = [id(part) for part in space._decisions.parts]
    forms = {
        tuple(sorted((name, values[name]) for name, there in zip(names, mask, strict=True) if there))
        for values, mask in zip(listed, active, strict=True)
    }
    assert forms == set(found)
    assert (rows[~active] == 0).all()
    assert (space.index(rows) == np.arange(len(rows))).all()
    assert [str(space.resolve(row)) for row in rows[:20]] == [str(resolved(expression, one)) for one in listed[:20]]


@generated
@given(expressions(), st.integers(0, 99))
def test_any_encoding_is_valid_if_its_constraints_hold_and_named_by_its_active_decisions(expression, seed):
    space, _ = written(expression)
    rows = np.random.default_rng(seed).integers(0, space.cardinalities, (40, space.decisions)).astype(np.int8)
    meant = [reached(expression, encoding(space, row)) for row in rows]
    assert space.valid(rows).tolist() == [fine for _, fine in meant]
    assert space.active(rows).tolist() == [[id(part) in there for part in space._decisions.parts] for there, _ in meant]
    canonical = space.canonical(rows)
    assert (space.key(rows) == space.key(canonical)).all()
    assert (space.index(rows) == space.index(canonical)).all()
    fine = rows[space.valid(rows)]
    assert space.texts(fine) == space.texts(space.canonical(fine))
    assert len(set(space.key(space.enumerate()).tolist())) == space.size


@generated
@given(expressions(), st.integers(0, 99))
def test_what_is_drawn_bred_and_changed_is_in_the_space(expression, seed):
    space, _ = written(expression)
    streams = Streams.from_seed(seed, 20)
    mothers, fathers = space.sample(streams), space.sample_decisions(streams)
    mutants, children = space.mutate(mothers, streams), space.crossover(mothers, fathers, streams)
    near = [space.neighbors(row) for row in mothers[:3]]
    for rows in (mothers, fathers, mutants, children, *near):
        assert space.valid(rows).all()
        assert (rows == space.canonical(rows)).all()
    assert space.size == 1 or ((mutants != mothers).any(axis=1) | (space.size == 1)).any()
    assert ((children == mothers) | (children == fathers) | ~space.active(children)).all()


@generated
@given(expressions(constraints=False))
def test_single_changes_lead_from_everything_to_everything(expression):
    space, _ = written(expression)
    assume(space.size <= 200)
    rows = space.enumerate()
    near = [set(space.index(space.neighbors(row)).tolist()) for row in rows]
    assert all(len(reachable(near, start)) == len(rows) for start in (0, len(rows) - 1))


@generated
@given(expressions(), st.sampled_from(["rows", "decisions"]), st.integers(0, 9))
def test_draws_have_the_chances_that_they_are_said_to_have(expression, sampling, seed):
    space = WrittenSpace(written(expression)[0].expression, sampling=sampling)
    chances, draws = space.probabilities(), 4_000
    counted = np.bincount(space.index(space.sample(Streams.from_seed(seed, draws))), minlength=space.size)
    surprise = float((((counted - draws * chances) ** 2) / (draws * chances)).sum())
    assert surprise < space.size + 8 * np.sqrt(2 * space.size) + 30


@generated
@given(expressions(), st.integers(0, 99))
def test_text_is_read_as_the_row_that_it_was_written_of(expression, seed):
    space, _ = written(expression)
    for row in space.sample(Streams.from_seed(seed, 8)):
        text = space.format(row)
        said = dict(zip((slot.name for slot in space.slots), text.split(":"), strict=True))
        for form in (text, json.dumps(row.tolist()), str(tuple(row.tolist())), json.dumps(said)):
            assert space.parse(form).tolist() == row.tolist()
        assert space.parse(" ".join(f"{name}={word}" for name, word in said.items())).tolist() == row.tolist()


@generated
@given(expressions(), st.sampled_from([".toml", ".json"]))
def test_the_file_of_a_space_is_read_as_the_same_space(tmp_path_factory, expression, ending):
    space, _ = written(expression)
    path = tmp_path_factory.mktemp("space") / f"written{ending}"
    if ending == ".toml" and "null" in json.dumps(space.settings()):
        with pytest.raises(BadSetting, match="None"):
            space.write(path)
        return
    space.write(path)
    again = WrittenSpace.open(path)
    assert again == space
    assert again.slots == space.slots
    rows = space.enumerate()
    assert (again.enumerate() == rows).all()
    assert [str(again.resolve(row)) for row in rows[:10]] == [str(space.resolve(row)) for row in rows[:10]]
    assert (pickle.loads(pickle.dumps(space)).enumerate() == rows).all()
