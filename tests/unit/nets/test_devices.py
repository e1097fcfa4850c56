"""Training and scoring on a GPU: what it computes is what the CPU computes, up to rounding.

Where there is none, pytest's summary says that these were not run.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from nets.devices import GPU

from nasbed.core.registry import proxies, spaces
from nasbed.nets.blueprint import blueprint_of
from nasbed.nets.clock import Clock
from nasbed.nets.data.source import load
from nasbed.nets.passes import Pass
from nasbed.nets.recipe import DIGITS
from nasbed.nets.training import train_repeats
from nasbed.proxies.probe import Probe

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(GPU is None, reason="PyTorch has no GPU here")]

ROWS = {
    "nasbench101": "0111/0011/0001/0000:conv3x3-bn-relu,maxpool3x3",
    "nasbench201": "9930",
    "natssize": "8:16:24:16:8",
    "nasbenchmacro": "02012100",
}


def made(name, **settings):
    space = spaces.make(name, {})
    small = {"image_size": 8, "image_channels": 1, **blueprint_of(space).small}
    return blueprint_of(space, **{**small, **settings}), space.parse(ROWS[name])[None]


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("networks", [1, 3])
def test_networks_train_as_on_a_cpu(name, networks):
    blueprint, rows = made(name)
    recipe, losses = replace(DIGITS, noise=0.1, flip=True), []
    for device in ("cpu", GPU):
        diagnostics = GPU != "mps"  # which has no double precision
        data, seeds = load("digits").to(device), tuple(range(networks))
        training = Pass(blueprint, rows, recipe, data, 1, seeds, diagnostics=diagnostics)
        assert training.weights.device.type == torch.device(device).type
        losses.append([])
        for _ in range(3):
            training.run(training.made + 1)
            losses[-1].append(training.loss.item())
        training.measure("halfway")
        assert training.failures == [None] * networks
    np.testing.assert_allclose(*losses, rtol=1e-3)


def test_what_was_begun_on_a_gpu_goes_on_on_a_cpu():
    blueprint, rows = made("nasbench101")
    there = Pass(blueprint, rows, DIGITS, load("digits").to(GPU), 1, (1, 2))
    there.run(3)
    here = Pass(blueprint, rows, DIGITS, load("digits"), 1, (1, 2))
    here.load_state_dict(there.state_dict())
    for training in (there, here):
        training.run(5)
    assert here.loss.item() == pytest.approx(there.loss.item(), rel=1e-3)


def test_trainings_end_and_are_timed_there():
    blueprint, rows = made("nasbench201")
    data = load("digits")
    first, second = train_repeats(blueprint, rows, DIGITS, data, 2, (1, 2), GPU)
    assert first.failure is second.failure is None
    assert first.points["end"].training_time > 0
    assert min(one.points["end"].validation.value for one in (first, second)) > 0.2


@pytest.mark.parametrize("name", ["naswot", "grad_norm", "snip", "params"])
def test_scores_are_those_of_a_cpu(name):
    blueprint, rows = made("nasbench201")
    torch.manual_seed(0)
    images, labels = torch.randn(16, 1, 8, 8), torch.arange(16) % 10
    network = blueprint.network(rows[0])
    found = []
    for device in ("cpu", GPU):
        probe = Probe(network.to(device), images.to(device), labels.to(device), 0)
        found.append(proxies.make(name, {})(probe))
    assert found[1] == pytest.approx(found[0], rel=1e-2)


def test_how_fast_the_published_network_trains_there(record_property):
    """Its figures are printed in pytest's summary."""
    space = spaces.make("nasbench101", {})
    blueprint, row = blueprint_of(space), space.parse(ROWS["nasbench101"])
    small = GPU == "cpu"
    data = load("random:test=1,validation=1")
    for precision in ("float32", "bfloat16"):
        recipe = replace(DIGITS, batch_size=8 if small else 256, precision=precision)
        training = Pass(blueprint, row[None], recipe, data.to(GPU), 1000, (1,))
        seconds = []
        for _ in range(3 if small else 8):
            clock = Clock(torch.device(GPU))
            clock.start()
            training.step(next(training.orders), 0.0)
            clock.stop()
            seconds.append(clock.seconds)
        rate = recipe.batch_size / np.median(seconds[2:])
        said = f"the published network of NAS-Bench-101 trains on {GPU} in {precision} at {rate:,.0f} images/s"
        record_property("figure", said)
