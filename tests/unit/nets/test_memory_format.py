"""How images lie in memory: channels last, unless PyTorch would write beyond the end of a gradient."""

import numpy as np
import pytest
import torch
from torch import nn

from nasbed.nets.nasbenchmacro import NASBenchMacroBlueprint
from nasbed.nets.side_by_side import side_by_side
from nasbed.nets.stacked import Convolution
from nasbed.spaces.nasbenchmacro import NASBenchMacro

SHAPE = (1, 8, 8)


@pytest.mark.parametrize(
    ("first", "memory"),
    [
        (nn.Conv2d(1, 8, 1, stride=2), torch.contiguous_format),
        (nn.Conv2d(1, 8, 1), torch.channels_last),
        (nn.Conv2d(1, 8, 3, stride=2), torch.channels_last),
    ],
)
def test_small_strided_convolutions_are_not_computed_channels_last(first, memory):
    network = nn.Sequential(first, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    assert side_by_side([network], SHAPE).inner.get_submodule("0").memory is memory
    drawing = nn.Sequential(*network, nn.Dropout())  # which is called as it is
    assert side_by_side([drawing], SHAPE).memory is memory


def test_small_networks_of_nasbenchmacro_have_such_convolutions():
    blueprint = NASBenchMacroBlueprint(NASBenchMacro(), image_size=8, image_channels=1, **NASBenchMacroBlueprint.small)
    alone = side_by_side([blueprint.network(np.zeros(8, np.int8))], SHAPE)
    convolutions = [layer for layer in alone.modules() if isinstance(layer, Convolution)]
    assert {layer.memory for layer in convolutions} == {torch.contiguous_format, torch.channels_last}
