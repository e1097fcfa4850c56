"""The NAS-Bench-201 space against its definition, in plain Python."""

import pickle
from itertools import pairwise, permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.errors import InvalidArchitecture
from nasbed.core.graph import INPUT, OUTPUT, Graph
from nasbed.core.rng import Streams
from nasbed.spaces.nasbench201 import EDGES, OPERATIONS, NASBench201, unique_string, unique_strings

SPACE = NASBench201()
ROWS = st.lists(st.integers(0, 4), min_size=6, max_size=6).map(lambda row: np.array(row, np.int8))

CELL = "|nor_conv_3x3~0|+|nor_conv_1x1~0|none~1|+|skip_connect~0|none~1|avg_pool_3x3~2|"
ROW = [3, 2, 0, 1, 0, 4]


def rewritten(text):
    """The published rule, read off the arch string."""
    nodes = ["0"]
    for node in text.split("+"):
        terms = []
        for term in node.strip("|").split("|"):
            operation, source = term.split("~")
            inner = nodes[int(source)]
            if operation == "none" or inner == "#":
                terms.append("#")
            else:
                terms.append(inner if operation == "skip_connect" else f"({inner})@{operation}")
        nodes.append("+".join(sorted(terms)))
    return nodes[3]


def computed(row):
    """What a cell makes of one input, with a fixed function of zero at zero for each operation that computes."""
    random = np.random.default_rng(0)
    weights = {operation: random.normal(size=(4, 4)) for operation in (2, 3, 4)}
    nodes = [random.normal(size=4), *np.zeros((3, 4))]
    for operation, (source, target) in zip(row, EDGES, strict=True):
        if operation == 1:
            nodes[target] = nodes[target] + nodes[source]
        elif operation:
            nodes[target] = nodes[target] + np.tanh(weights[operation] @ nodes[source])
    return nodes[3]


# ── text ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        CELL,
        f"  {CELL}\n",
        "|nor_conv_3x3~0|+|none~1|nor_conv_1x1~0|+|avg_pool_3x3~2|none~1|skip_connect~0|",
        f"Structure(4 nodes with {CELL})",
        f"TopologyStructure(4 nodes with {CELL})",
        "((('nor_conv_3x3', 0),), (('nor_conv_1x1', 0), ('none', 1)), "
        "(('skip_connect', 0), ('none', 1), ('avg_pool_3x3', 2)))",
        "[(('nor_conv_3x3', 0),), [('nor_conv_1x1', 0), ('none', 1)], "
        "[['skip_connect', 0], ('none', 1), ('avg_pool_3x3', 2)]]",
        "(2, 3, 0, 1, 1, 4)",
        "[2,3,0,1,1,4]",
    ],
)
def test_every_way_to_write_a_cell_is_read(text):
    assert SPACE.parse(text).tolist() == ROW


def test_naslib_numbers_name_naslib_operations_on_naslib_edges():
    names = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
    edges = ((1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4))
    for numbers in product(range(5), (0, 3), (1, 4), range(2), (2, 3), range(2)):
        found = {(u - 1, v - 1): names[number] for (u, v), number in zip(edges, numbers, strict=True)}
        expected = [OPERATIONS.index(found[edge]) for edge in EDGES]
        assert SPACE.parse(str(numbers)).tolist() == expected


@pytest.mark.parametrize("text", ["1459", "#1459", " 1459 ", "0001459", f"#{'0' * 30}1459"])
def test_an_index_is_read(text):
    assert SPACE.format(SPACE.parse(text)) == (
        "|nor_conv_3x3~0|+|nor_conv_1x1~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("|none~0|+|none~0|none~1|+|none~0|none~1|", "2→3 has no operation"),
        ("|none~0|+|none~0|none~0|+|none~0|none~1|none~2|", "0→2 has two operations"),
        ("|none~0|+|none~0|none~1|+|none~0|none~1|none~3|", "no edge 3→3"),
        ("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|+|none~0|", "no edge 0→4"),
        ("|conv~0|+|none~0|none~1|+|none~0|none~1|none~2|", "no operation is called 'conv'"),
        ("|none|+|none~0|none~1|+|none~0|none~1|none~2|", "not a cell"),
        ("|none~0|none~0|none~1|none~0|none~1|none~2|", "two operations"),
        ("||", "not a cell"),
        ("(1, 2, 3, 4, 0)", "six numbers from 0 to 4"),
        ("(1, 2, 3, 4, 0, 5)", "six numbers from 0 to 4"),
        ("(1, 2, 3, 4, 0, -1)", "six numbers from 0 to 4"),
        ("()", "six numbers from 0 to 4"),
        ("(True, False, True, True, True, True)", "not a cell"),
        ("(1.0, 2.0, 3.0, 4.0, 0.0, 1.0)", "not a cell"),
        ("[(('none', 0),)]", "0→2 has no operation"),
        ("(__import__('os').abort(), 1, 2, 3, 4, 0)", "not a cell"),
        ("(" * 999, "not a cell"),
        (f"({'-' * 990}1)", "not a cell"),
        (f"[{'1,' * 1000}]", "or the official index"),
        ("(" * 100_000, "not a cell"),
        ("15625", "0 to 15624; 15625 is not one"),
        ("9" * 5000, "is not one"),
        ("-1", "not a cell"),
        ("1459.0", "not a cell"),
        ("²", "not a cell"),
        ("Structure(5 nodes with |none~0|)", "not a cell"),
    ],
)
def test_what_is_no_cell_is_refused_with_the_reason(text, why):
    with pytest.raises(InvalidArchitecture, match=why) as refused:
        SPACE.parse(text)
    assert len(str(refused.value)) < 500


@given(ROWS)
def test_the_arch_string_names_each_edge_once(row):
    text = SPACE.format(row)
    names = [[term.split("~") for term in node.strip("|").split("|")] for node in text.split("+")]
    found = {(int(u), v): name for v, node in enumerate(names, 1) for name, u in node}
    assert [found[edge] for edge in EDGES] == [OPERATIONS[operation] for operation in row]
    assert len(found) == 6


def test_a_row_with_an_unknown_operation_has_no_text_and_no_graph():
    for call in (SPACE.format, SPACE.graph, SPACE.unique_string, SPACE.facts):
        for wrong in ([5, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, -1]):
            with pytest.raises(InvalidArchitecture, match="numbered 0 to 4"):
                call(np.array(wrong, np.int8))


# ── indices and equality ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_index_numbers_every_string_once():
    rows = np.array(list(product(range(5), repeat=6)), np.int8)
    index = SPACE.index(rows)
    assert sorted(index.tolist()) == list(range(15625))
    np.testing.assert_array_equal(SPACE.enumerate()[index], rows)
    np.testing.assert_array_equal(SPACE.archs_of(index), rows)


@pytest.mark.parametrize("value", [-1, 5])
def test_one_value_just_out_of_bounds_is_enough(value):
    rows = np.where(np.eye(6, dtype=bool), value, 0).astype(np.int8)
    assert not SPACE.valid(rows).any()
    assert (SPACE.index(rows) == -1).all()


@given(st.lists(st.lists(st.integers(-128, 127), min_size=6, max_size=6), min_size=1, max_size=5))
def test_rows_out_of_bounds_have_no_index_and_no_key(rows):
    rows = np.array(rows, np.int8)
    valid = ((rows >= 0) & (rows < 5)).all(axis=1)
    np.testing.assert_array_equal(SPACE.valid(rows), valid)
    np.testing.assert_array_equal(SPACE.index(rows) >= 0, valid)
    np.testing.assert_array_equal(SPACE.key(rows) != 0, valid)


def test_no_rows_are_answered_with_nothing():
    none = np.zeros((0, 6), np.int8)
    assert len(SPACE.index(none)) == len(SPACE.key(none)) == len(SPACE.valid(none)) == 0
    assert SPACE.archs_of(np.array([], np.int64)).shape == (0, 6)


def test_rows_may_come_in_any_integers_and_any_memory_order():
    rows = SPACE.enumerate()[:100]
    for given_rows in (rows.astype(np.int64), np.asfortranarray(rows), rows.tolist(), rows[::2].repeat(2, axis=0)):
        np.testing.assert_array_equal(SPACE.index(given_rows), SPACE.index(np.array(given_rows, np.int8)))
    with pytest.raises(InvalidArchitecture, match="whole numbers from 0 to 127"):
        SPACE.index(np.full((1, 6), 256))
    with pytest.raises(InvalidArchitecture, match="whole numbers from 0 to 127"):
        SPACE.index(np.full((1, 6), 0.5))


@pytest.mark.parametrize("indices", [[15625], [-1], [0.0], [[0]], 0])
def test_there_is_no_cell_of_what_is_no_index(indices):
    with pytest.raises(InvalidArchitecture):
        SPACE.archs_of(np.array(indices))


@given(ROWS)
def test_the_unique_string_is_the_published_one(row):
    assert SPACE.unique_string(row) == rewritten(SPACE.format(row))


def test_all_unique_strings_are_those_of_the_cells():
    assert unique_strings(OPERATIONS) == [unique_string(cell) for cell in product(OPERATIONS, repeat=6)]


@pytest.mark.slow
def test_keys_are_equal_where_unique_strings_are():
    rows = SPACE.enumerate()
    texts = [rewritten(SPACE.format(row)) for row in rows]
    keys = SPACE.key(rows)
    assert len(set(zip(texts, keys.tolist(), strict=True))) == len(set(texts)) == len(set(keys.tolist())) == 6466


def test_unique_gives_the_first_cell_of_each_class():
    first = {}
    for index, row in enumerate(SPACE.enumerate()):
        first.setdefault(rewritten(SPACE.format(row)), index)
    np.testing.assert_array_equal(SPACE.index(SPACE.unique()), list(first.values()))


@pytest.mark.slow
def test_cells_of_one_key_compute_the_same():
    rows = SPACE.enumerate()[::3]
    outputs = {}
    for key, row in zip(SPACE.key(rows).tolist(), rows.tolist(), strict=True):
        output = computed(row)
        np.testing.assert_allclose(outputs.setdefault(key, output), output, atol=1e-12)


def test_facts_say_what_is_published_of_a_cell():
    facts = SPACE.facts(SPACE.parse("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"))
    assert facts["unique string"] == "#+#+#"
    same = [index for index, row in enumerate(SPACE.enumerate()) if SPACE.unique_string(row) == "#+#+#"]
    assert (facts["equal cells"], facts["first of them"]) == (len(same), same[0])
    assert facts["index"] in same


# ── chance and neighbours ─────────────────────────────────────────────────────────────────────────────────────────


def test_chances_of_mutations_are_chances():
    assert SPACE.mutation_chances.shape == (len(SPACE.moves),)
    np.testing.assert_allclose(SPACE.mutation_chances.sum(), 1.0)


def test_mutation_draws_a_node_then_an_input_then_another_operation():
    n = 60_000
    parents = np.tile(np.array(ROW, np.int8), (n, 1))
    children = SPACE.mutate(parents, Streams.from_seed(1, n))
    changed = children != parents
    assert (changed.sum(axis=1) == 1).all()
    expected = np.array([1 / 3, 1 / 6, 1 / 6, 1 / 9, 1 / 9, 1 / 9])
    np.testing.assert_allclose(changed.mean(axis=0), expected, atol=5 * np.sqrt(expected.max() / n))
    into = np.bincount(children[changed[:, 0], 0], minlength=5) / changed[:, 0].sum()
    np.testing.assert_allclose(into, [0.25, 0.25, 0.25, 0.0, 0.25], atol=5 * np.sqrt(0.25 / (n / 3)))


def test_crossover_takes_each_decision_from_either_parent_alike():
    n = 20_000
    mothers, fathers = np.zeros((n, 6), np.int8), np.full((n, 6), 4, np.int8)
    children = SPACE.crossover(mothers, fathers, Streams.from_seed(2, n))
    assert children.dtype == np.int8
    from_father = children == 4
    np.testing.assert_allclose(from_father.mean(axis=0), 0.5, atol=5 * np.sqrt(0.25 / n))
    np.testing.assert_allclose(np.corrcoef(from_father.T)[np.triu_indices(6, 1)], 0.0, atol=5 / np.sqrt(n))


def test_a_cell_has_24_neighbours():
    near = SPACE.neighbors(np.array(ROW, np.int8))
    assert len({tuple(row) for row in near.tolist()}) == 24
    assert ((near != ROW).sum(axis=1) == 1).all()


# ── graphs ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_operations_meet_at_the_nodes():
    graph = SPACE.graph(np.array(ROW, np.int8))
    assert graph.labels == (INPUT, *(OPERATIONS[operation] for operation in ROW), OUTPUT)
    begins, ends = [None, *(u for u, _ in EDGES), 3], [0, *(v for _, v in EDGES), None]
    expected = [(u, v) for u in range(8) for v in range(8) if ends[u] is not None and ends[u] == begins[v]]
    assert graph.edges == expected
    assert Graph.of(graph.matrix, graph.labels) == graph  # upper triangular, and all else that a graph must be


@given(ROWS)
def test_the_output_depends_on_what_is_live(row):
    graph = SPACE.graph(row)
    ways = [[]]  # of decisions, from node 0 to node 3
    for node in (1, 2, 3):
        ways += [[*way, node] for way in ways]
    ways = [[0, *way] for way in ways if way[-1:] == [3]]
    paths = [[EDGES.index(edge) for edge in pairwise(way)] for way in ways]
    used = {decision + 1 for path in paths if row[path].all() for decision in path}
    assert graph.live == (used | {0, 7} if used else set())


@given(ROWS, st.randoms())
def test_a_graph_leads_back_to_its_row_however_its_vertices_are_numbered(row, random):
    graph = SPACE.graph(row)
    order = list(random.choice(ORDERS))
    np.testing.assert_array_equal(SPACE.embed(graph.permuted(order)), row)


ORDERS = [
    (0, *order, 7)
    for order in permutations(range(1, 7))
    if all(order.index(u) < order.index(v) for u, v in ((1, 3), (1, 5), (2, 6), (3, 6)))
]


@pytest.mark.parametrize(
    "graph",
    [
        Graph((), ()),
        Graph.of([[0, 1], [0, 0]], [INPUT, OUTPUT]),
        Graph.of(SPACE.graph(np.zeros(6, np.int8)).matrix, [INPUT, *["conv3x3"] * 6, OUTPUT]),
        Graph.of(SPACE.graph(np.zeros(6, np.int8)).matrix, ["none"] * 8),
        Graph.of(np.triu(np.ones((8, 8), int), 1), [INPUT, *["none"] * 6, OUTPUT]),
    ],
)
def test_what_is_no_cell_is_not_embedded(graph):
    with pytest.raises(InvalidArchitecture):
        SPACE.embed(graph)


# ── the space itself ──────────────────────────────────────────────────────────────────────────────────────────────


def test_spaces_are_equal_and_carry_no_tables_along():
    assert NASBench201() == SPACE
    SPACE.key(SPACE.enumerate())
    assert len(pickle.dumps(SPACE)) < 200


def test_the_description_counts_cells_and_classes():
    said = SPACE.describe()
    assert (said["architectures"], said["different by key"]) == (15625, 6466)
    assert said["operations"] == list(OPERATIONS)
