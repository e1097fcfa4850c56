"""Probing: what is measured is what plain loops measure, and the network does not notice."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from nets.plain import INCEPTION, small101

from nasbed.core.registry import spaces
from nasbed.nets.blueprint import blueprint_of
from nasbed.nets.data.source import Part, prepared
from nasbed.nets.initialisation import initialised
from nasbed.nets.passes import using_threads
from nasbed.nets.probing import covariance, layers, probe_by_class, probed
from nasbed.nets.recipe import Recipe

SKELETON = {"modules_per_stack": 2, "classes": 4, "image_size": 6, "image_channels": 2}
L2 = 0.03


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    with using_threads(1):
        yield


@pytest.fixture(scope="module")
def batch():
    generator = torch.Generator().manual_seed(1)
    return Part(torch.randn(12, 6, 6, 2, generator=generator), torch.arange(12) % 4)


def network(seed, **skeleton):
    """A network that has seen some images, so that its running averages are not those it began with."""
    blueprint, row = small101(INCEPTION, **{**SKELETON, **skeleton})
    net = initialised(blueprint, row, Recipe(norm_momentum=0.5), seed)
    shape = 16, blueprint.image_channels, blueprint.image_size, blueprint.image_size
    with torch.no_grad():
        for step in range(3):
            net(torch.randn(shape, generator=torch.Generator().manual_seed(step)))
    return net


@given(
    images=st.integers(2, 20),
    channels=st.integers(1, 4),
    size=st.integers(2, 6),
    offset=st.sampled_from([0.0, 1e3]),
    memory=st.sampled_from([torch.contiguous_format, torch.channels_last]),
    seed=st.integers(0, 9),
)
def test_the_covariance_is_numpys(images, channels, size, offset, memory, seed):
    generator = torch.Generator().manual_seed(seed)
    values = offset + torch.randn((images, channels, size, size), generator=generator)
    ours = covariance(values.contiguous(memory_format=memory))
    assert ours.dtype == torch.float64
    np.testing.assert_allclose(ours, np.cov(values.flatten(1).double().numpy()), rtol=1e-9, atol=1e-9)


@pytest.mark.slow
def test_the_covariance_is_numpys_at_the_published_size():
    """A hundred images, 128 channels of 32×32, all positive as after a rectifier."""
    values = torch.randn((100, 128, 32, 32), generator=torch.Generator().manual_seed(0)).relu_()
    theirs = np.cov(values.flatten(1).double().numpy())
    np.testing.assert_allclose(covariance(values), theirs, rtol=1e-11, atol=1e-13)


def test_what_is_measured_is_what_plain_loops_measure(batch):
    net = network(5)
    ours = probed(net, batch, L2)
    plain = copy.deepcopy(net).eval()

    x = plain.stem(batch.images.permute(0, 3, 1, 2))
    activations = [x]
    for number, cell in enumerate(plain.cells):
        x = cell(F.max_pool2d(x, 2) if number == 2 else x)
        activations.append(x)
    for place, values in enumerate(activations):
        rows = values.detach().flatten(1).double().numpy()
        np.testing.assert_allclose(ours["covariances"][place], np.cov(rows), rtol=1e-5, atol=1e-6)

    losses, slopes = [], []
    for image, label in zip(batch.images, batch.labels, strict=True):
        pixels = image.permute(2, 0, 1)[None].clone().requires_grad_()
        loss = F.cross_entropy(plain(pixels), label[None])
        losses.append(loss.item())
        slopes.append(np.linalg.norm(torch.autograd.grad(loss, pixels)[0].numpy()) / len(batch))
    np.testing.assert_allclose(ours["image_losses"], losses, rtol=1e-4)
    np.testing.assert_allclose(ours["input_gradient_norms"], slopes, rtol=1e-4)

    logits = plain(batch.images.permute(0, 3, 1, 2))
    whole = F.cross_entropy(logits, batch.labels) + L2 * sum((p**2).sum() / 2 for p in plain.parameters())
    whole.backward()
    torch.testing.assert_close(ours["logits"], logits.detach())
    np.testing.assert_allclose(ours["loss"], whole.item(), rtol=1e-5)
    for place, parameter in enumerate(plain.parameters()):
        ours_here = [ours[name][place] for name in ("parameter_norms", "gradient_norms")]
        theirs = [np.linalg.norm(x.detach().numpy()) for x in (parameter, parameter.grad)]
        np.testing.assert_allclose(ours_here, theirs, rtol=1e-4)


@pytest.mark.parametrize("mode", [True, False])
def test_the_network_does_not_notice(batch, mode):
    net = network(1).train(mode)
    before, random = copy.deepcopy(net.state_dict()), torch.random.get_rng_state()
    with torch.no_grad():
        once, again = probed(net, batch, L2), probed(net, batch, L2)
    assert all(torch.equal(once[name], again[name]) for name in once)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(parameter.grad is None for parameter in net.parameters())
    assert {module.training for module in net.modules()} == {mode}
    assert not any(layer._forward_hooks for layer in layers(net).values())
    assert torch.equal(torch.random.get_rng_state(), random)
    assert not batch.images.requires_grad


def test_averages_are_used_that_training_left(batch):
    """In evaluation mode an image's logits do not depend on its neighbours."""
    net = network(1)
    few = Part(batch.images[:3], batch.labels[:3])
    torch.testing.assert_close(probed(net, few)["logits"], probed(net, batch)["logits"][:3])


def test_a_broken_network_shows_as_not_a_number(batch):
    net = network(1)
    net.stem[0].weight.data.fill_(float("nan"))
    broken = probed(net, batch, L2)
    assert all(values.isnan().any() for values in broken.values())
    assert broken["logits"].isnan().all()
    assert broken["covariances"].isnan().all()


def test_numbers_too_large_give_infinities_not_errors(batch):
    net = network(1)
    net.classifier.weight.data.fill_(3e38)
    assert not probed(net, batch, L2)["loss"].isfinite()


def test_layers_are_the_stem_and_each_module():
    assert list(layers(network(1))) == ["stem", "cells.0", "cells.1", "cells.2", "cells.3"]


def test_layers_of_any_space_are_its_stem_and_its_blocks():
    """All that has weights but the dense layer: what is looked at is what NAS-Bench-101 looks at."""
    cell, chain = (blueprint_of(spaces.make(name, {})) for name in ("nasbench201", "nasbenchmacro"))
    with torch.device("meta"):
        made = blueprint_of(cell.space, cells=1).network(cell.space.parse("15624"))
        found = layers(chain.network(chain.space.parse("02010000")))
    assert list(layers(made)) == ["stem", "cells.0", "cells.1", "cells.2", "cells.3", "cells.4", "lastact"]
    assert list(found) == ["stem", "layers.0", "layers.1", "layers.2", "layers.3", "layers.5", "out"]


def test_images_come_class_by_class_each_from_the_front_of_validation():
    labels = np.random.default_rng(0).integers(0, 10, 400)
    images = np.arange(400, dtype=np.float32)[:, None, None, None]
    parts = {"train": np.arange(40), "validation": np.arange(40, 360), "test": np.arange(360, 400)}
    data = prepared("counted", images, labels, parts, 10)
    batch = probe_by_class(data)
    assert batch.labels.tolist() == [label for label in range(10) for _ in range(10)]
    for label in range(10):
        first = data.validation.images[data.validation.labels == label][:10]
        assert torch.equal(batch.images[10 * label : 10 * label + 10], first)


@pytest.mark.slow
def test_the_published_skeleton_is_looked_at_in_a_moment():
    skeleton = {"stem_channels": 128, "stacks": 3, "modules_per_stack": 3, "image_size": 32, "image_channels": 3}
    images = torch.randn((100, 32, 32, 3), generator=torch.Generator().manual_seed(0))
    ours = probed(network(1, **skeleton), Part(images, torch.arange(100) % 4), L2)
    assert ours["covariances"].shape == (10, 100, 100)
