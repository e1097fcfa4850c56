"""NAS-Bench-Macro's space against its definition."""

from itertools import product

import numpy as np
import pytest

from nasbed.core.errors import InvalidArchitecture
from nasbed.core.graph import INPUT, OUTPUT, Graph
from nasbed.spaces.nasbenchmacro import NASBenchMacro

SPACE = NASBenchMacro()
ALL = ["".join(digits) for digits in product("012", repeat=8)]


def trained_as(text):
    """What the published training of an architecture is called: a stage's identities go to its end."""
    stages = [(text[start], text[start + 1 : stop]) for start, stop in ((0, 2), (2, 5), (5, 8))]
    return "".join(first + later.replace("0", "").ljust(len(later), "0") for first, later in stages)


@pytest.mark.parametrize("text", ["02012100", " 02012100\n", "#1602"])
def test_every_way_to_write_an_architecture_is_read(text):
    assert SPACE.parse(text).tolist() == [0, 2, 0, 1, 2, 1, 0, 0]


def test_eight_digits_are_an_architecture_and_no_index():
    assert SPACE.index(SPACE.parse("00000012")[None]).tolist() == [5]
    assert SPACE.format(SPACE.parse("#12")) == "00000110"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0201210", "write 8 digits from 0 to 2"),
        ("020121000", "write 8 digits"),
        ("02012103", "write 8 digits"),
        ("1459", "an index, such as #1459"),
        ("٠٠٠٠٠٠٠٠", "write 8 digits"),
        ("#6561", "0 to 6560; 6561 is not one"),
        ("#", "write 8 digits"),
        ("0" * 10_000, "write 8 digits"),
    ],
)
def test_what_is_no_architecture_is_refused_with_the_reason(text, why):
    with pytest.raises(InvalidArchitecture, match=why) as refused:
        SPACE.parse(text)
    assert len(str(refused.value)) < 400


def test_the_index_is_the_number_in_base_3():
    assert [SPACE.format(row) for row in SPACE.enumerate()] == ALL


def test_rows_are_equal_exactly_where_the_published_training_is_one():
    keys = SPACE.key(SPACE.enumerate()).tolist()
    pairs = {(key, trained_as(text)) for key, text in zip(keys, ALL, strict=True)}
    assert len(pairs) == len(set(keys)) == len(set(map(trained_as, ALL))) == len(SPACE.unique()) == 3_969


@pytest.mark.parametrize("text", ["00000000", "02012100", "22212220"])
def test_a_graph_leads_back_to_its_row(text):
    assert SPACE.format(SPACE.embed(SPACE.graph(SPACE.parse(text)))) == text


def test_the_graph_is_the_layers_in_a_row():
    graph = SPACE.graph(SPACE.parse("01200000"))
    assert graph.labels == (INPUT, "identity", "mb3_k3", "mb6_k5", *["identity"] * 5, OUTPUT)
    assert graph.edges == [(i, i + 1) for i in range(9)]


@pytest.mark.parametrize(
    "graph",
    [
        Graph((), ()),
        Graph.of([[0, 1], [0, 0]], [INPUT, OUTPUT]),
        Graph(SPACE.graph(np.zeros(8, np.int8)).adjacency, (INPUT, *["conv3x3"] * 8, OUTPUT)),
        Graph.of(np.triu(np.ones((10, 10), int), 1), SPACE.graph(np.zeros(8, np.int8)).labels),
    ],
)
def test_what_is_no_chain_of_layers_is_not_embedded(graph):
    with pytest.raises(InvalidArchitecture):
        SPACE.embed(graph)


def test_a_row_with_an_unknown_operation_has_no_text():
    for call in (SPACE.format, SPACE.graph):
        with pytest.raises(InvalidArchitecture, match="numbered 0 to 2"):
            call(np.array([0, 0, 3, 0, 0, 0, 0, 0], np.int8))
