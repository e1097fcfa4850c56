"""Single-path methods: what is drawn, and what is chosen by inherited weights."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_searches import CELL, search
from torch import nn

from nasbed.core.errors import BadSetting
from nasbed.oneshot import METHODS
from nasbed.oneshot.choosing import best_of, evolution
from nasbed.oneshot.inheriting import Inherited

ROWS = CELL.enumerate()


def rows_of(method, draws):
    objective = search(method).objective
    return Counter(tuple(int(one.argmax()) for one in path) for _ in range(draws) for path in objective.sampled())


@pytest.mark.slow
def test_a_uniform_path_is_each_architecture_alike():
    counts, draws = rows_of("spos", 2700), 2700
    found = np.array([counts[tuple(row)] for row in ROWS.tolist()])
    assert found.sum() == draws
    assert (np.abs(found - 100) < 4.5 * np.sqrt(100)).all()


@pytest.mark.slow
def test_a_living_path_is_each_architecture_alike_in_which_something_reaches_each_node():
    counts, draws = rows_of("rsps", 1600), 1600
    lives = [tuple(row) for row in ROWS.tolist() if row[0] != 0 and (row[1] != 0 or row[2] != 0)]
    assert len(lives) == 16  # of 27: node 1 has one edge, node 2 has two
    assert set(counts) == set(lives)
    assert all(abs(counts[row] - draws / 16) < 4.5 * np.sqrt(draws / 16) for row in lives)


@pytest.mark.parametrize("method", ["spos", "rsps"])
def test_a_step_trains_the_path_alone(method):
    made, hand = search(method, epochs=3), search(method, epochs=3)
    made.net.double(), hand.net.double()
    (path,) = hand.objective.sampled()
    images, labels = hand.feed.batch("weights")
    loss = nn.functional.cross_entropy(hand.net(images.double(), path), labels)
    gradients = torch.autograd.grad(loss, list(hand.net.parameters()), allow_unused=True)
    with torch.no_grad():
        for weight, gradient in zip(hand.net.parameters(), gradients, strict=True):
            if gradient is not None:
                weight -= 0.025 * 1.9 * (gradient + 5e-4 * weight)  # Nesterov's first step
    made.step()
    assert all(
        torch.allclose(one, other, rtol=0, atol=1e-12)
        for one, other in zip(made.net.parameters(), hand.net.parameters(), strict=True)
    )


# ── inherited weights ─────────────────────────────────────────────────────────────────────────────────────────────


def by_hand(made, row, order, statistics=None):
    """Return the accuracy of an architecture, whose network normalises by the batch or by given averages."""
    data, right = made.data, 0
    network = made.net.subnet(row)
    for numbers in order:
        images = data.validation.normal(data.validation.images[numbers]).permute(0, 3, 1, 2)
        if statistics is None:
            network.train()
        else:
            for norm, (mean, variance) in zip(norms_of(network), statistics, strict=True):
                norm.running_mean, norm.running_var = mean, variance
            network.eval()
        right += int((network(images).argmax(1) == data.validation.labels[numbers]).sum())
    return right / sum(map(len, order))


def norms_of(network):
    return [one for one in network.modules() if isinstance(one, nn.BatchNorm2d)]


def test_in_batch_mode_an_architecture_is_judged_by_the_statistics_of_full_batches():
    made = search("rsps").run()
    judge = Inherited(made.net, made.data, "batch", batch=40)
    order = list(torch.split(judge._orders["validation"][:80], 40))
    assert judge([2, 1, 2]) == by_hand(made, [2, 1, 2], order)


def test_recalibrated_averages_are_the_means_over_training_batches():
    made = search("spos").run()
    judge = Inherited(made.net, made.data, "recalibrated", batch=30, calibration=70)
    train, collected = made.data.train, []
    network = made.net.subnet([2, 2, 1]).train()
    for norm in norms_of(network):
        seen = []
        collected.append(seen)
        norm.register_forward_pre_hook(lambda _, given, seen=seen: seen.append(given[0].detach()))
    with torch.no_grad():
        for numbers in torch.split(judge._orders["train"][:60], 30):
            network(train.normal(train.images[numbers]).permute(0, 3, 1, 2))
    statistics = [
        (
            torch.stack([one.mean((0, 2, 3)) for one in seen]).mean(0),
            torch.stack([one.var((0, 2, 3), unbiased=True) for one in seen]).mean(0),
        )
        for seen in collected
    ]
    for norm, (mean, variance) in zip(norms_of(judge.recalibrated([2, 2, 1])), statistics, strict=True):
        assert torch.allclose(norm.running_mean, mean, rtol=0, atol=1e-5)
        assert torch.allclose(norm.running_var, variance, rtol=1e-5, atol=1e-5)
    order = list(torch.split(judge._orders["validation"], 30))
    assert judge([2, 2, 1]) == by_hand(made, [2, 2, 1], order, statistics)


def test_judging_leaves_the_supernet_as_it_was():
    made = search("spos")
    made.step()
    before = {name: value.clone() for name, value in made.net.state_dict().items()}
    for mode in ("batch", "recalibrated"):
        Inherited(made.net, made.data, mode, 32, 64)([2, 2, 2])
    assert made.net.training
    assert all(torch.equal(value, before[name]) for name, value in made.net.state_dict().items())


def test_a_batch_of_one_judges_nothing():
    made = search("spos")
    with pytest.raises(BadSetting, match="a batch has 2 images at least"):
        Inherited(made.net, made.data, "batch", 1)


# ── choices ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Noted:
    """Judges architectures of the small cell by a number of its own, and notes which images it was asked for."""

    def __init__(self):
        self.net, self.asked = search("rsps").net, []

    def __call__(self, row, first=0, most=0):
        self.asked.append((tuple(row.tolist()), first, most))
        return float(row @ [9, 3, 1])


def test_each_of_some_random_architectures_is_judged_by_a_batch_of_its_own_and_the_best_is_chosen():
    judge, chosen = Noted(), replace(METHODS["rsps"].choice, candidates=20)
    best = best_of(chosen, judge, seed=1)
    assert [(first, most) for _, first, most in judge.asked] == [(512 * i, 512) for i in range(20)]
    assert tuple(best.tolist()) == max(
        (row for row, _, _ in judge.asked), key=lambda row: row[0] * 9 + row[1] * 3 + row[2]
    )


def test_an_evolution_judges_a_population_a_round_each_architecture_once_and_finds_the_best_of_all():
    seen = []

    def worth(row):
        seen.append(tuple(row.tolist()))
        return float(row @ [9, 3, 1])

    chosen = replace(METHODS["spos"].choice, population=6, rounds=3, top=3)
    best = evolution(chosen, CELL, worth, seed=0)
    assert len(seen) == len(set(seen)) == 18
    assert [tuple(row.tolist()) for row in best] == sorted(seen, reverse=True)[:3]
