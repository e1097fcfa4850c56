"""Architectures of NAS-Bench-301 as published, and the parameters and operations that were counted of them."""

import json
from ast import literal_eval

import numpy as np
import pytest

import nasbed
from nasbed.nets.costs import flops, params

NORMALISATIONS = {"sep_conv_3x3": 2, "sep_conv_5x5": 2, "dil_conv_3x3": 1, "dil_conv_5x5": 1}
"""In an operation. Those who counted had them without scale and offset, and one more behind each pooling."""

CHANNELS, PIXELS = (32, 64, 128), (32, 16, 8)  # of normal cells, two of each; reduction cells have the last two


@pytest.fixture(scope="module")
def published(shared_data):
    """The space as it was counted, its rows, and what NAS-Bench-Suite-Zero says of each."""
    scored = json.loads((shared_data / "proxies" / "zc_nasbench301.json").read_text())["cifar10"]
    space = nasbed.space("darts:cells=8,channels=32")
    return space, np.stack([space.parse(text) for text in scored]), list(scored.values())


@pytest.mark.slow_where("10")
@pytest.mark.parametrize("step", [10, pytest.param(1, marks=pytest.mark.slow)])
def test_published_architectures_are_read_and_written(shared_data, step):
    archs = list(json.loads((shared_data / "proxies" / "archs_nasbench301.json").read_text()).values())[::step]
    space, found = nasbed.space("darts"), set()
    for text in archs:
        row = space.parse(text)
        found.add(row.tobytes())
        given = [[sorted(cell[i : i + 2]) for i in range(0, 8, 2)] for cell in literal_eval(text)]
        assert [[list(cell[i : i + 2]) for i in range(0, 8, 2)] for cell in space.compact(row)] == given
    assert len(found) == len(archs) == -(-11_221 // step)


def normalisations(space, row, per_channel):
    """Sum over the operations of a network's cells, with how many normalisations each kind has there."""
    normal, reduction = space.pairs(row).values()
    total = 0
    for name, _ in normal:
        total += 2 * sum(map(per_channel, [name] * 3, [1] * 3, CHANNELS, PIXELS))
    for name, source in reduction:
        total += sum(map(per_channel, [name] * 2, [1 + (source < 2)] * 2, CHANNELS[1:], PIXELS[1:]))
    return total


@pytest.mark.slow
def test_networks_have_the_published_parameters(published):
    space, rows, scored = published

    def scales(name, stride, channels, pixels):
        halves = name == "skip_connect" and stride == 2
        return 2 * channels * NORMALISATIONS.get(name, halves)

    expected = [round(1e6 * one["params"]["score"]) for one in scored]
    counted = params(space, rows) - [normalisations(space, row, scales) for row in rows]
    np.testing.assert_array_equal(counted, expected)


@pytest.mark.slow
def test_networks_have_the_published_operations(published):
    space, rows, scored = published

    def scaled(name, stride, channels, pixels):
        halves = name == "skip_connect" and stride == 2
        fewer = NORMALISATIONS.get(name, halves) - ("pool" in name)
        return fewer * channels * pixels**2

    expected = [round(1e6 * one["flops"]["score"]) for one in scored]
    found = flops(space, rows, counting="naslib") - [normalisations(space, row, scaled) for row in rows]
    np.testing.assert_array_equal(found, expected)
