"""The NAS-Bench-101 space against its definition, in plain Python."""

import copy
import pickle
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.core.graph import INPUT, OUTPUT, Graph
from nasbed.core.rng import Streams
from nasbed.spaces.nasbench101 import OPERATIONS, NASBench101

SPACES = {vertices: NASBench101(vertices) for vertices in (2, 3, 4, 5, 7)}


@st.composite
def rows(draw, vertices=None):
    space = SPACES[vertices or draw(st.sampled_from([3, 4, 5, 7]))]
    bits = st.lists(st.integers(0, 1), min_size=space.edge_count, max_size=space.edge_count)
    inner = st.lists(st.integers(0, 2), min_size=space.vertices - 2, max_size=space.vertices - 2)
    return space, np.array(draw(bits) + draw(inner), np.int8)


@given(rows())
def test_valid_means_a_path_and_few_edges_after_pruning(row):
    space, arch = row
    pruned = space.raw_graph(arch).pruned()
    assert space.valid(arch[None])[0] == (pruned is not None and len(pruned.edges) <= space.edges)


@given(rows(7), rows(7))
def test_keys_classes_and_hashes_agree_on_what_is_isomorphic(first, second):
    space, archs = first[0], np.array([first[1], second[1]])
    if not space.valid(archs).all():
        return
    same = space.graph(archs[0]).isomorphic(space.graph(archs[1]))
    assert (len(set(space.key(archs))) == 1) == same
    assert (len(set(space.index(archs))) == 1) == same
    assert (space.module_hash(archs[0]) == space.module_hash(archs[1])) == same
    digests = space.hashes(archs)
    assert [digest.tobytes().hex() for digest in digests] == [space.module_hash(arch) for arch in archs]


@given(rows(), st.randoms())
def test_renumbered_vertices_change_nothing(row, random):
    space, arch = row
    if not space.valid(arch[None])[0]:
        return
    graph = space.graph(arch)
    order = [0]
    while len(order) < graph.vertices:  # a random topological order, the output last
        ready = [v for v in range(graph.vertices) if v not in order and set(graph.predecessors(v)) <= set(order)]
        ready = [v for v in ready if v != graph.vertices - 1] or ready
        order.append(random.choice(ready))
    twin = space.embed(graph.permuted(order))
    both = np.array([arch, twin])
    assert len(set(space.key(both))) == len(set(space.index(both))) == 1


@given(rows())
def test_text_and_graph_come_back(row):
    space, arch = row
    if not space.valid(arch[None])[0]:
        with pytest.raises(InvalidArchitecture):
            space.embed(space.raw_graph(arch))
        return
    np.testing.assert_array_equal(space.embed(space.raw_graph(arch)), arch)
    again = space.parse(space.format(arch))
    assert space.graph(again) == space.graph(arch)


@pytest.mark.parametrize(("vertices", "size"), [(2, 1), (3, 7), (4, 91), (5, 2532), (7, 423624)])
def test_enumeration_numbers_every_class_once(vertices, size):
    space = SPACES[vertices]
    archs = space.enumerate()
    assert len(archs) == space.size == size
    assert space.valid(archs).all()
    np.testing.assert_array_equal(space.index(archs), np.arange(size))
    assert len(np.unique(space.key(archs))) == size


def test_keys_are_the_same_whichever_way_they_are_computed():
    from nasbed.spaces import nasbench101_kernels as kernels

    small, large, huge = SPACES[4], SPACES[7], NASBench101(8)
    archs = small.enumerate()
    graphs = [small.graph(arch) for arch in archs]
    keys = small.key(archs)
    np.testing.assert_array_equal(kernels.key_rows(archs, 4), keys)
    for space in (large, huge):
        np.testing.assert_array_equal(space.key(np.array([space.embed(graph) for graph in graphs])), keys)
    assert huge.size is None
    with pytest.raises(BadSetting, match="use key"):
        huge.index(huge.enumerate()[:1]) if False else huge.module_index


def test_rows_that_are_no_modules_have_no_class():
    space = SPACES[5]
    arch = space.parse("01/00:")
    for change in ({0: 2}, {0: -1}, {space.edge_count: 3}, {space.edge_count: -1}):
        bad = arch.copy()
        bad[:] = space.enumerate()[-1]
        for place, value in change.items():
            bad[place] = value
        assert not space.valid(bad[None])[0]
        assert space.index(bad[None])[0] == -1
        assert space.key(bad[None])[0] == 0


def test_mutation_changes_as_often_as_published():
    space = SPACES[7]
    parent = np.repeat(space.parse("0110/0011/0001/0000:conv3x3,maxpool")[None], 20000, axis=0)
    child = space.mutate(parent, Streams.from_seed(0, 20000))
    assert space.valid(child).all()
    changed = (child != parent)[:, space.edge_count :].mean(axis=0)
    np.testing.assert_allclose(changed, 1 / 5, atol=0.012)  # every operation with 1/(vertices − 2), to another one
    from_conv3x3 = child[:, space.edge_count][child[:, space.edge_count] != 0]
    np.testing.assert_allclose(np.bincount(from_conv3x3)[1:] / len(from_conv3x3), 1 / 2, atol=0.03)
    free = NASBench101(7, edges=21)  # no edge is too many, so only a lost path is drawn again
    parent = np.repeat(free.parse("01/00:")[None], 20000, axis=0)
    flipped = (free.mutate(parent, Streams.from_seed(1, 20000)) != parent)[:, : free.edge_count - 1]
    assert 0.12 < flipped[:, :15].mean() < 0.18


def test_samples_are_uniform_over_valid_rows():
    space = SPACES[3]
    raw = np.array([[a, b, c, op] for a in (0, 1) for b in (0, 1) for c in (0, 1) for op in range(3)], np.int8)
    valid = raw[space.valid(raw)]
    drawn = space.sample(Streams.from_seed(2, 30000))
    counts = np.array([(drawn == row).all(axis=1).sum() for row in valid])
    assert counts.sum() == 30000
    expected = 30000 / len(valid)
    assert ((counts - expected) ** 2 / expected).sum() < 40  # χ² with 14 degrees of freedom: p < 0.001


def test_chances_are_those_of_all_raw_rows():
    space = SPACES[4]
    raw = np.array(list(product((0, 1), repeat=6)), np.int8)
    operations = np.array(list(product(range(3), repeat=2)), np.int8)
    raw = np.hstack([np.repeat(raw, len(operations), axis=0), np.tile(operations, (len(raw), 1))])
    classes = space.index(raw)
    expected = np.bincount(classes[classes >= 0], minlength=91) / (classes >= 0).sum()
    np.testing.assert_allclose(space.probabilities(), expected, rtol=1e-12)


def test_chances_are_those_of_samples():
    space = SPACES[5]
    chances = space.probabilities()
    assert chances.shape == (2532,)
    assert chances.sum() == pytest.approx(1)
    counts = np.bincount(space.index(space.sample(Streams.from_seed(5, 400000))), minlength=2532)
    expected = 400000 * chances
    assert expected.min() > 5
    excess = ((counts - expected) ** 2 / expected).sum() - 2531
    assert abs(excess) < 4 * np.sqrt(2 * 2531)


def test_children_take_their_decisions_from_their_parents():
    space = SPACES[7]
    streams = Streams.from_seed(3, 500)
    mothers, fathers = space.sample(streams), space.sample(streams)
    children = space.crossover(mothers, fathers, streams)
    assert space.valid(children).all()
    assert ((children == mothers) | (children == fathers)).all()
    assert (children != mothers).any(axis=1).mean() > 0.5


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("hello", "not a module"),
        ("011/001/000:conv7x7", "conv7x7"),
        ("011/001:conv3x3", "different lengths|square"),
        ("000/000/000:conv3x3", "no path"),
        ("010/101/000:conv3x3", "upper triangular"),
        ("01111/00111/00011/00001/00000:conv3x3,conv3x3,conv3x3", "more than 9 edges"),
        ("011/001/000:", "as many labels"),
    ],
)
def test_text_that_names_no_module_says_why(text, complaint):
    with pytest.raises(InvalidArchitecture, match=complaint):
        SPACES[5].parse(text)


def test_operations_may_be_short_and_ends_named():
    space = SPACES[4]
    long = space.parse("011/001/000:input,maxpool3x3,output")
    np.testing.assert_array_equal(long, space.parse("011/001/000:maxpool"))
    assert space.graph(long) == Graph.of([[0, 1, 1], [0, 0, 1], [0, 0, 0]], [INPUT, OPERATIONS[2], OUTPUT])


@pytest.mark.parametrize("arguments", [{"vertices": 1}, {"vertices": 12}, {"edges": 0}, {"operations": ()}])
def test_settings_outside_the_possible_are_refused(arguments):
    with pytest.raises(BadSetting):
        NASBench101(**arguments)


def test_neighbours_are_one_decision_away_and_mutual():
    space = SPACES[5]
    arch = space.sample(Streams.from_seed(4, 1))[0]
    near = space.neighbors(arch)
    assert ((near != arch).sum(axis=1) == 1).all()
    assert len(np.unique(near, axis=0)) == len(near)
    for other in near:
        assert (space.neighbors(other) == arch).all(axis=1).any()


def other_layouts(archs):
    wide = np.zeros((len(archs), archs.shape[1] + 3), np.int8)
    wide[:, 3:] = archs
    fixed = archs.copy()
    fixed.flags.writeable = False
    return {
        "backwards": archs[::-1].copy()[::-1],
        "every other": np.repeat(archs, 2, axis=0)[::2],
        "columns first": np.asfortranarray(archs),
        "a part": wide[:, 3:],
        "int64": archs.astype(np.int64),
        "floats": archs.astype(float),
        "lists": archs.tolist(),
        "read only": fixed,
    }


@pytest.mark.parametrize("layout", other_layouts(np.zeros((2, 2), np.int8)))
@pytest.mark.parametrize("vertices", [4, 7])
def test_how_rows_lie_in_memory_changes_nothing(vertices, layout):
    space = SPACES[vertices]
    archs = space.sample(Streams.from_seed(0, 50))
    other = other_layouts(archs)[layout]
    for ask in (space.index, space.key, space.valid, space.hashes):
        np.testing.assert_array_equal(ask(other), ask(archs))
    for breed in (space.mutate, lambda rows, streams: space.crossover(rows, rows, streams)):
        np.testing.assert_array_equal(breed(other, Streams.from_seed(1, 50)), breed(archs, Streams.from_seed(1, 50)))


NO_ROWS = {
    "one": np.zeros(26, np.int8),
    "narrow": np.zeros((3, 25), np.int8),
    "nothing": [],
    "beyond int8": np.full((3, 26), 256),
    "fractions": np.full((3, 26), 0.5),
    "not a number": np.full((3, 26), np.nan),
    "ragged": [[0] * 26, [0]],
    "text": np.full((3, 26), "x"),
}


@pytest.mark.parametrize("rows", NO_ROWS.values(), ids=list(NO_ROWS))
def test_what_has_no_rows_of_the_space_is_refused(rows):
    space, streams = SPACES[7], Streams.from_seed(0, 3)
    good = space.sample(streams)
    for ask in (space.index, space.key, space.valid, space.hashes):
        with pytest.raises(InvalidArchitecture):
            ask(rows)
    for breed in (
        lambda: space.mutate(rows, streams),
        lambda: space.crossover(rows, good, streams),
        lambda: space.crossover(good, rows, streams),
        lambda: space.mutate(good[:2], streams),
    ):
        with pytest.raises(InvalidArchitecture):
            breed()


def test_a_space_that_was_used_is_pickled_as_its_settings():
    space = NASBench101(5, 8, ("a", "b"))
    archs = space.enumerate()
    space.index(archs)
    sent = pickle.dumps(space)
    assert len(sent) < 500
    again = pickle.loads(sent)
    assert again == copy.deepcopy(space) == space
    np.testing.assert_array_equal(again.index(archs), space.index(archs))
