"""Named modules are the published ones, and spaces know them by their names."""

import numpy as np
import pytest

import nasbed
from nasbed.core.errors import InvalidArchitecture
from nasbed.factory.settings import training_settings
from nasbed.nets.nasbench101 import NASBench101Blueprint
from nasbed.spaces.named_modules import NAMED_MODULES
from nasbed.spaces.nasbench101 import NASBench101

OUTSIDE = {
    "inception-resnet-like": NASBench101(edges=10),
    "resnet-50-like": NASBench101(vertices=3, operations=("bottleneck3x3",)),
}


def test_inception_like_and_best_are_the_published_ones():
    """By published parameters and, for the best, by its published hash."""
    space = NASBench101()
    rows = np.array([space.parse(name) for name in ("inception-like", "best")])
    assert NASBench101Blueprint(space).parameters(rows).tolist() == [2_694_282, 32_426_634]
    assert space.module_hash(space.parse("best")) == "02e5a0247bbdcf2860b7e96f74961594"


@pytest.mark.parametrize("name", NAMED_MODULES)
def test_a_name_is_read_as_the_module_it_stands_for(name):
    space = OUTSIDE.get(name, NASBench101())
    arch = space.parse(f" {name} ")
    assert space.graph(arch) == NAMED_MODULES[name]
    np.testing.assert_array_equal(space.parse(space.format(arch)), arch)


@pytest.mark.parametrize(
    ("name", "space", "complaint"),
    [
        ("inception-resnet-like", NASBench101(), "'inception-resnet-like' is outside this space.* more than 9 edges"),
        ("resnet-50-like", NASBench101(), "'resnet-50-like' is outside this space.*bottleneck3x3"),
        ("best", NASBench101(vertices=5), "'best' is outside this space.* 7 vertices.* at most 5"),
        ("resnet-lik", NASBench101(), "Did you mean 'resnet-like'"),
        ("hello", NASBench101(), "or a name: resnet-like, "),
    ],
)
def test_a_name_that_does_not_fit_says_why(name, space, complaint):
    with pytest.raises(InvalidArchitecture, match=complaint):
        space.parse(name)


PUBLISHED = {
    "resnet-like": ((16, 3, 3), 321_242),
    "resnet-50-like": ((128, 3, 6), 6_040_970),
    "inception-like": ((128, 3, 3), 2_694_282),
    "inception-resnet-like": ((128, 3, 3), 3_568_010),
    "best": ((128, 3, 3), 32_426_634),
}
"""Stem, stacks and modules a stack of each in the published code, and the parameters that follow from them."""


def skeleton_of(name, data="cifar10", **changes):
    space = NASBench101().around_named(name)
    return training_settings(space, data, architecture=name, **changes), space.parse(name)


@pytest.mark.parametrize("name", NAMED_MODULES)
def test_a_named_module_has_its_published_skeleton(name):
    torch = pytest.importorskip("torch")
    (blueprint, _), row = skeleton_of(name)
    skeleton = blueprint.stem_channels, blueprint.stacks, blueprint.modules_per_stack
    assert (skeleton, int(blueprint.parameters(row[None])[0])) == PUBLISHED[name]
    with torch.device("meta"):
        for network in (blueprint.network(row), nasbed.network("nasbench101", name)):
            assert sum(parameter.numel() for parameter in network.parameters()) == PUBLISHED[name][1]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMED_MODULES)
def test_a_named_module_is_trained_in_it(name):
    pytest.importorskip("torch")
    from nasbed.nets.data.source import load
    from nasbed.nets.training import train

    data, changes = "random:train=8,validation=2,test=2", {"batch_size": 2, "learning_rate": 0.001}
    (blueprint, recipe), row = skeleton_of(name, data, recipe=changes)
    result = train(blueprint, row, recipe, load(data), 1, 0)
    assert (result.failure, list(result.points)) == (None, ["start", "halfway", "end"])


def test_what_is_said_of_the_skeleton_comes_before_the_published_one():
    assert skeleton_of("resnet-like", skeleton={"stem_channels": 32})[0][0].stem_channels == 32
    assert skeleton_of("resnet-50-like", "digits")[0][0].modules_per_stack == 1  # which fits small images


def test_a_space_is_left_only_for_a_name_that_is_outside_it():
    space = NASBench101()
    assert space.around_named("best") is space
    assert space.around_named("011/001/000:bottleneck3x3") is space
    assert space.around_named("resnet-50-like") == NASBench101(vertices=3, edges=3, operations=("bottleneck3x3",))
