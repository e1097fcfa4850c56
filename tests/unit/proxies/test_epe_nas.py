import math

import numpy as np
import pytest
import torch
from torch import nn

from nasbed.core.errors import BadSetting
from nasbed.proxies.epe_nas import EPENAS, by_class
from nasbed.proxies.jacov import OFFSET
from nasbed.proxies.probe import Probe

ONE = math.log(1 + OFFSET)
"""What an image adds with itself."""


def gradients(count, seed=0):
    return np.random.default_rng(seed).standard_normal((count, 40))


def in_pairs(rows):
    return sum(math.log(abs(np.corrcoef(a, b)[0, 1]) + OFFSET) for a in rows for b in rows)


def test_a_class_has_the_sum_over_all_pairs_of_its_images():
    rows, labels = gradients(5), np.array([0, 1, 0, 1, 0])
    expected = abs(in_pairs(rows[labels == 0])) + abs(in_pairs(rows[labels == 1]))
    assert by_class(rows, labels, 10) == pytest.approx(expected)


def test_a_class_of_one_image_adds_next_to_nothing():
    rows, labels = gradients(3), np.array([7, 7, 2])
    assert by_class(rows, labels, 10) == pytest.approx(by_class(rows[:2], labels[:2], 10) + ONE)


def test_the_order_of_images_and_the_names_of_classes_do_not_matter():
    rows, labels = gradients(9), np.array([0, 1, 2] * 3)
    order = np.random.default_rng(1).permutation(9)
    assert by_class(rows[order], 5 - labels[order], 10) == pytest.approx(by_class(rows, labels, 10))


def test_many_classes_are_compared_with_each_other():
    rows, labels = gradients(6), np.array([0, 0, 1, 1, 1, 2])
    means = [in_pairs(rows[:2]) / 2, in_pairs(rows[2:5]) / 3]
    assert by_class(rows, labels, 101) == pytest.approx(2 * abs(means[0] - means[1]) / 2)


def test_of_many_classes_one_hundred_are_not_many():
    rows, labels = gradients(4), np.array([0, 0, 1, 1])
    assert by_class(rows, labels, 100) == by_class(rows, labels, 10) != by_class(rows, labels, 101)


def test_many_classes_of_one_image_each_have_nothing_to_compare():
    assert by_class(gradients(3), np.array([0, 1, 2]), 120) == 0


def test_alike_gradients_score_zero_but_for_the_offset():
    network = nn.Sequential(nn.Flatten(), nn.Linear(48, 10))
    probe = Probe(network, torch.ones(4, 3, 4, 4), torch.tensor([0, 0, 0, 1]))
    assert EPENAS()(probe) == pytest.approx(10 * ONE)


def test_the_network_says_how_many_classes_there_are():
    network = nn.Sequential(nn.Flatten(), nn.Linear(48, 101))
    probe = Probe(network, torch.ones(4, 3, 4, 4), torch.tensor([0, 0, 1, 1]))
    assert EPENAS()(probe) == pytest.approx(0, abs=1e-9)


def test_a_network_without_gradients_has_the_worst_score():
    network = nn.Sequential(nn.Flatten(), nn.Linear(48, 10))
    nn.init.zeros_(network[1].weight)
    assert EPENAS()(Probe(network, torch.ones(4, 3, 4, 4), torch.tensor([0, 0, 0, 1]))) == -1e8


def test_it_needs_labels():
    with pytest.raises(BadSetting, match="needs labels"):
        EPENAS()(Probe(nn.Sequential(nn.Flatten(), nn.Linear(48, 10)), torch.ones(2, 3, 4, 4)))
