"""PC-DARTS and DrNAS's progressive growth: weights of edges, what rests, what is pruned, and what grows."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_searches import CELL, few_digits, finished, search
from torch import nn

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.oneshot import METHODS, OneShot
from nasbed.oneshot.alphas import Alphas
from nasbed.oneshot.descending import Schedule
from nasbed.oneshot.methods import Stage


def soft(values):
    return np.exp(values) / np.exp(values).sum()


def small_darts(method="pc-darts"):
    net = nasbed.supernet("darts:cells=3,channels=4", image_size=8, image_channels=1, share=4)
    return net, Alphas.of(net, METHODS[method], torch.Generator().manual_seed(0))


# ── edges ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_edges_into_each_node_have_weights_that_are_a_softmax():
    net, alphas = small_darts()
    assert sorted(len(beta) for beta in alphas.betas.values()) == [2, 2, 3, 3, 4, 4, 5, 5]  # nodes 2 … 5, two cells
    weights = alphas.weights_of_edges()
    slots = {slot.name: i for i, slot in enumerate(net.decisions)}
    node = tuple(slots[f"normal.node4.from{i}"] for i in range(4))
    assert np.allclose([float(weights[slot].detach()) for slot in node], soft(alphas.betas[node].detach().numpy()))


def test_a_node_keeps_the_inputs_whose_weight_times_chance_is_largest():
    net, alphas = small_darts()
    slots = {slot.name: i for i, slot in enumerate(net.decisions)}
    node = tuple(slots[f"normal.node3.from{i}"] for i in range(3))
    with torch.no_grad():
        for one in alphas.trained:
            one.zero_()
        for slot, strength in zip(node, (1.0, 0.9, 0.8), strict=True):
            alphas.values[slot][4] = strength
    assert net.space.pairs(alphas.derived())["normal"][2:4] == [("sep_conv_3x3", 0), ("sep_conv_3x3", 1)]
    with torch.no_grad():
        alphas.betas[node][0] = -2.0
    assert net.space.pairs(alphas.derived())["normal"][2:4] == [("sep_conv_3x3", 1), ("sep_conv_3x3", 2)]


def test_a_step_of_pc_darts_is_that_of_its_equations():
    made, hand = (search("pc-darts", frozen=0.0, epochs=3) for _ in range(2))
    made.net.double(), hand.net.double()
    made.step()
    trained, weights = hand.alphas.trained, list(hand.net.parameters())

    def loss(what):
        images, labels = hand.feed.batch(what)
        (betas,) = hand.alphas.betas.items()
        edges = dict(zip(betas[0], betas[1].softmax(0), strict=True))
        outputs = hand.net(images.double(), [one.softmax(0) for one in hand.alphas.values.values()], edges=edges)
        return nn.functional.cross_entropy(outputs, labels)

    gradients = torch.autograd.grad(loss("alphas"), trained)
    assert all((one != 0).all() for one in gradients)  # of the edges' own, too
    with torch.no_grad():
        for one, gradient in zip(trained, gradients, strict=True):
            slope = gradient + 1e-3 * one
            one -= 6e-4 * slope / (slope.abs() + 1e-8)  # Adam's first step
    gradients = torch.autograd.grad(loss("weights"), weights)
    factor = min(1.0, 5.0 / float(torch.cat([one.flatten() for one in gradients]).norm()))
    with torch.no_grad():
        for one, gradient in zip(weights, gradients, strict=True):
            one -= 0.1 * (factor * gradient + 3e-4 * one)
    for one, other in zip([*made.alphas.trained, *made.net.parameters()], [*trained, *weights], strict=True):
        assert torch.allclose(one, other, rtol=0, atol=1e-7)


def test_the_supernet_must_be_one_whose_options_read_the_methods_share():
    net = nasbed.supernet("nasbench201", channels=4, cells=1, image_size=8, image_channels=1)
    with pytest.raises(BadSetting, match=r"one channel in 1, and those of the method one in 4; make .* with share=4"):
        OneShot(net, "pc-darts", "digits")


# ── stages ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_parameters_rest_for_the_published_epochs():
    schedule = Schedule(METHODS["pc-darts"], 50, 10)
    assert [schedule.rests(10 * epoch) for epoch in range(50)] == [True] * 15 + [False] * 35
    schedule = Schedule(METHODS["drnas-progressive"], 100, 10)
    assert [schedule.rests(10 * epoch) for epoch in range(100)] == ([True] * 10 + [False] * 40) * 2
    assert [schedule.stage(10 * epoch) for epoch in range(100)] == [0] * 50 + [1] * 50


def test_the_strongest_values_are_kept_and_samples_are_of_these_alone():
    made = search("drnas-progressive")
    with torch.no_grad():
        made.alphas.values[1].copy_(torch.tensor([0.1, 0.3, 0.2]))
    made.alphas.prune(2)
    (path,) = made.objective.sampled()
    assert path[1][0] == 0
    assert all((one != 0).sum() == 2 and torch.isclose(one.sum(), torch.ones(())) for one in path)
    chances = made.alphas.chances()[1].numpy()
    assert np.allclose(chances, [0, *soft(np.array([0.3, 0.2]))], atol=1e-7)
    with torch.no_grad():
        made.alphas.values[1][0] = 9.0  # it is gone
    made.alphas.prune(1)
    assert made.alphas.derived()[1] == 1


def test_weights_and_momenta_grow_by_channels_that_stand_again():
    method = search("drnas-progressive", stages=(Stage(4), Stage(2, kept=2))).method
    made = OneShot.of(method, CELL, few_digits(), 2, channels=8, cells=1)
    made.epoch()
    before = {name: one.detach().clone() for name, one in made.net.named_parameters()}
    states = made.descents.optimizers["weights"].state
    momenta = {name: states[one]["momentum_buffer"].clone() for name, one in made.net.named_parameters()}
    made._grow()
    states = made.descents.optimizers["weights"].state
    grew = 0
    for name, one in made.net.named_parameters():
        narrow, momentum = before[name], states[one]["momentum_buffer"]
        if narrow.shape == one.shape:
            assert torch.equal(one, narrow)
            assert torch.equal(momentum, momenta[name])
            continue
        grew += 1
        n = len(narrow)
        assert one.shape[:2] == (2 * n, 2 * n)
        assert torch.equal(one[:n, :n], narrow)
        again = [next(j for j in range(n) if torch.equal(one[i, :n], narrow[j])) for i in range(n, 2 * n)]
        index = [*range(n), *again]
        wide = narrow[index][:, index]
        assert torch.equal(one, wide)
        assert torch.equal(momentum, momenta[name][index][:, index])
    assert grew == 9  # the convolutions of three cells of three edges
    assert all(len(kept) == 2 for kept in made.alphas.kept.values())


def test_a_search_ends_with_the_supernet_of_its_last_stage():
    made = finished("drnas-progressive")
    assert made.net.share == 2
    assert made.epochs_done[0].validation_loss is not None
    resting = search("drnas-progressive", frozen=1.0)
    assert resting.epoch().validation_loss is None
    assert replace(METHODS["drnas"], frozen=1.0).describe()["frozen"] == 1.0


@pytest.mark.slow_where("3", "4")
@pytest.mark.parametrize("made", [2, 3, 4, 5])
def test_a_search_goes_on_before_and_behind_its_growth(made):
    first, second, file = search("drnas-progressive"), search("drnas-progressive"), io.BytesIO()
    for _ in range(made):
        first.step()
    torch.save(first.state_dict(), file)
    second.load_state_dict(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
    whole = finished("drnas-progressive")
    assert second.run().epochs_done == whole.epochs_done
    assert all(map(torch.equal, second.net.parameters(), whole.net.parameters()))
    assert all(map(torch.equal, second.alphas.trained, whole.alphas.trained))
