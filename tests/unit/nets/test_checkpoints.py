"""Checkpoints: the networks of a training at the start, halfway and at the end, as they were measured."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from nets.plain import small101

from nasbed.core.graph import Graph
from nasbed.nets.checkpoints import Checkpoints
from nasbed.nets.data.batches import full_batches
from nasbed.nets.data.source import load
from nasbed.nets.initialisation import initialised
from nasbed.nets.network_file import load_network, network_facts
from nasbed.nets.passes import repeat_seed, using_threads
from nasbed.nets.recipe import DIGITS as RECIPE
from nasbed.nets.training import train_repeats
from nasbed.nets.units import train_unit

PATH = Graph.of([[0, 1, 1], [0, 0, 1], [0, 0, 0]], ["input", "conv3x3-bn-relu", "output"])
BLUEPRINT, ROW = small101(PATH, stem_channels=4, stacks=1)
ARGUMENTS = BLUEPRINT, tuple(ROW.tolist()), RECIPE, "digits", 1
FILES = ["end.safetensors", "halfway.safetensors", "start.safetensors"]


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    with using_threads(1):
        yield


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_checkpoint_scores_what_was_measured_of_it(tmp_path):
    result = train_unit(*ARGUMENTS, seed=3, checkpoints=str(tmp_path))["repeats"][0]
    assert files(tmp_path) == [f"0/{file}" for file in FILES]
    test = load("digits").test
    for moment, point in result["points"].items():
        network, right = load_network(tmp_path / "0" / f"{moment}.safetensors"), 0
        with torch.no_grad():
            for images, labels in full_batches(test, RECIPE.evaluation_batch, len(test), 1, RECIPE.partial_batches):
                right += int((network(images).argmax(1) == labels).sum())
        assert right == point["test"][0]


def test_a_checkpoint_says_what_it_is_of(tmp_path):
    result = train_unit(*ARGUMENTS, seed=3, checkpoints=str(tmp_path))["repeats"][0]
    facts = network_facts(tmp_path / "0" / "halfway.safetensors")
    assert (facts["moment"], facts["epochs"], facts["seed"]) == ("halfway", 1, repeat_seed(3, 0, 0))
    assert facts["measurement"] == result["points"]["halfway"]
    assert facts["data"] == {"name": "digits", "checksum": load("digits").checksum}
    assert facts["row"] == ROW.tolist()


def test_the_start_has_the_weights_that_were_drawn(tmp_path):
    train_unit(*ARGUMENTS, seed=3, checkpoints=str(tmp_path))
    kept = load_network(tmp_path / "0" / "start.safetensors")
    drawn = initialised(BLUEPRINT, ROW, RECIPE, repeat_seed(3, 0, 0))
    for one, other in zip(kept.parameters(), drawn.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.slow_where("epochs")
@pytest.mark.parametrize("evaluations", ["0.5", "epochs"])
def test_keeping_networks_changes_no_training(tmp_path, evaluations):
    recipe = replace(RECIPE, evaluations=evaluations)
    what = BLUEPRINT, ROW[None], recipe, load("digits"), 2, (1, 2)
    kept = train_repeats(*what, checkpoints=Checkpoints([tmp_path / "a", tmp_path / "b"]))
    for one, other in zip(kept, train_repeats(*what), strict=True):
        scores = [
            {name: (point.train, point.validation, point.test) for name, point in result.points.items()}
            for result in (one, other)
        ]
        assert scores[0] == scores[1]
    assert files(tmp_path) == [f"{name}/{file}" for name in "ab" for file in FILES]


def test_a_failed_training_leaves_none_and_a_new_one_none_of_an_earlier(tmp_path):
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "model.ckpt-7").write_text("of an attempt that was killed")
    train_unit(*ARGUMENTS, seed=3, repeats=2, checkpoints=str(tmp_path))
    assert files(tmp_path) == [f"{repeat}/{file}" for repeat in (0, 1) for file in FILES]
    diverging = BLUEPRINT, ARGUMENTS[1], replace(RECIPE, learning_rate=1e30), *ARGUMENTS[3:]
    failed = train_unit(*diverging, seed=3, attempts=1, checkpoints=str(tmp_path))
    assert failed["repeats"][0]["failure"] is not None
    assert files(tmp_path) == [f"1/{file}" for file in FILES]


def test_of_networks_side_by_side_each_is_kept_alone(tmp_path):
    two = train_unit(*ARGUMENTS, seed=3, repeats=2, checkpoints=str(tmp_path))
    weights = [load_network(tmp_path / str(k) / "end.safetensors").classifier.weight.detach().numpy() for k in range(2)]
    assert not np.array_equal(*weights)
    assert [repeat["seed"] for repeat in two["repeats"]] == [
        network_facts(tmp_path / str(k) / "end.safetensors")["seed"] for k in range(2)
    ]
