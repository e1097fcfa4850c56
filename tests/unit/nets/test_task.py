"""Tasks: what is usual, what a loss and a score must give, and how networks are judged side by side."""

import numpy as np
import pytest
import torch
from torch import nn

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.factory.settings import training_settings
from nasbed.nets.data.source import prepared
from nasbed.nets.task import ACCURACY, in_plan, metric_of, usual
from nasbed.nets.training import train, train_repeats
from nasbed.spaces.nasbench201 import NASBench201

CLASSES, NUMBERS = np.arange(12) % 3, np.linspace([3, 40], [9, 80], 12).astype(np.float32)


def mse(outputs, targets):
    return (outputs - targets).square()


def brightness(targets=1, count=90, task=None):
    """Make grey images, and of each its brightness, in units of its own."""
    images = np.random.default_rng(0).random((count, 8, 8, 1)).astype(np.float32)
    images *= np.linspace(0.1, 1, count, dtype=np.float32)[:, None, None, None]
    wanted = 1000 + 50 * np.repeat(images.mean(axis=(1, 2)), targets, axis=1)
    parts = {"train": np.arange(0, count, 2), "validation": np.arange(1, count, 4), "test": np.arange(3, count, 4)}
    return prepared("brightness", images, wanted.astype(np.float32), parts, 0, task=task)


def test_classes_have_cross_entropy_and_accuracy_as_ever():
    task, outputs, targets = usual(CLASSES, 3), torch.randn(12, 3), torch.from_numpy(CLASSES)
    assert (task.measure, task.outputs, task.scale) == (ACCURACY, 3, None)
    torch.testing.assert_close(task.mean_loss(outputs, targets), nn.functional.cross_entropy(outputs, targets))
    assert torch.equal(task.scores(outputs, targets), outputs.argmax(1) == targets)


def test_numbers_are_judged_in_their_own_units_and_learned_in_units_of_their_spread():
    task, targets = usual(NUMBERS, 0), torch.from_numpy(NUMBERS)
    assert (task.metric, task.goal, task.outputs, task.measure.words) == ("mae", "min", 2, "negative mae")
    mean = torch.zeros(12, 2)  # what a network says that has learned nothing but the mean
    torch.testing.assert_close(task.mean_loss(mean, targets), torch.tensor(1.0))
    torch.testing.assert_close(task.scores(mean, targets), (targets - targets.mean(0)).abs().mean(1))


def test_what_a_task_says_of_its_own_is_taken_and_the_rest_is_usual():
    task = nasbed.Task(loss=nn.SmoothL1Loss(reduction="none")).completed(NUMBERS, 0)
    assert (task.scale, task.metric) == (None, "mae")
    assert task.losses(torch.zeros(12, 2), torch.from_numpy(NUMBERS)).shape == (12,)
    own = nasbed.Task(score=mse, metric="mse", goal="min", unit="K²").completed(NUMBERS, 0)
    assert own.measure.words == "negative mse (K²)"
    targets = torch.from_numpy(NUMBERS)
    torch.testing.assert_close(own.scores(torch.zeros(12, 2), targets), (targets - targets.mean(0)).square().mean(1))


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"metric": "mse"}, "names a metric but has no score"),
        ({"score": mse}, "needs a name of letters"),
        ({"score": mse, "metric": "m s e", "goal": "min"}, "needs a name of letters"),
        ({"score": mse, "metric": "loss", "goal": "min"}, "are taken"),
        ({"score": mse, "metric": "mse"}, "Say goal='max' or goal='min'"),
        ({"score": mse, "metric": "accuracy", "goal": "max"}, "unit='fraction' or unit='percent'"),
    ],
)
def test_a_score_without_what_it_must_be_called_is_refused(settings, why):
    with pytest.raises(BadSetting, match=why):
        nasbed.Task(**settings)


def test_targets_for_which_nothing_is_usual_need_a_loss_a_score_and_a_number_of_outputs():
    maps = np.zeros((5, 4, 4), np.int64)
    with pytest.raises(BadSetting, match=r"no usual loss and score"):
        nasbed.Task().completed(maps, 0)
    own = {"loss": mse, "score": mse, "metric": "mse", "goal": "min"}
    with pytest.raises(BadSetting, match=r"Say Task\(outputs=…\)"):
        nasbed.Task(**own).completed(maps, 0)
    assert nasbed.Task(**own, outputs=7).completed(maps, 0).outputs == 7
    with pytest.raises(BadSetting, match="the same for all training images"):
        usual(np.ones((5, 1), np.float32), 0)


@pytest.mark.parametrize(
    ("loss", "given"),
    [
        (nn.MSELoss(), "gives one number for 12 images"),
        (lambda outputs, targets: outputs[:3], r"gives \(3, 2\) for 12 images"),
        (lambda outputs, targets: 0.5, "gives float for 12 images"),
    ],
)
def test_a_loss_that_gives_no_number_for_each_image_is_named(loss, given):
    task = nasbed.Task(loss=loss, name="mine").completed(NUMBERS, 0)
    with pytest.raises(BadSetting, match=rf"the loss of mine {given}.*reduction='none'"):
        task.losses(torch.zeros(12, 2), torch.from_numpy(NUMBERS))


def test_a_plan_says_what_is_no_accuracy():
    measure = usual(NUMBERS, 0).measure
    assert in_plan(ACCURACY) == {}
    assert metric_of({}) == ACCURACY
    assert metric_of(in_plan(measure)) == measure


@pytest.mark.slow
def test_numbers_are_learned_alone_as_beside_others():
    data, space = brightness(2), NASBench201()
    settings = {"classes": 2, "image_size": 8, "channels": 4, "cells": 1}
    blueprint, recipe = training_settings(space, "digits", settings, {"batch_size": 15, "flip": False})
    rows = space.enumerate()[[4000, 9000]]
    several = train_repeats(blueprint, rows, recipe, data, 8, (1, 2, 3, 4))
    for row, seeds, found in ((rows[0], (1, 2), several[:2]), (rows[1], (3, 4), several[2:])):
        alone = train_repeats(blueprint, row[None], recipe, data, 8, seeds)
        assert [one.points["end"].losses for one in alone] == [one.points["end"].losses for one in found]
    spread = data.test.labels.std().item()
    assert min(one.points["end"].test.value for one in several) < spread
    total, images = several[0].to_dict()["points"]["end"]["test"]
    assert (type(total), images) == (float, len(data.test))


def test_networks_with_another_number_of_outputs_are_refused():
    blueprint, recipe = training_settings(NASBench201(), "digits", {"classes": 2})
    with pytest.raises(BadSetting, match=r"wants 1 numbers .* the networks give 2; set skeleton.classes=1"):
        train(blueprint, np.zeros(6, np.int8), recipe, brightness(), 4, 0)


@pytest.mark.parametrize(
    ("loss", "why"),
    [
        (lambda outputs, targets: outputs @ targets, "failed with RuntimeError"),
        (lambda outputs, targets: torch.zeros(len(targets)), "has no gradient"),
    ],
)
def test_a_loss_that_cannot_be_learned_from_is_found_before_the_training(loss, why):
    task = nasbed.Task(loss=loss, name="mine", checksum="x").completed(NUMBERS[:, :1], 0)
    blueprint, recipe = training_settings(NASBench201(), "digits", {"classes": 1})
    with pytest.raises(BadSetting, match=why):
        train(blueprint, np.zeros(6, np.int8), recipe, brightness(task=task), 4, 0)


def test_a_score_that_is_no_number_fails_the_training():
    task = nasbed.Task(score=lambda o, y: (o - y) / 0, metric="ratio", goal="max").completed(NUMBERS[:, :1], 0)
    blueprint, recipe = training_settings(NASBench201(), "digits", {"classes": 1, "channels": 2, "cells": 1})
    result = train(blueprint, np.zeros(6, np.int8), recipe, brightness(task=task), 4, 0)
    assert (result.failure, result.points) == ("values of ratio were not finite after 1 of 7 steps", {})
