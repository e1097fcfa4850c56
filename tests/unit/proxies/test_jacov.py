import math

import numpy as np
import pytest
import torch
from torch import nn

from nasbed.proxies.jacov import OFFSET, JacobianCovariance, correlations, image_gradients, spread
from nasbed.proxies.probe import Probe


def images(count=6, seed=0):
    return torch.randn(count, 3, 4, 4, generator=torch.Generator().manual_seed(seed))


def term(value):
    return math.log(value + OFFSET) + 1 / (value + OFFSET)


def test_gradients_that_have_nothing_to_do_with_each_other_score_least_below_zero():
    generator = np.random.default_rng(0)
    centred = generator.standard_normal((4, 50))
    centred -= centred.mean(axis=1, keepdims=True)
    apart = np.linalg.qr(centred.T)[0].T
    assert spread(apart) == pytest.approx(-4 * term(1))


def test_gradients_that_are_all_alike_score_as_two_eigenvalues_say():
    network = nn.Sequential(nn.Flatten(), nn.Linear(48, 5))
    assert JacobianCovariance()(Probe(network, images())) == pytest.approx(-term(6) - 5 * term(0), rel=1e-6)


def test_an_image_s_gradient_is_that_of_the_sum_of_its_logits():
    network = nn.Sequential(nn.Flatten(), nn.Linear(48, 5))
    expected = network[1].weight.sum(dim=0).detach().numpy()
    assert image_gradients(Probe(network, images())) == pytest.approx(np.tile(expected, (6, 1)), abs=1e-6)


def test_two_of_three_images_alike():
    rows = np.random.default_rng(0).standard_normal((2, 40))
    between = correlations(rows)[0, 1]
    values = np.linalg.eigvalsh(np.array([[1, 1, between], [1, 1, between], [between, between, 1]]))
    assert spread(rows[[0, 0, 1]]) == pytest.approx(-sum(term(max(v, 0)) for v in values), rel=1e-6)


def test_it_does_not_matter_how_large_gradients_are():
    rows = np.random.default_rng(0).standard_normal((5, 40))
    assert spread(rows * np.array([[1.0], [10.0], [0.01], [3.0], [1e6]])) == pytest.approx(spread(rows))


def test_batch_statistics_let_images_depend_on_each_other():
    """In evaluation mode a normalised linear network has equal gradients; in training mode it has not."""
    network = nn.Sequential(nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(48, 5)).eval()
    alike = JacobianCovariance()(Probe(nn.Sequential(nn.Flatten(), nn.Linear(48, 5)), images()))
    assert JacobianCovariance()(Probe(network, images())) > alike + 1


def test_a_network_that_does_not_look_at_its_input_has_the_worst_score():
    class Blind(nn.Module):
        def __init__(self):
            super().__init__()
            self.logits = nn.Parameter(torch.ones(3))

        def forward(self, x):
            return self.logits.expand(len(x), 3)

    assert JacobianCovariance()(Probe(Blind(), images())) == -1e8


def test_one_image_is_alike_itself():
    network = nn.Sequential(nn.Flatten(), nn.Linear(48, 5))
    assert JacobianCovariance()(Probe(network, images(1))) == pytest.approx(-term(1))
