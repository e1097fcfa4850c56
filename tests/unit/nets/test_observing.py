"""What a network does while an image goes through it, against values that are added up by hand."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn

import nasbed
from nasbed.core.rng import Streams
from nasbed.nets.blueprint import blueprint_of
from nasbed.nets.costs import flops, peak_memory
from nasbed.nets.counting import count
from nasbed.nets.observing import image_of
from nasbed.nets.observing import peak_memory as peak_of
from nasbed.nets.written_blocks import Attention
from nasbed.spaces import WrittenSpace, choice, op, seq

MAP = 4 * 8 * 8  # bytes of one channel of 8 × 8 numbers


def conv(sources, targets, **settings):
    return nn.Conv2d(sources, targets, 3, padding=1, **settings)


class Residual(nn.Module):
    """What comes in waits until what the layers make of it is there."""

    def __init__(self):
        super().__init__()
        self.wide, self.narrow = conv(2, 10), conv(10, 2)

    def forward(self, x):
        return x + self.narrow(torch.relu(self.wide(x)))


class Late(nn.Module):
    """Values that Python holds longer than any step reads them."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([conv(2, 2), conv(2, 2), conv(2, 2)])

    def forward(self, x):
        values = [x]
        for layer in self.layers:
            values.append(layer(values[-1]))
        return values[-1]


MODEL = """
from torch import nn

def build(d, classes, image_channels):
    width = d("width", 4, 8)
    layers = nn.Conv2d(image_channels, width, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    return nn.Sequential(*layers, nn.Linear(width, classes))
"""


@pytest.mark.parametrize(
    ("network", "channels"),
    [
        (nn.Sequential(conv(2, 5)), 2 + 5),
        (nn.Sequential(conv(2, 5), nn.ReLU()), 5 + 5),
        (nn.Sequential(conv(2, 5), nn.ReLU(inplace=True)), 2 + 5),  # in place is no new value
        (nn.Sequential(conv(2, 5), nn.Flatten()), 2 + 5),  # nor is a view
        (
            nn.Sequential(conv(2, 5), nn.BatchNorm2d(5), nn.MaxPool2d(2)),
            5 + 5,
        ),  # where the largest are is no value
        (Residual(), 2 + 10 + 10),  # what comes in, and before and behind the rectifier
        (Late(), 2 + 2),
    ],
)
@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_the_peak_is_what_is_there_at_once_by_hand(network, channels, device):
    network = deepcopy(network).to(device)
    assert peak_of(network, image_of(network, 8, 2)) == channels * MAP


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_attention_keeps_the_matrix_of_its_weights(device):
    """Of 64 pixels of 2 channels and 1 head: the matrix before and behind its softmax; and what waits is small."""
    network = Attention(2, 1).to(device)
    assert peak_of(network, image_of(network, 8, 2)) >= 2 * 64 * MAP


def test_a_model_of_ones_own_says_its_peak(tmp_path):
    (tmp_path / "net.py").write_text(MODEL)
    space = nasbed.space(f"{tmp_path / 'net.py'}:build")
    blueprint = blueprint_of(space, image_size=8, image_channels=2)
    assert blueprint.peak_memory(space.enumerate()).tolist() == [2 * width * MAP for width in (4, 8)]


def test_a_network_is_left_as_it_was():
    network = nn.Sequential(nn.BatchNorm2d(2), nn.Dropout())
    peak_of(network, image_of(network, 8, 2))
    assert network.training
    assert network[0].num_batches_tracked == 0


def test_a_cell_of_skips_and_zeros_keeps_four_values():
    """The last node adds the input, which waits, to two zeros: one of node 1, which is the input, and one of node 2."""
    space = nasbed.space("nasbench201")
    row = space.parse("|skip_connect~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|none~2|")
    assert peak_memory(space, row[None]) == [4 * 16 * 4 * 32 * 32]


SPACES = ("nasbench101", "nasbench201", "natssize", "nasbenchmacro", "transnas-micro", "transnas-macro", "darts")


@pytest.mark.slow_where("darts", "transnas", "natssize", "nasbenchmacro")
@pytest.mark.parametrize("name", SPACES)
def test_every_blueprint_says_the_peak_of_the_network_that_it_builds(name):
    space = nasbed.space(name)
    rows = space.sample(Streams.from_seed(0, 3))
    blueprint = blueprint_of(space, image_size=8, image_channels=1)
    whole = [count(blueprint.network(row), 8, image_channels=1).peak_memory for row in rows]
    assert blueprint.peak_memory(rows).tolist() == whole


def test_a_benchmark_knows_the_peak_and_refuses_what_needs_more():
    benchmark = nasbed.benchmark("trained:digits:nasbench201")
    rows = benchmark.space.sample(Streams.from_seed(0, 4))
    assert benchmark.cost("peak_memory", rows).tolist() == benchmark.blueprint.peak_memory(rows).tolist()


def test_pytorch_counts_the_products_of_attention_too():
    space = WrittenSpace(seq(op("stem", channels=8), op("attention", heads=choice(1, 2)), op("head")))
    rows = np.array([[0], [1]], np.int8)
    frame = {"image_size": 4, "image_channels": 1}
    tokens, products = 16, 9 * 8 * 16 + 16 * 8 * (3 * 8 + 8) + 8 * 10
    attended = 2 * tokens * tokens * 8
    assert flops(space, rows, counting="torch", **frame).tolist() == [2 * (products + attended)] * 2
    assert flops(space, rows, **frame).tolist() == [products + 16 * 32 + 10] * 2  # offsets, but no attention
