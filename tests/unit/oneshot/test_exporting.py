"""Exported networks: what comes out of them is what comes out of the subnet, in every form."""

import numpy as np
import pytest
import torch

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.core.rng import Streams
from nasbed.nets.exporting import stand_alone
from nasbed.nets.network_file import load_network, network_facts
from nasbed.oneshot.exporting import export_network
from nasbed.oneshot.inheriting import Inherited
from nasbed.oneshot.saving import load_supernet
from nasbed.oneshot.searching import OneShot

SPACES = {
    "nasbench201": {"channels": 4, "cells": 1, "image_size": 8},
    "nasbench201 with scales": {"channels": 4, "cells": 1, "image_size": 8, "affine": True},
    "darts:cells=3,channels=4": {"image_size": 16},
    "mobile:width=0.25": {"image_size": 32},
    "transnas-micro": {"image_size": 32},
    "natssize": {"image_size": 32},
}


@pytest.fixture(scope="module")
def supernet(tmp_path_factory):
    search = OneShot.of("spos", "nasbench201", "digits", 1, channels=4, cells=1)
    search.epoch()
    return search.save(tmp_path_factory.mktemp("export") / "net.safetensors")


QUICK = ("nasbench201 with scales", "mobile:width=0.25")


@pytest.mark.slow_where("mobile")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in SPACES]
)
def test_a_network_by_itself_computes_what_the_subnet_computes(name):
    space = nasbed.space(name.partition(" ")[0])
    net = nasbed.supernet(space, **SPACES[name])
    frame = net.blueprint
    images = torch.randn(6, frame.image_channels, frame.image_size, frame.image_size)
    for row in space.canonical(space.sample(Streams.from_seed(0, 2))):
        subnet = net.subnet(row)
        for _ in range(3):  # which gives its normalisations averages
            subnet(images)
        subnet.eval()
        alone = stand_alone(frame, row, subnet)
        wanted = subnet(images)
        assert torch.allclose(alone(images), wanted, rtol=1e-5, atol=1e-6)
        lent = {id(weight) for weight in net.parameters()}
        assert not lent & {id(weight) for weight in alone.parameters()}


def test_every_form_of_a_file_has_the_same_network(supernet, tmp_path):
    net, facts = load_supernet(supernet)
    row = net.space.canonical(net.space.sample(Streams.from_seed(1, 1)))[0]
    text = net.space.format(row)
    wanted = Inherited(net, nasbed.nets.data.source.load("digits"), "recalibrated").recalibrated(row)
    images = torch.randn(5, 1, 8, 8)
    whole = load_network(export_network(supernet, tmp_path / "net.safetensors", text))
    assert torch.allclose(whole(images), wanted(images), atol=1e-5)
    assert network_facts(tmp_path / "net.safetensors")["supernet"]["method"] == "spos" == facts["method"]
    state = torch.load(export_network(supernet, tmp_path / "net.pt", row), weights_only=True)
    assert all(torch.equal(state[key], value) for key, value in whole.state_dict().items())
    with pytest.raises(BadSetting, match="say which architecture"):
        export_network(supernet, tmp_path / "net.pt")
    with pytest.raises(BadSetting, match="leave the architecture out"):
        export_network(tmp_path / "net.safetensors", tmp_path / "again.pt", text)
    with pytest.raises(BadSetting, match=r"exported as NAME\.safetensors, NAME\.pt, NAME\.onnx, not as 'net\.zip'"):
        export_network(supernet, tmp_path / "net.zip", row)
    with pytest.raises(BadSetting, match=r"no folder of a one-shot search"):
        export_network(tmp_path, tmp_path / "net.pt")


@pytest.mark.slow
def test_onnx_computes_it_on_any_number_of_images(supernet, tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    text = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|avg_pool_3x3~0|nor_conv_3x3~1|none~2|"
    path = export_network(supernet, tmp_path / "net.onnx", text)
    network = load_network(export_network(supernet, tmp_path / "net.safetensors", text))
    for images in (1, 7):
        pixels = torch.randn(images, 1, 8, 8)
        (logits,) = runtime.InferenceSession(str(path)).run(["logits"], {"images": pixels.numpy()})
        assert logits.shape == (images, 10)
        assert np.abs(logits - network(pixels).detach().numpy()).max() < 1e-5
