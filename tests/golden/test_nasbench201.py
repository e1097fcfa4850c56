"""What may not change by a bit, for tables and studies are numbered by it.

The orders and the unique strings were compared with published files and code before they were written down here; keys
and draws are ours.
"""

import hashlib

import numpy as np
import pytest

from nasbed.core.rng import Streams
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.spaces.natssize import NATSSize


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("space", "rows", "keys"),
    [
        (NASBench201(), "efc20b8c0d7b04db", "105bb31ce621b558"),
        (NATSSize(), "950e5e738f22f643", "b0c964cd429d6f50"),
    ],
    ids=["nasbench201", "natssize"],
)
def test_orders_and_keys_stay(space, rows, keys):
    archs = space.enumerate()
    assert digest(archs) == rows
    assert digest(space.key(archs)) == keys


@pytest.mark.parametrize(
    ("space", "drawn", "mutants", "children"),
    [
        (NASBench201(), "5aa7ede0ba3470bd", "b8580499150d40ea", "73335cf3eb4b060b"),
        (NATSSize(), "ffd463a97ae8a242", "e65f2cf483e0814f", "b2c0edc4d9a8f542"),
    ],
    ids=["nasbench201", "natssize"],
)
def test_draws_stay(space, drawn, mutants, children):
    streams = Streams.from_seed(7, 1000)
    mothers, fathers = space.sample(streams), space.sample(streams)
    assert digest(mothers) == drawn
    assert digest(space.mutate(mothers, streams)) == mutants
    assert digest(space.crossover(mothers, fathers, streams)) == children


@pytest.mark.parametrize(
    ("index", "text"),
    [  # as https://github.com/D-X-Y/AutoDL-Projects asserts them where it shuffles
        (0, "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"),
        (9, "|avg_pool_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"),
    ],
)
def test_published_indices(index, text):
    space = NASBench201()
    assert space.index(space.parse(text)[None]) == index


def test_6466_classes_have_these_unique_strings():
    space = NASBench201()
    texts = sorted(space.unique_string(arch) for arch in space.unique())
    assert len(texts) == 6466
    assert hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16] == "30c7c5c6ea6f9747"
