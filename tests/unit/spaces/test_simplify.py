"""Simplified rows: one for each function, of the same function, and a row of the space."""

import numpy as np
import pytest

import nasbed
from nasbed.core.rng import Streams
from nasbed.spaces import WrittenSpace, choice, dag, edges, op, seq, subset

FUNCTIONS = {
    "nasbench201": (6_466, 4_930),
    "transnas-micro": (3_928, 1_229),
    "nasbenchmacro": (3_969, 3_969),
    "natssize": (32_768, 32_768),
}
"""How many rows differ by the published rule, and how many functions there are."""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_there_are_as_many_classes_and_functions_as_known(name):
    space = nasbed.space(name)
    rows = space.enumerate()
    keys, functions = space.key(rows), space.function_key(rows)
    assert (len(np.unique(keys)), len(np.unique(functions))) == FUNCTIONS[name]
    pairs = np.unique(np.stack([keys, functions]), axis=1).shape[1]
    assert pairs == len(np.unique(keys)), "rows of one key have two functions"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_rows_of_one_function_become_one_row_of_that_function(name):
    space = nasbed.space(name)
    rows = space.enumerate()
    simple = space.simplify(rows)
    assert space.valid(simple).all()
    np.testing.assert_array_equal(space.function_key(simple), space.function_key(rows))
    assert len(np.unique(simple, axis=0)) == FUNCTIONS[name][1]
    np.testing.assert_array_equal(space.simplify(simple), simple)


def test_a_listed_part_of_a_space_gives_rows_that_are_listed():
    whole = nasbed.space("nasbench201")
    part = whole.only(whole.enumerate()[::11])
    simple = part.simplify(part.enumerate())
    assert part.valid(simple).all()
    np.testing.assert_array_equal(part.function_key(simple), part.function_key(part.enumerate()))
    np.testing.assert_array_equal(part.simplify(simple), simple)
    functions = len(np.unique(part.function_key(part.enumerate())))
    assert len(np.unique(simple, axis=0)) == functions < part.size


NAMES = ("none", "skip", "conv3x3", "conv5x5")


def written(kind):
    def some(*_):
        return choice(*map(op, NAMES))

    if kind == "two inputs":
        nodes = {node: subset(2, *(some() for _ in range(node))) for node in (2, 3, 4, 5)}
        cells = [dag(nodes, inputs=2, concat=(2, 3, 4, 5), name=name) for name in ("normal", "reduction")]
        return WrittenSpace(seq(op("stem"), *cells, *cells, op("head")))
    if kind == "cells in a cell":
        return WrittenSpace(edges(4, lambda i, j: choice(edges(3, some), edges(3, some))))
    if kind == "two cells":
        return WrittenSpace(seq(edges(4, some, name="first"), edges(4, some, name="second")))
    return WrittenSpace(edges(6, some))


@pytest.mark.parametrize("kind", ["two inputs", "cells in a cell", "two cells", "fifteen edges"])
def test_rows_of_a_space_that_is_too_large_to_list_keep_their_functions(kind):
    space = written(kind)
    rows = space.sample(Streams.from_seed(0, 100))
    simple = space.simplify(rows)
    assert space.valid(simple).all()
    np.testing.assert_array_equal(space.function_key(simple), space.function_key(rows))
    np.testing.assert_array_equal(space.simplify(simple), simple)


def test_an_edge_that_does_not_matter_is_left_out_where_a_space_is_too_large_to_list():
    space = written("fifteen edges")
    row = np.full(15, 2, np.int8)
    row[[3, 4, 5]] = 0  # nothing reaches node 3, so what leaves it does not matter
    (simple,) = space.simplify(row[None])
    leaving = [i for i, slot in enumerate(space.slots) if slot.name.split(".")[-1].startswith("3-")]
    assert len(leaving) == 2
    assert simple[leaving].tolist() == [0, 0]


def test_cells_of_their_own_are_simplified_exactly_each():
    space, alone = written("two cells"), WrittenSpace(edges(4, lambda i, j: choice(*map(op, NAMES))))
    rows = space.sample(Streams.from_seed(1, 200))
    firsts, seconds = (np.ascontiguousarray(rows[:, part]) for part in (slice(0, 6), slice(6, 12)))
    zero = alone.function_key(np.zeros((1, 6), np.int8))
    both = (alone.function_key(firsts) != zero) & (alone.function_key(seconds) != zero)  # else no cell matters
    expected = np.concatenate([alone.simplify(firsts), alone.simplify(seconds)], axis=1)
    np.testing.assert_array_equal(space.simplify(rows)[both], expected[both])
    assert (space.simplify(rows)[~both] == 0).all()
