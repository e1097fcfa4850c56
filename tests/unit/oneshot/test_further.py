"""Further methods, each against its equations in NumPy."""

import copy
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import digamma, gammaln
from small_searches import few_digits, search
from torch import nn

from nasbed.oneshot import METHODS, OneShot, inheriting
from nasbed.oneshot.descending import Exponentiated
from nasbed.oneshot.inheriting import Inherited
from nasbed.oneshot.perturbing import Drop, Perturbing
from nasbed.oneshot.sampling import certainty, divergence, relaxed

ALPHAS = np.array([0.3, -1.0, 0.5, 2.0])


def soft(values):
    return np.exp(values) / np.exp(values).sum()


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def vectors(made):
    return [one.detach().numpy() for one in made.alphas.values.values()]


# ── samplers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_snas_takes_the_relaxed_sample():
    noise = -np.log(torch.empty(4).exponential_(generator=generator()).double().numpy())
    wanted = soft((np.log(soft(ALPHAS)) + noise) / 0.7)
    assert np.allclose(relaxed(torch.tensor(ALPHAS), 0.7, generator()), wanted, rtol=0, atol=1e-7)


def test_snas_cools_from_ten_to_one():
    made = search("snas", epochs=4)
    cooled = []
    for _ in range(4):
        cooled.append(made.objective.between(made.method.temperature))
        made.epoch()
    assert np.allclose(cooled, [10, 7, 4, 1])


def test_sdarts_trains_weights_on_perturbed_chances_and_parameters_on_their_own():
    made = search("sdarts-rs", epochs=3)
    made.epoch()  # half-way from 0.03 to 0.3
    noises = copy.deepcopy(made.state_dict()["generators"]["samples"])
    (path,) = made.objective.sampled()
    same = torch.Generator()
    same.set_state(noises)
    for one, values in zip(path, vectors(made), strict=True):
        moved = np.clip(soft(values) + 0.165 * (2 * torch.rand(3, generator=same).numpy() - 1), 0, 1)
        assert np.allclose(one, moved / moved.sum(), rtol=0, atol=1e-6)
    (own,) = made.objective.sampled(True)
    assert all(np.allclose(one.detach(), soft(values)) for one, values in zip(own, vectors(made), strict=True))


def test_darts_minus_adds_skips_that_are_gone_in_the_end():
    made = search("darts-minus", epochs=3)
    for strength in (1.0, 0.5, 0.0):
        (path,) = made.objective.sampled()
        for one, values in zip(path, vectors(made), strict=True):
            assert np.allclose(one, soft(values) + np.array([0, strength, 0]), rtol=0, atol=1e-6)
        made.epoch()


def test_fair_darts_lets_each_option_count_by_itself():
    made = search("fair-darts")
    (path,) = made.objective.sampled()
    for one, values in zip(path, vectors(made), strict=True):
        assert np.allclose(one, 1 / (1 + np.exp(-values)), rtol=0, atol=1e-6)
    given = [torch.tensor([2.0, -1.0]), torch.tensor([0.0, 3.0, 1.0])]
    wanted = -np.mean(np.abs(1 / (1 + np.exp(-np.concatenate(given))) - 0.5))
    assert np.isclose(float(certainty(given)), wanted)


def test_fairnas_takes_each_value_of_each_decision_once_and_updates_once():
    made, hand = search("fairnas", epochs=3), search("fairnas", epochs=3)
    made.net.double(), hand.net.double()
    paths = hand.objective.sampled()
    assert len(paths) == 3
    for slot in range(3):
        assert sorted(int(path[slot].argmax()) for path in paths) == [0, 1, 2]
    images, labels = hand.feed.batch("weights")
    weights = list(hand.net.parameters())
    losses = [nn.functional.cross_entropy(hand.net(images.double(), path), labels) for path in paths]
    gradients = torch.autograd.grad(torch.stack(losses).sum(), weights, allow_unused=True)
    with torch.no_grad():
        for weight, gradient in zip(weights, gradients, strict=True):
            if gradient is not None:
                weight -= 0.025 * 1.9 * (gradient + 5e-4 * weight)
    loss = made.step()["weights"]
    assert np.isclose(loss, np.mean([float(one.detach()) for one in losses]))
    for one, other in zip(made.net.parameters(), weights, strict=True):
        assert torch.allclose(one, other, rtol=0, atol=1e-12)


def test_decisions_of_fewer_values_begin_again_in_fairnas():
    made = search("fairnas")
    asked = made.objective
    small = replace(asked, alphas=replace(asked.alphas, sizes=(3, 3, 2)))
    values = Counter(int(path[2].argmax()) for path in small.sampled())
    assert sorted(values.values()) == [1, 2]


# ── descents and penalties ────────────────────────────────────────────────────────────────────────────────────────


def test_gaea_multiplies_by_the_exponential_of_the_gradient_and_stays_in_the_simplex():
    alphas = torch.tensor([0.2, 0.5, 0.3, 1e-5], dtype=torch.float64, requires_grad=True)
    gradient = np.array([1.0, -2.0, 0.5, 40.0])
    before = alphas.detach().numpy().copy()
    alphas.grad = torch.tensor(gradient)
    Exponentiated([alphas], {"lr": 0.1}).step()
    moved = before * np.exp(-0.1 * gradient)
    assert np.allclose(alphas.detach(), np.maximum(moved / moved.sum(), 1e-5), rtol=0, atol=1e-12)


def test_gaea_begins_even_and_counts_parameters_as_they_are():
    made = search("gaea")
    assert all(np.allclose(one, 1 / 3) for one in vectors(made))
    made.step()
    (path,) = made.objective.sampled()
    assert all(torch.equal(one, value) for one, value in zip(path, made.alphas.values.values(), strict=True))
    assert not any(np.allclose(one, 1 / 3, atol=1e-6) for one in vectors(made))


def test_gaea_chooses_nothing_that_passes_nothing_on():
    made = search("gaea")
    with torch.no_grad():
        for one in made.alphas.values.values():
            one.copy_(torch.tensor([0.6, 0.1, 0.3]))  # none, skip, a convolution
    assert made.architecture.tolist() == [2, 2, 2]
    assert made.alphas.derived().tolist() == [0, 0, 0]


def test_drnas_may_be_held_near_the_even_distribution():
    concentration = np.where(ALPHAS > 0, ALPHAS, np.exp(ALPHAS) - 1) + 1
    total = concentration.sum()
    wanted = gammaln(total) - gammaln(concentration).sum() - gammaln(4)
    wanted += ((concentration - 1) * (digamma(concentration) - digamma(total))).sum()
    assert np.isclose(float(divergence([torch.tensor(ALPHAS), torch.zeros(2)])), wanted)  # that of zeros is 0
    held = search("drnas", penalty="divergence", penalty_weights=(1e-3, 1e-3), epochs=1).run()
    assert np.isfinite(held.epochs_done[0].validation_loss)


# ── DARTS-PT ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_value_whose_absence_costs_most_is_kept():
    made = search("darts-pt", choice=replace(METHODS["darts-pt"].choice, tuning=0), epochs=2).run()
    taken = Perturbing(made.method, made.net, made.alphas, made.data, seed=4)
    judge = Inherited(made.net, made.data, "batch", made.method.batch)
    kept, row = {}, taken.decided()
    for slot in taken.alphas.kept:  # in the order in which they were taken
        worth = []
        for value in range(3):
            coefficients = []
            for other, values in enumerate(vectors(made)):
                chances = np.eye(3)[kept[other]] if other in kept else soft(values)
                coefficients.append(torch.tensor(chances * (np.arange(3) != value if other == slot else 1)).float())
            worth.append(judge.score(inheriting.Path(made.net, tuple(coefficients))))
        kept[slot] = int(np.argmin(worth))
    assert row.tolist() == [kept[slot] for slot in range(3)]


def test_perturbing_leaves_the_search_as_it_was_and_trains_a_copy():
    made = search("darts-pt").run()
    before = copy.deepcopy(made.net.state_dict())
    taken = Perturbing(made.method, made.net, made.alphas, made.data, seed=0)
    taken.decided()
    assert all(torch.equal(value, before[name]) for name, value in made.net.state_dict().items())
    assert not made.alphas.kept
    assert not all(map(torch.equal, taken.net.parameters(), made.net.parameters()))


@pytest.mark.slow
def test_in_darts_nodes_keep_the_inputs_whose_edges_cost_most():
    method = replace(METHODS["darts-pt"], batch=32, choice=replace(METHODS["darts-pt"].choice, tuning=0))
    made = OneShot.of(method, "darts:cells=3,channels=4", few_digits(), 1)
    taken = Perturbing(made.method, made.net, made.alphas, made.data, seed=0)
    node = next(node for node in made.alphas.nodes if node.slot is not None)
    assert 0 <= Perturbing.accuracy(taken, Drop(node.edges[0])) <= 1
    costs = dict.fromkeys(range(len(made.alphas.sizes)), 0.5)
    taken.accuracy = lambda drop: costs[drop.slot]
    costs |= {node.edges[-1]: 0.1, node.edges[0]: 0.2}
    row = taken.decided()
    assert node.combinations[row[node.slot]] == (0, len(node.edges) - 1)
    assert made.net.space.valid(row[None])[0]


@pytest.mark.slow_where("sdarts", "beta", "snas", "gaea", "minus", "2nd", "progressive", "gdas", "fair", "darts-pt")
@pytest.mark.parametrize("method", [name for name, one in METHODS.items() if one.alphas is not None])
def test_each_method_with_parameters_has_them_for_the_cells_of_darts(method):
    made = OneShot.of(replace(METHODS[method], batch=32), "darts:cells=3,channels=4", few_digits(), 1)
    for path in made.objective.sampled(True):
        assert [len(one) for one in path] == [len(slot.values) for slot in made.net.decisions]
    assert made.net.space.valid(made.alphas.derived()[None])[0]


def test_fair_sampling_is_a_file_of_less_than_forty_lines():
    page = (Path(__file__).parents[3] / "docs" / "oneshot.md").read_text("utf-8")
    text = page.partition("```python\n# fair.py\n")[2].partition("```")[0]
    assert 0 < len(text.splitlines()) <= 40
    there = {"few": search("spos").method.choice}
    exec(text.replace('"digits"', "digits"), there | {"digits": few_digits()}, there)
    made, known = there["fairly"], search("fairnas")
    same = [made.objective.sampled() for _ in range(3)]
    assert all(len(paths) == 5 for paths in same)
    assert all(sorted(int(path[0].argmax()) for path in paths) == list(range(5)) for paths in same)
    assert made.describe()["settings"]["sampler"] == "fair" == known.describe()["settings"]["sampler"]
