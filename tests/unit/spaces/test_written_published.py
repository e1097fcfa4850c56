"""Published spaces in the notation: sizes, and the rows, strings, graphs and neighbours that are published."""

import csv
from ast import literal_eval

import numpy as np
import pytest

from nasbed.core.registry import spaces
from nasbed.core.rng import Streams
from nasbed.spaces import (
    DARTS,
    NASBench201,
    TransNASMacro,
    TransNASMicro,
    WrittenSpace,
    choice,
    depth,
    op,
    seq,
    where,
)
from nasbed.spaces.resolving import dags
from nasbed.spaces.transnas import MODULES, OPERATIONS, is_published

MICRO, MACRO = TransNASMicro(), TransNASMacro()


def modules():
    return depth(lambda i: choice(*map(op, MODULES)), 4, 5, 6)


@pytest.mark.parametrize(
    ("space", "size"),
    [
        (NASBench201().written, 15_625),
        (spaces.make("natssize", {}).written, 32_768),
        (spaces.make("nasbenchmacro", {}).written, 6_561),
        (MICRO.written, 4_096),
        (MACRO, 3_256),
        (WrittenSpace(modules()), 5_376),
        (WrittenSpace(where(modules(), is_published, count=3_256)), 3_256),
    ],
    ids=lambda given: "" if isinstance(given, int) else repr(given),
)
def test_sizes_are_exact(space, size):
    assert space.size == size


def test_a_count_that_is_given_serves_where_there_is_too_much_to_list():
    cells = dags(DARTS().expression)
    space = WrittenSpace(seq(where(modules(), is_published, count=3_256), cells[0]))
    assert space.size == 3_256 * 1_037_664_180
    assert not space.is_enumerable


@pytest.mark.parametrize("name", ["nasbench201", "natssize", "nasbenchmacro", "transnas-micro"])
def test_the_expression_of_a_built_in_space_has_its_rows(name):
    space = spaces.make(name, {})
    rows = space.written.archs_of(np.arange(space.size))
    assert (space.cardinalities == space.written.cardinalities).all()
    assert len(np.unique(space.index(rows))) == len(np.unique(space.written.key(rows))) == space.size
    assert space.slots == space.written.slots
    streams, others = Streams.from_seed(3, 50), Streams.from_seed(3, 50)
    assert (space.sample(streams) == space.written.sample(others)).all()
    parents = streams, others
    mothers, fathers = ([space.sample(one) for _ in range(2)] for one in parents)
    assert (space.crossover(*mothers, streams) == space.written.crossover(*fathers, others)).all()


WHOLE = [pytest.param("nasbench201", marks=pytest.mark.slow), "transnas-micro"]


@pytest.mark.slow_where("transnas")
@pytest.mark.parametrize("name", WHOLE)
def test_every_cell_of_a_class_has_the_graph_of_its_expression(name):
    space = spaces.make(name, {})
    rows, written = space.enumerate(), space.written
    assert [written.graph(row) for row in rows] == [space.graph(row) for row in rows]


@pytest.mark.slow
@pytest.mark.parametrize("name", WHOLE)
def test_every_cell_of_a_class_has_the_neighbours_of_its_expression(name):
    space = spaces.make(name, {})
    for row in space.enumerate():
        assert {*map(tuple, space.written.neighbors(row).tolist())} == {*map(tuple, space.neighbors(row).tolist())}


@pytest.mark.parametrize("name", ["nasbench201", "transnas-micro"])
def test_a_class_and_its_expression_call_the_same_rows_valid_and_equal(name):
    space = spaces.make(name, {})
    anything = np.random.default_rng(0).integers(-2, 8, (20_000, 6)).astype(np.int8)
    rows = np.concatenate([space.enumerate(), anything])
    valid = space.valid(rows)
    assert (space.written.valid(rows) == valid).all()
    one, other = space.index(rows[valid]), space.written.key(rows[valid])
    assert len(np.unique(one)) == len(np.unique(other)) == len(set(zip(one.tolist(), other.tolist(), strict=True)))
    keys, functions = space.key(rows[valid]), space.function_key(rows[valid])
    assert len(np.unique(keys)) == len(set(zip(keys.tolist(), functions.tolist(), strict=True)))


def published(shared_data, name):
    text = (shared_data / "transnas101" / f"transnas101_{name}.csv").read_text()
    return [literal_eval(line["arch"]) for line in csv.DictReader(text.splitlines())]


@pytest.mark.slow
def test_cells_of_transnas_are_those_published(shared_data):
    listed = published(shared_data, "micro")
    rows, written = np.array(listed, np.int8), MICRO.written
    assert len(listed) == MICRO.size
    assert sorted(written.index(rows).tolist()) == list(range(MICRO.size))
    edges = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
    for one, row in zip(listed, rows, strict=True):
        (cell,) = dags(written.resolve(row))
        assert [cell.parts[edge].label for edge in edges] == [OPERATIONS[digit] for digit in one]
        a, b, c, d, e, f = one
        assert MICRO.parse(f"64-41414-{a}_{b}{c}_{d}{e}{f}").tolist() == row.tolist()
    dead = sum(written.graph(row).live == frozenset() for row in rows)
    assert dead == 169  # cells without a path, as published: they share one result


@pytest.mark.slow
def test_networks_of_transnas_are_those_published(shared_data):
    listed = published(shared_data, "macro")
    rows = np.stack([MACRO.parse(f"64-{''.join(map(str, one))}-basic") for one in listed])
    assert len(listed) == 3_256
    assert sorted(MACRO.index(rows).tolist()) == list(range(MACRO.size))
    for one, row in zip(listed, rows, strict=True):
        modules = MACRO.resolve(row).parts[1].parts
        assert [module.label for module in modules] == [MODULES[digit - 1] for digit in one]
    anything = np.random.default_rng(0).integers(0, MACRO.cardinalities, (3_000, 7)).astype(np.int8)
    known = set(listed)
    meant = [tuple((row[1 : 5 + row[0]] + 1).tolist()) in known for row in anything]
    assert MACRO.valid(anything).tolist() == meant
