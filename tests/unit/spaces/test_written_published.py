"""Published spaces in the notation: sizes, and the rows, strings, graphs and neighbours that are published."""

import csv
from ast import literal_eval

import numpy as np
import pytest

from nasbed.core.registry import spaces
from nasbed.core.rng import Streams
from nasbed.spaces import DARTS, NASBench201, WrittenSpace, choice, depth, edges, op, seq, where
from nasbed.spaces.resolving import dags

MICRO = WrittenSpace(
    seq(op("stem"), cell := edges(4, lambda i, j: choice(*map(op, ("none", "skip", "conv1x1", "conv3x3")))), cell),
    "transnas-micro",
)


def is_published(network):
    """Say whether a network of TransNAS macro doubles its width 1 to 3 times and halves the image 1 to 4 times."""
    kinds = [module.label for module in network.parts]
    doubled, halved = (sum(kind in some for kind in kinds) for some in (("wide", "both"), ("strided", "both")))
    return 1 <= doubled <= 3 and 1 <= halved <= 4


def modules(name=""):
    return depth(lambda i: choice(*map(op, ("normal", "wide", "strided", "both"))), 4, 5, 6, name=name)


MACRO = WrittenSpace(where(modules(), is_published), "transnas-macro")


@pytest.mark.parametrize(
    ("space", "size"),
    [
        (NASBench201().written, 15_625),
        (spaces.make("natssize", {}).written, 32_768),
        (spaces.make("nasbenchmacro", {}).written, 6_561),
        (MICRO, 4_096),
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


@pytest.mark.parametrize("name", ["nasbench201", "natssize", "nasbenchmacro"])
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


def test_cells_of_nasbench201_are_those_of_the_class():
    space = NASBench201()
    rows, written = space.enumerate()[::5], space.written
    assert written.valid(rows).all()
    assert [written.graph(row) for row in rows] == [space.graph(row) for row in rows]
    for row in rows[::71]:
        assert {*map(tuple, written.neighbors(row).tolist())} == {*map(tuple, space.neighbors(row).tolist())}
    wrong = rows.copy()
    wrong[:, 2] += 5
    assert not written.valid(wrong).any()


def published(shared_data, name):
    text = (shared_data / "transnas101" / f"transnas101_{name}.csv").read_text()
    return [literal_eval(line["arch"]) for line in csv.DictReader(text.splitlines())]


def test_cells_of_transnas_are_those_published(shared_data):
    listed = published(shared_data, "micro")
    rows = np.array(listed, np.int8)
    assert len(listed) == MICRO.size
    assert sorted(MICRO.index(rows).tolist()) == list(range(MICRO.size))
    (cell,) = dags(MICRO.resolve(rows[1_234]))
    names = ("none", "skip", "conv1x1", "conv3x3")
    in_order = [cell.parts[edge].label for edge in ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))]
    assert in_order == [names[digit] for digit in listed[1_234]]
    dead = sum(MICRO.graph(row).live == frozenset() for row in rows)
    assert dead == 169  # cells without a path, as published: they share one result


def test_networks_of_transnas_are_those_published(shared_data):
    listed = published(shared_data, "macro")
    rows = np.array([[len(one) - 4, *(digit - 1 for digit in one), *[0] * (6 - len(one))] for one in listed], np.int8)
    assert len(listed) == 3_256
    assert MACRO.valid(rows).all()
    assert sorted(MACRO.index(rows).tolist()) == list(range(MACRO.size))
    names = ("normal", "wide", "strided", "both")
    for one, row in zip(listed, rows, strict=True):
        assert [module.label for module in MACRO.resolve(row).parts] == [names[digit - 1] for digit in one]
    anything = np.random.default_rng(0).integers(0, MACRO.cardinalities, (3_000, 7)).astype(np.int8)
    known = set(listed)
    meant = [tuple((row[1 : 5 + row[0]] + 1).tolist()) in known for row in anything]
    assert MACRO.valid(anything).tolist() == meant
