"""Diagnostics: what a training's network made of the probe batch at the start, halfway and at the end, and its file.

The file is NumPy's ``.npz`` with one array a field, so it can be read without this package; nothing in it executes.

Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635, and the published ``build_model_fn``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from nasbed.core.checked import read_arrays, write_arrays
from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.printing import Printed

Floats = NDArray[np.float32]

AXES = {
    "moments": ("moments",),
    "layers": ("layers",),
    "parameters": ("parameters",),
    "labels": ("images",),
    "logits": ("moments", "images", "classes"),
    "image_losses": ("moments", "images"),
    "loss": ("moments",),
    "input_gradient_norms": ("moments", "images"),
    "parameter_norms": ("moments", "parameters"),
    "gradient_norms": ("moments", "parameters"),
    "covariances": ("moments", "layers", "images", "images"),
}
"""The axes of each array."""


@dataclass(frozen=True, eq=False)
class Diagnostics(Printed):
    """What one training's network made of the probe batch, measured in evaluation mode; all values are float32.

    The images are the first of each class in the validation part, 100 in all, ordered by class: for CIFAR-10 the
    published batch. What is not finite in the network is not finite here.

    Attributes:
        moments: When it was measured: ``start``, ``halfway``, ``end``; those that were reached, ``(moments,)``.
        layers: Names of the stem and of each module in order, ``stem``, ``cells.0``, …, ``(layers,)``.
        parameters: Names of all trainable parameters as in the network's state, ``(parameters,)``:
            ``cells.3.operations.2.weight`` is the convolution of vertex 2 of the fourth module,
            ``cells.3.projections.2.scale`` a factor of the normalisation on the way to it from the module's input.
        labels: The images' classes, int64, ``(images,)``.
        logits: ``(moments, images, classes)``.
        image_losses: Cross-entropy in nats, ``(moments, images)``.
        loss: What training minimises, ``(moments,)``: the images' mean loss plus the L2 term.
        input_gradient_norms: Norm of the gradient of ``loss`` at each image's normalised pixels,
            ``(moments, images)``. ``loss`` is a mean: an image's own loss has so many images times this gradient.
        parameter_norms: Euclidean norm of each parameter, ``(moments, parameters)``.
        gradient_norms: Norm of the gradient of ``loss``, L2 term and all, at each parameter,
            ``(moments, parameters)``.
        covariances: How images covary in the activations after each layer, ``(moments, layers, images, images)``:
            ``numpy.cov`` of a matrix with an image a row and a feature, a channel at a pixel, a column. It is computed
            in double precision and rounded once.
    """

    moments: tuple[str, ...]
    layers: tuple[str, ...]
    parameters: tuple[str, ...]
    labels: NDArray[np.int64]
    logits: Floats
    image_losses: Floats
    loss: Floats
    input_gradient_norms: Floats
    parameter_norms: Floats
    gradient_norms: Floats
    covariances: Floats

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """The fraction of the images that are told right, ``(moments,)``; not those with a logit that is no number."""
        right: NDArray[np.bool_] = (self.logits.argmax(axis=2) == self.labels) & ~np.isnan(self.logits).any(axis=2)
        fractions: NDArray[np.float64] = right.mean(axis=1)
        return fractions

    def describe(self) -> dict[str, Any]:
        """Give what it holds, and a few figures of each moment, in plain values."""
        figures = {
            "loss": self.loss,
            "accuracy": self.accuracy,
            "mean_input_gradient_norm": self.input_gradient_norms.mean(axis=1, dtype=np.float64),
            "parameter_norm": np.linalg.norm(self.parameter_norms.astype(np.float64), axis=1),
            "gradient_norm": np.linalg.norm(self.gradient_norms.astype(np.float64), axis=1),
        }
        return {
            "images": len(self.labels),
            "layers": list(self.layers),
            "parameters": len(self.parameters),
            **{
                moment: {name: float(f"{values[place]:.6g}") for name, values in figures.items()}
                for place, moment in enumerate(self.moments)
            },
        }

    def save(self, path: str | Path) -> None:
        """Write a file, whole or not at all.

        Raises:
            BadSetting: When nothing can be written there.
        """
        write_arrays(Path(path).expanduser(), {name: np.asarray(getattr(self, name)) for name in AXES})

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a file that ``save`` wrote.

        Raises:
            BadSetting: When there is no such file.
            CorruptFile: When it is another file, or a damaged one.
        """
        path = Path(path).expanduser()
        if not path.is_file():
            raise BadSetting(f"there is no file {path} to read diagnostics from")
        arrays: dict[str, Any] = read_arrays(
            path, "a file of diagnostics", "put a whole copy in its place, or train again"
        )
        try:
            _check(arrays)
        except (KeyError, ValueError) as error:
            raise CorruptFile(f"{path} is not a file of diagnostics: {error}") from None
        for name in ("moments", "layers", "parameters"):
            arrays[name] = tuple(arrays[name].tolist())
        return cls(**arrays)


def _check(arrays: dict[str, NDArray[Any]]) -> None:
    """See that arrays are of the kinds and shapes that fit together.

    Raises:
        ValueError: When one is not.
    """
    lengths: dict[str, int] = {}
    for name, axes in AXES.items():
        array = arrays[name]
        kind = np.str_ if axes == (name,) else np.int64 if name == "labels" else np.float32
        if not np.issubdtype(array.dtype, kind) or array.ndim != len(axes):
            raise ValueError(f"{name!r} is {array.dtype} with {array.ndim} axes")
        for axis, length in zip(axes, array.shape, strict=True):
            if lengths.setdefault(axis, length) != length:
                raise ValueError(f"{name!r} has {length} {axis}, others {lengths[axis]}")
