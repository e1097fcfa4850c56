"""How networks of DARTS are evaluated: an auxiliary classifier, dropped paths, cut images, bounded gradients."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.core.rng import Streams
from nasbed.nets.blueprint import blueprint_of
from nasbed.nets.costs import params
from nasbed.nets.data.batches import Augmentation
from nasbed.nets.data.source import load
from nasbed.nets.descent import clipped, losses_of
from nasbed.nets.passes import Pass
from nasbed.nets.recipe import DIGITS, RECIPES, Recipe
from nasbed.nets.side_by_side import side_by_side
from nasbed.nets.task import usual
from nasbed.nets.written_network import DropPath
from nasbed.spaces import WrittenSpace, choice, op, seq

SPACE = nasbed.space("darts:cells=5,channels=2")
ROW = SPACE.sample(Streams.from_seed(0, 1))[0]
QUICK = replace(DIGITS, batch_size=100)
DIGIT = {"image_size": 8, "image_channels": 1}


def network(**settings):
    return blueprint_of(SPACE, **DIGIT, **settings).network(ROW)


def test_the_published_auxiliary_classifier_has_its_parameters():
    """For images of 32 × 32 and 36 channels it reads 4 · 4 · 36: by the published code, 476,426 numbers."""
    space = nasbed.space("darts")
    row = space.sample(Streams.from_seed(0, 1))[0]
    with torch.device("meta"):
        both = nasbed.network(space, row, auxiliary=0.4)
    counted = sum(one.numel() for one in both.parameters())
    assert counted - params(space, row[None])[0] == 476_426
    assert both.after == 14  # of the stem and 20 cells: the second reduction


def test_the_auxiliary_classifier_is_there_in_training_alone():
    images = torch.randn(4, 1, 8, 8)
    both = network(auxiliary=0.4)
    assert both.train()(images).shape == (4, 20)
    alone = network()
    alone.load_state_dict(both.state_dict(), strict=False)
    assert torch.equal(both.eval()(images), alone.eval()(images))


def test_its_loss_counts_by_its_weight():
    task, outputs, targets = usual(np.arange(10), 10), torch.randn(6, 20), torch.arange(6)
    first, second = (nn.functional.cross_entropy(one, targets, reduction="none") for one in outputs.chunk(2, dim=1))
    assert torch.allclose(losses_of(task, outputs, targets, (0.4,)), first + 0.4 * second)
    assert torch.equal(losses_of(task, outputs[:, :10], targets, ()), first)


def test_a_dropped_path_passes_on_nothing_of_some_images_and_more_of_the_others():
    drop, x = DropPath(0.5), torch.ones(1000, 2, 3, 3)
    torch.manual_seed(0)
    found = drop(x)
    assert {round(float(value)) for value in found.unique()} == {0, 2}
    assert (found.flatten(1).std(dim=1) == 0).all()  # an image is dropped whole
    assert 0.4 < (found[:, 0, 0, 0] == 0).float().mean() < 0.6
    drop.progress = 0.0
    assert torch.equal(drop(x), x)
    assert torch.equal(drop.eval()(x), x)


def test_all_edges_but_identities_are_dropped():
    planned = blueprint_of(SPACE, **DIGIT).plan(ROW)
    edges = [part for link in planned.links for part in getattr(link, "edges", ())]
    identities = sum(one.op.label == "skip_connect" and one.place.stride == 1 for _, _, one in edges)
    found = [one for one in network(drop_path=0.2).modules() if isinstance(one, DropPath)]
    assert len(found) == len(edges) - identities > 20


@pytest.mark.slow
def test_the_chance_grows_with_whole_epochs():
    blueprint = blueprint_of(SPACE, drop_path=0.2, **DIGIT)
    training = Pass(blueprint, ROW[None], QUICK, load("digits"), 4, (0,))
    seen = {}
    for _ in range(8):
        training.step(next(training.orders), 0.01)
        seen[training.made] = training.dropping[0].progress
        training.made += 1
    assert [seen[step] for step in (0, 3, 4, 7)] == [0, 0, 0.25, 0.25]  # an epoch has 4 steps


@pytest.mark.slow
def test_a_training_with_both_is_the_same_again_and_another_with_another_seed():
    blueprint, data = blueprint_of(SPACE, auxiliary=0.4, drop_path=0.2, **DIGIT), load("digits")

    def weights(seed):
        training = Pass(blueprint, ROW[None], replace(QUICK, clip=5.0), data, 1, (seed,))
        for training.made in range(2):
            training.step(next(training.orders), 0.01)
        return training.weights.detach().clone()

    first, again, other = weights(0), weights(0), weights(1)
    assert torch.equal(first, again)
    assert first.isfinite().all()
    assert not torch.equal(first, other)


@pytest.mark.parametrize("settings", [{"auxiliary": -1.0}, {"drop_path": 1.0}])
def test_what_is_no_weight_and_no_chance_is_refused(settings):
    with pytest.raises(BadSetting, match="auxiliary is a weight from 0, and its drop_path a chance"):
        blueprint_of(SPACE, **settings)


def test_where_there_is_no_cell_no_path_is_dropped():
    space = WrittenSpace(seq(op("conv", kernel=choice(1, 3))))
    with pytest.raises(BadSetting, match="drop_path is of the edges of cells"):
        nasbed.network(space, [0], drop_path=0.2)


# ── the recipe ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_square_of_each_image_is_its_mean():
    data = load("digits")
    plain, cut = (
        Augmentation(data, Recipe(crop=0, flip=False, cutout=size), [torch.Generator().manual_seed(0)])
        for size in (0, 4)
    )
    numbers = torch.arange(100)[:, None]
    images, found = plain(numbers)[0], cut(numbers)[0]
    cleared = (found == 0) & (images != 0)
    assert torch.equal(found[~cleared], images[~cleared])
    for one in (found != images).flatten(1).view(100, 8, 8):
        rows, columns = one.any(dim=1).nonzero().ravel(), one.any(dim=0).nonzero().ravel()
        assert len(rows) == 0 or rows[-1] - rows[0] < 4
        assert len(columns) == 0 or columns[-1] - columns[0] < 4
    missing = (found == 0).flatten(1).sum(dim=1)
    assert missing.max() >= 16 > missing.min() >= 4  # a corner's centre leaves 2 × 2 pixels at least


def test_each_networks_gradient_has_at_most_the_norm_that_pytorch_clips_to():
    torch.manual_seed(0)
    networks = [nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(144, 3)) for _ in range(3)]
    whole = side_by_side(networks, (1, 8, 8))
    assert whole.way == "stacked"
    images, scale = torch.randn(5, 3, 8, 8), torch.tensor([0.001, 1.0, 10.0])
    leaves = list(whole.parameters())
    gradients = torch.autograd.grad((whole(images) * scale[:, None, None]).sum(), leaves)
    found = clipped(gradients, whole.owners(leaves), 3, 1.5)
    alone = []
    for k, network in enumerate(networks):
        (network(images[:, k : k + 1]).sum() * scale[k]).backward()
        before = nn.utils.clip_grad_norm_(network.parameters(), 1.5)
        alone.append([one.grad for one in network.parameters()])
        assert (before > 1.5) == (k > 0)
    for place, part in enumerate(found):
        for k in range(3):
            assert torch.allclose(part[k], alone[k][place].reshape(-1), atol=1e-6)


def test_the_recipe_of_darts_says_what_others_leave_out():
    assert {"cutout": 16, "clip": 5.0}.items() <= RECIPES["darts"].to_dict().items()
    others = [one.to_dict() for name, one in RECIPES.items() if name != "darts"]
    assert not any({"cutout", "clip"} & set(one) for one in others)
