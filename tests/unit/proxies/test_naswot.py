import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from nasbed.core.errors import BadSetting
from nasbed.nets.blueprint import network as build
from nasbed.proxies.naswot import FORMS, NASWOT, agreements, differences_by_product
from nasbed.proxies.probe import Probe
from nasbed.spaces.nasbench201 import NASBench201

SMALL = {"channels": 4, "cells": 1, "image_size": 8}


def images(count=8, size=8, seed=0):
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(seed))


def dense(values):
    """x xᵀ + (1 − x)(1 − x)ᵀ, as it is defined."""
    x = (values.reshape(len(values), -1) > 0).double()
    return (x @ x.T + (1 - x) @ (1 - x).T).numpy()


def straightforward(network, batch):
    """The published way: hooks, a backward pass that marks modules, a second pass that adds up float32 products."""
    total = np.zeros((len(batch), len(batch)))
    reached = set()

    def add(module, given, output):
        nonlocal total
        if module in reached:
            x = (given[0].detach().reshape(len(batch), -1) > 0).float()
            total = total + (x @ x.T).numpy() + ((1 - x) @ (1 - x.T)).numpy()

    for module in network.modules():
        if "ReLU" in type(module).__name__:
            module.register_forward_hook(add)
            module.register_full_backward_hook(lambda module, before, after: reached.add(module))
    logits = network(batch.clone().requires_grad_())
    logits.backward(torch.ones_like(logits))
    network(batch.clone().requires_grad_())
    return np.linalg.slogdet(total)[1]


class Named(nn.Module):
    """A block that the published rule takes for a rectifier."""

    def __init__(self, *layers):
        super().__init__()
        self.op = nn.Sequential(*layers)

    def forward(self, x):
        return self.op(x)


class ReLUConv(Named):
    pass


class Rectifies(nn.Module):
    """A convolution before a rectifier that is a function, a module, or a module that is used twice."""

    def __init__(self, rectify):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.rectify = rectify
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.rectify(self.conv(x)).mean(dim=(2, 3)))


class Branches(nn.Module):
    """One rectifier leads to the logits, one to what nobody asks for."""

    def __init__(self):
        super().__init__()
        self.used, self.unused = nn.ReLU(), nn.ReLU()

    def forward(self, x):
        self.unused(x)
        return self.used(x).flatten(1)


# ── agreement ─────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(1, 5), st.integers(1, 400), st.integers(0, 2**32 - 1))
def test_bits_count_what_products_of_signs_count(rows, places, seed):
    values = torch.randint(-1, 2, (rows, places), generator=torch.Generator().manual_seed(seed)).float()
    assert np.array_equal(agreements(values), dense(values))


@given(st.integers(1, 5), st.integers(1, 400), st.integers(0, 2**32 - 1))
def test_an_accelerator_counts_what_a_processor_counts(rows, places, seed):
    values = torch.randn(rows, places, generator=torch.Generator().manual_seed(seed))
    assert np.array_equal(places - differences_by_product(values), agreements(values))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_every_precision_has_signs(dtype):
    values = images().to(dtype)
    assert np.array_equal(agreements(values), dense(values))


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x.contiguous(memory_format=torch.channels_last),
        lambda x: x[:, :, ::2, 1:],
        lambda x: x.transpose(1, 3),
        lambda x: x.flatten(1)[:, ::3],
    ],
)
def test_how_numbers_lie_in_memory_does_not_matter(view):
    values = view(images(size=6))
    assert np.array_equal(agreements(values), dense(values))


def test_zero_and_what_is_no_number_are_not_positive():
    values = torch.tensor([[0.0, -0.0, math.nan, -math.inf], [1e-45, 1.0, math.inf, 2.0]])
    assert np.array_equal(agreements(values), [[4, 0], [0, 4]])


# ── the paper's variant ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("row", [[3, 2, 4, 1, 3, 2], [1, 4, 3, 0, 2, 0], [3, 3, 0, 0, 0, 1], [0, 3, 2, 1, 0, 4]])
def test_the_score_is_that_of_hooks_a_backward_pass_and_float_products(row):
    torch.manual_seed(0)
    network = build(NASBench201(), np.array(row, np.int8), **SMALL)
    score = NASWOT()(Probe(network, images(16)))
    assert score == pytest.approx(straightforward(network, images(16)), abs=1e-6)


def test_a_rectifier_in_a_block_named_after_it_counts_twice():
    alone = Probe(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten()), images())
    torch.manual_seed(0)
    once = NASWOT().kernel(alone)
    blocked = nn.Sequential(alone.network[0], ReLUConv(nn.ReLU(), nn.Identity()), nn.Flatten())
    assert np.array_equal(NASWOT().kernel(Probe(blocked, images())), 2 * once)


def test_the_diagonal_has_all_places_of_all_rectifiers_with_their_weights():
    network = build(NASBench201(), np.array([3, 0, 0, 2, 0, 0], np.int8), **SMALL)
    # A cell rectifies its input for two edges, each twice; blocks their input and their middle, each twice.
    cells = [4 * 64, 8 * 16, 16 * 4]
    blocks = [4 * 64 + 8 * 16, 8 * 16 + 16 * 4]
    expected = 4 * sum(cells) + 2 * sum(blocks) + 16 * 4
    assert np.diag(NASWOT().kernel(Probe(network, images()))).tolist() == [expected] * 8


def test_what_a_backward_pass_does_not_reach_does_not_count():
    probe = Probe(Branches(), images())
    assert np.array_equal(NASWOT().kernel(probe), dense(images()))


def test_an_operation_that_leads_nowhere_counts_as_published_where_none_multiplies_by_zero():
    network = build(NASBench201(), np.array([3, 1, 0, 1, 0, 1], np.int8), **SMALL)
    with_it = NASWOT().kernel(Probe(network, images()))
    without = NASWOT().kernel(Probe(build(NASBench201(), np.array([1, 1, 0, 1, 0, 1], np.int8), **SMALL), images()))
    assert np.diag(with_it - without).tolist() == [2 * (4 * 64 + 8 * 16 + 16 * 4)] * 8


def test_batches_are_normalised_by_their_own_statistics():
    network = nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten())
    shifted = images() + 100
    expected = dense(images() - images().mean(dim=(0, 2, 3), keepdim=True))
    assert np.array_equal(NASWOT().kernel(Probe(network.eval(), shifted)), expected)


def test_a_module_that_is_called_twice_counts_twice():
    relu = nn.ReLU()
    probe = Probe(nn.Sequential(relu, nn.Identity(), relu, nn.Flatten()), images())
    assert np.array_equal(NASWOT().kernel(probe), dense(images()) + dense(images().relu()))


def test_rectifying_in_place_changes_nothing():
    torch.manual_seed(0)
    network = build(NASBench201(), np.array([3, 2, 0, 1, 3, 2], np.int8), **SMALL)
    before = NASWOT().kernel(Probe(network, images()))
    network.lastact[1].inplace = True
    assert np.array_equal(NASWOT().kernel(Probe(network, images())), before)


def test_a_tensor_that_was_changed_is_looked_at_again():
    class Changes(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.ReLU(), nn.ReLU()

        def forward(self, x):
            x = x + 0
            y = self.first(x) * 1
            x -= 1
            return (y + self.second(x)).flatten(1)

    assert np.array_equal(NASWOT().kernel(Probe(Changes(), images())), dense(images()) + dense(images() - 1))


def test_a_network_whose_code_wants_rows_is_run_as_it_likes():
    class Views(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.relu = nn.Conv2d(3, 4, 3), nn.ReLU()

        def forward(self, x):
            y = self.relu(self.conv(x))
            return y.view(len(x), -1)

    torch.manual_seed(0)
    network = Views()
    assert np.array_equal(NASWOT().kernel(Probe(network, images())), dense(network.conv(images()).detach()))


class Subtracts(nn.Module):
    """A network that changes its images, and that wants them as they are."""

    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()

    def forward(self, x):
        x -= 1
        return self.relu(x).view(len(x), -1)


def test_the_images_stay_as_they_are():
    batch = images()
    assert np.array_equal(NASWOT("notebook").kernel(Probe(Subtracts(), batch)), dense(images() - 1))
    assert torch.equal(batch, images())


@pytest.mark.parametrize("variant", FORMS)
def test_it_can_be_asked_where_nothing_is_traced(variant):
    network = nn.Sequential(nn.ReLU(), nn.Flatten())
    with torch.inference_mode():
        assert np.array_equal(NASWOT(variant).kernel(Probe(network, images())), dense(images()))


@pytest.mark.parametrize("rectify", [torch.relu, nn.functional.relu, torch.Tensor.relu, torch.relu_, nn.ReLU()])
def test_rectifiers_that_are_functions_are_heard(rectify):
    network = Rectifies(rectify)
    expected = dense(network.conv(images()).detach())
    assert np.array_equal(NASWOT().kernel(Probe(network, images())), expected)
    assert np.array_equal(NASWOT("notebook").kernel(Probe(network, images())), expected)


def test_functions_are_told_apart_by_the_order_of_their_calls():
    class Asks(nn.Module):
        def forward(self, x):
            torch.relu(x - 1)
            return x.relu().flatten(1)

    assert np.array_equal(NASWOT().kernel(Probe(Asks(), images())), dense(images()))


def test_functions_are_not_heard_beside_modules():
    network = nn.Sequential(nn.ReLU(), Rectifies(torch.relu))
    assert np.array_equal(NASWOT().kernel(Probe(network, images())), dense(images()))


def test_what_is_no_batch_of_the_images_is_passed_over():
    class Parts(nn.Module):
        def __init__(self):
            super().__init__()
            self.all, self.one = nn.ReLU(), nn.ReLU()

        def forward(self, x):
            return self.all(x).flatten(1) + self.one(x[:1]).flatten(1)

    assert np.array_equal(NASWOT().kernel(Probe(Parts(), images())), dense(images()))


def test_one_image_has_the_logarithm_of_all_its_places():
    assert NASWOT()(Probe(nn.Sequential(nn.ReLU(), nn.Flatten()), images(1))) == pytest.approx(math.log(192))


def test_a_network_without_rectifiers_has_the_worst_score():
    assert NASWOT()(Probe(nn.Sequential(nn.Flatten(), nn.Linear(192, 2)), images())) == -1e8


# ── the other variants ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("variant", ["notebook", "evaluation"])
def test_the_others_count_every_rectifier_once(variant):
    network = build(NASBench201(), np.array([3, 0, 0, 2, 0, 0], np.int8), **SMALL)
    expected = 2 * (4 * 64 + 8 * 16 + 16 * 4) + (4 * 64 + 8 * 16) + (8 * 16 + 16 * 4) + 16 * 4
    assert np.diag(NASWOT(variant).kernel(Probe(network, images()))).tolist() == [expected] * 8


@pytest.mark.parametrize("variant", ["notebook", "evaluation"])
def test_the_others_count_what_leads_nowhere(variant):
    assert np.array_equal(NASWOT(variant).kernel(Probe(Branches(), images())), 2 * dense(images()))


def test_the_notebook_s_normalises_a_batch_by_its_own_statistics():
    network = nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten())
    expected = dense(images() - images().mean(dim=(0, 2, 3), keepdim=True))
    assert np.array_equal(NASWOT("notebook").kernel(Probe(network.eval(), images() + 100)), expected)


def test_that_of_evaluation_normalises_by_running_averages():
    network = nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten())
    assert np.array_equal(NASWOT("evaluation").kernel(Probe(network, images() + 1)), dense(images() + 1))


def test_there_are_three_variants():
    with pytest.raises(BadSetting, match="paper, notebook, evaluation, not 'both'"):
        NASWOT("both")
