"""Networks of written spaces: layers at their places, published counts, training, and what is wrong."""

import sys

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

import nasbed
from nasbed.benchmarks.costs import formulas
from nasbed.core.errors import BadSetting, InvalidArchitecture, MissingExtra
from nasbed.core.registry import layers
from nasbed.core.rng import Streams
from nasbed.nets import making, train_repeats
from nasbed.nets.blueprint import blueprint_of
from nasbed.nets.costs import flops, params, peak_memory
from nasbed.nets.counting import count
from nasbed.nets.data.source import load
from nasbed.nets.making import Place, made
from nasbed.nets.recipe import DIGITS
from nasbed.nets.side_by_side import way_of
from nasbed.spaces import WrittenSpace, choice, dag, depth, edges, op, seq, subset

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
NASBENCH201 = WrittenSpace(nasbed.space("nasbench201").expression, "written")
DIGIT = {"image_size": 8, "image_channels": 1}


def some(space, count=8):
    return space.sample(Streams.from_seed(0, count))


def cell(operations=OPERATIONS, **shape):
    return edges(4, lambda i, j: choice(*map(op, operations)), name="cell", **shape)


def with_head(*parts):
    return WrittenSpace(seq(op("stem", channels=8), *parts, op("head")))


# ── published networks ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("space", [NASBENCH201, WrittenSpace(cell())], ids=["written out", "the cell alone"])
@pytest.mark.parametrize("counted", [params, flops])
def test_the_cell_of_nasbench201_costs_what_its_class_counts(space, counted):
    rows = some(space)
    assert counted(space, rows).tolist() == counted(nasbed.space("nasbench201"), rows).tolist()


def test_cells_of_transnas_cost_what_their_class_counts():
    normal = cell(("none", "skip", "conv1x1", "conv3x3"))
    change = dag(normal.parts, stride=2, widen=2, name="change")
    modules = [part for first in (change, normal, change, normal, change) for part in (first, normal)]
    space = WrittenSpace(seq(op("deep_stem", channels=64), *modules, op("head")))
    rows = some(space)
    frame = {"image_size": 256}
    published = nasbed.space("transnas-micro")
    assert params(space, rows, **frame).tolist() == params(published, rows, **frame).tolist()
    assert flops(space, rows, **frame).tolist() == flops(published, rows, **frame).tolist()


def test_networks_of_modules_of_transnas_cost_what_their_class_counts():
    published = nasbed.space("transnas-macro")
    space = WrittenSpace(published.expression)
    rows = some(published)
    assert params(space, rows, image_size=256).tolist() == params(published, rows, image_size=256).tolist()


NAMES = {
    "max": "max_pool_3x3",
    "avg": "avg_pool_3x3",
    "skip": "skip_connect",
    "sep3": "sep_conv_3x3",
    "sep5": "sep_conv_5x5",
    "dil3": "dil_conv_3x3",
    "dil5": "dil_conv_5x5",
}


def genotype(**cells):
    """Write the published form of cells that are written as operations and inputs, two a node."""
    pairs = {name: [pair.split() for pair in text.split(", ")] for name, text in cells.items()}
    said = {name: [(NAMES[kind], int(source)) for kind, source in some] for name, some in pairs.items()}
    return ", ".join(f"{name}={some}, {name}_concat=[2, 3, 4, 5]" for name, some in said.items())


@pytest.mark.parametrize(
    ("normal", "reduce", "counted"),
    [
        (
            "sep3 1, sep3 0, skip 0, sep3 1, skip 0, sep3 1, sep3 0, skip 2",
            "max 0, max 1, skip 2, max 0, max 0, skip 2, skip 2, avg 0",
            3_169_414,
        ),
        (
            "sep3 0, sep3 1, sep3 0, sep3 1, sep3 1, skip 0, skip 0, dil3 2",
            "max 0, max 1, skip 2, max 1, max 0, skip 2, skip 2, max 1",
            3_349_342,
        ),
        (
            "sep3 1, skip 0, sep3 0, dil3 1, sep5 0, sep3 1, avg 0, dil3 1",
            "sep5 1, max 0, sep5 1, sep5 2, sep3 0, sep3 3, sep3 1, sep3 2",
            3_634_678,
        ),
    ],
    ids=["DARTS-1", "DARTS-2", "PC-DARTS"],
)
def test_published_genotypes_of_darts_have_their_parameters(normal, reduce, counted):
    """20 cells, 36 channels, CIFAR-10, no auxiliary head; counted from the published code, papers print millions."""
    space = nasbed.space("darts")
    row = space.parse(f"Genotype({genotype(normal=normal, reduce=reduce)})")
    assert params(space, row[None]).tolist() == [counted]


def test_a_once_for_all_network_has_the_parameters_that_are_added_up_here():
    """The largest: no published number is at hand, so its layers are written out, by ``ofa_mbv3.py``."""

    def conv(sources, targets, kernel=1):
        return sources * targets * kernel**2 + 2 * targets  # with the scale and offset of a normalisation

    def block(sources, targets, expand, squeezes, kernel):
        hidden = expand * sources
        inner = hidden * kernel**2 + 2 * hidden
        weigh = -(-hidden // 4 // 8) * 8 if squeezes else 0  # a quarter, a multiple of 8
        widens = conv(sources, hidden) if expand > 1 else 0
        return widens + inner + conv(hidden, targets) + (2 * hidden * weigh + weigh + hidden) * squeezes

    total, width = conv(3, 16, 3) + block(16, 16, 1, False, 3), 16
    for channels, squeezes in ((24, False), (40, True), (80, False), (112, True), (160, True)):
        for _ in range(4):
            total += block(width, channels, 6, squeezes, 7)
            width = channels
    total += conv(160, 960) + 960 * 1280 + 1280 * 1000 + 1000
    space = nasbed.space("mobile")
    row = space.parse(str({"ks": [7] * 20, "e": [6] * 20, "d": [4] * 5}))
    assert params(space, row[None], classes=1000, image_size=224).tolist() == [total]


# ── what is counted is what is built ──────────────────────────────────────────────────────────────────────────────


def chain():
    def block(i):
        return op("mbconv", kernel=choice(3, 5), expand=choice(1, 3), channels=12, stride=2 if i == 0 else 1)

    tail = op("transformer", heads=choice(1, 2), channels=16, stride=2)
    return with_head(depth(block, 1, 2, 3), tail, op("mbconv", se=True, activation="h_swish"))


EXAMPLES = {
    "201": NASBENCH201,
    "darts": nasbed.space("darts:cells=5,channels=4"),
    "hierarchical": nasbed.space("hierarchical:channels=2"),
    "chain": chain(),
    "product": with_head(cell(merge="product")),
    "concat": with_head(cell(merge="concat")),
    "wide": with_head(cell(channels=choice(8, 12), stride=2)),
}


@pytest.mark.slow_where("hierarchical")
@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_counted_is_what_the_network_has(name):
    space = EXAMPLES[name]
    for row in some(space, 3):
        network = nasbed.network(space, row, **DIGIT)
        counted = count(network, 8, image_channels=1)
        assert params(space, row[None], **DIGIT).tolist() == [counted.params]
        assert flops(space, row[None], **DIGIT).tolist() == [counted.flops]
        assert peak_memory(space, row[None], **DIGIT).tolist() == [counted.peak_memory]


@pytest.mark.slow_where("hierarchical")
@pytest.mark.parametrize("name", EXAMPLES)
def test_networks_map_images_to_a_number_for_each_class(name):
    space = EXAMPLES[name]
    for row in some(space, 3):
        outputs = nasbed.network(space, row, classes=7, **DIGIT)(torch.randn(2, 1, 8, 8))
        assert outputs.shape == (2, 7)
        assert outputs.isfinite().all()


def test_a_network_does_not_depend_on_what_was_planned_before():
    space, row = EXAMPLES["chain"], some(EXAMPLES["chain"], 1)[0]
    making._look.cache_clear()
    states = []
    for _ in range(2):
        torch.manual_seed(0)
        states.append(nasbed.network(space, row, **DIGIT).state_dict())
    assert all(torch.equal(one, other) for one, other in zip(*(state.values() for state in states), strict=True))


# ── training ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow_where("darts")
@pytest.mark.parametrize("name", ["201", "darts"])
def test_networks_that_differ_in_their_layers_train_side_by_side(name):
    space = EXAMPLES[name]
    blueprint = blueprint_of(space, **DIGIT)
    row = some(space, 1)[0]
    near = np.array([one for one in space.neighbors(row) if blueprint.group(one[None]) == blueprint.group(row[None])])
    assert len(near) > 2
    assert way_of(blueprint, near) == "stacked"


def test_cells_wired_otherwise_are_of_other_groups():
    space = EXAMPLES["darts"]
    one, other = (np.array([space.parse(f"normal.node3={inputs}")]) for inputs in ("0+1", "1+2"))
    blueprint = blueprint_of(space, **DIGIT)
    assert blueprint.group(one) != blueprint.group(other)
    assert blueprint.group(one) == blueprint.group(np.array([space.parse("normal.node3.from0=avg_pool_3x3")]))


def test_a_cell_space_trains_on_digits():
    space = WrittenSpace(cell())
    blueprint = blueprint_of(space, channels=8, cells=1, **DIGIT)
    row = space.parse("nor_conv_3x3:skip_connect:nor_conv_3x3:none:skip_connect:nor_conv_1x1")
    (result,) = train_repeats(blueprint, row[None], DIGITS, load("digits"), 3, (0,))
    end = result.points["end"].validation
    assert result.failure is None
    assert end.total / end.images > 0.5  # chance is 0.1
    assert result.trainable_parameters == params(space, row[None], channels=8, cells=1, **DIGIT)[0]


KINDS = [name for name in layers if name not in ("stem", "deep_stem", "patches", "head", "relu", "batch_norm")]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("place", [Place(8, 8, 1, 7, 10), Place(8, 12, 1, 7, 10), Place(8, 12, 2, 8, 10)])
def test_every_layer_of_the_registry_gives_the_shape_of_its_place(name, place):
    images = torch.randn(2, 8, place.image_size, place.image_size)
    assert made(op(name), place)(images).shape == (2, place.out_channels, place.size, place.size)


@pytest.mark.parametrize(("name", "stride"), [("stem", 2), ("deep_stem", 4), ("patches", 4)])
def test_stems_read_images(name, stride):
    images = torch.randn(2, 3, 8, 8)
    assert made(op(name), Place(3, 12, stride, 8, 10))(images).shape == (2, 12, 8 // stride, 8 // stride)


class Gated(nn.Module):
    """A layer whose last one has no stacked form."""

    def __init__(self, in_channels, out_channels, kernel):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 2 * out_channels, kernel, padding=kernel // 2)
        self.gate = nn.GLU(dim=1)

    def forward(self, x):
        return self.gate(self.conv(x))


class Dense(nn.Module):
    """A dense layer for each pixel, of a width of its own inside."""

    def __init__(self, in_channels, hidden):
        super().__init__()
        self.wide, self.narrow = nn.Linear(in_channels, hidden), nn.Linear(hidden, in_channels)

    def forward(self, x):
        return self.narrow(self.wide(x.flatten(2).transpose(1, 2))).transpose(1, 2).reshape(x.shape)


@pytest.mark.parametrize(
    ("kind", "settings", "way"),
    [
        (Gated, {"kernel": choice(1, 3)}, "stacked; GLU mapped"),
        (Dense, {"hidden": choice(2, 4)}, "one after another: Linear differs where values are no images"),
    ],
)
def test_layers_that_differ_behind_what_has_no_stacked_form_train_side_by_side_where_they_can(kind, settings, way):
    space = with_head(op(kind, **settings), op(kind, **settings))
    assert way_of(blueprint_of(space, **DIGIT), space.enumerate()) == way


# ── layers of one's own ───────────────────────────────────────────────────────────────────────────────────────────


class Twice(nn.Module):
    """A layer of one's own, which asks for a few things by name."""

    def __init__(self, in_channels, out_channels, stride, k):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, k, stride, k // 2)

    def forward(self, x):
        return 2 * self.conv(x)


def test_a_module_class_of_ones_own_is_given_its_place_and_its_settings():
    space = with_head(op(Twice, k=choice(1, 3), channels=12, stride=2))
    layer = nasbed.network(space, space.parse("3"), **DIGIT).parts[1]
    assert (layer.conv.in_channels, layer.conv.out_channels, layer.conv.kernel_size) == (8, 12, (3, 3))
    assert layer.conv.stride == (2, 2)


def test_layers_of_pytorch_are_layers():
    space = with_head(
        op(nn.Conv2d, kernel_size=choice(1, 3), padding="same", channels=12),
        op(nn.BatchNorm2d),
        op(nn.MaxPool2d, kernel_size=2),
    )
    planned = blueprint_of(space, **DIGIT).plan(some(space, 1)[0])
    assert [link.gives[:2] for link in planned.links] == [(8, 8), (12, 8), (12, 8), (12, 4), (10, 0)]


def test_a_layer_is_registered_by_an_entry_point(monkeypatch):
    monkeypatch.setattr(layers, "_plugins", {"twice": f"{__name__}:Twice"})
    layer = made(op("twice", k=3), Place(4, 6, 2, 8, 10))
    assert isinstance(layer, Twice)


# ── what is wrong ─────────────────────────────────────────────────────────────────────────────────────────────────


def keeps(in_channels):
    return nn.Conv2d(in_channels, in_channels, 1)


def fails(in_channels):
    raise RuntimeError("broken inside")


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        (
            [op("nor_conv_3x4")],
            r"no layer is called 'nor_conv_3x4', at written → nor_conv_3x4\. Did you mean",
        ),
        ([op("nor_conv_3x4")], r"op\(function, …\).* or registered among the entry points nasbed.layers"),
        ([op("mbconv", kernl=3)], "'mbconv' has no setting 'kernl'; it has kernel, expand.* Did you mean 'kernel'"),
        ([op("mbconv", kernl=3)], "at mbconv of the network"),
        (
            [dag({(0, 1): op("conv", channels=12), (0, 2): op("conv"), (1, 2): op("conv", channels=4)})],
            "does not fit together",
        ),
        ([dag({(0, 1): op("conv"), (2, 3): op("conv")})], "no edge leads to .*node 2"),
        ([dag({(0, 1): op(keeps)}, channels=12)], "'?keeps gives 8 channels, not 12; let what makes it take out_chan"),
        ([op(fails)], "the layer fails cannot be made from 8 × 8² .*RuntimeError: broken inside"),
        ([op(lambda: 3)], "returns a module of PyTorch, not int"),
        ([op(nn.Linear, in_features=3, out_features=4)], "cannot read 8 channels of 8 × 8 pixels"),
        ([op("conv", activation="rleu")], "an activation is one of relu"),
        ([op("head"), op("conv")], "behind the head, which leaves no pixels"),
    ],
)
def test_what_makes_no_network_is_refused_in_a_sentence(parts, why):
    space = with_head(*parts, op("conv", kernel=choice(1, 3)))
    with pytest.raises((BadSetting, InvalidArchitecture), match=why):
        nasbed.network(space, np.zeros(1, np.int8), **DIGIT)


def test_a_network_that_gives_other_numbers_than_there_are_classes_is_refused():
    space = WrittenSpace(
        seq(op("stem"), op("conv", kernel=choice(1, 3)), op(nn.AdaptiveAvgPool2d, output_size=1), op(nn.Flatten))
    )
    with pytest.raises(InvalidArchitecture, match="gives 8 numbers for an image; there are 10 classes"):
        nasbed.network(space, np.zeros(1, np.int8), **DIGIT)


@pytest.mark.parametrize("setting", [{"channels": 0}, {"cells": -1}])
def test_settings_that_are_none_are_refused(setting):
    with pytest.raises(BadSetting, match="must be a positive integer"):
        blueprint_of(EXAMPLES["201"], **setting)


def test_without_pytorch_a_space_is_shown_and_its_network_says_how_to_install_it(monkeypatch):
    space, rows = WrittenSpace(cell(), "alone"), np.zeros((1, 6), np.int8)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"torch is not installed"):
        params(space, rows, image_size=11)
    assert formulas(space, {"image_size": 11}, rows) == {}


# ── any expression ────────────────────────────────────────────────────────────────────────────────────────────────


@st.composite
def networks(draw):
    """Draw an expression of layers of the registry, in which cells, sequences and depths stand in each other."""
    names = ("conv_3x3", "nor_conv_1x1", "sep_conv_3x3", "max_pool_3x3", "avg_pool_3x3", "skip_connect", "none")

    def layer():
        shape = draw(
            st.sampled_from([{}, {}, {"channels": 6}, {"channels": choice(4, 6)}, {"stride": 2}, {"widen": 2}])
        )
        return op(draw(st.sampled_from(names)), **shape)

    def edge():
        return draw(st.sampled_from([op("skip_connect"), op("none"), op("nor_conv_1x1"), op("max_pool_3x3")]))

    def part(levels):
        kind = draw(st.sampled_from(["layer", "edges", "two", "seq", "depth", "choice"] if levels else ["layer"]))
        shape = draw(st.sampled_from([{}, {}, {"stride": 2}, {"widen": 2, "preprocess": "project"}, {"channels": 4}]))
        merge = draw(st.sampled_from(["sum", "sum", "concat", "product"]))
        match kind:
            case "edges":
                inner = draw(st.booleans())

                def what(i, j):
                    return edges(2, lambda a, b: edge(), merge) if inner and draw(st.booleans()) else edge()

                return edges(3, what, merge, **shape)
            case "two":
                some = {j: subset(2, *[choice(edge(), edge()) for _ in range(j)]) for j in (2, 3)}
                return dag(some, inputs=2, concat=(2, 3), **shape)
            case "seq":
                return seq(*[part(levels - 1) for _ in range(draw(st.integers(0, 3)))])
            case "depth":
                blocks = [part(levels - 1) for _ in range(2)]
                return depth(blocks.__getitem__, *draw(st.sampled_from([(0, 1), (1, 2), (0, 2)])))
            case "choice":
                return choice(part(levels - 1), part(levels - 1))
        return layer()

    inner = [part(2) for _ in range(draw(st.integers(1, 3)))]
    ends = draw(st.sampled_from([(), (op("head"),)]))
    return seq(*inner, choice(op("nor_conv_3x3"), op("skip_connect")), *ends)


@given(networks(), st.integers(0, 2**31))
@settings(deadline=None, max_examples=8, suppress_health_check=list(HealthCheck))
def test_of_any_expression_what_is_counted_is_built_computes_and_trains_side_by_side(expression, seed):
    space = WrittenSpace(expression)
    (row,) = space.sample(Streams.from_seed(seed, 1))
    network = nasbed.network(space, row, **DIGIT)
    assert params(space, row[None], **DIGIT).tolist() == [sum(one.numel() for one in network.parameters())]
    counted = count(network, 8, image_channels=1)
    assert flops(space, row[None], **DIGIT).tolist() == [counted.flops]
    assert peak_memory(space, row[None], **DIGIT).tolist() == [counted.peak_memory]
    outputs = network(torch.randn(2, 1, 8, 8))
    assert outputs.shape == (2, 10)
    assert way_of(blueprint_of(space, **DIGIT), space.sample(Streams.from_seed(seed, 4))) == "stacked"
