"""The enumeration against the published loops, written straight."""

import hashlib
from itertools import combinations, product

import numpy as np
import pytest

from nasbed.core.errors import BadSetting
from nasbed.spaces import enumeration
from nasbed.spaces.enumeration import Modules, enumerate_modules, label_structures


def published_loops(vertices, edges, operations):
    """Go through all matrices and labels, as the original generator does: hash → (matrix, labels)."""
    found = {}
    for v in range(2, vertices + 1):
        for bits in range(2 ** (v * (v - 1) // 2)):
            matrix = [[bits >> (x + y * (y - 1) // 2) & 1 if x < y else 0 for y in range(v)] for x in range(v)]
            full = all(any(row) for row in matrix[:-1]) and all(
                any(column) for column in list(zip(*matrix, strict=True))[1:]
            )
            if not full or sum(map(sum, matrix)) > edges:
                continue
            for inner in product(range(operations), repeat=v - 2):
                labels = [-1, *inner, -2]
                found.setdefault(refined_hash(matrix, labels), (matrix, labels))
    return found


def refined_hash(matrix, labels):
    """Write the published hash without a look at ours."""
    everything = range(len(labels))
    colours = [md5(str((sum(matrix[v]), sum(row[v] for row in matrix), labels[v]))) for v in everything]
    for _ in everything:
        colours = [
            md5(
                "".join(sorted(colours[w] for w in everything if matrix[w][v]))
                + "|"
                + "".join(sorted(colours[w] for w in everything if matrix[v][w]))
                + "|"
                + colours[v]
            )
            for v in everything
        ]
    return md5(str(sorted(colours)))


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def unpacked(modules):
    """Give matrices and labels as the original generator has them."""
    result = []
    for v, mask, inner in zip(modules.vertices.tolist(), modules.masks.tolist(), modules.labels.tolist(), strict=True):
        matrix = [[mask >> (x + y * (y - 1) // 2) & 1 if x < y else 0 for y in range(v)] for x in range(v)]
        result.append((matrix, [-1, *inner[: v - 2], -2]))
        assert set(inner[v - 2 :]) <= {-1}
    return result


@pytest.mark.parametrize("space", [(2, 1, 3), (3, 2, 2), (4, 9, 3), (5, 6, 2), (5, 10, 1), (6, 6, 1)])
def test_modules_their_order_and_their_representatives_are_the_originals(space):
    assert unpacked(enumerate_modules(*space)) == list(published_loops(*space).values())


@pytest.mark.parametrize(("vertices", "count"), [(2, 1), (3, 7), (4, 91), (5, 2532), (6, 64542), (7, 423624)])
def test_counts_are_the_published_ones(vertices, count):
    assert len(enumerate_modules(vertices, 9, 3)) == count


def test_the_published_space_has_the_published_structures():
    structures = label_structures(7, 9, 3)
    assert len(structures.structure_masks) == 6472
    assert structures.offsets[-1] == len(structures.classes) == 1293208
    assert structures.classes.max() == 423623


@pytest.mark.slow
def test_eight_vertices_and_few_edges_agree_with_all_sets_of_edges():
    pairs = [(x, y) for y in range(8) for x in range(y)]
    hashes = set()
    for edges in combinations(pairs, 7):
        if len({x for x, _ in edges}) == len({y for _, y in edges}) == 7:
            matrix = [[int((x, y) in edges) for y in range(8)] for x in range(8)]
            hashes.add(refined_hash(matrix, [-1, *[0] * 6, -2]))
    modules = enumerate_modules(8, 7, 1)
    assert (modules.vertices == 8).sum() == len(hashes) == 1
    assert len(enumerate_modules(8, 7, 3)) == len(enumerate_modules(7, 7, 3)) + 3**6


def test_every_labelling_has_the_class_of_its_isomorphic_ones():
    structures, modules = label_structures(5, 9, 2), enumerate_modules(5, 9, 2)
    numbers = {text: number for number, text in enumerate(published_loops(5, 9, 2))}
    for s, (v, mask) in enumerate(
        zip(structures.structure_vertices.tolist(), structures.structure_masks.tolist(), strict=True)
    ):
        inner = np.array(list(product(range(2), repeat=v - 2)), np.int8)
        labels = np.full((len(inner), 3), -1, np.int8)
        labels[:, : v - 2] = inner
        same = Modules(np.full(len(inner), v), np.full(len(inner), mask, np.uint64), labels)
        classes = structures.classes[structures.offsets[s] : structures.offsets[s + 1]]
        assert classes.tolist() == [numbers[refined_hash(*module)] for module in unpacked(same)]
    assert len(modules) == len(numbers)


def test_verification_finds_nothing_to_complain_of_in_small_spaces():
    plain, verified = enumerate_modules(5, 9, 3), enumerate_modules(5, 9, 3, verify=True)
    assert plain.collisions is None
    assert verified.collisions.shape == (0, 2)
    np.testing.assert_array_equal(plain.masks, verified.masks)


def ring_modules():
    """Give two modules of ten vertices, one ring of eight between the ends and two of four, which hash alike."""
    rings = [[(0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 0)], None]
    rings[1] = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 2), (2, 3), (3, 2), (3, 3)]
    masks = []
    for ring in rings:
        edges = [(0, v) for v in range(1, 5)] + [(v, 9) for v in range(5, 9)] + [(1 + a, 5 + b) for a, b in ring]
        masks.append(sum(1 << (x + y * (y - 1) // 2) for x, y in edges))
    return Modules(np.full(2, 10, np.int8), np.array(masks, np.uint64), np.zeros((2, 8), np.int8))


def test_different_modules_that_share_a_hash_are_reported():
    np.testing.assert_array_equal(enumeration._collisions(ring_modules()), [[0, 1]])


def test_a_module_listed_twice_is_a_mistake():
    once = ring_modules()
    twice = Modules(once.vertices, once.masks[[0, 0]], once.labels)
    with pytest.raises(AssertionError, match="listed as two"):
        enumeration._collisions(twice)


@pytest.mark.parametrize("wrong", [[0, 2, 1, 3], [0, 1, 1, 3]])
def test_a_renumbering_that_is_none_is_noticed(wrong):
    masks = np.array([0b110001], np.uint64)  # 0→1, 1→3 and 2→3
    right = np.array([[0, 1, 2, 3]], np.int8)
    enumeration._check_witnesses(4, masks, masks, right)
    with pytest.raises(AssertionError, match="different"):
        enumeration._check_witnesses(4, masks, masks, np.array([wrong], np.int8))


@pytest.mark.slow_where("space4")
@pytest.mark.parametrize(
    ("space", "complaint"),
    [
        ((1, 9, 3), "2 to 11 vertices"),
        ((12, 9, 3), "2 to 11 vertices"),
        ((5, 0, 3), "at least 1 edge"),
        ((5, 9, 0), "at least 1 edge and 1 operation"),
        ((11, 30, 1), "too many to enumerate"),
        ((7, 9, 100), "too many to enumerate"),
    ],
)
def test_spaces_that_cannot_be_enumerated_say_why(space, complaint):
    with pytest.raises(BadSetting, match=complaint):
        enumerate_modules(*space)
