"""The space of DARTS: its size, the published forms of genotypes, and what is none."""

import json
from collections import Counter, namedtuple
from itertools import chain

import numpy as np
import pytest

import nasbed
from nasbed.core.errors import BadSetting, InvalidArchitecture, NotListed
from nasbed.core.rng import Streams
from nasbed.core.spelling import spelled
from nasbed.spaces import DARTS
from nasbed.spaces.darts import SETS
from nasbed.spaces.genotype import FIRST
from nasbed.spaces.resolving import dags

SPACE = DARTS()

Genotype = namedtuple("Genotype", "normal normal_concat reduce reduce_concat")

NAMES = {
    "max": "max_pool_3x3",
    "avg": "avg_pool_3x3",
    "skip": "skip_connect",
    "sep3": "sep_conv_3x3",
    "sep5": "sep_conv_5x5",
    "dil3": "dil_conv_3x3",
}


def cell(text):
    """The pairs of a cell."""
    return [(NAMES[word], int(source)) for word, source in map(str.split, text.split(","))]


# cnn/genotypes.py of github.com/quark0/darts and genotypes.py of github.com/yuhuixu1993/PC-DARTS
PUBLISHED = {
    "DARTS_V1": Genotype(
        cell("sep3 1, sep3 0, skip 0, sep3 1, skip 0, sep3 1, sep3 0, skip 2"),
        [2, 3, 4, 5],
        cell("max 0, max 1, skip 2, max 0, max 0, skip 2, skip 2, avg 0"),
        [2, 3, 4, 5],
    ),
    "DARTS_V2": Genotype(
        cell("sep3 0, sep3 1, sep3 0, sep3 1, sep3 1, skip 0, skip 0, dil3 2"),
        [2, 3, 4, 5],
        cell("max 0, max 1, skip 2, max 1, max 0, skip 2, skip 2, max 1"),
        [2, 3, 4, 5],
    ),
    "PCDARTS": Genotype(
        cell("sep3 1, skip 0, sep3 0, dil3 1, sep5 0, sep3 1, avg 0, dil3 1"),
        range(2, 6),
        cell("sep5 1, max 0, sep5 1, sep5 2, sep3 0, sep3 3, sep3 1, sep3 2"),
        range(2, 6),
    ),
}


def swapped(pairs):
    """The same cell, the two pairs of each node in the other order."""
    return [pairs[i ^ 1] for i in range(8)]


def test_the_size_is_that_of_two_cells():
    assert SPACE.size == 1_037_664_180**2
    assert SPACE.of(dags(SPACE.expression)[0]).size == 1_037_664_180


@pytest.mark.parametrize("asked", ["enumerate", "unique", "probabilities"])
def test_what_takes_a_list_of_all_is_refused_at_once(asked):
    with pytest.raises(NotListed, match="the space darts is too large to list"):
        getattr(SPACE, asked)()


def test_the_reduction_cells_stand_where_they_are_published():
    for cells, reductions in {20: [6, 13], 8: [2, 5]}.items():
        labels = [part.label for part in DARTS(cells).expression.parts[1:-1]]
        assert [i for i, label in enumerate(labels) if label == "reduce"] == reductions
        assert len(labels) == cells


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_genotype_goes_through_every_form(name):
    genotype = PUBLISHED[name]
    row = SPACE.parse(str(genotype))
    pairs = {(i // 2, pair) for i, pair in enumerate(genotype.normal)}
    assert {(i // 2, pair) for i, pair in enumerate(SPACE.pairs(row)["normal"])} == pairs
    compact, configuration = SPACE.compact(row), SPACE.configuration(row)
    fields = {kind: list(value) for kind, value in genotype._asdict().items()}
    forms = [genotype, compact, str(compact), json.dumps(compact), configuration, json.dumps(configuration), fields]
    forms += [json.dumps(fields), SPACE.format(row), f"Configuration(values={configuration})"]
    forms += [f"Genotype({genotype.normal}, range(2, 6), {genotype.reduce}, [5, 4, 3, 2])"]
    for form in forms:
        assert SPACE.parse(form).tolist() == row.tolist()


def test_the_compact_tuple_is_the_published_one():
    """Operations are numbered without ``none``: 0 is max_pool_3x3 (naslib/search_spaces/nasbench301/conversions.py)."""
    normal, reduction = SPACE.compact(SPACE.parse(PUBLISHED["DARTS_V1"]))
    assert normal == ((0, 3), (1, 3), (0, 2), (1, 3), (0, 2), (1, 3), (0, 3), (2, 2))
    assert reduction == ((0, 0), (1, 0), (0, 0), (2, 2), (0, 0), (2, 2), (0, 1), (2, 2))


def test_the_configuration_has_the_published_names():
    found = SPACE.configuration(SPACE.parse(PUBLISHED["DARTS_V2"]))
    prefix = "NetworkSelectorDatasetInfo:darts:"
    normal = {name.removeprefix(prefix): value for name, value in found.items() if "normal" in name}
    assert normal == {
        **{f"edge_normal_{edge}": "sep_conv_3x3" for edge in (0, 1, 2, 3, 6)},
        **{f"edge_normal_{edge}": "skip_connect" for edge in (5, 9)},
        "edge_normal_11": "dil_conv_3x3",
        "inputs_node_normal_3": "0_1",
        "inputs_node_normal_4": "0_1",
        "inputs_node_normal_5": "0_2",
    }
    assert len(found) == 2 * (8 + 3)


def test_the_order_of_a_nodes_pairs_does_not_matter():
    for genotype in PUBLISHED.values():
        other = genotype._replace(normal=swapped(genotype.normal), reduce=swapped(genotype.reduce))
        rows = np.stack([SPACE.parse(genotype), SPACE.parse(other)])
        assert len(set(SPACE.key(rows).tolist())) == 1
        assert len(set(SPACE.texts(rows))) == 1


def test_every_row_is_read_back_from_each_form():
    for row in SPACE.sample(Streams.from_seed(0, 50)):
        for form in (SPACE.format(row), SPACE.compact(row), SPACE.configuration(row), tuple(row.tolist())):
            assert SPACE.parse(form).tolist() == row.tolist()


def test_edges_that_no_node_reads_do_not_count():
    found = SPACE.configuration(SPACE.parse(PUBLISHED["DARTS_V2"]))
    more = {**found, "NetworkSelectorDatasetInfo:darts:edge_normal_13": "max_pool_3x3"}
    assert SPACE.parse(more).tolist() == SPACE.parse(found).tolist()


def test_a_skip_that_halves_the_image_is_no_identity():
    normal, reduction = SPACE.cells(SPACE.sample(Streams.from_seed(0, 1)))
    skip = normal.operations.index("skip_connect")
    sources = [source for node in range(2, 6) for source in range(node)]
    assert normal.factors[:, skip].tolist() == [1.0] * 14
    kept = [source >= 2 for source in sources]
    assert (reduction.factors[:, skip] == 1).tolist() == kept


def changed(**fields):
    return str(PUBLISHED["DARTS_V1"]._replace(**fields))


NORMAL = PUBLISHED["DARTS_V1"].normal


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (changed(normal=NORMAL[:6]), "the normal cell has 8 pairs of an operation and its source, not 6"),
        (changed(normal=[("none", 0), *NORMAL[1:]]), "'none' is no operation of DARTS"),
        (changed(reduce=[("sep_conv_3x4", 0), *NORMAL[1:]]), "Did you mean 'sep_conv_3x3'"),
        (changed(normal=[("skip_connect", 2), *NORMAL[1:]]), "node 2 of the normal cell reads nodes 0 to 1, not 2"),
        (changed(normal=[NORMAL[0], NORMAL[0], *NORMAL[2:]]), "node 2 of the normal cell reads node 1 twice"),
        (changed(normal_concat=[3, 4, 5]), r"concatenate nodes 2 to 5; normal_concat is \[3, 4, 5\]"),
        (changed(normal=[3] * 8), "a pair is an operation and its source, not 3"),
        (str(((((0, 7),) * 8), (((0, 1),) * 8))), "operations are numbered 0 to 6, not 7"),
        ("{'normal': [], 'recurrent': []}", "a genotype has normal, normal_concat, reduce, reduce_concat"),
        ('{"edge_normal_0": "skip_connect"}', "edge_normal_1 is missing, the operation from node 1 to 2"),
        ('{"inputs_node_normal_3": "0_3"}', "edge_normal_0 is missing"),
        ("Genotype(__import__('os'))", "is no architecture of darts"),
        ("Genotype(range(2, 10**9))", "is no architecture of darts"),
        ("Genotype(" + "[" * 5_000, "is no architecture of darts"),
    ],
)
def test_what_is_no_genotype_is_refused_with_what_is_wrong(text, why):
    with pytest.raises(InvalidArchitecture, match=why):
        SPACE.parse(text)


def test_a_skeleton_that_cannot_be_is_refused():
    with pytest.raises(BadSetting, match="cells is a whole number from 3, not 2"):
        DARTS(cells=2)
    with pytest.raises(BadSetting, match="channels is a whole number from 1, not 0"):
        nasbed.space("darts:channels=0")


def test_every_edge_may_have_operations_of_its_own():
    lists = [["skip_connect", "sep_conv_3x3"] if i % 2 else ["noise", "dil_conv_5x5"] for i in range(28)]
    space = DARTS(3, 8, lists)
    assert nasbed.space(spelled("darts", space.settings())) == space
    for row in space.sample(Streams.from_seed(0, 50)):
        for kind, first in (("normal", 0), ("reduce", 14)):
            for i, (operation, source) in enumerate(space.pairs(row)[kind]):
                assert operation in lists[first + FIRST[2 + i // 2] + source]
        for form in (space.format(row), space.compact(row), space.configuration(row)):
            assert space.parse(form).tolist() == row.tolist()
    with pytest.raises(
        InvalidArchitecture, match=r"normal\.node2\.from1 is skip_connect or sep_conv_3x3 here, not noise"
    ):
        space.parse({kind: [("noise", source) for source in (0, 1) * 4] for kind in ("normal", "reduce")})


def test_s1_has_the_published_operations_on_each_edge():
    """``src/spaces.py`` of github.com/automl/RobustDARTS: two on each, of which a wider search had thought best."""
    space = nasbed.space("darts:cells=3,operations=[s1]")
    assert space.settings()["operations"] == ["s1"]
    edges = SETS["s1"]
    assert edges[:2] == (("skip_connect", "dil_conv_3x3"), ("skip_connect", "dil_conv_5x5"))
    assert edges[13:15] == (("dil_conv_3x3", "dil_conv_5x5"), ("max_pool_3x3", "avg_pool_3x3"))
    count = Counter(chain(*edges))
    assert (count["skip_connect"], count["sep_conv_3x3"], count["avg_pool_3x3"]) == (18, 5, 6)
    assert space.size == (4 * 12 * 24 * 40) ** 2


@pytest.mark.parametrize(
    "lists",
    [
        *(["skip_connect"], ["s2"], ["a", "a"], [1, 2], []),
        *([["a", "b"]], [["s1"]], [["a", "b"]] * 27, [["a", "b"]] * 27 + [["c"]], [["a", "b"]] * 27 + ["ab"]),
        *([[["a"], ["b"]]] * 28, [[1, 2]] * 28),
    ],
)
def test_lists_of_operations_that_do_not_fit_are_refused(lists):
    with pytest.raises(
        BadSetting, match=r"two or more different names, or 28 lists of such, one for each edge, or \[s1\], not"
    ):
        DARTS(operations=lists)


def test_the_settings_are_the_skeleton():
    search = nasbed.space("darts:cells=8,channels=16")
    assert (search, search.settings()) == (DARTS(8, 16), {"cells": 8, "channels": 16})
    assert search != SPACE
    assert search.parse(PUBLISHED["PCDARTS"]).tolist() == SPACE.parse(PUBLISHED["PCDARTS"]).tolist()
