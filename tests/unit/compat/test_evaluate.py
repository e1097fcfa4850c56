"""evaluate and config: settings are heeded or refused, and everything that is published of a training is told."""

import json
import random

import numpy as np
import pytest

import nasbed
from nasbed.compat.nasbench import api
from nasbed.compat.nasbench.lib import config, evaluate
from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.nets.recipe import DIGITS, NASBENCH101
from nasbed.spaces.nasbench101 import NASBench101

pytest.importorskip("torch")
pytest.importorskip("sklearn")

SPEC = api.ModelSpec([[0, 1, 1], [0, 0, 1], [0, 0, 0]], ["input", "conv1x1-bn-relu", "output"])
SPACE = NASBench101(vertices=3)


@pytest.fixture(scope="module")
def bench():
    return api.NASBench(nasbed.benchmark("digits101").table)


@pytest.fixture
def short(bench):
    """Settings of a training that takes a fraction of a second."""
    return {**bench.config, "stem_filter_size": 4, "train_epochs": 1, "train_seconds": 0.0}


def test_metadata_have_every_published_field(bench, short, tmp_path):
    bench.config, before, state = (
        {**short, "intermediate_evaluations": ["0.25", 0.5, 1.0]},
        bench.config,
        random.getstate(),
    )
    found = bench.evaluate(SPEC, tmp_path / "a" / "model")
    bench.config = before
    assert random.getstate() == state
    metadata = json.loads((tmp_path / "a" / "model" / "metadata.json").read_text())
    assert set(metadata) == {"trainable_params", "total_time", "evaluation_results"}
    evaluations = metadata["evaluation_results"]
    assert [(one["epochs"], one["training_steps"]) for one in evaluations] == [(0, 0), (0.25, 4), (0.5, 8), (1, 16)]
    assert sum(one["predict_time"] for one in evaluations) < metadata["total_time"] * 10
    times = [one["training_time"] for one in evaluations]
    assert times == sorted(times)
    for one in evaluations:
        assert set(one) == {
            *("epochs", "training_time", "training_steps", "sample_metrics", "predict_time"),
            *("train_accuracy", "validation_accuracy", "test_accuracy"),
        }
        assert 0 < one["test_accuracy"] < 1
        check_sample(one["sample_metrics"])
    assert evaluations[0]["sample_metrics"] != evaluations[1]["sample_metrics"]
    assert found["trainable_parameters"] == metadata["trainable_params"]
    assert all(found[name] == evaluations[-1][name] for name in ("training_time", "test_accuracy", "train_accuracy"))


def check_sample(metrics):
    """Logits and gradients of 100 images, norms of each parameter, covariances after the stem and both stacks."""
    assert np.shape(metrics["logits"]) == (100, 10)
    assert np.shape(metrics["input_grad_norm"]) == (100,)
    assert [name for name in metrics if name.startswith("cov_matrix")] == [f"cov_matrix_{i}" for i in range(3)]
    for number in range(3):
        covariance = np.array(metrics[f"cov_matrix_{number}"])
        assert covariance.shape == (100, 100)
        np.testing.assert_array_equal(covariance, covariance.T)
    parameters = {name.removeprefix("param:") for name in metrics if name.startswith("param:")}
    assert {"stem.0.weight", "cells.1.operations.1.0.weight", "classifier.bias"} < parameters
    assert {name.removeprefix("param_grad_norm:") for name in metrics if "grad_norm:" in name} == parameters
    assert all(np.shape(metrics[f"param_grad_norm:{name}"]) == () for name in parameters)
    norms = [metrics[f"param:{name}"] for name in parameters]
    # The mean cross-entropy of the logits is what the L2 term leaves of the loss.
    logits = np.array(metrics["logits"])
    label = np.repeat(np.arange(10), 10)
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(100), label]
    assert metrics["loss"] == pytest.approx(losses.mean() + 0.5e-4 * np.square(norms).sum(), rel=1e-4)


def test_a_table_says_how_it_was_made(bench):
    blueprint, recipe = config.training(bench.config, SPACE)
    assert recipe == DIGITS
    assert (blueprint.stem_channels, blueprint.stacks, blueprint.image_size) == (8, 2, 8)
    assert bench.config["train_epochs"] == 36
    assert bench.config["module_vertices"] == 5


def test_without_a_table_settings_are_published():
    settings = config.build_config()
    assert {key: settings[key] for key in config.PUBLISHED} == config.PUBLISHED
    blueprint, recipe = config.training(settings, SPACE)
    assert recipe == NASBENCH101
    assert (blueprint.stem_channels, blueprint.stacks, blueprint.modules_per_stack) == (128, 3, 3)
    settings["available_ops"].clear()
    assert config.build_config()["available_ops"]


def test_changed_flags_come_first(bench, monkeypatch):
    monkeypatch.setattr(config.FLAGS, "train_epochs", 4)
    monkeypatch.setattr(config.FLAGS, "num_repeats", 2)
    assert config.build_config()["train_epochs"] == 4
    again = api.NASBench(bench.table)
    assert (again.config["train_epochs"], again.config["num_repeats"], again.config["num_stacks"]) == (4, 2, 2)


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"use_tpu": False}, "learning_rate", 0.1),
        ({"tpu_num_shards": 8}, "learning_rate", 0.8),
        ({"intermediate_evaluations": ["0.25", "0.5", "0.75"]}, "evaluations", "0.25,0.5,0.75"),
        ({"intermediate_evaluations": [0.5, 1.0]}, "evaluations", "0.5"),
        ({"intermediate_evaluations": []}, "evaluations", ""),
        ({"lr_decay_method": "STEPWISE"}, "schedule", "stepwise"),
        ({"lr_decay_method": "COSINE_BY_TIME"}, "clock", "time"),
        ({"weight_decay": 0.5}, "l2", 0.5),
        ({"data_format": "channels_first"}, "batch_size", 256),
    ],
)
def test_settings_are_heeded(changes, field, expected):
    _, recipe = config.training({**config.build_config(), **changes}, SPACE)
    assert getattr(recipe, field) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data_format": "NCHW"}, "'NCHW'; it is one of channels_last"),
        ({"tpu_iterations_per_loop": 5}, "leave it at 100"),
        ({"train_data_files": ["train.tfrecord"]}, "train_data_files.*let config..data_source"),
        ({"valid_data_file": "a"}, "valid_data_file"),
        ({"test_data_file": "a"}, "test_data_file"),
        ({"sample_data_file": "a"}, "sample_data_file"),
        ({"lr_decay_method": "LINEAR"}, "'LINEAR'; it is one of COSINE_BY_STEP"),
        ({"intermediate_evaluations": [1.5]}, "fractions between 0 and 1"),
    ],
)
def test_settings_that_mean_nothing_here_are_refused(short, tmp_path, changes, said):
    with pytest.raises(BadSetting, match=said):
        evaluate.train_and_evaluate(SPEC, {**short, **changes}, tmp_path)


def test_numbers_to_predict_are_refused(short, tmp_path):
    images, path = np.zeros((40, 8, 8, 1), np.uint8), tmp_path / "numbers.npz"
    images[::2] = 255
    np.savez(path, images=images, labels=np.linspace(0, 1, 40, dtype=np.float32))
    with pytest.raises(BadSetting, match="classes of images"):
        evaluate.train_and_evaluate(SPEC, {**short, "data_source": f"arrays:{path}"}, tmp_path)


def test_failures_are_tried_again_and_then_told(short, tmp_path):
    with pytest.raises(evaluate.AbortError, match="failed 2 times, at last because: the time limit of 1e-09 s"):
        evaluate.train_and_evaluate(SPEC, {**short, "train_seconds": 1e-9, "max_attempts": 2}, tmp_path)
    with pytest.raises(InvalidArchitecture, match="no path"):
        evaluate.train_and_evaluate(api.ModelSpec([[0, 0], [0, 0]], ["input", "output"]), short, tmp_path)


def test_a_rate_that_falls_by_time_ends_with_the_time(short, tmp_path):
    changes = {"lr_decay_method": "COSINE_BY_TIME", "train_seconds": 0.1, "train_epochs": 10_000}
    start, *_, end = evaluate.train_and_evaluate(SPEC, {**short, **changes}, tmp_path)["evaluation_results"]
    assert start["training_steps"] == 0 < end["training_steps"] < 1000
    assert end["epochs"] == end["training_steps"] / 16


def test_augmenting_goes_on_from_its_folder(short, tmp_path):
    settings = {**short, "lr_decay_method": "STEPWISE", "train_epochs": 2, "train_seconds": 3600.0}
    first = evaluate.augment_and_evaluate(SPEC, settings, tmp_path / "long", 1)
    assert set(first) == {"trainable_params", "test_accuracy"}
    assert evaluate.augment_and_evaluate(SPEC, settings, tmp_path / "long", 1) == first
