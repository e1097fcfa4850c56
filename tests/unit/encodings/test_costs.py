"""Costs by formula are numbers of a predictor, and rank by themselves."""

import numpy as np
import pytest
from scipy.stats import kendalltau

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.encodings.graph import Graph
from nasbed.nets import costs
from nasbed.spaces.choices import Choices

SPACE = nasbed.space("nasbench201")
ROWS = SPACE.enumerate()[::97]


def test_they_are_those_of_the_networks_and_rank_architectures():
    found = nasbed.encoding("costs", SPACE)(ROWS)
    np.testing.assert_allclose(np.exp(found[:, 0]), 1 + costs.params(SPACE, ROWS))
    predictor = nasbed.predictor("score", SPACE, encoding="onehot+costs", of="log(flops)", goal="min")
    mean = predictor.fit(ROWS[:20], -found[:20, 1]).predict(ROWS)[0]
    assert kendalltau(mean, -costs.flops(SPACE, ROWS))[0] > 0.999


def test_without_a_formula_there_are_none():
    with pytest.raises(BadSetting, match="there is no formula for the costs of networks of"):
        nasbed.encoding("costs", Choices({"a": (1, 2), "b": (1, 2)}))


def test_a_graph_has_a_label_for_each_vertex_that_passes_something_on():
    block = Graph(SPACE)
    labels, arrows = np.split(
        block.values(SPACE.parse("|none~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|skip_connect~2|")[None])[0], [56]
    )
    stands = [name for name, one in zip(block.names, labels, strict=False) if one]
    assert stands == ["vertex0=input", "vertex2=nor_conv_3x3", "vertex6=skip_connect", "vertex7=output"]
    assert np.argwhere(arrows.reshape(8, 8)).tolist() == [[0, 2], [2, 6], [6, 7]]
