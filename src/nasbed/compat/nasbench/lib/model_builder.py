"""What the published code builds networks with, on PyTorch's tensors; TensorFlow's Estimator is refused.

Reference: Ying et al., ICML 2019, https://github.com/google-research/nasbench, ``nasbench/lib/model_builder.py``
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from nasbed.compat.nasbench.lib.model_spec import ModelSpec
from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.core.extras import require
from nasbed.nets.parts import vertex_channels

if TYPE_CHECKING:
    from torch import Tensor, nn

_AXES = {"channels_last": 3, "channels_first": 1}
"""Where the channels of a batch of images are."""


def build_model_fn(spec: ModelSpec, config: Mapping[str, Any], num_train_images: int) -> Any:
    """Refuse: it makes a function for TensorFlow's Estimator.

    Raises:
        NotImplementedError: Saying what is in its place.
    """
    raise NotImplementedError(
        "build_model_fn makes a function for TensorFlow's Estimator, which is not here; "
        "evaluate.train_and_evaluate(spec, config, model_dir) trains a module, build_module builds one, and "
        "nasbed.network('nasbench101', …) builds the whole network"
    )


def build_module(spec: ModelSpec, inputs: Tensor, channels: int, is_training: bool) -> Tensor:
    """Return what a module with new weights, drawn as TensorFlow does by PyTorch's generator, makes of some images.

    Args:
        spec: The module; its ``data_format`` says where the channels of images are.
        inputs: ``(batch, height, width, channels)``, or with channels second.
        channels: Of the output.
        is_training: Whether normalisation takes the batch's statistics, not running averages.

    Raises:
        InvalidArchitecture: A ``ValueError``: no path joins the module's input and output, or it is too narrow.
        BadSetting: A ``ValueError``: of another ``data_format``.
        UnknownName: A ``KeyError``: of an operation that there is not.
    """
    require("torch", "torch")
    from nasbed.nets.nasbench101_network import PlainCell

    width = inputs.shape[_axis(spec.data_format)]
    return _applied(PlainCell(spec.graph(), width, channels), inputs, is_training, spec.data_format)


def projection(inputs: Tensor, channels: int, is_training: bool, data_format: str) -> Tensor:
    """Return what a 1×1 convolution with new weights, batch normalisation and a rectifier make of some images.

    The arguments are those of ``build_module``.
    """
    require("torch", "torch")
    from nasbed.nets.nasbench101_network import ConvBNReLU

    width = inputs.shape[_axis(data_format)]
    return _applied(ConvBNReLU(width, channels, 1), inputs, is_training, data_format)


def truncate(inputs: Tensor, channels: int, data_format: str) -> Tensor:
    """Return the first channels of some images, of which at most one is left out, as in a module.

    Raises:
        InvalidArchitecture: A ``ValueError``: there are fewer, or more than one too many.
        BadSetting: A ``ValueError``: of another ``data_format``.
    """
    axis = _axis(data_format)
    width = inputs.shape[axis]
    if not 0 <= width - channels <= 1:
        raise InvalidArchitecture(f"{width} channels cannot be truncated to {channels}: in a module it is one at most")
    return inputs[(slice(None),) * axis + (slice(channels),)]


def compute_vertex_channels(input_channels: int, output_channels: int, matrix: ArrayLike) -> list[int]:
    """Return how many channels each vertex of a pruned module has.

    Those that feed the output share its channels, the first ones having one more where they do not divide; every other
    vertex is as wide as the widest that it feeds.

    Args:
        input_channels: Of the first vertex.
        output_channels: Of the last.
        matrix: The module's, ``(vertices, vertices)``.

    Raises:
        InvalidArchitecture: A ``ValueError``: a vertex would have no channels, as one that is not pruned.
    """
    edges = np.asarray(matrix)
    inner: list[int] = vertex_channels(edges[None], output_channels)[0].tolist()[1:-1]
    if 0 in inner:
        raise InvalidArchitecture(f"vertex {inner.index(0) + 1} leads nowhere; prune the module, as ModelSpec does")
    return [input_channels, *inner, output_channels]


def _covariance_matrix(activations: Any) -> Tensor:
    """Return how the images of a batch covary, ``(batch, batch)``: ``numpy.cov`` of an image a row, in their precision.

    Args:
        activations: ``(batch, …)``.
    """
    torch = require("torch", "torch")
    from nasbed.nets.probing import covariance

    given = torch.as_tensor(activations)
    return covariance(given).to(given.dtype)


def _axis(data_format: str) -> int:
    if data_format not in _AXES:
        raise BadSetting(f"invalid data_format {data_format!r}; it is one of {', '.join(_AXES)}")
    return _AXES[data_format]


def _applied(layers: nn.Module, inputs: Tensor, is_training: bool, data_format: str) -> Tensor:
    """Draw the weights of layers and return what they make of images, whose channels stay where they are."""
    from nasbed.nets.initialisation import draw_as_tensorflow

    draw_as_tensorflow(layers)
    axis = _axis(data_format)
    outputs: Tensor = layers.to(inputs).train(is_training)(inputs.movedim(axis, 1))
    return outputs.movedim(1, axis)
