"""Channels: the published rule, worked out by hand."""

import numpy as np
import pytest
from nets.plain import INCEPTION

from nasbed.core.errors import InvalidArchitecture
from nasbed.nets.parts import vertex_channels


def widths(matrix, channels):
    return vertex_channels(np.array(matrix)[None], channels)[0].tolist()


def test_the_first_vertices_that_feed_the_output_get_the_remainder():
    # 1, 2, 4 and 5 feed the output: 130 = 33 + 33 + 32 + 32; 3 feeds only 4
    assert widths(INCEPTION.matrix, 128) == [0, 32, 32, 32, 32, 32, 128]
    assert widths(INCEPTION.matrix, 130) == [0, 33, 33, 32, 32, 32, 130]


def test_a_vertex_that_does_not_feed_the_output_is_as_wide_as_the_widest_that_it_feeds():
    # 2 and 3 feed the output with 4 and 3 channels; 1 feeds both
    matrix = [[0, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0]]
    assert widths(matrix, 7) == [0, 4, 4, 3, 7]


def test_a_chain_keeps_the_width_and_an_edge_from_the_input_does_not_divide_it():
    assert widths([[0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]], 16) == [0, 16, 16, 16]


def test_nobody_is_left_without_channels():
    with pytest.raises(InvalidArchitecture, match="4 vertices feed an output of 3 channels"):
        vertex_channels(INCEPTION.matrix[None], 3)
