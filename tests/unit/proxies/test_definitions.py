"""Each score against its definition, worked out by hand or by a plain loop as the published code has it."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.core.proxy import WORST
from nasbed.nets.blueprint import network as build
from nasbed.nets.costs import flops, params
from nasbed.proxies.flops import FLOPs, Parameters
from nasbed.proxies.probe import Probe
from nasbed.proxies.saliency import SNIP, Fisher, GradientNorm, GraSP, L2Norm, Plain, SynFlow
from nasbed.spaces.nasbench201 import NASBench201

CELL = "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|"


@pytest.fixture
def cell():
    """A network of NAS-Bench-201 with a batch."""
    torch.manual_seed(0)
    space = NASBench201()
    network = build(space, space.parse(CELL), channels=4, cells=1)
    return Probe(network, torch.randn(5, 3, 32, 32), torch.arange(5))


@pytest.fixture
def line():
    """One linear layer W x without offset, and the loss ½ ‖W x‖² of one image: every gradient is known.

    Its gradient is g = (W x) xᵀ, and H g = (g x) xᵀ.
    """
    generator = np.random.default_rng(0)
    weight, x = generator.normal(size=(3, 4)).astype("f4"), generator.normal(size=4).astype("f4")
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3, bias=False))
    network[1].weight.data[:] = torch.from_numpy(weight)
    images = torch.from_numpy(x).view(1, 1, 2, 2)
    return Probe(network, images, torch.zeros(1), loss=lambda y, _: y.square().sum() / 2), weight, x


def layers(network):
    return [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear)]


def gone_back(probe):
    """Train nothing, but fill every gradient, as a plain loop does."""
    probe.network.train()
    F.cross_entropy(probe.network(probe.images), probe.labels).backward()
    return [(layer.weight.detach(), layer.weight.grad) for layer in layers(probe.network)]


def test_snip_is_the_plain_loops(cell):
    score = SNIP()(cell)
    assert score == pytest.approx(sum(float((w * g).abs().sum()) for w, g in gone_back(cell)), rel=1e-5)


def test_plain_is_the_plain_loops(cell):
    score = Plain()(cell)
    assert score == pytest.approx(sum(float((w * g).sum()) for w, g in gone_back(cell)), abs=1e-6)


def test_grad_norm_adds_up_layers(cell):
    score = GradientNorm()(cell)
    assert score == pytest.approx(sum(float(g.norm()) for _, g in gone_back(cell)), rel=1e-5)


def test_grad_norm_of_the_network_is_of_all_gradients_together(cell):
    score = GradientNorm(of="network")(cell)
    assert score == pytest.approx(math.sqrt(sum(float(g.square().sum()) for _, g in gone_back(cell))), rel=1e-5)


@pytest.mark.parametrize(("of", "power"), [("layers", 1), ("network", 2)])
def test_l2_norm(cell, of, power):
    norms = [float(layer.weight.detach().norm()) for layer in layers(cell.network)]
    assert L2Norm(of=of)(cell) == pytest.approx(sum(norm**power for norm in norms) ** (1 / power), rel=1e-5)


@pytest.mark.parametrize("per", ["weight", "channel"])
def test_fisher_is_the_plain_loops(cell, per):
    score = Fisher(per=per)(cell)
    kept = []
    for layer in layers(cell.network):

        def keep(layer, inputs, output):
            output.retain_grad()
            kept.append((layer, output))

        layer.register_forward_hook(keep)
    gone_back(cell)
    expected = 0.0
    for layer, output in kept:
        product = output.detach() * output.grad
        image = product.flatten(2).sum(2) if product.ndim > 2 else product
        shares = layer.weight[0].numel() if per == "weight" else 1
        expected += float((image.square().mean(0) / 2 * shares).sum())
    assert score == pytest.approx(expected, rel=1e-5)


def test_snip_and_plain_by_hand(line):
    probe, weight, x = line
    gradient = np.outer(weight @ x, x)
    assert SNIP()(probe) == pytest.approx(np.abs(weight * gradient).sum(), rel=1e-5)
    assert Plain()(probe) == pytest.approx((weight * gradient).sum(), rel=1e-5)


def test_grasp_by_hand(line):
    probe, weight, x = line
    gradient = np.outer(weight @ x, x)
    assert GraSP()(probe) == pytest.approx(-(weight * np.outer(gradient @ x, x)).sum(), rel=1e-5)


def test_grasp_divides_logits_by_the_temperature(line):
    """By T, this loss is divided by T², and so are g and H."""
    probe, _, _ = line
    assert GraSP(temperature=2.0)(probe) == pytest.approx(GraSP()(probe) / 16, rel=1e-5)


@pytest.fixture
def normalised():
    """A network whose layers all stand before batch normalisation, in double precision."""
    torch.manual_seed(0)
    parts = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5), nn.BatchNorm1d(5)]
    return Probe(nn.Sequential(*parts).double(), 10 * torch.randn(8, 3, 8, 8).double(), torch.arange(8) % 5)


def test_layers_before_normalisation_have_no_part_in_plain(normalised):
    assert Plain()(normalised) == pytest.approx(0, abs=1e-4 * SNIP()(normalised))


def test_the_part_of_layers_before_normalisation_in_grasp_is_their_gradient_squared(normalised):
    assert GraSP()(normalised) == pytest.approx(GradientNorm(of="network")(normalised) ** 2, rel=1e-3)


def test_in_nasbench201_plain_is_of_the_layers_without_normalisation(cell):
    alone = [module for name, module in cell.network.named_modules() if name.endswith(("downsample.1", "classifier"))]
    gone_back(cell)
    parts = [float((layer.weight.detach() * layer.weight.grad).sum()) for layer in alone]
    assert len(parts) == 3
    assert Plain()(cell) == pytest.approx(sum(parts), abs=1e-3 * SNIP()(cell))


def test_fisher_by_hand(line):
    probe, weight, x = line
    outputs = weight @ x
    assert Fisher()(probe) == pytest.approx(4 * (outputs * outputs) @ (outputs * outputs) / 2, rel=1e-5)


def test_grasp_is_how_the_steepness_changes_with_the_size_of_weights(cell):
    """Where all weights w grow by a small share t, ½ ‖g‖² changes by t · w·(H g), if no kink is stepped over."""
    smooth = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Softplus(), nn.Conv2d(4, 4, 3), nn.Flatten(), nn.Linear(3136, 5)
    )
    probe = Probe(smooth.double(), cell.images.double(), cell.labels)
    score = GraSP()(probe)
    weights = [layer.weight for layer in layers(probe.network)]
    before = [weight.detach().clone() for weight in weights]

    def steepness(share):
        for weight, start in zip(weights, before, strict=True):
            weight.data = start * (1 + share)
        probe.network.zero_grad()
        return sum(float(g.square().sum()) for _, g in gone_back(probe)) / 2

    assert score == pytest.approx(-(steepness(1e-5) - steepness(-1e-5)) / 2e-5, rel=1e-4)


def test_synflow_by_hand():
    """Of two layers without offsets each one's weights, times their gradients, add up to all that flows."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3, bias=False), nn.ReLU(), nn.Linear(3, 2, bias=False))
    first, second = (network[k].weight.detach().double().abs() for k in (1, 3))
    flow = float((second @ first @ torch.ones(4).double()).sum())
    probe = Probe(network, torch.randn(1, 1, 2, 2))
    assert SynFlow(log=False)(probe) == pytest.approx(2 * flow, rel=1e-12)
    assert SynFlow()(probe) == pytest.approx(math.log(2 * flow), rel=1e-12)


def test_synflow_goes_past_batch_normalisation_unless_it_is_told_not_to(cell):
    scale = 1000.0
    before, with_norm = SynFlow()(cell), SynFlow(normalise=True)(cell)
    for module in cell.network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.mul_(scale)
    assert SynFlow()(cell) == before
    assert SynFlow(normalise=True)(cell) != with_norm


def test_synflow_of_a_network_through_which_nothing_flows_is_zero(line):
    probe, _, _ = line
    probe.network[1].weight.data.zero_()
    assert SynFlow()(probe) == 0.0


def test_what_is_no_number_is_the_worst_score(cell):
    next(cell.network.parameters()).data.fill_(math.nan)
    assert SNIP()(cell) == GraSP()(cell) == L2Norm()(cell) == WORST


@pytest.mark.parametrize("counting", ["natsbench", "naslib"])
def test_sizes_are_those_of_the_formulas(counting):
    space = NASBench201()
    rows = space.parse(CELL)[None]
    probe = Probe(build(space, rows[0]), torch.zeros(2, 3, 32, 32))
    assert Parameters()(probe) == params(space, rows)[0]
    assert FLOPs(counting=counting)(probe) == flops(space, rows, counting=counting)[0]


def test_flops_of_images_that_are_not_square():
    network = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1, bias=False))
    assert FLOPs()(Probe(network, torch.zeros(1, 1, 4, 7))) == 4 * 7 * 18


@pytest.mark.parametrize(
    ("make", "given", "allowed"),
    [
        (lambda: GradientNorm(of="blocks"), "blocks", "layers"),
        (lambda: L2Norm(of="blocks"), "blocks", "network"),
        (lambda: Fisher(per="image"), "image", "channel"),
        (lambda: GraSP(temperature=0.0), "0.0", "above 0"),
    ],
)
def test_settings_that_are_not_allowed_are_refused(make, given, allowed):
    with pytest.raises(BadSetting, match=f"(?s)({allowed}.*{given}|{given}.*{allowed})"):
        make()


def test_a_counting_that_nobody_published_is_refused():
    with pytest.raises(UnknownName, match="naslib"):
        FLOPs(counting="naslb")
