"""Named modules: those that the published code writes out, so that nobody has to type their matrices.

Reference: https://github.com/google-research/nasbench, ``nasbench/scripts/augment_model.py`` and, for Inception-like,
the example in its README.
"""

from __future__ import annotations

from nasbed.core.graph import INPUT, OUTPUT, Graph

_CONV3, _CONV1, _POOL = "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"


def _module(rows: str, *operations: str) -> Graph:
    return Graph.of([[int(edge) for edge in row] for row in rows.split("/")], [INPUT, *operations, OUTPUT])


NAMED_MODULES = {
    "resnet-like": _module("0101/0010/0001/0000", _CONV3, _CONV3),
    "resnet-50-like": _module("011/001/000", "bottleneck3x3"),
    "inception-like": _module(
        "0111010/0000001/0000001/0000100/0000001/0000001/0000000", _CONV1, _CONV3, _CONV3, _CONV3, _POOL
    ),
    "inception-resnet-like": _module(
        "0111011/0000001/0000001/0000100/0000001/0000001/0000000", _CONV1, _CONV3, _CONV3, _CONV3, _POOL
    ),
    "best": _module("0110011/0000010/0001000/0000100/0000010/0000001/0000000", _CONV1, _CONV3, _POOL, _CONV3, _CONV3),
}
"""From a name to the module.

``best`` has the highest mean test accuracy of the published table, at 108 epochs. A 5×5 convolution of Inception is two
of 3×3. Two of them are outside the published space: ``inception-resnet-like`` has ten edges, and ``resnet-50-like`` an
operation of its own.
"""
