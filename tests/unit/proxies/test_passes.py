"""What passes tell, how they are shared, and that they go away."""

import gc
import weakref

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nasbed.core.errors import BadSetting
from nasbed.core.registry import proxies as registered
from nasbed.proxies.passes import layers
from nasbed.proxies.probe import Probe, score
from nasbed.proxies.saliency import SNIP, GradientNorm


class Counting(nn.Module):
    """Counts its forward passes where no borrowing brings back the count."""

    calls: list[int] = []  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.network = nn.Sequential(
            nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2)
        )

    def forward(self, x):
        type(self).calls.append(len(x))
        return self.network(x)


@pytest.fixture
def probe():
    torch.manual_seed(0)
    return Probe(Counting(), torch.randn(6, 1, 4, 4), torch.arange(6) % 2)


def test_gradient_proxies_together_go_forward_once(probe):
    Counting.calls.clear()
    score(probe, ["grad_norm", "snip", "fisher", "plain", "grasp", "jacov"])
    assert Counting.calls == [6]


def test_together_scores_are_what_they_are_alone(probe):
    together = score(probe, list(registered))
    assert together == {name: registered.make(name, {})(probe) for name in registered}


def test_scores_come_in_the_order_and_under_the_names_asked_for(probe):
    assert list(score(probe, ["snip", GradientNorm(of="network"), "l2_norm:of=layers"])) == [
        "snip",
        "grad_norm:of=network",
        "l2_norm:of=layers",
    ]


def test_a_proxy_twice_is_refused(probe):
    with pytest.raises(BadSetting, match="snip is asked for twice"):
        score(probe, ["snip", SNIP()])


def test_a_proxy_under_two_names_is_refused(probe):
    with pytest.raises(BadSetting, match="l2_norm is asked for twice"):
        score(probe, ["l2_norm", "l2_norm:of=layers"])


def test_a_probe_that_does_not_share_sees_what_has_changed(probe):
    before = SNIP()(probe)
    probe.network.network[0].weight.data.mul_(2).add_(0.1)
    assert SNIP()(probe) != before


def test_gradients_are_those_of_going_back(probe):
    passes = probe.passes()
    images = probe.images.clone().requires_grad_()
    logits = probe.network(images)
    F.cross_entropy(logits, probe.labels).backward(retain_graph=True)
    for layer, gradient in zip(layers(probe.network), passes.weight_gradients, strict=True):
        assert (layer.weight.grad == gradient).all()
    images.grad = None
    logits.backward(torch.ones_like(logits))
    assert (images.grad == passes.image_gradients).all()


def test_in_evaluation_mode_running_statistics_are_used(probe):
    expected = probe.network.eval()(probe.images)
    assert (probe.passes(train=False).logits == expected).all()
    assert not (probe.passes(train=True).logits == expected).all()


def test_two_layers_with_one_weight_are_one():
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 4), nn.Linear(4, 4))
    network[2].weight = network[1].weight
    passes = Probe(network, torch.randn(3, 1, 2, 2), torch.arange(3)).passes()
    F.cross_entropy(network(passes.probe.images), passes.probe.labels).backward()
    (gradient,) = passes.weight_gradients
    assert torch.allclose(gradient, network[1].weight.grad)
    assert len(passes.saliencies) == 2


class Overwriting(nn.Module):
    """Works in place on what its layer gave, or not."""

    def __init__(self, in_place):
        super().__init__()
        self.layer, self.in_place = nn.Conv2d(1, 2, 3), in_place

    def forward(self, x):
        y = self.layer(x)
        y = y.mul_(3) if self.in_place else y * 3
        return F.relu(y, inplace=self.in_place).mean(dim=(2, 3))


def test_saliencies_are_of_what_a_layer_gave_also_where_it_is_overwritten():
    torch.manual_seed(0)
    careful, careless = Overwriting(in_place=False), Overwriting(in_place=True)
    careless.load_state_dict(careful.state_dict())
    images, labels = torch.randn(3, 1, 5, 5), torch.arange(3) % 2
    one, other = (Probe(network, images, labels).passes().saliencies for network in (careful, careless))
    assert len(one) == len(other) == 1
    assert (one[0].channels == other[0].channels).all()


def test_what_passes_kept_is_freed_with_them(probe):
    gc.disable()  # reference counts alone must do: the graph's nodes are no objects that could be collected
    try:
        passes = probe.passes()
        _ = passes.saliencies, passes.image_gradients
        kept = weakref.ref(passes.logits)
        del passes, _
        assert kept() is None
    finally:
        gc.enable()
