import math

import pytest
import torch
from torch import nn

from nasbed.core.errors import BadSetting
from nasbed.proxies.probe import Probe
from nasbed.proxies.zen import Zen


def images(count=4, size=4):
    return torch.ones(count, 3, size, size)


def linear():
    return nn.Sequential(nn.Flatten(), nn.Linear(48, 5))


def pooled(*layers):
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))


def test_a_linear_network_answers_in_proportion_to_the_noise():
    small, large = Zen(gamma=0.01)(Probe(linear(), images())), Zen(gamma=0.02)(Probe(linear(), images()))
    assert large - small == pytest.approx(math.log(2), abs=1e-4)


def test_a_linear_network_s_score_is_the_length_of_weighed_noise():
    generator = torch.Generator().manual_seed(3)
    weight = torch.randn(5, 48, generator=generator)
    torch.randn(4, 3, 4, 4, generator=generator)
    noise = torch.randn(4, 3, 4, 4, generator=generator).flatten(1)
    expected = math.log(0.01 * float((noise @ weight.T).abs().sum(1).mean()))
    assert Zen()(Probe(linear(), images(), seed=3)) == pytest.approx(expected, abs=1e-4)


def test_neither_the_images_nor_the_own_initialisation_matter():
    network = linear()
    before = Zen()(Probe(network, images()))
    nn.init.constant_(network[1].weight, 7.0)
    nn.init.constant_(network[1].bias, 7.0)
    assert Zen()(Probe(network, 5 * images())) == before


def test_what_enters_the_global_pooling_is_compared():
    """Without a layer before it, that is the noise itself: 48 numbers, each √(2/π) away from zero on average."""
    score = Zen()(Probe(pooled(), images(2000)))
    assert score == pytest.approx(math.log(0.01 * 48 * math.sqrt(2 / math.pi)), abs=0.01)


def test_normalisation_adds_the_logarithm_of_its_scale():
    """Of standard normal input, running variances stay at 1: only the logarithm of what is near 1 is added."""
    plain, normalised = Zen()(Probe(pooled(), images(2000))), Zen()(Probe(pooled(nn.BatchNorm2d(3)), images(2000)))
    assert normalised == pytest.approx(plain, abs=0.01)


def test_scales_are_those_of_two_passes_from_one():
    class Times(nn.Module):
        def forward(self, x):
            return 10 * x

    score = Zen()(Probe(pooled(Times(), nn.BatchNorm2d(3)), images(2000)))
    scale = math.sqrt(0.81 + 0.19 * 100)
    assert score == pytest.approx(math.log(0.01 * 48 * math.sqrt(2 / math.pi) * scale), abs=0.02)


def test_normalisation_starts_as_new():
    network = pooled(nn.BatchNorm2d(3))
    before = Zen()(Probe(network, images()))
    network(torch.randn(64, 3, 4, 4) * 9)
    nn.init.constant_(network[0].weight, 4.0)
    assert Zen()(Probe(network, images())) == before


def test_a_layer_without_running_statistics_adds_nothing():
    kept = Zen()(Probe(pooled(nn.BatchNorm2d(3)), images(2000)))
    without = Zen()(Probe(pooled(nn.BatchNorm2d(3, track_running_stats=False)), images(2000)))
    assert without == pytest.approx(kept, abs=0.01)


def test_several_draws_are_averaged():
    one, two = (Zen(repeats=count)(Probe(linear(), images())) for count in (1, 2))
    three = Zen(repeats=3)(Probe(linear(), images()))
    assert len({one, two, three}) == 3
    assert two == pytest.approx(one, abs=1.0)


def test_the_probe_s_seed_decides_the_draws():
    assert Zen()(Probe(linear(), images(), seed=1)) == Zen()(Probe(linear(), images(), seed=1))
    assert Zen()(Probe(linear(), images(), seed=1)) != Zen()(Probe(linear(), images(), seed=2))


def test_a_network_that_does_not_look_at_its_input_has_the_worst_score():
    class Blind(nn.Module):
        def forward(self, x):
            return torch.zeros(len(x), 3)

    assert Zen()(Probe(Blind(), images())) == -1e8


@pytest.mark.parametrize(("setting", "message"), [({"gamma": 0.0}, "above 0"), ({"repeats": 0}, "from 1, not 0")])
def test_settings_have_bounds(setting, message):
    with pytest.raises(BadSetting, match=message):
        Zen(**setting)
