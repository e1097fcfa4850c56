"""Supernets: one architecture's coefficients give its own network; what coefficients mean; and what has no supernet."""

import copy
import pickle
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import nasbed
from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.core.rng import Streams
from nasbed.spaces import DARTS, WrittenSpace, choice, dag, depth, edges, op, seq, subset, where

DIGIT = {"image_size": 8, "image_channels": 1}
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")


def with_head(*parts, **head):
    return WrittenSpace(seq(op("stem", channels=4), *parts, op("head", **head)))


def own():
    """A space of depth, kernels and widths, a cell with chosen inputs, and one object used twice."""

    def block(i):
        return op("mbconv", kernel=choice(3, 5), expand=choice(1, 2, 3), channels=8, stride=2 if i == 0 else 1, se=True)

    def options(*names):
        return choice(*map(op, names))

    same = options("conv1x1", "conv3x3-bn-relu", "sep_conv_3x3")
    cell = dag({(0, 1): same, (0, 2): same, 3: subset(2, *(options("skip", "none", "conv3x3") for _ in range(3)))})
    wide = op("conv", channels=choice(6, 12), kernel=choice(1, 3))
    return with_head(depth(block, 1, 2, 3), cell, choice(cell, op("max_pool_3x3")), wide, op("conv"))


def is_narrow(modules):
    return "widen" not in str(modules)[6:]


def constrained():
    """A space whose shapes depend on decisions, of which constraints say which go together."""
    module = where(depth(lambda i: choice(op("keep"), op("widen"), op("halve")), 1, 2), is_narrow)
    return with_head(module, op("residual"))


def motifs():
    """Two levels, whose channels depend on what is on the edges."""
    names = ("conv_1x1", "depthwise_conv_3x3", "separable_conv_3x3", "max_pool_3x3", "identity", "none")
    both = [edges(3, lambda i, j: choice(*map(op, names)), "concat", name=f"motif{k}") for k in range(2)]
    return with_head(edges(3, lambda i, j: choice(op("none"), *both), "concat", name="cell"), op("conv"))


def transformers():
    """A small vision transformer, of which depth, heads and expansions are decided."""
    block = depth(lambda i: op("transformer", heads=choice(1, 2, 4), expansion=choice(1, 2, 4)), 1, 2, 3)
    return WrittenSpace(seq(op("patches", channels=8, stride=2), block, op("head")))


PAIRS = [
    ("skip_connect", "sep_conv_3x3") if i % 3 else ("max_pool_3x3", "dil_conv_5x5", "sep_conv_5x5") for i in range(28)
]

SPACES = {
    "nasbench201": ("nasbench201", {"channels": 4, "cells": 1, **DIGIT}),
    "darts": ("darts:cells=4,channels=4", DIGIT),
    "each edge its own": (DARTS(3, 4, PAIRS), DIGIT),
    "mobile": ("mobile:width=0.25", DIGIT),
    "own": (own(), DIGIT),
    "motifs": (motifs(), DIGIT),
    "transformer": (transformers(), DIGIT),
    "constrained": (constrained(), DIGIT),
    "nasbenchmacro": ("nasbenchmacro", {"channels": 4, "head_channels": 16, **DIGIT}),
    "transnas-micro": ("transnas-micro", {"channels": 4, "stem": 1, **DIGIT}),
    "product": (with_head(edges(3, lambda i, j: choice(*map(op, OPERATIONS)), merge="product")), DIGIT),
    "concat": (
        with_head(
            dag({(0, 1): op("conv1x1"), 2: subset(1, op("conv"), choice(op("skip"), op("none")))}, merge="concat")
        ),
        DIGIT,
    ),
    "grouped": (
        with_head(edges(3, lambda i, j: choice(*map(op, ("depthwise_conv_3x3", "separable_conv_3x3", "none"))))),
        DIGIT,
    ),
    "a cell alone": (WrittenSpace(edges(3, lambda i, j: choice(op("none"), op("skip"), op("conv")))), DIGIT),
}
LARGE = {
    "hierarchical": ("hierarchical:channels=4", DIGIT),
    "transnas-macro": ("transnas-macro", {"channels": 4, "stem": 1, **DIGIT}),
    "natssize": ("natssize", DIGIT),
}


def made(name, **more):
    space, settings = {**SPACES, **LARGE}[name]
    space = nasbed.space(space) if isinstance(space, str) else space
    torch.manual_seed(0)
    return space, nasbed.supernet(space, **settings, **more).double()


def pictures(net, count=3):
    frame = net.blueprint
    generator = torch.Generator().manual_seed(1)
    shape = (count, frame.image_channels, frame.image_size, frame.image_size)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def gradients(outputs, weights):
    found = torch.autograd.grad(outputs.square().sum(), weights, allow_unused=True)
    return [torch.zeros_like(one) if grad is None else grad for one, grad in zip(weights, found, strict=True)]


def assert_masked_is_alone(name, count):
    space, net = made(name)
    images, weights = pictures(net), list(net.parameters())
    for row in space.sample(Streams.from_seed(0, count)):
        masked, alone = net(images, net.one_hot(row)), net.subnet(row)(images)
        assert torch.allclose(masked, alone, rtol=0, atol=1e-9), space.format(row)
        for one, other in zip(gradients(masked, weights), gradients(alone, weights), strict=True):
            assert torch.allclose(one, other, rtol=1e-9, atol=1e-9), space.format(row)


@pytest.mark.slow_where("mobile", "each edge", "nasbenchmacro", "constrained", "transformer")
@pytest.mark.parametrize("name", SPACES)
def test_one_architectures_coefficients_give_its_own_network(name):
    assert_masked_is_alone(name, 8 if name == "motifs" else 2)


def test_a_layer_that_is_of_other_modules_where_channels_change_is_found():
    _, net = made("motifs")
    for row in ("cell.0-1=none cell.1-2=motif0 motif0.0-1=depthwise_conv_3x3", "cell.1-2=motif1 motif1.0-2=identity"):
        assert torch.allclose(net(pictures(net), net.one_hot(row)), net.subnet(row)(pictures(net)), rtol=0, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nasbench201", "darts", "mobile", "own", *LARGE])
def test_many_architectures_coefficients_give_their_own_networks(name):
    assert_masked_is_alone(name, 30 if name in LARGE else 100)


@pytest.mark.parametrize("name", ["nasbench201", "darts", "own"])
def test_a_published_network_with_the_subnets_weights_gives_the_same(name):
    space, net = made(name, affine=True)
    row = space.sample(Streams.from_seed(3, 1))[0]
    alone, published = net.subnet(row), nasbed.network(space, row, **SPACES[name][1]).double()
    for weight, lent in zip(published.parameters(), own_sized(alone), strict=True):
        weight.data.copy_(lent)
    assert torch.allclose(published(pictures(net)), net(pictures(net), net.one_hot(row)), rtol=0, atol=1e-9)


@pytest.mark.slow
def test_the_supernet_of_darts_has_the_parameters_that_its_program_prints():
    """``cnn/train_search.py`` of 8 cells and 16 channels logs ``param size = 1.930618MB``, without the alphas."""
    net = nasbed.supernet("darts:cells=8,channels=16")
    assert sum(one.numel() for one in net.parameters()) == 1_930_618


@pytest.mark.slow
def test_the_supernet_of_once_for_all_has_the_parameters_of_its_largest_network():
    """7.66 million: as published, whose weights are those of its largest network."""
    net = nasbed.supernet("mobile", classes=1000)
    assert sum(one.numel() for one in net.parameters()) == 7_664_760


def own_sized(network):
    """Give the weights that layers read, in their order: parts of the shared ones are computed."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear | nn.BatchNorm2d):
            yield from (one for one in (module.weight, module.bias) if one is not None)


# ── what coefficients mean ────────────────────────────────────────────────────────────────────────────────────────


def mixed(net, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(len(slot.values), generator=generator, dtype=torch.float64) for slot in net.decisions]


def one_edge(*options):
    space = with_head(dag({(0, 1): choice(*options, name="op")}))
    torch.manual_seed(0)
    return nasbed.supernet(space, **DIGIT).double()


def test_an_edge_adds_up_what_its_options_give_times_their_coefficients():
    net = one_edge(*map(op, OPERATIONS))
    images, weights = pictures(net), torch.tensor([3.0, 0.5, -1.0, 2.0, 0.25], dtype=torch.float64)
    bias = net(images, [torch.tensor([1.0, 0, 0, 0, 0], dtype=torch.float64)])
    wanted = bias + sum(weight * (net(images, net.one_hot([i])) - bias) for i, weight in enumerate(weights))
    assert torch.allclose(net(images, [weights]), wanted, rtol=0, atol=1e-12)


def test_a_coefficients_gradient_is_what_its_option_adds():
    net = one_edge(op("skip"), op("conv3x3"))
    images, weights = pictures(net), torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(net(images, [weights])[0, 0], weights)
    with torch.no_grad():
        further = [net(images, [weights + step]) for step in torch.eye(2, dtype=torch.float64)]
        wanted = torch.stack([one[0, 0] - net(images, [weights])[0, 0] for one in further])
    assert torch.allclose(gradient, wanted, rtol=0, atol=1e-12)


def test_settings_that_are_decided_are_added_up_too():
    space = with_head(op("conv", kernel=choice(1, 3), activation=choice("relu", "gelu")))
    net = nasbed.supernet(space, **DIGIT).double()
    images, (kernels, others) = pictures(net), mixed(net)
    bias = dict(net.named_parameters())["layers.places.2/head.2.bias"]
    wanted = bias + sum(
        kernels[k] * others[a] * (net(images, net.one_hot([k, a])) - bias) for k in range(2) for a in range(2)
    )
    assert torch.allclose(net(images, [kernels, others]), wanted, rtol=0, atol=1e-12)


def test_depths_are_added_up():
    space = with_head(depth(lambda i: op("conv3x3"), 0, 1, 3))
    net = nasbed.supernet(space, **DIGIT).double()
    images, (depths,) = pictures(net), mixed(net)
    bias = dict(net.named_parameters())["layers.places.2/head.2.bias"]
    wanted = bias + sum(depths[d] * (net(images, net.one_hot([d])) - bias) for d in range(3))
    assert torch.allclose(net(images, [depths]), wanted, rtol=0, atol=1e-12)


def test_options_of_a_chosen_option_count_both():
    space = with_head(choice(op("skip"), choice(op("conv3x3"), op("conv1x1"), name="inner"), name="outer"))
    net = nasbed.supernet(space, **DIGIT).double()
    images, (outer, inner) = pictures(net), mixed(net)
    bias = dict(net.named_parameters())["layers.places.2/head.2.bias"]
    each = [net(images, net.one_hot(row)) - bias for row in ([0, 0], [1, 0], [1, 1])]
    wanted = bias + outer[0] * each[0] + outer[1] * (inner[0] * each[1] + inner[1] * each[2])
    assert torch.allclose(net(images, [outer, inner]), wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("fused", [False, True])
def test_options_of_fewer_channels_have_zeros_behind(fused):
    space = with_head(choice(*(op("conv", channels=channels) for channels in (6, 4, 8, 5))))
    net = nasbed.supernet(space, fused=fused, **DIGIT).double()
    images, (options,) = pictures(net), mixed(net)
    bias = dict(net.named_parameters())["layers.places.2/head.2.bias"]
    wanted = bias + sum(options[i] * (net(images, net.one_hot([i])) - bias) for i in range(4))
    assert torch.allclose(net(images, [options]), wanted, rtol=0, atol=1e-12)


def test_an_input_counts_as_much_as_the_choices_that_have_it():
    space = with_head(dag({(0, 1): op("conv3x3"), (0, 2): op("conv1x1"), 3: subset(2, *map(op, ["skip"] * 3))}))
    net = nasbed.supernet(space, **DIGIT).double()
    images, (inputs,) = pictures(net), mixed(net)
    bias = dict(net.named_parameters())["layers.places.2/head.2.bias"]
    wanted = bias + sum(inputs[i] * (net(images, net.one_hot([i])) - bias) for i in range(3))
    assert torch.allclose(net(images, [inputs]), wanted, rtol=0, atol=1e-12)


def test_what_nothing_reads_does_not_matter():
    space, net = made("own")
    row = space.canonical(space.sample(Streams.from_seed(0, 1)))[0]
    row[0] = 0  # a depth of one block
    coefficients = list(net.one_hot(row))
    wanted = net(pictures(net), coefficients)
    idle = np.flatnonzero(~space.active(row[None])[0])
    assert len(idle)
    for slot in idle:
        coefficients[slot] = torch.full_like(coefficients[slot], 7.0)
    assert torch.equal(net(pictures(net), coefficients), wanted)


def test_one_object_used_twice_is_one_decision():
    same = choice(op("none"), op("conv3x3"))
    net = nasbed.supernet(with_head(same, same), **DIGIT)
    assert [len(one) for one in net.uniform()] == [2]


@pytest.mark.slow_where("mobile")
@pytest.mark.parametrize("name", ["nasbench201", "darts", "mobile", "own"])
def test_what_a_supernet_gives_depends_on_nothing_but_its_arguments(name):
    space, net = made(name)
    images, first, second = pictures(net), mixed(net, 0), net.one_hot(space.sample(Streams.from_seed(0, 1))[0])
    once = net(images, first), net(images, second)
    net.eval()
    again = net(images, first), net(images, second)
    assert all(torch.equal(one, other) for one, other in zip(once, again, strict=True))
    assert once[0].isfinite().all()


def test_what_counts_nothing_is_not_computed():
    net = one_edge(*(op(Noting, name=name) for name in "abc"))
    Noting.computed.clear()
    net(pictures(net), [torch.tensor([0.5, 0.0, 2.0], dtype=torch.float64)])
    assert Noting.computed == ["a", "c"]


class Noting(nn.Module):
    """A layer of one's own, which notes that it is computed."""

    computed: ClassVar[list[str]] = []

    def __init__(self, name):
        super().__init__()
        self.name = name

    def forward(self, x):
        self.computed.append(self.name)
        return x + 1


def test_layers_of_ones_own_that_work_in_place_spoil_nothing():
    def own(in_channels, out_channels, stride):
        return nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(in_channels, out_channels, 3, stride, 1))

    net = one_edge(op(own), op("skip"), op(own))
    images, (options,) = pictures(net), mixed(net)
    bias = dict(net.named_parameters())["layers.places.2/head.2.bias"]
    wanted = bias + sum(options[i] * (net(images, net.one_hot([i])) - bias) for i in range(3))
    assert torch.allclose(net(images, [options]), wanted, rtol=0, atol=1e-12)


def test_coefficients_may_be_of_another_precision():
    _, net = made("nasbench201")
    wanted = net(pictures(net), net.uniform())
    assert torch.allclose(net(pictures(net), [one.float() for one in net.uniform()]), wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("chosen", [0, 1, 2])
def test_zeros_that_are_carried_have_the_gradient_of_a_number_that_is_added(chosen, fused):
    net = one_edge(op("none"), op("skip"), op("conv3x3"))
    net.fused = fused
    images, options = pictures(net), [one.requires_grad_() for one in net.one_hot([chosen])]
    outputs = net(images, options, carried=True)
    assert torch.equal(outputs, net(images, net.one_hot([chosen])))
    (gradient,) = torch.autograd.grad(outputs[0, 0], options)
    wanted = net.weights["layers.places.2/head.2.weight"][0].sum()  # the head averages and multiplies
    others = [i for i in range(3) if i != chosen]
    assert torch.allclose(gradient[others], wanted.expand(2), rtol=0, atol=1e-12)


def test_uniform_coefficients_sum_up_to_one():
    _, net = made("own")
    assert all(torch.allclose(one.sum(), torch.ones((), dtype=torch.float64)) for one in net.uniform())


# ── what is fused ─────────────────────────────────────────────────────────────────────────────────────────────────


def plain_and_fused(net, coefficients):
    """Give outputs and gradients, of coefficients too, without and with what options have in common computed once."""
    for fused in (False, True):
        net.fused = fused
        leaves = [one.clone().requires_grad_() for one in coefficients]
        outputs = net(pictures(net), leaves)
        yield [outputs, *gradients(outputs, [*leaves, *net.parameters()])]


ADDED = [name for name in SPACES if name != "constrained"]  # its options of other sizes are not added up


@pytest.mark.slow_where("darts", "each edge", "True-")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name == "mobile" else ()) for name in ADDED]
)
@pytest.mark.parametrize("affine", [False, True])
def test_what_is_computed_once_is_the_same_function(name, affine):
    _, net = made(name, affine=affine)
    if affine:
        shake(net)
    for one, other in zip(*plain_and_fused(net, mixed(net)), strict=True):
        assert torch.allclose(one, other, rtol=1e-12, atol=1e-12 * max(1.0, one.abs().max().item()))


def shake(net):
    """Give normalisations scales and offsets that are neither 1 nor 0."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for one in net.parameters():
            one.add_(0.1 * torch.randn(one.shape, generator=generator, dtype=one.dtype))


def test_rectifiers_and_poolings_are_computed_once_for_all_edges_of_a_node():
    net = nasbed.supernet("nasbench201", channels=4, cells=1, **DIGIT)
    called = []
    for module in net.modules():
        if isinstance(module, nn.ReLU | nn.AvgPool2d):
            module.register_forward_hook(lambda module, *_: called.append(type(module)))
    net(pictures(net).float(), net.uniform())
    # three cells of three sources; two rectifiers in each of two reductions, whose shortcut pools, and one in the head
    assert (called.count(nn.ReLU), called.count(nn.AvgPool2d)) == (3 * 3 + 2 * 2 + 1, 3 * 3 + 2)


def test_convolutions_of_a_kernel_are_one_for_all_edges_of_a_node(monkeypatch):
    kernels, convolve = [], functional.conv2d
    monkeypatch.setattr(
        functional, "conv2d", lambda x, weight, *rest: kernels.append(len(weight[0, 0])) or convolve(x, weight, *rest)
    )
    net = nasbed.supernet("nasbench201", channels=4, cells=1, **DIGIT)
    kernels.clear()
    net(pictures(net).float(), net.uniform())
    # three cells of three sources; three in each of two reductions, and the stem
    assert (kernels.count(1), kernels.count(3)) == (3 * 3 + 2, 3 * 3 + 2 * 2 + 1)


# ── what is shared ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_subnet_has_the_supernets_own_parameters():
    space, net = made("nasbench201")
    alone = net.subnet(space.parse("9930"))
    assert {id(one) for one in alone.parameters()} <= {id(one) for one in net.parameters()}


def test_a_step_of_a_subnet_is_one_of_the_supernet():
    space, net = made("mobile")
    row = space.sample(Streams.from_seed(0, 1))[0]
    before = net(pictures(net), net.one_hot(row))
    with torch.no_grad():
        for one in net.subnet(row).parameters():
            one.mul_(1.5)
    assert not torch.allclose(net(pictures(net), net.one_hot(row)), before)


def test_a_smaller_kernel_is_the_centre_of_the_largest():
    net = nasbed.supernet(with_head(op("conv", kernel=choice(3, 7, 5), channels=8)), **DIGIT)
    weight = dict(net.named_parameters())["layers.places.1/conv.0.weight"]
    assert weight.shape == (8, 4, 7, 7)
    assert torch.equal(net.subnet("5").parts[1][0].weight, weight[:, :, 1:6, 1:6])


def test_fewer_channels_are_the_first():
    net = nasbed.supernet(with_head(op("conv", channels=choice(8, 2)), op("conv1x1")), **DIGIT)
    weight = dict(net.named_parameters())["layers.places.1/conv.0.weight"]
    assert torch.equal(net.subnet("2").parts[1][0].weight, weight[:2])


def test_options_at_each_place_have_weights_of_their_own():
    cell = edges(3, lambda i, j: choice(op("skip"), op("conv1x1"), op("nor_conv_1x1")))
    net = nasbed.supernet(with_head(cell, cell), **DIGIT)
    assert sum(one.dim() == 4 for one in net.parameters()) == 1 + 2 * 3 * 2


def test_normalisations_of_what_is_chosen_have_no_scale():
    net = nasbed.supernet(with_head(choice(op("conv"), op("skip")), op("conv")), **DIGIT)
    names = {name for name, one in net.named_parameters() if one.dim() == 1}
    assert names == {f"layers.places.{n}" for n in ("0/stem.1.weight", "0/stem.1.bias", "2/conv.1.weight",
                                                    "2/conv.1.bias", "3/head.2.bias")}  # fmt: skip


def test_copies_have_weights_of_their_own():
    space, net = made("own")
    row = space.sample(Streams.from_seed(0, 1))[0]
    wanted = net(pictures(net), net.one_hot(row))
    for made_again in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert torch.equal(made_again(pictures(net), net.one_hot(row)), wanted)
        with torch.no_grad():
            for one in made_again.parameters():
                one.zero_()
    assert torch.equal(net(pictures(net), net.one_hot(row)), wanted)


# ── what is wrong ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_coefficients_of_other_shapes_are_refused():
    _, net = made("nasbench201")
    with pytest.raises(BadSetting, match=r"6 vectors of 5 numbers.*net.uniform"):
        net(pictures(net), net.uniform()[:5])


def test_a_decision_of_which_nothing_counts_is_refused():
    net = one_edge(op("skip"), op("conv3x3"))
    with pytest.raises(BadSetting, match=r"all coefficients of .*op are 0"):
        net(pictures(net), [torch.zeros(2)])


def test_options_of_other_sizes_are_not_added_up():
    net = nasbed.supernet(with_head(choice(op("keep"), op("halve"))), **DIGIT)
    with pytest.raises(InvalidArchitecture, match=r"4² or 8² pixels, which cannot be added up.*one_hot"):
        net(pictures(net).float(), net.uniform())


def test_what_is_no_architecture_has_no_coefficients():
    _, net = made("constrained")
    with pytest.raises(InvalidArchitecture, match=r"no architecture of written"):
        net.one_hot(np.array([1, 1, 1], np.int8))


def test_nasbench101_has_no_supernet():
    with pytest.raises(BadSetting, match=r"how many edges a module has.*Take nasbench201, darts or a cell of your own"):
        nasbed.supernet("nasbench101")


def test_decisions_that_are_numbers_in_code_have_no_supernet(tmp_path):
    text = (
        "from torch import nn\ndef build(d):\n    return nn.Sequential(nn.Flatten(), nn.Linear(3072, d('w', 10, 10)))\n"
    )
    (tmp_path / "model.py").write_text(text.replace("10, 10", "10, 11"))
    with pytest.raises(BadSetting, match=r"numbers in your Python code.*choice\(op\(A\), op\(B\)\)"):
        nasbed.supernet(f"{tmp_path}/model.py:build")


@pytest.mark.parametrize("setting", [{"auxiliary": 0.4}, {"drop_path": 0.2}])
def test_what_is_of_the_last_training_alone_is_refused(setting):
    with pytest.raises(BadSetting, match="leave auxiliary and drop_path to the training"):
        nasbed.supernet("darts:cells=4,channels=4", **setting)


def test_settings_that_are_none_are_refused():
    with pytest.raises(BadSetting, match=r"no setting 'chanels'.*Did you mean 'channels'"):
        nasbed.supernet("nasbench201", chanels=4)


@pytest.mark.parametrize("fused", [False, True])
def test_tracked_averages_are_those_of_what_was_computed_in_training_and_are_read_in_evaluation(fused):
    torch.manual_seed(0)
    net = nasbed.supernet("nasbench201", channels=4, cells=1, image_size=8, tracked=True, fused=fused).double()
    torch.manual_seed(0)
    plain = nasbed.supernet("nasbench201", channels=4, cells=1, image_size=8, fused=False).double()
    norms = [one for one in plain.modules() if isinstance(one, nn.BatchNorm2d)]
    seen = {one: [] for one in norms}
    for one in norms:
        one.register_forward_pre_hook(lambda norm, given: seen[norm].append(given[0].detach()))
    batches = torch.randn(3, 8, 3, 8, 8, dtype=torch.float64)
    for images in batches:
        assert torch.allclose(net(images, net.uniform()), plain(images, net.uniform()), rtol=0, atol=1e-10)
    for one, other in zip((one for one in net.modules() if isinstance(one, nn.BatchNorm2d)), norms, strict=True):
        mean, variance = torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
        for x in seen[other]:
            mean = 0.9 * mean + 0.1 * x.mean((0, 2, 3))
            variance = 0.9 * variance + 0.1 * x.var((0, 2, 3), unbiased=True)
        assert torch.allclose(one.running_mean, mean, rtol=0, atol=1e-10)
        assert torch.allclose(one.running_var, variance, rtol=0, atol=1e-10)
    net.eval()
    alone = torch.cat([net(images[None], net.uniform()) for images in batches[0]])
    assert torch.allclose(alone, net(batches[0], net.uniform()), rtol=0, atol=1e-10)  # no image sees the others


@pytest.mark.slow
def test_averages_of_layers_that_share_their_weights_are_refused():
    with pytest.raises(BadSetting, match=r"layers of several sizes share the weights of .*; let normalisations read"):
        nasbed.supernet("mobile", image_size=32, tracked=True)


# ── options that read a share of the channels ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fused", [False, True])
def test_options_read_a_share_the_rest_passes_by_and_all_are_shuffled(fused):
    space = with_head(edges(2, lambda i, j: choice(op("skip"), op("avg_pool_3x3"), op("none"))))
    net = nasbed.supernet(space, share=2, fused=fused, **DIGIT).double()
    images, chances = torch.randn(3, 1, 8, 8, dtype=torch.float64), torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    stem, head = (net.layers.places[name] for name in ("0/stem", "2/head"))
    x = stem(images).detach().numpy()
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    inside = np.pad(np.ones((8, 8)), 1)
    windows = [(slice(a, a + 8), slice(b, b + 8)) for a in range(3) for b in range(3)]
    mean = sum(padded[..., a, b] for a, b in windows) / sum(inside[a, b] for a, b in windows)
    read = 0.5 * x[:, :2] + 0.3 * mean[:, :2]
    together = np.stack([read[:, 0], x[:, 2], read[:, 1], x[:, 3]], axis=1)  # (read, by) of one, then of the next
    wanted = head(torch.tensor(0.7 * together))
    found = net(images, [chances], edges={0: torch.tensor(0.7, dtype=torch.float64)})
    assert torch.allclose(found, wanted, rtol=0, atol=1e-10)


@pytest.mark.slow
def test_where_an_edge_halves_the_image_what_passes_by_is_pooled():
    net = nasbed.supernet("darts:cells=3,channels=4", share=4, **DIGIT).double()
    assert net(torch.randn(2, 1, 8, 8, dtype=torch.float64), net.uniform()).shape == (2, 10)
    separable = [one.shape[0] for name, one in net.named_parameters() if "sep_conv" in name]
    assert set(separable) == {1, 2, 4}  # of 4, 8 and 16 channels
    with pytest.raises(BadSetting, match="one channel in 4: its weights fit no architecture's network"):
        net.subnet(net.space.sample(Streams.from_seed(0, 1))[0])


def test_without_a_share_the_weight_of_an_edge_scales_its_coefficients():
    net = nasbed.supernet("nasbench201", channels=4, cells=1, image_size=8)
    images = torch.randn(2, 3, 8, 8)
    scaled = [one * (0.3 if slot == 2 else 1.0) for slot, one in enumerate(net.uniform())]
    assert torch.equal(net(images, net.uniform(), edges={2: torch.tensor(0.3)}), net(images, scaled))


def test_shares_that_there_cannot_be_are_refused():
    with pytest.raises(BadSetting, match=r"read one channel in 3, .*, so that a multiple of 3 goes in and comes out"):
        nasbed.supernet("nasbench201", channels=4, cells=1, image_size=8, share=3)
    with pytest.raises(
        BadSetting, match="options that read one channel in 2 stand on the edges of cells; nasbenchmacro"
    ):
        nasbed.supernet("nasbenchmacro", share=2)
    with pytest.raises(BadSetting, match="options read one channel in 1 or more, not in 0"):
        nasbed.supernet("nasbench201", share=0)
