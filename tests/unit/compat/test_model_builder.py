"""model_builder: channels as published, and what the published functions make of PyTorch's tensors."""

import numpy as np
import pytest

from nasbed.compat.nasbench.lib import model_builder
from nasbed.compat.nasbench.lib.model_spec import ModelSpec
from nasbed.core.errors import BadSetting, InvalidArchitecture, UnknownName


def edges(vertices, *pairs):
    matrix = np.zeros((vertices, vertices), int)
    for source, target in pairs:
        matrix[source, target] = 1
    return matrix


LINE = edges(4, (0, 1), (1, 2), (2, 3))
DIAMOND = edges(4, (0, 1), (0, 2), (1, 3), (2, 3))
JOINED = edges(5, (0, 1), (0, 2), (1, 3), (2, 3), (3, 4))
THREE = edges(5, (0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4))
FORK = edges(5, (0, 1), (1, 2), (1, 3), (2, 4), (3, 4))
LADDER = edges(5, (0, 1), (0, 3), (1, 2), (1, 4), (2, 3), (3, 4))


@pytest.mark.parametrize(
    ("matrix", "inputs", "expected"),
    [
        (edges(2, (0, 1)), 1, [1, 5]),
        (LINE, 8, [8, 16, 16, 16]),  # wider than what comes in
        (LINE, 16, [16, 8, 8, 8]),  # and narrower
        (JOINED, 8, [8, 8, 8, 8, 8]),  # branches that join before the output share nothing
        (DIAMOND, 8, [8, 4, 4, 8]),
        (DIAMOND, 8, [8, 8, 7, 15]),  # the first has one more
        (THREE, 8, [8, 3, 3, 2, 8]),
        (THREE, 8, [8, 5, 5, 5, 15]),
        (FORK, 8, [8, 5, 5, 4, 9]),  # as wide as the widest that it feeds
        (LADDER, 8, [8, 8, 7, 7, 15]),  # what feeds the output has its share, whatever else it feeds
    ],
)
def test_channels_of_vertices(matrix, inputs, expected):
    found = model_builder.compute_vertex_channels(inputs, expected[-1], matrix)
    assert found == expected
    assert {type(width) for width in found} == {int}


def test_a_vertex_without_channels_is_refused():
    with pytest.raises(InvalidArchitecture, match="vertex 2 leads nowhere"):
        model_builder.compute_vertex_channels(8, 8, edges(4, (0, 1), (0, 2), (1, 3)))
    with pytest.raises(InvalidArchitecture, match="wider stem"):
        model_builder.compute_vertex_channels(8, 2, THREE)


def test_the_estimator_is_refused_with_what_is_in_its_place():
    with pytest.raises(NotImplementedError, match="train_and_evaluate"):
        model_builder.build_model_fn(None, {}, 40_000)
    with pytest.raises(NotImplementedError, match="train_seconds"):
        from nasbed.compat.nasbench.lib import training_time  # noqa: F401


# ── tensors ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


SHAPES = {"channels_last": (2, 6, 6, 5), "channels_first": (2, 5, 6, 6)}


@pytest.mark.parametrize("images", [50, 120])
def test_covariance_is_that_of_numpy(torch, images):
    matrix = np.random.default_rng(images).random((images, 700)).astype(np.float32)
    for given in (matrix, torch.from_numpy(matrix)):
        found = model_builder._covariance_matrix(given)
        assert found.dtype == torch.float32
        np.testing.assert_array_almost_equal(np.asarray(found), np.cov(matrix), decimal=6)


@pytest.mark.parametrize("data_format", SHAPES)
def test_a_module_keeps_channels_where_they_are(torch, data_format):
    axis, images = SHAPES[data_format].index(5), torch.rand(SHAPES[data_format])
    spec = ModelSpec(DIAMOND, ["input", "conv3x3-bn-relu", "maxpool3x3", "output"], data_format)
    for outputs, channels in (
        (model_builder.build_module(spec, images, 7, True), 7),
        (model_builder.projection(images, 3, False, data_format), 3),
        (model_builder.truncate(images, 4, data_format), 4),
    ):
        assert outputs.shape == tuple(channels if place == axis else size for place, size in enumerate(images.shape))
    assert (outputs == images.narrow(axis, 0, 4)).all()


def test_both_formats_make_the_same_of_the_same(torch):
    images, found = torch.rand(SHAPES["channels_last"]), []
    for data_format, given in (("channels_last", images), ("channels_first", images.movedim(3, 1))):
        spec = ModelSpec(LADDER, ["input", *["conv1x1-bn-relu"] * 3, "output"], data_format)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            found.append(model_builder.build_module(spec, given, 6, True))
    torch.testing.assert_close(found[0], found[1].movedim(1, 3))


def test_training_normalises_by_the_batch(torch):
    """Of images that differ about one half is above a channel's mean; of equal ones all are, or none is."""
    images = torch.rand(8, 8, 8, 5)
    trained = model_builder.projection(images, 64, True, "channels_last")
    shares = (trained > 0).float().mean(dim=(0, 1, 2))
    assert 0.3 < shares.min() < shares.max() < 0.7
    evaluated = model_builder.projection(torch.ones_like(images), 64, False, "channels_last")
    assert set((evaluated > 0).float().mean(dim=(0, 1, 2)).tolist()) == {0.0, 1.0}
    assert evaluated.max() > 0.1  # the batch's mean would leave nothing


def test_what_no_module_has_is_refused(torch):
    images, spec = torch.rand(SHAPES["channels_last"]), ModelSpec(DIAMOND, ["input", "fly", "swim", "output"])
    for channels in (3, 6):
        with pytest.raises(InvalidArchitecture, match="5 channels cannot be truncated"):
            model_builder.truncate(images, channels, "channels_last")
    with pytest.raises(UnknownName, match="fly"):
        model_builder.build_module(spec, images, 8, True)
    spec.data_format = "NHWC"
    with pytest.raises(BadSetting, match="invalid data_format 'NHWC'"):
        model_builder.build_module(spec, images, 8, True)
