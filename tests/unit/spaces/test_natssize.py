"""NATS-Bench's size space against its definition."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.errors import InvalidArchitecture
from nasbed.core.graph import INPUT, OUTPUT, Graph
from nasbed.core.rng import Streams
from nasbed.spaces.natssize import CHANNELS, NATSSize

SPACE = NATSSize()
ROWS = st.lists(st.integers(0, 7), min_size=5, max_size=5).map(lambda row: np.array(row, np.int8))


@pytest.mark.parametrize(
    "text", ["8:16:24:64:40", " 8 : 16 :24:64:40\n", "(8, 16, 24, 64, 40)", "[8,16,24,64,40]", "700", "#700"]
)
def test_every_way_to_write_the_channels_is_read(text):
    assert SPACE.parse(text).tolist() == [0, 1, 2, 7, 4]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("8:16:24:64", "write 5 channel counts"),
        ("8:16:24:64:40:8", "write 5 channel counts"),
        ("8:16:24:64:41", "out of 8, 16, 24, 32, 40, 48, 56, 64"),
        ("8:16:24:64:0", "out of 8, 16"),
        ("8:16:24:64:+8", "out of 8, 16"),
        ("(8:16:24:64:8)", "write 5 channel counts"),
        ("(8, 16, 24, 64, 40", "write 5 channel counts"),
        ("8,16,24,64,40", "write 5 channel counts"),
        ("32768", "0 to 32767; 32768 is not one"),
        ("x" * 10_000, "no architecture"),
    ],
)
def test_what_is_no_architecture_is_refused_with_the_reason(text, why):
    with pytest.raises(InvalidArchitecture, match=why) as refused:
        SPACE.parse(text)
    assert len(str(refused.value)) < 400


@given(ROWS)
def test_text_has_the_channels_in_their_order(row):
    assert SPACE.format(row) == ":".join(str(CHANNELS[decision]) for decision in row)
    assert SPACE.channels(row[None]).tolist() == [[8 * (int(decision) + 1) for decision in row]]


def test_the_last_decision_changes_fastest():
    rows = np.array(list(product(range(8), repeat=5)), np.int8)
    np.testing.assert_array_equal(SPACE.index(rows), np.arange(32768))
    np.testing.assert_array_equal(SPACE.enumerate(), rows)


def test_no_two_rows_are_equal():
    assert len(np.unique(SPACE.key(SPACE.enumerate()))) == len(SPACE.unique()) == 32768


@pytest.mark.parametrize("value", [-1, 8])
def test_one_value_just_out_of_bounds_is_enough(value):
    rows = np.where(np.eye(5, dtype=bool), value, 0).astype(np.int8)
    assert not SPACE.valid(rows).any()
    assert (SPACE.index(rows) == -1).all()


@given(st.lists(st.lists(st.integers(-128, 127), min_size=5, max_size=5), min_size=1, max_size=5))
def test_rows_out_of_bounds_have_no_index_and_no_key(rows):
    rows = np.array(rows, np.int8)
    valid = ((rows >= 0) & (rows < 8)).all(axis=1)
    np.testing.assert_array_equal(SPACE.valid(rows), valid)
    np.testing.assert_array_equal(SPACE.index(rows) >= 0, valid)
    np.testing.assert_array_equal(SPACE.key(rows) != 0, valid)


def test_chances_of_mutations_are_chances():
    assert SPACE.mutation_chances.shape == (len(SPACE.moves),)
    np.testing.assert_allclose(SPACE.mutation_chances.sum(), 1.0)


def test_mutation_changes_one_count_into_any_other_alike():
    n = 40_000
    parents = np.full((n, 5), 3, np.int8)
    children = SPACE.mutate(parents, Streams.from_seed(1, n))
    assert ((children != 3).sum(axis=1) == 1).all()
    np.testing.assert_allclose((children != 3).mean(axis=0), 0.2, atol=5 * np.sqrt(0.16 / n))
    drawn = np.bincount(children[children != 3], minlength=8) / n
    np.testing.assert_allclose(drawn, np.where(np.arange(8) == 3, 0.0, 1 / 7), atol=5 * np.sqrt(0.13 / n))


def test_an_architecture_has_35_neighbours():
    near = SPACE.neighbors(np.zeros(5, np.int8))
    assert len({tuple(row) for row in near.tolist()}) == 35
    assert ((near != 0).sum(axis=1) == 1).all()


def test_the_graph_is_the_layers_in_a_row():
    graph = SPACE.graph(np.array([0, 1, 2, 7, 4], np.int8))
    assert graph.labels == (INPUT, "cell-8", "reduction-16", "cell-24", "reduction-64", "cell-40", OUTPUT)
    assert graph.edges == [(i, i + 1) for i in range(6)]


@given(ROWS)
def test_a_graph_leads_back_to_its_row(row):
    np.testing.assert_array_equal(SPACE.embed(SPACE.graph(row)), row)


@pytest.mark.parametrize(
    "graph",
    [
        Graph((), ()),
        Graph.of([[0, 1], [0, 0]], [INPUT, OUTPUT]),
        Graph(SPACE.graph(np.zeros(5, np.int8)).adjacency, (INPUT, *["cell-8"] * 5, OUTPUT)),
        Graph(
            SPACE.graph(np.zeros(5, np.int8)).adjacency,
            (INPUT, "cell-8", "reduction-8", "cell-9", "reduction-8", "cell-8", OUTPUT),
        ),
        Graph.of(np.triu(np.ones((7, 7), int), 1), SPACE.graph(np.zeros(5, np.int8)).labels),
    ],
)
def test_what_is_no_chain_of_layers_is_not_embedded(graph):
    with pytest.raises(InvalidArchitecture):
        SPACE.embed(graph)


def test_a_row_with_an_unknown_count_has_no_text():
    for call in (SPACE.format, SPACE.graph):
        with pytest.raises(InvalidArchitecture, match="numbered 0 to 7"):
            call(np.array([0, 0, 8, 0, 0], np.int8))
