"""Costs by formula: published figures, and what is built."""

import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nets.plain import ANY101, modules, skeletons

from nasbed.core.errors import BadSetting, InvalidArchitecture, UnknownName
from nasbed.nets.blueprint import network as build
from nasbed.nets.costs import COUNTINGS, flops, params
from nasbed.nets.counting import count
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.spaces.natssize import NATSSize

NB201, SIZES = NASBench201(), NATSSize()
countings = st.sampled_from(sorted(COUNTINGS))
ARCH_0 = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"


@pytest.mark.parametrize(
    ("classes", "image_size", "published"),
    [(10, 32, (0.129306, 15.64737)), (100, 32, (0.135156, 15.65322)), (120, 16, (0.136456, 3.91948))],
)
def test_architecture_0_has_the_published_costs(classes, image_size, published):
    rows = NB201.parse(ARCH_0)[None]
    frame = {"classes": classes, "image_size": image_size}
    assert (params(NB201, rows, **frame)[0] / 1e6, flops(NB201, rows, **frame)[0] / 1e6) == published


def test_the_second_counting_of_architecture_0_is_the_published_one():
    assert flops(NB201, NB201.parse(ARCH_0)[None], counting="naslib") == [17_958_592]


def test_sizes_have_the_published_costs():
    rows = np.stack([SIZES.parse(text) for text in ("8:8:8:8:8", "8:8:8:16:32", "8:8:40:32:40")])
    assert params(SIZES, rows).tolist() == [11_714, 49_202, 144_834]
    assert flops(SIZES, rows).tolist() == [4_481_114, 6_840_650, 21_827_994]


@pytest.mark.slow
@given(
    st.lists(st.integers(0, 4), min_size=6, max_size=6),
    countings,
    st.fixed_dictionaries(
        {
            "classes": st.integers(2, 120),
            "image_size": st.sampled_from([8, 16, 20]),
            "image_channels": st.integers(1, 3),
            "channels": st.integers(1, 9),
            "cells": st.integers(1, 3),
        }
    ),
)
def test_the_formula_counts_what_is_built_for_nasbench201(row, counting, frame):
    assert_counts(NB201, np.array(row), counting, frame)


@pytest.mark.slow
@settings(max_examples=20)
@given(
    st.lists(st.integers(0, 7), min_size=5, max_size=5),
    countings,
    st.fixed_dictionaries({"classes": st.integers(2, 120), "image_size": st.sampled_from([8, 16, 20])}),
)
def test_the_formula_counts_what_is_built_for_natssize(row, counting, frame):
    assert_counts(SIZES, np.array(row), counting, frame)


@pytest.mark.slow
@given(modules(), countings, skeletons)
def test_the_formula_counts_what_is_built_for_nasbench101(graph, counting, blueprint):
    assert_counts(ANY101, ANY101.embed(graph), counting, blueprint.settings())


def assert_counts(space, row, counting, frame):
    """Formula and built network agree on both costs."""
    with torch.device("meta"):
        network = build(space, row, **frame)
    channels = frame.get("image_channels", 3)
    counted = count(network, frame["image_size"], image_channels=channels, counting=counting)
    assert params(space, row[None], **frame) == [counted.params]
    assert flops(space, row[None], counting=counting, **frame) == [counted.flops]


@pytest.mark.slow
@settings(max_examples=20)
@given(st.lists(modules(), min_size=1, max_size=5), countings)
def test_modules_of_all_sizes_are_counted_together_as_alone(graphs, counting):
    rows = np.stack([ANY101.embed(graph) for graph in graphs])
    together = flops(ANY101, rows, counting=counting)
    assert together.tolist() == [flops(ANY101, row[None], counting=counting)[0] for row in rows]


@pytest.mark.parametrize("space", [NB201, SIZES], ids=lambda space: space.name)
def test_a_whole_space_is_counted_in_milliseconds(space):
    rows = space.enumerate()
    seconds = []
    for _ in range(5):
        start = time.thread_time()
        flops(space, rows, counting="naslib")
        params(space, rows)
        seconds.append(time.thread_time() - start)
    assert min(seconds) < 0.1  # some milliseconds, on a machine that is not busy


def test_costs_are_whole_numbers_one_a_row():
    counted = flops(SIZES, SIZES.enumerate()[:3], image_size=16)
    assert counted.dtype == np.int64
    assert counted.shape == (3,)
    assert params(NB201, np.zeros((0, 6), int)).shape == (0,)


def test_what_cannot_be_counted_is_refused():
    rows = NB201.parse(ARCH_0)[None]
    with pytest.raises(UnknownName, match=r"'nasbench'\. Did you mean 'natsbench'"):
        flops(NB201, rows, counting="nasbench")
    with pytest.raises(BadSetting, match="no setting 'batch'"):
        params(NB201, rows, batch=1)
    with pytest.raises(InvalidArchitecture, match=r"rows of 6 whole numbers, \(n, 6\)"):
        params(NB201, rows[0])
    with pytest.raises(InvalidArchitecture, match=r"decision 2 of .* is 7; in nasbench201 it is one of 0 to 4"):
        flops(NB201, [[0, 1, 7, 0, 0, 0]])
    narrow = NASBench101(operations=("bottleneck3x3",))
    with pytest.raises(InvalidArchitecture, match="divides its channels by 4; 3 are too few"):
        flops(narrow, narrow.parse("011/001/000:bottleneck3x3")[None], stem_channels=3)
