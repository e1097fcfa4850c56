"""Named modules: those of NAS-Bench-101 that the published code writes out."""

from __future__ import annotations

from nasbed.core.graph import INPUT, OUTPUT, Graph

CONV3, CONV1, POOL = "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"
"""The published operations, in the order of their labels 0, 1, 2."""


def _module(rows: str, *operations: str) -> Graph:
    return Graph.of([[int(edge) for edge in row] for row in rows.split("/")], [INPUT, *operations, OUTPUT])


NAMED_MODULES = {
    "resnet-like": _module("0101/0010/0001/0000", CONV3, CONV3),
    "resnet-50-like": _module("011/001/000", "bottleneck3x3"),
    "inception-like": _module(
        "0111010/0000001/0000001/0000100/0000001/0000001/0000000", CONV1, CONV3, CONV3, CONV3, POOL
    ),
    "inception-resnet-like": _module(
        "0111011/0000001/0000001/0000100/0000001/0000001/0000000", CONV1, CONV3, CONV3, CONV3, POOL
    ),
    "best": _module("0110011/0000010/0001000/0000100/0000010/0000001/0000000", CONV1, CONV3, POOL, CONV3, CONV3),
}
"""From a name to the module, of those that the published code writes out.

``best`` has the highest mean test accuracy of the published table, at 108 epochs. A 5×5 convolution of Inception is two
of 3×3. Two of them are outside the published space: ``inception-resnet-like`` has ten edges, and ``resnet-50-like`` an
operation of its own.

Reference: https://github.com/google-research/nasbench, ``nasbench/scripts/augment_model.py`` and, for Inception-like,
the example in its README.
"""
