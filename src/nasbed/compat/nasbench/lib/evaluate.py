"""Training and evaluating a module as the table was made, by the settings of ``config``, with PyTorch.

Reference: Ying et al., ICML 2019, https://github.com/google-research/nasbench, ``nasbench/lib/evaluate.py``
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nasbed.compat.nasbench.lib.config import build_config, data_source, training
from nasbed.compat.nasbench.lib.model_spec import ModelSpec
from nasbed.core.errors import BadSetting, NasbedError
from nasbed.core.extras import require
from nasbed.core.records import Archs
from nasbed.spaces.nasbench101 import NASBench101

if TYPE_CHECKING:
    from nasbed.nets.data.source import Data, Part
    from nasbed.nets.nasbench101 import NASBench101Blueprint
    from nasbed.nets.passes import Pass
    from nasbed.nets.recipe import Recipe

_PARTS = {"train_accuracy": "train", "validation_accuracy": "validation", "test_accuracy": "test"}

Metadata = dict[str, Any]


class AbortError(NasbedError):
    """Training failed as often as ``config["max_attempts"]`` allows."""


def train_and_evaluate(spec: ModelSpec, config: Mapping[str, Any], model_dir: str | PathLike[str]) -> Metadata:
    """Train a module from scratch, and measure it at the start, at the intermediate evaluations and at the end.

    The seed comes from the system, as the published training has none. A training that takes more than
    ``train_seconds`` has failed, unless its rate falls by time.

    Args:
        spec: The module, of any size.
        config: As ``build_config`` gives it; what it lacks is as there.
        model_dir: A folder, made when it is not there. Nothing in it is deleted; no checkpoint is written.

    Returns:
        trainable_params; total_time, in seconds, evaluations included; and evaluation_results, a list of: epochs,
        training_time (seconds of steps so far), training_steps, train_accuracy, validation_accuracy, test_accuracy,
        sample_metrics (``_sample_metrics``) and predict_time, the seconds that these took.

    Raises:
        AbortError: When training failed as often as ``max_attempts`` allows.
        BadSetting: When a setting is not allowed, or the data are not there.
        InvalidArchitecture: When no path joins the module's input and output.
    """
    require("torch", "torch")
    from nasbed.nets.training import check_training, out_of_memory

    state = random.getstate()
    how = _settled(spec, config)
    random.setstate(state)  # the first import of what brings images can draw from it
    check_training(how.blueprint, how.recipe, how.data, how.epochs, (0,), how.seconds)
    Path(model_dir).mkdir(parents=True, exist_ok=True)
    failure = "nothing was tried"
    for _ in range(how.attempts):
        try:
            return _trained(how, random.SystemRandom().getrandbits(63))
        except _FailedError as error:
            failure = str(error)
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            failure = "out of memory"
    raise AbortError(f"training failed {how.attempts} times, at last because: {failure}")


def augment_and_evaluate(
    spec: ModelSpec, config: Mapping[str, Any], model_dir: str | PathLike[str], epochs_per_eval: int = 5
) -> Metadata:
    """Train a module on the training and validation images, or go on with that, and measure it on the test images.

    The seed is 0. Everything is kept in the folder, by ``nasbed.nets.augment``: the same call goes on from there.

    Args:
        spec: The module, of any size.
        config: As ``build_config`` gives it, with the changes that a long training wants; what it lacks is as there.
        model_dir: A folder of its own, made when it is not there.
        epochs_per_eval: After how many epochs it is measured; also at the start and at the end.

    Returns:
        trainable_params, and test_accuracy at the end.

    Raises:
        AbortError: When the training failed.
        Interrupted: After ``train_seconds``; the same call goes on.
        BadSetting: As ``train_and_evaluate``, or when the rate falls by time.
        InvalidArchitecture: When no path joins the module's input and output.
    """
    require("torch", "torch")
    from nasbed.nets.augment import augment

    how, began = _settled(spec, config), time.monotonic()
    result = augment(
        how.blueprint,
        how.row,
        how.recipe,
        how.data,
        how.epochs,
        0,
        Path(model_dir),
        every=epochs_per_eval,
        device=how.device,
        stop=lambda: how.seconds is not None and time.monotonic() - began > how.seconds,
    )
    if result.failure is not None:
        raise AbortError(f"training failed: {result.failure}")
    accuracy = result.measurements[-1].scores["test"].value
    return {"trainable_params": result.trainable_parameters, "test_accuracy": accuracy}


class _FailedError(Exception):
    """One attempt failed."""


class _How(NamedTuple):
    """How a module is trained; ``seconds`` is None without a limit."""

    blueprint: NASBench101Blueprint
    row: Archs
    recipe: Recipe
    data: Data
    epochs: int
    seconds: float | None
    attempts: int
    device: str


def _settled(spec: ModelSpec, config: Mapping[str, Any]) -> _How:
    """Read off the settings how a module is trained."""
    from nasbed.nets.data.source import load
    from nasbed.nets.recipe import settled

    config, graph = {**build_config(), **config}, spec.graph()
    space, device = NASBench101.around(graph), config["device"]
    row = space.embed(graph)
    blueprint, recipe = training(config, space)
    data = load(data_source(config))
    if data.is_regression:
        raise BadSetting(f"{data.name!r} has numbers to predict; the published interface is for classes of images")
    recipe = settled(recipe, blueprint, device, rows=row[None])
    seconds, attempts = config["train_seconds"] or None, config["max_attempts"]
    return _How(blueprint, row, recipe, data.to(device), config["train_epochs"], seconds, attempts, device)  # type: ignore[arg-type]


def _trained(how: _How, seed: int) -> Metadata:
    """Make one attempt."""
    from nasbed.nets.passes import Pass, using_threads
    from nasbed.nets.probing import probe_by_class

    blueprint, row, recipe, data, epochs, seconds, _, _ = how
    with using_threads(1):
        one = Pass(blueprint, row[None], recipe, data, epochs, (seed,), seconds)
        sample, evaluations = probe_by_class(data), []
        for step in sorted(one.moments):
            one.run(step)
            if one.failures[0] is not None:
                raise _FailedError(one.failures[0])
            evaluations.append(_evaluation(one, how, sample))
            if "end" in one.points[0]:  # before its last step where the rate falls by time
                break
        return {
            "trainable_params": one.parameters[0],
            "total_time": one.whole.running,
            "evaluation_results": evaluations,
        }


def _evaluation(one: Pass, how: _How, sample: Part) -> Metadata:
    """Return what the latest moment of a training came to."""
    name, point = list(one.points[0].items())[-1]
    planned = float(one.recipe.moments(how.epochs)[name] * how.epochs)
    # Intermediate moments have no test accuracy in nasbed's own results.
    test = point.test or one.measured("test")[0][0]
    scores = {"train": point.train, "validation": point.validation, "test": test}
    began = time.perf_counter()
    metrics = _sample_metrics(one, how.blueprint, sample)
    return {
        "epochs": point.epoch if one.recipe.clock == "time" else planned,
        "training_time": point.training_time,
        "training_steps": 0 if name == "start" else one.made,
        **{key: scores[part].value for key, part in _PARTS.items()},
        "sample_metrics": metrics,
        "predict_time": time.perf_counter() - began,
    }


def _sample_metrics(one: Pass, blueprint: NASBench101Blueprint, sample: Part) -> Metadata:
    """Return what a network makes of the probe batch: 100 validation images, by class.

    logits, loss and input_grad_norm (of each image); of each parameter, under its name in PyTorch's state, its norm
    ``param:NAME`` and that of its gradient ``param_grad_norm:NAME``; and ``cov_matrix_N``, how the images covary in
    the activations after the stem, N = 0, and after each stack. Arrays are float32.
    """
    from nasbed.nets.probing import probed, trained

    network = one.plain(0)
    found = {name: value.numpy() for name, value in probed(network, sample, one.recipe.l2).items()}
    names = list(trained(network))
    return {
        "logits": found["logits"],
        "loss": found["loss"].item(),
        "input_grad_norm": found["input_gradient_norms"],
        **{f"param:{name}": norm for name, norm in zip(names, found["parameter_norms"].tolist(), strict=True)},
        **{f"param_grad_norm:{name}": norm for name, norm in zip(names, found["gradient_norms"].tolist(), strict=True)},
        **{
            f"cov_matrix_{number}": matrix
            for number, matrix in enumerate(found["covariances"][:: blueprint.modules_per_stack])
        },
    }
