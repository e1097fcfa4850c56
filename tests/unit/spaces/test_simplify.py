"""Simplified rows: one for each function, of the same function, and a row of the space."""

import numpy as np
import pytest

import nasbed

FUNCTIONS = {"nasbench201": (6_466, 4_930), "nasbenchmacro": (3_969, 3_969), "natssize": (32_768, 32_768)}
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
