"""Written spaces against a second description of what expressions mean, nested on purpose; see ``nested``."""

import json
import pickle
from functools import cache
from itertools import count

import numpy as np
import pytest
from expressions import reachable
from nested import Maker, Reading, everything, holds_never, meaning

from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.core.rng import Streams
from nasbed.encodings.joining import encoding
from nasbed.spaces import WrittenSpace, choice, depth, op, seq, subset, where
from nasbed.tables.table import Table
from nasbed.tables.writing import write_table

MOST = 1_500  # encodings, which are all gone through
QUICKLY, SLOWLY = 8, 150


class Case:
    """A description, its space, and what going through all its encodings finds."""

    def __init__(self, whole, seed):
        self.whole, self.space, self.seed, self.found = whole, WrittenSpace(whole.built), seed, everything(whole)
        nodes = {id(one.built): id(one) for one in whole.decided}
        self.names = [nodes[id(part)] for part in self.space.decided.parts]

    def read(self, row):
        """Return what one row means, and how it was read."""
        reading = Reading(dict(zip(self.names, row.tolist(), strict=True)))
        return reading(self.whole), reading

    def anything(self, seed, n=60):
        """Draw encodings, of which most are not canonical."""
        drawn = np.random.default_rng(seed).integers(0, self.space.cardinalities, (n, self.space.decisions))
        return drawn.astype(np.int8)

    def canonical(self, row):
        """Return the canonical row of one, and whether it is allowed."""
        _, reading = self.read(row)
        return tuple(reading.met.get(name, 0) for name in self.names), reading.allowed


@cache
def nth(number):
    """Return a case: the first from a seed on that has something to decide, is small, and allows something."""
    for seed in count(1_000 * number):
        whole = Maker(seed).whole()
        if 1 < whole.encodings <= MOST and (made := Case(whole, seed)).found:
            break
    return made


@pytest.fixture(params=[pytest.param(i, marks=[pytest.mark.slow] * (i >= QUICKLY)) for i in range(SLOWLY)])
def case(request):
    return nth(request.param)


def test_rows_are_those_of_all_encodings(case):
    space, rows = case.space, case.space.enumerate()
    assert space.size == len(rows) == len(case.found)
    active = space.active(rows)
    forms = [
        frozenset((name, value) for name, value, there in zip(case.names, row, mask, strict=True) if there)
        for row, mask in zip(rows.tolist(), active, strict=True)
    ]
    assert set(forms) == set(case.found)
    assert (rows[~active] == 0).all()
    assert rows.tolist() == sorted(rows.tolist())
    assert (space.index(rows) == np.arange(len(rows))).all()
    assert len(set(space.key(rows).tolist())) == len(rows)
    for row, form in list(zip(rows, forms, strict=True))[:30]:
        assert meaning(space.resolve(row)) == case.found[form]


def test_what_does_not_count_never_matters(case):
    space, rows = case.space, case.anything(case.seed)
    readings = [case.read(row)[1] for row in rows]
    assert space.valid(rows).tolist() == [reading.allowed for reading in readings]
    assert space.active(rows).tolist() == [[name in reading.met for name in case.names] for reading in readings]
    fine = rows[space.valid(rows)]
    plain = space.canonical(fine)
    assert plain.tolist() == [list(case.canonical(row)[0]) for row in fine]
    for asked in (space.key, space.index, space.texts, space.simplify, space.function_key):
        assert np.array_equal(asked(fine), asked(plain)), asked
    assert [meaning(space.resolve(row)) for row in fine] == [meaning(space.resolve(row)) for row in plain]


def test_text_leads_back(case):
    space, rows = case.space, case.space.enumerate()
    texts = space.texts(rows)
    assert len(set(texts)) == len(rows)
    for row, text in list(zip(rows, texts, strict=True))[:20]:
        words = dict(zip((slot.name for slot in space.slots), text.split(":"), strict=True))
        by_name = " ".join(f"{name}={word}" for name, word in words.items())
        for form in (text, json.dumps(row.tolist()), str(tuple(row.tolist())), json.dumps(words), by_name):
            assert space.parse(form).tolist() == row.tolist()
        values = {slot.name: slot.values[value] for slot, value in zip(space.slots, row, strict=True)}
        clear = {name: value if _is_clear(space, name, value) else words[name] for name, value in values.items()}
        assert space.parse(json.dumps(clear)).tolist() == row.tolist()


def _is_clear(space, name, value):
    """Say whether a value, written as JSON, is that value alone, and no word of another."""
    (slot,) = (slot for slot in space.slots if slot.name == name)
    return [repr(one) for one in slot.values].count(repr(value)) == 1 and "#" not in str(value)


def test_settings_lead_back(case):
    space, rows = case.space, case.space.enumerate()
    for made in (WrittenSpace(**json.loads(json.dumps(space.settings()))), pickle.loads(pickle.dumps(space))):
        assert made == space
        assert made.slots == space.slots
        assert np.array_equal(made.enumerate(), rows)
        assert [meaning(made.resolve(row)) for row in rows[:20]] == [meaning(space.resolve(row)) for row in rows[:20]]


def test_draws_have_their_chances(case):
    for sampling in ("rows", "decisions"):
        space, draws = WrittenSpace(case.whole.built, sampling=sampling), 3_000
        rows = space.enumerate()
        weights = np.where(space.active(rows), 1.0 / space.cardinalities, 1.0).prod(axis=1) ** (sampling != "rows")
        chances = weights / weights.sum()
        np.testing.assert_allclose(space.probabilities(), chances)
        counted = np.bincount(space.index(space.sample(Streams.from_seed(case.seed, draws))), minlength=len(rows))
        surprise = float(((counted - draws * chances) ** 2 / (draws * chances)).sum())
        assert surprise < len(rows) + 8 * np.sqrt(2 * len(rows)) + 30


def test_neighbours_are_one_decision_away(case):
    space = case.space
    for row in space.enumerate()[:8]:
        expected = set()
        for decision in np.flatnonzero(space.active(row[None])[0]):
            for value in set(range(space.cardinalities[decision])) - {int(row[decision])}:
                other = row.copy()
                other[decision] = value
                near, allowed = case.canonical(other)
                expected |= {near} if allowed else set()
        assert sorted(map(tuple, space.neighbors(row).tolist())) == sorted(expected)


def test_children_are_of_the_space(case):
    space, streams = case.space, Streams.from_seed(case.seed, 200)
    mothers, fathers = space.sample(streams), space.sample_decisions(streams)
    mutants, children = space.mutate(mothers, streams), space.crossover(mothers, fathers, streams)
    for rows in (mothers, fathers, mutants, children):
        assert space.valid(rows).all()
        assert np.array_equal(rows, space.canonical(rows))
    assert ((children == mothers) | (children == fathers) | ~space.active(children)).all()
    assert space.size == 1 or (mutants != mothers).any(axis=1).all()


def test_functions_and_encodings_go_by_what_counts(case):
    space, rows = case.space, case.space.enumerate()
    simple, keys = space.simplify(rows), space.function_key(rows)
    assert space.valid(simple).all()
    assert np.array_equal(space.simplify(simple), simple)
    assert len({tuple(row) for row in simple.tolist()}) == len(set(keys.tolist()))
    assert np.array_equal(space.function_key(simple), keys)
    assert np.isfinite(encoding("onehot", space)(rows[:5])).all()


def test_mutation_reaches_every_architecture(case):
    """The mutants of all, drawn again and again, lead from each to each; rare ways have a chance of 1 in 10⁵."""
    space = case.space
    if space.size > 30:
        pytest.skip("many architectures, of each of which many mutants were drawn")
    rows, near = space.enumerate(), [set() for _ in range(space.size)]
    for attempt in range(100):
        parents = np.repeat(np.arange(len(rows)), 2_000)
        mutants = space.mutate(rows[parents], Streams.from_seed(attempt, len(parents)))
        for parent, mutant in set(zip(parents.tolist(), space.index(mutants).tolist(), strict=True)):
            near[parent].add(mutant)
        if all(reachable(near, start) == set(range(len(rows))) for start in range(len(rows))):
            return
    raise AssertionError("some architecture is not reached")


def test_a_table_is_looked_up_by_what_counts(tmp_path, case):
    space, rows = case.space, case.space.enumerate()
    table = write_table(tmp_path / "t.arrow", space, None, {})
    assert Table.open(table.path).space == space
    scrambled = np.where(space.active(rows), rows, case.anything(case.seed, len(rows)))
    assert np.array_equal(table.rows(scrambled), np.arange(len(rows)))


@pytest.mark.parametrize("ending", [".toml", ".json"])
def test_the_file_of_a_nested_expression_is_read_as_the_same(tmp_path, case, ending):
    space, path = case.space, tmp_path / f"nested{ending}"
    if ending == ".toml" and "null" in json.dumps(space.settings()):
        with pytest.raises(BadSetting, match="None"):
            space.write(path)
        return
    space.write(path)
    again = WrittenSpace.open(path)
    assert again == space
    assert again.texts(again.enumerate()) == space.texts(space.enumerate())


# ── what once was wrong ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_space_of_nothing_says_so():
    space = WrittenSpace(where(seq(op("a", k=choice(1, 2)), op("b", k=choice(1, 2))), holds_never))
    assert (space.size, len(space.enumerate())) == (0, 0)
    with pytest.raises(BadSetting, match="none keeps its constraints"):
        space.sample(Streams.from_seed(0, 2))


@pytest.mark.parametrize("sampling", ["rows", "decisions"])
def test_one_row_of_many_thousand_is_found(sampling):
    """So rare that draws do not find it, it is drawn from the list of all."""
    layers = [choice(op("x"), op("a", k=choice(*range(7)))) for _ in range(4)]
    space = WrittenSpace(where(seq(*layers), lambda network: str(network).count("k=3") == 4), sampling=sampling)
    assert space.size == 1
    assert set(space.texts(space.sample(Streams.from_seed(0, 3)))) == {"a:3:a:3:a:3:a:3"}


@pytest.mark.slow_where("parts")
@pytest.mark.parametrize(
    "most",
    [
        lambda: op("a", k=choice(*range(127))),
        lambda: choice(*[op(f"a{i}", k=choice(1, 2)) for i in range(127)]),
        lambda: depth(op("a", k=choice(1, 2)), *range(127)),
        lambda: op("a", k=subset(126, *range(127))),
    ],
    ids=["settings", "parts", "depths", "subsets"],
)
def test_a_decision_may_have_127_values(most):
    space = WrittenSpace(seq(op("stem"), most()))
    rows = space.enumerate()
    assert space.cardinalities.max() == 127
    assert rows.max() == 126
    assert [space.parse(text).tolist() for text in space.texts(rows)] == rows.tolist()
    outside = np.repeat(rows[-1:], 2, axis=0)
    outside[:, 0] = (127, -1)
    assert not space.valid(outside).any()
    streams = Streams.from_seed(0, 300)
    assert space.valid(space.mutate(space.sample(streams), streams)).all()


def test_a_value_that_is_no_word_is_read_as_it_is():
    layer = op("a", k=choice("two words", "-", 1, "1", True, None, ("x y", 2)), m=choice((1, 2), 3.0))
    space = WrittenSpace(seq(layer, op("b")))
    for number, value in enumerate(space.slots[0].values):
        assert space.parse(json.dumps({"a.k": value})).tolist() == [number, 0]
    assert space.parse('["two words", [1, 2]]').tolist() == [0, 0]


def test_choices_within_a_subset_of_settings_are_decisions():
    space = WrittenSpace(op("a", k=subset(2, 1, choice(3, 5), 7)))
    assert space.size == 2 + 1 + 2
    assert [meaning(space.resolve(row))[2][0][1] for row in space.enumerate()] == [
        (1, 3),
        (1, 5),
        (1, 7),
        (3, 7),
        (5, 7),
    ]
    assert space.texts(space.enumerate()) == ["0+1:3", "0+1:5", "0+2:-", "1+2:3", "1+2:5"]


def test_what_is_nested_too_deep_is_refused():
    part = choice(op("a"), op("b"))
    for _ in range(100):
        part = seq(part)
    with pytest.raises(BadSetting, match="at most 100 levels of parts within parts, not 102"):
        WrittenSpace(part)
    given = {"op": "a"}
    for _ in range(3_000):
        given = {"seq": [given]}
    with pytest.raises(BadSetting, match="at most 100 levels"):
        WrittenSpace({"space": given})


@pytest.mark.parametrize("root", [choice(1, 2), where(choice(1, 2), bool)], ids=["choice", "where"])
def test_settings_alone_are_no_space(root):
    with pytest.raises(BadSetting, match="a space is made of parts, such as op"):
        WrittenSpace(root)


@pytest.mark.parametrize("count", ["x", -1, 0.5, True])
def test_a_count_that_is_none_is_refused(count):
    with pytest.raises(BadSetting, match="where counts how many forms of its part are allowed, a whole number"):
        where(op("a", k=choice(1, 2)), bool, count=count)


@pytest.mark.parametrize("given", [{"subset": 1}, {"depth": [1]}, {"op": "a", "settings": {"k": [[]]}}, {"where": 1}])
def test_a_document_that_lacks_something_is_refused(given):
    with pytest.raises(BadSetting, match=r"."):
        WrittenSpace({"space": given})


@pytest.mark.parametrize("text", ["(b'a', 1)", "({1}, 1)", "(1j, 1)", "(1e999, 'x')"])
def test_python_that_is_no_value_is_no_architecture(text):
    with pytest.raises(InvalidArchitecture):
        WrittenSpace(op("a", k=choice(1, 2), m=choice("x", "y"))).parse(text)
