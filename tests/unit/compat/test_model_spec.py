import copy
import json
import os
import pickle

import numpy as np
import pytest
from compat import plain
from hypothesis import given
from hypothesis import strategies as st

from nasbed.compat.nasbench import ModelSpec, hashing
from nasbed.compat.nasbench.edges import edge_mask
from nasbed.compat.nasbench.lib import model_spec
from nasbed.core.errors import BadSetting

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


SPEC = ModelSpec([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "maxpool3x3", "output"])


@pytest.fixture(params=[False, True], ids=["alone", "beside dot"])
def dot(request, tmp_path, monkeypatch):
    """Whether Graphviz's program is there: in its place one that writes the options and the source."""
    folder = tmp_path / "bin"
    folder.mkdir()
    if request.param:
        program = folder / "dot"
        program.write_text(
            '#!/bin/sh\n[ "$1" = "-Tgif" ] && { echo "no gif" >&2; exit 1; }\necho "$@"; exec /bin/cat\n'
        )
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return request.param


def test_a_picture_needs_no_graphviz():
    picture = SPEC.visualize()
    assert "0 -> 1" in picture.source
    assert "maxpool3x3" in picture._repr_svg_()
    with pytest.raises(ValueError, match="no path"):
        ModelSpec([[0, 0], [0, 0]], ["input", "output"]).visualize()


def test_a_picture_is_written_beside_its_source(dot, tmp_path, monkeypatch):
    picture = SPEC.visualize()
    path = picture.render("cell", directory=tmp_path / "new", format="svg")
    assert path == str(tmp_path / "new" / "cell.svg")
    assert (tmp_path / "new" / "cell.svg").read_text() == picture._repr_svg_()
    assert (tmp_path / "new" / "cell").read_text() == picture.source
    monkeypatch.chdir(tmp_path)
    assert picture.render(cleanup=True) == ("Digraph.gv.pdf" if dot else "Digraph.gv.svg")
    assert not os.path.exists("Digraph.gv")  # noqa: PTH110 - the name is relative, as rendering gives it
    if dot:
        assert (tmp_path / "Digraph.gv.pdf").read_text() == f"-Tpdf\n{picture.source}"


def test_formats_that_need_dot_are_written_by_it_or_refused(dot, tmp_path):
    picture = SPEC.visualize()
    picture.format = "png"
    if dot:
        assert picture.render(tmp_path / "cell") == str(tmp_path / "cell.png")
        with pytest.raises(BadSetting, match="dot wrote no gif: no gif"):
            picture.render(tmp_path / "cell", format="gif")
    else:
        with pytest.raises(BadSetting, match="png needs Graphviz's program dot"):
            picture.render(tmp_path / "cell")


def test_a_picture_can_be_opened(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    SPEC.visualize().render(tmp_path / "cell", view=True, format="svg")
    assert opened == [(tmp_path / "cell.svg").as_uri()]


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda spec: pickle.loads(pickle.dumps(spec))])
def test_copies_are_the_same_module(again):
    spec = ModelSpec([[0, 1, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]], ["input", OPS[0], OPS[1], "output"])
    copied = again(spec)
    assert copied.hash_spec(OPS) == spec.hash_spec(OPS)
    assert (copied.ops, copied.original_ops, copied.valid_spec) == (spec.ops, spec.original_ops, True)
    np.testing.assert_array_equal(copied.original_matrix, spec.original_matrix)


@pytest.mark.parametrize(
    ("edges", "kept"),
    [
        ([(0, 1), (1, 3)], [0, 1, 3]),  # an island
        ([(0, 1), (1, 4), (2, 3)], [0, 1, 4]),  # two that hang together
        ([(0, 1), (0, 2), (2, 3)], [0, 2, 3]),  # one that leads nowhere
        ([(0, 2), (1, 3), (2, 3)], [0, 2, 3]),  # one that nothing leads to
        ([(0, 1), (2, 3)], None),
        ([(1, 2)], None),
    ],
)
def test_what_is_on_no_path_is_pruned(edges, kept):
    vertices = max(max(edge) for edge in edges) + 1 if kept else 4
    matrix = np.zeros((vertices, vertices), int)
    for edge in edges:
        matrix[edge] = 1
    spec = ModelSpec(matrix, list(range(vertices)))  # ops may be anything
    assert spec.valid_spec is (kept is not None)
    assert spec.ops == kept
    if kept:
        np.testing.assert_array_equal(spec.matrix, matrix[np.ix_(kept, kept)])


def test_triangular_is_asked_where_it_is_published():
    assert model_spec.is_upper_triangular(np.array([[0]]))
    assert not model_spec.is_upper_triangular(np.array([[1]]))


ACROSS = np.array([[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("matrix", "ops", "canonical"),
    [
        (ACROSS, ["input", OPS[1], OPS[2], "output"], OPS),
        (ACROSS.astype(float), ["input", OPS[1], OPS[2], "output"], tuple(OPS)),
        (ACROSS * 2, ["input", OPS[1], OPS[2], "output"], OPS),
        (ACROSS, [["an"], OPS[1], OPS[2], "end"], OPS),
        (ACROSS, ["input", "ab", "c", "output"], "abc"),
        (ACROSS, ["input", 11, 2, "output"], list(range(12))),
        (np.triu(np.ones((9, 9), int), 1), ["input", *OPS, *OPS, OPS[0], "output"], OPS),
    ],
)
def test_the_loop_that_many_hashes_load_changes_nothing(matrix, ops, canonical):
    early, late = hashing.SpecHasher(), hashing.SpecHasher()
    late.hashed = hashing.MANY
    late.hash(ACROSS, ["input", OPS[0], OPS[0], "output"], OPS)
    assert late.loaded
    assert not early.loaded
    assert late.hash(matrix, ops, canonical) == early.hash(matrix, ops, canonical)
    for hasher in (early, late):
        with pytest.raises(ValueError, match="'dense' is not among the operations"):
            hasher.hash(matrix[:3, :3], ["input", "dense", "output"], canonical)


@pytest.mark.parametrize("each", [200, pytest.param(1, marks=pytest.mark.slow)])
def test_hashes_are_the_published_ones(shared_data, each):
    published = json.loads((shared_data / "nasbench101" / "data-1k.json").read_text())
    names = {-1: "input", -2: "output", **dict(enumerate(OPS))}
    columns = (published[name][::each] for name in ("key", "adjacency", "operations"))
    for digest, adjacency, labels in zip(*columns, strict=True):
        n = len(labels) - labels.count(-3)  # padded to seven vertices
        spec = ModelSpec(np.array(adjacency, int)[:n, :n], [names[label] for label in labels[:n]])
        assert spec.hash_spec(OPS) == digest
