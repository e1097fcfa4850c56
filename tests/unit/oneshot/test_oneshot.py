"""One-shot methods: samplers and steps against their equations, and what is derived."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_searches import search
from torch import nn

import nasbed
from nasbed.oneshot import METHODS
from nasbed.oneshot.alphas import Alphas
from nasbed.oneshot.sampling import dirichlet, gumbel, logsumexp, softmax
from nasbed.oneshot.unrolling import unrolled
from nasbed.spaces import WrittenSpace, choice, edges, op, seq


def noise(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return -np.log(torch.empty(count).exponential_(generator=generator).double().numpy())


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# ── samplers ──────────────────────────────────────────────────────────────────────────────────────────────────────

ALPHAS = np.array([0.3, -1.0, 0.5, 2.0])


def soft(values):
    return np.exp(values) / np.exp(values).sum()


def test_softmax_is_that_of_the_parameters():
    assert np.allclose(softmax(torch.tensor(ALPHAS), 1.0, generator()), soft(ALPHAS), rtol=0, atol=1e-12)


def test_a_gumbel_sample_is_one_hot_where_the_noisy_logarithm_is_largest():
    for seed in range(20):
        sample = gumbel(torch.tensor(ALPHAS), 0.5, generator(seed)).numpy()
        wanted = np.eye(4)[np.argmax(np.log(soft(ALPHAS)) + noise(4, seed))]
        assert np.allclose(sample, wanted, rtol=0, atol=1e-12)


def test_a_gumbel_sample_has_the_gradient_of_the_relaxed_one():
    tau, upstream = 0.7, np.array([1.0, -2.0, 0.5, 3.0])
    alphas = torch.tensor(ALPHAS, requires_grad=True)
    (gumbel(alphas, tau, generator()) * torch.tensor(upstream)).sum().backward()
    chances = soft((np.log(soft(ALPHAS)) + noise(4)) / tau)
    of_softmax = np.diag(chances) - np.outer(chances, chances)
    of_logarithm = (np.eye(4) - np.outer(np.ones(4), soft(ALPHAS))) / tau
    assert np.allclose(alphas.grad, upstream @ of_softmax @ of_logarithm, rtol=0, atol=1e-7)  # float32 noise


def test_gumbel_samples_are_drawn_by_the_softmax():
    draws, made = 4000, generator()
    counts = sum(gumbel(torch.tensor(ALPHAS), 1.0, made).round() for _ in range(draws)).numpy()
    wanted = soft(ALPHAS)
    assert (np.abs(counts / draws - wanted) < 4.5 * np.sqrt(wanted / draws)).all()


def concentration():
    return np.where(ALPHAS > 0, ALPHAS, np.exp(ALPHAS) - 1) + 1


@pytest.mark.slow
def test_dirichlet_samples_have_the_mean_of_their_distribution():
    draws, made = 1000, generator()
    samples = torch.stack([dirichlet(torch.tensor(ALPHAS), 1.0, made) for _ in range(draws)]).numpy()
    assert np.allclose(samples.sum(1), 1)
    wanted = concentration() / concentration().sum()
    spread = np.sqrt(wanted * (1 - wanted) / (concentration().sum() + 1) / draws)
    assert (np.abs(samples.mean(0) - wanted) < 4.5 * spread).all()


@pytest.mark.slow
def test_dirichlet_samples_have_the_gradient_of_that_mean():
    draws, made, upstream = 800, generator(), np.array([1.0, -2.0, 0.5, 3.0])
    alphas = torch.tensor(ALPHAS, requires_grad=True)
    each = []
    for _ in range(draws):
        (found,) = torch.autograd.grad((dirichlet(alphas, 1.0, made) * torch.tensor(upstream)).sum(), alphas)
        each.append(found.numpy())
    total, slope = concentration().sum(), np.where(ALPHAS > 0, 1.0, np.exp(ALPHAS))
    wanted = (upstream / total - (upstream * concentration()).sum() / total**2) * slope
    assert (np.abs(np.mean(each, 0) - wanted) < 4.5 * np.std(each, 0) / np.sqrt(draws)).all()


def test_logsumexp_is_that_of_the_parameters():
    assert np.isclose(float(logsumexp(torch.tensor(ALPHAS))), np.log(np.exp(ALPHAS).sum()))


# ── steps ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class ByHand:
    """The same search, whose descents are written out in plain arithmetic; good for one step from the start."""

    def __init__(self, method, **changes):
        self.search = search(method, epochs=3, **changes)
        self.search.net.double()
        self.alphas = list(self.search.alphas.values.values())

    def gradients(self, what, coefficients, carried=False):
        images, labels = self.search.feed.batch(what)
        loss = torch.nn.functional.cross_entropy(self.search.net(images.double(), coefficients, carried), labels)
        if what == "weights":
            return list(torch.autograd.grad(loss, list(self.search.net.parameters()), allow_unused=True))
        return list(torch.autograd.grad(loss, self.alphas))

    def descend_alphas(self, gradients):
        with torch.no_grad():
            for alpha, gradient in zip(self.alphas, gradients, strict=True):
                slope = gradient + 1e-3 * alpha
                alpha -= 3e-4 * slope / (slope.abs() + 1e-8)  # Adam's first step

    def descend_weights(self, gradients, decay, clip=None, nesterov=False):
        norm = torch.cat([one.flatten() for one in gradients if one is not None]).norm()
        factor = 1.0 if clip is None else min(1.0, clip / (norm + 1e-6))
        with torch.no_grad():
            for weight, gradient in zip(self.search.net.parameters(), gradients, strict=True):
                if gradient is not None:
                    weight -= 0.025 * (1.9 if nesterov else 1.0) * (factor * gradient + decay * weight)


def assert_alike(one, other):
    for a, b in zip(one.net.parameters(), other.net.parameters(), strict=True):
        assert torch.allclose(a, b, rtol=0, atol=1e-12)
    for a, b in zip(one.alphas.values.values(), other.alphas.values.values(), strict=True):
        assert torch.allclose(a, b, rtol=0, atol=1e-9)


def started(method, **changes):
    """Return a search before its first step, in float64 where its weights are."""
    made = search(method, epochs=3, **changes)
    made.net.double()
    made.descents.optimizers["weights"].param_groups[0]["lr"] = 0.025
    return made


@pytest.mark.parametrize("clip", [5.0, 0.01])
def test_a_step_of_darts_is_that_of_its_equations(clip):
    weights = replace(METHODS["darts"].weights, clip=clip)
    made, hand = started("darts", weights=weights), ByHand("darts", weights=weights)
    made.step()
    hand.descend_alphas(hand.gradients("alphas", [one.softmax(0) for one in hand.alphas]))
    chances = [one.detach().softmax(0) for one in hand.alphas]
    hand.descend_weights(hand.gradients("weights", chances), 3e-4, clip)
    assert_alike(made, hand.search)


def test_a_step_of_gdas_is_that_of_its_equations():
    made, hand = started("gdas"), ByHand("gdas")
    made.step()
    samples = hand.search._generators["samples"]
    paths = [gumbel(one.detach(), 10.0, samples) for one in hand.alphas]
    hand.descend_weights(hand.gradients("weights", paths), 5e-4, nesterov=True)
    paths = [gumbel(one, 10.0, samples) for one in hand.alphas]
    hand.descend_alphas(hand.gradients("alphas", paths, carried=True))
    assert_alike(made, hand.search)


def smooth():
    """A supernet without kinks, in float64, with losses of two batches."""

    def layer(in_channels, out_channels, stride):
        conv = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
        return nn.Sequential(nn.SiLU(), conv, nn.BatchNorm2d(out_channels))

    cell = edges(3, lambda i, j: choice(op("skip"), op(layer), op("avg_pool_3x3")))
    torch.manual_seed(0)
    space = WrittenSpace(seq(op("stem", channels=4), cell, op("head")))
    net = nasbed.supernet(space, image_size=8, image_channels=1).double()
    alphas = list(Alphas.of(net, METHODS["gdas"], generator()).values.values())
    images, labels = torch.randn(2, 16, 1, 8, 8, dtype=torch.float64), torch.randint(10, (2, 16))

    def loss(part):
        coefficients = [one.softmax(0) for one in alphas]
        return torch.nn.functional.cross_entropy(net(images[part], coefficients), labels[part])

    return net, alphas, lambda: loss(0), lambda: loss(1)


def unrolled_of(made, epsilon=None, rate=0.5):
    net, alphas, training, validation = made
    weights = list(net.parameters())
    rests = [0.1 * one.detach() for one in weights]
    gradients, _ = unrolled(training, validation, alphas, weights, rests, rate, epsilon)
    return torch.cat(gradients)


def test_the_exact_product_is_that_of_central_differences_of_the_unrolled_loss():
    net, alphas, training, validation = made = smooth()
    weights, rate, step = list(net.parameters()), 0.5, 1e-5
    kept = [one.detach().clone() for one in weights]

    def objective():
        gradients = torch.autograd.grad(training(), weights)
        with torch.no_grad():
            for one, gradient in zip(weights, gradients, strict=True):
                one.sub_(rate * (gradient + 0.1 * one))
            found = validation().item()
            for one, before in zip(weights, kept, strict=True):
                one.copy_(before)
        return found

    wanted = []
    for alpha in alphas:
        for i in range(len(alpha)):
            sides = []
            for sign in (1, -2):
                with torch.no_grad():
                    alpha[i] += sign * step
                sides.append(objective())
            with torch.no_grad():
                alpha[i] += step
            wanted.append((sides[0] - sides[1]) / (2 * step))
    assert np.allclose(unrolled_of(made), wanted, rtol=0, atol=1e-6)


def test_the_published_difference_converges_to_the_exact_product_with_the_square_of_epsilon():
    made = smooth()
    exact = unrolled_of(made)
    errors = [float((unrolled_of(made, epsilon) - exact).norm()) for epsilon in (0.1, 0.01)]
    assert 50 < errors[0] / errors[1] < 200


def test_weights_are_as_they_were_behind_an_unrolled_gradient():
    made = smooth()
    before = [one.detach().clone() for one in made[0].parameters()]
    unrolled_of(made, 0.01)
    assert all(map(torch.equal, made[0].parameters(), before))


@pytest.mark.parametrize(("kind", "epsilon"), [("exact", None), ("difference", 0.01)])
def test_a_step_of_second_order_is_that_of_its_equations(kind, epsilon):
    made, hand = started("darts-2nd", unrolled=kind), ByHand("darts-2nd", unrolled=kind)
    made.step()
    weights = list(hand.search.net.parameters())
    batches = {what: hand.search.feed.batch(what) for what in ("weights", "alphas")}

    def loss(what):
        images, labels = batches[what]
        outputs = hand.search.net(images.double(), [one.softmax(0) for one in hand.alphas])
        return torch.nn.functional.cross_entropy(outputs, labels)

    rests = [3e-4 * one.detach() for one in weights]
    found, _ = unrolled(lambda: loss("weights"), lambda: loss("alphas"), hand.alphas, weights, rests, 0.025, epsilon)
    hand.descend_alphas(found)
    for one, other in zip(made.alphas.values.values(), hand.alphas, strict=True):
        assert torch.allclose(one, other, rtol=0, atol=1e-7)


def test_an_unrolled_step_has_the_momentum_and_the_decay_of_the_weights(monkeypatch):
    made, seen = started("darts-2nd", batch=96), []
    made.step()
    momenta = [
        made.descents.optimizers["weights"].state[one]["momentum_buffer"].clone() for one in made.net.parameters()
    ]
    wanted = [3e-4 * one.detach() + 0.9 * m for one, m in zip(made.net.parameters(), momenta, strict=True)]

    def noting(training, validation, alphas, weights, rests, rate, epsilon):
        seen.extend([*rests, rate])
        return [torch.zeros_like(one) for one in alphas], 0.0

    monkeypatch.setattr("nasbed.oneshot.objective.unrolled", noting)
    made.step()
    assert np.isclose(seen.pop(), 0.001 + 0.012 * (1 + np.cos(np.pi / 3)))
    assert all(map(torch.allclose, seen, wanted))


def test_in_gdas_the_parameters_of_every_edge_have_a_gradient():
    made = search("gdas")
    made.step()
    assert all((one.grad != 0).all() for one in made.alphas.values.values())


def test_rates_fall_along_half_a_cosine_and_temperatures_on_a_line():
    made = search("gdas", epochs=5)
    rates, temperatures = [], []
    for _ in range(5):
        temperatures.append(made.objective.between(made.method.temperature))
        made.epoch()
        rates.append(made.descents.optimizers["weights"].param_groups[0]["lr"])
    assert np.allclose(rates, 0.001 + 0.012 * (1 + np.cos(np.pi * np.arange(5) / 5)), rtol=0, atol=1e-12)
    assert np.allclose(temperatures, np.linspace(10, 0.1, 5), rtol=0, atol=1e-12)


def test_a_penalty_pulls_on_the_parameters():
    made = search("beta-darts", epochs=2, penalty_weights=(3.0, 3.0))
    with torch.no_grad():
        for one in made.alphas.values.values():
            one.add_(1.0)
    wanted = 3.0 * np.mean([np.log(np.exp(one.detach().numpy()).sum()) for one in made.alphas.values.values()])
    assert np.isclose(float(made.objective.penalty().detach()), wanted)


# ── what is derived ───────────────────────────────────────────────────────────────────────────────────────────────


def darts():
    net = nasbed.supernet("darts:cells=3,channels=4", image_size=8, image_channels=1)
    return net, Alphas.of(net, METHODS["darts"], generator())


def test_in_darts_each_edge_has_eight_parameters_and_counts_once():
    net, alphas = darts()
    assert sorted({len(one) for one in alphas.values.values()}) == [8]
    assert len(alphas.values) == 28
    chances = {slot: value.softmax(0) for slot, value in alphas.values.items()}
    found = dict(zip([slot.name for slot in net.decisions], alphas.coefficients(chances), strict=True))
    inputs = found["normal.node4"]  # of four inputs, two are taken: each is in three of six choices
    assert torch.allclose(inputs, torch.full((6,), 1 / 3))
    assert torch.allclose(found["normal.node4.from0"], chances[names(net)["normal.node4.from0"]][1:])


def names(net):
    return {slot.name: i for i, slot in enumerate(net.decisions)}


def test_in_darts_a_node_keeps_the_two_inputs_of_the_strongest_operations():
    net, alphas = darts()
    space = net.space
    with torch.no_grad():
        for value in alphas.values.values():
            value.zero_()
        for edge, operation, strength in (("from0", 4, 1.0), ("from2", 6, 3.0), ("from3", 2, 2.0)):
            alphas.values[names(net)[f"normal.node4.{edge}"]][operation] = strength
        alphas.values[names(net)["normal.node4.from1"]][0] = 9.0  # nothing is no operation
    assert space.pairs(alphas.derived())["normal"][4:6] == [("dil_conv_3x3", 2), ("avg_pool_3x3", 3)]


def test_of_equals_the_first_is_derived():
    net, alphas = darts()
    with torch.no_grad():
        for value in alphas.values.values():
            value.zero_()
    assert net.space.pairs(alphas.derived())["reduce"] == [("max_pool_3x3", i) for i in (0, 1)] * 4


def test_elsewhere_the_strongest_value_of_each_decision_is_derived():
    made = search("darts")
    with torch.no_grad():
        for slot, value in made.alphas.values.items():
            value[(0, 2, 1)[slot]] = 5.0
    assert made.architecture.tolist() == [0, 2, 1]
