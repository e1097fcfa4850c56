"""The probe: where logits are, what is refused, and how a network is lent."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.proxies.probe import Probe, last_tensor
from nasbed.proxies.saliency import SNIP

LOGITS, FEATURES = torch.zeros(2, 3), torch.zeros(2, 7)


@pytest.mark.parametrize(
    "output",
    [
        LOGITS,
        (FEATURES, LOGITS),
        [FEATURES, LOGITS],
        (LOGITS, None),
        {"features": FEATURES, "logits": LOGITS},
        SimpleNamespace(logits=LOGITS, features=FEATURES),
    ],
    ids=["alone", "after features", "in a list", "before nothing", "in a dictionary", "as an attribute"],
)
def test_logits_are_found(output):
    assert last_tensor(output) is LOGITS


@pytest.mark.parametrize("output", [None, {"answer": LOGITS}, (None,), "logits"])
def test_without_logits_it_says_how_to_find_them(output):
    with pytest.raises(BadSetting, match="logits=lambda output"):
        last_tensor(output)


def test_logits_may_be_anywhere_if_it_is_said_where():
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    told = Probe(network, torch.ones(2, 1, 2, 2), torch.arange(2), logits=lambda output: output * 2)
    assert (told.passes().logits == 2 * network(told.images)).all()


def test_labels_are_as_many_as_images():
    with pytest.raises(BadSetting, match="3 images have 2 labels"):
        Probe(nn.Identity(), torch.zeros(3, 1, 2, 2), torch.zeros(2))


def test_a_batch_has_images():
    with pytest.raises(BadSetting, match="one image at least"):
        Probe(nn.Identity(), torch.zeros(0, 1, 2, 2))


def test_labels_that_are_needed_are_asked_for():
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    with pytest.raises(BadSetting, match=r"Probe\(network, images, labels\)"):
        SNIP()(Probe(network, torch.zeros(3, 1, 2, 2)))


def test_images_and_labels_may_be_arrays_of_any_precision(odd):
    images, classes = np.ones((2, 1, 4, 4)), np.array([0, 1], np.uint8)
    told = nasbed.score(odd, torch.ones(2, 1, 4, 4), torch.tensor([0, 1]), ["snip"])
    assert nasbed.score(odd, images, classes, ["snip"]) == told


def test_images_come_in_the_networks_precision():
    assert Probe(nn.Linear(4, 3).double(), torch.zeros(3, 4)).batch().dtype == torch.float64


@pytest.fixture
def odd():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))


def test_a_lent_network_has_leaves_that_want_gradients(odd):
    odd.requires_grad_(False)
    with Probe(odd, torch.zeros(2, 1, 4, 4)).borrowed() as network:
        assert all(parameter.is_leaf and parameter.requires_grad for parameter in network.parameters())
    assert not any(parameter.requires_grad for parameter in odd.parameters())


def test_a_lent_network_can_be_of_another_precision(odd):
    with Probe(odd, torch.zeros(2, 1, 4, 4)).borrowed(dtype=torch.float64) as network:
        assert network(torch.zeros(2, 1, 4, 4, dtype=torch.float64)).dtype == torch.float64
    assert odd[0].weight.dtype == torch.float32


def test_a_lent_network_can_be_without_normalisation(odd):
    odd[1].weight.data.fill_(5)
    x = torch.randn(2, 1, 4, 4)
    with Probe(odd, x).borrowed(normalise=False) as network:
        passed = network(x)
    assert torch.equal(passed, odd[3](odd[2](odd[0](x))))


def test_what_is_done_to_a_lent_network_is_not_done_to_it(odd):
    before = [parameter.clone() for parameter in odd.parameters()]
    with Probe(odd, torch.zeros(2, 1, 4, 4)).borrowed() as network, torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        network[0].register_forward_hook(lambda *_: None)
        network[0].own = "something"
        network.append(nn.ReLU())
    assert all(torch.equal(a, b) for a, b in zip(before, odd.parameters(), strict=True))
    assert not odd[0]._forward_hooks
    assert not hasattr(odd[0], "own")
    assert len(odd) == 4


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_a_scripted_network_is_refused():
    class Scripted(nn.Module):
        def forward(self, x):
            return x

    scripted = torch.jit.trace(Scripted(), torch.zeros(1))
    with pytest.raises(BadSetting, match="TorchScript"):
        SNIP()(Probe(scripted, torch.zeros(2, 3), torch.zeros(2)))


def test_a_network_without_weights_yet_is_refused():
    with pytest.raises(BadSetting, match="run it once"):
        SNIP()(Probe(nn.LazyLinear(3), torch.zeros(2, 3), torch.zeros(2)))
