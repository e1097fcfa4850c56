import json

import numpy as np
import pytest
from compat import plain
from hypothesis import given
from hypothesis import strategies as st

from nasbed.compat.nasbench import ModelSpec
from nasbed.compat.nasbench.edges import edge_mask

OPS = plain.CONFIG["available_ops"]


@given(st.integers(0, 9).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.integers(0, 1), min_size=n * n))))
def test_pruning_is_the_plain_one(drawn):
    n, bits = drawn
    matrix = np.triu(np.array(bits[: n * n], int).reshape(n, n), 1)
    ops = [str(v) for v in range(n)]
    spec, expected = ModelSpec(matrix, ops), prune_or_none(matrix, ops)
    np.testing.assert_array_equal(spec.original_matrix, matrix)
    assert spec.original_ops == ops
    if expected is None:
        assert (spec.matrix, spec.ops, spec.valid_spec) == (None, None, False)
    else:
        np.testing.assert_array_equal(spec.matrix, expected[0])
        assert (spec.ops, spec.valid_spec) == (expected[1], True)
        assert spec.matrix.dtype == matrix.dtype
        assert spec.matrix is not matrix
        assert spec.ops is not ops


def prune_or_none(matrix, ops):
    found = plain.prune(matrix, ops) if len(ops) > 1 else (None, None)
    return None if found[0] is None else found


@pytest.mark.parametrize(
    ("matrix", "ops", "said"),
    [
        ([[0, 1]], ["input"], "square"),
        ([0, 1], ["input", "output"], "square"),
        ([[0, 1], [0, 0]], ["input"], "length of ops"),
        ([[0, 1], [1, 0]], ["input", "output"], "upper triangular"),
        ([[1, 1], [0, 0]], ["input", "output"], "upper triangular"),
        ([[0.0, 1.0], [0.5, 0.0]], ["input", "output"], "upper triangular"),
        (np.array([[0, 1], [256, 0]]), ["input", "output"], "upper triangular"),
    ],
)
def test_bad_matrices_are_value_errors(matrix, ops, said):
    with pytest.raises(ValueError, match=said):
        ModelSpec(matrix, ops)


def mask_or_none(matrix):
    try:
        return edge_mask(matrix.tobytes(), len(matrix), matrix.dtype, len(matrix))
    except KeyError:
        return None


@pytest.mark.parametrize("kind", ["?", "b", "B", "<i2", ">i4", "<u8", "<i8", ">i8", "<f8"])
def test_masks_of_all_kinds_of_integers(kind):
    matrix = np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]]).astype(kind)
    assert mask_or_none(np.asfortranarray(matrix)) == (0b111 if np.dtype(kind).isnative and kind != "<f8" else None)
    assert ModelSpec(matrix, ["input", "maxpool3x3", "output"]).valid_spec


@pytest.mark.parametrize("value", [2, -1, 255, 256, 2**40 + 1])
def test_no_mask_for_other_numbers(value):
    assert mask_or_none(np.array([[0, value], [0, 0]])) is None
    assert mask_or_none(np.array([[0, 1], [value, 0]])) is None
    assert ModelSpec(np.array([[0, value], [0, 0]]), ["input", "output"]).valid_spec


def test_numbers_in_the_other_order_of_bytes_have_no_mask():
    assert mask_or_none(np.array([[0, 256], [0, 0]], np.dtype(np.int16).newbyteorder())) is None


def test_a_picture_needs_no_graphviz():
    picture = ModelSpec([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "maxpool3x3", "output"]).visualize()
    assert "0 -> 1" in picture.source
    assert "maxpool3x3" in picture._repr_svg_()
    with pytest.raises(ValueError, match="no path"):
        ModelSpec([[0, 0], [0, 0]], ["input", "output"]).visualize()


def test_hashes_are_the_published_ones(shared_data):
    published = json.loads((shared_data / "nasbench101" / "data-1k.json").read_text())
    names = {-1: "input", -2: "output", **dict(enumerate(OPS))}
    for digest, adjacency, labels in zip(
        published["key"], published["adjacency"], published["operations"], strict=True
    ):
        n = len(labels) - labels.count(-3)  # padded to seven vertices
        spec = ModelSpec(np.array(adjacency, int)[:n, :n], [names[label] for label in labels[:n]])
        assert spec.hash_spec(OPS) == digest
